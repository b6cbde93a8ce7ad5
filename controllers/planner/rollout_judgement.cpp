#include "controllers/planner/rollout_judgement.h"

#include "controllers/planner/action.h"
#include "controllers/planner/decisions.h"
#include "controllers/planner/rollout_action.h"
#include "controllers/planner/rollout_memory.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace doorbuster::planner {
namespace {

using api::ActionVerb;

const api::Decision* known(const RolloutCase& at, std::string_view kind) {
  return decided_about(at.event.status, kind, at.name, at.attempt);
}

std::string state_of(const RolloutCase& at) { return at.row == nullptr ? "" : at.row->state; }

/// It failed, stays where it is by `onFailure: Pause`, and nobody has resumed it.
bool is_paused_by_failure(const RolloutCase& at) {
  if (at.spec == nullptr || at.spec->on_failure != api::OnFailure::Pause) return false;
  const api::Decision* failed = known(at, rollout_kind::kFailed);
  const api::Decision* resumed = known(at, rollout_kind::kResume);
  // Both are of one list, the later behind.
  return failed != nullptr && (resumed == nullptr || resumed < failed);
}

/// Why nothing of this event begins any more; empty: it may.
std::string begins_no_more(const RolloutCase& at) {
  if (at.event.deleting) return "the event is being deleted";
  if (const std::string why = called_off(at.event); !why.empty()) return "the sale was " + why;
  if (decided(at.event.status, "Completed")) return "the sale is over";
  if (at.spec->desired == api::DesiredRevision::Stable) return "its `desired` is `Stable`";
  return "";
}

Judgement judge_roll_back(const RolloutCase& at) {
  if (const auto* promoted = known(at, rollout_kind::kPromoted))
    return refused(
        "Promoted",
        "promoted at " + since(*promoted) + ": the target runs it; deploy the former version");
  if (const auto* back = known(at, rollout_kind::kRolledBack))
    return nothing_to_do(state_of(at) == "RolledBack"
                             ? "rolled back already, decided at " + since(*back)
                             : "on its way back already, decided at " + since(*back));
  if (at.attempt.empty())
    return nothing_to_do(
        "has not begun, and the event, which cannot be read, does not say what it would begin "
        "with; "
        "roll back again once it can be read");
  return known(at, rollout_kind::kStarted) != nullptr
             ? accepted("RollingBack", "all traffic goes back to the target")
             : accepted("RollingBack", "has not begun, and does not");
}

Judgement judge_start(const RolloutCase& at) {
  if (const auto* back = known(at, rollout_kind::kRolledBack))
    return refused("RolledBack", "rolled back at " + since(*back) + "; `Retry` begins it again");
  if (const auto* started = known(at, rollout_kind::kStarted))
    return nothing_to_do("has begun at " + since(*started) + " already");
  if (const std::string why = begins_no_more(at); !why.empty()) return refused("IsNotToBegin", why);
  if (const auto* asked = known(at, rollout_kind::kStart))
    return nothing_to_do("begins as soon as it may, decided at " + since(*asked));
  return accepted("Starting", "begins as soon as it may");
}

Judgement judge_promote(const RolloutCase& at) {
  if (const auto* promoted = known(at, rollout_kind::kPromoted))
    return refused("Promoted", "promoted at " + since(*promoted) + " already");
  if (const auto* back = known(at, rollout_kind::kRolledBack))
    return refused("RolledBack", "rolled back at " + since(*back) + "; `Retry` begins it again");
  if (known(at, rollout_kind::kStarted) == nullptr)
    return refused("NotBegun", "has not begun: no step is under way");
  if (is_paused_by_failure(at))
    return refused("Failed", "has failed and is paused; `Resume` or `Retry` comes first");
  if (known(at, rollout_kind::kAccepted) != nullptr)
    return nothing_to_do("all steps are passed: its promotion is under way");
  const std::string step =
      at.row != nullptr && at.row->step ? std::to_string(*at.row->step) : std::string("1");
  const bool gated = state_of(at) == "AwaitingApproval";
  if (gated)
    return refused("AwaitingApproval",
                   at.row->message + ": `Approve`, or its webhook, opens a gate");
  const auto* before = known(at, rollout_kind::kPromote);
  if (before != nullptr && before->value == step && state_of(at) != "Baking")
    return nothing_to_do("step " + step + " was ended at " + since(*before) + " already");
  return accepted("Promoting", "step " + step + " ends now", step);
}

Judgement judge_pause(const RolloutCase& at) {
  if (known(at, rollout_kind::kPromoted) != nullptr) return nothing_to_do("promoted already");
  if (known(at, rollout_kind::kRolledBack) != nullptr) return nothing_to_do("rolled back already");
  if (is_held_up(at.event.status, at.name, at.attempt)) return nothing_to_do("paused already");
  return accepted("Pausing", "stays where it is until it is resumed or rolled back");
}

Judgement judge_resume(const RolloutCase& at) {
  const bool over = known(at, rollout_kind::kPromoted) != nullptr ||
                    known(at, rollout_kind::kRolledBack) != nullptr;
  const bool stands = is_held_up(at.event.status, at.name, at.attempt) ||
                      is_paused_by_failure(at) || state_of(at) == "Inconclusive";
  if (over || !stands) return nothing_to_do("not paused");
  return accepted("Resuming", "goes on");
}

int number_of(const std::string& value) {
  int out = 1;
  std::from_chars(value.data(), value.data() + value.size(), out);
  return out;
}

Judgement judge_retry(const RolloutCase& at) {
  const auto* promoted = known(at, rollout_kind::kPromoted);
  // The template that another Deployment has by now is another release under the same name.
  if (promoted != nullptr && !(at.spec != nullptr && at.spec->template_from))
    return refused("Promoted", "promoted at " + since(*promoted) + ": the target runs it");
  if (promoted != nullptr && state_of(at) != "Promoted")
    return refused("StillRunning", "the target takes its traffic back; then it may begin again");
  const bool back = promoted != nullptr || known(at, rollout_kind::kRolledBack) != nullptr;
  const bool begun = promoted == nullptr && known(at, rollout_kind::kStarted) != nullptr;
  if (!back && !begun) return nothing_to_do("has not begun: nothing has failed");
  if (!back && !is_paused_by_failure(at))
    return refused("StillRunning", "is under way and has not failed");
  if (back && begun && state_of(at) != "RolledBack")
    return refused("StillRunning", "is on its way back; when it is there it may begin again");
  if (const std::string why = begins_no_more(at); !why.empty()) return refused("IsNotToBegin", why);
  const auto* before =
      decided_about(at.event.status, rollout_kind::kRetry, at.name, patch_hash(*at.spec));
  const int next = (before == nullptr ? 1 : number_of(before->value)) + 1;
  if (next > kAttempts)
    return refused("TooMany",
                   "was tried " + std::to_string(kAttempts) + " times; change its patch");
  const std::string value = std::to_string(next);
  return accepted("Retrying", "begins again, attempt " + value, value);
}

}  // namespace

