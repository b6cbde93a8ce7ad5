// How long the operator's own caches take to hold every autoscaler and every Deployment of a
// cluster, and what that costs in memory. Prints one JSON object.

#include "bench/connection.h"
#include "controllers/reconciler/kind_cache.h"

#include <CLI/CLI.hpp>
#include <json/json.h>

#include <cstdio>
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
        [](const reconciler::KindCache&) {});
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
  const Memory settled = memory_now();
  Json::Value out;
  out["seconds"] = done->seconds;
  out["bytes"] = Json::UInt64(transport->bytes());
  out["autoscalers"] = Json::UInt64(autoscalers->store().size());
  out["deployments"] = Json::UInt64(deployments->store().size());
  out["resident_idle"] = Json::UInt64(idle.resident);
  out["resident_synced"] = Json::UInt64(done->then.resident);
  out["resident_settled"] = Json::UInt64(settled.resident);
  out["resident_peak"] = Json::UInt64(settled.peak);
  for (const std::string& target : transport->targets()) out["targets"].append(target);
  std::puts(out.toStyledString().c_str());
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
