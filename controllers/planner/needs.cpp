#include "controllers/planner/buffer.h"
#include "controllers/planner/canary.h"
#include "controllers/planner/headroom.h"
#include "controllers/planner/in_charge.h"
#include "controllers/planner/lowering.h"
#include "controllers/planner/need.h"
#include "controllers/planner/prepull.h"
#include "controllers/planner/rollout_candidate.h"
#include "controllers/planner/rollout_memory.h"
#include "controllers/planner/router.h"
#include "controllers/planner/scaled_object.h"
#include "controllers/planner/selection.h"
#include "controllers/planner/view.h"

#include <algorithm>

namespace doorbuster::planner {
namespace {

void add_workload(Needs& needs, const ObjectRef& workload) {
  needs.workloads.insert(workload);
  needs.objects.insert(workload);
  needs.kinds.insert({workload.group, workload.kind});
}

/// The candidate of a rollout, whether it stands or not.
void add_candidate(Needs& needs, const Event& event, const Setup& setup, const std::string& name) {
  const CandidateRefs refs = candidate_refs(event, setup, name);
  needs.objects.insert({refs.deployment, refs.service, refs.autoscaler});
}

/// What the router is named by, and what is held instead of it.
void add_router(Needs& needs,
                const Event& event,
                const Setup& setup,
                const ObjectRef& router,
                const std::string& rollout) {
  needs.objects.insert(router);
  if (router_of(router)->by_copy)
    needs.objects.insert(candidate_refs(event, setup, rollout).ingress);
}

void add_rollout(Needs& needs, const ObjectRef& target, const ObjectRef& backend) {
  add_workload(needs, target);
  if (!backend.name.empty()) needs.objects.insert(backend);
  needs.kinds.insert({"", "Service"});
  needs.kinds.insert({"autoscaling", "HorizontalPodAutoscaler"});
}

void add_rollouts(Needs& needs, const Event& event, const Setup& setup) {
  const std::string& ns = event.ref.ns;
  if (event.spec) {
    for (const api::RolloutSpec& one : event.spec->rollouts) {
      const RouterAsked asked = router_asked(one.traffic, ns);
      add_rollout(
          needs, {"apps", "Deployment", ns, one.target.name}, {"", "Service", ns, asked.backend});
      if (asked.router != nullptr) {
        add_router(needs, event, setup, asked.object, one.name);
        needs.kinds.insert({asked.object.group, asked.object.kind});
      }
      if (one.template_from)
        needs.objects.insert({"apps", "Deployment", ns, one.template_from->name});
      add_candidate(needs, event, setup, one.name);
    }
  }
  for (const api::RolloutStatus& row : event.status.rollouts) {
    add_candidate(needs, event, setup, row.name);
    if (row.state == "Scaling")
      needs.pods.emplace(candidate_refs(event, setup, row.name).deployment, Instant{});
  }
  for (const api::Decision& one : event.status.decisions) {
    if (one.kind != rollout_kind::kStarted) continue;
    const StartedOn on = started_on(one);
    if (on.target.empty()) continue;
    add_candidate(needs, event, setup, one.subject);
    add_rollout(needs, {"apps", "Deployment", ns, on.target}, {"", "Service", ns, on.backend});
    const auto router = router_told(on.router, ns);
    if (router && !is_by_pods(*router)) add_router(needs, event, setup, *router, one.subject);
  }
}

}  // namespace

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
  if (is_scaler(out)) return std::nullopt;
  return out;
}

Needs needs_of(const Event& event, const Setup& setup) {
  Needs out;
  if (event.spec) {
    for (const api::TargetSpec& target : event.spec->capacity.targets) {
      if (target.ref) add_workload(out, workload_of(*target.ref, event.ref.ns));
      for (Selection& one : selections_of(target, event.ref.ns)) {
        out.kinds.insert({one.group, one.kind});
        out.selections.insert(std::move(one));
      }
      const auto margin = zone_margin_of(target);
      out.zones = out.zones || (margin && !margin->zones);
      if (event.spec->capacity.headroom && !setup.ns.empty())
        out.objects.insert(placeholders_ref(event, setup, target.name));
      if (event.spec->capacity.image_prepull)
        out.objects.insert(puller_ref(event, setup, target.name));
      out.budgets = out.budgets || target.disruption_budget.has_value();
    }
    for (const api::HoldSpec& hold : event.spec->holds) {
      const std::string group = group_of(hold.object.api_version);
      out.objects.insert(
          {group, hold.object.kind, hold.object.ns.value_or(event.ref.ns), hold.object.name});
      out.kinds.insert({group, hold.object.kind});
    }
  }
  add_rollouts(out, event, setup);
  const bool headroom = event.spec && event.spec->capacity.headroom && !setup.ns.empty();
  const bool prepull = event.spec && event.spec->capacity.image_prepull;
  if (headroom) out.kinds.insert({kBufferGroup, kBufferKind});
  // Of a target that was taken out of the spec: whether there is still anything to scale.
  for (const api::TargetStatus& row : event.status.targets) {
    if (headroom) out.objects.insert(placeholders_ref(event, setup, row.name));
    if (prepull) out.objects.insert(puller_ref(event, setup, row.name));
    const auto workload = workload_told(row);
    if (!workload || workload->ns != event.ref.ns) continue;
    out.objects.insert(*workload);
    if (row.state == "Ramping" && row.held)
      out.pods.emplace(*workload, row.stepped_at.value_or(Instant{}) + kPodsPatience);
  }
  for (const api::HeadroomStatus& row : event.status.headroom) {
    if (row.object.empty() || setup.ns.empty()) continue;
    const ObjectRef placeholders = placeholders_ref(event, setup, row.target);
    out.objects.insert(placeholders);
    if (names_buffer(row))
      out.objects.insert(buffer_ref(event, setup, row.target));
    else if (row.state == "Placing")
      out.pods.emplace(placeholders, Instant{});
  }
  for (const api::ImagePrepullStatus& row : event.status.image_prepull) {
    if (row.object.empty()) continue;
    const ObjectRef puller = puller_ref(event, setup, row.target);
    out.objects.insert(puller);
    if (row.state == "Pulling") out.pods.emplace(puller, Instant{});
  }
  for (const api::HoldStatus& row : event.status.holds) {
    // A row without a copy is only shown, unless a trace of us is still to be removed there; and
    // what was put back is looked at on, for a saved manifest may bring its record again.
    if (row.copy.empty() && row.state != "Restoring" && row.state != "Restored") continue;
    out.objects.insert({row.object.group, row.object.kind, row.object.ns, row.object.name});
  }
  return out;
}

void add_found(Needs& needs, const std::map<Selection, SelectedFact>& selected) {
  for (const auto& [selection, fact] : selected) {
    const auto* found = std::get_if<Selected>(&fact);
    if (found == nullptr) continue;
    for (const std::string& name : found->names)
      add_workload(needs, {selection.group, selection.kind, selection.ns, name});
  }
}

std::set<ObjectRef> led_to(const Observation& seen) {
  std::set<ObjectRef> out;
  const auto add = [&](const ObjectRef& object) {
    if (!seen.objects.contains(object)) out.insert(object);
  };
  for (const auto& [object, fact] : seen.objects) {
    const Present* here = present(seen, object);
    if (here == nullptr) continue;
    if (is_scaled_object(object)) add(autoscaler_made_from(object, *here->object));
    if (const auto canary = canary_of(object, *here->object)) add(*canary);
    if (!is_autoscaler(object)) continue;
    if (const auto maker = maker_of(object, *here->object)) add(*maker);
  }
  return out;
}

}  // namespace doorbuster::planner
