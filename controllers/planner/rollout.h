#pragma once

#include "controllers/planner/rollout_candidate.h"
#include "controllers/planner/view.h"
#include "controllers/planner/wanted.h"

#include <set>
#include <string>
#include <vector>

namespace doorbuster::planner {

/// What may happen to rollouts in this round.
enum class RolloutMode {
  Act,
  DryRun,  ///< nothing is decided or written
  /// Suspended, not accepted, not read: nothing goes forward. What people asked for, `desired:
  /// Stable` and deletion go back all the same.
  Rest,
};

struct RolloutWants {
  Wants wants{.feature = kRollouts};
  Wants candidates{.feature = kRollouts};  ///< only children
  std::vector<api::RolloutStatus> rows;
  std::vector<api::Decision> decisions;  ///< to be added to those of the event
  std::set<ObjectRef> at_once;           ///< written before status is stored, in any mode
  std::set<ObjectRef> gone;              ///< copies of ours that nothing is put back on any more
  bool unfinished = false;               ///< something of a candidate stands or is about to
};

/// spec.rollouts[] (DESIGN.md section 5, hack/decisions/0026): which candidate stands, what share
/// of the traffic it has, and the way back.
RolloutWants rollouts(const View&, RolloutMode);

/// Since when an event's rollouts may look at its checks: the earliest that has a fixed start.
std::optional<Instant> first_rollout(const api::SaleEventSpec&, const Window&);

}  // namespace doorbuster::planner
