#include "operator/commands/meters.h"

#include "operator/commands/version.h"

#include <utility>

namespace doorbuster::commands {
namespace {

using Spec = serve::MetricSpec;
using Type = serve::MetricSpec::Type;

const serve::MetricLabels kController{{"controller", "saleevent"}};
const serve::MetricLabels kQueue{{"name", "saleevent"}, {"controller", "saleevent"}};

double seconds(Duration span) { return std::chrono::duration<double>(span).count(); }

/// controller-runtime's buckets of reconcile times.
std::vector<double> round_buckets() {
  return {0.005, 0.01, 0.025, 0.05, 0.1,  0.15, 0.2,  0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6,
          0.7,   0.8,  0.9,   1.0,  1.25, 1.5,  1.75, 2.0,  2.5, 3.0,  3.5, 4.0,  4.5, 5,
          6,     7,    8,     9,    10,   15,   20,   25,   30,  40,   50,  60};
}

/// The work queue's: powers of ten.
std::vector<double> queue_buckets() {
  return {1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10, 100, 1000};
}

std::vector<double> request_buckets() {
  return {0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60};
}

std::vector<Spec> runtime_specs() {
  return {
      {Type::Counter, "controller_runtime_reconcile_total", "Rounds, by how they ended.", {}},
      {Type::Counter, "controller_runtime_reconcile_errors_total", "Rounds that failed.", {}},
      {Type::Counter,
       "controller_runtime_reconcile_panics_total",
       "Always 0: a bug stops the process.",
       {}},
      {Type::Histogram,
       "controller_runtime_reconcile_time_seconds",
       "How long rounds take.",
       round_buckets()},
      {Type::Gauge, "controller_runtime_active_workers", "Workers at work.", {}},
      {Type::Gauge, "controller_runtime_max_concurrent_reconciles", "Workers there are.", {}},
      {Type::Gauge, "workqueue_depth", "Events that wait for a worker.", {}},
      {Type::Counter, "workqueue_adds_total", "Events put into the queue.", {}},
      {Type::Histogram,
       "workqueue_queue_duration_seconds",
       "How long events wait for a worker.",
       queue_buckets()},
      {Type::Histogram,
       "workqueue_work_duration_seconds",
       "How long a worker works on an event.",
       queue_buckets()},
      {Type::Gauge,
       "workqueue_unfinished_work_seconds",
       "Sum of the times of work not yet finished.",
       {}},
      {Type::Gauge,
       "workqueue_longest_running_processor_seconds",
       "Time of the longest work not yet finished.",
       {}},
      {Type::Counter, "workqueue_retries_total", "Rounds repeated after a failure.", {}},
      {Type::Counter, "rest_client_requests_total", "Requests to the API server.", {}},
      {Type::Histogram,
       "rest_client_request_duration_seconds",
       "How long the API server takes.",
       request_buckets()},
      {Type::Gauge, "leader_election_master_status", "1 while this process leads.", {}},
  };
}

std::vector<Spec> own_specs() {
  return {
      {Type::Gauge, "doorbuster_build_info", "1; the labels say which build this is.", {}},
      {Type::Gauge, "doorbuster_event_info", "1; the label says the event's phase.", {}},
      {Type::Gauge,
       "doorbuster_event_window_active",
       "1 between the start and the end of a sale.",
       {}},
      {Type::Gauge, "doorbuster_event_start_timestamp_seconds", "When the sale begins.", {}},
      {Type::Gauge, "doorbuster_target_replicas", "Replicas of a target, by what they are.", {}},
      {Type::Gauge, "doorbuster_hold_active", "1 while a field is held.", {}},
      {Type::Gauge,
       "doorbuster_hold_contested",
       "1 while somebody else writes a held field too.",
       {}},
      {Type::Gauge, "doorbuster_check", "1; the label says the verdict of a check.", {}},
      {Type::Gauge,
       "doorbuster_sweep_held_objects",
       "Objects that carry our label, at the last sweep.",
       {}},
      {Type::Gauge,
       "doorbuster_sweep_orphans",
       "Objects with holds of events that are gone, at the last sweep.",
       {}},
  };
}

serve::MetricLabels labels_of(const std::string& ns, const std::string& name) {
  return {{"namespace", ns}, {"event", name}};
}

void add_targets(const planner::Event& event,
                 const serve::MetricLabels& labels,
                 std::vector<serve::MetricSample>& samples) {
  for (const api::TargetStatus& row : event.status.targets) {
    const auto baseline = row.baseline.min ? row.baseline.min : row.baseline.replicas;
    const std::pair<const char*, std::optional<std::int64_t>> values[] = {{"baseline", baseline},
                                                                          {"floor", row.held},
                                                                          {"ready", row.ready},
                                                                          {"desired", row.desired},
                                                                          {"ceiling", row.ceiling}};
    for (const auto& [kind, value] : values) {
      if (!value) continue;
      serve::MetricLabels target = labels;
      target["target"] = row.name;
      target["kind"] = kind;
      samples.push_back({"doorbuster_target_replicas", target, static_cast<double>(*value)});
    }
  }
}

void add_holds(const planner::Event& event,
               const serve::MetricLabels& labels,
               std::vector<serve::MetricSample>& samples) {
  std::map<std::string, std::pair<bool, bool>>
      holds;  // by name: a target holds two fields under one
  for (const api::HoldStatus& row : event.status.holds) {
    auto& [active, contested] = holds[row.name];
    active = active || !row.copy.empty();
    contested = contested || row.state == "Contested" || row.state == "RouteContested";
  }
  for (const auto& [name, state] : holds) {
    serve::MetricLabels hold = labels;
    hold["hold"] = name;
    samples.push_back({"doorbuster_hold_active", hold, state.first ? 1.0 : 0.0});
    samples.push_back({"doorbuster_hold_contested", hold, state.second ? 1.0 : 0.0});
  }
}

void add_checks(const planner::Event& event,
                const serve::MetricLabels& labels,
                std::vector<serve::MetricSample>& samples) {
  for (const api::CheckStatus& row : event.status.checks) {
    serve::MetricLabels check = labels;
    check["check"] = row.name;
    check["verdict"] = row.verdict;
    samples.push_back({"doorbuster_check", check, 1});
  }
}

}  // namespace

std::vector<Spec> metric_specs() {
  std::vector<Spec> specs = runtime_specs();
  for (Spec& one : own_specs()) specs.push_back(std::move(one));
  return specs;
}

EventMeter::EventMeter(std::shared_ptr<serve::Metrics> metrics, int workers)
    : metrics_(std::move(metrics)) {
  for (const auto end : {reconciler::RoundEnd::Success,
                         reconciler::RoundEnd::Error,
                         reconciler::RoundEnd::Requeue,
                         reconciler::RoundEnd::RequeueAfter}) {
    serve::MetricLabels labels = kController;
    labels["result"] = to_string(end);
    metrics_->count("controller_runtime_reconcile_total", labels, 0);
  }
  metrics_->count("controller_runtime_reconcile_errors_total", kController, 0);
  metrics_->count("controller_runtime_reconcile_panics_total", kController, 0);
  metrics_->set("controller_runtime_active_workers", kController, 0);
  metrics_->set("controller_runtime_max_concurrent_reconciles", kController, workers);
}

void EventMeter::on_round(reconciler::RoundEnd end, Duration took) {
  serve::MetricLabels labels = kController;
  labels["result"] = to_string(end);
  metrics_->count("controller_runtime_reconcile_total", labels);
  if (end == reconciler::RoundEnd::Error)
    metrics_->count("controller_runtime_reconcile_errors_total", kController);
  metrics_->observe("controller_runtime_reconcile_time_seconds", kController, seconds(took));
}

void EventMeter::on_active_workers(int change) {
  metrics_->change("controller_runtime_active_workers", kController, change);
}

void EventMeter::on_event(const planner::Event& event, Instant now) {
  const serve::MetricLabels labels = labels_of(event.ref.ns, event.ref.name);
  std::vector<serve::MetricSample> samples;
  serve::MetricLabels info = labels;
  info["phase"] = event.status.phase;
  samples.push_back({"doorbuster_event_info", info, 1});
  if (event.status.window) {
    const api::WindowStatus& window = *event.status.window;
    const bool active = window.start <= now && now < window.end;
    samples.push_back({"doorbuster_event_window_active", labels, active ? 1.0 : 0.0});
    samples.push_back({"doorbuster_event_start_timestamp_seconds",
                       labels,
                       seconds(window.start.time_since_epoch())});
  }
  add_targets(event, labels, samples);
  add_holds(event, labels, samples);
  add_checks(event, labels, samples);
  metrics_->set_group(event.ref.ns + "/" + event.ref.name, samples);
}

void EventMeter::on_event_gone(const kube::Key& event) {
  metrics_->set_group(event.ns + "/" + event.name, {});
}

void EventMeter::on_sweep(std::size_t held, std::size_t orphans) {
  metrics_->set("doorbuster_sweep_held_objects", {}, static_cast<double>(held));
  metrics_->set("doorbuster_sweep_orphans", {}, static_cast<double>(orphans));
}

QueueMeter::QueueMeter(std::shared_ptr<serve::Metrics> metrics) : metrics_(std::move(metrics)) {
  metrics_->count("workqueue_adds_total", kQueue, 0);
  metrics_->count("workqueue_retries_total", kQueue, 0);
}

void QueueMeter::on_depth(std::size_t waiting) {
  serve::MetricLabels labels = kQueue;
  labels["priority"] = "0";
  metrics_->set("workqueue_depth", labels, static_cast<double>(waiting));
}

void QueueMeter::on_add() { metrics_->count("workqueue_adds_total", kQueue); }

void QueueMeter::on_taken(Duration in_queue) {
  metrics_->observe("workqueue_queue_duration_seconds", kQueue, seconds(in_queue));
}

void QueueMeter::on_done(Duration work) {
  metrics_->observe("workqueue_work_duration_seconds", kQueue, seconds(work));
}

void QueueMeter::on_retry() { metrics_->count("workqueue_retries_total", kQueue); }

void QueueMeter::show(const kube::WorkQueue::Snapshot& snapshot) {
  on_depth(snapshot.waiting);
  metrics_->set("workqueue_unfinished_work_seconds", kQueue, seconds(snapshot.unfinished));
  metrics_->set(
      "workqueue_longest_running_processor_seconds", kQueue, seconds(snapshot.longest_running));
}

void show_request(serve::Metrics& metrics, const kube::RequestSeen& seen) {
  metrics.count("rest_client_requests_total",
                {{"code", seen.code}, {"method", seen.method}, {"host", seen.host}});
  metrics.observe("rest_client_request_duration_seconds",
                  {{"verb", seen.method}, {"host", seen.host}},
                  seen.seconds);
}

void show_leading(serve::Metrics& metrics, const std::string& lease, bool leading) {
  metrics.set("leader_election_master_status", {{"name", lease}}, leading ? 1 : 0);
}

void show_build(serve::Metrics& metrics) {
  const BuildInfo& build = build_info();
  metrics.set("doorbuster_build_info",
              {{"version", build.version}, {"commit", build.commit}, {"compiler", build.compiler}},
              1);
}

}  // namespace doorbuster::commands
