#pragma once

#include "controllers/simulator/tree.h"
#include "operator/base/instant.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// The simulator against the real controllers: one scenario, played on both.
namespace doorbuster::differential {

/// The rig's flags of kube-controller-manager, which the simulator is told too.
inline constexpr Duration kSyncPeriod = std::chrono::seconds(2);
inline constexpr Duration kDownscaleStabilisation = std::chrono::seconds(20);
/// What the driver's metrics claim as theirs.
inline constexpr Duration kMetricWindow = std::chrono::seconds(5);
/// What each pod asks for, so that per cent of a request are milli-cores.
inline constexpr std::int64_t kRequestMillis = 100;

/// Something done to the shop from outside. `at` counts from the scenario's start.
struct Step {
  enum class What { Bounds, Load, Quota };
  Duration at{};
  What what = What::Load;
  std::int64_t min = 0, max = 0;       ///< Bounds
  std::int64_t percent = 0;            ///< Load: of one pod's request, in all
  std::optional<std::int64_t> pods{};  ///< Quota: of the namespace; none lifts it
};

/// One deployment with an autoscaler in a namespace of its own.
struct Scenario {
  std::uint64_t seed = 0, number = 0;
  std::int64_t replicas = 1, load = 0;
  Duration startup{}, lasts{};
  std::optional<std::int64_t> room;  ///< pods that its one own node takes; none: room for all
  simulator::Tree autoscaler;        ///< its spec, without scaleTargetRef
  std::vector<Step> steps;
};

/// The same for the same two numbers on every machine.
Scenario make_scenario(std::uint64_t seed, std::uint64_t number);

/// As the driver (tests/cluster/differential.py) reads it, and back. A broken text is a bug.
simulator::Tree tree_of(const Scenario&);
Scenario scenario_of(const simulator::Tree&);

}  // namespace doorbuster::differential
