#pragma once

#include "controllers/planner/pod_shape.h"
#include "controllers/planner/room.h"

#include <cstdint>
#include <string>
#include <vector>

namespace doorbuster::planner {

/// What a node autoscaler may still add for pods that find no node. Karpenter: up to the limits of
/// the NodePools whose taints the pods tolerate and whose labels they do not rule out
/// (https://karpenter.sh/docs/concepts/nodepools). cluster-autoscaler: up to the maxima of its node
/// groups, nodes taken as large as the largest that there is. An upper bound: which machines can be
/// had, and what of them is reserved, is not known.
class NodeGrowth {
 public:
  explicit NodeGrowth(const Room&);  ///< which must outlive it

  enum class Who {
    Nobody,   ///< none shows itself, or none that takes such pods
    Unknown,  ///< whether there is one may not be looked at
    Known,
  };
  /// Who adds nodes for these pods?
  Who who(const PodShape&) const;

  /// For how many of these pods there is more to come; taken for them.
  std::int64_t take(const PodShape&, std::int64_t pods);
  /// "NodePool general (cpu 100 of 100)": who adds nodes for these pods, for people; where nobody
  /// does, why.
  std::string text(const PodShape&) const;

 private:
  std::int64_t take_from(Amounts& left, const PodShape&, std::int64_t pods) const;
  std::int64_t take_nodes(const PodShape&, std::int64_t pods);

  const Room& room_;
  std::vector<std::pair<const PoolRoom*, Amounts>> pools_;  ///< with what is left of their limits
  bool groups_ = false;
  std::optional<std::int64_t> nodes_left_;
};

}  // namespace doorbuster::planner
