#pragma once

#include "operator/base/instant.h"
#include "operator/kube/client.h"

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

namespace doorbuster::reconciler {

/// A count is good for so long; a failed one is tried again after the second.
inline constexpr Duration kZonesFresh{300'000}, kZonesRetry{30'000};
/// Nodes a page, and pages at most: of a cluster with more nodes the zones are not known.
inline constexpr int kNodesPerPage = 500, kNodePages = 40;

/// Where a node says which zone it is in, and that it is of the control plane.
inline constexpr const char* kZonePointer = "/metadata/labels/topology.kubernetes.io~1zone";
inline constexpr const char* kControlPlanePointer =
    "/metadata/labels/node-role.kubernetes.io~1control-plane";

/// In how many zones the cluster's nodes are, by the label topology.kubernetes.io/zone
/// (https://kubernetes.io/docs/reference/labels-annotations-taints/). Only the nodes' metadata are
/// read. Nodes of the control plane do not count, nor do nodes without the label. Thread-safe.
class NodeZones {
 public:
  explicit NodeZones(std::shared_ptr<kube::Client> client) : client_(std::move(client)) {}

  /// Nothing: no node has the label, or they cannot be read.
  std::optional<std::int64_t> count(Instant now);

 private:
  std::optional<std::int64_t> read() const;

  std::shared_ptr<kube::Client> client_;
  std::mutex mutex_;
  std::optional<Instant> again_at_;
  std::optional<std::int64_t> known_;
};

}  // namespace doorbuster::reconciler
