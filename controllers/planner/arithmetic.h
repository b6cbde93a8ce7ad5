#pragma once

#include "operator/base/json.h"
#include "operator/base/result.h"

namespace doorbuster::planner {

/// Arithmetic on a field's value that keeps its JSON type: 300 stays a number, "300" and "10Gi"
/// stay strings. Exact: decimals of at most 18 digits, suffixes as in Kubernetes quantities (n u m
/// k M G T P E, Ki Mi Gi Ti Pi Ei). Invalid when a side is no such number or the result leaves the
/// bounds.

/// baseline x factor. A whole baseline gives a whole result, rounded up; the suffix stays.
Result<Json> multiplied(const Json& baseline, const Json& factor);
/// baseline + operand; both without suffix or with the same one.
Result<Json> added(const Json& baseline, const Json& operand);
/// The greater (lesser) of the two by value, in the baseline's type.
Result<Json> greater(const Json& baseline, const Json& operand);
Result<Json> lesser(const Json& baseline, const Json& operand);
/// -1, 0, 1.
Result<int> compared(const Json& a, const Json& b);

}  // namespace doorbuster::planner
