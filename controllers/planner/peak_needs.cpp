#include "controllers/planner/peak_needs.h"

#include "controllers/planner/arithmetic.h"
#include "controllers/planner/in_charge.h"
#include "controllers/planner/need_warnings.h"
#include "controllers/planner/raising.h"
#include "controllers/planner/rollout_pods.h"
#include "controllers/planner/rollout_steps.h"
#include "controllers/planner/schedule.h"
#include "controllers/planner/target_draft.h"

#include <algorithm>
#include <utility>

namespace doorbuster::planner {
namespace {

constexpr const char* kTemplate = "/spec/template";

/// "checkout: the floor ..." is about checkout.
FurtherInput input_of(const View& view, const Reason& reason) {
  FurtherInput out{.finding = {Level::Warn, reason.code, "", reason.text}, .achievable = {}};
  for (const api::TargetSpec& one : view.spec.capacity.targets) {
    const std::string prefix = one.name + ": ";
    if (!reason.text.starts_with(prefix)) continue;
    out.finding.subject = one.name;
    out.finding.message = reason.text.substr(prefix.size());
  }
  return out;
}

void add_reason(const View& view, const Reason& reason, Asked& out) {
  FurtherInput made = input_of(view, reason);
  const bool known = std::any_of(out.further.begin(), out.further.end(), [&made](const auto& one) {
    return one.finding == made.finding;
  });
  if (!known) out.further.push_back(std::move(made));
}

std::int64_t pods_in(const Room& room, const PodOwner& owner) {
  const auto ns = room.namespaces.find(owner.ns);
  if (ns == room.namespaces.end()) return 0;
  const auto pods = ns->second.pods.find(owner);
  return pods == ns->second.pods.end() ? 0 : pods->second;
}

/// Pods of candidates beside a target's own: what the largest step of a release in the sale asks
/// for.
std::int64_t candidates_of(const View& view, const ObjectRef& workload, std::int64_t needed) {
  std::int64_t out = 0;
  if (workload.group != "apps" || workload.kind != "Deployment") return out;
  for (const api::RolloutSpec& one : view.spec.rollouts) {
    if (one.target.name != workload.name || one.desired == api::DesiredRevision::Stable) continue;
    const bool by_pods = one.traffic.ready_pods.has_value();
    for (const RolloutStep& step : steps_of(one.strategy))
      out = std::max({out, pods_of_share(step.pods, needed, by_pods), step.replicas});
  }
  return out;
}

void add_target(const View& view,
                const Room& room,
                const api::TargetSpec& spec,
                const InCharge& charge,
                Asked& out) {
  const Document& workload = *charge.seen->object;
  if (sleeps_on_purpose(spec, charge)) return;
  PeakNeed one{.target = spec.name, .owner = owner_of_pods(charge.workload), .shape = {}};
  const TargetDraft draft = draft_of(view, spec.name, &spec);
  const Floor floor = floor_of(view, charge);
  NeedBasis basis = basis_for_run(view, draft, charge, floor);
  const std::int64_t there = pods_in(room, one.owner);
  if (charge.who == InCharge::Who::Autoscaler && there > 0 && view.now < view.window.prepare &&
      !floor.raised)
    basis.usual = std::max(floor.baseline_min, there);
  const Need need = need_of(spec, basis, view.window);
  one.needed = need.peak();
  one.usual = basis.usual;
  one.running = workload.integer(charge.kind.status_replicas_path).value_or(0);
  one.surge = std::max(surge_of(workload, charge.workload.kind, one.needed),
                       candidates_of(view, charge.workload, one.needed));
  one.to_ready = spec.ramp.up.step_timeout.value;
  if (const auto pods = workload.root().at(kTemplate)) one.shape = shape_of(*pods);
  for (const Reason& reason : ceiling_warnings(spec.name, floor, need))
    add_reason(view, reason, out);
  out.needs.push_back(std::move(one));
}

}  // namespace

PodOwner owner_of_pods(const ObjectRef& workload) {
  return {workload.ns, workload.kind, workload.name};
}

std::int64_t surge_of(const Document& workload, const std::string& kind, std::int64_t replicas) {
  const bool rollout = kind == "Rollout";
  if (kind != "Deployment" && !rollout) return 0;
  if (workload.string("/spec/strategy/type") == "Recreate") return 0;
  const std::string pointer =
      rollout ? "/spec/strategy/canary/maxSurge" : "/spec/strategy/rollingUpdate/maxSurge";
  if (const auto number = workload.integer(pointer)) return *number;
  const std::string text = workload.string(pointer);
  const std::size_t end = text.find('%');
  const auto percent = integer_of(Json{end == std::string::npos ? "25" : text.substr(0, end)});
  return percent_of(percent.value_or(25), replicas);
}

std::optional<Asked> peak_needs(const View& view,
                                const Room& room,
                                const std::vector<Reason>& warnings) {
  Asked out{.ns = view.event.ref.ns, .start = view.window.start, .needs = {}, .further = {}};
  for (const Reason& one : warnings) add_reason(view, one, out);
  for (const api::TargetSpec& spec : view.spec.capacity.targets) {
    const InCharge charge = in_charge(view, *spec.ref);
    switch (charge.who) {
      case InCharge::Who::Autoscaler:
      case InCharge::Who::Workload:
        add_target(view, room, spec, charge, out);
        break;
      case InCharge::Who::Missing:
      case InCharge::Who::Forbidden:
      case InCharge::Who::Paused:
        add_reason(view, {charge.code, spec.name + ": " + charge.why}, out);
        break;
      case InCharge::Who::Refused:
        out.further.push_back({{Level::NoGo, charge.code, spec.name, charge.why}, std::nullopt});
        break;
      case InCharge::Who::Unknown:
        return std::nullopt;
    }
  }
  return out;
}

}  // namespace doorbuster::planner
