#include "controllers/planner/rollout_forward.h"

#include "controllers/planner/pending.h"
#include "controllers/planner/rollout_draft.h"
#include "operator/base/content_hash.h"

namespace doorbuster::planner {
namespace {

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

/// Does the candidate, whose pods are there, get what the step gives it?
bool has_traffic(const RolloutFacts& facts, const RolloutStep& step, bool written) {
  if (facts.by_pods) return true;
  const bool given = split_of(step).has_requests() ? written && facts.requests
                                                   : facts.traffic != nullptr || step.weight == 0;
  return given && facts.weight.value_or(0) >= step.weight && facts.not_in_force.empty();
}

}  // namespace

const RolloutStep& step_of(const RolloutDraft& draft, int step) {
  return draft.steps[static_cast<std::size_t>(step - 1)];
}

int last_step(const RolloutDraft& draft) { return static_cast<int>(draft.steps.size()); }

const RolloutStep& now_step(const RolloutDraft& draft) {
  const int next = step_in(draft.decided(rollout_kind::kPassed)) + 1;
  return step_of(draft, std::min(next, last_step(draft)));
}

void cannot(RolloutDraft& draft, const char* state, std::string why) {
  draft.warnings.push_back({"RolloutRefused", draft.name + ": " + why});
  draft.tell(state, std::move(why));
}

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

JsonView selector_in(const RolloutFacts& facts) {
  return facts.selector ? *JsonView::parse(facts.selector->text) : JsonView();
}

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
