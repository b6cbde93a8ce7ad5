#pragma once

#include "controllers/planner/need.h"
#include "controllers/planner/target_draft.h"
#include "controllers/planner/wanted.h"

#include <string>
#include <vector>

namespace doorbuster::planner {

/// Where the spec's ceiling, or the autoscaler's maximum, leaves too little room for a need.
std::vector<Reason> ceiling_warnings(const std::string& target, const Floor&, const Need&);

}  // namespace doorbuster::planner
