// Oracles of what values stand where.
#include "controllers/planner/ledger.h"
#include "tests/simulation/needed.h"
#include "tests/simulation/oracles.h"

#include <algorithm>
#include <cmath>

namespace doorbuster::simulation {
namespace {

const api::TargetStatus* row_of(const api::SaleEventStatus& status, const std::string& target) {
  for (const api::TargetStatus& row : status.targets) {
    if (row.name == target) return &row;
  }
  return nullptr;
}

std::string field_text(const ObjectRef& ref, const std::string& pointer) {
  return ref.name + pointer;
}

/// A deployment's replicas are its autoscaler's business while there is one.
bool scaled_by_autoscaler(const Scene& scene, const ObjectRef& deployment) {
  for (const ObjectRef& ref :
       scene.cluster.api().objects("autoscaling", "HorizontalPodAutoscaler")) {
    for (const StoredPtr& version : scene.cluster.api().history(ref)) {
      if (version->tree.text_at("/spec/scaleTargetRef/name") == deployment.name) return true;
    }
  }
  return false;
}

/// Did somebody ask by a SaleAction that everything be put back at once?
bool is_restored(const Scene& scene, const planner::Event& event) {
  if (!scene.world.seen()) return false;
  const auto* window = std::get_if<planner::Window>(&scene.world.seen()->observation.window);
  return window != nullptr &&
         decided_on(scene.cluster, event.ref, window->start, window->end).restored;
}

class BaselineRestored : public Oracle {
 public:
  const char* name() const override { return "BaselineRestored"; }
  const char* sentence() const override {
    return "when all is over every field is what it was, or what somebody else made of it";
  }
  void at_end(const Scene& scene) override {
    for (const auto& [field, truth] : scene.truth.fields()) {
      if (truth.gone || truth.uid.empty() || scene.truth.spoilt.contains(field.object)) continue;
      if (field.object.kind == "Deployment" && scaled_by_autoscaler(scene, field.object)) continue;
      if (contains(truth.allowed, truth.live)) continue;
      complain(scene,
               field_text(field.object, field.pointer) + " ends at " + shown(truth.live) +
                   ", was " + shown(truth.allowed.front()));
    }
  }
};

class FloorNotBelow : public Oracle {
 public:
  const char* name() const override { return "FloorNotBelow"; }
  const char* sentence() const override {
    return "no write of ours leaves a floor or a ceiling below what was there before us, or lowers "
           "what a person set";
  }
  void on_written(const Scene& scene, const Written& written) override {
    for (const char* pointer : kCapacityFields) {
      const FieldTruth* truth = scene.truth.field(written.after->ref, pointer);
      const auto before = number(written.before->tree.value_at(pointer));
      const auto after = number(written.after->tree.value_at(pointer));
      if (truth == nullptr || !before || !after || *after >= *before) continue;
      const auto least = least_of(scene, written, *truth);
      if (least && *after < *least) {
        complain(scene,
                 field_text(written.after->ref, pointer) + " lowered to " + std::to_string(*after) +
                     ", below " + std::to_string(*least));
      }
      const std::string who = writer_before(scene, written, pointer);
      if (who == "doorbuster" || who == "kube-controller-manager" || who.empty()) continue;
      if (truth->ours.contains(json_of(*before).text) || asked_for(written, pointer, *before))
        continue;
      complain(scene,
               field_text(written.after->ref, pointer) + " lowered from " +
                   std::to_string(*before) + " to " + std::to_string(*after) + " although " + who +
                   " had set it");
    }
  }

