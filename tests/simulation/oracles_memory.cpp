// Oracles of what is remembered and said.
#include "controllers/planner/ledger.h"
#include "tests/simulation/oracles.h"
#include "tests/simulation/releases.h"

#include <algorithm>

namespace doorbuster::simulation {
namespace {

planner::Ledger record_of(const Tree& object) {
  if (object.at(kAnnotation) == nullptr) return {};
  const std::string text = object.text_at(kAnnotation);
  return planner::read_ledger(&text);
}

bool holds_for(const planner::Ledger& record, const std::string& uid) {
  return std::any_of(record.fields.begin(), record.fields.end(), [&](const auto& field) {
    return std::any_of(field.second.holders.begin(),
                       field.second.holders.end(),
                       [&](const auto& holder) { return holder.first.uid == uid; });
  });
}

const planner::Document* seen_document(const Scene& scene, const ObjectRef& ref) {
  const auto* seen = seen_object(scene.world.seen()->observation, ref);
  return seen == nullptr ? nullptr : seen->object.get();
}

class StatusTruthful : public Oracle {
 public:
  const char* name() const override { return "StatusTruthful"; }
  const char* sentence() const override { return "status never claims what was not seen"; }
  void on_publish(const Scene& scene,
                  const planner::Event& event,
                  const api::SaleEventStatus& status) override {
    if (!scene.world.seen()) return;
    check_holds(scene, event.status, status);
    check_targets(scene, event, status);
    for (const auto& condition : status.conditions) {
      if (condition.type == "Restored" && condition.status == api::ConditionStatus::True)
        check_restored(scene, event);
    }
  }

 private:
  void check_holds(const Scene& scene,
                   const api::SaleEventStatus& before,
                   const api::SaleEventStatus& status) {
    for (const auto& row : status.holds) {
      // What was said before and is only kept (a field that was restored some time ago) is no claim
      // about now.
      if (std::find(before.holds.begin(), before.holds.end(), row) != before.holds.end()) continue;
      const ObjectRef ref{row.object.group, row.object.kind, row.object.ns, row.object.name};
      const auto* object = seen_document(scene, ref);
      if (object == nullptr || object->string("/metadata/uid") != row.uid) continue;
      const Value live = object->at(row.field);
      if (row.live && !equal_values(row.live, live)) {
        complain(scene,
                 ref.name + row.field + " is said to be " + shown(row.live) + ", seen was " +
                     shown(live));
      }
      if (row.state == "Restored" && !equal_values(live, row.baseline)) {
        complain(scene, ref.name + row.field + " is said to be restored, seen was " + shown(live));
      }
    }
  }
  void check_targets(const Scene& scene,
                     const planner::Event& event,
                     const api::SaleEventStatus& status) {
    if (!event.spec) return;
    for (const auto& row : status.targets) {
      const auto& old = event.status.targets;
      if (std::find(old.begin(), old.end(), row) != old.end())
        continue;  // kept, not looked at again
      for (const auto& target : event.spec->capacity.targets) {
        if (target.name != row.name) continue;
        const auto* workload =
            seen_document(scene, simulator::deployment_ref(event.ref.ns, target.ref->name));
        if (workload == nullptr) continue;
        const std::int64_t ready = workload->integer("/status/readyReplicas").value_or(0);
        if (row.ready && *row.ready != ready)
          complain(scene, row.name + ": ready is not what was seen");
        const auto floor = seen_floor(scene, event.ref.ns, target.ref->name, *workload);
        if (row.state == "Held" && row.floor && floor && *floor < *row.floor && !yielded(status)) {
          complain(
              scene,
              row.name + " is said to be held at its floor, seen was " + std::to_string(*floor));
        }
      }
    }
  }
  static std::optional<std::int64_t> seen_floor(const Scene& scene,
                                                const std::string& ns,
                                                const std::string& name,
                                                const planner::Document& workload) {
    for (const ObjectRef& ref :
         {simulator::scaled_ref(ns, name), simulator::autoscaler_ref(ns, name)}) {
      if (const auto* scaler = seen_document(scene, ref)) return scaler->integer(floor_field(ref));
    }
    return workload.integer(kReplicas);
  }
  static bool yielded(const api::SaleEventStatus& status) {
    return std::any_of(status.holds.begin(), status.holds.end(), [](const auto& row) {
      return row.state != "Held";
    });
  }
  void check_restored(const Scene& scene, const planner::Event& event) {
    for (const auto& [ref, fact] : scene.world.seen()->observation.objects) {
      const auto* present = std::get_if<std::shared_ptr<const planner::Present>>(&fact);
      if (present == nullptr || scene.truth.spoilt.contains(ref)) continue;
      // What goes with its namespace is not put back.
      if (scene.world.seen()->observation.namespace_terminating && ref.ns == event.ref.ns) continue;
      const std::string text = (*present)->object->string(kAnnotation);
      if (text.empty()) continue;
      const planner::Ledger record = planner::read_ledger(&text);
      // A record that somebody copied from another object holds nothing here.
      if (record.uid != (*present)->uid || !holds_for(record, event.uid)) continue;
      complain(scene, "Restored is said while " + ref.name + " is seen to be held");
    }
  }
};

class LearnedHonest : public Oracle {
 public:
  const char* name() const override { return "LearnedHonest"; }
  const char* sentence() const override {
    return "a new peak is what was seen, and a step counts as ready only when enough of it is";
  }
  void on_publish(const Scene& scene,
                  const planner::Event& event,
                  const api::SaleEventStatus& status) override {
    if (!scene.world.seen() || !event.spec) return;
    for (const auto& row : status.targets) {
      for (const auto& target : event.spec->capacity.targets) {
        if (target.name != row.name || !target.ref) continue;
        const auto* workload =
            seen_document(scene, simulator::deployment_ref(event.ref.ns, target.ref->name));
        if (workload == nullptr) continue;
        check(scene,
              target,
              before(event.status, row.name),
              row,
              workload->integer("/status/readyReplicas").value_or(0));
      }
    }
  }

