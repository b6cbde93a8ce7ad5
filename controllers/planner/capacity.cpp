#include "controllers/planner/capacity.h"

#include "controllers/planner/demand.h"
#include "controllers/planner/gitops.h"
#include "controllers/planner/in_charge.h"
#include "controllers/planner/lowering.h"
#include "controllers/planner/ramp.h"
#include "controllers/planner/schedule.h"

#include <algorithm>
#include <utility>

namespace doorbuster::planner {
namespace {

constexpr std::int64_t kMostReplicas = 100'000;  ///< as the schema allows
/// Under which name autoscalers write /scale.
constexpr const char* kControlPlane = "kube-controller-manager";

/// The fields of one target's floor and what is there now.
struct Floor {
  FieldRef min;
  std::optional<FieldRef> max;
  std::int64_t baseline_min = 1;
  std::optional<std::int64_t> baseline_max, baseline_replicas;
  std::optional<std::int64_t> live;  ///< of the floor's field
  bool raised = false;               ///< a sale holds it already: ours, another, or one before
};

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

Floor floor_of(const View& view, const InCharge& charge) {
  Floor out;
  if (charge.who == InCharge::Who::Autoscaler) {
    out.min = {charge.object, kMinReplicas, ""};
    out.max = FieldRef{charge.object, kMaxReplicas, ""};
    out.baseline_min = number_before(view, out.min, *charge.autoscaler->object).value_or(1);
    out.baseline_max = number_before(view, *out.max, *charge.autoscaler->object);
    out.live = charge.autoscaler->object->integer(kMinReplicas).value_or(1);
  } else {
    out.min = {charge.object, charge.kind.spec_replicas_path, ""};
    out.baseline_replicas = number_before(view, out.min, *charge.seen->object).value_or(1);
    out.baseline_min = *out.baseline_replicas;
    out.live = charge.seen->object->integer(out.min.pointer).value_or(1);
  }
  out.raised = held_by_anybody(view, out.min);
  return out;
}

/// What normally runs (DESIGN.md section 4): the greater of the baseline's minimum and the replicas
/// when preparation begins. Where a sale has raised them already (another one, or one of our name
/// whose holds are adopted), what load asks for speaks instead.
std::int64_t usual_of(const InCharge& charge, const Floor& floor) {
  std::int64_t running = charge.seen->object->integer(charge.kind.spec_replicas_path).value_or(1);
  if (charge.who == InCharge::Who::Workload) return floor.baseline_min;
  if (floor.raised) {
    const Demand demand = demand_of(*charge.autoscaler->object);
    if (demand.says == Demand::Says::Number) running = std::min(running, demand.replicas);
    if (demand.says == Demand::Says::Less) running = floor.baseline_min;
  }
  return std::max(floor.baseline_min, running);
}

const api::TargetStatus* row_of(const View& view, const std::string& name) {
  if (view.new_run) return nullptr;
  for (const api::TargetStatus& row : view.event.status.targets) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

/// Does a row speak of this workload? A kind that was not served for a while had lost its group.
bool same_workload(const api::TargetStatus& row, const ObjectRef& workload) {
  if (row.object == to_text(workload)) return true;
  ObjectRef bare = workload;
  bare.group = "*";
  if (row.object == to_text(bare)) return true;
  return workload.group == "*" && row.object.starts_with(workload.kind) &&
         row.object.ends_with(" " + workload.ns + "/" + workload.name);
}

/// Recorded once a run, for as long as the target means the same workload.
std::int64_t usual_for_run(const View& view,
                           const TargetDraft& draft,
                           const InCharge& charge,
                           const Floor& floor) {
  const api::TargetStatus* row = row_of(view, draft.report.name);
  if (row != nullptr && row->usual && same_workload(*row, charge.workload)) return *row->usual;
  return usual_of(charge, floor);
}

const OurHold* find_hold(const TargetDraft& draft, const FieldRef& field) {
  for (const OurHold& one : draft.held) {
    if (one.field == field) return &one;
  }
  return nullptr;
}

/// Whatever is held stays as it is: as the object has it, should a lower value or a release have
/// been asked for that never reached it.
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
      .replicas = !is_autoscaler(field.object)};
}

/// The ceiling that goes with the full floor; never lowered below what runs.
std::int64_t ceiling_now(const TargetDraft& draft,
                         const InCharge& charge,
                         const FieldRef& max,
                         std::int64_t wanted) {
  const OurHold* held = find_hold(draft, max);
  if (held == nullptr) return wanted;
  const std::int64_t before = integer_of(held->asked.operand).value_or(wanted);
  if (before <= wanted) return wanted;
  return current_replicas_of(*charge.autoscaler->object) > wanted ? before : wanted;
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
    return is_autoscaler(one.field.object);
  });
  if (!held || !draft.report.usual) return false;
  const std::string by = writer_of(*charge.seen->object, replicas.pointer).manager;
  return by.empty() || by == kControlPlane || by == kFieldManager;
}

