#include "controllers/planner/scale_down.h"

#include "controllers/planner/lowering.h"
#include "controllers/products/scalers.h"

namespace doorbuster::planner {
namespace {

void let_go(TargetDraft& draft, const FieldRef& field) {
  draft.items.emplace_back(
      Release{.name = draft.report.name,
              .only = {field},
              .reason = {kRestoring, draft.report.name + ": may scale down again"}});
}

}  // namespace

void hold_scale_down(TargetDraft& draft, const InCharge& charge) {
  const products::Bounds* bounds = products::bounds_of(charge.object);
  if (bounds == nullptr || bounds->scale_down == nullptr) return;
  const FieldRef field{charge.object, bounds->scale_down, ""};
  const bool held = find_hold(draft, field) != nullptr;
  if (draft.spec->scale_down != api::ScaleDown::Disabled) {
    if (held) let_go(draft, field);
    return;
  }
  const std::string why = products::why_not_allowed(draft.view.setup.allow, field, false, false);
  if (!held && !why.empty()) {
    draft.warnings.push_back(
        {"FieldNotAllowed", draft.report.name + ": scaling down is not disabled: " + why});
    return;
  }
  draft.items.emplace_back(
      HoldWant{.field = field,
               .ask = {.op = Ask::Op::Set, .operand = json_of_string("Disabled")},
               .name = draft.report.name,
               .reason = {"Raising", draft.report.name + ": does not scale down during the sale"},
               .baseline = std::nullopt});
}

void free_scale_down(TargetDraft& draft, const ObjectRef& object) {
  for (const OurHold& hold : draft.held) {
    if (hold.field.object == object && products::is_scale_down(hold.field))
      let_go(draft, hold.field);
  }
}

}  // namespace doorbuster::planner
