// What `kubectl sale simulate` costs: a whole sale of a day, played from preparation to
// restoration.

#include "controllers/simulator/forecast.h"

#include <benchmark/benchmark.h>

#include <string>

namespace doorbuster::simulator {
namespace {

const Instant kStart = *parse_rfc3339("2026-11-27T00:00:00Z");

/// A day's sale of so many Deployments, each with an autoscaler and a load that comes and goes.
ForecastInput day(int workloads) {
  ForecastInput out;
  api::SaleEvent& event = out.event;
  event.metadata.name = "day";
  event.metadata.ns = "shop";
  event.spec.window.start = to_rfc3339(kStart);
  event.spec.window.end = to_rfc3339(kStart + std::chrono::hours(24));
  event.spec.window.prepare = {"45m", std::chrono::minutes(45)};
  event.spec.window.cooldown = {"1h", std::chrono::hours(1)};
  for (int i = 0; i < workloads; ++i) {
    const std::string name = "workload-" + std::to_string(i);
    api::TargetSpec target;
    target.name = name;
    target.ref = api::TargetRef{.kind = "Deployment", .name = name};
    target.need = api::NeedReplicas{20};
    event.spec.capacity.targets.push_back(target);
    out.objects.push_back(
        {deployment_ref("shop", name),
         Json{R"({"metadata":{"name":")" + name + R"("},"spec":{"replicas":4}})"}});
    out.objects.push_back(
        {autoscaler_ref("shop", name),
         Json{
             R"({"metadata":{"name":")" + name +
             R"("},"spec":{"minReplicas":3,"maxReplicas":12,"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":")" +
             name + R"("}}})"}});
    for (int hour = 0; hour < 24; ++hour)
      out.load[name][kStart + std::chrono::hours(hour)] = 8 + (hour * 7 + i) % 20;
    out.load[name][kStart + std::chrono::hours(24)] = 4;
  }
  out.setup = {.install = "bench", .allow = products::AllowList::standard()};
  out.from = kStart - std::chrono::minutes(50);
  return out;
}

void simulate_day(benchmark::State& state) {
  const ForecastInput input = day(static_cast<int>(state.range(0)));
  std::size_t writes = 0;
  for (auto unused : state) {
    const Forecast made = forecast(input);
    writes = made.timeline.size();
    benchmark::DoNotOptimize(writes);
  }
  state.counters["writes"] = static_cast<double>(writes);
}
BENCHMARK(simulate_day)->Arg(1)->Arg(100)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace doorbuster::simulator

BENCHMARK_MAIN();
