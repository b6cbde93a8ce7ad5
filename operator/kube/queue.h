#pragma once

#include "operator/base/instant.h"
#include "operator/kube/client.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

namespace doorbuster::kube {

/// Told what a queue does, for controller-runtime's workqueue metrics. Called under the queue's
/// lock: count and return.
class QueueObserver {
 public:
  virtual ~QueueObserver() = default;
  virtual void on_depth(std::size_t waiting) = 0;  ///< workqueue_depth
  virtual void on_add() = 0;                       ///< workqueue_adds_total
  virtual void on_taken(Duration in_queue) = 0;    ///< workqueue_queue_duration_seconds
  virtual void on_done(Duration work) = 0;         ///< workqueue_work_duration_seconds
  virtual void on_retry() = 0;                     ///< workqueue_retries_total
};

struct QueueSettings {
  Duration retry_base{5}, retry_max{60'000};
  std::size_t keys = 100'000;  ///< known at once (waiting, planned, at work); more are refused
  Duration recheck{
      1'000};  ///< how long a wait lasts at most, so that a step of the wall clock is noticed
};

/// Keys to work on, one worker a key at a time. A key added while it waits is there once; added
/// while it is worked on it comes again afterwards. Thread-safe; no call but take() blocks.
class WorkQueue {
 public:
  struct Clocks {
    std::function<Instant()> wall;     ///< decides planned wake-ups
    std::function<Duration()> steady;  ///< any origin; decides retries and measures
  };
  explicit WorkQueue(Clocks clocks,
                     std::shared_ptr<QueueObserver> observer = nullptr,
                     QueueSettings settings = {});
  ~WorkQueue();

  /// False (and counted) when the bound is reached or the queue is shut down.
  bool add(const Key& key);
  /// At the latest then: of several instants the earliest counts.
  bool add_at(const Key& key, Instant at);
  /// The plan changed: replaces every earlier instant of add_at and plan; nothing: no wake-up.
  /// Retries stay.
  bool plan(const Key& key, std::optional<Instant> at);
  /// Once more after the key's back-off (retry_base x 2^n, at most retry_max).
  bool retry(const Key& key);
  /// Its last round was good: the next retry begins at retry_base. Forgets nothing else.
  void forget(const Key& key);
  int retries(const Key& key) const;

  /// Waits for the next key; nothing once shut down. Each key taken must be given back by done().
  std::optional<Key> take();
  void done(const Key& key);

  void poke();       ///< look at the clocks again now
  void shut_down();  ///< take() returns nothing; keys at work finish
  /// Waits until no key is at work; false when that takes longer.
  bool wait_idle(Duration at_most);

  struct Snapshot {
    std::size_t waiting = 0, planned = 0, working = 0;
    std::uint64_t refused = 0;
    Duration longest_running{};  ///< workqueue_longest_running_processor_seconds
    Duration unfinished{};       ///< workqueue_unfinished_work_seconds: sum over the keys at work
  };
  Snapshot snapshot() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace doorbuster::kube
