#pragma once

#include "controllers/planner/action_answer.h"

#include <string>
#include <string_view>
#include <vector>

namespace doorbuster::planner {

/// One rollout that an action is about.
struct RolloutCase {
  const Event& event;
  std::string name;
  const api::RolloutSpec* spec;   ///< null: the event cannot be read, or has it no more
  const api::RolloutStatus* row;  ///< null: it has none yet
  std::string attempt;            ///< the present one; empty: not known
};

/// What a verb of rollouts comes to there; `value` is that of the decision.
Judgement judge_rollout(const RolloutCase&, api::ActionVerb);

/// Has a decision of this kind an attempt for its hash?
bool is_about_attempt(std::string_view kind);

/// Names in a sentence: `a, b`.
std::string listed(const std::vector<std::string>& names);

}  // namespace doorbuster::planner
