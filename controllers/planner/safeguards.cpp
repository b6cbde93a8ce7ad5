#include "controllers/planner/safeguards.h"

#include "controllers/planner/budget.h"
#include "controllers/planner/in_charge.h"
#include "controllers/planner/lowering.h"
#include "controllers/planner/raising.h"
#include "controllers/planner/schedule.h"
#include "controllers/planner/selection.h"
#include "controllers/planner/target_draft.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace doorbuster::planner {
namespace {

constexpr const char* kUpdateMode = "/spec/updatePolicy/updateMode";

const std::vector<OurHold>& held_under(const View& view, const std::string& name) {
  static const std::vector<OurHold> none;
  const auto found = view.holds.find({kSafeguards, name});
  return found == view.holds.end() ? none : found->second;
}

Release release_of(const View& view, const std::string& name, std::vector<FieldRef> only) {
  return {.name = name,
          .only = std::move(only),
          .reason = {kRestoring, name + ": back to what was there before"},
          .leave_value = view.ending == Ending::Orphan,
          .for_good = view.ending == Ending::Orphan};
}

/// One target while what keeps its pods is planned.
struct Guarded {
  const View& view;
  const api::TargetSpec& spec;
  const InCharge& charge;
  bool due;  ///< preparation or sale; else it lies ahead, and only warnings are made
  Wants& out;
  std::set<FieldRef> kept;
  bool unread = false;

