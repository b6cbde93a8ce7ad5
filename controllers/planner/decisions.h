#pragma once

#include "crds/sale_event.h"

#include <cstdint>
#include <string_view>

namespace doorbuster::planner {

/// The first decision of this kind in a run of an event; null when there is none.
const api::Decision* decision_of(const api::SaleEventStatus&,
                                 std::int32_t run,
                                 std::string_view kind);
/// Was it decided in the present run?
bool decided(const api::SaleEventStatus&, std::string_view kind);

/// One more. Of one kind about one subject and hash, the latest of a run stands: the former goes;
/// of approvals, the former of the same person and step.
/// Beyond the CRD's bound the oldest gives way, approvals first, rollbacks last: none may ship
/// again for that.
void add_decision(api::SaleEventStatus&, api::Decision);

}  // namespace doorbuster::planner
