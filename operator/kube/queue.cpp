#include "operator/kube/queue.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <utility>

namespace doorbuster::kube {

struct WorkQueue::State {
  struct Item {
    bool waiting = false;  ///< in `ready`
    bool working = false;
    bool dirty = false;  ///< added while it was worked on
    std::optional<Instant> planned;
    std::optional<Duration> retry_at;
    int retries = 0;
    Duration since{};  ///< waiting or working, by the steady clock
  };

  State(Clocks given, std::shared_ptr<QueueObserver> watcher, QueueSettings chosen)
      : clocks(std::move(given)), observer(std::move(watcher)), settings(chosen) {}

  /// The item of a key, made if there is room; null otherwise.
  Item* touch(const Key& key) {
    const auto found = items.find(key);
    if (found != items.end() && !ended) return &found->second;
    if (ended || items.size() >= settings.keys) {
      ++refused;
      return nullptr;
    }
    return &items[key];
  }

  void enqueue(const Key& key, Item& item) {
    if (item.waiting || item.dirty) return;
    if (observer) observer->on_add();
    if (item.working) {
      item.dirty = true;
      return;
    }
    put(key, item);
  }

  void put(const Key& key, Item& item) {
    item.waiting = true;
    item.since = clocks.steady();
    ready.push_back(key);
    if (observer) observer->on_depth(ready.size());
    wake.notify_one();
  }

  void set_plan(const Key& key, Item& item, std::optional<Instant> at) {
    if (item.planned) plans.erase({*item.planned, key});
    item.planned = at;
    if (at) plans.emplace(*at, key);
  }

  void set_retry(const Key& key, Item& item, std::optional<Duration> at) {
    if (item.retry_at) retries.erase({*item.retry_at, key});
    item.retry_at = at;
    if (at) retries.emplace(*at, key);
  }

  void drop_if_idle(const Key& key) {
    const auto found = items.find(key);
    if (found == items.end()) return;
    const Item& item = found->second;
    if (!item.waiting && !item.working && !item.planned && !item.retry_at && item.retries == 0)
      items.erase(found);
  }

  /// Moves what has become due to `ready`; says how long until the next is.
  Duration promote() {
    const Instant wall = clocks.wall();
    while (!plans.empty() && plans.begin()->first <= wall) {
      const Key key = plans.begin()->second;
      Item& item = items.at(key);
      set_plan(key, item, std::nullopt);
      enqueue(key, item);
    }
    const Duration steady = clocks.steady();
    while (!retries.empty() && retries.begin()->first <= steady) {
      const Key key = retries.begin()->second;
      Item& item = items.at(key);
      set_retry(key, item, std::nullopt);
      enqueue(key, item);
    }
    Duration next = settings.recheck;
    if (!plans.empty())
      next = std::min(next, std::chrono::duration_cast<Duration>(plans.begin()->first - wall));
    if (!retries.empty()) next = std::min(next, retries.begin()->first - steady);
    return std::max(next, Duration(1));
  }