  void warn(const char* code, const std::string& text) const {
    out.warnings.push_back({code, spec.name + ": " + text});
  }
};

/// What a field has, or had before a sale.
Value before(const View& view, const FieldRef& field, const Document& object) {
  const auto record = record_of(view, field);
  return record ? record->baseline : object.at(field.pointer);
}

void keep(Guarded& one, const FieldRef& field, Json value, int priority) {
  const auto& held = held_under(one.view, one.spec.name);
  const bool ours = std::any_of(
      held.begin(), held.end(), [&field](const OurHold& hold) { return hold.field == field; });
  const std::string why = products::why_not_allowed(one.view.setup.allow, field, false, false);
  if (!ours && !why.empty()) return one.warn("FieldNotAllowed", why);
  one.kept.insert(field);
  if (!one.due) return;
  one.out.items.emplace_back(HoldWant{
      .field = field,
      .ask = {.op = Ask::Op::Set,
              .operand = std::move(value),
              .rank = Rank::Event,
              .priority = priority},
      .name = one.spec.name,
      .reason = {"Holding", one.spec.name + ": " + field.pointer + " of " + to_text(field.object)},
      .baseline = std::nullopt});
}

/// How many replicas there are at least: what a budget in pods is compared with.
std::int64_t fewest_replicas(const Guarded& one) {
  const TargetDraft draft = draft_of(one.view, one.spec.name, &one.spec);
  const Floor floor = floor_of(one.view, one.charge);
  const NeedBasis basis = basis_for_run(one.view, draft, one.charge, floor);
  const Need need = need_of(one.spec, basis, one.view.window);
  std::int64_t out = basis.usual;
  for (const Stretch& stretch : need.stretches) out = std::min(out, stretch.floor);
  return std::max<std::int64_t>(1, out);
}

void tighten(Guarded& one, const ObjectRef& ref, const Present& budget, std::int64_t replicas) {
  const FieldRef min{ref, kMinAvailable, ""}, max{ref, kMaxUnavailable, ""};
  const Budget own{before(one.view, min, *budget.object), before(one.view, max, *budget.object)};
  const auto made = tightened(own, one.spec.disruption_budget->min_available_percent, replicas);
  if (!made) return;
  if (const std::string owner = owner_of(*budget.object); !owner.empty()) {
    return one.warn("BudgetOwned",
                    to_text(ref) + " is owned by " + owner +
                        ", which would undo what is held here: it is not tightened");
  }
  keep(one, {ref, made->pointer, ""}, made->value, made->priority);
  if (!made->blocks_drains) return;
  one.warn("DrainsBlocked",
           to_text(ref) + " lets none of " + std::to_string(replicas) +
               " replicas go: no pod can be evicted, and node drains wait, until the sale is over");
}

void plan_budgets(Guarded& one) {
  if (!one.spec.disruption_budget) return;
  const auto* listed = std::get_if<std::vector<ObjectRef>>(&one.view.seen.budgets);
  if (listed == nullptr) {
    one.unread = true;
    if (const auto* may_not = std::get_if<Forbidden>(&one.view.seen.budgets))
      one.warn("BudgetsUnread",
               "the operator may not " + may_not->verb +
                   " PodDisruptionBudgets: none is tightened, and one that is stays so. Give its "
                   "role get, list and watch on poddisruptionbudgets (policy)");
    return;
  }
  if (!one.charge.seen->object->at("/spec/template")) {
    return one.warn("NoBudget",
                    "what labels the pods of " + one.charge.workload.kind +
                        " carry is not known: no PodDisruptionBudget is tightened");
  }
  bool found = false;
  for (const ObjectRef& ref : *listed) {
    const Present* budget = present(one.view.seen, ref);
    one.unread = one.unread || absence(one.view.seen, ref) == "Unknown";
    if (budget == nullptr || !guards(*budget->object, *one.charge.seen->object)) continue;
    found = true;
    tighten(one, ref, *budget, fewest_replicas(one));
  }
  if (found || one.unread) return;
  one.warn("NoBudget",
           "no PodDisruptionBudget selects its pods: there is none to tighten. Make one with "
           "minAvailable or maxUnavailable");
}

bool evicts(const Value& mode) {
  if (!mode) return true;  // Auto
  constexpr std::array kModes = {"\"Auto\"", "\"Recreate\"", "\"InPlaceOrRecreate\""};
  return std::find(kModes.begin(), kModes.end(), mode->text) != kModes.end();
}

void plan_verticals(Guarded& one) {
  const auto listed = one.view.seen.autoscalers.find(one.charge.workload);
  if (listed == one.view.seen.autoscalers.end()) return;
  const auto* found = std::get_if<Autoscalers>(&listed->second);
  if (found == nullptr) {
    one.unread = true;
    return;
  }
  for (const ObjectRef& ref : found->verticals) {
    const Present* vertical = present(one.view.seen, ref);
    one.unread = one.unread || absence(one.view.seen, ref) == "Unknown";
    if (vertical == nullptr) continue;
    const FieldRef mode{ref, kUpdateMode, ""};
    const Value own = before(one.view, mode, *vertical->object);
    if (!evicts(own)) continue;
    if (one.spec.vertical_evictions == api::VerticalEvictions::Prevented) {
      keep(one, mode, json_of_string("Initial"), 0);
    } else {
      one.warn("VerticalEvictions",
               to_text(ref) +
                   " may evict its pods in the middle of the sale to give them other resources "
                   "(updateMode " +
                   (own ? own->text : "Auto") +
                   "): verticalEvictions: Prevented keeps it from that");
    }
  }
}

/// What was held for it and is not wanted any more.
void release_the_rest(const Guarded& one) {
  std::vector<FieldRef> rest;
  for (const OurHold& hold : held_under(one.view, one.spec.name)) {
    if (!one.kept.contains(hold.field)) rest.push_back(hold.field);
  }
  if (!rest.empty())
    one.out.items.emplace_back(release_of(one.view, one.spec.name, std::move(rest)));
}

void retain(Wants& out, const std::string& name, std::string why) {
  out.items.emplace_back(Retain{name, {"NotRead", std::move(why)}});
}

void plan_target(Wants& out, const View& view, const api::TargetSpec& spec, bool due) {
  const InCharge charge = in_charge(view, *spec.ref);
  if (!charge.found() || sleeps_on_purpose(spec, charge)) {
    if (due) retain(out, spec.name, charge.why);
    return;
  }
  Guarded one{.view = view, .spec = spec, .charge = charge, .due = due, .out = out, .kept = {}};
  plan_budgets(one);
  plan_verticals(one);
  if (!due) return;
  if (one.unread) return retain(out, spec.name, "not all that guards its pods is read yet");
  release_the_rest(one);
}

}  // namespace

Wants safeguards(const View& view) {
  Wants out;
  out.feature = kSafeguards;
  const Stage stage = stage_at(view.window, view.now);
  const bool ahead = view.ending == Ending::None && stage == Stage::Before;
  const bool due = view.ending == Ending::None && (stage == Stage::Prepare || stage == Stage::Live);
  std::set<std::string> stays;
  if (ahead || due) {
    for (const api::TargetSpec& spec : view.spec.capacity.targets) {
      if (due && view.seen.namespace_terminating) {
        retain(out, spec.name, "the namespace is being deleted");
      } else {
        plan_target(out, view, spec, due);
      }
      if (due) stays.insert(spec.name);
    }
  }
  for (const auto& [key, held] : view.holds) {
    if (key.first != kSafeguards || stays.contains(key.second)) continue;
    if (due && is_out_of_sight(view.unread_selectors, key.second)) {
      retain(out, key.second, "it is not known now what the selector matches");
    } else {
      out.items.emplace_back(release_of(view, key.second, {}));
    }
  }
  return out;
}

}  // namespace doorbuster::planner