 private:
  /// Of replicas that an autoscaler set, what it set last is no less a work of ours than of others:
  /// once it is gone what normally ran counts too, as in BaselineHonest.
  static std::optional<std::int64_t> least_of(const Scene& scene,
                                              const Written& written,
                                              const FieldTruth& truth) {
    auto least = lowest(truth.allowed);
    const ObjectRef& ref = written.after->ref;
    if (ref.kind != "Deployment" || !scaled_by_autoscaler(scene, ref)) return least;
    for (const auto& row : written.event.status.targets) {
      if (least && row.usual && row.object == doorbuster::to_text(ref))
        least = std::min(*least, *row.usual);
    }
    return least;
  }
  /// The person's value was at the same time ours.
  static bool asked_for(const Written& written, const char* pointer, std::int64_t value) {
    const std::string text = written.before->tree.text_at(kAnnotation);
    const planner::Ledger record = planner::read_ledger(text.empty() ? nullptr : &text);
    const auto entry = record.fields.find(planner::FieldPath{pointer, ""});
    return entry != record.fields.end() && number(entry->second.requested) == value;
  }
  static std::string writer_before(const Scene& scene,
                                   const Written& written,
                                   const char* pointer) {
    // The truth has seen this write already; who owned the value before is in the object's own
    // record.
    (void)scene;
    for (const auto& [writer, owned] : written.before->owners) {
      if (owned.leaves.contains(pointer)) return writer.manager;
    }
    return "";
  }
};

class CapacityKept : public Oracle {
 public:
  const char* name() const override { return "CapacityKept"; }
  const char* sentence() const override {
    return "within the window nothing that an event needs is lowered below its need";
  }
  void on_written(const Scene& scene, const Written& written) override {
    const auto& event = written.event;
    if (event.uid.empty() || event.deleting || !event.spec || !scene.world.seen()) return;
    const auto* window = std::get_if<planner::Window>(&scene.world.seen()->observation.window);
    const Instant now = scene.world.seen()->now;
    if (window == nullptr || now < window->prepare ||
        now >= decided_on(scene.cluster, event.ref, window->start, window->end).end)
      return;
    for (const auto& target : event.spec->capacity.targets) {
      if (!about(written, target.ref->name)) continue;
      const std::int64_t need = need_of(event, target, *window, now);
      for (const char* pointer : kCapacityFields) {
        const auto before = number(written.before->tree.value_at(pointer));
        const auto after = number(written.after->tree.value_at(pointer));
        if (!before || !after || *after >= std::min(*before, need)) continue;
        complain(scene,
                 field_text(written.after->ref, pointer) + " lowered from " +
                     std::to_string(*before) + " to " + std::to_string(*after) + " while " +
                     std::to_string(need) + " are needed");
      }
    }
  }

 private:
  static bool about(const Written& written, const std::string& workload) {
    if (written.after->ref.ns != written.event.ref.ns) return false;
    return written.after->ref.kind == "Deployment"
               ? written.after->ref.name == workload
               : written.after->tree.text_at("/spec/scaleTargetRef/name") == workload;
  }
  static std::int64_t need_of(const planner::Event& event,
                              const api::TargetSpec& target,
                              const planner::Window& window,
                              Instant now) {
    const Tree tree = Tree::parse(api::to_json(target).text);
    return needed_at(tree, row_of(event.status, target.name), window.start, now).value_or(0);
  }
};

/// The status that the write was guarded by; of a ScaledObject that of the autoscaler made from
/// it, as it was seen.
std::optional<Tree> status_for(const Scene& scene, const Written& written) {
  const ObjectRef& ref = written.after->ref;
  if (ref.kind != "ScaledObject") return written.before->tree;
  const ObjectRef autoscaler{
      "autoscaling", "HorizontalPodAutoscaler", ref.ns, "keda-hpa-" + ref.name};
  // The sweep has no round: it asks right before it writes.
  if (written.event.uid.empty()) {
    const StoredPtr made = scene.world.last_looked_at(autoscaler);
    return made ? std::optional(made->tree) : std::nullopt;
  }
  if (!scene.world.seen()) return std::nullopt;
  const auto* made = seen_object(scene.world.seen()->observation, autoscaler);
  if (made == nullptr) return std::nullopt;
  return Tree::parse(std::string(made->object->root().text()));
}
/// By DESIGN.md section 4.
std::optional<std::int64_t> wanted_of(const Tree& autoscaler, std::int64_t current) {
  bool active = true, too_few = false;
  if (const Tree* conditions = autoscaler.at("/status/conditions")) {
    for (const Tree& one : conditions->elements()) {
      if (one.text_at("/type") == "ScalingActive") active = one.text_at("/status") == "True";
      if (one.text_at("/type") == "ScalingLimited")
        too_few = one.text_at("/reason") == "TooFewReplicas" && one.text_at("/status") == "True";
    }
  }
  const std::int64_t used =
      autoscaler.number("/status/currentMetrics/0/resource/current/averageUtilization", -1);
  if (!active || too_few || used < 0) return std::nullopt;
  return (current * used + simulator::kTargetUtilisation - 1) / simulator::kTargetUtilisation;
}

class NotBelowWanted : public Oracle {
 public:
  const char* name() const override { return "NotBelowWanted"; }
  const char* sentence() const override {
    return "on the way down a floor is not lowered below what the metrics ask for, nor a ceiling "
           "below what runs";
  }
  void on_written(const Scene& scene, const Written& written) override {
    const ObjectRef& ref = written.after->ref;
    if (*ceiling_field(ref) == '\0' || is_candidate(ref) || at_once(scene, written)) return;
    const FieldTruth* floor = scene.truth.field(ref, floor_field(ref));
    if (floor != nullptr && floor->fought)
      return;  // an old manifest applied again brings its own floor
    const Tree &before = written.before->tree, &after = written.after->tree;
    const auto min = number(before.value_at(floor_field(ref))),
               new_min = number(after.value_at(floor_field(ref)));
    const auto max = number(before.value_at(ceiling_field(ref))),
               new_max = number(after.value_at(ceiling_field(ref)));
    // Of a workload that is gone the autoscaler only remembers.
    if (!scene.cluster.api().live(
            simulator::deployment_ref(ref.ns, before.text_at("/spec/scaleTargetRef/name"))))
      return;
    const auto status = status_for(scene, written);
    if (!status) return;
    const std::int64_t current = status->number("/status/currentReplicas", 0);
    const auto wanted = wanted_of(*status, current);
    // A floor below what load asks for carries nothing: the autoscaler keeps the replicas by
    // itself.
    if (min && new_min && *new_min < *min && wanted && *wanted < *min && *new_min < *wanted) {
      complain(scene,
               written.after->ref.name + ": floor lowered to " + std::to_string(*new_min) +
                   " while " + std::to_string(*wanted) + " are wanted");
    }
    if (max && new_max && *new_max < *max && *new_max < current) {
      complain(scene,
               written.after->ref.name + ": ceiling lowered to " + std::to_string(*new_max) +
                   " while " + std::to_string(current) + " run");
    }
  }

