#pragma once

#include "controllers/planner/ledger.h"
#include "controllers/planner/seen.h"
#include "controllers/planner/wanted.h"
#include "controllers/products/law.h"

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace doorbuster::planner {

/// The value that the holders make of a baseline. Order of holders does not matter. Invalid when an
/// operand and the baseline do not fit (a multiple of a string). Highest, Lowest: over all asks and
/// the baseline; Pick: rank, priority, then name.
Result<Value> effective(products::Law, const Value& baseline, const std::map<Holder, Ask>&);

/// What is remembered of a field that others write too; part of the second copy.
struct Contest {
  int reasserted = 0;         ///< how often we wrote our value again
  std::optional<Instant> at;  ///< when last
  std::string by;             ///< the manager who wrote last
  std::string
      change;  ///< which change of theirs this was, so that one change is never counted twice
  bool yielded = false;  ///< a person changed it twice within ten minutes: theirs now
  bool operator==(const Contest&) const = default;
};

/// One request to one object: repeatable, guarded by uid and resourceVersion, carrying what undoes
/// it.
struct Write {
  ObjectRef object;
  std::string api_version;
  std::string only_if_uid, only_if_version;
  enum class Type { Merge, Json } type = Type::Merge;
  Json patch;  ///< guards are part of it
  std::vector<Reason> why;
  std::optional<std::int64_t> generation{};  ///< of the object that it was decided on
  int order = 0;  ///< those of a lower one are answered before it is sent
};

/// What became of one held field this round.
struct FieldReport {
  FieldRef field;
  std::string uid;  ///< of the object
  std::int64_t serial = 0;
  std::optional<HeldField> entry;  ///< nothing: no longer held
  Value live;
  Contest contest;
  std::string state;  ///< Held, Pending, Restored, Left, Contested, Yielded, RouteContested,
                      ///< Refused, Unknown, Missing, Forbidden
  std::string message;
  std::set<std::string> names;  ///< of this event's holders on it, "feature/name"
};

struct Settled {
  std::optional<Write> write;  ///< at most one; nothing: the object stays untouched this round
  std::vector<FieldReport> fields;
  std::vector<Reason> notices;
  bool clean = false;  ///< nothing of ours is left on the object: no annotation, label or
                       ///< managedFields entry
  std::optional<Instant> wake;
};

/// The second copy: what the event's status remembers of one object.
struct Witness {
  Ledger ledger;  ///< state None when there is none
  std::map<FieldPath, Contest> contests;
  std::set<FieldPath> pending;  ///< whose request was not seen on the object yet
  std::string refused;          ///< why the API server does not take that request; empty: it may
  Ledger former;  ///< rows about an earlier object of this name (another uid): its values are ours,
                  ///< never baselines
};

/// Which of an event's wants concern one object.
struct ObjectWants {
  std::vector<std::pair<std::string, HoldWant>> wants;    ///< feature, want
  std::vector<std::pair<std::string, Release>> releases;  ///< feature, release
  std::set<std::pair<std::string, std::string>>
      frozen;  ///< feature, name: Retain; nothing under it changes
  /// What status says we put back, with what: no value of ours, although we wrote it last.
  std::map<FieldPath, Value> put_back;
};

/// All of DESIGN.md section 3 for one object, which knows of no other: ledger, live against
/// applied, fold, the kind's invariant, one patch. Pure; the same input gives the same patch, and
/// after its own effect it gives none.
Settled settle_object(
    const ObjectRef&, const Present&, const Witness&, const ObjectWants&, const Who&, Instant now);

/// An object that carries holds of events that are gone: lets go of those holders, lowering a floor
/// by at most a tenth a minute (by the time of our own last write, managedFields) and never below
/// what the autoscaler wants.
Settled settle_orphan(const ObjectRef&,
                      const Present&,
                      const std::set<Holder>& dead,
                      const std::string& install,
                      Instant now,
                      const Present* through = nullptr);

}  // namespace doorbuster::planner
