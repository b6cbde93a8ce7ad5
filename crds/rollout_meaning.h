#pragma once

#include "crds/reader.h"
#include "crds/sale_event.h"

#include <vector>

namespace doorbuster::api {

/// What is wrong with spec.rollouts although every field of it is right; part of check_meaning().
std::vector<Finding> rollout_findings(const SaleEventSpec& spec);

}  // namespace doorbuster::api
