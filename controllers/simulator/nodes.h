#pragma once

#include "operator/base/instant.h"
#include "operator/base/json.h"

#include <cstdint>
#include <vector>

namespace doorbuster::simulator {

/// What one pod asks for: the sum of its containers' requests.
struct PodRequest {
  std::int64_t cpu_millis = 0, memory_bytes = 0;
  bool operator==(const PodRequest&) const = default;
};

/// Of a pod's `containers` list; init containers aside, rounded up to whole units.
PodRequest request_of(const JsonView& containers);

/// What one node has to give (status.allocatable), and how much of it is taken.
struct Node {
  std::int64_t cpu_millis = 0, memory_bytes = 0, pods = 110;
  PodRequest taken = {};
  std::int64_t taken_pods = 0;
  bool fits(const PodRequest&) const;
};

/// Nodes that are added when pods wait for room, as a cluster autoscaler does it.
struct NodePool {
  Node shape;
  std::int64_t most = 0;                       ///< so many may be added
  Duration startup = std::chrono::minutes(3);  ///< from a pod that waits to a node that takes it
};

/// Bounds of what is simulated.
inline constexpr std::size_t kMaxNodes = 10'000;

/// The nodes of a simulated cluster with a scheduler of the default profile reduced to its resource
/// filter and its LeastAllocated score: affinity, taints, topology spread, volumes and preemption
/// (but of placeholders, by Cluster) are not modelled, and nodes are never taken away.
class Nodes {
 public:
  Nodes() = default;  ///< no nodes are known: room for everything
  Nodes(std::vector<Node> nodes, NodePool pool)
      : nodes_(std::move(nodes)), pool_(pool), known_(true) {}

  static constexpr int kNowhere = -1;
  bool known() const { return known_; }
  std::size_t count() const { return nodes_.size(); }
  std::int64_t added() const { return added_; }
  /// The node that takes the pod, or kNowhere.
  int place(const PodRequest&);
  void free(int node, const PodRequest&);
  /// Would a node take the pod, were it not for these?
  bool fits_without(int node, const PodRequest&, const std::vector<PodRequest>& going) const;
  /// Nodes whose time has come join.
  void advance(Instant now);
  /// Orders nodes for pods that found no room, besides those already on their way.
  void ask_for_room(const std::vector<PodRequest>& waiting, Instant now);

 private:
  std::vector<Node> nodes_;
  NodePool pool_;
  std::vector<Instant> coming_;
  std::int64_t added_ = 0;
  bool known_ = false;
};

}  // namespace doorbuster::simulator
