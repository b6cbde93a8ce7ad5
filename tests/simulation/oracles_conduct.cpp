// Oracles of how the operator behaves.
#include <algorithm>

#include "controllers/planner/ledger.h"
#include "tests/simulation/oracles.h"

namespace doorbuster::simulation {

namespace {

std::size_t holders_in(const Tree& object) {
  const std::string text = object.text_at(kAnnotation);
  if (text.empty()) return 0;
  const planner::Ledger ledger = planner::read_ledger(&text);
  std::size_t count = 0;
  for (const auto& [path, held] : ledger.fields) count += held.holders.size();
  return count;
}

}  // namespace

Change change_of(const planner::Write& write, const Tree& before) {
  Change out;
  if (write.type == planner::Write::Type::Json) {
    out.releases = true;
    return out;
  }
  Tree after = before;
  after.merge(Tree::parse(write.patch.text));
  for (const char* pointer : {kMin, kMax, kReplicas}) {
    const auto was = number(before.value_at(pointer)), is = number(after.value_at(pointer));
    if (was && (!is || *is < *was)) out.lowers = true;
  }
  out.releases = holders_in(after) < holders_in(before);
  return out;
}

namespace {

class NoWriteSuspended : public Oracle {
 public:
  const char* name() const override { return "NoWriteSuspended"; }
  const char* sentence() const override {
    return "a suspended event, a dry run and a spec that is not accepted write nothing but status, unless they are deleted";
  }
  void on_perform(const Scene& scene, const planner::Event& event, const planner::Write& write) override {
    if (event.uid.empty() || event.deleting) return;
    if (!event.spec) return complain(scene, write.object.name + " written without an accepted spec");
    if (event.spec->suspend) complain(scene, write.object.name + " written while suspended");
    if (event.spec->mode == api::Mode::DryRun) complain(scene, write.object.name + " written in a dry run");
  }
};

class OneWrite : public Oracle {
 public:
  const char* name() const override { return "OneWrite"; }
  const char* sentence() const override { return "a round writes an object at most once, and only what the event names"; }
  void before_round(const Scene&) override { written_.clear(); }
  void on_perform(const Scene& scene, const planner::Event& event, const planner::Write& write) override {
    if (event.uid.empty()) return;
    if (!written_.insert(write.object).second) complain(scene, write.object.name + " written twice in one round");
    if (!named(event, write.object)) complain(scene, write.object.name + " is not named by " + event.ref.name);
  }

 private:
  static bool named(const planner::Event& event, const ObjectRef& object) {
    if (event.spec) {
      for (const auto& target : event.spec->capacity.targets) {
        if (object.ns == event.ref.ns && target.ref.name == object.name) return true;
      }
      for (const auto& hold : event.spec->holds) {
        if (hold.object.name == object.name && hold.object.kind == object.kind) return true;
      }
    }
    const auto& rows = event.status.holds;
    return std::any_of(rows.begin(), rows.end(), [&](const auto& row) { return row.object.name == object.name; });
  }
  std::set<ObjectRef> written_;
};

class Guarded : public Oracle {
 public:
  const char* name() const override { return "Guarded"; }
  const char* sentence() const override { return "every write carries the uid and the version that it was decided on"; }
  void on_perform(const Scene& scene, const planner::Event&, const planner::Write& write) override {
    const Tree patch = Tree::parse(write.patch.text);
    const auto tested = [&](const char* pointer, const std::string& value) {
      if (write.type == planner::Write::Type::Merge) return patch.text_at(pointer) == value;
      return std::any_of(patch.elements().begin(), patch.elements().end(), [&](const Tree& one) {
        const std::string op = one.text_at("/op");
        return (op == "test" || op == "replace") && one.text_at("/path") == pointer && one.text_at("/value") == value;
      });
    };
    if (write.only_if_uid.empty() || !tested("/metadata/uid", write.only_if_uid)) {
      complain(scene, write.object.name + ": no uid guard in " + write.patch.text);
    }
    if (write.only_if_version.empty() || !tested("/metadata/resourceVersion", write.only_if_version)) {
      complain(scene, write.object.name + ": no version guard in " + write.patch.text);
    }
  }
};

class SilenceIsNotRelease : public Oracle {
 public:
  const char* name() const override { return "SilenceIsNotRelease"; }
  const char* sentence() const override {
    return "whatever single fact is blanked to Unread, no effect lowers capacity or lets go because of it";
  }
  void after_round(const Scene& scene) override {
    if (!scene.world.seen()) return;
    const auto& seen = *scene.world.seen();
    const planner::Plan whole = scene.plan(*seen.event, seen.observation, scene.setup, seen.now);
    for (const auto& [ref, fact] : seen.observation.objects) {
      if (std::holds_alternative<planner::Unread>(fact)) continue;
      planner::Observation blanked = seen.observation;
      blanked.objects[ref] = planner::Unread{.why = "blanked"};
      check(scene, whole, blanked, {ref}, doorbuster::to_text(ref));
    }
    for (const auto& [ref, fact] : seen.observation.autoscalers) {
      planner::Observation blanked = seen.observation;
      blanked.autoscalers[ref] = planner::Unread{.why = "blanked"};
      std::set<ObjectRef> about{ref};
      if (const auto* known = std::get_if<planner::Autoscalers>(&fact)) about.insert(known->objects.begin(), known->objects.end());
      check(scene, whole, blanked, about, "the autoscalers of " + doorbuster::to_text(ref));
    }
    for (const auto& [kind, fact] : seen.observation.kinds) {
      planner::Observation blanked = seen.observation;
      blanked.kinds[kind] = planner::KindUnread{.why = "blanked"};
      check(scene, whole, blanked, {}, "kind " + kind.second);
    }
    for (const auto& [id, answer] : seen.observation.answers) {
      planner::Observation blanked = seen.observation;
      blanked.answers[id] = planner::Answer{.at = answer.at, .says = planner::Answer::Says::Unknown, .why = "blanked"};
      check(scene, whole, blanked, {}, "answer " + id);
    }
    planner::Observation blanked = seen.observation;
    blanked.window = Error{.kind = ErrorKind::Unavailable, .message = "blanked"};
    check(scene, whole, blanked, {}, "the window");
    blanks += seen.observation.objects.size() + seen.observation.autoscalers.size() + seen.observation.kinds.size() +
              seen.observation.answers.size() + 1;
  }
  std::size_t blanks = 0;