  Clocks clocks;
  std::shared_ptr<QueueObserver> observer;
  QueueSettings settings;
  mutable std::mutex mutex;
  std::condition_variable wake, idle;
  std::map<Key, Item> items;
  std::deque<Key> ready;
  std::set<std::pair<Instant, Key>> plans;
  std::set<std::pair<Duration, Key>> retries;
  std::set<Key> working;
  std::uint64_t refused = 0;
  bool ended = false;
};

WorkQueue::WorkQueue(Clocks clocks, std::shared_ptr<QueueObserver> observer, QueueSettings settings)
    : state_(std::make_unique<State>(std::move(clocks), std::move(observer), settings)) {}

WorkQueue::~WorkQueue() { shut_down(); }

bool WorkQueue::add(const Key& key) {
  const std::lock_guard lock(state_->mutex);
  State::Item* item = state_->touch(key);
  if (item == nullptr) return false;
  state_->enqueue(key, *item);
  return true;
}

bool WorkQueue::add_at(const Key& key, Instant at) {
  const std::lock_guard lock(state_->mutex);
  State::Item* item = state_->touch(key);
  if (item == nullptr) return false;
  if (item->planned && *item->planned <= at) return true;
  state_->set_plan(key, *item, at);
  state_->wake.notify_one();
  return true;
}

bool WorkQueue::plan(const Key& key, std::optional<Instant> at) {
  const std::lock_guard lock(state_->mutex);
  if (!at && !state_->items.contains(key)) return true;
  State::Item* item = state_->touch(key);
  if (item == nullptr) return false;
  state_->set_plan(key, *item, at);
  state_->drop_if_idle(key);
  if (at) state_->wake.notify_one();
  return true;
}

bool WorkQueue::retry(const Key& key) {
  const std::lock_guard lock(state_->mutex);
  State::Item* item = state_->touch(key);
  if (item == nullptr) return false;
  Duration delay = state_->settings.retry_base;
  for (int i = 0; i < item->retries && delay < state_->settings.retry_max; ++i) delay *= 2;
  delay = std::min(delay, state_->settings.retry_max);
  if (item->retries < 1'000) ++item->retries;
  if (state_->observer) state_->observer->on_retry();
  const Duration at = state_->clocks.steady() + delay;
  if (!item->retry_at || at < *item->retry_at) state_->set_retry(key, *item, at);
  state_->wake.notify_one();
  return true;
}

void WorkQueue::forget(const Key& key) {
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->items.find(key);
  if (found == state_->items.end()) return;
  found->second.retries = 0;
  state_->drop_if_idle(key);
}

int WorkQueue::retries(const Key& key) const {
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->items.find(key);
  return found == state_->items.end() ? 0 : found->second.retries;
}

std::optional<Key> WorkQueue::take() {
  std::unique_lock lock(state_->mutex);
  for (;;) {
    if (state_->ended) return std::nullopt;
    const Duration next = state_->promote();
    if (!state_->ready.empty()) break;
    state_->wake.wait_for(lock, next);
  }
  Key key = std::move(state_->ready.front());
  state_->ready.pop_front();
  State::Item& item = state_->items.at(key);
  const Duration now = state_->clocks.steady();
  if (state_->observer) {
    state_->observer->on_depth(state_->ready.size());
    state_->observer->on_taken(now - item.since);
  }
  item.waiting = false;
  item.working = true;
  item.since = now;
  state_->working.insert(key);
  return key;
}

void WorkQueue::done(const Key& key) {
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->items.find(key);
  if (found == state_->items.end() || !found->second.working) return;
  State::Item& item = found->second;
  if (state_->observer) state_->observer->on_done(state_->clocks.steady() - item.since);
  item.working = false;
  state_->working.erase(key);
  if (std::exchange(item.dirty, false)) {
    state_->put(key, item);
  } else {
    state_->drop_if_idle(key);
  }
  if (state_->working.empty()) state_->idle.notify_all();
}

void WorkQueue::poke() {
  const std::lock_guard lock(state_->mutex);
  state_->wake.notify_all();
}

void WorkQueue::shut_down() {
  const std::lock_guard lock(state_->mutex);
  state_->ended = true;
  state_->wake.notify_all();
}

bool WorkQueue::wait_idle(Duration at_most) {
  std::unique_lock lock(state_->mutex);
  return state_->idle.wait_for(lock, at_most, [this] { return state_->working.empty(); });
}

WorkQueue::Snapshot WorkQueue::snapshot() const {
  const std::lock_guard lock(state_->mutex);
  Snapshot seen{.waiting = state_->ready.size(),
                .planned = state_->plans.size() + state_->retries.size(),
                .working = state_->working.size(),
                .refused = state_->refused,
                .longest_running = {},
                .unfinished = {}};
  const Duration now = state_->clocks.steady();
  for (const Key& key : state_->working) {
    const Duration span = now - state_->items.at(key).since;
    seen.longest_running = std::max(seen.longest_running, span);
    seen.unfinished += span;
  }
  return seen;
}

}  // namespace doorbuster::kube
