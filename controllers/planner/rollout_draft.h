#pragma once

#include "controllers/planner/check.h"
#include "controllers/planner/in_charge.h"
#include "controllers/planner/rollout.h"
#include "controllers/planner/rollout_memory.h"
#include "controllers/planner/rollout_steps.h"
#include "controllers/planner/router.h"
#include "controllers/planner/schedule.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace doorbuster::planner {

/// What is not known is looked at again, what was refused asked again.
inline constexpr Duration kLookAgain = std::chrono::seconds(5), kTryAgain = std::chrono::minutes(1);

/// What is seen of one rollout.
struct RolloutFacts {
  ObjectRef target, route, backend;
  const Router* router = nullptr;  ///< what the route is; null with a route of no name
  bool by_pods = false;            ///< there is none: the share is that of pods (rollout_pods.h)
  CandidateRefs candidate;
  const Present *stable = nullptr, *routing = nullptr, *service = nullptr;   ///< of the user
  const Present *deployment = nullptr, *front = nullptr, *scaler = nullptr;  ///< ours
  /// The Deployment whose template it takes; why it is not known stops no way back.
  ObjectRef source_ref{};
  const Present* source = nullptr;
  std::string source_unread;
  /// Where the route is a copy of ours (Router::by_copy): the object that the spec names, of which
  /// nothing is held. Why it is not known stops no way back either.
  ObjectRef original{};
  const Present *original_seen = nullptr, *copy = nullptr;
  std::string original_unread;
  Value copied;              ///< what the copy's spec is to be; nothing: there is nothing to copy
  std::string not_taken_up;  ///< why nobody is known to have the copy; empty: it is taken for so
  std::optional<InCharge> charge;       ///< of the target
  const Present* autoscaler = nullptr;  ///< the target's, where the candidate gets one like it
  std::string unread;                   ///< what is not known now; empty: all is
  std::string back_unread;              ///< of that what no way back begins without
  const OurHold* traffic = nullptr;     ///< our hold on what the route shares out by
  std::vector<const OurHold*> template_fields;
  const OurHold* floor = nullptr;  ///< our hold on the least of the target
  /// Percent that the candidate gets now; nothing: the route is not seen.
  std::optional<int> weight;
  bool requests = false;     ///< the route gives it requests by match, or copies
  bool contested = false;    ///< what somebody else wrote stands where ours should
  std::string not_in_force;  ///< why that is not known to be in force; empty: it is
  std::int64_t stable_ready = 0, ready = 0, stable_asked = 0;
  std::int64_t asked = 0;  ///< pods of the candidate; 0: there is no Deployment

  /// The Service's selector as its author wrote it, also while it selects the candidate.
  Value selector;
  Sides sides;
  /// What it cannot do without and is not there; null: nothing.
  const ObjectRef* missing() const {
    if (stable == nullptr) return &target;
    // By pods it is looked at before they are there: what they get no longer depends on it.
    const bool needed = !backend.name.empty() && !(by_pods && deployment != nullptr);
    if (service == nullptr && needed) return &backend;
    if (by_copy() && original_seen == nullptr) return &original;
    // A copy is made; but whoever removes it under traffic took that back, and is not fought.
    if (by_copy() && traffic == nullptr) return nullptr;
    return routing == nullptr && !by_pods ? &route : nullptr;
  }
  bool by_copy() const { return router != nullptr && router->by_copy; }
  /// Is there what leads to the candidate's pods?
  bool within_reach() const {
    return by_pods || (front && (!by_copy() || (copy && not_taken_up.empty())));
  }
  bool has_candidate() const { return deployment || front || scaler || copy; }
  bool stands() const { return has_candidate() || traffic || floor; }
  /// As far as is seen.
  bool gets_any() const { return weight.value_or(0) > 0 || requests; }
  bool serves() const { return gets_any() || (!weight && traffic != nullptr); }
};

