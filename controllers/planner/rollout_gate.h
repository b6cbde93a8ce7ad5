#pragma once

#include "controllers/planner/rollout_judgement.h"
#include "controllers/planner/rollout_steps.h"
#include "controllers/planner/seen.h"
#include "crds/sale_event.h"
#include "operator/base/instant.h"

#include <optional>
#include <span>
#include <string>

namespace doorbuster::planner {

// spec.gates[]: what people, or a server, say of a step before it may end. An approval is of one
// step of one attempt of a rollout, by one person or server (rollout_memory.h, kApprove).

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
  std::span<const Measurement> answers{};  ///< of a webhook to this question, oldest first
};
/// `2 board 50%`: the step, from 1, the gate that an approval is of, and for what share it is.
std::string gate_value(const GateAsk&);
/// By whom a decision of its server is: `webhook board.example`.
std::string webhook_name(const api::WebhookSpec&);

struct GateView {
  bool open = false;
  Instant since;      ///< when it opened, or the step began to wait at the open gate
  std::string words;  ///< who has approved, and what is missing or why
};
/// Open once so many different people had approved at one time, and from then on; that of a webhook
/// once its server had. What was approved before the latest Reject does not count.
GateView gate_view(const api::GateSpec&, const GateAsk&);

/// Null: the event has none of that name.
const api::GateSpec* gate_named(const api::SaleEventSpec&, const std::string& name);

/// What Approve or Reject comes to at one rollout; `value` is that of the decision. `verified`:
/// the admission policy has made sure who asks.
Judgement judge_gate(const RolloutCase&, const Action&, bool verified, Instant now);

/// What is rejected has failed: what follows at once. What has not `begun` is not there to stand
/// still.
api::Decision follows_rejection(const api::Decision& rejected, bool begun, api::OnFailure);

}  // namespace doorbuster::planner
