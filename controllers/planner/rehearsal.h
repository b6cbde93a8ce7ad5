#pragma once

#include "controllers/planner/feasibility.h"
#include "controllers/planner/plan.h"

#include <optional>
#include <vector>

namespace doorbuster::planner {

/// So many writes of one event are tried in a dry run.
inline constexpr std::size_t kDryRuns = 64;

/// What is known of the writes that a sale's start will need: may the event's account make them,
/// and what does the API server say of a dry run of each?
struct Rehearsal {
  std::vector<Question> questions;  ///< to be answered first
  std::vector<Finding> findings;
  std::string unknown;  ///< why something could not be asked; empty: all was
};

/// The observation for the plan of the start: what was asked ahead answers what will be asked then.
Observation at_the_start(const Observation&);
/// `start` is that plan.
Rehearsal rehearse(const Plan& start, const Observation&);

}  // namespace doorbuster::planner
