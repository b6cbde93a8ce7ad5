#include "controllers/planner/rollout_action.h"

#include "controllers/planner/rollout_gate.h"
#include "controllers/planner/rollout_judgement.h"
#include "controllers/planner/rollout_memory.h"
#include "controllers/planner/status_rows.h"

#include <algorithm>
#include <utility>

namespace doorbuster::planner {
namespace {

using api::ActionVerb;

constexpr std::size_t kMessageBytes = 1000;

const api::RolloutSpec* spec_of(const Event& event, const std::string& name) {
  if (!event.spec) return nullptr;
  for (const api::RolloutSpec& one : event.spec->rollouts) {
    if (one.name == name) return &one;
  }
  return nullptr;
}

/// The attempt that was begun, or was to be, last, where no spec says which it is.
std::string remembered_attempt(const api::SaleEventStatus& status, const std::string& name) {
  std::string out, otherwise;
  for (const api::Decision& one : status.decisions) {
    if (one.run != status.run.value_or(0) || one.subject != name) continue;
    if (one.kind == rollout_kind::kStarted) {
      out = one.hash;
    } else if (one.kind == rollout_kind::kRetry) {
      out = one.hash + "/" + one.value;
    } else if (is_about_attempt(one.kind)) {
      otherwise = one.hash;
    }
  }
  return out.empty() ? otherwise : out;
}

RolloutCase case_of(const Event& event, const std::string& name) {
  RolloutCase out{.event = event,
                  .name = name,
                  .spec = spec_of(event, name),
                  .row = row_of(event.status, name),
                  .attempt = ""};
  out.attempt = out.spec != nullptr ? attempt_of(*out.spec, event.status)
                                    : remembered_attempt(event.status, name);
  return out;
}

/// All that an action can be about. A RollBack is also about what no spec names any more.
std::vector<std::string> names_of(const Event& event, ActionVerb verb) {
  std::vector<std::string> out;
  const auto add = [&out](const std::string& name) {
    if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(name);
  };
  if (event.spec) {
    for (const api::RolloutSpec& one : event.spec->rollouts) add(one.name);
  }
  if (verb != ActionVerb::RollBack) return out;
  for (const api::RolloutStatus& one : event.status.rollouts) {
    if (!event.spec || one.state != "RolledBack") add(one.name);
  }
  if (event.spec) return out;
  for (const api::Decision& one : event.status.decisions) {
    const bool ours = one.run == event.status.run.value_or(0) && is_about_attempt(one.kind);
    if (ours && !one.subject.empty()) add(one.subject);
  }
  return out;
}

/// `a, b: begins; c: ...`: each sentence once, at its first rollout.
class Sentences {
 public:
  void add(const std::string& name, const std::string& says) {
    for (auto& [names, sentence] : all_) {
      if (sentence == says) return names.push_back(name);
    }
    all_.push_back({{name}, says});
  }
  std::string text() const {
    std::string out;
    for (const auto& [names, says] : all_)
      out += (out.empty() ? "" : "; ") + listed(names) + ": " + says;
    return cut(out, kMessageBytes);
  }

