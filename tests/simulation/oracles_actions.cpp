// Oracles of what people ask for by SaleActions.
#include "crds/reader.h"
#include "tests/simulation/oracles.h"

#include <array>
#include <tuple>

namespace doorbuster::simulation {
namespace {

constexpr std::array kDecided = {"EndNow", "Extend", "Abort", "Restore"};

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
    if (event.uid.empty() || !scene.world.seen()) return;
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
  /// Uid of the event, its run, its window as written.
  std::set<std::tuple<std::string, std::int32_t, std::string>> aborted_;
};

}  // namespace

std::vector<std::unique_ptr<Oracle>> oracles_of_actions() {
  std::vector<std::unique_ptr<Oracle>> out;
  out.push_back(std::make_unique<DecidedOnce>());
  out.push_back(std::make_unique<ActionsAnswered>());
  out.push_back(std::make_unique<NothingRisesAfterAbort>());
  return out;
}

}  // namespace doorbuster::simulation