 private:
  static bool at_once(const Scene& scene, const Written& written) {
    if (!written.event.spec) return written.event.deleting;
    if (is_restored(scene, written.event)) return true;
    const bool immediate = written.event.spec->deletion_policy == api::DeletionPolicy::Immediate;
    return (written.event.deleting && immediate) ||
           scene.cluster.api().terminating(written.event.ref.ns);
  }
};

class NoCliff : public Oracle {
 public:
  const char* name() const override { return "NoCliff"; }
  const char* sentence() const override {
    return "on the way down no more goes within a minute than the event allows, nor more at once "
           "later";
  }
  void on_written(const Scene& scene, const Written& written) override {
    // Nobody's capacity; a candidate is oracles_rollouts.cpp's.
    if (written.after->ref.ns == kOperatorNamespace || is_candidate(written.after->ref)) return;
    const char* pointer = floor_field(written.after->ref);
    const auto before = number(written.before->tree.value_at(pointer));
    const auto after = number(written.after->tree.value_at(pointer));
    if (!before || !after) return;
    std::int64_t& peak = peaks_[written.after->ref];
    peak = std::max({peak, *before, *after});
    const auto& event = written.event;
    if (*after >= *before || scene.truth.clock_stepped || event.uid.empty() || !event.spec) return;
    const bool terminating = scene.cluster.api().terminating(event.ref.ns);
    if (terminating || is_restored(scene, event) ||
        (event.deleting && event.spec->deletion_policy != api::DeletionPolicy::Ramp))
      return;
    const FieldTruth* truth = scene.truth.field(written.after->ref, pointer);
    if (truth != nullptr && truth->fought) return;  // others take away too
    const std::int64_t percent = percent_of(scene, written.after->ref.name);
    auto& drops = drops_[written.after->ref];
    drops.emplace_back(scene.cluster.now(), *before - *after);
    std::int64_t sum = 0;
    for (const auto& [at, drop] : drops) {
      if (scene.cluster.now() - at < std::chrono::seconds(55)) sum += drop;
    }
    const std::int64_t allowed = std::max<std::int64_t>(1, (peak * percent + 99) / 100);
    if (sum > allowed) {
      complain(scene,
               written.after->ref.name + ": " + std::to_string(sum) + " of " +
                   std::to_string(peak) + " taken away within a minute, " +
                   std::to_string(allowed) + " allowed");
    }
    look_for_more(scene, written, *before);
  }

