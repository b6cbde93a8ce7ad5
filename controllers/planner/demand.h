#pragma once

#include "controllers/planner/seen.h"

#include <cstdint>

namespace doorbuster::planner {

/// What load alone asks of an autoscaler, its own minimum aside.
struct Demand {
  enum class Says {
    Number,   ///< so many replicas
    Less,     ///< fewer than its minimum; how many fewer is not known
    Free,     ///< it does not scale now (ScalingActive=False): the minimum may go down freely
    Unknown,  ///< nothing can be told
  } says = Says::Unknown;
  std::int64_t replicas = 0;  ///< with Number
};

/// Of a HorizontalPodAutoscaler autoscaling/v2. `desiredReplicas` is no help: the controller clamps
/// it to the minimum, which is ours. Computed as the controller does (kubernetes/kubernetes
/// pkg/controller/podautoscaler): the maximum over the metrics of ceil(currentReplicas x current /
/// target); the condition ScalingLimited=True, reason TooFewReplicas says that the recommendation
/// lies below the minimum.
Demand demand_of(const Document& autoscaler);

/// status.currentReplicas; absent when 0, as the API server leaves it out.
std::int64_t current_replicas_of(const Document& autoscaler);

}  // namespace doorbuster::planner
