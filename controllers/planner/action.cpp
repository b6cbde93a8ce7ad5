#include "controllers/planner/action.h"

#include "controllers/planner/action_answer.h"
#include "controllers/planner/decisions.h"
#include "controllers/planner/freeze.h"
#include "controllers/planner/rollout_action.h"
#include "controllers/planner/rollout_memory.h"
#include "controllers/planner/schedule.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

namespace doorbuster::planner {
namespace {

using api::ActionVerb;

constexpr Duration kMostExtension = std::chrono::hours(24 * 30);  ///< in all, of one run

/// The window that a decision was made for, as written: what new rules of a zone make of it does
/// not undo a decision.
std::string name_of(const api::WindowSpec& written) {
  return written.start + "/" + written.end +
         (written.time_zone ? " " + *written.time_zone : std::string());
}

bool stands(const Event& event, const api::Decision& one) {
  return event.spec && one.run == event.status.run.value_or(0) &&
         one.hash == name_of(event.spec->window);
}

const api::Decision* standing(const Event& event, std::string_view kind) {
  for (const api::Decision& one : event.status.decisions) {
    if (one.kind == kind && stands(event, one)) return &one;
  }
  return nullptr;
}

bool is_completed(const Event& event) { return decided(event.status, "Completed"); }

/// What a decision made earlier comes to, where its action was not answered before we ended.
std::string in_words(const api::Decision& one) {
  return one.kind == "Extend" ? "the sale ends at " + one.value : one.kind + " is decided";
}

struct Case {
  const Event& event;
  const Window& written;
  Instant now;

