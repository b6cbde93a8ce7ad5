#include "controllers/planner/rollout_steps.h"

#include <algorithm>

namespace doorbuster::planner {

std::vector<RolloutStep> steps_of(const api::RolloutStrategy& strategy) {
  if (strategy.blue_green) {
    const api::BlueGreenSpec& spec = *strategy.blue_green;
    return {{.weight = 0,
             .pods = 100,
             .pause = spec.preview.value,
             .analysis = spec.preview_analysis.has_value(),
             .gate = spec.preview_approval.value_or("")},
            {.weight = 100,
             .pods = 100,
             .pause = spec.hold.value,
             .analysis = spec.analysis.has_value(),
             .gate = spec.approval.value_or("")}};
  }
  std::vector<RolloutStep> out;
  if (!strategy.canary) return out;
  for (const api::CanaryStep& one : strategy.canary->steps)
    out.push_back({.weight = one.weight,
                   .pods = std::max(one.weight, one.mirror.value_or(0)),
                   .replicas = one.replicas.value_or(0),
                   .pause = one.pause.value,
                   .analysis = one.analysis.has_value(),
                   .gate = one.approval.value_or(""),
                   .match = one.match,
                   .mirror = one.mirror.value_or(0)});
  return out;
}

}  // namespace doorbuster::planner
