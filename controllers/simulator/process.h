#pragma once

#include "controllers/planner/serving_child.h"
#include "controllers/simulator/world.h"

#include <functional>
#include <map>
#include <optional>
#include <set>

namespace doorbuster::simulator {

/// The operator's process: one queue, one key at a time. A key is due when its wake has come, when
/// a change to what it looks at becomes visible, or, after a failure, when its back-off is over.
/// The same rules as the reconciler's, on the virtual clock.
class Process {
 public:
  Process(Cluster& cluster, SimulatedWorld& world, planner::Setup setup)
      : cluster_(cluster), world_(world), setup_(std::move(setup)) {}

  /// A change was made somewhere.
  void changed(const ObjectRef&);
  /// The clock or the view changed: everything is looked at again when it is due by its own clock.
  void poke();
  /// Ends the process; it starts again at `until`.
  void kill(Instant until);
  bool running() const { return !starts_at_.has_value(); }

  /// When it has something to do next, by the cluster's clock.
  std::optional<Instant> next() const;
  /// The same without the sweep: nothing means that no event is due ever again.
  std::optional<Instant> next_key() const;
  /// Does what is due by now.
  void run_due();

  std::function<void(const ObjectRef& event)> before_round;
  std::function<void(const ObjectRef& event, const planner::RoundResult&)> after_round;
  std::function<void()> killed;
  /// How long the process stays away after a Killed.
  Duration downtime = std::chrono::seconds(5);

 private:
  struct Key {
    std::set<Instant>
        due;  ///< by the cluster's clock; each change comes into view at its own instant
    std::optional<Instant> wake;  ///< by the operator's clock
    int failures = 0;
    std::set<ObjectRef> watched;
    bool gone = false;
  };
  void round(const ObjectRef&, Key&);
  void sweep();
  void tend(const ObjectRef&);
  void tend_child(const ObjectRef&, const planner::Present&);
  planner::RoutesFact routes_of(const std::string& ns) const;
  planner::DeploymentsFact deployments_of(const std::string& ns) const;
  Result<std::string> uid_of(const std::string& event) const;
  static void sooner(std::optional<Instant>& due, Instant at);

  Cluster& cluster_;
  SimulatedWorld& world_;
  planner::Setup setup_;
  std::map<ObjectRef, Key> keys_;
  std::vector<ObjectRef> during_round_;  ///< changed since the present round began
  std::optional<Instant> starts_at_;
  std::optional<Instant> sweep_at_ = Instant{};
  std::set<ObjectRef> orphans_;  ///< that the sweep has begun to let go of
};

/// How often a leader looks for held objects whose holders are gone, and how soon again while there
/// are some.
inline constexpr Duration kSweepEvery = std::chrono::hours(1);
inline constexpr Duration kSweepAgain = std::chrono::seconds(30);

}  // namespace doorbuster::simulator
