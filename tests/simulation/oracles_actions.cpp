// Oracles of what people ask for by SaleActions, and of freezes.
#include "crds/reader.h"
#include "tests/simulation/oracles.h"

#include <algorithm>
#include <array>
#include <tuple>

namespace doorbuster::simulation {
namespace {

constexpr std::array kDecided = {"EndNow", "Extend", "Abort", "Restore", "BreakGlass"};

/// How many SaleActions of a verb have ever named an event.
int asked(const simulator::Cluster& cluster, const ObjectRef& event, const std::string& verb) {
  int out = 0;
  for (const ObjectRef& ref : cluster.api().objects(api::kGroup, api::kSaleActionKind)) {
    const StoredPtr action = cluster.api().history(ref).front();
    if (action->tree.text_at("/spec/event") == event.name &&
        action->tree.text_at("/spec/action") == verb)
      ++out;
  }
  return out;
}

class DecidedOnce : public Oracle {
 public:
  const char* name() const override { return "DecidedOnce"; }
  const char* sentence() const override {
    return "an action is decided on once, whatever becomes of its answer";
  }
  void on_publish(const Scene& scene,
                  const planner::Event& event,
                  const api::SaleEventStatus& status) override {
    for (const char* verb : kDecided) {
      int decided = 0;
      for (const api::Decision& one : status.decisions) decided += one.kind == verb ? 1 : 0;
      if (decided > asked(scene.cluster, event.ref, verb))
        complain(scene, std::to_string(decided) + " times " + verb);
    }
  }
};

class ActionsAnswered : public Oracle {
 public:
  const char* name() const override { return "ActionsAnswered"; }
  const char* sentence() const override {
    return "when all is over every action on an event that exists has its answer";
  }
  void at_end(const Scene& scene) override {
    if (!scene.ending.quiet || !scene.truth.spoilt.empty()) return;
    for (const ObjectRef& ref : scene.cluster.api().objects(api::kGroup, api::kSaleActionKind)) {
      const StoredPtr action = scene.cluster.api().live(ref);
      if (!action || action->tree.at("/status/completedAt") != nullptr) continue;
      const StoredPtr event = scene.cluster.api().live(
          simulator::sale_ref(ref.ns, action->tree.text_at("/spec/event")));
      if (event && !event->deleting())
        complain(scene,
                 ref.name + " (" + action->tree.text_at("/spec/action") + ") is " +
                     action->tree.text_at("/status/state"));
    }
  }
};

class NothingRisesAfterAbort : public Oracle {
 public:
  const char* name() const override { return "NothingRisesAfterAbort"; }
  const char* sentence() const override {
    return "an event that was aborted raises no floor any more";
  }
  void on_publish(const Scene&,
                  const planner::Event& event,
                  const api::SaleEventStatus& status) override {
    for (const api::Decision& one : status.decisions) {
      if (one.kind == "Abort") aborted_.emplace(event.uid, one.run, one.hash);
    }
  }
  void on_written(const Scene& scene, const Written& written) override {
    const auto& event = written.event;
    if (event.uid.empty() || !scene.world.seen() || is_way_back(written.write)) return;
    const auto* window = std::get_if<planner::Window>(&scene.world.seen()->observation.window);
    if (window == nullptr) return;
    const std::string written_window = to_rfc3339(window->start) + "/" + to_rfc3339(window->end);
    if (!aborted_.contains({event.uid, event.status.run.value_or(0), written_window})) return;
    const char* pointer = floor_field(written.after->ref);
    const FieldTruth* truth = scene.truth.field(written.after->ref, pointer);
    const auto before = number(written.before->tree.value_at(pointer));
    const auto after = number(written.after->tree.value_at(pointer));
    if (!before || !after || *after <= *before || truth == nullptr || truth->fought) return;
    // What was there before comes back, be it more.
    if (contains(truth->allowed, truth->live)) return;
    complain(scene,
             written.after->ref.name + pointer + " raised from " + std::to_string(*before) +
                 " to " + std::to_string(*after));
  }

 private:
  /// A release that goes back raises its target to what serves (DESIGN.md section 5).
  static bool is_way_back(const planner::Write& write) {
    return std::any_of(write.why.begin(), write.why.end(), [](const planner::Reason& one) {
      return one.code == "RollingBack";
    });
  }
  /// Uid of the event, its run, its window as written.
  std::set<std::tuple<std::string, std::int32_t, std::string>> aborted_;
};

class FrozenInItsTime : public Oracle {
 public:
  const char* name() const override { return "FrozenInItsTime"; }
  const char* sentence() const override {
    return "an event freezes its namespace from when to when it says, and never later, unless "
           "something disturbs the operator just now";
  }
  void at_instant(const Scene& scene) override {
    const Instant now = scene.cluster.now();
    if (now < scene.truth.calm_at + kMargin) return;
    for (const ObjectRef& ref : scene.cluster.api().objects("doorbuster.dev", "SaleEvent")) {
      const StoredPtr event = scene.cluster.api().live(ref);
      if (event && now >= event->at + kMargin) check(scene, *event);
    }
  }
  void at_end(const Scene& scene) override {
    if (!scene.ending.quiet || !scene.truth.spoilt.empty()) return;
    for (const ObjectRef& ref : scene.cluster.api().objects("doorbuster.dev", "SaleEvent")) {
      const StoredPtr event = scene.cluster.api().live(ref);
      if (event && is_frozen(*event)) complain(scene, ref.name + " is frozen when all is over");
    }
  }

 private:
  static constexpr Duration kMargin = std::chrono::minutes(1);
  static bool is_frozen(const simulator::Stored& event) {
    return event.tree.text_at("/metadata/labels/doorbuster.dev~1frozen") == "true";
  }
  void check(const Scene& scene, const simulator::Stored& event) {
    const std::string from = event.tree.text_at("/spec/freeze/from");
    const auto start = parse_rfc3339(event.tree.text_at("/spec/window/start")),
               end = parse_rfc3339(event.tree.text_at("/spec/window/end"));
    const auto lead = parse_duration(from.empty() ? "" : from.substr(1));
    const bool acts = event.tree.at("/spec/suspend") == nullptr &&
                      event.tree.text_at("/spec/mode") != "DryRun" && !event.deleting();
    if (!start || !end || !lead || !acts || scene.cluster.api().terminating(event.ref.ns)) return;
    const Decided decided = decided_on(scene.cluster, event.ref, *start, *end);
    const Instant now = scene.cluster.now();
    const bool due = now >= *start - *lead + kMargin && now < decided.end - kMargin;
    const bool over = now < *start - *lead - kMargin || now >= decided.end + kMargin;
    const bool lifted = decided.aborted || decided.restored || decided.thawed;
    if (due && !lifted && !is_frozen(event)) complain(scene, event.ref.name + " is not frozen");
    if ((over || lifted) && is_frozen(event)) complain(scene, event.ref.name + " is still frozen");
  }
};

}  // namespace

std::vector<std::unique_ptr<Oracle>> oracles_of_actions() {
  std::vector<std::unique_ptr<Oracle>> out;
  out.push_back(std::make_unique<DecidedOnce>());
  out.push_back(std::make_unique<ActionsAnswered>());
  out.push_back(std::make_unique<NothingRisesAfterAbort>());
  out.push_back(std::make_unique<FrozenInItsTime>());
  return out;
}

}  // namespace doorbuster::simulation
