// Oracles of the objects that are the operator's own.
#include "controllers/planner/buffer.h"
#include "controllers/planner/child.h"
#include "tests/simulation/oracles.h"

#include <algorithm>

namespace doorbuster::simulation {
namespace {

using std::chrono::minutes;

/// The children that are there now, with whose they are.
std::map<ObjectRef, planner::Holder> children_in(const simulator::Cluster& cluster) {
  std::map<ObjectRef, planner::Holder> out;
  for (const auto& [group, kind] : {std::pair{"apps", "Deployment"},
                                    std::pair{"apps", "DaemonSet"},
                                    std::pair{planner::kBufferGroup, planner::kBufferKind}}) {
    for (const ObjectRef& ref : cluster.api().objects(group, kind)) {
      const StoredPtr object = cluster.api().live(ref);
      if (!object || (ref.kind == "Deployment" && ref.ns != kOperatorNamespace)) continue;
      const auto parent = planner::parent_of(*object->document());
      if (parent) out.emplace(ref, *parent);
    }
  }
  return out;
}

StoredPtr event_of(const simulator::Cluster& cluster, const planner::Holder& parent) {
  for (const ObjectRef& ref : cluster.api().objects("doorbuster.dev", "SaleEvent")) {
    const StoredPtr event = cluster.api().live(ref);
    if (event && event->uid() == parent.uid) return event;
  }
  return nullptr;
}

class NoChildOutlives : public Oracle {
 public:
  const char* name() const override { return "NoChildOutlives"; }
  const char* sentence() const override {
    return "nothing that was made for an event stands when it is over or gone, nor, where nothing "
           "disturbs the "
           "operator, after the start";
  }
  void at_instant(const Scene& scene) override {
    const Instant now = scene.cluster.now();
    if (now < scene.truth.calm_at + minutes(1)) return;
    for (const auto& [ref, parent] : children_in(scene.cluster)) {
      const StoredPtr event = event_of(scene.cluster, parent);
      if (!event || !event->status->window) continue;  // gone: the sweep's, within the hour
      if (now > event->status->window->start + minutes(1))
        complain(scene, ref.name + " stands after the start");
    }
  }
  void at_end(const Scene& scene) override {
    if (!scene.ending.quiet) return;
    for (const auto& [ref, parent] : children_in(scene.cluster))
      complain(scene, ref.name + " of " + parent.event + " stands when all is over");
  }
};

class ChildOnlyInItsTime : public Oracle {
 public:
  const char* name() const override { return "ChildOnlyInItsTime"; }
  const char* sentence() const override {
    return "placeholders are made and resized only for an accepted event that acts, from their "
           "lead before preparation until the start, and never more than what is missing asks for";
  }
  void on_child(const Scene& scene,
                const planner::Event& event,
                const planner::ChildEffect& effect) override {
    const auto* create = std::get_if<planner::Create>(&effect);
    if (create == nullptr || create->object.kind == "DaemonSet" || is_candidate(create->object))
      return;
    check(scene, event, create->object);
    const std::int64_t count = Tree::parse(create->manifest.text).number("/spec/replicas", 0);
    if (count < 1) complain(scene, create->object.name + " without any placeholder");
    if (!event.spec || !event.spec->capacity.headroom) return;
    made_[event.ref].push_back(
        {create->object.name, count, event.spec->capacity.headroom->percent});
  }
  void on_publish(const Scene&,
                  const planner::Event& event,
                  const api::SaleEventStatus& status) override {
    std::int64_t& floor = floors_[event.ref];
    for (const auto& row : status.headroom) floor = std::max(floor, row.floor.value_or(0));
  }
  void at_end(const Scene& scene) override {
    for (const auto& [event, all] : made_) {
      const std::int64_t floor = floors_[event];
      for (const Made& one : all) {
        if (floor > 0 && one.count * 100 > floor * one.percent + 99)
          complain(scene, one.name + ": " + std::to_string(one.count) + " placeholders");
      }
    }
  }
  void on_perform(const Scene& scene,
                  const planner::Event& event,
                  const planner::Write& write) override {
    if (write.object.ns == kOperatorNamespace || write.object.kind == planner::kBufferKind)
      check(scene, event, write.object);
  }

