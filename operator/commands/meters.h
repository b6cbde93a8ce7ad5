#pragma once

#include "controllers/reconciler/meter.h"
#include "operator/kube/http_transport.h"
#include "operator/kube/queue.h"
#include "operator/serve/metrics.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace doorbuster::commands {

/// Everything that /metrics shows: controller-runtime's names, so that stock dashboards work, and
/// our own.
std::vector<serve::MetricSpec> metric_specs();

/// The reconciler's meter as metrics.
class EventMeter final : public reconciler::Meter {
 public:
  EventMeter(std::shared_ptr<serve::Metrics> metrics, int workers);
  void on_round(reconciler::RoundEnd end, Duration took) override;
  void on_active_workers(int change) override;
  void on_event(const planner::Event& event, Instant now) override;
  void on_event_gone(const kube::Key& event) override;
  void on_sweep(std::size_t held, std::size_t orphans) override;

 private:
  std::shared_ptr<serve::Metrics> metrics_;
};

/// The work queue's observer as metrics.
class QueueMeter final : public kube::QueueObserver {
 public:
  explicit QueueMeter(std::shared_ptr<serve::Metrics> metrics);
  void on_depth(std::size_t waiting) override;
  void on_add() override;
  void on_taken(Duration in_queue) override;
  void on_done(Duration work) override;
  void on_retry() override;
  void show(const kube::WorkQueue::Snapshot& snapshot);  ///< when scraped

 private:
  std::shared_ptr<serve::Metrics> metrics_;
};

/// One finished request to the API server.
void show_request(serve::Metrics& metrics, const kube::RequestSeen& seen);
void show_leading(serve::Metrics& metrics, const std::string& lease, bool leading);
void show_build(serve::Metrics& metrics);

}  // namespace doorbuster::commands
