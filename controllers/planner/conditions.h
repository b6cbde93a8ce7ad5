#pragma once

#include "crds/sale_event.h"
#include "operator/base/instant.h"

#include <string_view>
#include <vector>

namespace doorbuster::planner {

/// Null when there is none of this type.
const api::Condition* condition_of(const std::vector<api::Condition>& conditions,
                                   std::string_view type);

/// The condition as it goes on from what stood there before: the time of its last transition stays
/// while its status does; reason and message are cut to the CRD's bounds.
api::Condition moved_on(const std::vector<api::Condition>& before, api::Condition next);

}  // namespace doorbuster::planner
