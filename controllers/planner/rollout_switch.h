#pragma once

#include "controllers/planner/rollout_route.h"

namespace doorbuster::planner {

// The `/spec/selector` of the Service that selects the target's pods: it selects those of one side.
// Server-Side Apply treats it as one value, and so do these. Before and after, it is the author's,
// never one of a single ReplicaSet: the next ordinary deploy would leave that without pods.

inline constexpr const char* kSelector = "/spec/selector";

/// All of it goes to the candidate when the selector selects its pods.
Shares shares_of_selector(const JsonView& selector, const Sides&);

/// The author's selector with the candidate's values for what it selects by: with any share but 0.
/// Invalid where the candidate's pods lack one of its labels.
Result<Json> switched(const JsonView& selector, const Sides&, const Split&);

/// What somebody else wrote, or the author's where that selects the candidate's pods.
Json switched_back(const JsonView& selector, const JsonView& written, const Sides&);

}  // namespace doorbuster::planner
