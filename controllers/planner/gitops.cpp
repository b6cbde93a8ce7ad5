#include "controllers/planner/gitops.h"

#include "controllers/planner/in_charge.h"
#include "controllers/planner/ledger.h"

#include <set>

namespace doorbuster::planner {
namespace {

constexpr const char* kLastApplied =
    "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration";
constexpr const char* kKubectl = "kubectl";

/// What the users of each tool have to write; the fields are those of Argo CD's Application and
/// Flux's Kustomization (kustomize-controller 1.9).
std::string remedy(const std::string& manager, const ObjectRef& object) {
  const std::string named =
      "kind: HorizontalPodAutoscaler, name: " + object.name + ", namespace: " + object.ns;
  if (manager.starts_with("argocd")) {
    return "In the Application write spec: {ignoreDifferences: [{group: autoscaling, " + named +
           ", managedFieldsManagers: [doorbuster]}], syncPolicy: {syncOptions: "
           "[RespectIgnoreDifferences=true]}}";
  }
  if (manager.starts_with("kustomize") || manager.starts_with("fluxcd")) {
    return "In the Kustomization write spec: {ignore: [{paths: [/spec/minReplicas, "
           "/spec/maxReplicas], target: {" +
           named + "}}]} (kustomize-controller 1.9 or later; before that, spec.suspend: true)";
  }
  if (manager.starts_with("helm")) {
    return "Let the chart write minReplicas too, or suspend the HelmRelease (spec.suspend: true) "
           "for the sale";
  }
  return "Write minReplicas into that manifest too, or do not apply it during the sale";
}

}  // namespace

std::string applies_only_maximum(const Document& autoscaler) {
  const std::set<std::string> of_min = managers_of(autoscaler, kMinReplicas);
  for (const std::string& manager : managers_of(autoscaler, kMaxReplicas)) {
    if (is_gitops(manager) && !of_min.contains(manager)) return manager;
  }
  const std::string text = autoscaler.string(kLastApplied);
  const auto applied = JsonView::parse(text);
  if (!applied || applied->type() != JsonType::Object) return "";
  return applied->at(kMaxReplicas) && !applied->at(kMinReplicas) ? kKubectl : "";
}

std::optional<Reason> sync_conflict(const std::string& target,
                                    const ObjectRef& autoscaler,
                                    const Document& object,
                                    std::int64_t floor) {
  if (floor <= object.integer(kMaxReplicas).value_or(floor)) return std::nullopt;
  const std::string manager = applies_only_maximum(object);
  if (manager.empty()) return std::nullopt;
  return Reason{"GitOpsConflict",
                target + ": " + manager + " applies maxReplicas and not minReplicas of " +
                    to_text(autoscaler) +
                    ": while our floor lies above that maximum the API server refuses all of what "
                    "it applies. " +
                    remedy(manager, autoscaler)};
}

}  // namespace doorbuster::planner