 private:
  static api::LearnedStatus before(const api::SaleEventStatus& status, const std::string& name) {
    for (const auto& row : status.targets) {
      if (row.name == name) return row.learned;
    }
    return {};
  }
  void check(const Scene& scene,
             const api::TargetSpec& target,
             const api::LearnedStatus& old,
             const api::TargetStatus& row,
             std::int64_t ready) {
    if (row.learned.peak_ready && row.learned.peak_ready != old.peak_ready &&
        *row.learned.peak_ready != ready)
      complain(scene, row.name + ": the peak is not what was seen");
    for (const auto& step : row.learned.steps) {
      if (std::find(old.steps.begin(), old.steps.end(), step) != old.steps.end()) continue;
      const bool enough = ready * 100 >= step.floor * target.ramp.up.ready_percent;
      if (step.ready_after_seconds.has_value() == enough) continue;
      complain(scene, row.name + ": whether a step is ready is not what was seen");
    }
  }
};

class BaselineHonest : public Oracle {
 public:
  const char* name() const override { return "BaselineHonest"; }
  const char* sentence() const override {
    return "a value that the operator applied never becomes a baseline, but where an event left it "
           "for good while something held on";
  }
  void on_written(const Scene& scene, const Written& written) override {
    const planner::Ledger before =
        written.before ? record_of(written.before->tree) : planner::Ledger{};
    for (const auto& [path, held] : record_of(written.after->tree).fields) {
      const FieldTruth* truth = scene.truth.field(written.after->ref, path.pointer);
      if (truth == nullptr || contains(truth->legit, held.baseline)) continue;
      // Judged when it was first recorded, maybe for another event: whoever joins keeps it.
      const auto old = before.fields.find(path);
      const bool kept = old != before.fields.end() && old->second.baseline == held.baseline;
      const bool orphans =
          written.event.spec && written.event.spec->deletion_policy == api::DeletionPolicy::Orphan;
      if (held.first && contains(truth->legit, *held.first) && (kept || orphans)) continue;
      if (written.after->ref.kind == "Deployment" && kept) continue;
      if (written.after->ref.kind == "Deployment") {
        // What normally ran stands in where our own floor had raised the replicas.
        const auto& rows = written.event.status.targets;
        const auto baseline = number(held.baseline);
        if (std::any_of(rows.begin(), rows.end(), [&](const auto& row) {
              return row.usual && row.usual == baseline;
            }))
          continue;
      }
      complain(scene,
               written.after->ref.name + path.pointer + " has baseline " + shown(held.baseline));
    }
  }
};

class RemembersFirst : public Oracle {
 public:
  const char* name() const override { return "RemembersFirst"; }
  const char* sentence() const override {
    return "no field is changed before the second copy of what it was is stored";
  }
  void on_perform(const Scene& scene,
                  const planner::Event& event,
                  const planner::Write& write) override {
    const StoredPtr object = scene.cluster.api().live(write.object);
    if (event.uid.empty() || !object || write.type != planner::Write::Type::Merge) return;
    Tree after = object->tree;
    after.merge(Tree::parse(write.patch.text));
    for (const std::string& pointer : holdable(write.object)) {
      if (object->tree.value_at(pointer) == after.value_at(pointer) ||
          known(scene, write.object, pointer))
        continue;
      complain(scene, write.object.name + pointer + " is written and status does not know of it");
    }
  }

