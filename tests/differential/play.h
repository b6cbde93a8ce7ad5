#pragma once

#include "tests/differential/scenario.h"

#include <vector>

namespace doorbuster::differential {

/// What there was at one moment: the Deployment's spec.replicas, its pods, how many were ready.
struct Moment {
  Duration at{};  ///< from the scenario's start
  std::int64_t replicas = 0, pods = 0, ready = 0;
};

/// A scenario as it went: what a run of either side leaves.
struct Record {
  Scenario scenario;          ///< with the instants at which its steps were really done
  std::int64_t began_ms = 0;  ///< since the epoch
  /// The autoscaler controller's looks, each as it found things, and the end. Its work queue is no
  /// clock: a look comes the sync period after the last one ended, and waits for a worker. So when
  /// it looked is taken from the real one; what it did then is compared.
  std::vector<Moment> looks;
};

/// Looks every kSyncPeriod, for a scenario that no real controller has played.
std::vector<Duration> regular_looks(const Scenario&);

/// Plays it in the simulator with looks at these instants; every moment at which something had
/// changed, and each look.
std::vector<Moment> play(const Scenario&,
                         std::int64_t began_ms,
                         const std::vector<Duration>& looks);

simulator::Tree tree_of(const Record&);
Record record_of(const simulator::Tree&);

}  // namespace doorbuster::differential
