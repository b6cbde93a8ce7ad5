#include "tests/differential/play.h"

#include "controllers/simulator/cluster.h"

#include <algorithm>

namespace doorbuster::differential {
namespace {

using simulator::Cluster;
using simulator::Tree;
using std::chrono::milliseconds;

constexpr const char* kNamespace = "shop";
const ObjectRef kTarget = simulator::deployment_ref(kNamespace, "checkout");
const ObjectRef kScaler = simulator::autoscaler_ref(kNamespace, "checkout");

class Shop {
 public:
  Shop(const Scenario& scenario, std::int64_t began_ms)
      : began_(milliseconds(began_ms)),
        cluster_(began_,
                 {.pods = milliseconds(250),
                  .autoscalers = Duration{},
                  .metric_window = kMetricWindow,
                  .downscale_stabilisation = kDownscaleStabilisation}) {
    if (scenario.room) {
      cluster_.nodes = simulator::Nodes(
          {{.cpu_millis = 64'000, .memory_bytes = 1 << 30, .pods = *scenario.room}}, {});
    }
    Tree target = Tree::object();
    target.set("/spec/replicas", Tree::integer(scenario.replicas));
    cluster_.api().adopt(kTarget, std::move(target));
    Tree scaler = Tree::object();
    scaler.set("/spec", scenario.autoscaler);
    scaler.set("/spec/scaleTargetRef",
               Tree::parse(R"({"apiVersion":"apps/v1","kind":"Deployment","name":"checkout"})"));
    cluster_.api().adopt(kScaler, std::move(scaler));
    cluster_.run(kTarget,
                 scenario.startup,
                 {.cpu_millis = kRequestMillis},
                 {.from = {{began_, scenario.load}}});
    cluster_.run(kScaler);
  }

  void advance(Duration to) { cluster_.advance(began_ + to); }
  void look() { cluster_.look(kScaler); }
  void take(const Step& step) {
    switch (step.what) {
      case Step::What::Bounds:
        set_bounds(step.min, step.max);
        return;
      case Step::What::Load:
        cluster_.workload(kTarget)->load.from[cluster_.now()] = step.percent;
        return;
      case Step::What::Quota:
        cluster_.set_pod_quota(kNamespace, step.pods);
        return;
    }
  }
  Moment moment() {
    const simulator::Workload& own = *cluster_.workload(kTarget);
    return {.at = cluster_.now() - began_,
            .replicas = cluster_.api().live(kTarget)->tree.number("/spec/replicas", 0),
            .pods = static_cast<std::int64_t>(own.pods.size()),
            .ready = own.ready};
  }
  Instant next_tick() const { return cluster_.next_tick(); }
  Instant began() const { return began_; }

 private:
  void set_bounds(std::int64_t min, std::int64_t max) {
    const auto written = cluster_.api().edit(
        kScaler, {.manager = "kubectl-edit", .apply = false, .subresource = {}}, [&](Tree& tree) {
          tree.set("/spec/minReplicas", Tree::integer(min));
          tree.set("/spec/maxReplicas", Tree::integer(max));
        });
    if (!written) std::abort();  // the generator writes no such bounds
  }

  Instant began_;
  Cluster cluster_;
};

bool same(const Moment& a, const Moment& b) {
  return a.replicas == b.replicas && a.pods == b.pods && a.ready == b.ready;
}

}  // namespace

std::vector<Duration> regular_looks(const Scenario& scenario) {
  std::vector<Duration> out;
  for (Duration at = kSyncPeriod; at < scenario.lasts; at += kSyncPeriod) out.push_back(at);
  return out;
}

std::vector<Moment> play(const Scenario& scenario,
                         std::int64_t began_ms,
                         const std::vector<Duration>& looks) {
  Shop shop(scenario, began_ms);
  std::vector<Moment> out{shop.moment()};
  std::size_t step = 0, look = 0;
  const auto note = [&] {
    if (!same(out.back(), shop.moment())) out.push_back(shop.moment());
  };
  while (true) {
    const Duration tick = shop.next_tick() - shop.began();
    const Duration next_step =
        step < scenario.steps.size() ? scenario.steps[step].at : Duration::max();
    const Duration next_look = look < looks.size() ? looks[look] : Duration::max();
    const Duration to = std::min({tick, next_step, next_look, scenario.lasts});
    shop.advance(to);
    note();
    if (to == scenario.lasts) break;
    if (to == next_step) shop.take(scenario.steps[step++]);
    if (to == next_look) {
      out.push_back(shop.moment());
      shop.look();
      ++look;
      note();
    }
  }
  out.push_back(shop.moment());
  return out;
}

Tree tree_of(const Record& record) {
  Tree out = Tree::object();
  out.set("/scenario", tree_of(record.scenario));
  out.set("/began", Tree::integer(record.began_ms));
  Tree looks = Tree::parse("[]");
  for (const Moment& one : record.looks) {
    Tree look = Tree::object();
    look.set("/at", Tree::integer(one.at.count()));
    look.set("/replicas", Tree::integer(one.replicas));
    look.set("/pods", Tree::integer(one.pods));
    look.set("/ready", Tree::integer(one.ready));
    looks.elements().push_back(std::move(look));
  }
  out.set("/looks", std::move(looks));
  return out;
}

Record record_of(const Tree& tree) {
  Record out{.scenario = scenario_of(*tree.at("/scenario")), .began_ms = tree.number("/began", 0)};
  for (const Tree& one : tree.at("/looks")->elements()) {
    out.looks.push_back({.at = milliseconds(one.number("/at", 0)),
                         .replicas = one.number("/replicas", 0),
                         .pods = one.number("/pods", 0),
                         .ready = one.number("/ready", 0)});
  }
  return out;
}

}  // namespace doorbuster::differential