 private:
  /// What stabilization keeps above the floor goes at once when it is over.
  void look_for_more(const Scene& scene, const Written& written, std::int64_t floor) {
    if (*ceiling_field(written.after->ref) == '\0' || !scene.world.seen()) return;
    const auto& seen = *scene.world.seen();
    const auto* window = std::get_if<planner::Window>(&seen.observation.window);
    const Duration timeout = written.event.spec->capacity.restore_timeout.value;
    if (window == nullptr) return;
    const Instant end =
        decided_on(scene.cluster, written.event.ref, window->start, window->end).end;
    if (seen.now >= end + (window->restored_by - window->end) + timeout) return;
    // Of a workload that is gone the autoscaler only remembers.
    const std::string workload = written.before->tree.text_at("/spec/scaleTargetRef/name");
    if (!scene.cluster.api().live(simulator::deployment_ref(written.after->ref.ns, workload)))
      return;
    const auto status = status_for(scene, written);
    if (!status) return;
    const std::int64_t current = status->number("/status/currentReplicas", 0);
    const auto wanted = wanted_of(*status, current);
    if (current <= floor || !wanted || *wanted >= floor || !is_stabilised(*status)) return;
    complain(scene,
             written.after->ref.name + ": lowered below " + std::to_string(floor) + " while " +
                 std::to_string(current) + " are still kept, " + std::to_string(*wanted) +
                 " of them by load");
  }
  static bool is_stabilised(const Tree& autoscaler) {
    const Tree* conditions = autoscaler.at("/status/conditions");
    if (conditions == nullptr) return false;
    const auto& all = conditions->elements();
    return std::any_of(all.begin(), all.end(), [](const Tree& one) {
      return one.text_at("/type") == "AbleToScale" &&
             one.text_at("/reason") == "ScaleDownStabilized";
    });
  }
  /// The most that any event allows for a workload, those that overlap added up; 10 where none
  /// names it any more.
  static std::int64_t percent_of(const Scene& scene, const std::string& workload) {
    std::int64_t sum = 0;
    for (const ObjectRef& ref : scene.cluster.api().objects("doorbuster.dev", "SaleEvent")) {
      std::int64_t most = 0;
      for (const StoredPtr& version : scene.cluster.api().history(ref)) {
        const Tree* targets = version->tree.at("/spec/capacity/targets");
        if (targets == nullptr) continue;
        for (const Tree& target : targets->elements()) {
          if (target.text_at("/ref/name") == workload)
            most = std::max(most, target.number("/ramp/down/maxPercentPerMinute", 10));
        }
      }
      sum += most;
    }
    return sum == 0 ? 10 : sum;
  }
  std::map<ObjectRef, std::int64_t> peaks_;
  std::map<ObjectRef, std::vector<std::pair<Instant, std::int64_t>>> drops_;
};

class FullFloorByStart : public Oracle {
 public:
  const char* name() const override { return "FullFloorByStart"; }
  const char* sentence() const override {
    return "from start to end the full floor is in force, unless something disturbs the operator "
           "just now";
  }
  void at_instant(const Scene& scene) override {
    const Instant now = scene.cluster.now();
    if (now < scene.truth.calm_at) return;
    for (const ObjectRef& ref : scene.cluster.api().objects("doorbuster.dev", "SaleEvent")) {
      const StoredPtr event = scene.cluster.api().live(ref);
      if (!event || event->deleting() || now - event->at < std::chrono::seconds(0)) continue;
      const Tree& spec = *event->tree.at("/spec");
      const auto start = parse_rfc3339(spec.text_at("/window/start")),
                 end = parse_rfc3339(spec.text_at("/window/end"));
      const auto created = parse_rfc3339(event->tree.text_at("/metadata/creationTimestamp"));
      if (!start || !end || now >= decided_on(scene.cluster, ref, *start, *end).end ||
          now < std::max(*start, *created + std::chrono::seconds(90)))
        continue;
      if (spec.text_at("/mode") == "DryRun" || spec.at("/suspend") != nullptr) continue;
      for (const Tree& target : spec.at("/capacity/targets")->elements())
        check(scene, *event, target, *start);
    }
  }

 private:
  void check(const Scene& scene,
             const simulator::Stored& event,
             const Tree& target,
             Instant start) {
    const std::string workload = target.text_at("/ref/name");
    const StoredPtr deployment =
        scene.cluster.api().live(simulator::deployment_ref(event.ref.ns, workload));
    if (!deployment || deployment->tree.number("/spec/replicas", 0) == 0) return;
    const StoredPtr scaler = scene.cluster.api().live(scaler_of(scene.cluster, deployment->ref));
    const StoredPtr held = scaler ? scaler : deployment;
    const FieldTruth* truth = scene.truth.field(held->ref, floor_field(held->ref));
    const FieldTruth* ceiling = scene.truth.field(held->ref, ceiling_field(held->ref));
    if (truth == nullptr || truth->fought || (ceiling != nullptr && ceiling->fought)) return;
    if (scene.truth.spoilt.contains(held->ref) || scene.truth.spoilt.contains(deployment->ref))
      return;
    const auto need = needed_at(
        target, row_of(*event.status, target.text_at("/name")), start, scene.cluster.now());
    const std::int64_t now = number(truth->live).value_or(0);
    if (!need) complain(scene, workload + ": a floor is not even known");
    if (need && now < *need)
      complain(scene,
               workload + ": floor " + std::to_string(now) + " of " + std::to_string(*need) +
                   " in mid-sale");
  }
};

}  // namespace

std::vector<std::unique_ptr<Oracle>> oracles_of_values() {
  std::vector<std::unique_ptr<Oracle>> out;
  out.push_back(std::make_unique<BaselineRestored>());
  out.push_back(std::make_unique<FloorNotBelow>());
  out.push_back(std::make_unique<CapacityKept>());
  out.push_back(std::make_unique<NotBelowWanted>());
  out.push_back(std::make_unique<NoCliff>());
  out.push_back(std::make_unique<FullFloorByStart>());
  return out;
}

}  // namespace doorbuster::simulation
