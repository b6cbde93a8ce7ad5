#pragma once

#include "operator/kube/reflector.h"

#include <memory>
#include <string>
#include <vector>

namespace doorbuster::kube {

/// A need for one kind's watch; ends when it is destroyed or released.
class WatchClaim {
 public:
  WatchClaim() = default;
  WatchClaim(WatchClaim&&) noexcept = default;
  WatchClaim& operator=(WatchClaim&&) noexcept = default;
  void release() { held_.reset(); }
  explicit operator bool() const { return held_ != nullptr; }

 private:
  friend class WatchSet;
  explicit WatchClaim(std::shared_ptr<void> held) : held_(std::move(held)) {}
  std::shared_ptr<void> held_;
};

/// One running watch, as metrics and /readyz show it.
struct RunningWatch {
  Resource resource;
  std::string ns;
  WatchReport report;
  Instant last_heard{};  ///< last list, event or bookmark; the epoch before the first
  std::uint64_t events = 0, lists = 0, undecodable = 0, failures = 0;
  int claims = 0;  ///< 0: lingers
};

/// Watches a kind only while somebody needs it. Thread-safe.
class WatchSet {
 public:
  explicit WatchSet(WatchWorld world,
                    WatchSettings settings = {},
                    Duration linger = Duration(30'000));
  ~WatchSet();  ///< stops all

  /// Starts the watch of (resource, ns) into `sink`, or joins the running one (then its first sink
  /// stays the receiver and `sink` is ignored: keep one Store a kind). A watch that nobody needs
  /// any more ends after the linger; its sink then gets on_state(Stopped).
  WatchClaim acquire(const Resource& resource, const std::string& ns, std::shared_ptr<Sink> sink);
  std::vector<RunningWatch> running() const;
  void stop();  ///< ends all at once; later acquires start nothing

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace doorbuster::kube
