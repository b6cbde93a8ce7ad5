#pragma once

#include "controllers/planner/action_answer.h"

#include <optional>
#include <string>
#include <vector>

namespace doorbuster::planner {

// What people decide about rollouts: Start, Promote, Pause, Resume, Retry, RollBack, Approve,
// Reject. An action has one decision for each rollout that it is about (rollout_memory.h), Reject
// another one of what it comes to.

bool is_of_rollouts(api::ActionVerb);

/// What an action comes to, and the decisions that are to be stored of it.
struct Verdict {
  Judgement as;
  std::vector<api::Decision> decisions;
};
/// Of a RollBack also where the spec cannot be read: it goes by what is remembered then, and it is
/// refused only where there is nothing of that name, or what it names is promoted. `verified`: the
/// admission policy has made sure who asks.
Verdict judge_rollouts(const Event&, const Action&, bool verified, Instant now);

/// What the decisions of an action came to that was not answered before we ended.
std::string rollouts_in_words(const api::SaleEventStatus&, const std::string& action_uid);

/// How far a RollBack has come, in the status that this round makes.
struct WayBack {
  bool complete = false;  ///< all that it decided about is rolled back, or its decision is void
  std::optional<Instant> traffic_verified;  ///< no route sends traffic to their candidates
  std::string message;
};
WayBack way_back(const Event&, const api::SaleEventStatus&, const std::string& action_uid);

/// So often one patch is tried in a run.
inline constexpr int kAttempts = 20;

}  // namespace doorbuster::planner
