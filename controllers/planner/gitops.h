#pragma once

#include "controllers/planner/seen.h"
#include "controllers/planner/wanted.h"

#include <optional>
#include <string>

namespace doorbuster::planner {

/// Who applies an autoscaler's maximum and not its minimum, by managedFields (a GitOps tool's
/// manager) or by what was last applied ("kubectl"); empty: nobody. While our minimum lies above
/// the maximum that they apply, the API server refuses their whole sync (DESIGN.md section 3,
/// "GitOps").
std::string applies_only_maximum(const ObjectRef&, const Document& scaler);

/// GitOpsConflict, with what to write to let the tool leave the two fields to us during a sale;
/// nothing where a floor of `floor` does not come into its way.
std::optional<Reason> sync_conflict(const std::string& target,
                                    const ObjectRef& scaler,
                                    const Document& object,
                                    std::int64_t floor);

}  // namespace doorbuster::planner