  Window window() const { return effective_window(event, written); }
  const api::Decision* aborted() const { return standing(event, "Abort"); }
};

Judgement judge_end_now(const Case& at) {
  if (const auto* aborted = at.aborted())
    return nothing_to_do("the sale was aborted at " + since(*aborted));
  const Window window = at.window();
  if (at.now >= window.end)
    return nothing_to_do("the sale has been over since " + to_rfc3339(window.end));
  if (at.now < window.prepare)
    return refused(
        "NotBegun",
        "the sale has not begun to prepare: there is nothing to end; `Abort` calls it off");
  return {Judgement::Is::Accepted,
          "Ended",
          "the sale ends now; everything is to be back by " +
              to_rfc3339(at.now + (window.restored_by - window.end)),
          {}};
}

Judgement judge_extend(const Case& at, Duration by) {
  if (const auto* aborted = at.aborted())
    return refused("Aborted",
                   "the sale was aborted at " + since(*aborted) +
                       "; an edit of its window that lies ahead begins another run");
  if (is_completed(at.event))
    return refused("Completed",
                   "the sale is over and everything is back; an edit of its window that lies ahead "
                   "begins another run");
  if (const auto* restored = standing(at.event, "Restore"))
    return refused("Restored",
                   "everything was put back at " + since(*restored) +
                       "; an edit of its window that lies ahead begins another run");
  const Window window = at.window();
  const Instant end = window.end + by;
  if (end <= at.now)
    return refused("EndsInThePast",
                   "the sale ended at " + to_rfc3339(window.end) + ": `by` would move that to " +
                       to_rfc3339(end) + ", which is over too");
  if (end > at.written.end + kMostExtension)
    return refused("TooLong",
                   "all extensions of a sale together may be 720h (30 days); edit its window");
  return {Judgement::Is::Accepted,
          "Extended",
          "the sale ends at " + to_rfc3339(end) + " instead of " + to_rfc3339(window.end),
          to_rfc3339(end)};
}

Judgement judge_abort(const Case& at) {
  if (const auto* aborted = at.aborted())
    return nothing_to_do("the sale was aborted at " + since(*aborted) + " already");
  if (at.event.deleting)
    return nothing_to_do("the event is being deleted, which is the same way down");
  if (is_completed(at.event)) return nothing_to_do("the sale is over and everything is back");
  return {Judgement::Is::Accepted, "Aborted", "the sale is called off", {}};
}

Judgement judge_restore(const Case& at) {
  if (is_completed(at.event)) return nothing_to_do("the sale is over and everything is back");
  const bool over = at.event.deleting || at.aborted() != nullptr || at.now >= at.window().end;
  if (!over)
    return refused("SaleIsOn",
                   "the sale is on, or still to come, and keeps its capacity: `EndNow` or `Abort` "
                   "comes first");
  return {Judgement::Is::Accepted, "Restoring", "everything is put back at once", {}};
}

Judgement judge_break_glass(const Case& at) {
  if (!at.event.spec || !at.event.spec->freeze)
    return refused("NotFrozen", "the event freezes nothing");
  if (const auto* broken = standing(at.event, "BreakGlass"))
    return nothing_to_do("the freeze was lifted at " + since(*broken) + " already");
  const FreezeSpan span = span_of(*at.event.spec->freeze, at.window());
  if (at.now >= span.until || at.now < span.from)
    return refused(
        "NotFrozen",
        "the freeze lasts from " + to_rfc3339(span.from) + " until " + to_rfc3339(span.until));
  return {Judgement::Is::Accepted, "Lifted", "the freeze is lifted until it is over", {}};
}

Judgement judge(const Case& at, const api::SaleActionSpec& asked) {
  switch (asked.action) {
    case ActionVerb::EndNow:
      return judge_end_now(at);
    case ActionVerb::Extend:
      return judge_extend(at, asked.by ? asked.by->value : Duration(0));
    case ActionVerb::Abort:
      return judge_abort(at);
    case ActionVerb::Restore:
      return judge_restore(at);
    case ActionVerb::Start:
    case ActionVerb::Promote:
    case ActionVerb::Pause:
    case ActionVerb::Resume:
    case ActionVerb::Retry:
    case ActionVerb::RollBack:
    case ActionVerb::Approve:
    case ActionVerb::Reject:
      break;  // judge_rollouts
    case ActionVerb::Degrade:
    case ActionVerb::Recover:
      return refused("NoDegradeLevels", "the event has no degrade levels");
    case ActionVerb::BreakGlass:
      return judge_break_glass(at);
  }
  return refused("Unknown", "this version does not know the action");
}

bool has_ended(const Action& action) { return action.status.completed_at.has_value(); }

Notice told(const Action& action, const Judgement& as) {
  const std::string by = who_asks(action);
  return {Notice::Type::Normal,
          {"ActionAccepted",
           std::string(api::to_string(action.spec->action)) + " (SaleAction " + action.name +
               (by.empty() ? "" : ", " + by) + "): " + as.message}};
}

const api::Decision* made_by(const Event& event, const Action& action) {
  for (const api::Decision& one : event.status.decisions) {
    if (!one.action_uid.empty() && one.action_uid == action.uid) return &one;
  }
  return nullptr;
}

/// Actions that have decided something in this run.
std::size_t acted(const Event& event) {
  std::set<std::string> uids;
  for (const api::Decision& one : event.status.decisions) {
    const bool counts = !one.action_uid.empty() && one.kind != rollout_kind::kApprove;
    if (one.run == event.status.run.value_or(0) && counts) uids.insert(one.action_uid);
  }
  return uids.size();
}

/// What only takes back or holds up is never refused for the number of what came before.
bool is_safe(const Action& action) {
  const ActionVerb verb = action.spec->action;
  return verb == ActionVerb::RollBack || verb == ActionVerb::Reject || verb == ActionVerb::Pause ||
         verb == ActionVerb::Abort;
}

bool rolls_back(const Action& action) { return action.spec->action == ActionVerb::RollBack; }

/// Why an event has no window.
const Error* not_resolved(const Event& event, const Observation& seen) {
  if (!event.spec) return &event.spec.error();
  return std::get_if<Error>(&seen.window);
}

/// `written` is null only for a RollBack, which asks for no window.
Verdict verdict_on(const Event& event,
                   const Window* written,
                   const ActionAnswer& answer,
                   Instant now) {
  const Action& action = *answer.action;
  if (action.created + kEventPatience < event.created)
    return {refused("OlderThanEvent", "it was meant for an earlier event of this name"), {}};
  Verdict out;
  if (is_of_rollouts(action.spec->action)) {
    out = judge_rollouts(event, action, is_verified(answer), now);
  } else {
    out.as = judge({event, *written, now}, *action.spec);
    out.decisions.push_back({.run = event.status.run.value_or(0),
                             .kind = api::to_string(action.spec->action),
                             .hash = name_of(event.spec->window),
                             .at = now,
                             .by = who_asks(action),
                             .action_uid = action.uid,
                             .value = out.as.value,
                             .detail = action.spec->reason.value_or("")});
  }
  if (out.as.is == Judgement::Is::Accepted && !is_safe(action) && acted(event) >= kActionsOfRun)
    out.as = refused("TooMany",
                     "this run of the event has had " + std::to_string(kActionsOfRun) +
                         " actions; edit the event");
  return out;
}

/// One action that was not decided on yet; the event then has its decisions.
void decide(
    Event& event, const Window* written, ActionAnswer& answer, ActionsTaken& out, Instant now) {
  const Action& action = *answer.action;
  const Verdict verdict = verdict_on(event, written, answer, now);
  answer.status.run = event.status.run.value_or(0);
  switch (verdict.as.is) {
    case Judgement::Is::Refused:
      return refuse(answer, verdict.as, now);
    case Judgement::Is::NothingToDo:
      accept(answer, verdict.as, now, now);
      return complete(answer, verdict.as.message, now);
    case Judgement::Is::Accepted:
      break;
  }
  out.notices.push_back(told(action, verdict.as));
  for (const api::Decision& made : verdict.decisions) {
    add_decision(event.status, made);
    out.decisions.push_back(made);
  }
  accept(answer, verdict.as, now, now);
}

/// A RollBack has its end when what it decided about is seen to be back.
void finish_roll_back(ActionAnswer& answer,
                      const Event& event,
                      const api::SaleEventStatus& status,
                      Instant now) {
  const WayBack back = way_back(event, status, answer.action->uid);
  if (!answer.status.traffic_verified_at) answer.status.traffic_verified_at = back.traffic_verified;
  if (back.complete)
    complete(answer, back.message.empty() ? answer.status.message : back.message, now);
}

}  // namespace

Window effective_window(const Event& event, const Window& written) {
  Instant end = written.end;
  for (const api::Decision& one : event.status.decisions) {
    if (!stands(event, one)) continue;
    if (one.kind == "EndNow" || one.kind == "Abort") end = std::min(end, one.at);
    if (one.kind == "Extend") end = std::max(end, parse_rfc3339(one.value).value_or(end));
  }
  Window out = written;
  out.end = end;
  out.restored_by += end - written.end;
  out.start = std::min(written.start, end);
  out.prepare = std::min(written.prepare, out.start);
  return out;
}

Ending decided_ending(const Event& event) {
  if (standing(event, "Restore") != nullptr) return Ending::Immediate;
  return standing(event, "Abort") != nullptr ? Ending::Ramp : Ending::None;
}

std::string called_off(const Event& event) {
  const api::Decision* one = standing(event, "Abort");
  if (one == nullptr) return "";
  return "aborted at " + since(*one) + (one->detail.empty() ? "" : ": " + one->detail);
}

std::optional<std::string> broken_glass(const Event& event) {
  const api::Decision* one = standing(event, "BreakGlass");
  if (one == nullptr) return std::nullopt;
  return "lifted at " + since(*one) + (one->detail.empty() ? "" : ": " + one->detail);
}

ActionsTaken take_actions(const Event& event, const Observation& seen, Instant now) {
  ActionsTaken out;
  if (seen.actions.empty()) return out;
  const auto* written = std::get_if<Window>(&seen.window);
  Event decided = event;
  for (const auto& action : seen.actions) {
    if (has_ended(*action)) continue;
    ActionAnswer answer = begun(action);
    verify(answer, seen.policy_since, now);
    if (!action->spec) {
      refuse(answer, refused("Invalid", action->spec.error().message), now);
    } else if (const api::Decision* known = made_by(event, *action)) {
      if (answer.status.state.empty())
        accept(answer,
               {.is = Judgement::Is::Accepted,
                .reason = "Decided",
                .message = known->subject.empty() ? in_words(*known)
                                                  : rollouts_in_words(event.status, action->uid),
                .value = {}},
               known->at,
               now);
    } else if ((written != nullptr && event.spec) || rolls_back(*action)) {
      decide(decided, written, answer, out, now);
    } else if (const Error* why = not_resolved(event, seen); is_transient(why->kind)) {
      continue;  // what it is about is not known; asked again when the window is
    } else {
      refuse(answer,
             refused("NotAccepted",
                     "the event's window cannot be told (" + why->message +
                         "): mend it, or delete the event, which puts everything back"),
             now);
    }
    out.answers.push_back(std::move(answer));
  }
  return out;
}

Event with_decisions(Event event, const std::vector<api::Decision>& further) {
  for (const api::Decision& one : further) add_decision(event.status, one);
  return event;
}

void finish(std::vector<ActionAnswer>& answers, const Event& event, const Plan& made, Instant now) {
  for (ActionAnswer& answer : answers) {
    if (answer.status.completed_at || !answer.action->spec) continue;
    switch (answer.action->spec->action) {
      case ActionVerb::Abort:
      case ActionVerb::Restore:
        if (made.all_back) complete(answer, "nothing is held any more", now);
        break;
      case ActionVerb::EndNow:
      case ActionVerb::Extend:
      case ActionVerb::BreakGlass:
      case ActionVerb::Start:
      case ActionVerb::Promote:
      case ActionVerb::Pause:
      case ActionVerb::Resume:
      case ActionVerb::Retry:
      case ActionVerb::Approve:
      case ActionVerb::Reject:
        complete(answer, answer.status.message, now);
        break;
      case ActionVerb::RollBack:
        finish_roll_back(answer, event, made.status, now);
        break;
      case ActionVerb::Degrade:
      case ActionVerb::Recover:
        break;
    }
  }
}

std::vector<std::shared_ptr<const Action>> of_one_round(
    std::vector<std::shared_ptr<const Action>> all) {
  const auto in_time = [](const auto& a, const auto& b) { return a->created < b->created; };
  std::stable_sort(all.begin(), all.end(), in_time);
  if (all.size() <= kActionsOfRound) return all;
  std::stable_partition(
      all.begin(), all.end(), [](const auto& one) { return one->spec.ok() && rolls_back(*one); });
  all.resize(kActionsOfRound);
  std::stable_sort(all.begin(), all.end(), in_time);
  return all;
}

ActionAnswer without_event(std::shared_ptr<const Action> action,
                           const std::optional<Instant>& policy_since,
                           Instant now) {
  ActionAnswer answer = begun(std::move(action));
  verify(answer, policy_since, now);
  const std::string event = answer.action->spec ? answer.action->spec->event : "";
  refuse(answer, refused("NoSuchEvent", "there is no SaleEvent " + event + " here"), now);
  return answer;
}

}  // namespace doorbuster::planner
