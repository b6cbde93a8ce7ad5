#pragma once

#include "controllers/planner/refusal.h"
#include "controllers/planner/round.h"
#include "controllers/reconciler/actions.h"
#include "controllers/reconciler/ahead_answers.h"
#include "controllers/reconciler/caches.h"
#include "controllers/reconciler/check_poller.h"
#include "controllers/reconciler/kinds.h"
#include "controllers/reconciler/node_zones.h"
#include "controllers/reconciler/pod_reasons.h"
#include "controllers/reconciler/rooms.h"
#include "controllers/reconciler/selections.h"
#include "controllers/reconciler/side_by_side.h"
#include "operator/kube/access.h"
#include "operator/kube/client.h"
#include "operator/kube/events.h"
#include "operator/kube/store.h"
#include "operator/kube/written.h"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

namespace doorbuster::reconciler {

using EventStore = kube::Store<planner::Event>;

/// The SaleEvents' kind, as our own CRD serves it.
kube::Resource sale_events();
/// A cache of SaleEvents.
std::shared_ptr<EventStore> make_event_store();
/// Are all SaleEvents of these namespaces known? Empty: of all.
bool knows_all(const EventStore&, const std::vector<std::string>& namespaces);

/// A real cluster as the planner's World. Thread-safe: one for all workers.
class ClusterWorld final : public planner::World {
 public:
  struct Parts {
    std::shared_ptr<kube::Client> client;
    std::shared_ptr<Kinds> kinds;
    std::shared_ptr<Caches> caches;
    std::shared_ptr<EventStore> events;
    std::shared_ptr<kube::AccessReviewer> access;
    std::shared_ptr<kube::EventRecorder> recorder;
    std::shared_ptr<Rooms> rooms;
    std::shared_ptr<Actions> actions;  ///< null: nobody acts
    std::shared_ptr<Policies> policies;
    std::shared_ptr<SideBySide> beside = std::make_shared<SideBySide>();
    std::shared_ptr<CheckPoller> checks;  ///< null: none are measured
    /// What the schedule of an event has last shown; empty: no sale recurs.
    std::function<std::optional<api::LastOccurrence>(const planner::Event&)> last_occurrence;
    std::function<Instant()> now;
    Log log;
  };
  explicit ClusterWorld(Parts parts);

  Instant now() override;
  Result<std::shared_ptr<const planner::Event>> event(const ObjectRef& ref) override;
  planner::Observation observe(const planner::Event& event, const planner::Needs& needs) override;
  planner::Answer answer(const planner::Event& event, const planner::Question& question) override;
  Result<std::string> publish(const planner::Event& event,
                              const api::SaleEventStatus& status) override;
  Result<std::string> set_finalizer(const planner::Event& event, bool present) override;
  Result<std::string> set_frozen(const planner::Event& event, bool frozen) override;
  Outcome perform(const planner::Event& event, const planner::Write& write) override;
  Outcome create(const planner::Event& event, const planner::Create& create) override;
  Outcome remove(const planner::Event& event, const planner::Remove& remove) override;
  Outcome answer_action(const planner::Event& event, const planner::ActionAnswer& answer) override;
  void tell(const planner::Event& event, const planner::Notice& notice) override;
  void side_by_side(const std::vector<Task>& tasks) override;
  bool is_overtaken(const planner::Event& event,
                    const std::vector<std::shared_ptr<const planner::Action>>& known) override;

  /// Does the cache show our own last write of this event?
  bool shows_own_writes(const kube::Key& event);
  /// Keeps the watches of what an event needs without looking at it: a standby's caches are warm.
  void warm(const planner::Event& event, const planner::Setup& setup);
  void forget(const kube::Key& event);
  /// When to look again for an event that waits for what no watch tells of.
  std::optional<Duration> polls(const kube::Key& event) const;
  /// Objects that carry holds of an event although neither its spec nor its status names them:
  /// found by a sweep.
  void also_look_at(const kube::Key& event, const ObjectRef& object);

 private:
  /// What an event needs, with what its selectors find; what they found.
  std::pair<planner::Needs, Selections::Found> with_found(const planner::Event& event,
                                                          const planner::Needs& needs);
  std::map<ObjectRef, planner::Refusal> refusals_of(const kube::Key& event);
  void expect_kinds(const planner::Event& event, const planner::Needs& needs);
  /// Asks the caches for what an event needs, which `needs` then says in full; waits so long for
  /// first lists. The objects that are to be looked at.
  std::set<ObjectRef> ask(const planner::Event& event, planner::Needs& needs, Duration at_most);
  std::set<ObjectRef> objects_of(const planner::Event& event, const planner::Needs& needs);
  /// Sets one member of an event's metadata, guarded by its uid and version; the new version.
  Result<std::string> patch_event(const planner::Event& event,
                                  const char* member,
                                  const Json& value);
  Result<std::string> wrote(const planner::Event& event, const Result<kube::Object>& answer);
  Outcome apply(const kube::Resource& resource, const planner::Write& write);
  Outcome told(const planner::Event& event,
               const char* what,
               const ObjectRef& object,
               const planner::Reason& why,
               Outcome done) const;
  planner::Answer access(const planner::Event& event, const planner::Question& question);
  planner::Answer of_server(const planner::Question& question);

  Parts parts_;
  kube::Written written_;  ///< of SaleEvents
  NodeZones zones_;
  PodReasons pods_;
  Selections selections_;
  AheadAnswers ahead_;
  std::mutex mutex_;
  std::map<kube::Key, std::set<ObjectRef>> extra_;
  std::map<kube::Key, planner::Refusals> refusals_;
};

}  // namespace doorbuster::reconciler
