#pragma once

#include "controllers/reconciler/cluster_world.h"
#include "controllers/reconciler/meter.h"
#include "controllers/reconciler/schedules.h"
#include "controllers/reconciler/sweep.h"
#include "operator/kube/queue.h"
#include "operator/kube/watch_set.h"

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace doorbuster::reconciler {

/// The loop: an event that changed, or whose time has come, or whose objects changed, gets a round.
/// Many events at once, one worker an event. Without leadership nothing is written; the watches are
/// kept, so that taking over needs no list.
class Reconciler {
 public:
  struct Settings {
    planner::Setup setup;
    int workers = 16;
    std::vector<std::string> namespaces;  ///< watched ones; empty: all
    Duration sweep_every{3'600'000};
  };
  struct Parts {
    std::shared_ptr<kube::Client> client;  ///< its gate lets only the leader write
    std::shared_ptr<kube::WatchSet> watches;
    std::shared_ptr<kube::AccessReviewer> access;
    std::shared_ptr<kube::EventRecorder> recorder;
    std::shared_ptr<kube::QueueObserver> queue_observer;
    std::shared_ptr<Meter> meter;
    std::shared_ptr<adapters::Web> web;   ///< for checks; null: none are measured
    std::function<double()> jitter = {};  ///< [0, 1)
    std::function<Instant()> now;
    std::function<Duration()> steady;
    std::function<bool()> leading;
    Log log;
  };
  Reconciler(Settings settings, Parts parts);
  ~Reconciler();  ///< stops

  void start();
  /// We lead now: look at everything.
  void lead();
  /// No new rounds; waits for those under way. False when they take longer.
  bool stop(Duration at_most);

  bool synced() const;  ///< all SaleEvents are known
  kube::WorkQueue::Snapshot queue() const { return queue_->snapshot(); }

 private:
  void make_checks(const std::shared_ptr<Kinds>& kinds,
                   const std::function<void(const kube::Key&)>& look_again);
  void work_through();
  void work_on(const kube::Key& key);
  void finish(const kube::Key& key, const planner::RoundResult& result, Duration took);
  void on_event_change(const kube::Key& key,
                       const EventStore::Pointer& before,
                       const EventStore::Pointer& after);
  void schedule_showed(const std::string& ns, const std::string& label);
  void report_failure(const kube::Key& key, const Error& error);

  Settings settings_;
  Parts parts_;
  std::shared_ptr<kube::WorkQueue> queue_;
  std::shared_ptr<EventStore> events_;
  std::shared_ptr<Caches> caches_;
  std::shared_ptr<Rooms> rooms_;
  std::shared_ptr<Actions> actions_;
  std::shared_ptr<CheckPoller> checks_;
  std::shared_ptr<ClusterWorld> world_;
  std::unique_ptr<Sweep> sweep_;
  std::unique_ptr<Schedules> schedules_;
  std::vector<kube::WatchClaim> claims_;
  std::vector<std::thread> threads_;
  bool stopped_ = false;
};

}  // namespace doorbuster::reconciler
