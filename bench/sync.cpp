// How long the operator's own caches take to hold every autoscaler and every Deployment of a
// cluster, and what that costs in memory. Prints one JSON object.

#include "bench/connection.h"
#include "controllers/reconciler/kind_cache.h"
#include "operator/base/json.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <optional>
#include <thread>

namespace doorbuster::bench {
namespace {

constexpr std::chrono::milliseconds kLook{1};
constexpr std::chrono::seconds kSettle{3}, kGiveUp{300};

kube::Resource served(const char* group,
                      const char* version,
                      const char* plural,
                      const char* kind) {
  kube::Resource resource;
  resource.group = group;
  resource.version = version;
  resource.plural = plural;
  resource.kind = kind;
  return resource;
}

struct Synced {
  double seconds = 0;
  Memory then;  ///< at that moment
};

/// Both lists at once, as in the operator. Nothing: not within kGiveUp.
std::optional<Synced> sync(const std::vector<reconciler::KindCache*>& caches,
                           kube::WatchSet& watches,
                           std::vector<kube::WatchClaim>& claims) {
  const auto began = std::chrono::steady_clock::now();
  for (reconciler::KindCache* cache : caches) {
    claims.push_back(watches.acquire(cache->resource(), "", cache->sink()));
  }
  for (;;) {
    const auto took = std::chrono::steady_clock::now() - began;
    bool all = true;
    for (const reconciler::KindCache* cache : caches) all = all && cache->store().synced();
    if (all) return Synced{std::chrono::duration<double>(took).count(), memory_now()};
    if (took > kGiveUp) return std::nullopt;
    std::this_thread::sleep_for(kLook);
  }
}

void print(const Synced& done,
           const Memory& idle,
           const Memory& settled,
           const CountingTransport& transport,
           std::size_t autoscalers,
           std::size_t deployments) {
  std::vector<Json> targets;
  for (const std::string& target : transport.targets()) targets.push_back(json_of_string(target));
  const auto number = [](std::uint64_t value) { return static_cast<std::int64_t>(value); };
  JsonObject out;
  out.add("microseconds", static_cast<std::int64_t>(done.seconds * 1e6));
  out.add("bytes", number(transport.bytes()));
  out.add("autoscalers", number(autoscalers)).add("deployments", number(deployments));
  out.add("resident_idle", number(idle.resident))
      .add("resident_synced", number(done.then.resident));
  out.add("resident_settled", number(settled.resident)).add("resident_peak", number(settled.peak));
  out.add("targets", json_array(targets));
  std::puts(out.build().text.c_str());
}

int run(const std::string& kubeconfig) {
  Result<std::shared_ptr<kube::Transport>> inner = connect(kubeconfig, 8);
  if (!inner.ok()) {
    std::fprintf(stderr, "bench_sync: %s\n", inner.error().message.c_str());
    return 1;
  }
  auto transport = std::make_shared<CountingTransport>(std::move(inner).value());
  auto client = std::make_shared<kube::Client>(transport);
  if (const Result<std::string> version = client->raw("/version"); !version.ok()) {
    std::fprintf(stderr, "bench_sync: %s\n", version.error().message.c_str());
    return 1;
  }
  const auto interest = std::make_shared<reconciler::Interest>();
  const auto cache_of = [&](kube::Resource resource) {
    return std::make_unique<reconciler::KindCache>(
        std::move(resource),
        client,
        interest,
        [](const ObjectRef&, const reconciler::Record*, const reconciler::Record*) {},
        [](const reconciler::KindCache&, kube::WatchState) {});
  };
  const auto autoscalers =
      cache_of(served("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler"));
  const auto deployments = cache_of(served("apps", "v1", "deployments", "Deployment"));
  kube::WatchSet watches(
      {.transport = transport, .now = wall_now, .jitter = [] { return 0.5; }, .log = {}});
  std::vector<kube::WatchClaim> claims;
  const Memory idle = memory_now();
  const auto done = sync({autoscalers.get(), deployments.get()}, watches, claims);
  if (!done) {
    std::fprintf(stderr, "bench_sync: not synced in time\n");
    return 1;
  }
  std::this_thread::sleep_for(kSettle);
  print(*done,
        idle,
        memory_now(),
        *transport,
        autoscalers->store().size(),
        deployments->store().size());
  claims.clear();
  watches.stop();
  return 0;
}

}  // namespace
}  // namespace doorbuster::bench

int main(int argc, char** argv) {
  CLI::App app{"Syncs the operator's caches of all autoscalers and Deployments once."};
  std::string kubeconfig;
  app.add_option("--kubeconfig", kubeconfig)->required();
  CLI11_PARSE(app, argc, argv);
  return doorbuster::bench::run(kubeconfig);
}
