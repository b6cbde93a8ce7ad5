#pragma once

#include "controllers/planner/seen.h"
#include "operator/base/json.h"
#include "operator/base/result.h"

#include <string>
#include <string_view>

namespace doorbuster::planner {

/// The shortest prefix of a pointer that does not exist in an object.
std::string shallowest_absent(const Document& object, std::string_view pointer);

/// The merge patch (RFC 7396) that makes `wanted` of `live`; lists are replaced whole. Invalid when
/// no merge patch can say it, which is so for a null inside a new value.
Result<Json> merge_patch_between(const Json& live, const Json& wanted);

}  // namespace doorbuster::planner
