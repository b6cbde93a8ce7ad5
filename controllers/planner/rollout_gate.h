#pragma once

#include "controllers/planner/rollout_judgement.h"
#include "controllers/planner/rollout_steps.h"
#include "crds/sale_event.h"
#include "operator/base/instant.h"

#include <optional>
#include <string>

namespace doorbuster::planner {

// spec.gates[]: what people say of a step before it may end. An approval is of one step of one
// attempt of a rollout, by one person (rollout_memory.h, kApprove).

/// What a rollout's attempt waits for at one step.
struct GateAsk {
  const api::SaleEventStatus& status;
  const std::string& rollout;
  const std::string& attempt;  ///< hash of the decisions about it
  std::string patch;           ///< that of its Retry
  int step = 1;                ///< from 1
  RolloutStep is;              ///< what it is now: edited, it is another one
  Instant entered;             ///< since when the step waits; before it an approval runs out
  Instant now;
};

struct GateView {
  bool open = false;
  Instant since;      ///< when it opened, or the step began to wait at the open gate
  std::string words;  ///< who has approved, and what is missing
};
/// Open once so many different people had approved at one time, and from then on. What was approved
/// before the latest Reject does not count.
GateView gate_view(const api::GateSpec&, const GateAsk&);

/// Null: the event has none of that name.
const api::GateSpec* gate_named(const api::SaleEventSpec&, const std::string& name);

/// What Approve or Reject comes to at one rollout; `value` is that of the decision. `verified`:
/// the admission policy has made sure who asks.
Judgement judge_gate(const RolloutCase&, const Action&, bool verified, Instant now);

}  // namespace doorbuster::planner
