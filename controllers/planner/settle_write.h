#pragma once

#include "controllers/planner/settle_field.h"
#include "operator/base/result.h"

#include <map>
#include <optional>
#include <string>

namespace doorbuster::planner {

/// The label by whose value a sweep finds an object with holds.
inline constexpr const char* kLabelPointer = "/metadata/labels/doorbuster.dev~1held";

/// By whose label a sweep finds the record: as it stands while that install holds something here,
/// else one that does. Empty: nobody holds anything.
std::string label_for(const std::string& label,
                      const std::map<FieldPath, HeldField>& record,
                      const std::string& install);

/// All edits of one object and its record as one guarded merge patch.
Result<Write> one_write(const Draft& draft, const Ledger& record, const std::string& install);

/// Two requests are needed to leave no trace: this is the second (DESIGN.md section 3, GitOps).
/// Nothing: there is no such entry.
std::optional<Write> without_our_manager_entry(const ObjectRef& ref, const Present& object);

}  // namespace doorbuster::planner
