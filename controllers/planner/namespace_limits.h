#pragma once

#include "controllers/planner/feasibility.h"

#include <string>
#include <vector>

namespace doorbuster::planner {

/// A target while it is judged.
struct Judged {
  const PeakNeed& need;
  PodShape shape;            ///< with what LimitRanges fill in
  std::int64_t present = 0;  ///< its pods, on nodes or not
  std::int64_t on_nodes = 0;
  std::int64_t allowed = 0;  ///< of what it needs, by quotas and limit ranges
  std::string bound;         ///< what allows no more
};

/// ResourceQuotas: what is used and what each target still needs, against what is hard
/// (https://kubernetes.io/docs/concepts/policy/resource-quotas/). All targets of a namespace share
/// it, in their order.
void judge_quotas(const std::vector<QuotaRoom>&, std::vector<Judged>&, std::vector<Finding>&);

/// LimitRanges: a pod beyond them is refused, whatever room there is
/// (https://kubernetes.io/docs/concepts/policy/limit-range/).
void judge_limits(const std::vector<LimitRoom>&, std::vector<Judged>&, std::vector<Finding>&);

}  // namespace doorbuster::planner