 private:
  /// By the status of any event: who lets go while another holds on leaves the remembering to the
  /// other.
  static bool known(const Scene& scene, const ObjectRef& object, const std::string& pointer) {
    for (const ObjectRef& ref : scene.cluster.api().objects("doorbuster.dev", "SaleEvent")) {
      const StoredPtr stored = scene.cluster.api().live(ref);
      if (!stored) continue;
      for (const auto& row : stored->status->holds) {
        const bool same = row.object.name == object.name && row.object.kind == object.kind &&
                          row.field == pointer;
        if (same && !row.copy.empty()) return true;
      }
    }
    return false;
  }
};

class FinalizerWhileHeld : public Oracle {
 public:
  const char* name() const override { return "FinalizerWhileHeld"; }
  const char* sentence() const override {
    return "the finalizer is on the event while, and only while, something is held";
  }
  void on_written(const Scene& scene, const Written& written) override {
    const StoredPtr event = scene.cluster.api().live(written.event.ref);
    if (written.event.uid.empty() || !event || event->uid() != written.event.uid) return;
    if (!holds_for(record_of(written.after->tree), written.event.uid)) return;
    if (!has_finalizer(*event))
      complain(scene, written.after->ref.name + " is held without finalizer");
  }
  void at_end(const Scene& scene) override {
    if (!scene.ending.quiet || !scene.truth.spoilt.empty()) return;
    for (const ObjectRef& ref : scene.cluster.api().objects("doorbuster.dev", "SaleEvent")) {
      const StoredPtr event = scene.cluster.api().live(ref);
      if (event && has_finalizer(*event))
        complain(scene, ref.name + " keeps its finalizer although all is over");
    }
  }

 private:
  static bool has_finalizer(const simulator::Stored& event) {
    const Tree* list = event.tree.at("/metadata/finalizers");
    if (list == nullptr) return false;
    return std::any_of(list->elements().begin(), list->elements().end(), [](const Tree& one) {
      return one.print() == quoted(planner::kFinalizer);
    });
  }
};

class LeavesNoTrace : public Oracle {
 public:
  const char* name() const override { return "LeavesNoTrace"; }
  const char* sentence() const override {
    return "when all is over no annotation, label or managedFields entry of ours is left, and "
           "untouched objects are as before";
  }
  void at_end(const Scene& scene) override {
    if (!scene.ending.quiet) return;
    for (const simulator::ServedKind& kind : scene.cluster.api().kinds) {
      if (kind.group == api::kGroup) continue;
      for (const ObjectRef& ref : scene.cluster.api().objects(kind.group, kind.kind)) {
        const StoredPtr object = scene.cluster.api().live(ref);
        if (object && !scene.truth.spoilt.contains(ref)) check(scene, *object);
      }
    }
  }