 private:
  std::vector<std::pair<std::vector<std::string>, std::string>> all_;
};

api::Decision decision_about(const RolloutCase& at,
                             const Action& action,
                             const Judgement& as,
                             Instant now) {
  const ActionVerb verb = action.spec->action;
  return {.run = at.event.status.run.value_or(0),
          .kind = verb == ActionVerb::RollBack ? rollout_kind::kRolledBack : api::to_string(verb),
          .subject = at.name,
          .hash = verb == ActionVerb::Retry ? patch_hash(*at.spec) : at.attempt,
          .at = now,
          .by = who_asks(action),
          .action_uid = action.uid,
          .value = as.value,
          .detail = action.spec->reason.value_or("")};
}

bool is_of_gates(ActionVerb verb) {
  return verb == ActionVerb::Approve || verb == ActionVerb::Reject;
}

api::Decision consequence(const RolloutCase& at, const api::Decision& rejected) {
  const bool begun =
      decided_about(at.event.status, rollout_kind::kStarted, at.name, at.attempt) != nullptr;
  return follows_rejection(rejected, begun, at.spec->on_failure);
}

Judgement without_rollouts(const Event& event) {
  if (event.spec) return refused("NoRollouts", "the event has no rollouts");
  return refused("NoRollouts",
                 "the event cannot be read (" + event.spec.error().message +
                     ") and nothing of it was rolled out");
}

bool is(const Judgement& one, Judgement::Is what) { return one.is == what; }

}  // namespace

bool is_of_rollouts(ActionVerb verb) {
  switch (verb) {
    case ActionVerb::Start:
    case ActionVerb::Promote:
    case ActionVerb::Pause:
    case ActionVerb::Resume:
    case ActionVerb::Retry:
    case ActionVerb::RollBack:
    case ActionVerb::Approve:
    case ActionVerb::Reject:
      return true;
    case ActionVerb::Abort:
    case ActionVerb::Extend:
    case ActionVerb::EndNow:
    case ActionVerb::Degrade:
    case ActionVerb::Recover:
    case ActionVerb::Restore:
    case ActionVerb::BreakGlass:
      return false;
  }
  return false;
}

Verdict judge_rollouts(const Event& event, const Action& action, bool verified, Instant now) {
  const ActionVerb verb = action.spec->action;
  const std::vector<std::string> there = names_of(event, verb);
  if (is_of_gates(verb) && event.spec && event.spec->gates.empty())
    return {refused("NoGates", "the event has no gates"), {}};
  if (there.empty()) return {without_rollouts(event), {}};
  const bool named = !action.spec->rollouts.empty();
  const std::vector<std::string>& meant = named ? action.spec->rollouts : there;
  for (const std::string& one : meant) {
    if (std::find(there.begin(), there.end(), one) == there.end())
      return {refused("NoSuchRollout",
                      cut("there is no rollout " + one + "; there are: " + listed(there),
                          kMessageBytes)),
              {}};
  }
  Verdict out;
  Sentences says;
  std::string refusal;
  bool nothing = false;
  for (const std::string& name : meant) {
    const RolloutCase at = case_of(event, name);
    const Judgement one =
        is_of_gates(verb) ? judge_gate(at, action, verified, now) : judge_rollout(at, verb);
    says.add(name, one.message);
    if (is(one, Judgement::Is::Accepted))
      out.decisions.push_back(decision_about(at, action, one, now));
    if (is(one, Judgement::Is::Accepted) && verb == ActionVerb::Reject)
      out.decisions.push_back(consequence(at, out.decisions.back()));
    if (is(one, Judgement::Is::Refused) && refusal.empty()) refusal = one.reason;
    nothing = nothing || is(one, Judgement::Is::NothingToDo);
    if (is(one, Judgement::Is::Accepted) && out.as.reason.empty()) out.as.reason = one.reason;
  }
  // What is named is done whole or not at all; but a rollback does what it can.
  const bool whole = named && verb != ActionVerb::RollBack;
  const bool in_vain = out.decisions.empty() && (named || !nothing);
  if (!refusal.empty() && (whole || in_vain)) return {refused(refusal, says.text()), {}};
  if (out.decisions.empty()) return {nothing_to_do(says.text()), {}};
  out.as.message = says.text();
  return out;
}

std::string rollouts_in_words(const api::SaleEventStatus& status, const std::string& action_uid) {
  Sentences says;
  for (const api::Decision& one : status.decisions) {
    if (one.action_uid == action_uid && !one.subject.empty())
      says.add(one.subject, one.kind + " is decided");
  }
  return says.text();
}

WayBack way_back(const Event& event,
                 const api::SaleEventStatus& status,
                 const std::string& action_uid) {
  WayBack out{.complete = true, .traffic_verified = {}, .message = ""};
  Sentences says;
  bool sent = false;
  for (const api::Decision& one : status.decisions) {
    const bool ours = one.action_uid == action_uid && one.kind == rollout_kind::kRolledBack;
    if (!ours || one.run != status.run.value_or(0)) continue;
    const api::RolloutSpec* spec = spec_of(event, one.subject);
    const api::RolloutStatus* row = row_of(status, one.subject);
    const bool gone = event.spec && spec == nullptr && row == nullptr;
    const bool other = spec != nullptr && attempt_of(*spec, status) != one.hash;
    const bool back = row != nullptr && row->state == "RolledBack";
    if (gone || other) {
      says.add(one.subject, "the event has it no more as it was rolled back");
    } else if (back) {
      says.add(one.subject, "rolled back");
    } else {
      out.complete = false;
    }
    if (decided_about(status, rollout_kind::kStarted, one.subject, one.hash) == nullptr) continue;
    const api::Decision* drained =
        decided_about(status, rollout_kind::kDrained, one.subject, one.hash);
    sent = sent || (drained == nullptr && !gone && !other);
    if (drained != nullptr)
      out.traffic_verified = std::max(out.traffic_verified.value_or(drained->at), drained->at);
  }
  if (sent) out.traffic_verified.reset();
  out.message = says.text();
  return out;
}

}  // namespace doorbuster::planner
