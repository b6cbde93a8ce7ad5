#pragma once

#include "controllers/simulator/tree.h"
#include "crds/sale_event.h"
#include "operator/base/instant.h"

#include <optional>

namespace doorbuster::simulation {

/// What a target of an event's manifest needs at an instant of its window (before the start: at
/// it), counted up pod by pod rather than by the planner's formulas. Of a multiplier, and of zones
/// that the manifest does not name, the row tells what they are taken of. Nothing: the row does not
/// tell yet.
std::optional<std::int64_t> needed_at(const simulator::Tree& target,
                                      const api::TargetStatus* row,
                                      Instant start,
                                      Instant now);

}  // namespace doorbuster::simulation
