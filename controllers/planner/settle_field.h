#pragma once

#include "controllers/planner/ledger.h"
#include "controllers/planner/settle.h"

#include <map>
#include <optional>
#include <set>
#include <string>

namespace doorbuster::planner {

/// One held field while its object is being settled.
struct FieldDraft {
  FieldRef ref;
  HeldField entry;     ///< after folding: no holders means restore
  bool fresh = false;  ///< held for the first time this round
  bool free =
      false;  ///< a good record of the object does not list it: what stands there is nobody's hold
  bool touched = false;    ///< this event holds it, or let go of it just now
  bool from_copy = false;  ///< `entry` is the second copy: its request may never have been made
  bool older_value =
      false;  ///< what stands there is ours by the older record: `entry` came after it
  bool never_made = false;  ///< only the second copy names it, and its request was not seen made
  bool refused = false;     ///< the API server did not take what was asked of its object last
  bool leave_value = false;
  bool unrecorded = false;  ///< a value of ours stands there, and no record says what was before it
  bool postponed = false;   ///< its restoring waits for another field
  std::set<std::string> names;
  Contest contest;
  Reason reason;
  // What was decided.
  struct Edit {
    std::string pointer;  ///< the field, or the ancestor that an absent baseline removes
    Value value;
  };
  std::optional<Edit> edit;
  std::string state, message;
  Reason notice;
  std::optional<Instant> wake;
};

/// One object while it is being settled.
struct Draft {
  const ObjectRef& ref;
  const Present& object;
  Ledger ledger;          ///< what we go by
  const Ledger& written;  ///< what the annotation says, to see whether it must be written again
  std::map<FieldPath, FieldDraft> fields;
  std::set<FieldPath> older;  ///< whose live value is ours by an older record only
  bool keep_trace =
      false;  ///< our managedFields entry is the only evidence that a value there is ours
  Settled out;
};

/// Bounds and spans of the rules about other writers (DESIGN.md section 3, "Fighting writers").
inline constexpr Duration kYieldWithin = std::chrono::minutes(10);
inline constexpr Duration kFirstBackOff = std::chrono::seconds(10);
inline constexpr Duration kLongestBackOff = std::chrono::minutes(5);
inline constexpr int kContestedAfter = 3;

/// Decides one field: leave it, write the effective value, or restore. Live against applied, then
/// who wrote what is there.
void settle_field(FieldDraft&, const Document& object, Instant now);

}  // namespace doorbuster::planner
