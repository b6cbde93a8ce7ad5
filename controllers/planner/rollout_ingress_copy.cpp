// The canary Ingress that a rollout makes beside the user's, and what has to be true before.
#include "controllers/planner/rollout_draft.h"
#include "controllers/planner/rollout_ingress.h"
#include "operator/base/json_read.h"

namespace doorbuster::planner {
namespace {

constexpr const char* kVersion = "networking.k8s.io/v1";

/// To read one object, or, of no name, all of its kind in the namespace.
Question read_question(const ObjectRef& about) {
  Question out{.id = "read/" + to_text(about),
               .about = about,
               .verb = "get",
               .service_account = "",
               .kind = Question::Kind::Read};
  out.api_version = kVersion;
  return out;
}

Rendering refused(std::string why) { return {.is = Rendering::Is::Refused, .why = std::move(why)}; }

/// Any other controller would take the copy for an Ingress like any other, and share out between
/// the two as it likes.
Rendering of_ingress_nginx(RolloutDraft& draft) {
  const RolloutFacts& facts = draft.facts;
  const std::string ingress = to_text(facts.original);
  const IngressClassNamed named = class_of(*facts.original_seen->object);
  if (named.name.empty())
    return refused(ingress +
                   " names no class (spec.ingressClassName), so that it is not known "
                   "which controller has it");
  Rendering seen = answered(draft, read_question({kIngressGroup, "IngressClass", "", named.name}));
  if (seen.is == Rendering::Is::Refused && named.by_annotation && named.name == kUsualClass)
    return {.is = Rendering::Is::Made};
  if (seen.is == Rendering::Is::Refused)
    return refused("the class of " + ingress + ", IngressClass " + named.name + ", does not exist");
  if (seen.is != Rendering::Is::Made) return seen;
  const std::string controller = seen.document->string("/spec/controller");
  if (controller != kIngressNginx)
    return refused(ingress + " is of the class " + named.name + ", whose controller is " +
                   controller + " and not " + kIngressNginx);
  return {.is = Rendering::Is::Made};
}

/// ingress-nginx has one canary of a path.
Rendering without_another(RolloutDraft& draft) {
  const RolloutFacts& facts = draft.facts;
  Rendering seen =
      answered(draft, read_question({kIngressGroup, "Ingress", facts.original.ns, ""}));
  if (seen.is != Rendering::Is::Made) return seen;
  const auto spec = JsonView::parse(facts.copied->text);
  for (const JsonView& one : elements_of(seen.document->root(), "items")) {
    const std::string name = text_at(one, "/metadata/name");
    if (!is_canary_ingress(one) || name == facts.candidate.ingress.name) continue;
    const std::string path = path_of_both(*spec, one.find("/spec").value_or(JsonView()));
    if (!path.empty())
      return refused("Ingress " + facts.original.ns + "/" + name + " is a canary of " + path +
                     " already, and ingress-nginx has one of each path");
  }
  return {.is = Rendering::Is::Made};
}

}  // namespace

std::string why_not_copied(const RolloutFacts& facts) {
  if (is_canary_ingress(facts.original_seen->object->root()))
    return to_text(facts.original) + " is a canary itself: name the one that it is a canary of";
  return facts.copied ? ""
                      : to_text(facts.original) + " does not name the Service " +
                            facts.backend.name + " in a path";
}

std::string why_not_taken_up(const RolloutFacts& facts) {
  const auto has_address = [](const Present& ingress) {
    return !elements_at(ingress.object->root(), "/status/loadBalancer/ingress").empty();
  };
  if (facts.copy == nullptr || facts.original_seen == nullptr) return "";
  return has_address(*facts.original_seen) && !has_address(*facts.copy)
             ? to_text(facts.route) + " has no address yet as " + to_text(facts.original) +
                   " has (status.loadBalancer): its controller has not taken it up"
             : "";
}

Rendering copied_ahead(RolloutDraft& draft) {
  // Both are asked in one round.
  Rendering known = of_ingress_nginx(draft), alone = without_another(draft);
  return known.is == Rendering::Is::Made ? alone : known;
}

void want_copy(RolloutDraft& draft) {
  const RolloutFacts& facts = draft.facts;
  if (!facts.by_copy() || !facts.copied || facts.front == nullptr) return;
  draft.candidates.emplace_back(ChildWant{
      .object = facts.candidate.ingress,
      .api_version = kVersion,
      .name = draft.name,
      .manifest = JsonObject().add("spec", *facts.copied).build(),
      .compared = {},
      .replaced = {"/spec"},
      .reason = {"CandidateAsked", draft.name + ": a canary of " + to_text(facts.original)},
      .serves = true,
      .annotations = canary_annotations(*facts.original_seen->object)});
}

bool is_original_lost(RolloutDraft& draft) {
  const RolloutFacts& facts = draft.facts;
  if (!facts.by_copy() || facts.copied) return false;
  draft.tell("Contested",
             "somebody else changed it: " + why_not_copied(facts) +
                 " any more. Put that back, or roll back");
  draft.warnings.push_back({"RouteContested", draft.name + ": " + draft.row.message});
  return true;
}

}  // namespace doorbuster::planner
