#pragma once

#include "controllers/planner/action.h"
#include "controllers/planner/decisions.h"
#include "controllers/planner/rollout_memory.h"
#include "tests/planner/shop.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace doorbuster::planner {

inline api::RolloutSpec rollout_named(const std::string& name) {
  api::RolloutSpec out;
  out.name = name;
  out.target.name = name;
  out.patch = Json{R"({"spec":{"priority":1}})"};
  return out;
}

/// An event with rollouts, what was decided about them, and actions on it.
struct RolloutStage {
  RolloutStage() {
    event.spec->rollouts = {rollout_named("checkout"), rollout_named("search")};
    seen.window = shop.window;
  }
  std::string attempt(const std::string& name) const {
    for (const api::RolloutSpec& one : event.spec->rollouts) {
      if (one.name == name) return attempt_of(one, event.status);
    }
    return "";
  }
  void decide(const std::string& name, const char* kind) {
    add_decision(event.status,
                 {.run = 0,
                  .kind = kind,
                  .subject = name,
                  .hash = attempt(name),
                  .at = now,
                  .by = "",
                  .action_uid = "",
                  .value = "",
                  .detail = ""});
  }
  void begin(const std::string& name) {
    decide(name, rollout_kind::kStarted);
    show(name, "Running", 2);
  }
  void show(const std::string& name, const std::string& state, std::optional<int> step = {}) {
    for (api::RolloutStatus& row : event.status.rollouts) {
      if (row.name != name) continue;
      row.state = state;
      return;
    }
    api::RolloutStatus row;
    row.name = name;
    row.state = state;
    row.step = step;
    event.status.rollouts.push_back(row);
  }
  std::shared_ptr<Action> action_of(api::ActionVerb verb, const std::vector<std::string>& names) {
    auto action = std::make_shared<Action>();
    action->uid = "uid-" + std::to_string(++actions);
    action->name = action->uid;
    action->created = now;
    action->spec = api::SaleActionSpec{};
    action->spec->action = verb;
    action->spec->rollouts = names;
    return action;
  }
  /// The action is judged, and the event has its decisions.
  std::optional<ActionAnswer> ask(api::ActionVerb verb,
                                  const std::vector<std::string>& names = {}) {
    auto action = action_of(verb, names);
    action->spec->requested_by = "ada";
    action->spec->reason = "why";
    return ask_with(action);
  }
  std::optional<ActionAnswer> ask_with(const std::shared_ptr<const Action>& action) {
    seen.actions = {action};
    ActionsTaken taken = take_actions(event, seen, now);
    event = with_decisions(event, taken.decisions);
    end(taken.answers);
    now += std::chrono::seconds(1);
    if (taken.answers.empty()) return std::nullopt;
    return taken.answers.front();
  }
  void end(std::vector<ActionAnswer>& answers) const {
    Plan made;
    made.status = event.status;
    finish(answers, event, made, now);
  }
  const api::Decision* decision(const std::string& name, const char* kind) const {
    return decided_about(event.status, kind, name, attempt(name));
  }

  Shop shop;
  Event event = shop.sale;
  Observation seen;
  Instant now = kStart;
  int actions = 0;
};

}  // namespace doorbuster::planner
