#pragma once

#include "controllers/planner/need.h"
#include "controllers/planner/wanted.h"
#include "crds/sale_event.h"
#include "operator/base/instant.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace doorbuster::planner {

struct InCharge;
struct TargetDraft;

/// A way up as its author wants it.
struct PlannedRise {
  std::int64_t added = 0;  ///< replicas a step
  Duration step{0};        ///< that each step has
  int steps = 1;
  Duration until{0};  ///< from when it may begin until its floor is needed
};
/// The rises of a need that are not over, in their order.
std::vector<PlannedRise> planned_rises(
    const Need&, std::int64_t usual, Instant prepare, const api::RampUp&, Instant now);

/// Does a rise have less time for a step than 95 % of the last run's steps took, or need more pods
/// a minute than the largest of them brought in that time? Both numbers, and what to write instead.
std::optional<std::string> why_faster(const PlannedRise&, const api::RampUp&, const api::LastRun&);

/// The warning RampFasterThanLast of a target that is raised now or later. What normally runs is,
/// until it is recorded, what it was then: so that nothing is told anew with every pod.
std::optional<Reason> faster_than_last(const TargetDraft&, const InCharge&);

}  // namespace doorbuster::planner
