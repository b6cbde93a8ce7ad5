#include "controllers/planner/rollout.h"

#include "controllers/planner/rollout_draft.h"
#include "operator/base/instant.h"

#include <algorithm>
#include <iterator>

namespace doorbuster::planner {
namespace {

std::string said(const api::Decision& one) {
  return one.detail.empty() ? "rolled back" : one.detail;
}

/// Has it been decided on the object itself, by a write whose status was never stored?
bool is_stamped(const RolloutFacts& facts) {
  return facts.traffic != nullptr && facts.traffic->there &&
         facts.traffic->there->rank == Rank::Rollback;
}

/// What people and pipelines decided, which nothing stops; empty: they did not.
std::string told_back(const RolloutDraft& draft) {
  if (const api::Decision* one = draft.decided(rollout_kind::kRolledBack)) return said(*one);
  if (draft.former) {
    const api::Decision* one = decided_about(
        draft.view.event.status, rollout_kind::kRolledBack, draft.name, draft.present);
    if (one != nullptr) return said(*one);
  }
  if (is_stamped(draft.facts)) return "decided before a restart";
  if (draft.view.ending != Ending::None) return why_over(draft.view);
  if (draft.spec != nullptr && draft.spec->desired == api::DesiredRevision::Stable)
    return "desired is Stable";
  return "";
}

/// Does the spec name another router or another Service by now?
bool is_elsewhere(const StartedOn& on, const RolloutDraft& draft) {
  const RouterAsked asked = router_asked(draft.spec->traffic, draft.view.event.ref.ns);
  return on.backend != asked.backend || on.router != router_text(asked.object);
}

/// Does the Deployment whose template it takes have another one by now, or, once it is to be
/// promoted, none any more? Empty: neither.
std::string why_not_its_source(const RolloutDraft& draft, const StartedOn& on) {
  const RolloutFacts& facts = draft.facts;
  if (on.source.empty()) return "";
  if (facts.source != nullptr)
    return template_hash(*facts.source) == on.source
               ? ""
               : "superseded: " + to_text(facts.source_ref) + " has another template now";
  const bool gone = absence(draft.view.seen, facts.source_ref) == "Missing";
  return gone && draft.decided(rollout_kind::kAccepted) != nullptr
             ? "superseded: " + to_text(facts.source_ref) + " does not exist any more"
             : "";
}

/// What else sends it back; empty: nothing. Only of what has begun.
std::string why_back(const RolloutDraft& draft) {
  if (std::string told = told_back(draft); !told.empty()) return told;
  if (draft.mode == RolloutMode::Rest) return "";
  if (draft.spec == nullptr) return "the event does not name it any more";
  const api::Decision* began = draft.decided(rollout_kind::kStarted);
  if (draft.former) return "its target or patch was changed";
  if (began == nullptr) return "";
  const StartedOn on = started_on(*began);
  // Also of one that has passed: nothing but what was tried is promoted, so it would wait for ever.
  if (std::string why = why_not_its_source(draft, on); !why.empty()) return why;
  if (draft.decided(rollout_kind::kAccepted) != nullptr) return "";
  if (!on.router.empty() && is_elsewhere(on, draft)) return "its traffic was changed";
  if (draft.facts.stable != nullptr && template_hash(*draft.facts.stable) != on.template_hash)
    return "superseded: the target has another template now";
  if (draft.view.now >= draft.view.window.end &&
      draft.spec->on_window_end == api::OnWindowEnd::RollBack)
    return "the sale is over and it was not promoted";
  return "";
}

void numbers(RolloutDraft& draft) {
  const RolloutFacts& facts = draft.facts;
  api::RolloutStatus& row = draft.row;
  row.weight = facts.weight;
  if (facts.deployment != nullptr) {
    row.candidate = to_text(facts.candidate.deployment);
    row.ready = facts.ready;
  }
  if (facts.stable != nullptr) row.stable_ready = facts.stable_ready;
  if (draft.decided(rollout_kind::kStarted) != nullptr) row.stable_needed = needed_of(draft);
  if (draft.spec != nullptr) row.steps = static_cast<std::int32_t>(draft.steps.size());
}

/// When the attempt before this one was over.
api::Decision last_end(const RolloutDraft& draft) {
  api::Decision out;
  for (const api::Decision& one : draft.view.event.status.decisions) {
    const bool ends = one.kind == rollout_kind::kDrained || one.kind == rollout_kind::kPromoted;
    if (ends && one.subject == draft.name && one.at > out.at) out = one;
  }
  return out;
}

void plan_rollout(RolloutDraft& draft) {
  numbers(draft);
  if (draft.mode == RolloutMode::DryRun) {
    const api::Decision* back = draft.decided(rollout_kind::kRolledBack);
    if (back != nullptr) return draft.tell("RolledBack", said(*back));
    return draft.tell("Planned", "a dry run releases nothing");
  }
  const std::string why = why_back(draft);
  const bool promoted = draft.decided(rollout_kind::kPromoted) != nullptr;
  const bool goes_on = promoted && draft.spec && !draft.former &&
                       draft.view.ending == Ending::None && draft.mode == RolloutMode::Act;
  if (!why.empty() && !goes_on) {
    if (draft.facts.stands() || draft.decided(rollout_kind::kStarted) != nullptr)
      return go_back(draft, why);
    return draft.tell("RolledBack", why);
  }
  if (draft.mode == RolloutMode::Rest) {
    draft.tell("Suspended");
    return keep_all(draft, "nothing goes forward now");
  }
  const RolloutFacts& facts = draft.facts;
  const std::string& unread = facts.unread.empty() ? facts.original_unread : facts.unread;
  if (!unread.empty()) {
    draft.tell("Unknown", unread);
    return keep_all(draft, unread);
  }
  if (draft.decided(rollout_kind::kStarted) == nullptr) lower_floor(draft, last_end(draft));
  go_forward(draft);
}

/// Does anything of a candidate stand, or is it about to?
bool is_unfinished(const RolloutDraft& draft) {
  if (draft.facts.has_candidate()) return true;
  const std::string& state = draft.row.state;
  const bool open = state != "Waiting" && state != "RolledBack" && state != "Promoted";
  return open && draft.decided(rollout_kind::kStarted) != nullptr;
}

void collect(RolloutWants& out, RolloutDraft&& draft) {
  Wants& wants = out.wants;
  std::move(draft.items.begin(), draft.items.end(), std::back_inserter(wants.items));
  std::move(
      draft.candidates.begin(), draft.candidates.end(), std::back_inserter(out.candidates.items));
  std::move(draft.questions.begin(), draft.questions.end(), std::back_inserter(wants.questions));
  std::move(draft.warnings.begin(), draft.warnings.end(), std::back_inserter(wants.warnings));
  std::move(draft.decisions.begin(), draft.decisions.end(), std::back_inserter(out.decisions));
  out.at_once.insert(draft.at_once.begin(), draft.at_once.end());
  out.gone.insert(draft.gone.begin(), draft.gone.end());
  wants.wake = sooner(wants.wake, draft.wake);
  // What may not be read keeps no event from going; the sweep looks after the candidate.
  const ObjectRef& shares =
      draft.facts.by_pods ? draft.facts.candidate.deployment : draft.facts.route;
  const bool out_of_reach =
      draft.view.ending != Ending::None && absence(draft.view.seen, shares) == "Forbidden";
  out.unfinished = out.unfinished || (!out_of_reach && is_unfinished(draft));
  out.rows.push_back(std::move(draft.row));
}

/// Is there more of it than pods that the target keeps for a while?
bool has_candidate(const View& view, const std::string& name) {
  if (view.children.contains({kRollouts, name})) return true;
  const auto held = view.holds.find({kRollouts, name});
  return held != view.holds.end() &&
         std::any_of(held->second.begin(), held->second.end(), [](const OurHold& one) {
           return shares_out(one.field) || one.field.pointer.starts_with(kTemplate);
         });
}

RolloutDraft draft_of(const View& view,
                      RolloutMode mode,
                      const api::RolloutSpec* spec,
                      const std::string& name) {
  const std::string present = spec ? attempt_of(*spec, view.event.status) : "";
  // What still stands of another attempt goes first.
  std::string attempt = last_attempt(view.event.status, name);
  if (spec != nullptr && !has_candidate(view, name)) attempt = present;
  const api::Decision* began =
      decided_about(view.event.status, rollout_kind::kStarted, name, attempt);
  const std::string& ns = view.event.ref.ns;
  RolloutNames names;
  if (spec != nullptr) {
    RouterAsked asked = router_asked(spec->traffic, ns);
    names = {spec->target.name,
             std::move(asked.backend),
             std::move(asked.object),
             spec->template_from ? spec->template_from->name : ""};
  }
  if (began != nullptr) {
    StartedOn on = started_on(*began);
    names.target = std::move(on.target);
    names.backend = std::move(on.backend);
    if (auto route = router_told(on.router, ns)) names.route = std::move(*route);
  }
  RolloutDraft out{.view = view,
                   .mode = mode,
                   .spec = spec,
                   .steps = spec ? steps_of(spec->strategy) : std::vector<RolloutStep>(),
                   .others = 0,
                   .name = name,
                   .attempt = attempt,
                   .present = present,
                   .former = spec != nullptr && attempt != present,
                   .facts = rollout_facts(view, name, names),
                   .row = {},
                   .items = {},
                   .candidates = {},
                   .questions = {},
                   .decisions = {},
                   .warnings = {},
                   .at_once = {},
                   .gone = {},
                   .wake = {}};
  out.row.name = name;
  return out;
}

/// Rollouts whose attempt has begun and is not over.
std::set<std::string> under_way(const View& view) {
  std::set<std::string> out;
  const api::SaleEventStatus& status = view.event.status;
  for (const api::Decision& one : status.decisions) {
    if (one.kind != rollout_kind::kStarted || one.hash != last_attempt(status, one.subject))
      continue;
    const auto decided = [&](const char* kind) {
      return decided_about(status, kind, one.subject, one.hash) != nullptr;
    };
    const auto& named = view.spec.rollouts;
    const bool there =
        has_candidate(view, one.subject) ||
        std::any_of(named.begin(), named.end(), [&one](const api::RolloutSpec& asked) {
          return asked.name == one.subject;
        });
    if (there && !decided(rollout_kind::kPromoted) && !decided(rollout_kind::kDrained))
      out.insert(one.subject);
  }
  return out;
}

}  // namespace

std::optional<Instant> begin_of(const api::RolloutSpec& rollout, const Window& window) {
  if (rollout.start == "manual") return std::nullopt;
  return instant_of(rollout.start, window);
}

std::optional<Instant> first_rollout(const api::SaleEventSpec& spec, const Window& window) {
  std::optional<Instant> out;
  for (const api::RolloutSpec& one : spec.rollouts) out = sooner(out, begin_of(one, window));
  return out;
}

RolloutWants rollouts(const View& view, RolloutMode mode) {
  RolloutWants out;
  std::set<std::string> busy = under_way(view);
  std::set<std::string> named;
  for (const api::RolloutSpec& one : view.spec.rollouts) {
    named.insert(one.name);
    RolloutDraft draft = draft_of(view, mode, &one, one.name);
    draft.others = busy.size() - busy.count(one.name);
    plan_rollout(draft);
    const bool begins =
        std::any_of(draft.decisions.begin(), draft.decisions.end(), [](const api::Decision& made) {
          return made.kind == rollout_kind::kStarted;
        });
    if (begins) busy.insert(one.name);
    collect(out, std::move(draft));
  }
  std::set<std::string> former;
  for (const auto& [key, held] : view.holds) {
    if (key.first == kRollouts) former.insert(key.second);
  }
  for (const auto& [key, made] : view.children) {
    if (key.first == kRollouts) former.insert(key.second);
  }
  for (const std::string& name : former) {
    if (named.contains(name)) continue;
    RolloutDraft draft = draft_of(view, mode, nullptr, name);
    plan_rollout(draft);
    collect(out, std::move(draft));
  }
  return out;
}

}  // namespace doorbuster::planner
