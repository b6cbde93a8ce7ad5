#include "controllers/planner/rollout_gate.h"

#include "controllers/planner/rollout_memory.h"
#include "controllers/planner/rollout_steps.h"
#include "controllers/planner/status_rows.h"
#include "operator/base/web_address.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

namespace doorbuster::planner {
namespace {

constexpr std::size_t kByBytes = 256, kDetailBytes = 1024;  // as the schema has it

bool is_about(const api::Decision& one, const GateAsk& ask, const char* kind) {
  return one.run == ask.status.run.value_or(0) && one.kind == kind && one.subject == ask.rollout &&
         one.hash == ask.attempt;
}

/// Who told this attempt to begin; empty: the clock did, or nobody says.
std::string who_began(const GateAsk& ask) {
  const api::Decision* start =
      decided_about(ask.status, rollout_kind::kStart, ask.rollout, ask.attempt);
  if (start != nullptr && !start->by.empty()) return start->by;
  const api::Decision* retry =
      decided_about(ask.status, rollout_kind::kRetry, ask.rollout, ask.patch);
  return retry == nullptr ? "" : retry->by;
}

/// May this approval open the gate? What was one of the other kind before an edit is none.
bool counts(const api::GateSpec& gate, const GateAsk& ask, const api::Decision& approval) {
  const bool by_server = approval.action_uid.empty();
  if (gate.webhook) return by_server && approval.by == webhook_name(*gate.webhook);
  return !by_server && !(gate.approval->two_people && approval.by == who_began(ask));
}

/// Approvals of this step that count, in the order in which they were given.
std::vector<const api::Decision*> approvals(const api::GateSpec& gate, const GateAsk& ask) {
  const std::string value = gate_value(ask);
  std::vector<const api::Decision*> out;
  for (const api::Decision& one : ask.status.decisions) {
    if (is_about(one, ask, rollout_kind::kReject) && one.value == value) out.clear();
    if (is_about(one, ask, rollout_kind::kApprove) && one.value == value && counts(gate, ask, one))
      out.push_back(&one);
  }
  return out;
}

std::size_t needed(const api::GateSpec& gate, const GateAsk& ask) {
  const auto count = static_cast<std::size_t>(gate.approval->count);
  return count + (gate.approval->two_people && who_began(ask).empty() ? 1 : 0);
}

/// Whose approvals stood at an instant.
std::set<std::string> who_approved(const std::vector<const api::Decision*>& all,
                                   Duration lasts,
                                   Instant at) {
  std::set<std::string> out;
  for (const api::Decision* one : all) {
    if (one->at <= at && at < one->at + lasts) out.insert(one->by);
  }
  return out;
}

/// Each once, in their order.
template <typename Names>
std::string all_of(const Names& names) {
  const std::set<std::string> sorted(names.begin(), names.end());
  return listed({sorted.begin(), sorted.end()});
}

GateView webhook_view(const api::GateSpec& gate,
                      const GateAsk& ask,
                      const std::vector<const api::Decision*>& approved) {
  const std::string server = webhook_name(*gate.webhook);
  if (!approved.empty())
    return {
        true, std::max(approved.front()->at, ask.entered), gate.name + ": approved by " + server};
  const std::string said =
      ask.answers.empty() ? "has not answered yet" : "does not open it: " + ask.answers.back().text;
  return {false, Instant{}, gate.name + ": " + server + " " + said};
}

/// The first step that has not passed yet and has this gate.
struct StepToCome {
  int step = 0;                    ///< from 1; 0: there is none
  std::optional<Instant> entered;  ///< since when it waits; nothing: it is not there yet
  bool another = false;            ///< one before it had the gate too
  RolloutStep is;
};
StepToCome step_to_come(const RolloutCase& at, const std::string& gate) {
  const auto decided = [&at](const char* kind) {
    return decided_about(at.event.status, kind, at.name, at.attempt);
  };
  const int passed = step_in(decided(rollout_kind::kPassed));
  const api::Decision* entered = decided(rollout_kind::kEntered);
  StepToCome out;
  int step = 0;
  for (const RolloutStep& one : steps_of(at.spec->strategy)) {
    ++step;
    if (one.gate != gate) continue;
    out.another = out.another || step <= passed;
    if (step <= passed) continue;
    out.step = step;
    if (step_in(entered) == step) out.entered = entered->at;
    out.is = one;
    break;
  }
  return out;
}

Judgement judge_approval(const GateAsk& ask, const api::GateSpec& gate, const Action& action) {
  const std::string by = who_asks(action);
  const std::vector<std::string>& may = gate.approval->groups;
  const bool member =
      may.empty() || std::any_of(may.begin(), may.end(), [&action](const std::string& group) {
        const auto& of = action.spec->groups;
        return std::find(of.begin(), of.end(), group) != of.end();
      });
  if (!member)
    return refused("NotAllowed",
                   "at " + gate.name + " only members of " + all_of(may) +
                       " approve, and `groups` names none of these");
  if (gate.approval->two_people && by == who_began(ask))
    return refused("OwnRelease",
                   by + " told it to begin, and somebody else lets it pass (twoPeople)");
  if (gate_view(gate, ask).open) return nothing_to_do(gate.name + " is open already");
  const auto before = who_approved(approvals(gate, ask), gate.approval->expires.value, ask.now);
  const std::string step = "step " + std::to_string(ask.step);
  if (before.contains(by)) return nothing_to_do(by + " has approved " + step + " already");
  const std::size_t has = before.size() + 1, wants = needed(gate, ask);
  return accepted(
      "Approved",
      step + " is approved by " + by + ": " + std::to_string(has) + " of " + std::to_string(wants),
      gate_value(ask));
}

}  // namespace

const api::GateSpec* gate_named(const api::SaleEventSpec& spec, const std::string& name) {
  const auto found = std::find_if(spec.gates.begin(),
                                  spec.gates.end(),
                                  [&name](const api::GateSpec& one) { return one.name == name; });
  return found == spec.gates.end() ? nullptr : &*found;
}

std::string gate_value(const GateAsk& ask) {
  return std::to_string(ask.step) + " " + ask.is.gate + " " + std::to_string(ask.is.weight) + "%";
}

std::string webhook_name(const api::WebhookSpec& webhook) {
  const auto address = parse_web_address(webhook.url);
  return cut("webhook " + (address ? address->authority : webhook.url), kByBytes);
}

api::Decision follows_rejection(const api::Decision& rejected,
                                bool begun,
                                api::OnFailure on_failure) {
  const bool back = !begun || on_failure == api::OnFailure::RollBack;
  api::Decision out = rejected;
  out.kind = back ? rollout_kind::kRolledBack : rollout_kind::kFailed;
  out.value = "";
  out.detail = "rejected" + (rejected.by.empty() ? "" : " by " + rejected.by) +
               (rejected.detail.empty() ? "" : ": " + rejected.detail);
  out.detail = cut(std::move(out.detail), kDetailBytes);
  return out;
}

GateView gate_view(const api::GateSpec& gate, const GateAsk& ask) {
  const auto all = approvals(gate, ask);
  if (gate.webhook) return webhook_view(gate, ask, all);
  const Duration lasts = gate.approval->expires.value;
  const std::size_t wants = needed(gate, ask);
  std::vector<Instant> times = {ask.entered};
  for (const api::Decision* one : all) times.push_back(std::max(one->at, ask.entered));
  for (const Instant at : times) {
    const auto who = who_approved(all, lasts, at);
    if (who.size() >= wants) return {true, at, gate.name + ": approved by " + all_of(who)};
  }
  const auto who = who_approved(all, lasts, ask.now);
  const std::string has = who.empty() ? "" : ", by " + all_of(who);
  return {false,
          Instant{},
          gate.name + ": " + std::to_string(who.size()) + " of " + std::to_string(wants) +
              " approvals" + has};
}

Judgement judge_gate(const RolloutCase& at, const Action& action, bool verified, Instant now) {
  const api::SaleEventStatus& status = at.event.status;
  if (at.spec == nullptr)
    return refused("NotAccepted", "what its gates are cannot be read; `RollBack` goes without");
  const std::string name = action.spec->gate.value_or("");
  const api::GateSpec* gate = gate_named(*at.event.spec, name);
  if (gate == nullptr) return refused("NoSuchGate", "the event has no gate " + name);
  if (const auto* promoted = decided_about(status, rollout_kind::kPromoted, at.name, at.attempt))
    return refused("Promoted", "promoted at " + since(*promoted) + " already");
  if (const auto* back = decided_about(status, rollout_kind::kRolledBack, at.name, at.attempt))
    return refused("RolledBack", "rolled back at " + since(*back) + "; `Retry` begins it again");
  const StepToCome to_come = step_to_come(at, name);
  const std::string step = "step " + std::to_string(to_come.step);
  if (to_come.step == 0)
    return refused("NotAtGate", "no step that is still to come waits at " + name);
  const bool approves = action.spec->action == api::ActionVerb::Approve;
  // Who says it twice, or late, means the step before.
  if (approves && to_come.another && !to_come.entered)
    return refused("NotYet",
                   "the step that waited at " + name + " has passed; " + step +
                       ", which has it too, is approved once it has begun");
  const GateAsk ask{.status = status,
                    .rollout = at.name,
                    .attempt = at.attempt,
                    .patch = patch_hash(*at.spec),
                    .step = to_come.step,
                    .is = to_come.is,
                    .entered = to_come.entered.value_or(now),
                    .now = now};
  if (!approves)
    return accepted(
        "Rejected", "rejected at " + name + ", before " + step + " ends", gate_value(ask));
  if (gate->webhook)
    return refused("OpenedByWebhook",
                   name + " is opened by its webhook, and by nobody else; who rejects is heard");
  if (!verified)
    return refused("NotVerified",
                   "an approval counts only where the admission policy of Doorbuster has made sure "
                   "who gives it");
  return judge_approval(ask, *gate, action);
}

}  // namespace doorbuster::planner