 private:
  /// A rollout undone brings back the annotation of an old ReplicaSet and no label. Once its events
  /// are gone nothing leads to it: the sweep goes by the label (hack/decisions/0008).
  static bool brought_by_others(const Scene& scene, const simulator::Stored& object) {
    if (object.tree.at(kLabel) != nullptr) return false;
    for (const auto& [writer, owned] : object.owners) {
      if (writer.manager == planner::kFieldManager && owned.leaves.contains(kAnnotation))
        return false;
    }
    const planner::Ledger record = record_of(object.tree);
    for (const ObjectRef& ref : scene.cluster.api().objects("doorbuster.dev", "SaleEvent")) {
      const StoredPtr event = scene.cluster.api().live(ref);
      if (event && holds_for(record, event->uid())) return false;
    }
    return true;
  }

  void check(const Scene& scene, const simulator::Stored& object) {
    const std::string name = object.ref.kind + " " + object.ref.name;
    if (object.tree.at(kAnnotation) != nullptr && !brought_by_others(scene, object))
      complain(scene, name + " still has our annotation");
    if (object.tree.at(kLabel) != nullptr) complain(scene, name + " still has our label");
    for (const auto& [writer, owned] : object.owners) {
      if (writer.manager == planner::kFieldManager && !scene.truth.trace_left.contains(object.ref))
        complain(scene, name + " still has our managedFields entry");
    }
    const auto& versions = scene.cluster.api().history(object.ref);
    const auto first = std::find_if(versions.begin(), versions.end(), [&](const StoredPtr& one) {
      return one->uid() == object.uid();
    });
    // Of a route: RouteBackAtTheEnd.
    if (object.ref.kind == "Deployment" || is_route(object.ref) || is_made_by_keda(object.ref))
      return;
    for (const std::string& pointer : holdable(object.ref)) {
      const FieldTruth* truth = scene.truth.field(object.ref, pointer);
      if (truth != nullptr && truth->touched) return;
    }
    if (!(*object.tree.at("/spec") == *(*first)->tree.at("/spec"))) {
      complain(scene, name + " has another spec than before: " + object.tree.at("/spec")->print());
    }
  }
};

class SuccessorAdopts : public Oracle {
 public:
  const char* name() const override { return "SuccessorAdopts"; }
  const char* sentence() const override {
    return "no write of an event leaves a hold to a dead event of the same namespace and name";
  }
  void on_written(const Scene& scene, const Written& written) override {
    if (written.event.uid.empty()) return;
    const std::string own = written.event.ref.ns + "/" + written.event.ref.name;
    for (const auto& [path, held] : record_of(written.after->tree).fields) {
      for (const auto& [holder, ask] : held.holders) {
        if (holder.event != own || holder.uid == written.event.uid) continue;
        complain(scene,
                 written.after->ref.name + path.pointer + " is still held for " + holder.uid +
                     ", which was " + own + " before");
      }
    }
  }
};

}  // namespace

std::vector<std::unique_ptr<Oracle>> oracles_of_memory() {
  std::vector<std::unique_ptr<Oracle>> out;
  out.push_back(std::make_unique<StatusTruthful>());
  out.push_back(std::make_unique<LearnedHonest>());
  out.push_back(std::make_unique<BaselineHonest>());
  out.push_back(std::make_unique<RemembersFirst>());
  out.push_back(std::make_unique<FinalizerWhileHeld>());
  out.push_back(std::make_unique<LeavesNoTrace>());
  out.push_back(std::make_unique<SuccessorAdopts>());
  return out;
}

}  // namespace doorbuster::simulation
