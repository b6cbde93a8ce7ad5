// A candidate that has passed: the target gets its template, then its traffic back.
#include "controllers/planner/rollout_draft.h"

namespace doorbuster::planner {
namespace {

/// Does the target run the template that it has, all of it, and enough of it?
bool runs_its_template(const RolloutDraft& draft) {
  const Document& stable = *draft.facts.stable->object;
  const auto count = [&stable](const char* pointer) { return stable.integer(pointer).value_or(0); };
  const std::int64_t asked = draft.facts.stable_asked;
  return count("/status/observedGeneration") >= count("/metadata/generation") &&
         count("/status/updatedReplicas") >= asked &&
         count("/status/replicas") == count("/status/updatedReplicas") &&
         count("/status/availableReplicas") >= std::max(asked, needed_of(draft));
}

bool git_owns_template(const RolloutDraft& draft) {
  const auto managers = managers_of(*draft.facts.stable->object, kTemplate);
  return std::any_of(
      managers.begin(), managers.end(), [](const std::string& one) { return is_gitops(one); });
}

/// Somebody put another value where we had put the candidate's: then the template is theirs.
bool was_reverted(const RolloutDraft& draft) {
  for (const OurHold* one : draft.facts.template_fields) {
    const Value live = draft.facts.stable->object->at(one->field.pointer);
    if (one->is_changed(live)) return true;
  }
  return false;
}

void leave_template(RolloutDraft& draft) {
  for (const OurHold* one : draft.facts.template_fields)
    let_go(draft, one->field, "the target has the template for good", true);
}

void write_template(RolloutDraft& draft, const std::vector<std::pair<std::string, Json>>& changes) {
  draft.tell("Promoting", "the target gets the candidate's template");
  for (const auto& [pointer, value] : changes) {
    draft.items.emplace_back(HoldWant{
        .field = {draft.facts.target, pointer, ""},
        .ask = {.op = Ask::Op::Set, .operand = value, .rank = Rank::Rollout, .priority = 0},
        .name = draft.name,
        .reason = {"Promoting", draft.name + ": the target gets the candidate's template"},
        .baseline = std::nullopt,
        .replicas = false});
  }
}

/// Has the target all of the traffic again?
bool is_back(const RolloutFacts& facts) {
  if (facts.by_pods) return is_without_pods(facts);
  return !facts.gets_any() && facts.not_in_force.empty();
}

void take_back(RolloutDraft& draft) {
  if (draft.facts.by_pods) return want_pods(draft, 0, "Promoting");
  want_split(draft, {}, Rank::Rollout);
}

/// The target runs it: traffic back, then the candidate goes.
void hand_over(RolloutDraft& draft) {
  const RolloutFacts& facts = draft.facts;
  const api::Decision* promoted = draft.decided(rollout_kind::kPromoted);
  if (promoted == nullptr && is_back(facts))
    promoted = &draft.decide(rollout_kind::kPromoted, std::to_string(asked_floor(draft)));
  if (promoted == nullptr) {
    draft.tell("Promoting", "the target runs the template and takes the traffic back");
    want_floor(draft, needed_of(draft), "TargetKept");
    return take_back(draft);
  }
  leave_template(draft);
  let_go_of_traffic(draft, "promoted");
  const Instant due = promoted->at + draft.spec->drain.value;
  if (draft.view.now < due)
    draft.wake = sooner(draft.wake, due);
  else if (facts.weight && !facts.gets_any())
    remove_candidate(draft, "the target runs its template");
  if (facts.by_pods && facts.serves()) take_back(draft);
  lower_floor(draft, *promoted);
  draft.tell("Promoted");
}

/// The candidate goes on serving as it does, as far as its pods carry it.
void serve_on(RolloutDraft& draft) {
  const RolloutFacts& facts = draft.facts;
  const RolloutStep& last = draft.steps.back();
  const StartedOn on = started_on(*draft.decided(rollout_kind::kStarted));
  // What a target of the new template has taken back already stays there.
  const bool alone = template_hash(*facts.stable) == on.template_hash;
  want_floor(draft, needed_of(draft), "TargetKept");
  grow_along(draft);
  if (!facts.contested)
    share_out(draft,
              alone ? last.weight : std::min(last.weight, facts.weight.value_or(0)),
              alone || facts.requests ? &last : nullptr);
  draft.items.emplace_back(Retain{draft.name, {"Promoting", "the candidate goes on serving"}});
}

/// What has passed is watched as what has not, until the target runs it. True: it goes no further
/// now, or back.
bool is_stopped(RolloutDraft& draft) {
  const std::string why = failure_of_passed(draft);
  if (!why.empty() && goes_back_for(draft, why)) return true;
  const bool failed = is_paused_by_failure(draft);
  if (!failed && !is_held_up(draft.view.event.status, draft.name, draft.attempt)) return false;
  draft.tell("Paused",
             failed ? draft.decided(rollout_kind::kFailed)->detail : "paused by a SaleAction");
  serve_on(draft);
  return true;
}

void keep_serving(RolloutDraft& draft) {
  if (!is_stopped(draft)) serve_on(draft);
}

}  // namespace

void promote(RolloutDraft& draft) {
  const RolloutFacts& facts = draft.facts;
  draft.row.step = draft.row.steps;
  if (draft.decided(rollout_kind::kPromoted) != nullptr) return hand_over(draft);
  if (facts.contested) {
    draft.tell("Contested",
               std::string("somebody else changed the ") + facts.router->what + " of " +
                   to_text(facts.route) + ": theirs stay");
    return keep_serving(draft);
  }
  if (draft.spec->promotion == api::Promotion::AfterWindow &&
      draft.view.now < draft.view.window.end) {
    draft.tell("Baking", "it has passed: promoted once the sale is over");
    draft.wake = sooner(draft.wake, draft.view.window.end);
    return keep_serving(draft);
  }
  const Rendering made = rendering(draft);
  if (made.is == Rendering::Is::Asked) return;
  if (made.is != Rendering::Is::Made) {
    draft.tell("Promoting", "what the patch makes of the target is not known: " + made.why);
    draft.wake = sooner(draft.wake, draft.view.now + kLookAgain);
    return keep_serving(draft);
  }
  const auto changes =
      template_changes(facts.stable->object->root().find(kTemplate).value_or(JsonView()),
                       made.document->root().find(kTemplate).value_or(JsonView()));
  if (changes && changes->empty()) {
    if (runs_its_template(draft)) return hand_over(draft);
    draft.tell(facts.template_fields.empty() ? "Reporting" : "Promoting",
               "the target is rolling out the candidate's template");
    return keep_serving(draft);
  }
  const bool writes =
      draft.spec->promotion == api::Promotion::Write ||
      (draft.spec->promotion != api::Promotion::Report && !git_owns_template(draft));
  if (!changes || !writes || was_reverted(draft)) {
    draft.tell("Reporting",
               "it has passed: give " + to_text(facts.target) + " the template of the patch" +
                   (changes ? "" : "; " + changes.error().message));
    leave_template(draft);
    return keep_serving(draft);
  }
  if (is_stopped(draft)) return;
  want_floor(draft, needed_of(draft), "TargetKept");
  write_template(draft, *changes);
}

}  // namespace doorbuster::planner
