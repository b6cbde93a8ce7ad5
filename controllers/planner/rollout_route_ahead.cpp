// What the steps of a rollout will ask of its route, before anything of it has begun.
#include "controllers/planner/rollout_candidate.h"
#include "controllers/planner/rollout_draft.h"

namespace doorbuster::planner {
namespace {

std::string too_long(const RolloutFacts& facts) {
  return std::string("the ") + facts.router->what + " of " + to_text(facts.route) +
         " are longer than " + std::to_string(kMostRulesBytes) +
         " bytes, which no record holds: split the route";
}

std::string of_step(std::size_t k, const RolloutFacts& facts) {
  return "step " + std::to_string(k + 1) + ": " + to_text(facts.route) + ": ";
}

/// What one step's requests come to at the API server.
Rendering stored(RolloutDraft& draft, const JsonView& field, std::size_t k) {
  const RolloutFacts& facts = draft.facts;
  const Router& router = *facts.router;
  const RolloutStep& step = draft.steps[k];
  const auto made = shared_out(facts, field, split_of(step));
  if (!made) return {.is = Rendering::Is::Refused, .why = made.error().message};
  Rendering told = answered(
      draft,
      render_question(facts.route, *facts.routing, *with_value(Json{"{}"}, router.field, *made)));
  if (told.is != Rendering::Is::Made) return told;
  const auto kept = told.document->root().find(router.field);
  if (!kept) return {.is = Rendering::Is::Unknown, .why = "the answer cannot be read"};
  const Shares shares = router.shares(*kept, facts.sides);
  if (shares.mirrored != step.mirror)
    return {.is = Rendering::Is::Refused,
            .why =
                "its API knows no percentage of a mirror (Gateway API before v1.3) and would "
                "mirror " +
                std::to_string(shares.mirrored) + " %: mirror 100, or nothing"};
  if (shares.matched == step.match.empty())
    return {.is = Rendering::Is::Refused, .why = "its API does not keep the step's matches"};
  return {.is = Rendering::Is::Made};
}

}  // namespace

Result<Json> shared_out(const RolloutFacts& facts, const JsonView& written, const Split& split) {
  auto out = facts.router->share_out(written, facts.sides, split);
  if (out && split.has_requests() && out->text.size() > kMostRulesBytes)
    return Error{.kind = ErrorKind::Invalid, .message = "with what it asks for " + too_long(facts)};
  return out;
}

std::string why_not_routed(const RolloutDraft& draft) {
  const RolloutFacts& facts = draft.facts;
  const auto field = facts.routing->object->root().find(facts.router->field);
  if (!field) return "";
  if (field->text().size() > kMostRulesBytes) return too_long(facts);
  for (std::size_t k = 0; k < draft.steps.size(); ++k) {
    const Split split = split_of(draft.steps[k]);
    if (!split.has_requests()) continue;
    const auto made = shared_out(facts, *field, split);
    if (!made) return of_step(k, facts) + made.error().message;
  }
  return "";
}

Rendering routed_ahead(RolloutDraft& draft) {
  const RolloutFacts& facts = draft.facts;
  if (facts.by_pods) return {.is = Rendering::Is::Made};
  if (facts.by_copy()) return copied_ahead(draft);
  const auto field = facts.routing->object->root().find(facts.router->field);
  Rendering out{.is = Rendering::Is::Made};
  for (std::size_t k = 0; field && k < draft.steps.size(); ++k) {
    if (!split_of(draft.steps[k]).has_requests()) continue;
    Rendering one = stored(draft, *field, k);
    if (one.is == Rendering::Is::Asked) {
      out.is = one.is;
    } else if (one.is != Rendering::Is::Made) {
      one.why = of_step(k, facts) + one.why;
      return one;
    }
  }
  return out;
}

}  // namespace doorbuster::planner
