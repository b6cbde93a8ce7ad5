#include "controllers/simulator/cluster.h"

#include <algorithm>

namespace doorbuster::simulator {

Cluster::Cluster(Instant start)
    : now_(start), next_tick_(start + kPodPeriod), api_([this] { return now_; }) {}

std::int64_t Load::at(Instant when) const {
  const auto after = from.upper_bound(when);
  return after == from.begin() ? 0 : std::prev(after)->second;
}

Result<StoredPtr> Cluster::create_deployment(const Shop& shop) {
  Tree object = Tree::object();
  object.set("/metadata/labels/app", Tree::string(shop.name));
  object.set("/spec/replicas", Tree::integer(shop.replicas));
  object.set("/spec/selector/matchLabels/app", Tree::string(shop.name));
  object.set("/spec/template",
             Tree::parse(R"({"metadata":{"labels":{"app":")" + shop.name +
                         R"("}},"spec":{"containers":[{"name":"app","image":"shop:1"}]}})"));
  return api_.create(deployment_ref(shop.ns, shop.name),
                     std::move(object),
                     Writer{.manager = shop.owner, .apply = false, .subresource = {}});
}

Result<StoredPtr> Cluster::create_autoscaler(const Shop& shop) {
  Tree object = Tree::object();
  object.set("/metadata/labels/app", Tree::string(shop.name));
  object.set(
      "/spec/scaleTargetRef",
      Tree::parse(R"({"apiVersion":"apps/v1","kind":"Deployment","name":")" + shop.name + R"("})"));
  if (shop.min) object.set("/spec/minReplicas", Tree::integer(*shop.min));
  object.set("/spec/maxReplicas", Tree::integer(shop.max.value_or(10)));
  object.set(
      "/spec/metrics",
      Tree::parse(
          R"([{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":60}}}])"));
  if (shop.slow_scale_down) {
    object.set("/spec/behavior/scaleDown/policies",
               Tree::parse(R"([{"type":"Percent","value":10,"periodSeconds":60}])"));
  }
  return api_.create(autoscaler_ref(shop.ns, shop.name),
                     std::move(object),
                     Writer{.manager = shop.owner, .apply = false, .subresource = {}});
}

void Cluster::deploy(const Shop& shop) {
  if (!create_deployment(shop)) return;
  Workload pods{.ref = deployment_ref(shop.ns, shop.name), .startup = shop.startup, .load = {}};
  pods.load.from[now_] = shop.demand;
  pods.uid = api_.live(pods.ref)->uid();
  pods.ready_at.assign(static_cast<std::size_t>(shop.replicas), now_ - std::chrono::hours(1));
  workloads_.emplace(pods.ref, std::move(pods));
  const ObjectRef ref = autoscaler_ref(shop.ns, shop.name);
  autoscalers_.emplace(ref, Autoscaler{.ref = ref});
  if (shop.max && !create_autoscaler(shop)) return;
  for (auto& [name, one] : workloads_) run_pods(one);
  for (auto& [name, one] : autoscalers_) run_autoscaler(one);
}

void Cluster::create_policy(const std::string& ns,
                            const std::string& name,
                            std::int64_t requests,
                            const std::string& owner) {
  Tree object = Tree::object();
  object.set("/spec/rateLimit/type", Tree::string("Global"));
  object.set("/spec/rateLimit/global/requests", Tree::integer(requests));
  object.set("/spec/rateLimit/global/unit", Tree::string("Second"));
  if (!api_.create(policy_ref(ns, name),
                   std::move(object),
                   Writer{.manager = owner, .apply = false, .subresource = {}}))
    return;
}

Workload* Cluster::workload(const ObjectRef& ref) {
  const auto found = workloads_.find(ref);
  return found == workloads_.end() ? nullptr : &found->second;
}

void Cluster::advance(Instant to) {
  while (next_tick_ <= to) {
    now_ = next_tick_;
    next_tick_ += kPodPeriod;
    tick();
  }
  now_ = std::max(now_, to);
}

void Cluster::tick() {
  ++ticks_;
  for (auto& [ref, one] : workloads_) run_pods(one);
  if (ticks_ % kAutoscalerEvery == 0) {
    for (auto& [ref, one] : autoscalers_) run_autoscaler(one);
  }
}

void Cluster::run_pods(Workload& pods) {
  const StoredPtr object = api_.live(pods.ref);
  if (!object) {
    pods.ready_at.clear();
    pods.ready = 0;
    return;
  }
  if (object->version == pods.settled_at && !pods.stuck) return;
  if (object->uid() != pods.uid) {
    pods.uid = object->uid();
    pods.ready_at.clear();
  }
  const auto wanted =
      static_cast<std::size_t>(std::max<std::int64_t>(0, object->tree.number("/spec/replicas", 1)));
  const Instant ready_at = pods.stuck ? now_ + std::chrono::hours(24) : now_ + pods.startup;
  if (pods.ready_at.size() > wanted) {
    std::sort(pods.ready_at.begin(), pods.ready_at.end());  // unready and newest first
    pods.ready_at.resize(wanted);
  }
  while (pods.ready_at.size() < wanted) pods.ready_at.push_back(ready_at);
  if (!pods.stuck) {
    for (Instant& at : pods.ready_at) at = std::min(at, now_ + pods.startup);
  }
  pods.ready = std::count_if(
      pods.ready_at.begin(), pods.ready_at.end(), [&](Instant at) { return at <= now_; });
  const auto total = static_cast<std::int64_t>(wanted);
  if (object->tree.number("/status/replicas", -1) == total &&
      object->tree.number("/status/readyReplicas", -1) == pods.ready) {
    if (pods.ready == total) pods.settled_at = object->version;
    return;
  }
  const auto written = api_.edit(
      pods.ref,
      Writer{.manager = "kube-controller-manager", .apply = false, .subresource = "status"},
      [&](Tree& tree) {
        tree.set("/status/observedGeneration",
                 Tree::integer(tree.number("/metadata/generation", 1)));
        tree.set("/status/replicas", Tree::integer(total));
        tree.set("/status/updatedReplicas", Tree::integer(total));
        tree.set("/status/readyReplicas", Tree::integer(pods.ready));
        tree.set("/status/availableReplicas", Tree::integer(pods.ready));
      });
  if (!written) return;
}

}  // namespace doorbuster::simulator
