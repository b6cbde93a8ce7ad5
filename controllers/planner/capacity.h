#pragma once

#include "controllers/planner/view.h"

#include <map>

namespace doorbuster::planner {

inline constexpr const char* kCapacity = "capacity";

/// What the capacity feature makes of a round, and what it wants remembered.
struct CapacityWants {
  Wants wants;
  std::map<FieldRef, RampMemory> memory;  ///< of fields whose ramp moved this round
  std::optional<Instant> next_step;       ///< of a ramp that goes up, where time alone decides
  bool demand_stays =
      false;  ///< restoreTimeout has passed and demand does not fit what was there before
};

/// Floors and ceilings (DESIGN.md section 4): on the autoscaler in charge of each target, or on its
/// replicas where there is none.
CapacityWants capacity(const View&);

/// Does every target of the spec that can be had stand at its full floor, ready? Told by what is
/// seen alone, so that a feature that waits for it needs to know nothing of what capacity wants.
bool targets_ready(const View&);

}  // namespace doorbuster::planner
