// Oracles of releases: who gets which share of the traffic, and what stands while it does.
#include "controllers/planner/ledger.h"
#include "controllers/planner/rollout_pods.h"
#include "controllers/planner/rollout_steps.h"
#include "tests/simulation/releases.h"

#include <algorithm>

namespace doorbuster::simulation {
namespace {

using std::chrono::seconds;

const ObjectRef kTarget = simulator::deployment_ref(kShopNamespace, kReleased);

bool gets_any(const Tree& route) { return candidate_share(route) > 0 || gets_requests(route); }

/// Does it get anything, of the route, or without one by its pods? One that is asked for none is on
/// its way.
bool seen_serving(const Scene& scene) {
  if (!scene.world.seen()) return false;
  if (const StoredPtr beside = candidate_by_pods(scene.cluster)) {
    const auto* pods = seen_object(scene.world.seen()->observation, beside->ref);
    if (pods == nullptr || pods->object->integer(kReplicas).value_or(0) == 0) return false;
    return planner::share_of_pods(seen_available(scene, beside->ref),
                                  seen_available(scene, kTarget)) > 0;
  }
  const auto* seen = seen_object(scene.world.seen()->observation, shop_route(scene.cluster));
  return seen != nullptr && gets_any(Tree::of(seen->object->root()));
}

class SharedByCapacity : public Oracle {
 public:
  const char* name() const override { return "SharedByCapacity"; }
  const char* sentence() const override {
    return "no write of a route gives a candidate more than its available pods carry, nor, but "
           "twenty minutes after it was told back, the target more than its own do while the "
           "candidate could serve more than it is given";
  }
  void on_written(const Scene& scene, const Written& written) override {
    if (!is_route(written.after->ref) || written.event.uid.empty()) return;
    const std::int64_t all = needed_pods(scene, written.event.status);
    const std::int64_t before = candidate_share(written.before->tree),
                       after = candidate_share(written.after->tree);
    const std::string candidate =
        candidate_in(scene.cluster, after > 0 ? written.after->tree : written.before->tree);
    const std::int64_t ready =
        seen_available(scene, simulator::deployment_ref(kShopNamespace, candidate));
    if (after > before && after * all > 100 * ready)
      complain(scene,
               std::to_string(after) + " % to " + std::to_string(ready) + " pods of " +
                   std::to_string(all));
    // Of a target that is gone nobody can raise anything.
    const bool gone = seen_object(scene.world.seen()->observation, kTarget) == nullptr;
    const api::Decision* told = decided(written.event.status, "RolledBack");
    const bool patient =
        told == nullptr || scene.cluster.now() < told->at + std::chrono::minutes(20);
    const std::int64_t stable = seen_available(scene, kTarget);
    const bool spare = 100 * ready >= (after + 1) * all;
    if (after < before && spare && !gone && patient && (100 - after) * all > 100 * stable)
      complain(scene,
               std::to_string(100 - after) + " % back to " + std::to_string(stable) + " pods of " +
                   std::to_string(all) + " although the candidate serves");
  }
};

class RequestsNeedPods : public Oracle {
 public:
  const char* name() const override { return "RequestsNeedPods"; }
  const char* sentence() const override {
    return "no write of a route gives or leaves a candidate requests by a header, or copies, "
           "without an available pod, or once it was rolled back";
  }
  void on_written(const Scene& scene, const Written& written) override {
    if (!is_route(written.after->ref) || written.event.uid.empty()) return;
    if (!gets_requests(written.after->tree)) return;
    const std::string candidate = candidate_in(scene.cluster, written.after->tree);
    if (seen_available(scene, simulator::deployment_ref(kShopNamespace, candidate)) == 0)
      complain(scene, candidate + " gets requests without an available pod");
    if (decided(written.event.status, "RolledBack"))
      complain(scene, candidate + " gets requests although it was rolled back");
  }
};

class NeverRemovedWhileServing : public Oracle {
 public:
  const char* name() const override { return "NeverRemovedWhileServing"; }
  const char* sentence() const override {
    return "no part of a candidate is removed or made smaller while the route gives it traffic, "
           "nor removed before what was under way has had its time";
  }
  void on_perform(const Scene& scene, const planner::Event&, const planner::Write& write) override {
    const auto size = sized_to(write);
    const StoredPtr now = scene.cluster.api().live(write.object);
    if (!size || !now || !serves(scene, write.object.name)) return;
    const char* field = write.object.kind == "Deployment" ? kReplicas : kMin;
    if (*size < now->tree.number(field, 0))
      complain(scene, write.object.name + " made smaller while it serves");
  }
  void on_child(const Scene& scene,
                const planner::Event& event,
                const planner::ChildEffect& effect) override {
    const auto* remove = std::get_if<planner::Remove>(&effect);
    if (remove == nullptr || !is_candidate(remove->object)) return;
    const StoredPtr live = scene.cluster.api().live(remove->object);
    if (!live || live->uid() != remove->only_if_uid) return;
    if (serves(scene, remove->object.name))
      return complain(scene, remove->object.name + " is removed while it serves");
    const auto since = idle_since(scene, remove->object.name);
    const bool timed = since && !scene.truth.clock_stepped && !event.uid.empty();
    if (timed && scene.cluster.now() < *since + drain_of(scene, event.ref))
      complain(scene, remove->object.name + " is removed before it has drained");
  }

