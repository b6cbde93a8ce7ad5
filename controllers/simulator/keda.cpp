// KEDA in the simulated cluster (v2.21, controllers/keda/hpa.go, scaledobject_controller.go and
// pkg/scaling/executor): an autoscaler made from each ScaledObject, and written anew when it
// differs; none while it is paused; a workload below the minimum brought up to it. Triggers are not
// played: none is ever said to be active or idle.
#include "controllers/planner/scaled_object.h"
#include "controllers/simulator/cluster.h"

#include <algorithm>

namespace doorbuster::simulator {
namespace {

constexpr const char* kBehavior = "/spec/advanced/horizontalPodAutoscalerConfig/behavior";

struct Wanted {
  std::int64_t min, max;
  const Tree* behavior;
};

bool follows(const Tree& autoscaler, const Wanted& wanted) {
  const std::string select = "/spec/behavior/scaleDown/selectPolicy";
  const std::string said =
      wanted.behavior == nullptr ? "" : wanted.behavior->text_at("/scaleDown/selectPolicy");
  const std::string there = autoscaler.text_at(select);
  const bool same = there == said || (said.empty() && there != "Disabled");
  return autoscaler.number("/spec/minReplicas", 1) == wanted.min &&
         autoscaler.number("/spec/maxReplicas", 0) == wanted.max && same;
}

void fill(Tree& autoscaler, const Wanted& wanted) {
  autoscaler.set("/spec/minReplicas", Tree::integer(wanted.min));
  autoscaler.set("/spec/maxReplicas", Tree::integer(wanted.max));
  autoscaler.erase("/spec/behavior");
  if (wanted.behavior != nullptr) autoscaler.set("/spec/behavior", *wanted.behavior);
}

Tree made_from(const Stored& scaled, const ObjectRef& workload) {
  Tree out = Tree::object();
  out.set(
      "/metadata/ownerReferences",
      Tree::parse(R"([{"apiVersion":"keda.sh/v1alpha1","kind":"ScaledObject","name":")" +
                  scaled.ref.name + R"(","uid":")" + scaled.uid() + R"(","controller":true}])"));
  out.set("/spec/scaleTargetRef/apiVersion", Tree::string("apps/v1"));
  out.set("/spec/scaleTargetRef/kind", Tree::string(workload.kind));
  out.set("/spec/scaleTargetRef/name", Tree::string(workload.name));
  out.set(
      "/spec/metrics",
      Tree::parse(
          R"([{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":60}}}])"));
  return out;
}

}  // namespace

/// What is made from a ScaledObject goes with it, as its ownerReference says.
void Cluster::collect_keda() {
  std::erase_if(made_, [this](const auto& one) {
    if (api_.live(one.second)) return false;
    if (api_.live(one.first)) static_cast<void>(api_.remove(one.first));
    return true;
  });
}

void Cluster::run_keda() {
  const Writer keda{.manager = "keda", .apply = false, .subresource = {}};
  collect_keda();
  for (const ObjectRef& ref : api_.objects("keda.sh", "ScaledObject")) {
    const StoredPtr scaled = api_.live(ref);
    if (!scaled) continue;
    const ObjectRef made = planner::autoscaler_made_from(ref, *scaled->document());
    if (!planner::paused_by(*scaled->document()).empty()) {
      if (api_.live(made)) static_cast<void>(api_.remove(made));
      continue;
    }
    std::string kind = scaled->tree.text_at("/spec/scaleTargetRef/kind");
    if (kind.empty()) kind = "Deployment";
    const ObjectRef workload =
        api_.served({"*", kind, ref.ns, scaled->tree.text_at("/spec/scaleTargetRef/name")});
    const std::int64_t min = scaled->tree.number("/spec/minReplicaCount", 0);
    const Wanted wanted{std::max<std::int64_t>(1, min),
                        scaled->tree.number("/spec/maxReplicaCount", 100),
                        scaled->tree.at(kBehavior)};
    if (const StoredPtr there = api_.live(made); !there) {
      Tree object = made_from(*scaled, workload);
      fill(object, wanted);
      if (!api_.create(made, std::move(object), keda)) continue;
      autoscalers_[made] = {.ref = made};
      made_[made] = ref;
    } else if (!follows(there->tree, wanted)) {
      static_cast<void>(api_.edit(made, keda, [&](Tree& tree) { fill(tree, wanted); }));
    }
    const StoredPtr scales = api_.live(workload);
    const bool idles = scaled->tree.at("/spec/idleReplicaCount") != nullptr;
    if (!scales || idles || scales->tree.number("/spec/replicas", 1) >= min) continue;
    static_cast<void>(
        api_.edit(workload,
                  Writer{.manager = "keda", .apply = false, .subresource = "scale"},
                  [&](Tree& tree) { tree.set("/spec/replicas", Tree::integer(min)); }));
  }
}

}  // namespace doorbuster::simulator
