#pragma once

#include "controllers/planner/seen.h"
#include "operator/base/json.h"

#include <map>
#include <string>

namespace doorbuster::planner {

/// A strategic merge patch that gives a target the pod template of another Deployment, whole
/// (`$patch: replace`). Labels that the target's pods have stay as they are there, for its selector
/// and its Services tell its pods by them; the other's further ones come to them.
Json template_patch(const Document& target, const Document& source);

}  // namespace doorbuster::planner
