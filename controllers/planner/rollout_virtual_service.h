#pragma once

#include "controllers/planner/rollout_route.h"

namespace doorbuster::planner {

// The `/spec/http` of a VirtualService (Istio), whose weights are percents and sum to 100. The
// candidate is a host of its own, the Service beside the target's, and no subset: nothing has to be
// known of it by a DestinationRule before it gets weight, so there is no order in which the two
// could be written wrongly.

extern const WeightedForm kVirtualServiceForm;

/// What of it sends to the target and cannot be shared out, in words; empty: nothing does.
std::string why_not_shared(const Document& virtual_service, const Sides&);

}  // namespace doorbuster::planner
