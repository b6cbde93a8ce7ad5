#pragma once

#include "controllers/planner/acceptance.h"
#include "controllers/planner/capacity.h"
#include "controllers/planner/freeze.h"
#include "controllers/planner/headroom.h"
#include "controllers/planner/hold_feature.h"
#include "controllers/planner/plan.h"
#include "controllers/planner/prepull.h"
#include "controllers/planner/rollout.h"
#include "controllers/planner/status_report.h"
#include "controllers/planner/status_rows.h"
#include "controllers/planner/view.h"

#include <map>
#include <optional>
#include <vector>

namespace doorbuster::planner {

/// One round's working state.
struct Round {
  const Event& event;
  const Setup& setup;
  Instant now;
  const Observation& seen;  ///< with_served_names
  Memory memory;
  OurHolds holds;
  OurChildren children;
  Acceptance acceptance;
  Mode mode = Mode::Act;
  /// The accepted one, with what its selectors found among the targets; without targets and holds
  /// where there is none.
  api::SaleEventSpec spec;
  std::vector<std::string> unread_selectors;
  std::vector<Reason> selection_warnings;
  std::optional<Window> window;
  bool new_run = false;
  CapacityWants capacity;
  HoldFeatureWants hold_wants;
  std::optional<api::FeasibilityStatus> feasibility;  ///< judged this round
  HeadroomWants headroom;
  PrepullWants prepull;
  Wants safeguards;
  FreezeWants freeze;
  RolloutWants rollouts;
  Outcomes outcomes;
  std::map<ObjectRef, ObjectWants> wants;
  std::vector<Question> questions;
  std::optional<Instant> wake;
};

/// What is known before any feature is asked. The observation is one of with_served_names.
Round begin_round(const Event&, const Observation&, const Setup&, Instant now);

/// What the features may see of it; the second where there is no window of its own.
View view_of(const Round&);
View view_of(const Round&, const Window&);

/// Writes the status of `out`, whose writes are decided; what it was made of.
Report make_status(Round&, Plan& out);

/// On the event while anything is held; off when nothing is, and nothing is on its way.
std::optional<SetFinalizer> finalizer_for(const Round&, const Report&, const api::SaleEventStatus&);

}  // namespace doorbuster::planner
