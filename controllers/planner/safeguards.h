#pragma once

#include "controllers/planner/view.h"

namespace doorbuster::planner {

inline constexpr const char* kSafeguards = "safeguards";

/// What keeps the pods of a target during preparation and sale, where the target asks for it:
/// PodDisruptionBudgets tightened (`disruptionBudget`), VerticalPodAutoscalers kept from evicting
/// (`verticalEvictions`).
Wants safeguards(const View&);

}  // namespace doorbuster::planner
