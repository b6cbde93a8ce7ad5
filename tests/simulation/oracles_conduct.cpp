// Oracles of how the operator behaves.
#include "controllers/planner/buffer.h"
#include "controllers/planner/ledger.h"
#include "controllers/planner/router.h"
#include "tests/simulation/releases.h"

#include <algorithm>

namespace doorbuster::simulation {

namespace {

/// Of kinds that this simulation knows as children only.
bool is_child(const ObjectRef& object) {
  return object.kind == "DaemonSet" || object.kind == planner::kBufferKind || is_candidate(object);
}

std::set<std::string> holders_in(const Tree& object) {
  std::set<std::string> out;
  const std::string text = object.text_at(kAnnotation);
  if (text.empty()) return out;
  for (const auto& [path, held] : planner::read_ledger(&text).fields) {
    for (const auto& [holder, ask] : held.holders)
      out.insert(path.pointer + " " + holder.feature + "/" + holder.name + " of " + holder.uid);
  }
  return out;
}

}  // namespace

const planner::Present* seen_object(const planner::Observation& seen, const ObjectRef& ref) {
  for (const auto& [asked, fact] : seen.objects) {
    if (simulator::served(asked) != ref) continue;
    if (const auto* present = std::get_if<std::shared_ptr<const planner::Present>>(&fact))
      return present->get();
  }
  return nullptr;
}

Change change_of(const planner::Write& write, const Tree& before) {
  Change out;
  if (write.type == planner::Write::Type::Json) {
    // Where no record is, nothing is held: the last trace of what was let go of goes.
    if (before.at(kAnnotation) != nullptr) out.released.insert("trace");
    return out;
  }
  Tree after = before;
  after.merge(Tree::parse(write.patch.text));
  for (const char* pointer : kCapacityFields) {
    const auto was = number(before.value_at(pointer)), is = number(after.value_at(pointer));
    if (was && (!is || *is < *was)) out.lowered[pointer] = is.value_or(0);
  }
  const char* field = is_route(write.object) ? field_of(write.object) : kRules;
  if (!(before.value_at(field) == after.value_at(field))) out.rules = after.value_at(field);
  const auto kept = holders_in(after);
  for (const std::string& one : holders_in(before)) {
    if (!kept.contains(one)) out.released.insert(one);
  }
  return out;
}

namespace {

class NoWriteSuspended : public Oracle {
 public:
  const char* name() const override { return "NoWriteSuspended"; }
  const char* sentence() const override {
    return "a suspended event, a dry run and a spec that is not accepted write nothing but status, "
           "unless they are deleted, aborted or told to restore";
  }
  void on_perform(const Scene& scene,
                  const planner::Event& event,
                  const planner::Write& write) override {
    if (event.uid.empty() || event.deleting || told_to_let_go(scene, event) ||
        is_way_back(scene, event, write))
      return;
    if (!event.spec)
      return complain(scene, write.object.name + " written without an accepted spec");
    // By the event as the server had it, of the generation that the round read.
    for (const StoredPtr& version : scene.cluster.api().history(event.ref)) {
      if (version->uid() != event.uid ||
          version->tree.number("/metadata/generation", 0) != event.generation)
        continue;
      if (version->tree.at("/spec/suspend") != nullptr)
        complain(scene, write.object.name + " written while suspended");
      if (version->tree.text_at("/spec/mode") == "DryRun")
        complain(scene, write.object.name + " written in a dry run");
      return;
    }
  }

 private:
  /// A release goes back whatever rests (DESIGN.md section 5).
  static bool is_way_back(const Scene& scene,
                          const planner::Event& event,
                          const planner::Write& write) {
    const StoredPtr now = scene.cluster.api().live(write.object);
    if (!now) return false;
    if (const auto size = sized_to(write))
      return serves_by_pods(*now) && *size < now->tree.number(kReplicas, 0);
    const bool promoting =
        write.object.kind == "Deployment" && decided(event.status, "RolloutPassed");
    // The last trace of us, once the template is back.
    if (write.type != planner::Write::Type::Merge) return promoting;
    Tree after = now->tree;
    after.merge(Tree::parse(write.patch.text));
    if (is_route(write.object)) return candidate_share(after) <= candidate_share(now->tree);
    if (*ceiling_field(write.object) != 0) {
      const char* floor = floor_field(write.object);
      return has_candidate(scene) && after.number(floor, 1) >= now->tree.number(floor, 1);
    }
    return promoting && after.value_at(kReplicas) == now->tree.value_at(kReplicas);
  }
  static bool has_candidate(const Scene& scene) {
    const auto all = scene.cluster.api().objects("apps", "Deployment");
    return std::any_of(all.begin(), all.end(), [&](const ObjectRef& one) {
      return is_candidate(one) && scene.cluster.api().live(one);
    });
  }
  static bool told_to_let_go(const Scene& scene, const planner::Event& event) {
    const auto* window = std::get_if<planner::Window>(&scene.world.seen()->observation.window);
    if (window == nullptr) return false;
    const Decided decided = decided_on(scene.cluster, event.ref, window->start, window->end);
    return decided.aborted || decided.restored;
  }
};

class OneWrite : public Oracle {
 public:
  const char* name() const override { return "OneWrite"; }
  const char* sentence() const override {
    return "a round writes an object at most once, and only what the event names";
  }
  void before_round(const Scene&) override { written_.clear(); }
  void on_perform(const Scene& scene,
                  const planner::Event& event,
                  const planner::Write& write) override {
    if (event.uid.empty()) return;
    if (!written_.insert(write.object).second)
      complain(scene, write.object.name + " written twice in one round");
    if (!named(event, write.object))
      complain(scene, write.object.name + " is not named by " + event.ref.name);
  }

