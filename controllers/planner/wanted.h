#pragma once

#include "controllers/planner/ledger.h"
#include "controllers/planner/seen.h"

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace doorbuster::planner {

/// Why something happens: a stable CamelCase word and a sentence for people.
struct Reason {
  std::string code, text;
  bool operator==(const Reason&) const = default;
};

/// A feature wants this value kept on this field from now on. Wants that are not due yet are
/// Retain.
struct HoldWant {
  FieldRef field;
  Ask ask;
  std::string name;
  Reason reason;
  /// Where the live value is known to be our own doing by another way (a Deployment scaled by the
  /// floor that we held on its autoscaler): what to record as baseline if the field is not held
  /// yet.
  std::optional<Value> baseline;
  bool replicas = false;  ///< the kind says that its replicas are here
};
/// Let go of everything held under this name on these objects (all of them when empty).
struct Release {
  std::string name;
  std::vector<FieldRef> only;  ///< empty: every field held under the name
  Reason reason;
  bool leave_value = false;  ///< forget the hold, leave the value as it is
  /// Orphan: what stands there is the author's from now on, for those too who hold the field on
  /// (hack/decisions/0008).
  bool for_good = false;
};
/// Whatever is held under this name stays as it is.
struct Retain {
  std::string name;
  Reason reason;
};
/// An object of our own that is wanted from now on (child.h). Marks of whose it is are added to it.
struct ChildWant {
  ObjectRef object;
  std::string api_version, name;
  Json manifest;                      ///< without apiVersion, kind and metadata
  std::vector<std::string> compared;  ///< pointers where it must say what the manifest says
  std::vector<std::string> replaced;  ///< those that the server completes: written anew when the
                                      ///< manifest's own part has changed
  Reason reason;
  /// From what it was made; it is never written anew for another `source`. Empty: from `replaced`.
  std::string source = {};
  /// Serves users: it has no ownerReference, lest the garbage collector removes it under traffic.
  bool serves = false;
  /// One that stands is written also while its feature rests (a rollback).
  bool at_rest = false;
  /// What it is made with besides its marks, and never written again.
  std::vector<std::pair<std::string, std::string>> annotations = {};
};
using Item = std::variant<HoldWant, ChildWant, Release, Retain>;

/// A question about the cluster that only the edge can answer; the answer is an observation of the
/// same round's next try.
struct Question {
  std::string id;  ///< unique by content
  ObjectRef about;
  std::string verb;             ///< of an access review: get, patch
  std::string service_account;  ///< in the event's namespace; empty: the operator itself
  enum class Kind {
    Access,
    AccessAhead,  ///< the same, long before it matters: an older answer will do
    DryRun,       ///< would the API server take this merge patch? So too
    /// What would the API server make of it with this patch? Of a Deployment a strategic merge
    /// patch, of a custom resource, which takes no other, a merge patch.
    Render,
    Read,  ///< what is it, or, of no name, all of the kind in its namespace ({"items": [...]})?
  } kind = Kind::Access;
  std::string api_version = {};  ///< with DryRun, Render and Read
  Json patch = {};
};
Question access_question(const ObjectRef& about,
                         const std::string& verb,
                         const std::string& service_account);

/// One line about a target or hold for the status: what was seen, never what is hoped.
struct TargetReport {
  std::string name;
  ObjectRef object;
  std::optional<ObjectRef> autoscaler;  ///< what scales it and is held
  std::string in_charge;                ///< the chain that was found (in_charge.h)
  std::optional<std::int64_t> baseline_min, baseline_max, baseline_replicas, usual, zones;
  std::optional<std::int64_t> floor, ceiling;  ///< what the spec asks for at the full floor
  std::optional<std::int64_t> held, desired, current, ready,
      wanted;                         ///< held: the floor in force on the object
  std::optional<Instant> stepped_at;  ///< when the floor was last changed by us: memory of the ramp
  std::optional<std::int64_t> asked;  ///< the floor that we ask for on the way up and at its end
  std::optional<std::int64_t> load;   ///< while the sale is on: what it asks of the autoscaler
  bool rose = false;                  ///< the last change of the floor was upwards
  int step = 0, steps = 0;
  std::vector<PendingReason> pending;  ///< what the pods wait for
  std::string state;  ///< Waiting, Ramping, Held, Lowering, Restored, Missing, Forbidden, Refused,
                      ///< ScaledToZero, Paused, Unknown
  std::string message;
  bool ready_enough = false;  ///< at the full floor and ready: what Prepared counts
};

/// What one feature makes of a round.
struct Wants {
  std::string feature;
  std::vector<Item> items;
  std::vector<Question> questions;
  std::vector<TargetReport> targets;
  std::vector<FieldCause> refused;  ///< findings about the spec that only the cluster could show
  std::vector<Reason> warnings;
  std::optional<Instant> wake;  ///< when time alone changes the answer
};

}  // namespace doorbuster::planner
