#pragma once

#include "controllers/planner/seen.h"
#include "operator/base/json.h"
#include "operator/base/object_ref.h"

#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <variant>

namespace doorbuster::planner {

inline constexpr const char* kHoldsAnnotation = "doorbuster.dev/holds";
inline constexpr const char* kHeldLabel = "doorbuster.dev/held";
inline constexpr const char* kFinalizer = "doorbuster.dev/restore";
inline constexpr const char* kFieldManager = "doorbuster";

/// Who wants a value kept. One event may hold one field under several names; one name may hold
/// several fields.
struct Holder {
  std::string event;    ///< "shop/flash-sale"
  std::string uid;      ///< of that event: a namesake is somebody else
  std::string install;  ///< which Doorbuster
  std::string feature;  ///< "capacity", "holds"
  std::string name;     ///< of the target or hold
  auto operator<=>(const Holder&) const = default;
};

/// Who wins where a field cannot satisfy all (Law::Pick); the only precedence there is.
enum class Rank { Event, Rollout, Degrade, Person, Rollback };

/// What a holder asks of a field, as a function of its baseline.
struct Ask {
  enum class Op { Set, Multiply, Add, Max, Min };
  Op op = Op::Set;
  Json operand;
  Rank rank = Rank::Event;
  int priority = 0;
  bool operator==(const Ask&) const = default;
};
const char* to_string(Ask::Op);
const char* to_string(Rank);

/// One held field: what was there, what we asked for, what the server made of it, and for whom.
struct HeldField {
  Value baseline;
  std::string absent_at;  ///< where an absent baseline begins: the shallowest absent ancestor;
                          ///< empty when it was present
  Value requested;        ///< what we asked for last
  Value applied;          ///< what the server made of it, only where that differs from `requested`
  Value first;            ///< the first baseline, where Git moved the baseline since
  bool replicas = false;  ///< the kind says that its replicas are here (specReplicasPath), which
                          ///< the path alone does not
  std::map<Holder, Ask> holders;
  bool operator==(const HeldField&) const = default;
  /// Is this live value one that we put there?
  bool is_ours(const Value& live) const;
};

/// A field within one object.
struct FieldPath {
  std::string pointer, inside;
  auto operator<=>(const FieldPath&) const = default;
};

/// The record of what is held on one object: kept in its annotation, and a second time in the
/// event's status.
struct Ledger {
  enum class State {
    None,      ///< nothing is held, nothing was
    Good,      ///< the annotation is ours, whole, and as new as the second copy
    Stripped,  ///< the annotation is gone, the second copy is what there is
    Stale,     ///< the annotation is older than the second copy
    Foreign,   ///< the annotation was written on another object (uid) and copied here
    Corrupt,   ///< unreadable, or edited by hand (its checksum is wrong): never guess
    Newer,     ///< written by a newer Doorbuster: not ours to touch
  };
  State state = State::None;
  std::string uid;  ///< of the object it was written on
  std::int64_t serial = 0;
  std::map<FieldPath, HeldField> fields;
  std::string why;  ///< of a state that is not None or Good
  bool operator==(const Ledger&) const = default;
};
const char* to_string(Ledger::State);

/// The annotation's text. Inverse of read_ledger.
std::string write_ledger(const Ledger&);
/// None for no text; Good, Corrupt or Newer otherwise; no comparison with anything else.
Ledger read_ledger(const std::string* annotation);

/// One field's entry alone, as status.holds[].copy keeps it. Inverse of read_entry (Invalid when it
/// is not one).
std::string write_entry(const FieldPath&, const HeldField&);
Result<std::pair<FieldPath, HeldField>> read_entry(const std::string& text);

/// An event as a holder.
struct Who {
  std::string event, uid, install;  ///< "shop/flash-sale"
  /// It is known to exist. At most one event of a namespace and name does, so every other uid of
  /// that name is dead.
  bool exists = false;
};
/// A same-named successor adopts (DESIGN.md section 3, "Orphans"): what a dead event of its name
/// holds is its own from now on, under the same feature and name, the baseline kept. Of two such
/// holders on one field its own stays. Is anything different now?
bool adopt(Ledger&, const Who&);

/// The ledger to go by: the annotation of this object against the second copy. `witness.state` is
/// None when there is none.
Ledger assess(const Present& object, const Ledger& witness);

/// Who wrote a field last, by managedFields; empty when nobody is named. `applied`: by Server-Side
/// Apply.
struct FieldWriter {
  std::string manager;
  std::string time;  ///< of that manager's last change, as the server wrote it
  bool applied = false;
};
FieldWriter writer_of(const Document& object, std::string_view pointer);
/// All managers that own a field.
std::set<std::string> managers_of(const Document& object, std::string_view pointer);
/// Does managedFields say that everything at and below a pointer is ours alone?
bool only_ours_below(const Document& object, std::string_view pointer);
/// Index of our own entry for the main resource in metadata.managedFields, and the time it carries.
std::optional<std::pair<std::size_t, std::string>> our_managed_entry(const Document& object);
/// Is a manager one of the GitOps tools (Argo CD, Flux, Helm), whose value is what Git says?
bool is_gitops(std::string_view manager);

}  // namespace doorbuster::planner
