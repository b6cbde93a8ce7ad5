#pragma once

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

/// Which autoscalers name a workload in their scaleTargetRef. Their own facts are among the
/// objects.
struct Autoscalers {
  std::vector<ObjectRef> objects;  ///< sorted
};
using AutoscalersFact = std::variant<Autoscalers, Unread>;

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

/// Everything one round knows, cut at one time.
struct Observation {
  /// Of the event's window: resolved, or why it cannot be (a finding for the user), or Unread.
  std::variant<Window, Error> window =
      Error{.kind = ErrorKind::Unavailable, .message = "not resolved"};
  std::map<ObjectRef, Fact> objects;
  std::map<ObjectRef, AutoscalersFact> autoscalers;  ///< by workload
  std::map<std::pair<std::string, std::string>, KindAnswer>
      kinds;                              ///< by group ("*": not said) and kind
  std::map<std::string, Answer> answers;  ///< by Question::id
  /// Uids of the events known to exist: says that a holder lives, and, where it lists the event
  /// that is planned for, that another uid of that event's namespace and name is dead.
  std::set<std::string> events;
  bool namespace_terminating = false;
  /// In how many zones (label topology.kubernetes.io/zone) there are nodes; nothing: not known, not
  /// labelled, or Needs did not ask.
  std::optional<std::int64_t> zones;
};

/// What kept this from being known, or nothing.
const Present* present(const Observation&, const ObjectRef&);

}  // namespace doorbuster::planner
