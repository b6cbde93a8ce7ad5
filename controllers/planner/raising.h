#pragma once

#include "controllers/planner/target_draft.h"

namespace doorbuster::planner {

/// The way up of one target whose workload or autoscaler can be had, and what goes with it: floor
/// and ceiling, waking up, handing over between autoscaler and workload, and down again to a need
/// that was lowered.
void raise_target(TargetDraft&, const InCharge&);

/// Did a person scale it to zero, and is it to stay so? Under a ScaledObject that is not paused
/// zero is what KEDA makes of an idle workload, and ends with a minimum above it
/// (pkg/scaling/executor).
bool sleeps_on_purpose(const api::TargetSpec&, const InCharge&);

/// What is seen of the target, and whether it stands at its full floor, ready.
void report_live(TargetDraft&, const InCharge&, const Floor&, const Need&);

}  // namespace doorbuster::planner