 private:
  static bool named(const planner::Event& event, const ObjectRef& object) {
    // oracles_children.cpp
    if (object.ns == kOperatorNamespace || is_child(object)) return true;
    if (event.spec) {
      for (const auto& target : event.spec->capacity.targets) {
        if (object.ns == event.ref.ns && target.ref->name == object.name) return true;
      }
      for (const auto& one : event.spec->rollouts) {
        if (object.name == one.target.name ||
            object == planner::router_asked(one.traffic, event.ref.ns).object)
          return true;
      }
      for (const auto& hold : event.spec->holds) {
        if (hold.object.name == object.name && hold.object.kind == object.kind) return true;
      }
    }
    const auto& rows = event.status.holds;
    return std::any_of(
        rows.begin(), rows.end(), [&](const auto& row) { return row.object.name == object.name; });
  }
  std::set<ObjectRef> written_;
};

class Guarded : public Oracle {
 public:
  const char* name() const override { return "Guarded"; }
  const char* sentence() const override {
    return "every write carries the uid and the version that it was decided on";
  }
  void on_perform(const Scene& scene, const planner::Event&, const planner::Write& write) override {
    const Tree patch = Tree::parse(write.patch.text);
    const auto tested = [&](const char* pointer, const std::string& value) {
      if (write.type == planner::Write::Type::Merge) return patch.text_at(pointer) == value;
      return std::any_of(patch.elements().begin(), patch.elements().end(), [&](const Tree& one) {
        const std::string op = one.text_at("/op");
        return (op == "test" || op == "replace") && one.text_at("/path") == pointer &&
               one.text_at("/value") == value;
      });
    };
    if (write.only_if_uid.empty() || !tested("/metadata/uid", write.only_if_uid)) {
      complain(scene, write.object.name + ": no uid guard in " + write.patch.text);
    }
    if (write.only_if_version.empty() ||
        !tested("/metadata/resourceVersion", write.only_if_version)) {
      complain(scene, write.object.name + ": no version guard in " + write.patch.text);
    }
  }
};

class SilenceIsNotRelease : public Oracle {
 public:
  const char* name() const override { return "SilenceIsNotRelease"; }
  const char* sentence() const override {
    return "whatever single fact is blanked to Unread, no effect lowers capacity or lets go "
           "because of it";
  }
  void before_round(const Scene&) override { writes_ = false; }
  void on_perform(const Scene&, const planner::Event&, const planner::Write&) override {
    writes_ = true;
  }
  void after_round(const Scene& scene) override {
    // A round that could not even read its event has looked at nothing.
    if (!scene.world.seen() || scene.world.seen()->event == last_) return;
    const auto& seen = *scene.world.seen();
    last_ = seen.event;
    // Every fact where something was written; one, in turn, where nothing was.
    const std::vector<Blank> blanks =
        blanks_of(seen.observation, writes_ ? std::nullopt : std::optional(turn_++));
    std::optional<planner::Plan> whole;
    for (const Blank& blank : blanks) {
      const planner::Plan plan = scene.plan(*seen.event, blank.seen, scene.setup, seen.now);
      if (plan.writes.empty() && !plan.finalizer) continue;
      if (!whole) whole = scene.plan(*seen.event, seen.observation, scene.setup, seen.now);
      check(scene, *whole, plan, blank);
    }
  }

