#include "controllers/planner/webhook_gate.h"

#include "controllers/planner/rollout_memory.h"
#include "controllers/planner/rollout_steps.h"
#include "operator/base/content_hash.h"
#include "operator/base/json.h"

#include <algorithm>
#include <utility>

namespace doorbuster::planner {
namespace {

constexpr const char* kPrefix = "gate/";

/// The step that waits at a webhook.
struct Waiting {
  const api::GateSpec* gate = nullptr;
  std::string attempt;
  int step = 0;  ///< from 1
  RolloutStep is;
  Instant entered;
};

std::optional<Waiting> waiting_at(const Event& event, const api::RolloutSpec& rollout) {
  Waiting out;
  out.attempt = attempt_of(rollout, event.status);
  const auto decided = [&](const char* kind) {
    return decided_about(event.status, kind, rollout.name, out.attempt);
  };
  for (const char* over :
       {rollout_kind::kAccepted, rollout_kind::kPromoted, rollout_kind::kRolledBack}) {
    if (decided(over) != nullptr) return std::nullopt;
  }
  const api::Decision* entered = decided(rollout_kind::kEntered);
  const auto steps = steps_of(rollout.strategy);
  out.step = step_in(entered);
  if (out.step <= step_in(decided(rollout_kind::kPassed)) ||
      out.step > static_cast<int>(steps.size()))
    return std::nullopt;
  out.is = steps[static_cast<std::size_t>(out.step - 1)];
  out.entered = entered->at;
  out.gate = gate_named(*event.spec, out.is.gate);
  if (out.gate == nullptr || !out.gate->webhook) return std::nullopt;
  return out;
}

GateAsk ask_of(const Event& event,
               const api::RolloutSpec& rollout,
               const Waiting& at,
               Instant now) {
  return {.status = event.status,
          .rollout = rollout.name,
          .attempt = at.attempt,
          .patch = "",
          .step = at.step,
          .is = at.is,
          .entered = at.entered,
          .now = now};
}

/// From when on it is asked; nothing: not before somebody resumes.
std::optional<Instant> asked_from(const api::RolloutSpec& rollout, const GateAsk& ask) {
  const auto decided = [&ask](const char* kind) {
    return decided_about(ask.status, kind, ask.rollout, ask.attempt);
  };
  const api::Decision* rejected = decided(rollout_kind::kReject);
  if (rejected == nullptr || rejected->value != gate_value(ask)) return ask.entered;
  const api::Decision* resumed = decided(rollout_kind::kResume);
  // Equal instants: the later entry of the list.
  if (resumed != nullptr && resumed > rejected) return std::max(ask.entered, resumed->at);
  if (rollout.on_failure == api::OnFailure::Alert) return rejected->at + kGateAskedAtLeast;
  return std::nullopt;
}

std::string member(const char* name, const std::string& json) {
  return quoted(name).append(":").append(json);
}

std::string body_of(const Event& event, const api::RolloutSpec& rollout, const Waiting& at) {
  const std::vector<std::string> sale = {member("namespace", quoted(event.ref.ns)),
                                         member("name", quoted(event.ref.name)),
                                         member("uid", quoted(event.uid))};
  const std::vector<std::string> members = {
      member("apiVersion", quoted("doorbuster.dev/v1alpha1")),
      member("kind", quoted("GateReview")),
      member("event", "{" + sale[0] + "," + sale[1] + "," + sale[2] + "}"),
      member("run", std::to_string(event.status.run.value_or(0))),
      member("rollout", quoted(rollout.name)),
      member("target", quoted(rollout.target.name)),
      member("attempt", quoted(at.attempt)),
      member("gate", quoted(at.gate->name)),
      member("step", std::to_string(at.step)),
      member("weight", std::to_string(at.is.weight)),
      member("since", quoted(to_rfc3339(at.entered)))};
  std::string out;
  for (const std::string& one : members) out.append(out.empty() ? "{" : ",").append(one);
  return out.append("}");
}

api::CheckSpec check_of(const api::WebhookSpec& asked, std::string name) {
  api::CheckSpec out;
  out.name = std::move(name);
  out.http = api::HttpCheck{};
  out.http->url = asked.url;
  if (asked.sign_with)
    out.http->token_from =
        api::CheckToken{.secret = asked.sign_with->secret, .key = asked.sign_with->key};
  out.interval = asked.every;
  return out;
}

}  // namespace

bool is_gate_question(const api::CheckSpec& check) { return check.name.starts_with(kPrefix); }

Duration gate_rest(Duration every, int failures) {
  Duration out = every;
  for (int i = 1; i < failures && out < kGateAskedAtLeast; ++i) out *= 2;
  return std::max(every, std::min(out, kGateAskedAtLeast));
}

std::optional<GateQuestion> gate_question(const Event& event,
                                          const api::RolloutSpec& rollout,
                                          Instant now) {
  const auto at = waiting_at(event, rollout);
  if (!at) return std::nullopt;
  const GateAsk ask = ask_of(event, rollout, *at, now);
  const auto from = asked_from(rollout, ask);
  if (!from || now < *from || gate_view(*at->gate, ask).open) return std::nullopt;
  const std::string of = rollout.name + "/" + at->gate->name + "/" + at->attempt + "/" +
                         std::to_string(at->step) + "/" +
                         content_hash(std::to_string(event.status.run.value_or(0)) + " " +
                                      std::to_string(at->is.weight) + " " + to_rfc3339(*from) +
                                      " " + at->gate->webhook->url);
  return GateQuestion{.check = check_of(*at->gate->webhook, kPrefix + of),
                      .delivery = event.uid + "/" + of,
                      .body = body_of(event, rollout, *at)};
}

std::vector<GateQuestion> gate_questions(const Event& event, Instant now) {
  std::vector<GateQuestion> out;
  if (!event.spec) return out;
  for (const api::RolloutSpec& one : event.spec->rollouts) {
    if (auto question = gate_question(event, one, now)) out.push_back(*std::move(question));
  }
  return out;
}

std::optional<api::Decision> gate_answer(const Observation& seen,
                                         const Event& event,
                                         const api::RolloutSpec& rollout,
                                         Instant now) {
  const auto question = gate_question(event, rollout, now);
  if (!question) return std::nullopt;
  const auto found = seen.checks.find(question->check.name);
  if (found == seen.checks.end() || found->second.empty()) return std::nullopt;
  const Measurement& last = found->second.back();
  if (last.says != Measurement::Says::Value) return std::nullopt;
  const auto at = waiting_at(event, rollout);
  return api::Decision{.run = event.status.run.value_or(0),
                       .kind = last.value > 0 ? rollout_kind::kApprove : rollout_kind::kReject,
                       .subject = rollout.name,
                       .hash = at->attempt,
                       .at = now,
                       .by = webhook_name(*at->gate->webhook),
                       .action_uid = {},
                       .value = gate_value(ask_of(event, rollout, *at, now)),
                       .detail = last.text};
}

}  // namespace doorbuster::planner