 private:
  /// As stored, unless somebody else turned to it only just now.
  static bool serves(const Scene& scene, const std::string& candidate) {
    const StoredPtr route = scene.cluster.api().live(shop_route(scene.cluster));
    if (!route || candidate_in(scene.cluster, route->tree) != candidate) return false;
    const bool news = scene.cluster.now() < route->at + seconds(30) && !seen_serving(scene) &&
                      is_foreign(scene.cluster, route);
    return gets_any(route->tree) && !news;
  }
  /// Since when the route has given it nothing; nothing: it never had any.
  static std::optional<Instant> idle_since(const Scene& scene, const std::string& candidate) {
    std::optional<Instant> out;
    bool served = false;
    for (const StoredPtr& one : scene.cluster.api().history(shop_route(scene.cluster))) {
      const bool serves =
          !one->gone && candidate_in(scene.cluster, one->tree) == candidate && gets_any(one->tree);
      if (served && !serves) out = one->at;
      served = serves;
    }
    return out;
  }
};

class StableIsTheUsers : public Oracle {
 public:
  const char* name() const override { return "StableIsTheUsers"; }
  const char* sentence() const override {
    return "of a target a release writes the template only, once its candidate has passed, and "
           "never lowers, pauses or relabels it";
  }
  void on_written(const Scene& scene, const Written& written) override {
    const ObjectRef& ref = written.after->ref;
    if (ref.kind != "Deployment" || ref.ns != kShopNamespace || is_candidate(ref)) return;
    const auto differs = [&](const char* pointer) {
      return !(written.before->tree.value_at(pointer) == written.after->tree.value_at(pointer));
    };
    for (const char* pointer :
         {"/spec/paused", "/spec/selector", "/spec/strategy", "/spec/template/metadata/labels"}) {
      if (differs(pointer)) complain(scene, ref.name + pointer + " is written");
    }
    if (differs("/spec/template") && !decided(written.event.status, "RolloutPassed"))
      complain(scene, ref.name + " gets a template although nothing has passed");
    const std::string text = written.after->tree.text_at(kAnnotation);
    const planner::Ledger record = planner::read_ledger(text.empty() ? nullptr : &text);
    for (const auto& [path, held] : record.fields) {
      for (const auto& [holder, ask] : held.holders) {
        if (holder.feature == "rollouts" && path.pointer == kReplicas)
          complain(scene, ref.name + ": its replicas are held for a release");
      }
    }
  }
};

class BackInTheRound : public Oracle {
 public:
  const char* name() const override { return "BackInTheRound"; }
  const char* sentence() const override {
    return "a round that sees why a release must go back writes the route, or without one the "
           "size of the candidate, where the target can take its traffic";
  }
  void before_round(const Scene&) override {
    wrote_ = false;
    told_.reset();
  }
  void on_publish(const Scene&,
                  const planner::Event&,
                  const api::SaleEventStatus& status) override {
    told_ = status;
  }
  void on_perform(const Scene&, const planner::Event&, const planner::Write& write) override {
    wrote_ = wrote_ || is_route(write.object) || sized_to(write);
  }
  void after_round(const Scene& scene) override {
    if (!scene.world.seen() || scene.world.seen()->event == last_) return;
    last_ = scene.world.seen()->event;
    if (wrote_ || !seen_serving(scene) || !is_stored(scene)) return;
    const auto& seen = *scene.world.seen();
    const std::string why = why_back(scene);
    const std::int64_t all = std::max(needed_pods(scene, seen.event->status),
                                      seen_bound(seen.observation, floor_field).value_or(0));
    const bool takes = all > 0 && seen_available(scene, kTarget) >= all;
    const bool refused = !seen.observation.refusals.empty() ||
                         scene.truth.spoilt.contains(shop_route(scene.cluster)) || unread(scene);
    if (!why.empty() && takes && !refused) complain(scene, why + ", and the route is not written");
  }

