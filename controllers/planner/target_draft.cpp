#include "controllers/planner/target_draft.h"

#include "controllers/planner/capacity.h"
#include "controllers/planner/demand.h"
#include "controllers/products/scalers.h"

#include <algorithm>
#include <utility>

namespace doorbuster::planner {
namespace {

std::optional<std::int64_t> number_before(const View& view,
                                          const FieldRef& field,
                                          const Document& object) {
  if (const auto record = record_of(view, field)) return integer_of(record->baseline);
  return object.integer(field.pointer);
}

bool held_by_anybody(const View& view, const FieldRef& field) {
  const auto record = record_of(view, field);
  return record && !record->holders.empty();
}

/// What normally runs (DESIGN.md section 4): the greater of the baseline's minimum and the replicas
/// when preparation begins. Where a sale has raised them already (another one, or one of our name
/// whose holds are adopted), what load asks for speaks instead.
std::int64_t usual_of(const InCharge& charge, const Floor& floor) {
  std::int64_t running = charge.seen->object->integer(charge.kind.spec_replicas_path).value_or(1);
  if (charge.who == InCharge::Who::Workload) return floor.baseline_min;
  if (floor.raised && charge.autoscaler != nullptr) {
    const Demand demand = demand_of(*charge.autoscaler->object);
    if (demand.says == Demand::Says::Number) running = std::min(running, demand.replicas);
    if (demand.says == Demand::Says::Less) running = floor.baseline_min;
  }
  return std::max(floor.baseline_min, running);
}

}  // namespace

TargetDraft draft_of(const View& view, const std::string& name, const api::TargetSpec* spec) {
  TargetDraft out{.view = view,
                  .spec = spec,
                  .report = {},
                  .held = {},
                  .items = {},
                  .memory = {},
                  .warnings = {},
                  .wake = {}};
  out.report.name = name;
  const auto held = view.holds.find({kCapacity, name});
  if (held != view.holds.end()) out.held = held->second;
  return out;
}

Floor floor_of(const View& view, const InCharge& charge) {
  Floor out;
  if (charge.who == InCharge::Who::Autoscaler) {
    const products::Bounds& bounds = *products::bounds_of(charge.object);
    const Document& object = *charge.scaler->object;
    out.min = {charge.object, bounds.min, ""};
    out.max = FieldRef{charge.object, bounds.max, ""};
    out.baseline_min = number_before(view, out.min, object).value_or(bounds.min_if_absent);
    out.baseline_max = number_before(view, *out.max, object);
    if (!out.baseline_max && bounds.max_if_absent > 0)
      out.baseline_max = out.implied_max = bounds.max_if_absent;
    out.live = object.integer(bounds.min).value_or(bounds.min_if_absent);
  } else {
    out.min = {charge.object, charge.kind.spec_replicas_path, ""};
    out.baseline_replicas = number_before(view, out.min, *charge.seen->object).value_or(1);
    out.baseline_min = *out.baseline_replicas;
    out.live = charge.seen->object->integer(out.min.pointer).value_or(1);
  }
  out.raised = held_by_anybody(view, out.min);
  return out;
}

const api::TargetStatus* row_in(const api::SaleEventStatus& status, const std::string& name) {
  for (const api::TargetStatus& row : status.targets) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

const api::TargetStatus* row_of(const View& view, const std::string& name) {
  return view.new_run ? nullptr : row_in(view.event.status, name);
}

bool same_workload(const api::TargetStatus& row, const ObjectRef& workload) {
  if (row.object == to_text(workload)) return true;
  const ObjectRef bare{"*", workload.kind, workload.ns, workload.name};
  if (row.object == to_text(bare)) return true;
  return workload.group == "*" && row.object.starts_with(workload.kind) &&
         row.object.ends_with(" " + workload.ns + "/" + workload.name);
}

NeedBasis basis_for_run(const View& view,
                        const TargetDraft& draft,
                        const InCharge& charge,
                        const Floor& floor) {
  NeedBasis out{.usual = 0, .minimum = floor.baseline_min, .zones = view.seen.zones};
  const api::TargetStatus* row = row_of(view, draft.report.name);
  if (row != nullptr && !same_workload(*row, charge.workload)) row = nullptr;
  out.usual = row != nullptr && row->usual ? *row->usual : usual_of(charge, floor);
  if (row != nullptr && row->zones) out.zones = row->zones;
  return out;
}

const OurHold* find_hold(const TargetDraft& draft, const FieldRef& field) {
  for (const OurHold& one : draft.held) {
    if (one.field == field) return &one;
  }
  return nullptr;
}

void retain(TargetDraft& draft, std::string code, std::string why) {
  for (const OurHold& one : draft.held) {
    if (!one.there || integer_of(one.there->operand) < integer_of(one.asked.operand)) continue;
    draft.items.emplace_back(HoldWant{.field = one.field,
                                      .ask = *one.there,
                                      .name = draft.report.name,
                                      .reason = {code, why},
                                      .baseline = std::nullopt});
  }
  draft.items.emplace_back(Retain{draft.report.name, {std::move(code), std::move(why)}});
}

}  // namespace doorbuster::planner