 private:
  /// An observation without one fact, and the objects that the fact is about.
  struct Blank {
    std::string what;
    planner::Observation seen;
    std::set<ObjectRef> about;
  };
  /// All of them, or the one whose turn it is.
  static std::vector<Blank> blanks_of(const planner::Observation& seen,
                                      std::optional<std::size_t> turn) {
    const std::size_t count = seen.objects.size() + seen.autoscalers.size() + seen.kinds.size() +
                              seen.answers.size() + (seen.room ? 2 : 1);
    std::size_t index = 0;
    const auto meant = [&] { return !turn || index++ == *turn % count; };
    std::vector<Blank> out;
    std::set<ObjectRef> objects;  // one fact may be there under two names
    for (const auto& [ref, fact] : seen.objects) {
      if (!std::holds_alternative<planner::Unread>(fact)) objects.insert(simulator::served(ref));
    }
    for (const ObjectRef& object : objects) {
      if (!meant()) continue;
      Blank blank{.what = doorbuster::to_text(object), .seen = seen, .about = {object}};
      for (auto& [ref, fact] : blank.seen.objects) {
        if (simulator::served(ref) == object) fact = planner::Unread{.why = "blanked"};
      }
      out.push_back(std::move(blank));
    }
    for (const auto& [ref, fact] : seen.autoscalers) {
      if (!meant()) continue;
      Blank blank{.what = "the autoscalers of " + ref.name, .seen = seen, .about = {}};
      blank.seen.autoscalers[ref] = planner::Unread{.why = "blanked"};
      out.push_back(std::move(blank));
    }
    for (const auto& [kind, fact] : seen.kinds) {
      if (!meant()) continue;
      Blank blank{.what = "kind " + kind.second, .seen = seen, .about = {}};
      for (auto& [other, its] : blank.seen.kinds) {
        if (other.second == kind.second) its = planner::KindUnread{.why = "blanked"};
      }
      out.push_back(std::move(blank));
    }
    for (const auto& [id, answer] : seen.answers) {
      if (!meant()) continue;
      Blank blank{.what = "answer " + id, .seen = seen, .about = {}};
      blank.seen.answers[id] = planner::Answer{
          .at = answer.at, .says = planner::Answer::Says::Unknown, .why = "blanked"};
      out.push_back(std::move(blank));
    }
    if (seen.room && meant()) {
      out.push_back({.what = "the room", .seen = seen, .about = {}});
      out.back().seen.room.reset();
    }
    if (!meant() && !out.empty()) return out;
    out.push_back({.what = "the window", .seen = seen, .about = {}});
    out.back().seen.window = Error{.kind = ErrorKind::Unavailable, .message = "blanked"};
    return out;
  }

  /// Is the very same patch due with all facts known, and the blank about something else?
  static bool made_anyway(const planner::Plan& whole,
                          const planner::Write& write,
                          const Blank& blank) {
    return !blank.about.contains(simulator::served(write.object)) &&
           std::any_of(whole.writes.begin(), whole.writes.end(), [&](const planner::Write& one) {
             return one.object == write.object && one.type == write.type &&
                    one.patch == write.patch;
           });
  }

  /// What a candidate gets of a route after a write, or without one.
  static std::int64_t share_after(const Tree& before, const planner::Write* write) {
    Tree after = before;
    if (write != nullptr && write->type == planner::Write::Type::Merge)
      after.merge(Tree::parse(write->patch.text));
    return candidate_share(after);
  }