Judgement judge_rollout(const RolloutCase& at, ActionVerb verb) {
  switch (verb) {
    case ActionVerb::RollBack:
      return judge_roll_back(at);
    case ActionVerb::Start:
      return judge_start(at);
    case ActionVerb::Promote:
      return judge_promote(at);
    case ActionVerb::Pause:
      return judge_pause(at);
    case ActionVerb::Resume:
      return judge_resume(at);
    case ActionVerb::Retry:
      return judge_retry(at);
    case ActionVerb::Approve:
    case ActionVerb::Reject:
    case ActionVerb::Abort:
    case ActionVerb::Extend:
    case ActionVerb::EndNow:
    case ActionVerb::Degrade:
    case ActionVerb::Recover:
    case ActionVerb::Restore:
    case ActionVerb::BreakGlass:
      break;
  }
  return refused("Unknown", "this is not about rollouts");
}

std::string listed(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& one : names) out.append(out.empty() ? "" : ", ").append(one);
  return out;
}

bool is_about_attempt(std::string_view kind) {
  using namespace rollout_kind;
  constexpr std::array<std::string_view, 15> kKinds{kStarted,
                                                    kEntered,
                                                    kPassed,
                                                    kAccepted,
                                                    kPromoted,
                                                    kFailed,
                                                    kRolledBack,
                                                    kDrained,
                                                    kStart,
                                                    kPromote,
                                                    kPause,
                                                    kResume,
                                                    kApprove,
                                                    kReject,
                                                    kInconclusive};
  return std::find(kKinds.begin(), kKinds.end(), kind) != kKinds.end();
}

}  // namespace doorbuster::planner