 private:
  void check(const Scene& scene, const planner::Event& event, const ObjectRef& object) {
    const bool acts = event.spec && !event.deleting && !event.spec->suspend &&
                      event.spec->mode == api::Mode::Live && event.spec->capacity.headroom;
    if (!acts) return complain(scene, object.name + " made or resized for an event at rest");
    const auto* window = std::get_if<planner::Window>(&scene.world.seen()->observation.window);
    const Instant now = scene.world.seen()->now;
    if (window == nullptr || now >= window->start ||
        now >= decided_on(scene.cluster, event.ref, window->start, window->end).end ||
        now < window->prepare - event.spec->capacity.headroom->lead.value)
      complain(scene, object.name + " made or resized outside its time");
  }
  struct Made {
    std::string name;
    std::int64_t count = 0, percent = 0;
  };
  std::map<ObjectRef, std::int64_t> floors_;  ///< by event, the highest ever told
  /// By event, what is judged in the end: writes may go before the status that tells the floor, and
  /// an operator that dies in between tells none.
  std::map<ObjectRef, std::vector<Made>> made_;
};

class ChildNotCounted : public Oracle {
 public:
  const char* name() const override { return "ChildNotCounted"; }
  const char* sentence() const override {
    return "placeholders are never counted as a target's pods";
  }
  void on_publish(const Scene& scene,
                  const planner::Event& event,
                  const api::SaleEventStatus& status) override {
    if (!scene.world.seen() || scene.world.seen()->event->ref != event.ref) return;
    for (const auto& row : status.targets) {
      if (row.object.find(kOperatorNamespace) != std::string::npos)
        complain(scene, row.name + " is a placeholder");
      const planner::Present* workload = seen_object(
          scene.world.seen()->observation, simulator::deployment_ref(event.ref.ns, row.name));
      if (!row.ready || workload == nullptr) continue;
      if (*row.ready != workload->object->integer("/status/readyReplicas").value_or(0))
        complain(scene, row.name + " counts pods that are not its own");
    }
  }
};

class NoBufferUnanswered : public Oracle {
 public:
  const char* name() const override { return "NoBufferUnanswered"; }
  const char* sentence() const override {
    return "where nothing disturbs the operator, no CapacityBuffer that nobody acts on stands for "
           "longer than its patience";
  }
  void at_instant(const Scene& scene) override {
    const Instant now = scene.cluster.now();
    if (scene.cluster.acts_on_buffers || now < scene.truth.calm_at + minutes(1)) return;
    for (const auto& [ref, parent] : children_in(scene.cluster)) {
      const StoredPtr event = event_of(scene.cluster, parent);
      if (ref.kind != planner::kBufferKind || !event || at_rest(*event)) continue;
      const StoredPtr buffer = scene.cluster.api().live(ref);
      if (now > planner::patience_ends(*buffer->document()) + minutes(1))
        complain(scene, ref.name + " stands and nobody acts on it");
    }
  }

 private:
  /// Then what stands stays.
  static bool at_rest(const simulator::Stored& event) {
    return event.tree.text_at("/spec/mode") == "DryRun" || event.deleting() ||
           event.document()->at("/spec/suspend") == Value(Json{"true"});
  }
};

constexpr const char* kImage = "/spec/template/spec/containers/0/image";
constexpr const char* kPulled = "/spec/template/spec/initContainers/1/image";

class PullsWhatTargetsRun : public Oracle {
 public:
  const char* name() const override { return "PullsWhatTargetsRun"; }
  const char* sentence() const override {
    return "images are pulled ahead only for an accepted event that acts, from their lead before "
           "preparation until the start: those of the target's template, by a DaemonSet beside the "
           "event that goes with it";
  }
  void on_child(const Scene& scene,
                const planner::Event& event,
                const planner::ChildEffect& effect) override {
    const auto* create = std::get_if<planner::Create>(&effect);
    if (create == nullptr || create->object.kind != "DaemonSet") return;
    const std::string& name = create->object.name;
    const Tree made = Tree::parse(create->manifest.text);
    if (!in_its_time(scene, event)) complain(scene, name + " is made outside its time");
    if (create->object.ns != event.ref.ns ||
        made.text_at("/metadata/ownerReferences/0/uid") != event.uid)
      complain(scene, name + " does not go with its event");
    const auto& versions =
        scene.cluster.api().history(simulator::deployment_ref(event.ref.ns, kReleased));
    const bool released = std::any_of(versions.begin(), versions.end(), [&](const StoredPtr& one) {
      return one->tree.text_at(kImage) == made.text_at(kPulled);
    });
    if (made.text_at(kPulled) != "shop:1" && !released)
      complain(scene, name + " does not pull what its target runs");
  }

 private:
  static bool in_its_time(const Scene& scene, const planner::Event& event) {
    const bool acts = event.spec && !event.deleting && !event.spec->suspend &&
                      event.spec->mode == api::Mode::Live && event.spec->capacity.image_prepull;
    const auto* window = std::get_if<planner::Window>(&scene.world.seen()->observation.window);
    const Instant now = scene.world.seen()->now;
    return acts && window != nullptr && now < window->start &&
           now < decided_on(scene.cluster, event.ref, window->start, window->end).end &&
           now >= window->prepare - event.spec->capacity.image_prepull->lead.value;
  }
};

}  // namespace

std::vector<std::unique_ptr<Oracle>> oracles_of_children() {
  std::vector<std::unique_ptr<Oracle>> out;
  out.push_back(std::make_unique<NoChildOutlives>());
  out.push_back(std::make_unique<ChildOnlyInItsTime>());
  out.push_back(std::make_unique<ChildNotCounted>());
  out.push_back(std::make_unique<NoBufferUnanswered>());
  out.push_back(std::make_unique<PullsWhatTargetsRun>());
  return out;
}

}  // namespace doorbuster::simulation