  void check(const Scene& scene,
             const planner::Plan& whole,
             const planner::Plan& plan,
             const Blank& blank) {
    const auto& seen = *scene.world.seen();
    const std::string& what = blank.what;
    for (const planner::Write& write : plan.writes) {
      const auto* present = seen_object(seen.observation, simulator::served(write.object));
      if (present == nullptr || made_anyway(whole, write, blank)) continue;
      const Tree before = Tree::of(present->object->root());
      // What is lowered or let go with all facts known is not lowered or let go because of the
      // blank.
      Change due;
      const planner::Write* made = nullptr;
      for (const planner::Write& one : whole.writes) {
        const bool same =
            one.object == write.object && !blank.about.contains(simulator::served(write.object));
        if (!same) continue;
        due = change_of(one, before);
        made = &one;
      }
      const Change change = change_of(write, before);
      for (const auto& [pointer, value] : change.lowered) {
        // For a release that does not begin without what is blanked nothing needs to be kept.
        if (begins_release(whole, *seen.event)) break;
        const auto also = due.lowered.find(pointer);
        if (also != due.lowered.end() && also->second <= value) continue;
        complain(scene,
                 "with " + what + " blanked, " + write.object.name + pointer + " is lowered to " +
                     std::to_string(value));
      }
      // A way back waits for no fact but those of its traffic. Without others it gives the target
      // no more than with them.
      const std::int64_t share = share_after(before, &write);
      const bool less = share <= share_after(before, nullptr) && share >= share_after(before, made);
      const bool moves = change.rules && !(change.rules == due.rules) && !less &&
                         !is_decided(seen.event->status, write.object, change.rules);
      if (moves)
        complain(scene,
                 "with " + what + " blanked, " + write.object.name + " moves traffic to " +
                     shown(change.rules));
      for (const std::string& one : change.released) {
        if (!due.released.contains(one))
          complain(scene, "with " + what + " blanked, " + write.object.name + " lets go: " + one);
      }
    }
    for (const planner::ChildEffect& one : plan.children) {
      const auto* remove = std::get_if<planner::Remove>(&one);
      const bool due = std::any_of(
          whole.children.begin(), whole.children.end(), [&](const planner::ChildEffect& other) {
            const auto* same = std::get_if<planner::Remove>(&other);
            return remove != nullptr && same != nullptr && same->object == remove->object;
          });
      if (remove != nullptr && !due)
        complain(scene, "with " + what + " blanked, " + remove->object.name + " is removed");
      if (const auto* write = std::get_if<planner::Write>(&one))
        check_size(scene, whole, *write, what);
    }
    const bool goes = plan.finalizer && !plan.finalizer->present &&
                      !(whole.finalizer && !whole.finalizer->present);
    if (goes && held(seen.observation, seen.event->uid)) {
      complain(scene, "with " + what + " blanked, the finalizer goes");
    }
  }
  static bool begins_release(const planner::Plan& plan, const planner::Event& event) {
    const api::Decision* begun = decided(plan.status, "RolloutStarted");
    const api::Decision* before = decided(event.status, "RolloutStarted");
    return begun != nullptr && (before == nullptr || before->hash != begun->hash);
  }
  /// Status says already what is written: a round before decided it with all facts known.
  static bool is_decided(const api::SaleEventStatus& status,
                         const ObjectRef& object,
                         const Value& value) {
    return std::any_of(status.holds.begin(), status.holds.end(), [&](const auto& row) {
      return row.object.kind == object.kind && row.object.name == object.name &&
             equal_values(row.requested, value);
    });
  }
  /// A candidate is not made smaller because of it either.
  void check_size(const Scene& scene,
                  const planner::Plan& whole,
                  const planner::Write& write,
                  const std::string& what) {
    const auto size = sized_to(write);
    const auto* seen = seen_object(scene.world.seen()->observation, write.object);
    if (!size || seen == nullptr) return;
    const char* field = write.object.kind == "Deployment" ? kReplicas : kMin;
    const bool due = std::any_of(
        whole.children.begin(), whole.children.end(), [&](const planner::ChildEffect& other) {
          const auto* same = std::get_if<planner::Write>(&other);
          return same != nullptr && same->object == write.object && same->patch == write.patch;
        });
    if (!due && *size < seen->object->integer(field).value_or(0))
      complain(scene, "with " + what + " blanked, " + write.object.name + " is made smaller");
  }
  /// Does any object that was seen carry a hold of this event?
  static bool held(const planner::Observation& seen, const std::string& uid) {
    for (const auto& [ref, fact] : seen.objects) {
      const auto* present = std::get_if<std::shared_ptr<const planner::Present>>(&fact);
      if (present == nullptr) continue;
      for (const std::string& one : holders_in(Tree::of((*present)->object->root()))) {
        if (one.ends_with(" of " + uid)) return true;
      }
    }
    return false;
  }
  std::shared_ptr<const planner::Event> last_;  ///< of the round that was checked last
  std::size_t turn_ = 0;
  bool writes_ = false;
};

class Converges : public Oracle {
 public:
  const char* name() const override { return "Converges"; }
  const char* sentence() const override {
    return "after the last disturbance everything comes to rest, and then nothing is written, not "
           "even after a restart";
  }
  void at_end(const Scene& scene) override {
    if (!scene.ending.quiet) complain(scene, "does not come to rest: " + scene.ending.busy);
    if (scene.ending.late_requests > 0) {
      complain(scene,
               std::to_string(scene.ending.late_requests) + " requests although nothing was due");
    }
  }
};

class DeletionNotBlocked : public Oracle {
 public:
  const char* name() const override { return "DeletionNotBlocked"; }
  const char* sentence() const override {
    return "a deleted event goes, whatever is missing or forbidden";
  }
  void at_end(const Scene& scene) override {
    if (!scene.ending.quiet || !scene.truth.spoilt.empty()) return;
    for (const ObjectRef& ref : scene.cluster.api().objects("doorbuster.dev", "SaleEvent")) {
      const StoredPtr event = scene.cluster.api().live(ref);
      if (event && event->deleting())
        complain(scene, ref.name + " is still being deleted: " + event->status->message);
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
  for (auto& one : oracles_of_children()) out.push_back(std::move(one));
  for (auto& one : oracles_of_actions()) out.push_back(std::move(one));
  for (auto& one : oracles_of_rollouts()) out.push_back(std::move(one));
  for (auto& one : oracles_of_pods()) out.push_back(std::move(one));
  return out;
}

}  // namespace doorbuster::simulation