void hold_floor(TargetDraft& draft,
                const InCharge& charge,
                const Floor& floor,
                const Need& need,
                std::int64_t count) {
  // They are held as they are, for load or another sale may need them, and go down from there.
  const bool orphaned = left_by_autoscaler(draft, charge, floor.min);
  if (orphaned) count = std::max(count, floor.live.value_or(count));
  HoldWant min = at_least(draft,
                          floor.min,
                          count,
                          "floor " + std::to_string(count) + " of " + std::to_string(need.floor));
  if (orphaned) min.baseline = Value(json_of(*draft.report.usual));
  draft.items.emplace_back(std::move(min));
  if (!floor.max) return;
  const std::int64_t ceiling = ceiling_now(draft, charge, *floor.max, need.ceiling);
  draft.items.emplace_back(
      at_least(draft, *floor.max, ceiling, "ceiling " + std::to_string(ceiling)));
}

/// A workload that sleeps on purpose is woken by one replica; its autoscaler does the rest.
void wake_up(TargetDraft& draft, const InCharge& charge) {
  const FieldRef replicas{charge.workload, charge.kind.spec_replicas_path, ""};
  const bool sleeps = charge.seen->object->integer(replicas.pointer).value_or(1) == 0;
  if (charge.who != InCharge::Who::Autoscaler || !draft.spec->wake_from_zero) return;
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
    if (one.field.object != charge.object) others.insert(one.field.object);
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

void report_live(TargetDraft& draft, const InCharge& charge, const Floor& floor, const Need& need) {
  TargetReport& out = draft.report;
  const std::int64_t percent = draft.spec->ramp.up.ready_percent;
  const OurHold* held = find_hold(draft, floor.min);
  if (held != nullptr) out.held = floor.live;
  out.ready = charge.seen->object->integer("/status/readyReplicas").value_or(0);
  out.current = charge.seen->object->integer(charge.kind.status_replicas_path).value_or(0);
  if (charge.autoscaler != nullptr)
    out.desired = charge.autoscaler->object->integer("/status/desiredReplicas");
  const bool full = held != nullptr && floor.live.value_or(0) >= need.floor;
  out.ready_enough = full && *out.ready * 100 >= need.floor * percent;
  out.state = out.ready_enough ? "Held" : "Ramping";
  if (full && !out.ready_enough) {
    out.message = std::to_string(*out.ready) + " of " + std::to_string(need.floor) + " are ready";
  }
}

void note_warnings(TargetDraft& draft, const Floor& floor, const Need& need) {
  if (need.capped) {
    draft.warnings.push_back({"NeedAboveCeiling",
                              draft.report.name + ": more is needed than the ceiling of " +
                                  std::to_string(need.floor) + " allows"});
  }
  if (floor.max && std::max(floor.baseline_max.value_or(0), need.ceiling) <= need.floor) {
    draft.warnings.push_back({"FloorAtCeiling",
                              draft.report.name + ": the floor of " + std::to_string(need.floor) +
                                  " is the maximum too: load beyond it finds no room"});
  }
}

/// What the way up waits for, or why it does not; empty: nothing to say.
std::string progress_text(const StepUp& step, const OnTheWayUp& at) {
  if (step.waits) return "step " + std::to_string(step.step) + " waits until enough of it is ready";
  if (!step.pending) return "";
  return std::to_string(at.existing) + " exist and " + std::to_string(at.ready) +
         " are ready: the rest may wait for nodes, which are added only for pods that exist, so "
         "the "
         "ramp goes on";
}

void go_up(TargetDraft& draft, const InCharge& charge) {
  const View& view = draft.view;
  const Floor floor = floor_of(view, charge);
  TargetReport& out = draft.report;
  out.baseline_replicas = floor.baseline_replicas;
  if (floor.max) {
    out.baseline_min = floor.baseline_min;
    out.baseline_max = floor.baseline_max;
  }
  const bool asleep = charge.seen->object->integer(charge.kind.spec_replicas_path).value_or(1) == 0;
  if (asleep && !draft.spec->wake_from_zero) {
    out.state = "ScaledToZero";
    out.message = "scaled to zero on purpose: left so (wakeFromZero raises it too)";
    out.ready_enough = true;
    return retain(draft, "ScaledToZero", out.message);
  }
  out.usual = usual_for_run(view, draft, charge, floor);
  const Need need = need_of(*draft.spec, *out.usual, floor.baseline_min);
  out.floor = need.floor;
  if (floor.max) out.ceiling = need.ceiling;
  const OurHold* held = find_hold(draft, floor.min);
  const WayUp way{
      *out.usual, need.floor, view.window.prepare, view.window.start, draft.spec->ramp.up};
  OnTheWayUp at{
      .asked = held == nullptr ? std::nullopt : integer_of(held->asked.operand),
      .stepped_at = std::nullopt,
      .ready = charge.seen->object->integer("/status/readyReplicas").value_or(0),
      .existing = charge.seen->object->integer(charge.kind.status_replicas_path).value_or(0)};
  const auto known = view.memory.ramps.find(floor.min);
  if (known != view.memory.ramps.end()) at.stepped_at = known->second.stepped_at;
  report_live(draft, charge, floor, need);
  note_warnings(draft, floor, need);
  out.steps = draft.spec->ramp.up.steps;
  hand_over(draft, charge, floor);
  if (at.asked && *at.asked > need.floor) {
    lower_object(draft, charge.object, need.floor);
    if (floor.max)
      draft.items.emplace_back(at_least(
          draft, *floor.max, ceiling_now(draft, charge, *floor.max, need.ceiling), "ceiling"));
    return;
  }
  const StepUp step = step_up(way, at, view.now);
  out.step = step.step;
  draft.wake = sooner(draft.wake, step.wake);
  if (!step.waits && step.wake && *step.wake > view.now) draft.next_step = step.wake;
  out.stepped_at = at.stepped_at;
  if (step.floor == 0) return;
  const bool climbs = known != view.memory.ramps.end() && known->second.peak.has_value();
  if (at.asked != step.floor || climbs) {
    draft.memory[floor.min] = {view.now, std::nullopt};
    out.stepped_at = view.now;
  }
  if (std::string text = progress_text(step, at); !text.empty()) out.message = std::move(text);
  hold_floor(draft, charge, floor, need, step.floor);
  wake_up(draft, charge);
}

/// What the row says of this run and this workload stays said.
void recall(TargetDraft& draft) {
  const api::TargetStatus* row = row_of(draft.view, draft.report.name);
  if (row == nullptr || (draft.spec != nullptr && !same_workload(*row, draft.report.object)))
    return;
  draft.report.usual = row->usual;
  draft.report.floor = row->floor;
  draft.report.ceiling = row->ceiling;
  draft.report.baseline_min = row->baseline.min;
  draft.report.baseline_max = row->baseline.max;
  draft.report.baseline_replicas = row->baseline.replicas;
}

/// A target that cannot be raised: said so, and whatever is held stays.
void cannot(TargetDraft& draft, const InCharge& charge) {
  const auto state = [&charge] {
    switch (charge.who) {
      case InCharge::Who::Refused:
        return "Refused";
      case InCharge::Who::Missing:
        return "Missing";
      case InCharge::Who::Forbidden:
        return "Forbidden";
      case InCharge::Who::Autoscaler:
      case InCharge::Who::Workload:
      case InCharge::Who::Unknown:
        break;
    }
    return "Unknown";
  };
  recall(draft);
  draft.report.state = state();
  draft.report.message = charge.why;
  retain(draft, charge.code, charge.why);
  if (charge.who != InCharge::Who::Unknown)
    draft.warnings.push_back({charge.code, draft.report.name + ": " + charge.why});
}

void go_down(TargetDraft& draft) {
  std::set<ObjectRef> objects;
  for (const OurHold& one : draft.held) objects.insert(one.field.object);
  const bool autoscaled = std::any_of(objects.begin(), objects.end(), [&](const ObjectRef& one) {
    return is_autoscaler(one) && absence(draft.view.seen, one).empty();
  });
  for (const ObjectRef& object : objects) {
    // A workload that was woken goes back to sleep when nothing of it is held on its autoscaler any
    // more.
    if (autoscaled && !is_autoscaler(object) && draft.view.ending != Ending::Orphan &&
        draft.view.ending != Ending::Immediate) {
      continue;
    }
    lower_object(draft, object, 0);
  }
}

/// Columns of a target outside its sale: nothing that moves by itself, or status would be written
/// when nothing is due.
void report_idle(TargetDraft& draft) {
  const api::TargetStatus* row = row_of(draft.view, draft.report.name);
  recall(draft);
  if (draft.view.now < draft.view.window.prepare) {
    draft.report.state = "Waiting";
    return;
  }
  const bool was_held =
      row != nullptr &&
      (row->state == "Lowering" || row->state == "Held" || row->state == "Ramping" ||
       row->state == "Restored" || row->state == "Suspended" || row->state == "NotAccepted");
  draft.report.state = was_held ? "Restored" : "NotHeld";
}

/// Before anything is held: would the floor come into the way of whoever applies the autoscaler?
/// What will normally run is not known yet: at most what the maximum allows, which also keeps what
/// is said from changing with every pod.
void warn_of_sync(TargetDraft& draft, const InCharge& charge) {
  if (charge.who != InCharge::Who::Autoscaler || !draft.held.empty()) return;
  const Document& object = *charge.autoscaler->object;
  const std::int64_t most = object.integer(kMaxReplicas).value_or(1);
  const Need need = need_of(*draft.spec, most, object.integer(kMinReplicas).value_or(1));
  const auto conflict = sync_conflict(draft.report.name, charge.object, object, need.floor);
  if (conflict) draft.warnings.push_back(*conflict);
}

void plan_target(TargetDraft& draft) {
  const View& view = draft.view;
  const Stage stage = stage_at(view.window, view.now);
  const bool raised = view.ending == Ending::None && draft.spec != nullptr &&
                      (stage == Stage::Prepare || stage == Stage::Live);
  bool unknown = false;
  std::string why;
  if (draft.spec != nullptr) {
    const InCharge charge = in_charge(view, draft.spec->ref);
    draft.report.object = charge.workload;
    if (charge.autoscaler != nullptr) draft.report.autoscaler = charge.object;
    const bool known =
        charge.who == InCharge::Who::Autoscaler || charge.who == InCharge::Who::Workload;
    const bool ahead = view.ending == Ending::None && stage == Stage::Before;
    if (ahead || raised) warn_of_sync(draft, charge);
    if (raised && view.seen.namespace_terminating) {
      recall(draft);
      draft.report.state = "Terminating";
      return retain(draft, "NamespaceTerminating", "the namespace is being deleted");
    }
    if (raised) return known ? go_up(draft, charge) : cannot(draft, charge);
    unknown = charge.who == InCharge::Who::Unknown;
    why = charge.why;
    if (known && !draft.held.empty()) {
      draft.report.current =
          charge.seen->object->integer(charge.kind.status_replicas_path).value_or(0);
    }
  } else if (const api::TargetStatus* row = row_of(view, draft.report.name)) {
    draft.report.object = workload_told(*row).value_or(ObjectRef{});
  }
  report_idle(draft);
  if (draft.held.empty()) return;
  if (unknown) {
    // Not even who is in charge is known: nothing goes down on a guess.
    draft.report.state = "Unknown";
    draft.report.message = why;
    return retain(draft, "NotRead", why);
  }
  draft.report.state = "Lowering";
  go_down(draft);
  for (const OurHold& one : draft.held) {
    const Present* object = present(view.seen, one.field.object);
    const bool ceiling = is_autoscaler(one.field.object) && one.field.pointer == kMaxReplicas;
    if (object != nullptr && !ceiling)
      draft.report.held = object->object->integer(one.field.pointer);
    if (draft.spec != nullptr) continue;
    if (draft.report.object.kind.empty()) draft.report.object = one.field.object;
    if (is_autoscaler(one.field.object)) draft.report.autoscaler = one.field.object;
  }
}

void collect(CapacityWants& out, TargetDraft&& draft) {
  Wants& wants = out.wants;
  std::move(draft.items.begin(), draft.items.end(), std::back_inserter(wants.items));
  std::move(draft.warnings.begin(), draft.warnings.end(), std::back_inserter(wants.warnings));
  wants.wake = sooner(wants.wake, draft.wake);
  out.memory.insert(draft.memory.begin(), draft.memory.end());
  out.next_step = sooner(out.next_step, draft.next_step);
  out.demand_stays = out.demand_stays || draft.demand_stays;
  wants.targets.push_back(std::move(draft.report));
}

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

/// The event's account may not write there: nobody need wait for it.
bool known_forbidden(const View& view, const ObjectRef& object) {
  const Question question = access_question(object, "patch", view.spec.service_account_name);
  const auto answer = view.seen.answers.find(question.id);
  return answer != view.seen.answers.end() && answer->second.says == Answer::Says::No;
}

/// At its full floor and ready, asleep on purpose, or not to be had. Of a target to be raised now.
bool stands_ready(const View& view, const api::TargetSpec& spec) {
  const InCharge charge = in_charge(view, spec.ref);
  switch (charge.who) {
    case InCharge::Who::Missing:
    case InCharge::Who::Forbidden:
      return true;
    case InCharge::Who::Refused:
    case InCharge::Who::Unknown:
      return false;
    case InCharge::Who::Autoscaler:
    case InCharge::Who::Workload:
      break;
  }
  if (known_forbidden(view, charge.object)) return true;
  const bool asleep = charge.seen->object->integer(charge.kind.spec_replicas_path).value_or(1) == 0;
  if (asleep && !spec.wake_from_zero) return true;
  TargetDraft draft = draft_of(view, spec.name, &spec);
  const Floor floor = floor_of(view, charge);
  const std::int64_t usual = usual_for_run(view, draft, charge, floor);
  report_live(draft, charge, floor, need_of(spec, usual, floor.baseline_min));
  return draft.report.ready_enough;
}

}  // namespace

