#pragma once

#include "controllers/planner/in_charge.h"
#include "controllers/planner/need.h"
#include "controllers/planner/view.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace doorbuster::planner {

/// One target while it is being planned.
struct TargetDraft {
  const View& view;
  const api::TargetSpec* spec = nullptr;  ///< nothing: it was taken out of the spec
  TargetReport report;
  std::vector<OurHold> held;  ///< everything held under its name
  std::vector<Item> items;
  std::map<FieldRef, RampMemory> memory;
  std::vector<Reason> warnings;
  std::optional<Instant> wake, next_step;
  bool demand_stays = false;
};

/// With what is held under its name, and nothing decided yet. `spec`: nothing when it was taken
/// out.
TargetDraft draft_of(const View&, const std::string& name, const api::TargetSpec* spec);

/// The fields of one target's floor and what is there now.
struct Floor {
  FieldRef min;
  std::optional<FieldRef> max;
  std::int64_t baseline_min = 1;
  std::optional<std::int64_t> baseline_max, baseline_replicas;
  std::int64_t implied_max = 0;      ///< what an absent maximum counts as: never held below it
  std::optional<std::int64_t> live;  ///< of the floor's field
  bool raised = false;               ///< a sale holds it already: ours, another, or one before
};
Floor floor_of(const View&, const InCharge&);

/// What its need is computed from: recorded once a run, for as long as the target means the same
/// workload; the zones as soon as they are known.
NeedBasis basis_for_run(const View&, const TargetDraft&, const InCharge&, const Floor&);

/// The row of a target, of whichever run; nothing: there is none.
const api::TargetStatus* row_in(const api::SaleEventStatus&, const std::string& name);
/// What status says of a target in this run; nothing: it says nothing yet.
const api::TargetStatus* row_of(const View&, const std::string& name);
/// Does a row speak of this workload? A kind that was not served for a while had lost its group.
bool same_workload(const api::TargetStatus&, const ObjectRef& workload);

const OurHold* find_hold(const TargetDraft&, const FieldRef&);

/// Whatever is held stays as it is: as the object has it, should a lower value or a release have
/// been asked for that never reached it.
void retain(TargetDraft&, std::string code, std::string why);

}  // namespace doorbuster::planner