 private:
  /// What the writes depend on could be stored.
  bool is_stored(const Scene& scene) const {
    const StoredPtr event = scene.cluster.api().live(last_->ref);
    const bool finalizer = event && event->tree.at("/metadata/finalizers") != nullptr;
    return finalizer && !scene.world.down() && (!told_ || *told_ == *event->status);
  }
  static bool unread(const Scene& scene) {
    const auto& objects = scene.world.seen()->observation.objects;
    return std::any_of(objects.begin(), objects.end(), [](const auto& one) {
      return std::holds_alternative<planner::Unread>(one.second) ||
             std::holds_alternative<planner::Forbidden>(one.second);
    });
  }
  static std::string why_back(const Scene& scene) {
    const auto& seen = *scene.world.seen();
    const planner::Event& event = *seen.event;
    if (event.deleting) return "the event is deleted";
    if (!event.spec || event.spec->rollouts.empty()) return "";
    const api::RolloutSpec& rollout = event.spec->rollouts.front();
    if (rollout.desired == api::DesiredRevision::Stable) return "desired is Stable";
    if (decided(event.status, "RolledBack")) return "it was rolled back";
    const bool rests = event.spec->suspend || event.spec->mode == api::Mode::DryRun;
    if (rests || rollout.on_failure != api::OnFailure::RollBack ||
        decided(event.status, "RolloutPassed"))
      return "";
    const auto checks = seen.observation.checks.find(kCheck);
    const bool bad = rollout.analysis.usual && checks != seen.observation.checks.end() &&
                     !checks->second.empty() && checks->second.back().value > 0.5;
    if (bad) return "its check is bad";
    const auto* route = seen_object(seen.observation, shop_route(scene.cluster));
    const ObjectRef candidate = simulator::deployment_ref(
        kShopNamespace, candidate_in(scene.cluster, Tree::of(route->object->root())));
    const bool stands = seen_object(seen.observation, candidate) != nullptr;
    return stands && seen_available(scene, candidate) == 0 ? "its candidate has crashed" : "";
  }
  std::shared_ptr<const planner::Event> last_;
  std::optional<api::SaleEventStatus> told_;
  bool wrote_ = false;
};

class RouteBackAtTheEnd : public Oracle {
 public:
  const char* name() const override { return "RouteBackAtTheEnd"; }
  const char* sentence() const override {
    return "when all is over the route is the author's, or what somebody else made of it, and "
           "nothing of a candidate stands";
  }
  void at_end(const Scene& scene) override {
    if (!scene.ending.quiet || scene.cluster.api().terminating(kShopNamespace)) return;
    for (const auto& [group, kind] : {std::pair{"apps", "Deployment"},
                                      std::pair{"", "Service"},
                                      std::pair{"autoscaling", "HorizontalPodAutoscaler"}}) {
      for (const ObjectRef& ref : scene.cluster.api().objects(group, kind)) {
        if (is_candidate(ref) && scene.cluster.api().live(ref))
          complain(scene, kind + (" " + ref.name) + " stands when all is over");
      }
    }
    const StoredPtr route = scene.cluster.api().live(shop_route(scene.cluster));
    if (!route || scene.truth.spoilt.contains(shop_route(scene.cluster))) return;
    if (!candidate_in(scene.cluster, route->tree).empty())
      complain(scene, "the route names " + candidate_in(scene.cluster, route->tree));
    StoredPtr wanted;
    for (const StoredPtr& one : scene.cluster.api().history(shop_route(scene.cluster))) {
      if (!one->gone && is_foreign(scene.cluster, one)) wanted = one;
    }
    if (wanted && stable_part(wanted->tree) != stable_part(route->tree))
      complain(
          scene,
          "the route ends at " + stable_part(route->tree) + ", was " + stable_part(wanted->tree));
  }
};

class ForeignRouteStays : public Oracle {
 public:
  const char* name() const override { return "ForeignRouteStays"; }
  const char* sentence() const override {
    return "what somebody else makes of a route that is held stays, but for a rollback, which "
           "takes the candidate's part out of it";
  }
  void on_written(const Scene& scene, const Written& written) override {
    if (!is_route(written.after->ref)) return;
    const char* field = field_of(written.after->ref);
    const Value before = written.before->tree.value_at(field),
                after = written.after->tree.value_at(field);
    const std::string text = written.before->tree.text_at(kAnnotation);
    if (before == after || text.empty() || !is_foreign(scene.cluster, written.before)) return;
    const planner::Ledger record = planner::read_ledger(&text);
    const auto entry = record.fields.find(planner::FieldPath{field, ""});
    if (entry == record.fields.end() || entry->second.is_ours(before) ||
        equal_values(entry->second.baseline, before))
      return;
    if (gets_any(written.after->tree) ||
        stable_part(written.before->tree) != stable_part(written.after->tree))
      complain(scene, "somebody's " + shown(before) + " becomes " + shown(after));
  }
};

class PausedKeepsCapacity : public Oracle {
 public:
  const char* name() const override { return "PausedKeepsCapacity"; }
  const char* sentence() const override {
    return "a candidate that serves grows with its target, also while its release stands still";
  }
  void at_instant(const Scene& scene) override {
    const Instant now = scene.cluster.now();
    const StoredPtr route = scene.cluster.api().live(shop_route(scene.cluster));
    if (now < scene.truth.calm_at || !route) return;
    const StoredPtr beside = candidate_by_pods(scene.cluster);
    const ObjectRef ref = beside ? beside->ref
                                 : simulator::deployment_ref(
                                       kShopNamespace, candidate_in(scene.cluster, route->tree));
    const StoredPtr target = scene.cluster.api().live(kTarget),
                    candidate = scene.cluster.api().live(ref);
    const std::int64_t weight = target && candidate ? standing_at(scene, *candidate) : 0;
    if (weight == 0) return;
    if (is_foreign(scene.cluster, route)) return;
    const std::int64_t asked = target->tree.number(kReplicas, 1);
    // Since both are as they are.
    if (asked_ != asked || ref_ != ref) since_ = now;
    asked_ = asked;
    ref_ = ref;
    if (now < since_ + seconds(45) || now < route->at + seconds(45)) return;
    const std::int64_t wanted =
        planner::pods_of_share(static_cast<int>(weight), asked, beside != nullptr);
    if (candidate->tree.number(kReplicas, 0) < wanted)
      complain(scene,
               ref.name + " has " + candidate->tree.at(kReplicas)->print() + " of " +
                   std::to_string(wanted) + " while its release stands still");
  }