Need need_of(const api::TargetSpec& spec, std::int64_t usual, std::int64_t minimum) {
  Need out;
  if (const auto* replicas = std::get_if<api::NeedReplicas>(&spec.need)) {
    out.floor = replicas->value;
  } else {
    const auto& multiplier = std::get<api::NeedMultiplier>(spec.need);
    const std::int64_t of = multiplier.of == api::NeedOf::Minimum ? minimum : usual;
    out.floor = std::min(api::times_rounded_up(of, multiplier.value).value_or(kMostReplicas),
                         kMostReplicas);
  }
  out.floor = std::max<std::int64_t>(out.floor, 1);
  const std::int64_t most = spec.ceiling.value_or(kMostReplicas * 2);
  out.capped = out.floor > most;
  out.floor = std::min(out.floor, most);
  out.ceiling = std::max(out.floor, std::min((out.floor * 3 + 1) / 2, most));
  return out;
}

bool targets_ready(const View& view) {
  const Stage stage = stage_at(view.window, view.now);
  const bool raised =
      view.ending == Ending::None && (stage == Stage::Prepare || stage == Stage::Live);
  const auto& targets = view.spec.capacity.targets;
  return std::all_of(targets.begin(), targets.end(), [&](const api::TargetSpec& one) {
    return raised && !view.seen.namespace_terminating && stands_ready(view, one);
  });
}

CapacityWants capacity(const View& view) {
  CapacityWants out;
  out.wants.feature = kCapacity;
  std::set<std::string> named;
  for (const api::TargetSpec& spec : view.spec.capacity.targets) {
    named.insert(spec.name);
    TargetDraft draft = draft_of(view, spec.name, &spec);
    plan_target(draft);
    collect(out, std::move(draft));
  }
  for (const auto& [key, held] : view.holds) {
    if (key.first != kCapacity || named.contains(key.second)) continue;
    TargetDraft draft = draft_of(view, key.second, nullptr);
    plan_target(draft);
    collect(out, std::move(draft));
  }
  return out;
}

}  // namespace doorbuster::planner
