#pragma once

#include "controllers/planner/target_draft.h"

namespace doorbuster::planner {

// What a Canary says of its primary's bounds is kept at what the primary's autoscaler is held at,
// so that a release that is promoted in mid-sale takes nothing away.

/// On the way up: after what scales the primary is planned.
void hold_for_promotions(TargetDraft&, const InCharge&);

/// On the way down: the same, as far as something scales it that is still held.
void lower_for_promotions(TargetDraft&);

/// A release that is under way while the floor is raised.
void note_release(TargetDraft&, const InCharge&);

}  // namespace doorbuster::planner
