#pragma once

#include "controllers/reconciler/schedule_world.h"
#include "operator/kube/queue.h"
#include "operator/kube/watch_set.h"

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace doorbuster::reconciler {

/// The loop of SaleSchedules: one that changed, whose time has come or whose events changed gets a
/// round; one thread, for they are few and seldom have anything to do. Where the kind is not served
/// it says so once and waits until it is.
class Schedules {
 public:
  struct Parts {
    std::shared_ptr<kube::Client> client;
    std::shared_ptr<kube::WatchSet> watches;
    std::shared_ptr<EventStore> events;
    std::shared_ptr<kube::EventRecorder> recorder;
    std::string install;
    std::vector<std::string> namespaces;  ///< watched ones; empty: all
    std::function<Instant()> now;
    std::function<Duration()> steady;
    std::function<bool()> leading;
    /// Something else is known of what a schedule's last sale showed: its namespace and label.
    std::function<void(const std::string& ns, const std::string& label)> shown;
    Log log;
  };
  explicit Schedules(Parts parts);
  ~Schedules();  ///< stops

  void start();
  /// We lead now: look at everything.
  void lead();
  /// SaleEvents of a namespace changed: `schedule` as the event's label says; empty where it has
  /// none and its name may have been in the way.
  void event_changed(const std::string& ns, const std::string& schedule);
  /// What the last sale of an event's schedule showed; nothing: not known, or no schedule.
  std::optional<api::LastOccurrence> last_occurrence(const planner::Event& event) const;
  void stop();

 private:
  void work_through();
  void work_on(const kube::Key& key);
  void on_watch(const kube::WatchReport& report);

  Parts parts_;
  std::shared_ptr<kube::WorkQueue> queue_;
  std::shared_ptr<ScheduleStore> store_;
  std::unique_ptr<ClusterScheduleWorld> world_;
  std::vector<kube::WatchClaim> claims_;
  std::thread thread_;
  std::atomic<bool> told_ = false;  ///< that the kind is not served
};

}  // namespace doorbuster::reconciler
