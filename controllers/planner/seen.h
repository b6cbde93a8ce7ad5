#pragma once

#include "crds/sale_action.h"
#include "crds/sale_schedule.h"
#include "operator/base/instant.h"
#include "operator/base/json.h"
#include "operator/base/object_ref.h"
#include "operator/base/result.h"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace doorbuster::planner {

struct Ledger;
struct Room;

/// An object's JSON text together with the index over it; immutable, shared between rounds.
class Document {
 public:
  /// Invalid when the text is not one JSON object.
  static Result<std::shared_ptr<const Document>> parse(std::string text);
  const JsonView& root() const { return *root_; }
  const std::string& text() const { return text_; }
  /// The value at a pointer; nothing when absent (or when a keyed step matches nothing).
  Value at(std::string_view pointer) const;
  std::optional<std::int64_t> integer(std::string_view pointer) const;
  std::string string(std::string_view pointer) const;  ///< empty when absent or not a string
  /// What its annotation says is held on it (ledger.h, read_ledger); read once, not at each look.
  const Ledger& record() const { return *record_; }
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;

 private:
  explicit Document(std::string text) : text_(std::move(text)) {}
  std::string text_;
  std::optional<JsonView> root_;
  std::shared_ptr<const Ledger> record_;
};

// ---- What is known of one object. What it is, and that nothing is known of it, are different
// things.

struct Present {
  std::string uid, version;  ///< metadata.uid, metadata.resourceVersion
  Instant as_of;             ///< when this view was last known to be current
  bool deleting = false;
  std::string api_version;  ///< as served, "autoscaling/v2"
  std::shared_ptr<const Document> object;
};
/// A consistent answer said that it does not exist.
struct Missing {
  Instant as_of;
};
/// The operator itself may not do this.
struct Forbidden {
  std::string verb;
};
/// Not known: not in the cache yet, older than our own last write, or older than its bound. Never
/// treated as Missing.
struct Unread {
  std::string why;
};
using Fact = std::variant<std::shared_ptr<const Present>, Missing, Forbidden, Unread>;

/// What names a workload in its scaleTargetRef. The facts of all of it, and of whatever controls an
/// autoscaler of it, are among the objects.
struct Autoscalers {
  std::vector<ObjectRef> objects;         ///< HorizontalPodAutoscalers, sorted
  std::vector<ObjectRef> scaled_objects;  ///< KEDA's, sorted
  /// VerticalPodAutoscalers and Flagger's Canaries, which say it in targetRef, sorted. With a
  /// Canary the same of its primary (canary.h) is among the facts too.
  std::vector<ObjectRef> verticals, canaries;
  /// Canaries are served and the operator may not list them: whether one names it is not known.
  bool canaries_unread = false;
  std::vector<ObjectRef> all() const;
};
using AutoscalersFact = std::variant<Autoscalers, Unread>;

/// Objects looked for by their labels.
struct Selection {
  std::string group;  ///< "*": to be found out
  std::string kind, ns;
  std::string labels;  ///< as a query (selection.h, selector_text)
  auto operator<=>(const Selection&) const = default;
};
struct Selected {
  std::vector<std::string> names;  ///< sorted; at most kSelected (selection.h)
  bool more = false;               ///< there are others
};
using SelectedFact = std::variant<Selected, Unread>;

/// The window as instants, resolved at the edge because time zones are files.
struct Window {
  Instant prepare, start, end, restored_by;
  std::string zone, tzdata;  ///< "Europe/Berlin", "2026b"; zone empty for an offset
  bool operator==(const Window&) const = default;
};

/// The answer to a Question of this round.
struct Answer {
  Instant at;
  enum class Says { Yes, No, Unknown } says = Says::Unknown;
  std::string why;
  Json body = {};  ///< with Yes, of Question::Kind::Render: the whole object as it would be; of
                   ///< Read: what it is
};

/// How a kind is served.
struct KindFact {
  bool served = false;
  bool namespaced = true;
  bool has_scale = false;
  std::string api_version;
  std::string spec_replicas_path =
      "/spec/replicas";  ///< JSON Pointer of the scale subresource's specReplicasPath
  std::string status_replicas_path = "/status/replicas";
  std::string paths_unknown;  ///< why the two above are not known, and what would help; empty: they
                              ///< are
};
struct KindUnread {
  std::string why;
};
using KindAnswer = std::variant<KindFact, KindUnread>;

