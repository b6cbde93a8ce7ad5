// The API server's own time: at one instant, the same autoscalers patched by a bare client, which
// watches nothing, decides nothing and knows every request beforehand. What an operator needs
// beyond this is its own.

#include "bench/connection.h"
#include "operator/kube/client.h"

#include <CLI/CLI.hpp>

#include <atomic>
#include <cstdio>
#include <thread>

namespace doorbuster::bench {
namespace {

struct Shot {
  std::string ns;
  int count = 0, floor = 0;
  Instant at{};
  int connections = 16;
};

std::string name_of(int number) {
  std::string digits = std::to_string(number);
  return "sale-" + std::string(digits.size() < 5 ? 5 - digits.size() : 0, '0') + digits;
}

int run(const std::string& kubeconfig, const Shot& shot) {
  auto transport = connect(kubeconfig, static_cast<std::size_t>(shot.connections));
  if (!transport.ok()) {
    std::fprintf(stderr, "bench_volley: %s\n", transport.error().message.c_str());
    return 1;
  }
  const kube::Client client(std::move(transport).value());
  kube::Resource autoscalers;
  autoscalers.group = "autoscaling";
  autoscalers.version = "v2";
  autoscalers.plural = "horizontalpodautoscalers";
  autoscalers.kind = "HorizontalPodAutoscaler";
  const Json body{R"({"spec":{"minReplicas":)" + std::to_string(shot.floor) + R"(,"maxReplicas":)" +
                  std::to_string(shot.floor * 3 / 2) + "}}"};
  std::atomic<int> next = 0, failed = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < shot.connections; ++i) {
    threads.emplace_back([&] {
      // Opens its connection before it counts.
      if (!client.raw("/version").ok()) ++failed;
      std::this_thread::sleep_until(shot.at);
      for (int number = next++; number < shot.count; number = next++) {
        const auto done = client.patch(autoscalers,
                                       {shot.ns, name_of(number)},
                                       kube::PatchType::Merge,
                                       body,
                                       {.field_manager = "volley"});
        if (!done.ok()) ++failed;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  if (failed > 0) std::fprintf(stderr, "bench_volley: %d requests failed\n", failed.load());
  return failed > 0 ? 1 : 0;
}

}  // namespace
}  // namespace doorbuster::bench

int main(int argc, char** argv) {
  CLI::App app{"Patches autoscalers sale-00000, sale-00001, ... of a namespace at one instant."};
  doorbuster::bench::Shot shot;
  std::string kubeconfig;
  std::int64_t at = 0;
  app.add_option("--kubeconfig", kubeconfig)->required();
  app.add_option("--namespace", shot.ns)->required();
  app.add_option("--count", shot.count)->required();
  app.add_option("--floor", shot.floor, "minReplicas to write")->required();
  app.add_option("--at", at, "instant, in milliseconds since 1970")->required();
  app.add_option("--connections", shot.connections);
  CLI11_PARSE(app, argc, argv);
  shot.at = doorbuster::Instant(doorbuster::Duration(at));
  return doorbuster::bench::run(kubeconfig, shot);
}
