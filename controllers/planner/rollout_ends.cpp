// When a step is over, and what goes wrong in it.
#include "controllers/planner/rollout_draft.h"
#include "controllers/planner/rollout_forward.h"
#include "controllers/planner/rollout_gate.h"
#include "controllers/planner/webhook_gate.h"

namespace doorbuster::planner {
namespace {

/// So long a person's Resume outweighs what was wrong before it.
constexpr Duration kGrace = std::chrono::minutes(1);

/// The sale is over, and nobody has decided since.
bool is_kept(const RolloutDraft& draft) {
  const Instant end = draft.view.window.end;
  const api::Decision* told = draft.decided(rollout_kind::kPromote);
  return draft.view.now >= end && draft.spec->on_window_end == api::OnWindowEnd::Keep &&
         (told == nullptr || told->at < end);
}

/// How the gate of a step stands that has its weight; open: it has none, or what it names is gone.
GateView gate_of(const RolloutDraft& draft, int step, Instant entered) {
  const std::string& name = step_of(draft, step).gate;
  const api::GateSpec* gate = name.empty() ? nullptr : gate_named(draft.view.spec, name);
  if (gate == nullptr) return {.open = true, .since = entered, .words = ""};
  const auto question = gate_question(draft.view.event, *draft.spec, draft.view.now);
  return gate_view(*gate,
                   {.status = draft.view.event.status,
                    .rollout = draft.name,
                    .attempt = draft.attempt,
                    .patch = patch_hash(*draft.spec),
                    .step = step,
                    .is = step_of(draft, step),
                    .entered = entered,
                    .now = draft.view.now,
                    .answers = question ? measured(draft, question->check.name)
                                        : std::span<const Measurement>()});
}

/// What a step that has its weight still waits for.
struct StepEnd {
  bool pause = false, analysis = false, gate = false;
  Analysis analysed;  ///< of latency too once all else is over
  GateView gate_stands;
};

/// Does it keep a step from ending? With `Alert` a failure is only said.
bool holds_up(const RolloutDraft& draft, const Analysis& analysis) {
  const bool alert = draft.spec->on_failure == api::OnFailure::Alert;
  return analysis.holds_up() && !(alert && analysis.is == Analysis::Is::Failed);
}

void add_latency(Analysis& all, Analysis latency) {
  const std::string seen = latency.evidence;
  if (latency.is == Analysis::Is::Failed || latency.is == Analysis::Is::Inconclusive)
    std::swap(all, latency);
  if (!seen.empty()) all.evidence += (all.evidence.empty() ? "" : "; ") + seen;
}

StepEnd end_of(const RolloutDraft& draft, int step, const api::Decision& entered) {
  const RolloutStep& asked = step_of(draft, step);
  const api::Decision* told = draft.decided(rollout_kind::kPromote);
  // Promote ends what time and checks hold up. People are not outvoted by it.
  const bool skipped = told != nullptr && step_in(told) >= step;
  const api::Decision* resumed = draft.decided(rollout_kind::kResume);
  // Whoever let it go on has seen what was before.
  const Instant since = resumed == nullptr ? entered.at : std::max(entered.at, resumed->at);
  StepEnd out{.analysed = analysis_since(draft, since),
              .gate_stands = gate_of(draft, step, entered.at)};
  out.pause = !skipped && draft.view.now < entered.at + asked.pause;
  out.analysis = !skipped && asked.analysis && holds_up(draft, out.analysed);
  out.gate = !out.gate_stands.open;
  if (skipped || !asked.analysis || out.pause || out.analysis || out.gate) return out;
  add_latency(out.analysed, latency_since(draft, since));
  out.analysis = holds_up(draft, out.analysed);
  return out;
}

/// What a release that has come through its steps still waits for.
StepEnd end_of_bake(const RolloutDraft& draft) {
  const api::Decision& passed = *draft.decided(rollout_kind::kPassed);
  const api::Decision* told = draft.decided(rollout_kind::kPromote);
  const bool skipped = told != nullptr && told->at > passed.at;
  StepEnd out{.analysed = analysis_since(draft, passed.at), .gate_stands = {}};
  out.pause = !skipped && draft.view.now < passed.at + draft.spec->bake.value;
  const bool asks = !skipped && out.analysed.is != Analysis::Is::None;
  out.analysis = asks && holds_up(draft, out.analysed);
  if (!asks || out.pause || out.analysis) return out;
  add_latency(out.analysed, latency_since(draft, passed.at));
  out.analysis = holds_up(draft, out.analysed);
  return out;
}

/// Since when the step lasts, or what comes before it, or a person let it go on.
Instant step_since(const RolloutDraft& draft) {
  Instant out;
  for (const char* kind : {rollout_kind::kStarted,
                           rollout_kind::kEntered,
                           rollout_kind::kPassed,
                           rollout_kind::kResume}) {
    if (const api::Decision* one = draft.decided(kind)) out = std::max(out, one->at);
  }
  return out;
}

/// Has a step that waits for its analysis been told too often that nothing is known?
/// It is decided, and not forgotten when the provider answers again.
bool is_inconclusive(RolloutDraft& draft, int step) {
  if (step > last_step(draft) || step_in(draft.decided(rollout_kind::kEntered)) != step ||
      !step_of(draft, step).analysis || step_in(draft.decided(rollout_kind::kPromote)) >= step)
    return false;
  const Instant since = step_since(draft);
  const api::Decision* known = draft.decided(rollout_kind::kInconclusive);
  if (known != nullptr && known->at >= since) return true;
  const Analysis analysis = analysis_since(draft, since);
  if (!analysis.exhausted || analysis.dry) return false;
  draft.decide(rollout_kind::kInconclusive, std::to_string(step), analysis.why);
  return true;
}

std::string passed_by(const StepEnd& end) {
  const std::string& gate = end.gate_stands.words;
  const std::string& seen = end.analysed.evidence;
  return gate + (gate.empty() || seen.empty() ? "" : "; ") + seen;
}

/// What a step gives the candidate, where the row's weight does not say all of it.
std::string given_in(const RolloutDraft& draft, const RolloutStep& step) {
  const std::string requests = requests_in_words(split_of(step));
  if (step.weight > 0 || !requests.empty()) return requests;
  return "a preview without traffic: try it at " + to_text(draft.facts.candidate.service);
}

}  // namespace

bool hear_webhook(RolloutDraft& draft) {
  const View& view = draft.view;
  auto told = gate_answer(view.seen, view.event, *draft.spec, view.now);
  if (!told) return false;
  const api::Decision answer = draft.decisions.emplace_back(*std::move(told));
  if (answer.kind != rollout_kind::kReject) return false;
  api::Decision follows = follows_rejection(answer, true, draft.spec->on_failure);
  const std::string why = follows.detail;
  draft.decisions.push_back(std::move(follows));
  if (draft.spec->on_failure == api::OnFailure::RollBack) {
    go_back(draft, why);
    return true;
  }
  draft.warnings.push_back({"RolloutFailed", draft.name + ": " + why});
  return false;
}

std::string failure(RolloutDraft& draft, int step) {
  const View& view = draft.view;
  const api::Decision* entered = draft.decided(rollout_kind::kEntered);
  const bool in_step = step_in(entered) == step && step <= last_step(draft);
  Instant since = step_since(draft);
  const bool still = is_held_up(view.event.status, draft.name, draft.attempt) || is_kept(draft) ||
                     is_inconclusive(draft, step);
  const bool serves = draft.facts.serves() && draft.facts.weight;
  const bool shown = entered != nullptr;  // a preview, and what follows it
  const bool accepted = draft.decided(rollout_kind::kAccepted) != nullptr;
  if (serves || shown) {
    Analysis analysis = analysis_since(draft, since);
    if (in_step && !still && analysis.is != Analysis::Is::Failed)
      analysis = end_of(draft, step, *entered).analysed;
    // Latency is tested once.
    if (step > last_step(draft) && !still && !accepted && analysis.is == Analysis::Is::Passed)
      analysis = end_of_bake(draft).analysed;
    if (analysis.is == Analysis::Is::Failed) draft.row.analysis = "Failed";
    if (analysis.fails()) return analysis.why;
    if (analysis.is == Analysis::Is::Failed)
      draft.warnings.push_back(
          {"AnalysisFailed", draft.name + ": a dry run, so nothing follows: " + analysis.why});
  }
  // By pods those that are not ready have none; of what has passed its target may have taken all.
  const bool beside = shown && draft.facts.by_pods && (!accepted || draft.facts.asked > 0);
  if ((serves || beside) && draft.facts.ready == 0)
    return "no pod of the candidate is ready while it has traffic";
  if (step > last_step(draft) || still) return "";
  if (in_step) {
    // For people it waits as long as they take.
    const GateView gate = gate_of(draft, step, entered->at);
    if (!gate.open) return "";
    since = std::max(since, gate.since);
  }
  const Duration pause = in_step ? step_of(draft, step).pause : Duration(0);
  const Instant limit = since + pause + draft.spec->deadline.value;
  if (view.now >= limit)
    return "step " + std::to_string(step) +
           (in_step                            ? " has not passed"
            : draft.facts.not_taken_up.empty() ? " waits for the candidate's pods"
                                               : " waits for the candidate's Ingress") +
           " within its deadline";
  draft.wake = sooner(draft.wake, limit);
  return "";
}

void end_step(RolloutDraft& draft, int step, const api::Decision& entered) {
  const StepEnd end = end_of(draft, step, entered);
  const Analysis& analysis = end.analysed;
  draft.row.step_at = entered.at;
  draft.tell("Running", given_in(draft, step_of(draft, step)));
  if (analysis.is == Analysis::Is::Passed) draft.row.analysis = "Passed";
  if (analysis.is == Analysis::Is::Inconclusive) draft.row.analysis = "Inconclusive";
  if (analysis.holds_up() && analysis.is != Analysis::Is::None) {
    const std::string besides = draft.row.message.empty() ? "" : "; " + draft.row.message;
    draft.row.message = analysis.why + besides;
  }
  if (end.pause) draft.wake = sooner(draft.wake, entered.at + step_of(draft, step).pause);
  if (end.pause || end.analysis) return;
  if (end.gate) return draft.tell("AwaitingApproval", end.gate_stands.words);
  draft.decide(rollout_kind::kPassed, std::to_string(step), passed_by(end));
}

void bake(RolloutDraft& draft, const api::Decision& passed) {
  draft.tell("Baking", requests_in_words(split_of(step_of(draft, last_step(draft)))));
  draft.row.step_at = passed.at;
  const StepEnd end = end_of_bake(draft);
  if (end.pause) {
    draft.wake = sooner(draft.wake, passed.at + draft.spec->bake.value);
    return;
  }
  if (!end.analysis) {
    draft.decide(rollout_kind::kAccepted);
    return;
  }
  draft.row.analysis = end.analysed.is == Analysis::Is::Failed ? "Failed" : "Inconclusive";
  draft.row.message = end.analysed.why;
}

bool is_paused_by_failure(const RolloutDraft& draft) {
  const api::Decision* failed = draft.decided(rollout_kind::kFailed);
  const api::Decision* resumed = draft.decided(rollout_kind::kResume);
  return failed != nullptr && draft.spec->on_failure == api::OnFailure::Pause &&
         (resumed == nullptr || resumed->at < failed->at);
}

bool stands_still(RolloutDraft& draft, int step) {
  if (is_original_lost(draft)) return true;
  if (draft.facts.contested) {
    draft.tell("Contested",
               std::string("somebody else changed the ") + draft.facts.router->what + " of " +
                   to_text(draft.facts.route) + ": theirs stay. Put them back, or roll back");
    draft.warnings.push_back({"RouteContested", draft.name + ": " + draft.row.message});
    return true;
  }
  const auto& status = draft.view.event.status;
  if (is_paused_by_failure(draft)) {
    draft.tell("Paused", draft.decided(rollout_kind::kFailed)->detail);
    return true;
  }
  if (is_kept(draft)) {
    draft.tell("Paused", "the sale is over: promote it or roll it back (onWindowEnd Keep)");
    return true;
  }
  if (is_held_up(status, draft.name, draft.attempt)) {
    draft.tell("Paused", "paused by a SaleAction");
    return true;
  }
  if (is_inconclusive(draft, step)) {
    draft.tell("Inconclusive",
               "resume it, promote it or roll it back: " +
                   draft.decided(rollout_kind::kInconclusive)->detail);
    draft.warnings.push_back({"AnalysisInconclusive", draft.name + ": " + draft.row.message});
    return true;
  }
  return false;
}

std::string failure_of_passed(RolloutDraft& draft) { return failure(draft, last_step(draft) + 1); }

bool goes_back_for(RolloutDraft& draft, const std::string& why) {
  if (draft.spec->on_failure == api::OnFailure::RollBack) {
    go_back(draft, why);
    return true;
  }
  const api::Decision* known = draft.decided(rollout_kind::kFailed);
  const api::Decision* resumed = draft.decided(rollout_kind::kResume);
  const bool anew =
      known && resumed && resumed->at > known->at && draft.view.now >= resumed->at + kGrace;
  if (known == nullptr || anew) draft.decide(rollout_kind::kFailed, "", why);
  draft.warnings.push_back({"RolloutFailed", draft.name + ": " + why});
  return false;
}

}  // namespace doorbuster::planner
