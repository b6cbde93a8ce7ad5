#pragma once

#include "controllers/planner/room.h"
#include "controllers/reconciler/kinds.h"
#include "operator/kube/client.h"

#include <functional>
#include <memory>
#include <set>
#include <string>

namespace doorbuster::reconciler {

/// Objects a page: few, for nodes and pods are large; no more than one page is in memory at once.
inline constexpr int kRoomPage = 100;

/// Whose room is asked for.
struct RoomWanted {
  std::set<std::string> namespaces;    ///< their quotas and limit ranges
  std::set<planner::PodOwner> owners;  ///< their pods are counted
  bool operator==(const RoomWanted&) const = default;
  bool covers(const RoomWanted&) const;
};

/// What there is room for in the cluster, read page by page and summed up while reading. What may
/// not be read, or is more than planner/room.h bounds, is said to be unknown. An Error: the API
/// server did not answer, or `stop` said so between two pages.
Result<std::shared_ptr<const planner::Room>> fetch_room(const kube::Client& client,
                                                        Kinds& kinds,
                                                        const RoomWanted& wanted,
                                                        const std::function<bool()>& stop);

}  // namespace doorbuster::reconciler
