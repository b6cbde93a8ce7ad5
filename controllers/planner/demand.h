#pragma once

#include "controllers/planner/seen.h"

#include <cstdint>
#include <optional>
#include <string>

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

/// Why an autoscaler does not scale now: the reason of ScalingActive=False. Empty: it does, or it
/// is not known, or its workload is scaled to zero.
std::string why_inactive(const Document& autoscaler);

/// Does it keep more than its metrics ask for, only because they asked for more not long ago (its
/// stabilization window)? The condition AbleToScale says so by the reason ScaleDownStabilized.
bool keeps_for_a_while(const Document& autoscaler);

/// When it last changed how many run; nothing: it never did.
std::optional<Instant> last_scaled(const Document& autoscaler);

/// status.currentReplicas; absent when 0, as the API server leaves it out.
std::int64_t current_replicas_of(const Document& autoscaler);

}  // namespace doorbuster::planner
