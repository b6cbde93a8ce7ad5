#include "operator/base/json.h"
#include "operator/commands/rows_json.h"
#include "operator/commands/sale_words.h"
#include "operator/commands/screen.h"

namespace doorbuster::commands {
namespace {

Json action_json(const api::SaleAction& one) {
  return JsonObject()
      .add("name", one.metadata.name)
      .add("spec", api::to_json(one.spec))
      .add("status", api::to_json(one.status))
      .build();
}

Json replicas_json(const SeenByObject& seen, const api::SaleEventStatus& status) {
  std::vector<Json> out;
  for (const api::TargetStatus& row : status.targets) {
    const auto workload = seen.find(row.object), autoscaler = seen.find(row.autoscaler);
    JsonObject one;
    one.add("target", row.name);
    if (workload != seen.end() && workload->second.ready) one.add("ready", *workload->second.ready);
    if (autoscaler != seen.end() && !autoscaler->second.wanted.empty())
      one.add("wanted", autoscaler->second.wanted);
    out.push_back(one.build());
  }
  return json_array(out);
}

}  // namespace

std::string look_json(const SaleLook& look) {
  const api::SaleEventStatus& status = look.event.status;
  JsonObject out;
  out.add("namespace", look.event.metadata.ns).add("name", look.event.metadata.name);
  out.add("phase", phase_text(status)).add("mode", api::to_string(look.event.spec.mode));
  out.add("suspended", look.event.spec.suspend);
  out.add("aborted", abort_of(status) != nullptr);
  out.add("deleting", look.event.metadata.deleted.has_value());
  out.add("verdict", status.verdict).add("run", static_cast<std::int64_t>(status.run.value_or(0)));
  out.add("seenAt", to_rfc3339(look.now)).add("stale", stale_text(look));
  if (status.window) out.add("window", api::to_json(*status.window));
  if (status.next_due) {
    out.add("next",
            JsonObject()
                .add("at", to_rfc3339(*status.next_due))
                .add("what", status.next_reason)
                .build());
  }
  std::vector<Json> warnings, actions;
  for (const std::string& one : warnings_of(status)) warnings.push_back(json_of_string(one));
  for (const api::SaleAction& one : look.actions) actions.push_back(action_json(one));
  out.add("warnings", json_array(warnings));
  out.add("targets", rows_json(status.targets)).add("holds", rows_json(status.holds));
  out.add("replicas", replicas_json(look.replicas, status));
  out.add("rollouts", rows_json(status.rollouts));
  out.add("checks", rows_json(status.checks));
  out.add("headroom", rows_json(status.headroom));
  out.add("imagePrepull", rows_json(status.image_prepull));
  out.add("conditions", rows_json(status.conditions));
  out.add("decisions", rows_json(status.decisions)).add("actions", json_array(actions));
  return out.build().text + "\n";
}

}  // namespace doorbuster::commands
