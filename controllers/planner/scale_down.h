#pragma once

#include "controllers/planner/target_draft.h"

namespace doorbuster::planner {

/// `scaleDown: Disabled` of a target, through preparation and sale: what scales it is kept from
/// ever scaling down, by its behavior's scaleDown.selectPolicy. Let go of as soon as the target
/// does not ask for it.
void hold_scale_down(TargetDraft&, const InCharge&);

/// Let go of before anything comes down: an autoscaler that may not scale down would run for ever
/// what the ceiling waits for.
void free_scale_down(TargetDraft&, const ObjectRef&);

}  // namespace doorbuster::planner
