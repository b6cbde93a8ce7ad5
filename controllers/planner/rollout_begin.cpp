// How a rollout begins: what has to be true before, and what is asked of the API server first.
#include "controllers/planner/capacity.h"
#include "controllers/planner/rollout_draft.h"
#include "controllers/planner/rollout_forward.h"

namespace doorbuster::planner {
namespace {

constexpr const char* kRunsAlready = "the target runs this template already";

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

}  // namespace

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

}  // namespace doorbuster::planner
