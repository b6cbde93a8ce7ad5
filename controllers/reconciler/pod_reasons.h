#pragma once

#include "controllers/planner/seen.h"
#include "controllers/reconciler/asked.h"
#include "controllers/reconciler/kinds.h"
#include "controllers/reconciler/side_by_side.h"
#include "operator/kube/client.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>

namespace doorbuster::reconciler {

/// What keeps a workload's pods is looked at again so often while somebody waits for them.
inline constexpr Duration kPodsFresh{15'000};
/// So many of its pods are looked at, and so many events about those that could not be created.
inline constexpr int kPodsLookedAt = 500, kPodEvents = 50;
/// An event that was last seen longer ago says nothing of now.
inline constexpr Duration kPodEventLasts{600'000};

/// Why the pods of workloads are not ready. Nothing is watched: pods are listed where a workload
/// waits for them, one page of them, and only counts are kept. Thread-safe.
class PodReasons {
 public:
  PodReasons(std::shared_ptr<kube::Client> client,
             std::shared_ptr<Kinds> kinds,
             std::shared_ptr<SideBySide> beside)
      : client_(std::move(client)), kinds_(std::move(kinds)), beside_(std::move(beside)) {}

  enum class Reading { Fresh, Remembered };  ///< the latter asks the API server nothing
  /// Of the workloads whose time has come (planner::Needs::pods); those that cannot be read are
  /// left out. What is asked for takes the place of what that event asked for before; no event is
  /// looked after by two threads at once.
  std::map<ObjectRef, planner::PodsSeen> look(const kube::Key& event,
                                              const std::map<ObjectRef, Instant>& asked,
                                              Instant now,
                                              Reading reading);
  /// How long until a look shows something new; nothing: the event asks for nothing.
  std::optional<Duration> again(const kube::Key& event, Instant now) const {
    return asked_.again(event, now, kPodsFresh);
  }
  void forget(const kube::Key& event) { asked_.forget(event); }

 private:
  struct Look {
    Instant from{}, looked_at{};
    std::optional<planner::PodsSeen> seen = {};  ///< nothing: not looked at, or could not be read
    Instant due() const { return std::max(from, looked_at + kPodsFresh); }
  };
  std::optional<planner::PodsSeen> read(const ObjectRef& workload, Instant now) const;

  std::shared_ptr<kube::Client> client_;
  std::shared_ptr<Kinds> kinds_;
  std::shared_ptr<SideBySide> beside_;
  Asked<ObjectRef, Look> asked_;
};

}  // namespace doorbuster::reconciler