 private:
  /// The weight of the step at which its release stands still; 0: it goes on.
  static std::int64_t standing_at(const Scene& scene, const simulator::Stored& candidate) {
    const std::string uid = candidate.tree.text_at("/metadata/labels/doorbuster.dev~1event-uid");
    for (const ObjectRef& ref : scene.cluster.api().objects("doorbuster.dev", "SaleEvent")) {
      const StoredPtr event = scene.cluster.api().live(ref);
      if (!event || event->uid() != uid || event->deleting()) continue;
      if (event->tree.at("/spec/suspend") != nullptr ||
          event->tree.text_at("/spec/mode") == "DryRun")
        return 0;
      const api::Decision* entered = decided(*event->status, "StepEntered");
      const api::Decision* passed = decided(*event->status, "StepPassed");
      for (const auto& row : event->status->rollouts) {
        const bool still = row.state == "Paused" || row.state == "AwaitingApproval" ||
                           row.analysis == "Inconclusive";
        if (!still || !entered || decided(*event->status, "RolledBack")) continue;
        if (passed && passed->value == entered->value) continue;
        const std::int64_t step = integer_of(Json{entered->value}).value_or(1);
        if (event->tree.at("/spec/rollouts/0/strategy/blueGreen") != nullptr)
          return step == 1 ? 0 : 100;
        return event->tree.number(
            "/spec/rollouts/0/strategy/canary/steps/" + std::to_string(step - 1) + "/weight", 0);
      }
    }
    return 0;
  }
  std::int64_t asked_ = 0;
  ObjectRef ref_;
  Instant since_{};
};

class PeopleOpenGates : public Oracle {
 public:
  const char* name() const override { return "PeopleOpenGates"; }
  const char* sentence() const override {
    return "no step with a gate passes that nobody has approved, or its server, that very step";
  }
  void on_publish(const Scene& scene,
                  const planner::Event& event,
                  const api::SaleEventStatus& status) override {
    const api::Decision* passed = decided(status, "StepPassed");
    if (passed == nullptr || passed->at != scene.cluster.now() || !event.spec) return;
    for (const api::RolloutSpec& one : event.spec->rollouts) {
      const auto steps = planner::steps_of(one.strategy);
      const auto step = static_cast<std::size_t>(integer_of(Json{passed->value}).value_or(0));
      if (one.name != passed->subject || step < 1 || step > steps.size()) continue;
      if (steps[step - 1].gate.empty()) continue;
      const bool by_server = event.spec->gates.front().webhook.has_value();
      if (by_server && !is_opened(scene, *passed))
        complain(scene, one.name + " passed step " + passed->value + ", which no server opened");
      if (!by_server && !is_approved(scene, event.ref.name))
        complain(scene, one.name + " passed step " + passed->value + ", which nobody approved");
    }
  }

