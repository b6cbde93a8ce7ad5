#pragma once

#include "controllers/planner/child.h"
#include "controllers/planner/plan.h"
#include "controllers/planner/settle.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace doorbuster::planner {

/// What a ramp remembers of one field, persisted before the write that it speaks of.
struct RampMemory {
  std::optional<Instant> stepped_at;  ///< when the floor that is asked for was last changed
  std::optional<std::int64_t>
      peak;  ///< from what height the way down began; nothing: on the way up
  bool operator==(const RampMemory&) const = default;
};

/// What the event's status remembers of the objects: the second copy, by object, and the ramps.
struct Memory {
  std::map<ObjectRef, Witness> witnesses;
  std::map<FieldRef, RampMemory> ramps;
};
Memory memory_of(const Event&, const Observation&);

/// One field that this event holds under one name.
struct OurHold {
  FieldRef field;
  Ask asked;                 ///< what we asked for last, made or not
  std::optional<Ask> there;  ///< what the object itself says that we ask
  bool landed = false;       ///< the two are the same
  HeldField entry;
  std::optional<HeldField> written;  ///< of the object's own record: what was last written there

  /// Has somebody else put this there? The record goes with the value in one write, so that another
  /// value is theirs, also while the next of ours, which status knows already, is not made yet.
  bool is_changed(const Value& live) const {
    return written && !written->is_ours(live) && !entry.is_ours(live);
  }
};
/// By feature and name; from the second copies and the annotations together. What a dead event of
/// the same name holds is ours.
using OurHolds = std::map<std::pair<std::string, std::string>, std::vector<OurHold>>;
OurHolds our_holds(const Who&, const Observation&, const Memory&);

/// How an event lets go that is being deleted or was aborted.
enum class Ending { None, Ramp, Immediate, Orphan };

/// The event that is planned for, as the holder it is.
Who holder_of(const Event&, const Observation&, const Setup&);

/// As the parent of what a feature makes for one of its names.
Holder parent_in(const Event&, const Setup&, std::string feature, std::string name);

/// What every feature looks at.
struct View {
  const Event& event;
  const api::SaleEventSpec& spec;
  const Observation& seen;
  const Setup& setup;
  const Memory& memory;
  const OurHolds& holds;
  const OurChildren& children;
  const Window& window;
  const std::vector<std::string>& unread_selectors;  ///< names of targets
  const std::vector<Reason>& selection_warnings;
  Ending ending = Ending::None;
  bool new_run = false;  ///< what status says of targets is of an earlier run
  Instant now;
};

/// Why an event lets go that does, in words.
const char* why_over(const View&);

/// The record of a field, whoever holds it: the second copy first, then the annotation of that very
/// object.
std::optional<HeldField> record_of(const View&, const FieldRef&);

/// A reference as served: "*" made into the group, no namespace for a cluster-scoped kind. Nothing
/// when the kind is not known or not served.
std::optional<ObjectRef> resolved(const Observation&, const ObjectRef& asked);
/// The same observation with every object under its reference as served, once.
Observation with_served_names(Observation);

/// What is known of an object in one word, for rows: "", Missing, Forbidden or Unknown; empty:
/// present.
std::string absence(const Observation&, const ObjectRef&);

/// Group and version of "apps/v1"; nothing said: "*".
std::string group_of(const std::optional<std::string>& api_version);
/// The workload that a target names, as it names it.
ObjectRef workload_of(const api::TargetRef&, const std::string& ns);

}  // namespace doorbuster::planner
