#pragma once

#include "controllers/planner/room.h"
#include "operator/base/json.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace doorbuster::planner {

// From objects as the API server shows them to a Room, one object after the other: none is kept.

/// Nodes with the sums of the pods on them. Nodes come first.
class RoomSums {
 public:
  /// Of these owners the pods are counted.
  explicit RoomSums(std::set<PodOwner> owners) : owners_(std::move(owners)) {}

  void add_node(const JsonView& node);
  /// A pod that has ended takes nothing.
  void add_pod(const JsonView& pod);
  /// Moves what was summed into a room.
  void put_into(Room&);

  std::size_t nodes() const { return nodes_.size(); }

 private:
  std::set<PodOwner> owners_;
  std::map<std::string, NodeRoom> nodes_;
  std::map<std::string, std::map<PodOwner, std::int64_t>> pods_;  ///< by namespace
};

/// By metadata.ownerReferences[controller]; of a ReplicaSet's pods what its name is without the
/// hash in the label pod-template-hash (rollouts-pod-template-hash). Nothing: nobody controls it.
std::optional<PodOwner> owner_of_pod(const JsonView& pod);

QuotaRoom quota_room_of(const JsonView& quota);
/// Its entries for containers and pods.
std::vector<LimitRoom> limit_rooms_of(const JsonView& limit_range);
PoolRoom pool_room_of(const JsonView& node_pool);
/// data.status of the ConfigMap, in the present form and that of before 1.30.
GroupsRoom groups_room_of(std::string_view status);

/// How many pods the addresses of a range are for: less the network's, the gateway's and the
/// broadcast address (CNI plugin host-local); 0: more than ever needed, or no range.
std::int64_t addresses_in(std::string_view cidr);

}  // namespace doorbuster::planner
