// What a verdict before the day costs: 10,000 pods of 64 targets on 1,000 nodes that run things.

#include "controllers/planner/feasibility.h"

#include <benchmark/benchmark.h>

#include <string>

namespace doorbuster::planner {
namespace {

constexpr std::int64_t kGi = 1LL << 30;
constexpr int kTargets = 64;

/// Nodes of 64 cores in three zones, a third of each taken, a tenth of them for others.
Room room_of(int nodes) {
  Room out;
  for (int i = 0; i < nodes; ++i) {
    NodeRoom node;
    node.name = "node-" + std::to_string(i);
    node.labels = {{"metadata.name", node.name},
                   {"kubernetes.io/hostname", node.name},
                   {"topology.kubernetes.io/zone", std::string("zone-") + "abc"[i % 3]}};
    node.allocatable = {{"cpu", 64'000}, {"memory", 256 * kGi}, {"pods", 110}};
    node.requested = {{"cpu", 20'000 + i % 7 * 500}, {"memory", 80 * kGi}, {"pods", 30}};
    if (i % 10 == 0) node.taints = {{"dedicated", "batch", "NoSchedule"}};
    out.nodes.push_back(std::move(node));
  }
  return out;
}

/// So many pods over all targets, a third of which are spread over zones and a third over hosts.
Asked asked_of(int pods) {
  constexpr const char* kSpread[] = {
      "",
      R"(,"topologySpreadConstraints":[{"maxSkew":1,"topologyKey":"topology.kubernetes.io/zone","whenUnsatisfiable":"DoNotSchedule","nodeTaintsPolicy":"Honor","labelSelector":{"matchLabels":{"app":"x"}}}])",
      R"(,"topologySpreadConstraints":[{"maxSkew":5,"topologyKey":"kubernetes.io/hostname","whenUnsatisfiable":"DoNotSchedule","nodeTaintsPolicy":"Honor","labelSelector":{"matchLabels":{"app":"x"}}}])"};
  Asked out{.ns = "shop", .start = {}, .needs = {}, .further = {}};
  for (int i = 0; i < kTargets; ++i) {
    const std::string text =
        R"({"metadata":{"labels":{"app":"x"}},"spec":{"containers":[{"resources":{"requests":{"cpu":")" +
        std::to_string(500 + i % 5 * 500) + R"(m","memory":"2Gi"}}}])" + kSpread[i % 3] + "}}";
    PeakNeed one{.target = "t" + std::to_string(i),
                 .owner = {"shop", "Deployment", "t" + std::to_string(i)},
                 .needed = pods / kTargets,
                 .surge = pods / kTargets / 4,
                 .shape = shape_of(*JsonView::parse(text))};
    out.needs.push_back(std::move(one));
  }
  return out;
}

void judge(benchmark::State& state) {
  const Room room = room_of(static_cast<int>(state.range(1)));
  const Asked asked = asked_of(static_cast<int>(state.range(0)));
  std::int64_t fit = 0;
  for (auto unused : state) {
    const api::FeasibilityStatus told = feasibility(asked, room);
    fit = 0;
    for (const api::FeasibleTarget& one : told.targets) fit += one.achievable.value_or(0);
    benchmark::DoNotOptimize(fit);
  }
  state.counters["fit"] = static_cast<double>(fit);
}
BENCHMARK(judge)
    ->Args({1'000, 100})
    ->Args({10'000, 1'000})
    ->Args({50'000, 1'000})
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace doorbuster::planner

BENCHMARK_MAIN();
