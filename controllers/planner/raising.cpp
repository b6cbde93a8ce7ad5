#include "controllers/planner/raising.h"

#include "controllers/planner/canary.h"
#include "controllers/planner/course.h"
#include "controllers/planner/demand.h"
#include "controllers/planner/lowering.h"
#include "controllers/planner/need_warnings.h"
#include "controllers/planner/pending.h"
#include "controllers/planner/promotion.h"
#include "controllers/planner/ramp.h"
#include "controllers/planner/scale_down.h"
#include "controllers/planner/scaled_object.h"
#include "controllers/planner/schedule.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <utility>

namespace doorbuster::planner {
namespace {

/// Under which names autoscalers write /scale.
constexpr std::array<std::string_view, 2> kAutoscaling = {"kube-controller-manager", "keda"};

HoldWant at_least(const TargetDraft& draft,
                  const FieldRef& field,
                  std::int64_t count,
                  std::string text) {
  return {
      .field = field,
      .ask = {.op = Ask::Op::Max, .operand = json_of(count), .rank = Rank::Event, .priority = 0},
      .name = draft.report.name,
      .reason = {"Raising", draft.report.name + ": " + std::move(text)},
      .baseline = std::nullopt,
      .replicas = !is_scaler(field.object)};
}

/// The ceiling that goes with the full floor; never lowered below what runs.
std::int64_t ceiling_now(const TargetDraft& draft,
                         const InCharge& charge,
                         const Floor& floor,
                         std::int64_t wanted) {
  wanted = std::max(wanted, floor.implied_max);
  const OurHold* held = find_hold(draft, *floor.max);
  if (held == nullptr) return wanted;
  const std::int64_t before = integer_of(held->asked.operand).value_or(wanted);
  if (before <= wanted) return wanted;
  const std::int64_t running =
      charge.autoscaler != nullptr
          ? current_replicas_of(*charge.autoscaler->object)
          : charge.seen->object->integer(charge.kind.status_replicas_path).value_or(0);
  return running > wanted ? before : wanted;
}

/// Would letting go of what we hold leave others with less than stands there by us all? Then who
/// asks for less goes first.
bool others_would_lower(const View& view, const FieldRef& field) {
  const auto record = record_of(view, field);
  if (!record) return false;
  std::map<Holder, Ask> others = record->holders;
  std::erase_if(others, [&](const auto& one) { return one.first.uid == view.event.uid; });
  if (others.empty()) return false;
  const auto all = effective(products::Law::Highest, record->baseline, record->holders);
  const auto rest = effective(products::Law::Highest, record->baseline, others);
  return all && rest && integer_of(*rest) < integer_of(*all);
}

/// Did its autoscaler go away in mid-sale? Then the replicas that it left are our doing, unless
/// somebody else set them last; what normally ran is not.
bool left_by_autoscaler(const TargetDraft& draft,
                        const InCharge& charge,
                        const FieldRef& replicas) {
  if (charge.who != InCharge::Who::Workload || find_hold(draft, replicas) != nullptr) return false;
  const bool held = std::any_of(draft.held.begin(), draft.held.end(), [](const OurHold& one) {
    return is_scaler(one.field.object);
  });
  if (!held || !draft.report.usual) return false;
  const std::string by = writer_of(*charge.seen->object, replicas.pointer).manager;
  return by.empty() || by == kFieldManager ||
         std::find(kAutoscaling.begin(), kAutoscaling.end(), by) != kAutoscaling.end();
}

/// A floor on its way to another, and the ceiling that goes with it.
struct Height {
  std::int64_t floor = 0, goal = 0, ceiling = 0;
};

void hold_floor(TargetDraft& draft, const InCharge& charge, const Floor& floor, Height height) {
  // They are held as they are, for load or another sale may need them, and go down from there.
  const bool orphaned = left_by_autoscaler(draft, charge, floor.min);
  if (orphaned) height.floor = std::max(height.floor, floor.live.value_or(height.floor));
  HoldWant min =
      at_least(draft,
               floor.min,
               height.floor,
               "floor " + std::to_string(height.floor) + " of " + std::to_string(height.goal));
  if (orphaned) min.baseline = Value(json_of(*draft.report.usual));
  draft.items.emplace_back(std::move(min));
  if (!floor.max) return;
  const std::int64_t ceiling = ceiling_now(draft, charge, floor, height.ceiling);
  draft.items.emplace_back(
      at_least(draft, *floor.max, ceiling, "ceiling " + std::to_string(ceiling)));
}

/// A workload that sleeps on purpose is woken by one replica; its autoscaler does the rest.
void wake_up(TargetDraft& draft, const InCharge& charge) {
  const FieldRef replicas{charge.workload, charge.kind.spec_replicas_path, ""};
  const bool sleeps = charge.seen->object->integer(replicas.pointer).value_or(1) == 0;
  // KEDA does it by itself where the minimum says so.
  if (!is_autoscaler(charge.object) || !draft.spec->wake_from_zero) return;
  const bool held = find_hold(draft, replicas) != nullptr;
  if (!sleeps && !held) return;
  const std::string why = products::why_not_scaled(draft.view.setup.allow, replicas);
  if (!held && !why.empty()) {
    draft.warnings.push_back({"FieldNotAllowed", draft.report.name + ": not woken: " + why});
  } else {
    draft.items.emplace_back(at_least(draft, replicas, 1, "woken from zero"));
  }
}

/// What is held under this name on objects that are not in charge any more.
void hand_over(TargetDraft& draft, const InCharge& charge, const Floor& floor) {
  std::set<ObjectRef> others;
  for (const OurHold& one : draft.held) {
    if (one.field.object != charge.object && !is_canary(one.field.object))
      others.insert(one.field.object);
  }
  const OurHold* new_floor = find_hold(draft, floor.min);
  for (const ObjectRef& object : others) {
    if (object == charge.workload && charge.who == InCharge::Who::Autoscaler) {
      if (draft.spec->wake_from_zero) continue;
      // An autoscaler appeared: once the floor stands there, the replicas are its own again.
      if (new_floor == nullptr || !new_floor->landed) continue;
      const FieldRef replicas{object, charge.kind.spec_replicas_path, ""};
      if (others_would_lower(draft.view, replicas)) continue;
      draft.items.emplace_back(
          Release{.name = draft.report.name,
                  .only = {replicas},
                  .reason = {kRestoring, to_text(charge.object) + " is in charge now"},
                  .leave_value = true});
      continue;
    }
    if (absence(draft.view.seen, object) != "Missing") {
      const TargetReport kept = draft.report;
      draft.report.current.reset();  // of the workload in charge now, not of that one
      lower_object(draft, object, 0);
      draft.report = kept;
    }
  }
}

/// A margin for the loss of a zone whose size is a guess, or that there cannot be.
void note_zones(TargetDraft& draft, const NeedBasis& basis) {
  const auto margin = zone_margin_of(*draft.spec);
  if (!margin || margin->zones) return;
  if (!basis.zones) {
    draft.warnings.push_back(
        {"ZonesUnknown",
         draft.report.name + ": over how many zones the nodes are is not known: two are assumed, "
                             "for which most is needed (need.zones says it)"});
  } else if (*basis.zones == 1) {
    draft.warnings.push_back(
        {"OneZone", draft.report.name + ": all nodes are in one zone: its loss is not survived"});
  }
}

/// Its autoscaler will not go beyond the floor, or the floor does nothing.
void note_autoscaler(TargetDraft& draft,
                     const InCharge& charge,
                     const NeedBasis& basis,
                     const Need& need) {
  const std::string why =
      charge.autoscaler == nullptr ? "" : why_inactive(*charge.autoscaler->object);
  if (!why.empty()) {
    draft.warnings.push_back({"AutoscalerInactive",
                              draft.report.name + ": its autoscaler does not scale now (" + why +
                                  "): load beyond the floor gets no more pods"});
  }
  if (need.peak() < basis.usual) {
    draft.warnings.push_back({"FloorBelowUsual",
                              draft.report.name + ": the floor of " + std::to_string(need.peak()) +
                                  " lies below the " + std::to_string(basis.usual) +
                                  " that normally run"});
  }
}

/// What of a ScaledObject keeps the floor from being what it says.
void note_scaled_object(TargetDraft& draft, const InCharge& charge) {
  if (!is_scaled_object(charge.object)) return;
  const auto idle = idle_replicas(*charge.scaler->object);
  if (!idle) return;
  draft.warnings.push_back(
      {"IdleReplicas",
       draft.report.name + ": " + to_text(charge.object) + " has idleReplicaCount " +
           std::to_string(*idle) +
           ": while no trigger of it is active KEDA goes there, whatever the floor. Remove it for "
           "the sale, or give it a trigger that is active throughout (cron)"});
}

/// A multiple of nothing.
void note_multiplier(TargetDraft& draft, const Floor& floor, std::int64_t usual) {
  const auto* multiplier = std::get_if<api::NeedMultiplier>(&draft.spec->need);
  const bool of_minimum = multiplier != nullptr && multiplier->of == api::NeedOf::Minimum;
  if (multiplier == nullptr || (of_minimum ? floor.baseline_min : usual) != 0) return;
  draft.warnings.push_back({"NothingToMultiply",
                            draft.report.name +
                                ": nothing ran when preparation began, and a multiple of nothing "
                                "is taken for one replica: give replicas or rps"});
}

/// Why its pods are not ready, where they were looked at.
void note_pending(TargetDraft& draft, const InCharge& charge) {
  const auto pods = draft.view.seen.pods.find(charge.workload);
  const Document& workload = *charge.seen->object;
  const std::int64_t asked = workload.integer(charge.kind.spec_replicas_path).value_or(1);
  draft.report.pending = pending_of(workload,
                                    asked,
                                    draft.report.current.value_or(0),
                                    pods == draft.view.seen.pods.end() ? nullptr : &pods->second);
}

/// What pods wait for, as the ramp looks at it.
void note_waiting(OnTheWayUp& at, const TargetDraft& draft) {
  std::int64_t stuck = 0;
  for (const PendingReason& one : draft.report.pending) {
    if (is_stuck(one)) stuck += one.count;
    if (one.code == kUnschedulable) at.no_room = one.count;
  }
  at.stuck = stuck * 100 > at.asked.value_or(0) * (100 - draft.spec->ramp.up.ready_percent);
}

/// What its pods wait for, after whatever else is said of it.
void tell_pending(TargetDraft& draft) {
  TargetReport& out = draft.report;
  if (out.state != "Ramping" || out.pending.empty()) return;
  out.message += (out.message.empty() ? "" : ": ") + in_words(out.pending);
  for (const PendingReason& one : out.pending) {
    if (is_stuck(one))
      draft.warnings.push_back({one.code, out.name + ": pods " + in_words_of(one)});
  }
}

/// What the way up waits for, or why it does not; empty: nothing to say.
std::string progress_text(const StepUp& step, const OnTheWayUp& at) {
  if (step.waits) return "step " + std::to_string(step.step) + " waits until enough of it is ready";
  if (!step.pending) return "";
  return std::to_string(at.existing) + " exist and " + std::to_string(at.ready) +
         " are ready: the rest may wait for nodes, which are added only for pods that exist, so "
         "the ramp goes on";
}

/// Where the target stands on its way up.
OnTheWayUp where_it_is(const TargetDraft& draft, const InCharge& charge, const Floor& floor) {
  const OurHold* held = find_hold(draft, floor.min);
  OnTheWayUp out{
      .asked = held == nullptr ? std::nullopt : integer_of(held->asked.operand),
      .stepped_at = std::nullopt,
      .ready = charge.seen->object->integer("/status/readyReplicas").value_or(0),
      .existing = charge.seen->object->integer(charge.kind.status_replicas_path).value_or(0)};
  const auto known = draft.view.memory.ramps.find(floor.min);
  if (known != draft.view.memory.ramps.end()) out.stepped_at = known->second.stepped_at;
  note_waiting(out, draft);
  return out;
}

/// The next step of the way up, or the one that it is at.
void climb(TargetDraft& draft,
           const InCharge& charge,
           const Floor& floor,
           const Need& need,
           const Course& course) {
  const View& view = draft.view;
  const OnTheWayUp at = where_it_is(draft, charge, floor);
  TargetReport& out = draft.report;
  StepUp step = step_up(course.way, at, view.now);
  // What is due stands at once, and a higher floor that a later rise will want is not given up.
  step.floor = std::max({step.floor, course.due, at.asked.value_or(0)});
  out.step = step.step;
  draft.wake = sooner(draft.wake, step.wake);
  if (!step.waits && step.wake && *step.wake > view.now)
    draft.next_step = sooner(draft.next_step, step.wake);
  if (course.rises && step.floor < course.way.full) out.state = "Ramping";
  out.stepped_at = at.stepped_at;
  const auto known = view.memory.ramps.find(floor.min);
  out.rose = known != view.memory.ramps.end() && !known->second.peak;
  if (step.floor == 0) return;
  out.asked = step.floor;
  // Where it only stays, the height from which it came down counts on: the share that may go within
  // a minute is of that one, fall after fall.
  if (at.asked != step.floor) {
    draft.memory[floor.min] = {view.now, std::nullopt};
    out.stepped_at = view.now;
    out.rose = true;
  }
  if (std::string text = progress_text(step, at); !text.empty()) out.message = std::move(text);
  hold_floor(draft, charge, floor, {step.floor, course.way.full, need.ceiling});
  wake_up(draft, charge);
}

}  // namespace

bool sleeps_on_purpose(const api::TargetSpec& spec, const InCharge& charge) {
  if (spec.wake_from_zero || is_scaled_object(charge.object)) return false;
  return charge.seen->object->integer(charge.kind.spec_replicas_path).value_or(1) == 0;
}

void report_live(TargetDraft& draft, const InCharge& charge, const Floor& floor, const Need& need) {
  TargetReport& out = draft.report;
  const std::int64_t percent = draft.spec->ramp.up.ready_percent;
  const OurHold* held = find_hold(draft, floor.min);
  if (held != nullptr) out.held = floor.live;
  out.ready = charge.seen->object->integer("/status/readyReplicas").value_or(0);
  out.current = charge.seen->object->integer(charge.kind.status_replicas_path).value_or(0);
  if (charge.autoscaler != nullptr)
    out.desired = charge.autoscaler->object->integer("/status/desiredReplicas");
  const std::int64_t needed = need.floor_at(draft.view.now);
  const bool full = held != nullptr && floor.live.value_or(0) >= needed;
  out.ready_enough = full && *out.ready * 100 >= needed * percent;
  out.state = out.ready_enough ? "Held" : "Ramping";
  if (full && !out.ready_enough) {
    out.message = std::to_string(*out.ready) + " of " + std::to_string(needed) + " are ready";
  }
  if (held != nullptr && !out.ready_enough) note_pending(draft, charge);
}

void raise_target(TargetDraft& draft, const InCharge& charge) {
  const View& view = draft.view;
  const Floor floor = floor_of(view, charge);
  TargetReport& out = draft.report;
  out.baseline_replicas = floor.baseline_replicas;
  if (floor.max) {
    out.baseline_min = floor.baseline_min;
    out.baseline_max = floor.baseline_max;
  }
  if (sleeps_on_purpose(*draft.spec, charge)) {
    out.state = "ScaledToZero";
    out.message = "scaled to zero on purpose: left so (wakeFromZero raises it too)";
    out.ready_enough = true;
    return retain(draft, "ScaledToZero", out.message);
  }
  const NeedBasis basis = basis_for_run(view, draft, charge, floor);
  out.usual = basis.usual;
  const auto margin = zone_margin_of(*draft.spec);
  if (margin && !margin->zones) out.zones = basis.zones;
  const Need need = need_of(*draft.spec, basis, view.window);
  out.floor = need.floor_at(view.now);
  if (floor.max) out.ceiling = need.ceiling;
  report_live(draft, charge, floor, need);
  const OnTheWayUp at = where_it_is(draft, charge, floor);
  if (charge.autoscaler != nullptr && view.now >= view.window.start) {
    const Demand demand = demand_of(*charge.autoscaler->object);
    if (demand.says == Demand::Says::Number) out.load = demand.replicas;
  }
  for (Reason& one : ceiling_warnings(out.name, floor, need))
    draft.warnings.push_back(std::move(one));
  note_multiplier(draft, floor, basis.usual);
  note_autoscaler(draft, charge, basis, need);
  note_scaled_object(draft, charge);
  note_zones(draft, basis);
  note_release(draft, charge);
  out.steps = draft.spec->ramp.up.steps;
  hand_over(draft, charge, floor);
  hold_scale_down(draft, charge);
  const Course course =
      course_at(need, basis.usual, view.window.prepare, draft.spec->ramp.up, at.asked, view.now);
  draft.wake = sooner(draft.wake, course.wake);
  draft.next_step = course.wake;
  if (at.asked && *at.asked > course.keep) {
    lower_object(draft, charge.object, course.keep);
    if (floor.max)
      draft.items.emplace_back(
          at_least(draft, *floor.max, ceiling_now(draft, charge, floor, need.ceiling), "ceiling"));
  } else {
    climb(draft, charge, floor, need, course);
  }
  hold_for_promotions(draft, charge);
  tell_pending(draft);
}

}  // namespace doorbuster::planner
