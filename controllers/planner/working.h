#pragma once

#include "controllers/planner/acceptance.h"
#include "controllers/planner/capacity.h"
#include "controllers/planner/hold_feature.h"
#include "controllers/planner/plan.h"
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
  Observation seen;
  Memory memory;
  OurHolds holds;
  Acceptance acceptance;
  Mode mode = Mode::Act;
  api::SaleEventSpec spec;  ///< the accepted one; without targets and holds where there is none
  std::optional<Window> window;
  bool new_run = false;
  CapacityWants capacity;
  HoldFeatureWants hold_wants;
  Outcomes outcomes;
  std::map<ObjectRef, ObjectWants> wants;
  std::vector<Question> questions;
  std::optional<Instant> wake;
};

/// What is known before any feature is asked.
Round begin_round(const Event&, const Observation&, const Setup&, Instant now);

/// What the features may see of it.
View view_of(const Round&);

/// Writes the status of `out`, whose writes are decided; what it was made of.
Report make_status(Round&, Plan& out);

/// On the event while anything is held; off when nothing is, and nothing is on its way.
std::optional<SetFinalizer> finalizer_for(const Round&, const Report&, const api::SaleEventStatus&);

}  // namespace doorbuster::planner
