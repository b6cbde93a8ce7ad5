// What one decision costs: plan() of one event, without any input or output.

#include "controllers/planner/plan.h"

#include "tests/planner/shop.h"

#include <benchmark/benchmark.h>

namespace doorbuster::planner {
namespace {

/// A sale of so many workloads, each with an autoscaler.
void fill(Shop& shop, int workloads) {
  auto& targets = shop.sale.spec.value().capacity.targets;
  targets.clear();
  for (int i = 0; i < workloads; ++i) {
    const std::string name = "workload-" + std::to_string(i);
    shop.add_workload(name, 3);
    shop.add_autoscaler(name, Json{"3"}, 10);
    targets.push_back(target_of(name, 15));
  }
}

void measure(benchmark::State& state, const Shop& shop, const Observation& seen) {
  std::size_t writes = 0;
  for (auto unused : state) {
    const Plan made = plan(shop.sale, seen, shop.setup, shop.clock);
    writes = made.writes.size();
    benchmark::DoNotOptimize(writes);
  }
  state.counters["writes"] = static_cast<double>(writes);
}

Observation answered(Shop& shop) {
  Observation seen = shop.observe(shop.sale, needs_of(shop.sale, shop.setup));
  for (const Question& one : plan(shop.sale, seen, shop.setup, shop.clock).questions) {
    seen.answers[one.id] = shop.answer(shop.sale, one);
  }
  return seen;
}

/// Nothing is due yet, and nothing is to be written.
void plan_waiting(benchmark::State& state) {
  Shop shop;
  fill(shop, static_cast<int>(state.range(0)));
  shop.settle();
  measure(state, shop, answered(shop));
}
BENCHMARK(plan_waiting)->Arg(1)->Arg(100)->Unit(benchmark::kMicrosecond);

/// The instant at which everything is due: every autoscaler is written.
void plan_at_start(benchmark::State& state) {
  Shop shop;
  fill(shop, static_cast<int>(state.range(0)));
  shop.settle();
  shop.clock = kStart;
  measure(state, shop, answered(shop));
}
BENCHMARK(plan_at_start)->Arg(1)->Arg(100)->Unit(benchmark::kMicrosecond);

/// In mid-sale, with everything held.
void plan_holding(benchmark::State& state) {
  Shop shop;
  fill(shop, static_cast<int>(state.range(0)));
  shop.run_until(kStart + std::chrono::minutes(1));
  measure(state, shop, answered(shop));
}
BENCHMARK(plan_holding)->Arg(1)->Arg(100)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace doorbuster::planner

BENCHMARK_MAIN();
