#pragma once

#include "operator/base/instant.h"
#include "operator/kube/client.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

namespace doorbuster::reconciler {

/// What events ask for that no watch tells of, with what was seen of it: remembered for as long as
/// the event goes on asking. `Look` says when it is due(), at once when default-made. Thread-safe;
/// no event is looked after by two threads at once.
template <class What, class Look>
class Asked {
 public:
  using Looks = std::map<What, Look>;

  Looks of(const kube::Key& event) const {
    const std::lock_guard lock(mutex_);
    const auto known = looks_.find(event);
    return known == looks_.end() ? Looks() : known->second;
  }
  /// Takes the place of all that the event asked for before.
  void put(const kube::Key& event, Looks looks) {
    const std::lock_guard lock(mutex_);
    looks_.erase(event);
    if (!looks.empty()) looks_.emplace(event, std::move(looks));
  }
  void forget(const kube::Key& event) { put(event, {}); }

  /// How long until one of them is due, `at_most` at the most; nothing: the event asks for nothing.
  std::optional<Duration> again(const kube::Key& event, Instant now, Duration at_most) const {
    const std::lock_guard lock(mutex_);
    const auto known = looks_.find(event);
    if (known == looks_.end()) return std::nullopt;
    Duration soonest = at_most;
    for (const auto& [what, look] : known->second)
      soonest = std::clamp(look.due() - now, Duration(0), soonest);
    return soonest;
  }

 private:
  mutable std::mutex mutex_;
  std::map<kube::Key, Looks> looks_;
};

}  // namespace doorbuster::reconciler
