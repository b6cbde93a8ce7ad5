#pragma once

#include "controllers/planner/refusal.h"
#include "controllers/planner/round.h"
#include "controllers/planner/selection.h"
#include "controllers/simulator/cluster.h"
#include "crds/reader.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace doorbuster::simulator {

/// Thrown through a round where the operator's process ends: nothing after that line happens.
struct Killed {};

/// The places of a round at which something can go wrong.
enum class Boundary { AddFinalizer, Publish, Perform, Freeze, Answer, RemoveFinalizer };
inline constexpr Boundary kBoundaries[] = {Boundary::AddFinalizer,
                                           Boundary::Publish,
                                           Boundary::Perform,
                                           Boundary::Freeze,
                                           Boundary::Answer,
                                           Boundary::RemoveFinalizer};

/// What goes wrong with one request.
enum class Mishap {
  None,
  KillBefore,    ///< the process ends before the request is sent
  KillAfter,     ///< it ends after the server did it
  LoseAnswer,    ///< the server did it, the answer is lost
  TimeOut,       ///< nothing was done, no answer either
  Forbid,        ///< 403
  ServerError,   ///< 500, nothing done
  Throttle,      ///< 429
  ForeignFirst,  ///< somebody else writes the object in between: Conflict
};

/// What may be wrong with the operator's view of the cluster and its rights. Durations from now on.
struct Weather {
  std::map<std::string, Duration> lag;           ///< by kind: how late its watch is
  std::map<std::string, Instant> stalled_until;  ///< by kind: nothing new arrives before
  std::optional<Instant> down_until;             ///< no request is answered before
  std::set<std::string> denied_kinds;            ///< the operator's own role may not touch these
  std::set<std::string> kinds_vanish;            ///< discovery lacks these for a while
  std::set<std::string> account_denied_kinds;    ///< the event's service account may not
  bool reviews_fail = false;                     ///< access reviews get no answer
  Duration skew{};                               ///< of the operator's clock against the cluster's
};

/// A view older than this is not a view any more (Unread).
inline constexpr Duration kViewBound = std::chrono::minutes(1);

/// The operator's one process and what it can see: per-kind views that lag but never go back, an
/// own write that must be seen before the object is read again, a clock that may be wrong, requests
/// that fail as they do in reality.
class SimulatedWorld : public planner::World {
 public:
  explicit SimulatedWorld(Cluster& cluster) : cluster_(cluster) {}

  Weather weather;
  std::function<Mishap(Boundary, const ObjectRef&)> mishap;
  std::function<void(const ObjectRef&)> write_first;  ///< carries out ForeignFirst

  /// What the last round was given; answers are added as they are asked for.
  struct Seen {
    std::shared_ptr<const planner::Event> event;
    planner::Observation observation;
    Instant now;
  };
  const std::optional<Seen>& seen() const { return seen_; }

  /// Called before a request is carried out (and before anything that goes wrong with it).
  std::function<void(const planner::Event&, const api::SaleEventStatus&)> on_publish;
  std::function<void(const planner::Event&, const planner::Write&)> on_perform;
  /// Called with the object before and after a write that the server carried out.
  std::function<void(
      const planner::Event&, const planner::Write&, const StoredPtr&, const StoredPtr&)>
      on_written;
  /// Called before a child is made or removed, whatever comes of it.
  std::function<void(const planner::Event&, const planner::ChildEffect&)> on_child;
  std::function<void(const planner::Event&, const planner::Notice&)> on_notice;

  /// The process starts anew: no memory, lists before it watches.
  void restart();
  bool down() const { return weather.down_until && cluster_.now() < *weather.down_until; }
  /// As it was when it was last looked up, whoever asked; null: was not there or was never asked.
  StoredPtr last_looked_at(const ObjectRef&) const;
  /// When a change that is made now will be seen.
  Instant visible_at(const std::string& kind) const;
  std::set<ObjectRef> known_events();

  Instant now() override { return cluster_.now() + weather.skew; }
  Result<std::shared_ptr<const planner::Event>> event(const ObjectRef&) override;
  planner::Observation observe(const planner::Event&, const planner::Needs&) override;
  planner::Answer answer(const planner::Event&, const planner::Question&) override;
  Result<std::string> publish(const planner::Event&, const api::SaleEventStatus&) override;
  Result<std::string> set_finalizer(const planner::Event&, bool present) override;
  Result<std::string> set_frozen(const planner::Event&, bool frozen) override;
  Outcome perform(const planner::Event&, const planner::Write&) override;
  Outcome create(const planner::Event&, const planner::Create&) override;
  Outcome remove(const planner::Event&, const planner::Remove&) override;
  Outcome answer_action(const planner::Event&, const planner::ActionAnswer&) override;
  void tell(const planner::Event&, const planner::Notice&) override;

  planner::Fact fact(const ObjectRef&);

 private:
  Instant view_at(const std::string& kind);
  StoredPtr view(const ObjectRef&);
  bool behind_own_write(const ObjectRef&);
  /// After an answer that leaves open what is there now.
  void look_again(const ObjectRef&);
  /// By the kind and the name of the workload, as they are seen.
  using Scalers = std::map<std::pair<std::string, std::string>, planner::Autoscalers>;
  Scalers scalers_in(const std::string& ns);
  /// Sets one place of an event's metadata, guarded by its uid and version; the new version.
  Result<std::string> patch_event(Boundary,
                                  const planner::Event&,
                                  const std::string& pointer,
                                  Tree value);
  planner::AutoscalersFact autoscalers_of(const ObjectRef& workload, const Scalers&);
  /// What serves instead of those that a Canary names (planner/canary.h).
  static std::set<ObjectRef> primaries_of(const std::set<ObjectRef>& workloads, const Scalers&);
  Result<std::shared_ptr<const api::SaleEvent>> read(const StoredPtr&);
  Result<StoredPtr> request(Boundary,
                            const ObjectRef&,
                            const std::function<Result<StoredPtr>()>& send);

  planner::Answer rendered(const planner::Question&);
  void run_child(const ObjectRef& child, const planner::Event&);
  std::shared_ptr<const planner::Room> room_for(const planner::Event&);
  std::vector<std::shared_ptr<const planner::Action>> actions_on(const ObjectRef& event);
  /// The objects of a namespace among which selectors look.
  std::vector<planner::Labelled> labelled(const planner::Needs&, const std::string& ns);
  /// What a kind that discovery lacks looks like: not known where it was served before.
  void expect_kinds(const planner::Event&, const planner::Needs&);

  Cluster& cluster_;
  std::set<std::string> known_kinds_;  ///< that were served once, as far as the process knows
  std::optional<Seen> seen_;
  /// By event: for which spec, and when, it was last shown the room.
  std::map<ObjectRef, std::pair<std::pair<std::string, std::int64_t>, Instant>> judged_;
  std::map<std::string, Instant> views_;
  std::map<ObjectRef, std::int64_t> written_;
  std::map<ObjectRef, planner::Refusals> refusals_;  ///< by event
  std::map<std::pair<std::string, std::int64_t>, Result<std::shared_ptr<const api::SaleEvent>>>
      specs_;
  std::set<std::int64_t> read_back_;  ///< versions whose status went through JSON since the start
  bool just_started_ = true;
  bool synced_ = true;
};

}  // namespace doorbuster::simulator