/// Why some pods of a workload are not ready.
struct PendingReason {
  std::string code;  ///< stable, CamelCase (pending.h)
  std::int64_t count = 0;
  std::string message;  ///< of one of them, in the words of whoever refused; may be empty
  bool operator==(const PendingReason&) const = default;
};
/// What a look at a workload's pods showed.
struct PodsSeen {
  std::vector<PendingReason> reasons;
  std::string not_created;  ///< what an event says of pods that could not be created; may be empty
};

/// What the API server, or a policy or webhook of it, said no to.
struct Refusal {
  std::string uid;                         ///< of the object
  Json patch;                              ///< without the guard of its version
  std::optional<std::int64_t> generation;  ///< of the object then
  std::string why;                         ///< in words for people
  int times = 0;                           ///< in a row
  Instant at;                              ///< the last one
};

/// A SaleAction as read. `spec` is the reader's verdict; `status` is what we told of it last.
struct Action {
  std::string ns, name, uid, version;
  std::int64_t generation = 0;
  Instant created;
  bool owned = false;  ///< it has an ownerReference
  Result<api::SaleActionSpec> spec = Error{};
  api::SaleActionStatus status;
};

/// One try to measure what a check looks at.
struct Measurement {
  Instant at;
  enum class Says {
    Value,
    Missing,  ///< the provider answered that there is no data
    Error,    ///< it could not be asked, or its answer not be read
  } says = Says::Error;
  double value = 0;  ///< of a condition 1 while it has the wanted status, of a Job once it is
                     ///< complete; else 0
  std::string text;  ///< the value as the provider wrote it, or why there is none
  bool operator==(const Measurement&) const = default;
};

/// Everything one round knows, cut at one time.
struct Observation {
  /// Of the event's window: resolved, or why it cannot be (a finding for the user), or Unread.
  std::variant<Window, Error> window =
      Error{.kind = ErrorKind::Unavailable, .message = "not resolved"};
  std::map<ObjectRef, Fact> objects;
  std::map<ObjectRef, AutoscalersFact> autoscalers;  ///< by workload
  std::map<Selection, SelectedFact> selected;
  std::map<std::pair<std::string, std::string>, KindAnswer>
      kinds;                              ///< by group ("*": not said) and kind
  std::map<std::string, Answer> answers;  ///< by Question::id
  /// Of this event's own writes, by object: those that were not taken when last tried (refusal.h).
  std::map<ObjectRef, Refusal> refusals;
  /// Uids of the events known to exist: says that a holder lives, and, where it lists the event
  /// that is planned for, that another uid of that event's namespace and name is dead.
  std::set<std::string> events;
  bool namespace_terminating = false;
  /// The PodDisruptionBudgets of the event's namespace, sorted, where Needs asked; their facts are
  /// among the objects.
  std::variant<std::vector<ObjectRef>, Unread, Forbidden> budgets = Unread{"not looked for"};
  /// Of workloads that wait for their pods; those that were not looked at are not here.
  std::map<ObjectRef, PodsSeen> pods;
  /// In how many zones (label topology.kubernetes.io/zone) there are nodes; nothing: not known, not
  /// labelled, or Needs did not ask.
  std::optional<std::int64_t> zones;
  /// Of an event that a SaleSchedule made: what that schedule's latest sale showed. Nothing: not
  /// known, or no schedule.
  std::optional<api::LastOccurrence> last_occurrence;
  /// SaleActions that name the event and are not over, oldest first, at most kActionsOfRound
  /// (action.h).
  std::vector<std::shared_ptr<const Action>> actions;
  /// Since when the shipped admission policy says who may act and checks who asks; nothing: it is
  /// not known to be in force.
  std::optional<Instant> policy_since;
  /// Is the admission policy of freezes in force? Nothing: not asked, or not known.
  std::optional<bool> freeze_enforced;
  /// Of the event's checks, by name, the oldest first; nothing of those not measured (yet).
  std::map<std::string, std::vector<Measurement>> checks;
  /// What there is room for, where it is time to judge it (anew); null: it is not, and what was
  /// said last stands.
  std::shared_ptr<const Room> room;
};

/// What kept this from being known, or nothing.
const Present* present(const Observation&, const ObjectRef&);

}  // namespace doorbuster::planner
