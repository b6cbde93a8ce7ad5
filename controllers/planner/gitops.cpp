#include "controllers/planner/gitops.h"

#include "controllers/planner/in_charge.h"
#include "controllers/planner/ledger.h"
#include "controllers/products/scalers.h"

#include <set>

namespace doorbuster::planner {
namespace {

constexpr const char* kLastApplied =
    "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration";
constexpr const char* kKubectl = "kubectl";

std::string last_step(const std::string& pointer) { return pointer.substr(pointer.rfind('/') + 1); }

/// What the users of each tool have to write; the fields are those of Argo CD's Application and
/// Flux's Kustomization (kustomize-controller 1.9).
std::string remedy(const std::string& manager, const ObjectRef& object) {
  const products::Bounds& bounds = *products::bounds_of(object);
  const std::string named =
      "kind: " + object.kind + ", name: " + object.name + ", namespace: " + object.ns;
  if (manager.starts_with("argocd")) {
    return "In the Application write spec: {ignoreDifferences: [{group: " + object.group + ", " +
           named +
           ", managedFieldsManagers: [doorbuster]}], syncPolicy: {syncOptions: "
           "[RespectIgnoreDifferences=true]}}";
  }
  if (manager.starts_with("kustomize") || manager.starts_with("fluxcd")) {
    return std::string("In the Kustomization write spec: {ignore: [{paths: [") + bounds.min + ", " +
           bounds.max + "], target: {" + named +
           "}}]} (kustomize-controller 1.9 or later; before that, spec.suspend: true)";
  }
  if (manager.starts_with("helm")) {
    return "Let the chart write " + last_step(bounds.min) +
           " too, or suspend the HelmRelease (spec.suspend: true) for the sale";
  }
  return "Write " + last_step(bounds.min) +
         " into that manifest too, or do not apply it during the sale";
}

}  // namespace

std::string applies_only_maximum(const ObjectRef& ref, const Document& scaler) {
  const products::Bounds& bounds = *products::bounds_of(ref);
  const std::set<std::string> of_min = managers_of(scaler, bounds.min);
  for (const std::string& manager : managers_of(scaler, bounds.max)) {
    if (is_gitops(manager) && !of_min.contains(manager)) return manager;
  }
  const std::string text = scaler.string(kLastApplied);
  const auto applied = JsonView::parse(text);
  if (!applied || applied->type() != JsonType::Object) return "";
  return applied->at(bounds.max) && !applied->at(bounds.min) ? kKubectl : "";
}

std::optional<Reason> sync_conflict(const std::string& target,
                                    const ObjectRef& scaler,
                                    const Document& object,
                                    std::int64_t floor) {
  const products::Bounds& bounds = *products::bounds_of(scaler);
  if (floor <= object.integer(bounds.max).value_or(floor)) return std::nullopt;
  const std::string manager = applies_only_maximum(scaler, object);
  if (manager.empty()) return std::nullopt;
  return Reason{"GitOpsConflict",
                target + ": " + manager + " applies " + last_step(bounds.max) + " and not " +
                    last_step(bounds.min) + " of " + to_text(scaler) +
                    ": while our floor lies above " + "that maximum " +
                    (is_autoscaler(scaler) ? "the API server" : "its admission webhook") +
                    " refuses all of what it applies. " + remedy(manager, scaler)};
}

}  // namespace doorbuster::planner