/// One rollout in one round.
struct RolloutDraft {
  const View& view;
  RolloutMode mode = RolloutMode::Act;
  const api::RolloutSpec* spec = nullptr;  ///< null: the event does not name it (any more)
  std::vector<RolloutStep> steps;          ///< of its strategy
  std::size_t others = 0;                  ///< rollouts under way besides this one
  std::string name, attempt;
  std::string present;  ///< the attempt that the spec asks for; empty without one
  bool former = false;  ///< the attempt is at what the spec said before
  RolloutFacts facts;
  api::RolloutStatus row;
  std::vector<Item> items, candidates;
  std::vector<Question> questions;
  std::vector<api::Decision> decisions;
  std::vector<Reason> warnings;
  std::set<ObjectRef> at_once, gone;  ///< as in RolloutWants
  std::optional<Instant> wake;

  const api::Decision* decided(const char* kind) const {
    const api::Decision* now = nullptr;
    for (const api::Decision& one : decisions) {
      if (one.kind == kind) now = &one;
    }
    return now ? now : decided_about(view.event.status, kind, name, attempt);
  }
  const api::Decision& decide(const char* kind, std::string value = "", std::string why = "") {
    return decisions.emplace_back(api::Decision{.run = view.event.status.run.value_or(0),
                                                .kind = kind,
                                                .subject = name,
                                                .hash = attempt,
                                                .at = view.now,
                                                .by = {},
                                                .action_uid = {},
                                                .value = std::move(value),
                                                .detail = std::move(why)});
  }
  void tell(const char* state, std::string message = "") {
    row.state = state;
    row.message = std::move(message);
  }
};

/// What it is about: as the attempt that stands was begun, else as the spec has it.
struct RolloutNames {
  std::string target, backend;
  ObjectRef route;
  std::string source{};  ///< of `templateFrom`
};
RolloutFacts rollout_facts(const View&, const std::string& name, const RolloutNames&);

/// Pods of the target that take all of its traffic: what it had when the rollout began, and never
/// fewer than its autoscaler's minimum.
std::int64_t needed_of(const RolloutDraft&);
/// What we ask for on the target's least now; 0: nothing.
std::int64_t asked_floor(const RolloutDraft&);

/// When it begins by itself; nothing: when it is told to.
std::optional<Instant> begin_of(const api::RolloutSpec&, const Window&);
/// Of a Deployment's pod template, in one word.
std::string template_hash(const Present& deployment);

/// What the route shares out by, as the author wrote it: the record's baseline, else what stands
/// there.
Value written_field(const RolloutDraft&);

/// The most of this share that the router can give: one that gives all or nothing leaves a part of
/// all where it is.
int possible_share(const RolloutDraft&, int percent);
/// What a step asks for.
Split split_of(const RolloutStep&);
/// Wants the route to give the candidate this. True: that is what our hold on it asks already, and
/// the route says so.
bool want_split(RolloutDraft&, const Split&, Rank rank);
/// Wants the target to keep at least so many pods.
void want_floor(RolloutDraft&, std::int64_t pods, const char* reason);

/// Pods that a step has before it gets its weight.
std::int64_t pods_of_step(const RolloutDraft&, const RolloutStep&);

// ---- without a router (rollout_pods.h)

/// What share the candidate has by its pods that are ready.
void look_at_pods(RolloutFacts&);
/// Has the candidate none that could get anything, and is asked for none?
bool is_without_pods(const RolloutFacts&);
/// Wants a candidate that stands to have so many, in any mode.
void want_pods(RolloutDraft&, std::int64_t pods, const char* reason);
/// Never fewer pods than its last step asks for beside what the target has by now.
void grow_along(RolloutDraft&);

/// Gives what is held of the target's least back, a tenth a minute, never below what load asks for;
/// `drained`: when the traffic was back, and how many it kept then.
void lower_floor(RolloutDraft&, const api::Decision& drained);
/// Lets go of one field.
void let_go(RolloutDraft&, const FieldRef&, const char* why, bool leave_value);
/// Lets go of the route. What stands there is left where it is not what the author had.
void let_go_of_traffic(RolloutDraft&, const char* why);

