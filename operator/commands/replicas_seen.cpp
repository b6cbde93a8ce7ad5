#include "operator/commands/replicas_seen.h"

#include "controllers/planner/demand.h"
#include "operator/base/object_ref.h"

namespace doorbuster::commands {
namespace {

kube::Resource resource(const char* group,
                        const char* version,
                        const char* plural,
                        const char* kind) {
  kube::Resource out;
  out.group = group;
  out.version = version;
  out.plural = plural;
  out.kind = kind;
  return out;
}

std::string wanted_of(const planner::Document& autoscaler) {
  const planner::Demand demand = planner::demand_of(autoscaler);
  switch (demand.says) {
    case planner::Demand::Says::Number:
      return std::to_string(demand.replicas);
    case planner::Demand::Says::Less:
      return "<" + std::to_string(autoscaler.integer("/spec/minReplicas").value_or(1));
    case planner::Demand::Says::Free:
    case planner::Demand::Says::Unknown:
      break;
  }
  return "";
}

}  // namespace

const std::vector<kube::Resource>& kinds_with_replicas() {
  static const std::vector<kube::Resource> kinds{
      resource("apps", "v1", "deployments", "Deployment"),
      resource("apps", "v1", "statefulsets", "StatefulSet"),
      resource("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler")};
  return kinds;
}

Result<ReplicasSeen> replicas_of(const kube::Resource& kind, std::string_view text) {
  const auto object = planner::Document::parse(std::string(text));
  if (!object.ok()) return object.error();
  if (kind.group == "autoscaling") return ReplicasSeen{{}, wanted_of(**object)};
  return ReplicasSeen{(*object)->integer("/status/readyReplicas").value_or(0), ""};
}

std::string object_name(const kube::Resource& kind, const kube::Key& key) {
  return to_text(ObjectRef{.group = kind.group, .kind = kind.kind, .ns = key.ns, .name = key.name});
}

}  // namespace doorbuster::commands
