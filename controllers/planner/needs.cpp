#include "controllers/planner/view.h"

namespace doorbuster::planner {

Needs needs_of(const Event& event) {
  Needs out;
  if (event.spec) {
    for (const api::TargetSpec& target : event.spec->capacity.targets) {
      const std::string group = group_of(target.ref.api_version);
      out.workloads.insert({group, target.ref.kind, event.ref.ns, target.ref.name});
      out.objects.insert({group, target.ref.kind, event.ref.ns, target.ref.name});
      out.kinds.insert({group, target.ref.kind});
    }
    for (const api::HoldSpec& hold : event.spec->holds) {
      const std::string group = group_of(hold.object.api_version);
      out.objects.insert(
          {group, hold.object.kind, hold.object.ns.value_or(event.ref.ns), hold.object.name});
      out.kinds.insert({group, hold.object.kind});
    }
  }
  for (const api::HoldStatus& row : event.status.holds) {
    // A row without a copy is only shown, unless a trace of us is still to be removed there; and
    // what was put back is looked at on, for a saved manifest may bring its record again.
    if (row.copy.empty() && row.state != "Restoring" && row.state != "Restored") continue;
    out.objects.insert({row.object.group, row.object.kind, row.object.ns, row.object.name});
  }
  return out;
}

}  // namespace doorbuster::planner