/// What the API server makes of the target with the patch.
struct Rendering {
  enum class Is { Asked, Made, Refused, Unknown } is = Is::Asked;
  std::shared_ptr<const Document> document{};  ///< with Made
  std::string why{};                           ///< with Refused and Unknown
};
Rendering rendering(RolloutDraft&);
/// What it makes of a question of that kind; one that has no answer yet is asked.
Rendering answered(RolloutDraft&, const Question&);

/// The field that the router shares out by, with this for the candidate. Invalid where the kind
/// cannot say so, or the record could not hold what the requests make of it (kMostRulesBytes).
Result<Json> shared_out(const RolloutFacts&, const JsonView& written, const Split&);
/// Which step the route cannot be written for, by its own rules and our bounds; empty: it can for
/// all.
std::string why_not_routed(const RolloutDraft&);
/// The same by the API server's answer to a dry run of each step that has requests. `document`
/// stays null.
Rendering routed_ahead(RolloutDraft&);

// ---- by a copy of ours (rollout_ingress.h)

/// Why the original can have none; empty: it can, as far as itself says.
std::string why_not_copied(const RolloutFacts&);
std::string why_not_taken_up(const RolloutFacts&);
/// By answers about the cluster: does its controller know what a copy is, and has it none already?
/// `document` stays null.
Rendering copied_ahead(RolloutDraft&);
/// Wants it, once what it leads to is there.
void want_copy(RolloutDraft&);
/// Did somebody take out of the original what is copied? Says so in the row.
bool is_original_lost(RolloutDraft&);

/// Everything that stands stays as it is, the target's least as others hold it now too.
void keep_all(RolloutDraft&, const std::string& why);
/// The candidate goes.
void remove_candidate(RolloutDraft&, const char* why);

/// Towards the candidate, from where it is.
void go_forward(RolloutDraft&);
/// What has gone wrong is acted upon as the rollout says. True: it goes back for that.
bool goes_back_for(RolloutDraft&, const std::string& why);
/// Has a failure made it stand still (onFailure Pause), and nobody let it go on since?
bool is_paused_by_failure(const RolloutDraft&);
/// What has gone wrong with what has passed and still serves; empty: nothing.
std::string failure_of_passed(RolloutDraft&);
/// Wants the route to give this share, and the requests of a step, as far as pods carry them; by
/// pods their number is the share. False: nothing is to be written, or not all of it can be.
bool share_out(RolloutDraft&, int percent, const RolloutStep* requests);
/// The target gets the template, or is waited for.
void promote(RolloutDraft&);
/// All traffic back to the target, then the candidate goes (DESIGN.md section 5, the rollback
/// invariant).
void go_back(RolloutDraft&, const std::string& why);

/// What was measured of a check, or answered to a question of ours; oldest first.
std::span<const Measurement> measured(const RolloutDraft&, const std::string& name);

struct Analysis {
  enum class Is { None, Passed, Failed, Inconclusive } is = Is::None;
  std::string why;         ///< with Failed and Inconclusive
  std::string evidence;    ///< what was compared and is no worse
  bool dry = false;        ///< only said, never acted upon
  bool exhausted = false;  ///< more measurements were inconclusive than may be

  bool fails() const { return is == Is::Failed && !dry; }
  bool holds_up() const { return is != Is::Passed && !dry; }
};
/// What the checks say of what happened since an instant, and errors of the two sides.
Analysis analysis_since(const RolloutDraft&, Instant begun);
/// How long the answers of the two sides took. The test holds for one look: at the end of a step.
Analysis latency_since(const RolloutDraft&, Instant begun);
/// Which check is bad already, before anything has begun; empty: none.
std::string bad_now(const RolloutDraft&);

}  // namespace doorbuster::planner
