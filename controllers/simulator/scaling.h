#pragma once

#include "controllers/simulator/tree.h"
#include "operator/base/instant.h"

#include <cstdint>
#include <utility>
#include <vector>

namespace doorbuster::simulator {

/// One rate of HPAScalingRules: so many pods, or per cent of them, within any span of the period.
struct ScalingPolicy {
  bool percent = false;
  std::int64_t value = 0;
  Duration period{};
};

enum class SelectPolicy { Max, Min, Disabled };

/// How an autoscaler may move in one direction (autoscaling/v2 HPAScalingRules).
struct ScalingRules {
  Duration stabilise{};
  SelectPolicy select = SelectPolicy::Max;
  std::vector<ScalingPolicy> policies = {};
  double tolerance = 0.1;  ///< of a metric's ratio to its aim
  Duration longest_period() const;
};

/// `given`: the autoscaler has a `behavior`. One without follows older rules in the controller, not
/// only other numbers: see limited().
struct ScalingBehavior {
  bool given = false;
  ScalingRules up, down;
};

/// kube-controller-manager's --horizontal-pod-autoscaler-downscale-stabilization, where not set.
inline constexpr Duration kDownscaleStabilisation = std::chrono::minutes(5);

/// Of an autoscaler's spec, with what pkg/apis/autoscaling/v2/defaults.go puts where nothing is
/// written.
ScalingBehavior behavior_of(const Tree& spec,
                            Duration downscale_stabilisation = kDownscaleStabilisation);

/// What the replica calculator looks at (replica_calculator.go, groupPods).
struct MeasuredPods {
  std::int64_t counted = 0;  ///< their metrics count; at least one
  std::int64_t others = 0;   ///< are there and do not count yet: pending, or too young
};

/// The replicas that one metric asks for (replica_calculator.go: GetResourceReplicas and
/// calcPlainMetricReplicas): `usage` of each counted pod, in the unit of `aim`. Others count as
/// idle on the way up and not at all on the way down.
std::int64_t proposed(std::int64_t usage,
                      std::int64_t aim,
                      const MeasuredPods& pods,
                      std::int64_t current,
                      const ScalingBehavior& behavior);

/// What the controller remembers of one autoscaler (horizontal.go: recommendations, scale events).
struct ScalingMemory {
  using Dated = std::vector<std::pair<Instant, std::int64_t>>;
  Dated recommended = {}, added = {}, removed = {};
  bool begun = false;
  void begin(Instant now, std::int64_t current);  ///< the first look is a recommendation
  void note_change(Instant now,
                   std::int64_t from,
                   std::int64_t to,
                   const ScalingBehavior& behavior);
  /// Another look at what was settled: its recommendation is as young as that look.
  void repeat(Instant now);
  /// Whether time alone cannot change an answer any more: all that counts says `proposal`.
  bool settled(Instant now, std::int64_t proposal, const ScalingBehavior& behavior) const;
};

struct Limited {
  std::int64_t desired = 0;
  bool limited = false;
  const char* reason = "DesiredWithinRange";  ///< of the condition ScalingLimited
  bool kept = false;  ///< earlier recommendations of the window keep more than the metrics propose
};

/// From what the metrics propose to what is written: stabilisation, rates, bounds (horizontal.go,
/// normalizeDesiredReplicas and, with a behavior, normalizeDesiredReplicasWithBehaviors). Adds the
/// proposal to the memory.
Limited limited(ScalingMemory& memory,
                const ScalingBehavior& behavior,
                std::int64_t current,
                std::int64_t proposal,
                std::int64_t min,
                std::int64_t max,
                Instant now);

}  // namespace doorbuster::simulator
