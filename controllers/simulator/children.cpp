// What stands beside targets for an event: DaemonSets that pull images ahead, on every node at once
// and ready a while after; CapacityBuffers. The garbage collector takes them with their event.
#include "controllers/planner/buffer.h"
#include "controllers/simulator/cluster.h"

namespace doorbuster::simulator {
namespace {

/// An image of some hundred megabytes from a registry nearby.
constexpr Duration kPull = std::chrono::seconds(30);

/// Is the event that it names as its owner gone?
bool is_garbage(const ApiServer& api, const StoredPtr& object) {
  const std::string owner = object->tree.text_at("/metadata/ownerReferences/0/name");
  if (owner.empty()) return false;
  const StoredPtr event = api.live(sale_ref(object->ref.ns, owner));
  return !event || event->uid() != object->tree.text_at("/metadata/ownerReferences/0/uid");
}

}  // namespace

void Cluster::run_puller(const ObjectRef& ref) {
  const StoredPtr object = api_.live(ref);
  const std::int64_t generation = object->tree.number("/metadata/generation", 1);
  const Instant since = pulling_since_.try_emplace({object->uid(), generation}, now_).first->second;
  const auto count = static_cast<std::int64_t>(nodes.known() ? nodes.count() : 1);
  const std::int64_t ready = now_ >= since + kPull ? count : 0;
  if (object->tree.number("/status/observedGeneration", -1) == generation &&
      object->tree.number("/status/desiredNumberScheduled", -1) == count &&
      object->tree.number("/status/numberReady", -1) == ready)
    return;
  const auto written = api_.edit(
      ref,
      Writer{.manager = "kube-controller-manager", .apply = false, .subresource = "status"},
      [&](Tree& tree) {
        tree.set("/status/observedGeneration", Tree::integer(generation));
        for (const char* every : {"desired", "current", "updated"})
          tree.set("/status/" + std::string(every) + "NumberScheduled", Tree::integer(count));
        tree.set("/status/numberReady", Tree::integer(ready));
      });
  static_cast<void>(written);
}

void Cluster::run_buffer(const ObjectRef& ref) {
  const StoredPtr object = api_.live(ref);
  const std::int64_t replicas = object->tree.number("/spec/replicas", 0);
  if (!acts_on_buffers || object->tree.number("/status/replicas", -1) == replicas) return;
  const auto written =
      api_.edit(ref,
                Writer{.manager = "cluster-autoscaler", .apply = false, .subresource = "status"},
                [&](Tree& tree) {
                  tree.set("/status/replicas", Tree::integer(replicas));
                  tree.set("/status/conditions",
                           Tree::parse(R"([{"type":"ReadyForProvisioning","status":"True"},)"
                                       R"({"type":"Provisioning","status":"True"}])"));
                });
  static_cast<void>(written);
}

void Cluster::run_children() {
  const auto run = [this](const std::string& group, const char* kind, auto controller) {
    for (const ObjectRef& ref : api_.objects(group, kind)) {
      const StoredPtr object = api_.live(ref);
      if (!object) continue;
      if (is_garbage(api_, object))
        static_cast<void>(api_.remove(ref));
      else
        (this->*controller)(ref);
    }
  };
  run("apps", "DaemonSet", &Cluster::run_puller);
  run(planner::kBufferGroup, planner::kBufferKind, &Cluster::run_buffer);
}

}  // namespace doorbuster::simulator
