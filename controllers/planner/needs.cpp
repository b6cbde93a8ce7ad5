#include "controllers/planner/in_charge.h"
#include "controllers/planner/lowering.h"
#include "controllers/planner/need.h"
#include "controllers/planner/view.h"

#include <algorithm>

namespace doorbuster::planner {

std::optional<ObjectRef> workload_told(const api::TargetStatus& row) {
  // As to_text writes it: Kind.group namespace/name.
  const std::string& text = row.object;
  const std::size_t space = text.find(' '), slash = text.find('/', space);
  if (space == std::string::npos || slash == std::string::npos) return std::nullopt;
  const std::string kind = text.substr(0, space);
  const std::size_t dot = std::min(kind.find('.'), kind.size());
  ObjectRef out{kind.substr(std::min(dot + 1, kind.size())),
                kind.substr(0, dot),
                text.substr(space + 1, slash - space - 1),
                text.substr(slash + 1)};
  if (is_autoscaler(out)) return std::nullopt;
  return out;
}

Needs needs_of(const Event& event) {
  Needs out;
  if (event.spec) {
    for (const api::TargetSpec& target : event.spec->capacity.targets) {
      const std::string group = group_of(target.ref.api_version);
      out.workloads.insert({group, target.ref.kind, event.ref.ns, target.ref.name});
      out.objects.insert({group, target.ref.kind, event.ref.ns, target.ref.name});
      out.kinds.insert({group, target.ref.kind});
      const auto margin = zone_margin_of(target);
      out.zones = out.zones || (margin && !margin->zones);
    }
    for (const api::HoldSpec& hold : event.spec->holds) {
      const std::string group = group_of(hold.object.api_version);
      out.objects.insert(
          {group, hold.object.kind, hold.object.ns.value_or(event.ref.ns), hold.object.name});
      out.kinds.insert({group, hold.object.kind});
    }
  }
  // Of a target that was taken out of the spec: whether there is still anything to scale.
  for (const api::TargetStatus& row : event.status.targets) {
    if (const auto workload = workload_told(row); workload && workload->ns == event.ref.ns)
      out.objects.insert(*workload);
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
