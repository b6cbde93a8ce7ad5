#pragma once

#include "controllers/planner/working.h"

namespace doorbuster::planner {

/// What the rows' targets have shown goes on from the rows before; where a run begins, what they
/// showed is that of the last run. `status` has its rows already, in the order of the reports where
/// this round looked at the targets.
void keep_learned(const Round&, api::SaleEventStatus& status);

/// Once all of `status` is made: where it says something else than before, the peaks are told as
/// they were seen.
void tell_peaks(const Round&, api::SaleEventStatus& status);

}  // namespace doorbuster::planner
