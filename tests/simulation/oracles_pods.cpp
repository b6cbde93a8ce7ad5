// Oracles of releases without a router: the candidate's size is its share.
#include "controllers/planner/rollout_pods.h"
#include "tests/simulation/releases.h"

#include <algorithm>

namespace doorbuster::simulation {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

const ObjectRef kTarget = simulator::deployment_ref(kShopNamespace, kReleased);
constexpr const char* kReady = "/status/readyReplicas";

class PodsServeTheTraffic : public Oracle {
 public:
  const char* name() const override { return "PodsServeTheTraffic"; }
  const char* sentence() const override {
    return "no candidate without a router is made smaller than what its target lacks for all of "
           "the traffic, but twenty minutes after it was told back; and none is removed while pods "
           "of it are ready, nor before what was under way has had its time";
  }
  void on_perform(const Scene& scene,
                  const planner::Event& event,
                  const planner::Write& write) override {
    const auto size = sized_to(write);
    const StoredPtr now = scene.cluster.api().live(write.object);
    if (!size || !now || !serves_by_pods(*now) || *size >= now->tree.number(kReplicas, 0)) return;
    const bool gone = seen_object(scene.world.seen()->observation, kTarget) == nullptr;
    const std::int64_t stable = seen_available(scene, kTarget),
                       ready = seen_available(scene, write.object);
    const api::Decision* told = decided(event.status, "RolledBack");
    const bool patient = told == nullptr || scene.cluster.now() < told->at + minutes(20);
    if (gone || ready == 0 || (!patient && stable > 0)) return;
    const std::int64_t wanted = std::min(needed_pods(scene, event.status), stable + ready);
    if (stable + std::min(*size, ready) < wanted)
      complain(scene,
               std::to_string(*size) + " pods beside " + std::to_string(stable) +
                   " that are ready, of " + std::to_string(wanted));
  }
  void on_child(const Scene& scene,
                const planner::Event& event,
                const planner::ChildEffect& effect) override {
    const auto* remove = std::get_if<planner::Remove>(&effect);
    const StoredPtr live = remove ? scene.cluster.api().live(remove->object) : nullptr;
    if (!live || live->uid() != remove->only_if_uid || !serves_by_pods(*live)) return;
    if (event.uid.empty()) return check_swept(scene, *live);
    if (live->tree.number(kReady, 0) > 0)
      return complain(scene, remove->object.name + " is removed while its pods serve");
    const auto since = idle_since(scene, remove->object);
    if (since && !scene.truth.clock_stepped &&
        scene.cluster.now() < *since + drain_of(scene, event.ref))
      complain(scene, remove->object.name + " is removed before it has drained");
  }

 private:
  /// Of a vanished event: only where its target did not lack pods, by what could be seen lately.
  void check_swept(const Scene& scene, const simulator::Stored& candidate) {
    if (candidate.tree.number(kReady, 0) == 0) return;
    const auto& versions = scene.cluster.api().history(kTarget);
    const Instant lately = scene.cluster.now() - seconds(30);
    for (std::size_t i = 0; i < versions.size(); ++i) {
      const bool stood = i + 1 == versions.size() || versions[i + 1]->at >= lately;
      const Tree& target = versions[i]->tree;
      if (stood &&
          (versions[i]->gone || target.number(kAvailable, 0) >= target.number(kReplicas, 1)))
        return;
    }
    if (!versions.empty())
      complain(scene, candidate.ref.name + " is removed although its target lacks pods");
  }
  /// Since when none of its pods is ready; nothing: none ever was.
  static std::optional<Instant> idle_since(const Scene& scene, const ObjectRef& candidate) {
    std::optional<Instant> out;
    bool served = false;
    for (const StoredPtr& one : scene.cluster.api().history(candidate)) {
      const bool serves = one->tree.number(kReady, 0) > 0;
      if (served && !serves) out = one->at;
      served = serves;
    }
    return out;
  }
};

class SharedByPods : public Oracle {
 public:
  const char* name() const override { return "SharedByPods"; }
  const char* sentence() const override {
    return "no candidate without a router gets more pods than its step's share beside its target, "
           "or than its step asks for";
  }
  void on_perform(const Scene& scene,
                  const planner::Event& event,
                  const planner::Write& write) override {
    const auto size = sized_to(write);
    const StoredPtr now = scene.cluster.api().live(write.object);
    if (!size || !now || !serves_by_pods(*now) || *size <= now->tree.number(kReplicas, 0)) return;
    if (!event.spec || event.spec->rollouts.empty() || !scene.world.seen()) return;
    const auto& canary = event.spec->rollouts.front().strategy.canary;
    if (!canary) return;
    const api::Decision* passed = decided(event.status, "StepPassed");
    const auto next = static_cast<std::size_t>(
        passed == nullptr ? 0 : integer_of(Json{passed->value}).value_or(0));
    const api::CanaryStep& step = canary->steps[std::min(next, canary->steps.size() - 1)];
    const auto* target = seen_object(scene.world.seen()->observation, kTarget);
    if (target == nullptr) return complain(scene, "it grows although its target is gone");
    const std::int64_t all =
        std::max({needed_pods(scene, event.status),
                  seen_bound(scene.world.seen()->observation, floor_field).value_or(0),
                  target->object->integer(kReplicas).value_or(1)});
    const std::int64_t most = std::max<std::int64_t>(step.replicas.value_or(0), 1);
    const bool fewer_would_do = 100 * (*size - 1) >= step.weight * (all + *size - 1);
    if (*size > most && fewer_would_do)
      complain(scene,
               std::to_string(*size) + " pods beside " + std::to_string(all) + " for " +
                   std::to_string(step.weight) + " %");
  }
};

}  // namespace

std::vector<std::unique_ptr<Oracle>> oracles_of_pods() {
  std::vector<std::unique_ptr<Oracle>> out;
  out.push_back(std::make_unique<PodsServeTheTraffic>());
  out.push_back(std::make_unique<SharedByPods>());
  return out;
}

}  // namespace doorbuster::simulation
