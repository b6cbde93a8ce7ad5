#pragma once

#include "controllers/planner/seen.h"
#include "controllers/reconciler/asked.h"
#include "controllers/reconciler/kinds.h"
#include "operator/kube/client.h"

#include <map>
#include <memory>
#include <optional>
#include <set>

namespace doorbuster::reconciler {

/// What selectors of targets find is good for so long in an event's window and shortly before it,
/// and so long while it lies ahead; a look that failed is tried again after the last.
inline constexpr Duration kSelectedFresh{60'000}, kSelectedFreshAhead{600'000},
    kSelectedRetry{10'000};
/// From so long before preparation on the former counts.
inline constexpr Duration kSelectsOften{3'600'000};

/// One look; Unread when it cannot be made.
planner::SelectedFact select(const kube::Client&, Kinds&, const planner::Selection&);

/// What the selectors of events find. Nothing is watched: the API server does the selecting, one
/// page of one list for each. Thread-safe.
class Selections {
 public:
  using Found = std::map<planner::Selection, planner::SelectedFact>;
  Selections(std::shared_ptr<kube::Client> client, std::shared_ptr<Kinds> kinds)
      : client_(std::move(client)), kinds_(std::move(kinds)) {}

  /// Takes the place of what that event asked for before. Not older than `fresh`, where the time
  /// since is known and it could be read; no event is looked after by two threads at once.
  Found look(const kube::Key& event,
             const std::set<planner::Selection>& asked,
             Instant now,
             Duration fresh);
  /// How long until a look may show something new; nothing: the event asks for nothing.
  std::optional<Duration> again(const kube::Key& event, Instant now) const {
    return asked_.again(event, now, kSelectedFreshAhead);
  }
  void forget(const kube::Key& event) { asked_.forget(event); }

 private:
  struct Look {
    Instant until{}, looked_at{};
    planner::SelectedFact found = planner::Unread{"not looked for yet"};
    Instant due() const { return until; }
  };
  std::shared_ptr<kube::Client> client_;
  std::shared_ptr<Kinds> kinds_;
  Asked<planner::Selection, Look> asked_;
};

}  // namespace doorbuster::reconciler
