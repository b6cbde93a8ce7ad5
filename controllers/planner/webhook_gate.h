#pragma once

#include "controllers/planner/plan.h"
#include "controllers/planner/rollout_gate.h"
#include "crds/sale_event.h"
#include "operator/base/instant.h"

#include <optional>
#include <string>
#include <vector>

namespace doorbuster::planner {

// spec.gates[].webhook: a server says whether a step may end. It is asked outside of the rounds, as
// checks are measured, and what it says is decided once and remembered like what people say.

/// What a server is asked of one step of one attempt.
struct GateQuestion {
  /// As it is measured: the URL, the key that it is signed with as `tokenFrom`, `every`. Its name,
  /// `gate/ROLLOUT/GATE/ATTEMPT/STEP/...`, which no check can have, is that of this question alone:
  /// what was answered to an earlier one, of another share, or by another URL is never taken for
  /// it. The value 1 opens the gate, 0 rejects.
  api::CheckSpec check;
  std::string delivery;  ///< tells servers what comes again
  std::string body;      ///< JSON
};

/// What the step that has its weight waits for; nothing: nobody is asked. A step that was rejected
/// is asked about again once somebody has resumed its release, with onFailure Alert after
/// kGateAskedAtLeast.
std::optional<GateQuestion> gate_question(const Event&, const api::RolloutSpec&, Instant now);
/// Of all rollouts of an event.
std::vector<GateQuestion> gate_questions(const Event&, Instant now);
bool is_gate_question(const api::CheckSpec&);

/// How long a server rests at the most between two questions, where its `every` is no longer.
inline constexpr Duration kGateAskedAtLeast = std::chrono::minutes(5);
/// How long it rests after so many answers in a row that say nothing: `every`, doubled at each.
Duration gate_rest(Duration every, int failures);

/// What was answered to the question of now, as a decision: Approve or Reject. Nothing: no answer
/// decides anything yet.
std::optional<api::Decision> gate_answer(const Observation&,
                                         const Event&,
                                         const api::RolloutSpec&,
                                         Instant now);

}  // namespace doorbuster::planner
