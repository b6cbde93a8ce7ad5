#include "controllers/planner/rollout_draft.h"
#include "controllers/planner/rollout_ingress.h"
#include "controllers/planner/rollout_switch.h"
#include "controllers/products/scalers.h"

namespace doorbuster::planner {
namespace {

const Present* look(const View& view, const ObjectRef& object, std::string& unread) {
  if (absence(view.seen, object) == "Unknown" && unread.empty())
    unread = to_text(object) + " is not read";
  return present(view.seen, object);
}

/// Ours, by its marks, and not on its way out.
const Present* look_at_child(const View& view,
                             const ObjectRef& object,
                             const std::string& rollout,
                             std::string& unread) {
  const Present* here = look(view, object, unread);
  if (here == nullptr) return nullptr;
  const auto ours = view.children.find({kRollouts, rollout});
  if (ours == view.children.end()) return nullptr;
  const auto& all = ours->second;
  return std::find(all.begin(), all.end(), object) != all.end() ? here : nullptr;
}

void look_at_holds(RolloutFacts& facts, const View& view, const std::string& name) {
  const auto found = view.holds.find({kRollouts, name});
  if (found == view.holds.end()) return;
  for (const OurHold& one : found->second) {
    const std::string& pointer = one.field.pointer;
    if (shares_out(one.field)) {
      facts.traffic = &one;
      facts.route = one.field.object;
    } else if (pointer.starts_with(kTemplate)) {
      facts.template_fields.push_back(&one);
    } else {
      facts.floor = &one;
    }
  }
}

/// What the spec names where a copy of it is held.
void look_at_original(RolloutFacts& facts,
                      const View& view,
                      const std::string& name,
                      const ObjectRef& named) {
  if (facts.traffic == nullptr) facts.route = facts.candidate.ingress;
  facts.copy = look_at_child(view, facts.candidate.ingress, name, facts.unread);
  if (router_of(named) != facts.router) return;
  facts.original = named;
  facts.original_seen = look(view, named, facts.original_unread);
  if (facts.original_seen == nullptr) return;
  facts.copied = canary_spec(*facts.original_seen->object, facts.sides);
  facts.not_taken_up = why_not_taken_up(facts);
}

/// What share the candidate has, whether that is in force, and whether what stands there is ours.
void look_at_route(RolloutFacts& facts, const View& view, std::string& unread) {
  facts.routing = look(view, facts.route, unread);
  if (facts.routing == nullptr) {
    if (absence(view.seen, facts.route) == "Missing") facts.weight = 0;
    return;
  }
  const Router& router = *facts.router;
  const Value live = facts.routing->object->at(router.field);
  const auto field = facts.routing->object->root().find(router.field);
  const Shares shares = field ? router.shares(*field, facts.sides) : Shares{};
  facts.weight = shares.candidate;
  facts.requests = shares.matched || shares.mirrored > 0;
  facts.not_in_force = router.why_not_in_force(*facts.routing->object);
  facts.contested = facts.traffic != nullptr && facts.traffic->is_changed(live);
}

/// Of the candidate's pods: what its Deployment selects, which nobody can change. Without one their
/// mark, which a Service may still select by.
std::map<std::string, std::string> labels_of_pods(const Present* deployment,
                                                  const std::string& name) {
  std::map<std::string, std::string> out;
  if (deployment != nullptr) {
    if (const auto labels = deployment->object->root().find("/spec/selector/matchLabels")) {
      for (const auto& [label, value] : labels->members()) out[label] = value.string().value_or("");
    }
  }
  out[kRolloutLabel] = name;
  return out;
}

Value selector_of(const View& view, const ObjectRef& service, const Present& seen) {
  if (const auto record = record_of(view, {service, kSelector, ""})) return record->baseline;
  return seen.object->at(kSelector);
}

/// A candidate gets an autoscaler where the target has one of the built-in kind.
void look_who_scales(RolloutFacts& facts, const View& view) {
  api::TargetRef ref;
  ref.api_version = "apps/v1";
  ref.kind = facts.target.kind;
  ref.name = facts.target.name;
  facts.charge = in_charge(view, ref);
  if (facts.charge->who == InCharge::Who::Unknown && facts.unread.empty())
    facts.unread = facts.charge->why;
  // By pods it is sized beside its target, whose autoscaler sees the pods of both.
  if (facts.charge->who == InCharge::Who::Autoscaler &&
      facts.charge->object.group == "autoscaling" && !facts.by_pods)
    facts.autoscaler = facts.charge->scaler;
}

/// The target's least without what we ask for; nothing: we ask for nothing.
std::optional<std::int64_t> least_of_others(const RolloutDraft& draft) {
  if (draft.facts.floor == nullptr) return std::nullopt;
  const HeldField& entry = draft.facts.floor->entry;
  std::map<Holder, Ask> others = entry.holders;
  std::erase_if(others, [&draft](const auto& one) {
    return one.first.feature == kRollouts && one.first.name == draft.name &&
           one.first.uid == draft.view.event.uid;
  });
  const auto value = effective(products::Law::Highest, entry.baseline, others);
  return value ? integer_of(*value) : std::nullopt;
}

std::int64_t count_at(const Present& object, const char* pointer) {
  return object.object->integer(pointer).value_or(0);
}

}  // namespace

RolloutFacts rollout_facts(const View& view, const std::string& name, const RolloutNames& names) {
  RolloutFacts out;
  out.candidate = candidate_refs(view.event, view.setup, name);
  out.deployment = look_at_child(view, out.candidate.deployment, name, out.back_unread);
  out.front = look_at_child(view, out.candidate.service, name, out.unread);
  out.scaler = look_at_child(view, out.candidate.autoscaler, name, out.unread);
  look_at_holds(out, view, name);
  const std::string& ns = view.event.ref.ns;
  if (out.traffic == nullptr) out.route = names.route;
  out.router = router_of(out.route);
  out.by_pods = is_by_pods(out.route);
  if (!names.target.empty()) {
    out.target = {"apps", "Deployment", ns, names.target};
    out.stable = look(view, out.target, out.back_unread);
    if (!names.backend.empty()) out.backend = {"", "Service", ns, names.backend};
    if (!names.backend.empty()) out.service = look(view, out.backend, out.unread);
    if (!names.source.empty()) {
      out.source_ref = {"apps", "Deployment", ns, names.source};
      out.source = look(view, out.source_ref, out.source_unread);
    }
    if (out.service != nullptr) out.selector = selector_of(view, out.backend, *out.service);
    look_who_scales(out, view);
  }
  out.sides = {.ns = ns,
               .stable = names.backend,
               .candidate = out.candidate.service.name,
               .pods = labels_of_pods(out.deployment, name)};
  if (out.by_copy()) look_at_original(out, view, name, names.route);
  if (out.router != nullptr) look_at_route(out, view, out.back_unread);
  if (!out.back_unread.empty()) out.unread = out.back_unread;
  if (out.stable != nullptr) {
    out.stable_ready = count_at(*out.stable, "/status/availableReplicas");
    out.stable_asked = out.stable->object->integer("/spec/replicas").value_or(1);
  }
  if (out.deployment != nullptr) {
    out.ready = count_at(*out.deployment, "/status/availableReplicas");
    out.asked = out.deployment->object->integer("/spec/replicas").value_or(1);
  }
  // Of pods that may not be read nobody knows whether they serve.
  if (out.by_pods && absence(view.seen, out.candidate.deployment) != "Forbidden") look_at_pods(out);
  return out;
}

std::int64_t needed_of(const RolloutDraft& draft) {
  const RolloutFacts& facts = draft.facts;
  std::int64_t out = 1;
  if (const api::Decision* began = draft.decided(rollout_kind::kStarted))
    out = std::max(out, integer_of(Json{began->value}).value_or(1));
  // Nobody knows what its autoscaler has made of it meanwhile: all that it was ever to have.
  if (facts.charge && facts.charge->who == InCharge::Who::Unknown)
    return std::max({out, facts.stable_asked, asked_floor(draft)});
  if (!facts.charge || facts.charge->who != InCharge::Who::Autoscaler)
    return facts.stable ? std::min(out, std::max<std::int64_t>(1, facts.stable_asked)) : out;
  const products::Bounds& bounds = *products::bounds_of(facts.charge->object);
  const Document& scaler = *facts.charge->scaler->object;
  const std::int64_t least =
      least_of_others(draft).value_or(scaler.integer(bounds.min).value_or(bounds.min_if_absent));
  // More than it may be made is never there.
  return std::min(std::max(out, least), scaler.integer(bounds.max).value_or(bounds.max_if_absent));
}

Value written_field(const RolloutDraft& draft) {
  const RolloutFacts& facts = draft.facts;
  if (facts.traffic != nullptr) return facts.traffic->entry.baseline;
  return facts.routing ? facts.routing->object->at(facts.router->field) : Value();
}

}  // namespace doorbuster::planner
