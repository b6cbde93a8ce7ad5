#pragma once

#include "controllers/reconciler/reconciler.h"
#include "tests/reconciler/small_cluster.h"

#include <memory>
#include <utility>

namespace doorbuster::reconciler {

/// What a reconciler that leads a small cluster works with; its watches are quick to try again.
inline Reconciler::Parts parts_of(const SmallCluster& cluster, Log log) {
  const auto transport = cluster.transport();
  const auto now = [&cluster] { return cluster.now(); };
  const auto client = std::make_shared<kube::Client>(transport);
  const kube::WatchSettings watch{.backoff_base = Duration(50),
                                  .backoff_max = Duration(200),
                                  .backoff_floor = Duration(10),
                                  .early_refusals = 1,
                                  .slow_retry = Duration(300)};
  return {.client = client,
          .watches = std::make_shared<kube::WatchSet>(
              kube::WatchWorld{transport, now, [] { return 0.5; }, {}}, watch),
          .access = std::make_shared<kube::AccessReviewer>(client, now),
          .recorder = nullptr,
          .queue_observer = nullptr,
          .meter = nullptr,
          .now = now,
          .steady = [now] { return now().time_since_epoch(); },
          .leading = [] { return true; },
          .log = std::move(log)};
}

}  // namespace doorbuster::reconciler
