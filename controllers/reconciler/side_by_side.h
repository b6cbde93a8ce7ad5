#pragma once

#include <boost/asio/thread_pool.hpp>

#include <cstddef>
#include <functional>
#include <vector>

namespace doorbuster::reconciler {

/// Runs the requests of a round beside each other: a release of thirty Deployments is taken back in
/// the time of a few. Thread-safe.
class SideBySide {
 public:
  /// Threads beside the callers' own; all rounds share them.
  static constexpr std::size_t kHands = 8;

  SideBySide() : pool_(kHands) {}
  ~SideBySide() { pool_.join(); }
  SideBySide(const SideBySide&) = delete;
  SideBySide& operator=(const SideBySide&) = delete;

  /// Runs each once, on this thread too, and returns when all have ended. They must not throw. With
  /// all hands full the caller does all of its own by itself.
  void run(const std::vector<std::function<void()>>& tasks);

 private:
  boost::asio::thread_pool pool_;
};

}  // namespace doorbuster::reconciler
