#include "controllers/planner/capacity.h"
#include "controllers/planner/pending.h"
#include "controllers/planner/rollout_draft.h"
#include "controllers/planner/rollout_gate.h"
#include "controllers/planner/webhook_gate.h"
#include "operator/base/content_hash.h"

namespace doorbuster::planner {
namespace {

/// So long a person's Resume outweighs what was wrong before it.
constexpr Duration kGrace = std::chrono::minutes(1);
constexpr const char* kRunsAlready = "the target runs this template already";

const RolloutStep& step_of(const RolloutDraft& draft, int step) {
  return draft.steps[static_cast<std::size_t>(step - 1)];
}

int last_step(const RolloutDraft& draft) { return static_cast<int>(draft.steps.size()); }

/// The one that is under way or comes next; after the last, that.
const RolloutStep& now_step(const RolloutDraft& draft) {
  const int next = step_in(draft.decided(rollout_kind::kPassed)) + 1;
  return step_of(draft, std::min(next, last_step(draft)));
}

/// What all of the traffic needs now, as the target's autoscaler sees it.
std::int64_t all_pods(const RolloutDraft& draft) {
  return std::max(needed_of(draft), draft.facts.stable_asked);
}

std::int64_t pods_for(const RolloutDraft& draft, int percent) {
  const std::int64_t pods = pods_of_share(percent, all_pods(draft), draft.facts.by_pods);
  return std::max<std::int64_t>(1, pods);
}

/// The share that what is ready of the candidate can carry.
int share_of_ready(const RolloutDraft& draft, int percent) {
  if (draft.facts.ready >= pods_for(draft, percent)) return percent;
  const std::int64_t carries = 100 * draft.facts.ready / all_pods(draft);
  return std::min(percent, static_cast<int>(carries));
}

/// What of a share, and of a step's requests, what is ready can carry. How many requests match
/// nobody knows: they come as long as any pod is ready. `step` null: no requests.
Split carried(const RolloutDraft& draft, int percent, const RolloutStep* step) {
  Split out{.percent = possible_share(draft, share_of_ready(draft, percent))};
  if (step == nullptr || draft.facts.ready == 0) return out;
  out.match = step->match;
  // All of them is what also an API without `percent` can say; less is not, unless it was asked
  // for.
  const int copies = share_of_ready(draft, step->mirror);
  out.mirror = step->mirror == 100 && copies < 100 ? 0 : copies;
  return out;
}

/// What the API server makes of the target with the patch. Null: asked now, or not known, or
/// refused, and said so.
std::shared_ptr<const Document> rendered(RolloutDraft& draft) {
  Rendering made = rendering(draft);
  switch (made.is) {
    case Rendering::Is::Asked:
    case Rendering::Is::Made:
      break;
    case Rendering::Is::Refused:
      draft.tell("Refused", "the patch does not apply: " + made.why);
      draft.warnings.push_back({"PatchRefused", draft.name + ": " + draft.row.message});
      draft.wake = sooner(draft.wake, draft.view.now + kTryAgain);
      break;
    case Rendering::Is::Unknown:
      draft.tell("Unknown", "what the patch makes is not known: " + made.why);
      draft.wake = sooner(draft.wake, draft.view.now + kLookAgain);
      break;
  }
  return std::move(made.document);
}

void cannot(RolloutDraft& draft, const char* state, std::string why) {
  draft.warnings.push_back({"RolloutRefused", draft.name + ": " + why});
  draft.tell(state, std::move(why));
}

bool is_rolling_out(const Present& deployment) {
  const auto count = [&](const char* pointer) {
    return deployment.object->integer(pointer).value_or(0);
  };
  return count("/status/observedGeneration") < count("/metadata/generation") ||
         count("/status/updatedReplicas") < count("/status/replicas");
}

bool is_allowed(RolloutDraft& draft, const ObjectRef& object) {
  const std::string& account = draft.view.spec.service_account_name;
  const Question question = access_question(object, "create", account);
  const auto answer = draft.view.seen.answers.find(question.id);
  if (answer == draft.view.seen.answers.end()) {
    draft.questions.push_back(question);
    return false;
  }
  if (answer->second.says == Answer::Says::Yes) return true;
  draft.wake = sooner(draft.wake, draft.view.now + kTryAgain);
  if (answer->second.says == Answer::Says::No)
    cannot(draft,
           "Forbidden",
           "the service account " + account + " may not create " + to_text(object));
  else
    draft.tell("Unknown",
               "whether " + account + " may create " + to_text(object) + " is not known");
  return false;
}

/// Both are asked in one go: a round has few of those (kQuestionRounds).
bool may_be_made(RolloutDraft& draft) {
  const RolloutFacts& facts = draft.facts;
  const bool pods = is_allowed(draft, facts.candidate.deployment);
  return (!facts.by_copy() || is_allowed(draft, facts.candidate.ingress)) && pods;
}

/// Would the API server store what the steps ask of the route, all of it?
bool is_taken(RolloutDraft& draft) {
  Rendering stored = routed_ahead(draft);
  switch (stored.is) {
    case Rendering::Is::Made:
      return true;
    case Rendering::Is::Asked:
      return false;
    case Rendering::Is::Refused:
      cannot(draft, "Refused", std::move(stored.why));
      break;
    case Rendering::Is::Unknown:
      draft.tell("Unknown", "whether the route can be written is not known: " + stored.why);
      break;
  }
  draft.wake = sooner(draft.wake, draft.view.now + kTryAgain);
  return false;
}

JsonView selector_in(const RolloutFacts& facts) {
  return facts.selector ? *JsonView::parse(facts.selector->text) : JsonView();
}

/// By pods its share would grow as its target gets smaller: where load made it so, and it has all
/// that it asks for, the candidate gets smaller with it, down to what its step asks for.
std::int64_t least_while_serving(const RolloutDraft& draft) {
  const RolloutFacts& facts = draft.facts;
  const bool by_load = facts.charge && facts.charge->who == InCharge::Who::Autoscaler;
  if (!facts.by_pods || !by_load || facts.stable_ready < all_pods(draft)) return facts.asked;
  return std::min(facts.asked, pods_of_step(draft, now_step(draft)));
}

/// Wants the candidate with so many pods; false where that cannot be now.
bool want_candidate(RolloutDraft& draft, std::int64_t pods) {
  const RolloutFacts& facts = draft.facts;
  // Never fewer while it serves.
  if (facts.serves() && facts.autoscaler == nullptr)
    pods = std::max(pods, least_while_serving(draft));
  if (facts.serves() && facts.scaler)
    pods = std::max(pods, facts.scaler->object->integer(kMinReplicas).value_or(1));
  const std::int64_t most =
      facts.scaler ? facts.scaler->object->integer(kMaxReplicas).value_or(pods) : 0;
  const bool whole =
      facts.deployment && (facts.front || facts.by_pods) && (facts.scaler || !facts.autoscaler);
  std::shared_ptr<const Document> made;
  if (!whole) {
    made = rendered(draft);
    if (!made) return false;
  }
  const auto wants = candidate_wants({.event = draft.view.event,
                                      .setup = draft.view.setup,
                                      .rollout = draft.name,
                                      .attempt = draft.attempt,
                                      .stable = *facts.stable,
                                      .service = facts.service,
                                      .by_pods = facts.by_pods,
                                      .selector = selector_in(facts),
                                      .autoscaler = facts.autoscaler,
                                      .rendered = made.get(),
                                      .replicas = pods,
                                      .most = most});
  if (!wants) {
    cannot(draft, "Refused", wants.error().message);
    return false;
  }
  draft.row.replicas = pods;
  for (const ChildWant& one : *wants) draft.candidates.emplace_back(one);
  want_copy(draft);
  return true;
}

bool is_promoted(const View& view, const api::RolloutSpec& one) {
  const api::SaleEventStatus& status = view.event.status;
  return decided_about(status, rollout_kind::kPromoted, one.name, attempt_of(one, status)) !=
         nullptr;
}

/// A rollout of a lower wave that is not promoted yet; empty: there is none.
std::string earlier_wave(const RolloutDraft& draft) {
  for (const api::RolloutSpec& one : draft.view.spec.rollouts) {
    if (one.wave < draft.spec->wave && !is_promoted(draft.view, one)) return one.name;
  }
  return "";
}

/// Can the route be held and shared out? Says in the row why not.
bool may_share_out(RolloutDraft& draft) {
  const RolloutFacts& facts = draft.facts;
  const Router& router = *facts.router;
  if (facts.by_copy()) {
    const std::string why = why_not_copied(facts);
    if (!why.empty()) cannot(draft, "Refused", why);
    return why.empty();
  }
  const auto field = facts.routing->object->root().find(router.field);
  // Of a Service without a selector parting_label says so.
  if (field ? !router.shares(*field, facts.sides).names_stable : !router.whole) {
    cannot(draft,
           "Refused",
           to_text(facts.route) + " does not name the Service " + facts.backend.name);
    return false;
  }
  const std::string left = router.why_not_shared == nullptr
                               ? ""
                               : router.why_not_shared(*facts.routing->object, facts.sides);
  if (!left.empty()) {
    cannot(draft, "Refused", to_text(facts.route) + " " + left);
    return false;
  }
  if (std::string why = why_not_routed(draft); !why.empty()) {
    cannot(draft, "Refused", std::move(why));
    return false;
  }
  if (facts.not_in_force.empty()) return true;
  draft.tell("Waiting", to_text(facts.route) + " is not in force: " + facts.not_in_force);
  return false;
}

/// Why it does not begin yet; empty: it may. Says so in the row.
bool may_begin(RolloutDraft& draft) {
  const View& view = draft.view;
  const RolloutFacts& facts = draft.facts;
  const auto wait = [&draft](std::string why) {
    draft.tell("Waiting", std::move(why));
    return false;
  };
  const auto begin = begin_of(*draft.spec, view.window);
  const bool told = draft.decided(rollout_kind::kStart) != nullptr;
  if (!begin && !told) return wait("a SaleAction Start begins it");
  if (begin && view.now < *begin && !told) {
    draft.wake = sooner(draft.wake, *begin);
    return wait("");
  }
  if (view.now >= view.window.end) return wait("the sale is over: it does not begin any more");
  for (const std::string& other : draft.spec->depends_on) {
    const auto& all = view.spec.rollouts;
    const auto found = std::find_if(
        all.begin(), all.end(), [&](const api::RolloutSpec& one) { return one.name == other; });
    if (found == all.end() || !is_promoted(view, *found))
      return wait("waits until " + other + " is promoted");
  }
  if (const std::string earlier = earlier_wave(draft); !earlier.empty())
    return wait("waits until " + earlier + ", of an earlier wave, is promoted");
  const auto most = view.spec.max_concurrent_rollouts;
  if (most && draft.others >= static_cast<std::size_t>(*most))
    return wait("waits for its turn: " + std::to_string(draft.others) +
                " under way, which is as many as may be (maxConcurrentRollouts)");
  if (view.spec.window.on_not_ready == api::OnNotReady::Block && view.now >= view.window.prepare &&
      !targets_ready(view))
    return wait("kept back until the targets are ready (onNotReady Block)");
  if (const ObjectRef* gone = facts.missing()) {
    cannot(draft, "Missing", to_text(*gone) + " does not exist, or may not be read");
    return false;
  }
  if (const std::string owner = owner_of(*facts.stable->object); !owner.empty()) {
    cannot(draft, "Refused", to_text(facts.target) + " is owned by " + owner);
    return false;
  }
  if (facts.charge && facts.charge->canary) {
    cannot(draft,
           "Refused",
           to_text(facts.target) + " is released by " + to_text(*facts.charge->canary));
    return false;
  }
  if (facts.stable_asked == 0) {
    cannot(draft, "Refused", to_text(facts.target) + " is scaled to zero");
    return false;
  }
  if (is_rolling_out(*facts.stable)) return wait("the target is rolling out another template");
  if (!facts.by_pods && !may_share_out(draft)) return false;
  if (const std::string bad = bad_now(draft); !bad.empty())
    return wait("nothing is released while " + bad);
  return true;
}

/// Why a candidate of this template would not be the target's, or not another; empty: it is fine.
std::string why_not_told_apart(const RolloutFacts& facts, const JsonView& rendered) {
  const Document& stable = *facts.stable->object;
  if (!facts.by_pods) {
    const auto label = parting_label(stable, selector_in(facts), rendered);
    return label ? "" : label.error().message;
  }
  if (facts.service == nullptr) return "";
  const Outcome both = selects_both(stable, selector_in(facts), rendered);
  return both ? "" : both.error().message;
}

/// The first round of it: what is wanted is asked first, so that it is refused before anything is
/// made.
void begin(RolloutDraft& draft) {
  if (draft.decided(rollout_kind::kPromoted) != nullptr)
    return draft.tell("Promoted", kRunsAlready);
  if (!may_begin(draft)) return;
  const RolloutFacts& facts = draft.facts;
  if (!may_be_made(draft) || !is_taken(draft)) return;
  const auto made = rendered(draft);
  if (!made) return;
  const Value now = facts.stable->object->at(kTemplate);
  if (equal_values(now, made->at(kTemplate))) {
    draft.tell("Promoted", kRunsAlready);
    draft.decide(rollout_kind::kPromoted, "", kRunsAlready);  // others may wait for it
    return;
  }
  if (const std::string why = why_not_told_apart(facts, *made->root().find(kTemplate));
      !why.empty())
    return cannot(draft, "Refused", why);
  draft.decide(rollout_kind::kStarted,
               std::to_string(std::max(facts.stable_asked, needed_of(draft))),
               to_text(StartedOn{template_hash(*facts.stable),
                                 facts.target.name,
                                 facts.backend.name,
                                 router_text(facts.by_copy() ? facts.original : facts.route),
                                 facts.source ? template_hash(*facts.source) : ""}));
}

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

/// What a server has said of the step since the last round becomes a decision, as what people say
/// does. True: it goes back for that.
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

/// What has gone wrong while the candidate has traffic or is waited for; empty: nothing.
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

void say_what_is_pending(RolloutDraft& draft) {
  if (!draft.facts.not_taken_up.empty()) draft.row.message = draft.facts.not_taken_up;
  const auto pods = draft.view.seen.pods.find(draft.facts.candidate.deployment);
  if (pods == draft.view.seen.pods.end() || draft.facts.deployment == nullptr) return;
  const auto reasons = pending_of(*draft.facts.deployment->object,
                                  draft.row.replicas.value_or(1),
                                  draft.facts.ready,
                                  &pods->second);
  const std::string words = in_words(reasons);
  if (!words.empty()) draft.row.message = words;
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

/// The step has its weight: is it over?
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

/// Does it stand still: paused by a person, by a failure, or because somebody else changes the
/// route?
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

/// Does the candidate, whose pods are there, get what the step gives it?
bool has_traffic(const RolloutFacts& facts, const RolloutStep& step, bool written) {
  if (facts.by_pods) return true;
  const bool given = split_of(step).has_requests() ? written && facts.requests
                                                   : facts.traffic != nullptr || step.weight == 0;
  return given && facts.weight.value_or(0) >= step.weight && facts.not_in_force.empty();
}

}  // namespace

std::int64_t pods_of_step(const RolloutDraft& draft, const RolloutStep& step) {
  return std::max(pods_for(draft, step.pods), step.replicas);
}

std::string template_hash(const Present& deployment) {
  const Value now = deployment.object->at(kTemplate);
  return now ? content_hash(now->text).substr(0, 16) : "";
}

bool share_out(RolloutDraft& draft, int percent, const RolloutStep* requests) {
  if (draft.facts.by_pods) return false;
  const Split split = carried(draft, percent, requests);
  if (split.percent == 0 && !split.has_requests() && draft.facts.traffic == nullptr) return false;
  return want_split(draft, split, Rank::Rollout);
}

bool is_paused_by_failure(const RolloutDraft& draft) {
  const api::Decision* failed = draft.decided(rollout_kind::kFailed);
  const api::Decision* resumed = draft.decided(rollout_kind::kResume);
  return failed != nullptr && draft.spec->on_failure == api::OnFailure::Pause &&
         (resumed == nullptr || resumed->at < failed->at);
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

void go_forward(RolloutDraft& draft) {
  if (draft.decided(rollout_kind::kStarted) == nullptr) {
    begin(draft);
    if (draft.decided(rollout_kind::kStarted) == nullptr) return;
  }
  const RolloutFacts& facts = draft.facts;
  if (draft.decided(rollout_kind::kPromoted) != nullptr) return promote(draft);
  if (const ObjectRef* gone = facts.missing()) {
    draft.tell("Missing", to_text(*gone) + " does not exist any more");
    return keep_all(draft, draft.row.message);
  }
  if (draft.decided(rollout_kind::kAccepted) != nullptr) return promote(draft);
  const int passed = step_in(draft.decided(rollout_kind::kPassed));
  const int step = passed + 1, last = last_step(draft);
  // The author may have taken out steps that have passed.
  const RolloutStep* before = passed == 0 ? nullptr : &step_of(draft, std::min(passed, last));
  const RolloutStep& now = now_step(draft);
  const int goal = now.weight;
  draft.row.step = std::min(step, last);
  if (hear_webhook(draft)) return;
  if (const std::string why = failure(draft, step); !why.empty() && goes_back_for(draft, why))
    return;
  const bool still = stands_still(draft, step);
  const bool in_step = step_in(draft.decided(rollout_kind::kEntered)) >= step;
  const RolloutStep* at = in_step ? &now : before;  ///< whose traffic it has
  const int has = at ? at->weight : 0;
  // It keeps the share that the route gives it, in force already or not, as far as it is ready.
  const int seen = facts.contested ? 0 : std::min(goal, facts.weight.value_or(0));
  const int stays = std::max(has, seen);
  if (!still && draft.row.state.empty()) draft.tell("Scaling");
  const std::int64_t pods = !still || in_step
                                ? pods_of_step(draft, now)
                                : pods_for(draft, std::max({stays, at ? at->pods : 0, 1}));
  if (!want_candidate(draft, pods)) return keep_all(draft, draft.row.message);
  want_floor(draft, needed_of(draft), "TargetKept");
  const bool full = facts.ready >= pods_of_step(draft, now) && facts.within_reach();
  const bool goes = !still && full;
  const bool written = share_out(draft, goes ? goal : stays, goes ? &now : at);
  if (still) return;
  if (step > last) return bake(draft, *draft.decided(rollout_kind::kPassed));
  const api::Decision* entered = draft.decided(rollout_kind::kEntered);
  if (step_in(entered) == step) return end_step(draft, step, *entered);
  say_what_is_pending(draft);
  if (!full || !has_traffic(facts, now, written)) return;
  end_step(draft, step, draft.decide(rollout_kind::kEntered, std::to_string(step)));
}

}  // namespace doorbuster::planner
