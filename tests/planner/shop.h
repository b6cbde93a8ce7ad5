#pragma once

#include "controllers/planner/refusal.h"
#include "controllers/planner/round.h"
#include "controllers/planner/selection.h"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace doorbuster::planner {

/// A shop small enough to be read at a glance: Deployments, their autoscalers and other objects as
/// JSON texts, one SaleEvent, a clock that tests move. Pods become ready at once unless told
/// otherwise.
class Shop : public World {
 public:
  Shop();

  // ---- what is there
  void add_workload(const std::string& name, std::int64_t replicas);
  void add_autoscaler(const std::string& name, const Value& min, std::int64_t max);
  /// A ScaledObject of a Deployment of its name; KEDA makes the autoscaler `keda-hpa-NAME` from it.
  void add_scaled_object(const std::string& name, const Value& min, const Value& max);
  void add(const ObjectRef& ref, const std::string& body);
  void remove(const ObjectRef& ref) { objects.erase(ref); }
  /// Somebody changes a field.
  void change(const ObjectRef& ref,
              const std::string& pointer,
              const Value& value,
              const std::string& manager);
  /// Load that the autoscaler of a workload sees: what it would run without any minimum.
  void set_load(const std::string& name, std::int64_t replicas) { load[name] = replicas; }

  /// What a controller says in status.
  void say(const ObjectRef& ref, const std::string& pointer, const Json& value) {
    if (!(at(ref, pointer) == Value(value))) set(ref, pointer, value);
  }

  // ---- what happens
  /// Rounds at the present time until nothing more happens; how many writes to objects it took.
  /// Fails the test when it does not end.
  int settle();
  /// Settles at every wake-up, and some time before it, until `until`.
  void run_until(Instant until);
  RoundResult round();
  Plan plan_now();

  /// Somebody creates a SaleAction, of this name.
  void act(const std::string& name, api::SaleActionSpec spec);

  // ---- what is seen
  const api::SaleActionStatus& told_of(const std::string& action) const {
    return actions.at(action).status;
  }
  Value at(const ObjectRef& ref, const std::string& pointer) const;
  std::int64_t number(const ObjectRef& ref, const std::string& pointer) const;
  const api::TargetStatus* target(const std::string& name) const;
  const api::HoldStatus* hold(const std::string& object, const std::string& field) const;
  std::string condition(
      const std::string& type) const;  ///< "True Reason"; empty when there is none
  std::set<std::string> told;          ///< reasons of notices

  // ---- World
  Instant now() override { return clock; }
  Result<std::shared_ptr<const Event>> event(const ObjectRef&) override;
  Observation observe(const Event&, const Needs&) override;
  Answer answer(const Event&, const Question&) override;
  Result<std::string> publish(const Event&, const api::SaleEventStatus&) override;
  Result<std::string> set_finalizer(const Event&, bool present) override;
  Result<std::string> set_frozen(const Event&, bool frozen) override;
  Outcome perform(const Event&, const Write&) override;
  Outcome create(const Event&, const Create&) override;
  Outcome remove(const Event&, const Remove&) override;
  Outcome answer_action(const Event&, const ActionAnswer&) override;
  void tell(const Event&, const Notice& notice) override { told.insert(notice.reason.code); }

  Event sale;
  Window window;
  Setup setup{
      .install = "here", .allow = products::AllowList::standard(), .ns = "doorbuster-system"};
  Instant clock;
  std::map<ObjectRef, Json> objects;
  std::map<ObjectRef, Fact> instead;  ///< facts that hide what is there; of no name: of a list
  std::map<std::string, std::int64_t> load;
  std::map<std::string, std::int64_t> kept;  ///< by an autoscaler's stabilization, above its load
  std::string inactive;                      ///< why autoscalers do not scale; empty: they do
  std::set<std::string> unready;             ///< workloads whose pods do not get ready
  std::set<std::string> denied;              ///< kinds that the account may not write
  std::set<std::string> refused;             ///< kinds of which the API server refuses a dry run
  bool asks_fail = false;                    ///< questions get no answer
  std::set<std::string> unserved;            ///< kinds
  std::string paths_unknown;                 ///< of every kind
  std::set<std::string> unread;  ///< kinds of which nothing is known; `selection`: what any finds
  std::map<std::string, std::string>
      scaled;  ///< kinds besides Deployment that have /scale: where their replicas are
  std::map<std::string, std::int64_t>
      floors;  ///< the lowest minimum ever seen of an autoscaler while the sale was on
  std::optional<Error> window_error;
  bool lose_answers = false;  ///< writes happen, their answers are lost
  bool refuse_writes = false;
  /// By kind: what the API server says to every write whose patch has this pointer.
  std::map<std::string, std::pair<std::string, Error>> invalid;
  Refusals refusals;
  int refused_writes = 0;
  bool namespace_terminating = false;
  std::optional<std::int64_t> zones;
  std::map<ObjectRef, PodsSeen> pods;  ///< what a look at a workload's pods shows
  std::optional<api::LastOccurrence> last_occurrence;
  std::shared_ptr<const Room> room;
  std::map<std::string, Action> actions;  ///< by name
  std::optional<Instant> policy_since;
  std::optional<bool> freeze_enforced;
  bool lose_action_answers = false;
  std::map<std::string, std::vector<Measurement>> checks;  ///< what was measured, by name
  std::function<void(Shop&)> others;  ///< further controllers, after each change
  std::function<Json(const Shop&, const Question&)> render;  ///< what a dry run makes
  int writes = 0, publishes = 0;
  std::vector<std::string> log;       ///< objects written, in order
  std::vector<std::string> requests;  ///< all of them: "finalizer", "status", or the object's name

 private:
  Answer read(const ObjectRef&) const;
  std::vector<Labelled> labelled() const;
  /// Objects of a kind that name a workload, in that member of their spec.
  std::vector<ObjectRef> naming(const std::string& kind,
                                const std::string& member,
                                const ObjectRef& workload) const;
  void autoscale();
  void run_keda();
  void run_others();
  void set(const ObjectRef& ref, const std::string& pointer, const Value& value);
  void own(const ObjectRef& ref, const std::string& manager, const std::set<std::string>& pointers);

  int version_ = 100;
  std::map<ObjectRef, std::map<std::string, std::pair<Instant, std::set<std::string>>>> owners_;
};

inline const ObjectRef kCheckout{"apps", "Deployment", "shop", "checkout"};
inline const ObjectRef kCheckoutHpa{"autoscaling", "HorizontalPodAutoscaler", "shop", "checkout"};
inline const ObjectRef kScaledCheckout{"keda.sh", "ScaledObject", "shop", "checkout"};
inline const ObjectRef kKedaHpa{
    "autoscaling", "HorizontalPodAutoscaler", "shop", "keda-hpa-checkout"};
inline const Instant kStart{std::chrono::milliseconds(1'800'000'000'000)};  ///< of every sale here

api::TargetSpec target_of(const std::string& name, std::int32_t replicas);
api::TargetSpec target_times(const std::string& name, const std::string& multiplier);
api::HoldSpec hold_of(const std::string& name,
                      const ObjectRef& object,
                      const std::string& field,
                      api::HoldValue value);

}  // namespace doorbuster::planner