 private:
  void check(const Scene& scene, const planner::Plan& whole, const planner::Observation& blanked,
             const std::set<ObjectRef>& about, const std::string& what) {
    const auto& seen = *scene.world.seen();
    const planner::Plan plan = scene.plan(*seen.event, blanked, scene.setup, seen.now);
    for (const planner::Write& write : plan.writes) {
      const auto fact = seen.observation.objects.find(write.object);
      if (fact == seen.observation.objects.end()) continue;
      const auto* present = std::get_if<std::shared_ptr<const planner::Present>>(&fact->second);
      if (present == nullptr) continue;
      const bool same = std::any_of(whole.writes.begin(), whole.writes.end(), [&](const planner::Write& one) {
        return one.object == write.object && one.patch == write.patch;
      });
      if (same && !about.contains(write.object)) continue;
      const Change change = change_of(write, Tree::of((*present)->object->root()));
      if (change.lowers) complain(scene, "with " + what + " blanked, " + write.object.name + " is lowered: " + write.patch.text);
      if (change.releases) complain(scene, "with " + what + " blanked, " + write.object.name + " is let go: " + write.patch.text);
    }
    if (plan.finalizer && !plan.finalizer->present && !(whole.finalizer && !whole.finalizer->present)) {
      complain(scene, "with " + what + " blanked, the finalizer goes");
    }
  }
};

class Converges : public Oracle {
 public:
  const char* name() const override { return "Converges"; }
  const char* sentence() const override {
    return "after the last disturbance everything comes to rest, and then nothing is written, not even after a restart";
  }
  void at_end(const Scene& scene) override {
    if (!scene.ending.quiet) complain(scene, "does not come to rest: " + scene.ending.busy);
    if (scene.ending.late_requests > 0) {
      complain(scene, std::to_string(scene.ending.late_requests) + " requests although nothing was due");
    }
  }
};

class DeletionNotBlocked : public Oracle {
 public:
  const char* name() const override { return "DeletionNotBlocked"; }
  const char* sentence() const override { return "a deleted event goes, whatever is missing or forbidden"; }
  void at_end(const Scene& scene) override {
    if (!scene.ending.quiet || !scene.truth.spoilt.empty()) return;
    for (const ObjectRef& ref : scene.cluster.api().objects("doorbuster.dev", "SaleEvent")) {
      const StoredPtr event = scene.cluster.api().live(ref);
      if (event && event->deleting()) complain(scene, ref.name + " is still being deleted: " + event->status->message);
    }
  }
};

}  // namespace

std::vector<std::unique_ptr<Oracle>> oracles_of_conduct() {
  std::vector<std::unique_ptr<Oracle>> out;
  out.push_back(std::make_unique<NoWriteSuspended>());
  out.push_back(std::make_unique<OneWrite>());
  out.push_back(std::make_unique<Guarded>());
  out.push_back(std::make_unique<SilenceIsNotRelease>());
  out.push_back(std::make_unique<Converges>());
  out.push_back(std::make_unique<DeletionNotBlocked>());
  return out;
}

std::vector<std::unique_ptr<Oracle>> all_oracles() {
  std::vector<std::unique_ptr<Oracle>> out = oracles_of_values();
  for (auto& one : oracles_of_conduct()) out.push_back(std::move(one));
  for (auto& one : oracles_of_memory()) out.push_back(std::move(one));
  return out;
}

}  // namespace doorbuster::simulation