 private:
  static bool is_opened(const Scene& scene, const api::Decision& passed) {
    return std::any_of(scene.opened.begin(), scene.opened.end(), [&](const std::string& body) {
      const Tree asked = Tree::parse(body);
      return asked.text_at("/rollout") == passed.subject && asked.text_at("/gate") == kGate &&
             asked.text_at("/attempt") == passed.hash && asked.number("/run", -1) == passed.run &&
             asked.number("/step", 0) == integer_of(Json{passed.value}).value_or(-1);
    });
  }
  static bool is_approved(const Scene& scene, const std::string& event) {
    const auto all = scene.cluster.api().objects(api::kGroup, api::kSaleActionKind);
    return std::any_of(all.begin(), all.end(), [&](const ObjectRef& ref) {
      const StoredPtr one = scene.cluster.api().live(ref);
      return one && one->tree.text_at("/spec/event") == event &&
             one->tree.text_at("/spec/action") == "Approve";
    });
  }
};

}  // namespace

std::vector<std::unique_ptr<Oracle>> oracles_of_rollouts() {
  std::vector<std::unique_ptr<Oracle>> out;
  out.push_back(std::make_unique<SharedByCapacity>());
  out.push_back(std::make_unique<RequestsNeedPods>());
  out.push_back(std::make_unique<NeverRemovedWhileServing>());
  out.push_back(std::make_unique<StableIsTheUsers>());
  out.push_back(std::make_unique<BackInTheRound>());
  out.push_back(std::make_unique<RouteBackAtTheEnd>());
  out.push_back(std::make_unique<ForeignRouteStays>());
  out.push_back(std::make_unique<PausedKeepsCapacity>());
  out.push_back(std::make_unique<PeopleOpenGates>());
  return out;
}

}  // namespace doorbuster::simulation
