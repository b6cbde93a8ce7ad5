#pragma once

#include "controllers/planner/check.h"
#include "controllers/planner/plan.h"
#include "controllers/reconciler/check_measurer.h"
#include "operator/kube/store.h"

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace doorbuster::reconciler {

/// Checks measured at once, and of them at one host: a slow one does not keep the others waiting.
inline constexpr int kCheckWorkers = 6;
inline constexpr int kChecksPerHost = 2;
/// Checks of all events together; further ones stay Unknown, not measured.
inline constexpr std::size_t kChecksAtMost = 2'048;
/// Measurements remembered of one check.
inline constexpr std::size_t kCheckHistory = 512;

/// Measures the checks of the events whose time it is, at their interval, and asks the servers of
/// gates that a step waits at (planner/webhook_gate.h), on threads of its own, and shows what it
/// measured to their rounds. An event is looked at again only when a verdict has changed, or a row
/// is a minute old. Only the leader's measures. What was measured is kept in memory alone: after a
/// restart nothing is known until it is measured anew. Thread-safe.
class CheckPoller {
 public:
  using History = std::map<std::string, std::vector<planner::Measurement>>;  ///< by check's name
  struct Parts {
    std::shared_ptr<CheckMeasurer> measurer;
    std::shared_ptr<kube::Store<planner::Event>> events;
    std::string install;
    std::string prometheus;        ///< the address of checks that name none
    std::function<Instant()> now;  ///< what measurements are stamped with
    std::function<Duration()> steady;
    std::function<double()> jitter;  ///< [0, 1): spreads measurements; may be empty
    std::function<bool()> leading;
    std::function<void(const kube::Key&)> look_again;  ///< at this event
  };
  explicit CheckPoller(Parts parts) : parts_(std::move(parts)) {}
  ~CheckPoller();  ///< stops

  void start();
  /// No new measurements; those under way end by themselves, in kWebDeadline at the most.
  void begin_stop();
  void stop();
  /// An event came, changed or went, or we lead now.
  void poke();

  /// What was measured of an event, oldest first.
  History show(const planner::Event& event) const;

 private:
  struct Task {
    std::shared_ptr<const planner::Event> event;
    api::CheckSpec check;
    std::string host;  ///< asked; empty: the API server
    Duration due{};    ///< by the steady clock
    bool running = false;
    int failures = 0;  ///< answers to a gate's question that say nothing
    std::vector<planner::Measurement> history;
    std::optional<planner::CheckVerdict> told;
    std::optional<Instant> told_measured;
  };
  using Id = std::pair<kube::Key, std::string>;
  using Tasks = std::map<Id, std::shared_ptr<Task>>;

  void watch();
  void work();
  /// False: to stop.
  bool wait();
  /// Are there checks at all? Makes the tasks those of the events whose time it is.
  bool take_up();
  void take_up(const kube::Key& key, const std::shared_ptr<const planner::Event>& event, Tasks& to);
  /// All that is asked of an event now.
  std::vector<api::CheckSpec> asked_of(const planner::Event& event) const;
  Duration rest_of(Task& task, const planner::Measurement& made) const;
  /// Events of which something new is to be told, which then counts as told.
  std::vector<kube::Key> news();
  bool is_news(Task& task, Instant now) const;
  std::shared_ptr<Task> next();
  void keep(Task& task, planner::Measurement made);
  double roll() const { return parts_.jitter ? parts_.jitter() : 0.5; }

  Parts parts_;
  mutable std::mutex mutex_;
  std::condition_variable changed_, due_;
  bool stopping_ = false, poked_ = false, any_ = false;
  Tasks tasks_;
  std::map<std::string, int> running_;  ///< by host
  std::vector<std::thread> threads_;
};

}  // namespace doorbuster::reconciler
