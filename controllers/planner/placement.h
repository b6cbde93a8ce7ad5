#pragma once

#include "controllers/planner/pod_shape.h"
#include "controllers/planner/room.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace doorbuster::planner {

/// How many pods of one workload found a node, and what kept the others from one.
struct Fit {
  std::int64_t asked = 0, placed = 0;
  /// By what bound ("cpu", "a taint that it does not tolerate"), on how many nodes the next pod
  /// would not fit; each node counts once, under the first of the scheduler's filters that says no.
  std::map<std::string, std::int64_t> bound;
};

/// "cpu on 12 of 14 nodes, a taint that it does not tolerate on 2"; what binds on the
/// nodes that are meant for such pods first, the most frequent before others.
std::string to_text(const std::map<std::string, std::int64_t>& bound);

/// Pods put onto nodes one after another, as kube-scheduler's default profile does it: of the
/// nodes that pass its filters NodeUnschedulable, TaintToleration, NodeAffinity, NodeResourcesFit,
/// PodTopologySpread and InterPodAffinity (pkg/scheduler/framework/plugins), the one with the best
/// LeastAllocated score. Of the last two only what concerns the workload's own pods. Volumes, ports
/// of others and preemption are not looked at. Copying it is how something is tried.
class Placement {
 public:
  explicit Placement(const std::vector<NodeRoom>& nodes);  ///< which must outlive it

  /// Places `count` more pods of this workload, besides those that run.
  Fit place(const PodShape&, const PodOwner&, std::int64_t count);
  /// On how many nodes more pods were placed than their podCIDR has addresses for.
  std::int64_t short_of_addresses() const;
  /// All that is left of a resource.
  std::int64_t free(const std::string& resource) const;

 private:
  struct Slot {
    const NodeRoom* node;
    std::vector<std::int64_t> has, left;  ///< by resource
    std::map<PodOwner, std::int64_t> placed;
    std::int64_t addresses_taken = 0;
  };
  struct Candidate;
  class Topology;

  std::size_t index_of(const std::string& resource);
  std::string why_never(const Slot&, const PodShape&) const;
  std::string why_full(const Slot&, const std::vector<std::pair<std::size_t, std::int64_t>>&) const;
  std::int64_t score_of(const Slot&,
                        const std::vector<std::pair<std::size_t, std::int64_t>>&) const;

  std::map<std::string, std::size_t> index_;
  std::vector<std::string> names_;
  std::vector<Slot> slots_;
};

}  // namespace doorbuster::planner
