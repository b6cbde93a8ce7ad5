#pragma once

#include "controllers/planner/target_draft.h"

namespace doorbuster::planner {

/// The way down of one object that is held under a target's name, to `goal` (0: to what was there
/// before): end, abort, deletion, a removed target and a lowered need share it. The floor first,
/// step by step and never below what load asks for; then the ceiling, once what runs fits under it.
void lower_object(TargetDraft&, const ObjectRef&, std::int64_t goal);

/// The workload that a row of a target speaks of, should its target be taken out of the spec.
std::optional<ObjectRef> workload_told(const api::TargetStatus&);

/// The reason of every item that lowers or restores; what raises has another.
inline constexpr const char* kLowering = "Lowering";
inline constexpr const char* kRestoring = "Restoring";

}  // namespace doorbuster::planner
