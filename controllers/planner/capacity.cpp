#include "controllers/planner/capacity.h"

#include "controllers/planner/canary.h"
#include "controllers/planner/faster_than_last.h"
#include "controllers/planner/gitops.h"
#include "controllers/planner/in_charge.h"
#include "controllers/planner/lowering.h"
#include "controllers/planner/promotion.h"
#include "controllers/planner/raising.h"
#include "controllers/planner/schedule.h"
#include "controllers/planner/selection.h"
#include "controllers/products/scalers.h"

#include <algorithm>
#include <utility>

namespace doorbuster::planner {
namespace {

/// What the row says of this run and this workload stays said.
void recall(TargetDraft& draft) {
  const api::TargetStatus* row = row_of(draft.view, draft.report.name);
  if (row == nullptr || (draft.spec != nullptr && !same_workload(*row, draft.report.object)))
    return;
  if (draft.report.in_charge.empty()) draft.report.in_charge = row->in_charge;
  draft.report.usual = row->usual;
  draft.report.zones = row->zones;
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
      case InCharge::Who::Paused:
        return "Paused";
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
  for (const OurHold& one : draft.held) {
    if (!is_canary(one.field.object)) objects.insert(one.field.object);
  }
  const bool autoscaled = std::any_of(objects.begin(), objects.end(), [&](const ObjectRef& one) {
    return is_scaler(one) && absence(draft.view.seen, one).empty();
  });
  for (const ObjectRef& object : objects) {
    // A workload that was woken goes back to sleep when nothing of it is held on its autoscaler any
    // more.
    if (autoscaled && !is_scaler(object) && draft.view.ending != Ending::Orphan &&
        draft.view.ending != Ending::Immediate) {
      continue;
    }
    lower_object(draft, object, 0);
  }
  lower_for_promotions(draft);
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
  const Document& object = *charge.scaler->object;
  const products::Bounds& bounds = *products::bounds_of(charge.object);
  const std::int64_t most = object.integer(bounds.max).value_or(bounds.max_if_absent);
  const Need need = need_of(*draft.spec,
                            {.usual = most,
                             .minimum = object.integer(bounds.min).value_or(bounds.min_if_absent),
                             .zones = draft.view.seen.zones},
                            draft.view.window);
  const auto conflict = sync_conflict(draft.report.name, charge.object, object, need.peak());
  if (conflict) draft.warnings.push_back(*conflict);
}

/// A Canary that is not seen makes the author's autoscaler one that reaches no pod.
void warn_of_canaries(TargetDraft& draft, const InCharge& charge) {
  const auto listed = draft.view.seen.autoscalers.find(charge.workload);
  if (listed == draft.view.seen.autoscalers.end()) return;
  const auto* found = std::get_if<Autoscalers>(&listed->second);
  if (found == nullptr || !found->canaries_unread) return;
  draft.warnings.push_back(
      {"CanariesUnread",
       draft.report.name + ": the operator may not list Canaries (flagger.app): if one names " +
           to_text(charge.workload) +
           ", what is held has no effect, for its primary is what serves. Give the operator's role "
           "get, list and watch on canaries (flagger.app)"});
}

void plan_target(TargetDraft& draft) {
  const View& view = draft.view;
  const Stage stage = stage_at(view.window, view.now);
  const bool raised = view.ending == Ending::None && draft.spec != nullptr &&
                      (stage == Stage::Prepare || stage == Stage::Live);
  bool unknown = false;
  std::string why;
  if (draft.spec != nullptr) {
    const InCharge charge = in_charge(view, *draft.spec->ref);
    draft.report.object = charge.workload;
    if (charge.who != InCharge::Who::Unknown) draft.report.in_charge = charge.chain;
    if (is_scaler(charge.object) && absence(view.seen, charge.object).empty())
      draft.report.autoscaler = charge.object;
    const bool known = charge.found();
    const bool ahead = view.ending == Ending::None && stage == Stage::Before;
    if (ahead || raised) {
      warn_of_sync(draft, charge);
      warn_of_canaries(draft, charge);
      if (auto faster = faster_than_last(draft, charge)) draft.warnings.push_back(*faster);
    }
    if (ahead && charge.who == InCharge::Who::Paused)
      draft.warnings.push_back({charge.code, draft.report.name + ": " + charge.why});
    if (raised && view.seen.namespace_terminating) {
      recall(draft);
      draft.report.state = "Terminating";
      return retain(draft, "NamespaceTerminating", "the namespace is being deleted");
    }
    if (raised) return known ? raise_target(draft, charge) : cannot(draft, charge);
    unknown = charge.who == InCharge::Who::Unknown;
    why = charge.why;
    const bool paused = charge.who == InCharge::Who::Paused;
    if ((known || paused) && !draft.held.empty()) {
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
    if (is_canary(one.field.object)) continue;
    const Present* object = present(view.seen, one.field.object);
    const bool floor = !products::is_ceiling(one.field) && !products::is_scale_down(one.field);
    if (object != nullptr && floor) draft.report.held = object->object->integer(one.field.pointer);
    if (draft.spec != nullptr) continue;
    if (draft.report.object.kind.empty()) draft.report.object = one.field.object;
    if (is_scaler(one.field.object)) draft.report.autoscaler = one.field.object;
  }
}

/// Whatever is held for it stays, for it is not known whether it is still selected.
void stay(TargetDraft& draft) {
  recall(draft);
  if (const api::TargetStatus* row = row_of(draft.view, draft.report.name))
    draft.report.object = workload_told(*row).value_or(ObjectRef{});
  draft.report.state = "Unknown";
  draft.report.message = "it is not known now what the selector matches";
  retain(draft, "NotRead", draft.report.message);
}

TargetReport unread_row(const std::string& target) {
  TargetReport out;
  out.name = target;
  out.state = "Unknown";
  out.message = "it is not known now what the selector matches";
  return out;
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

/// The event's account may not write there: nobody need wait for it.
bool known_forbidden(const View& view, const ObjectRef& object) {
  const Question question = access_question(object, "patch", view.spec.service_account_name);
  const auto answer = view.seen.answers.find(question.id);
  return answer != view.seen.answers.end() && answer->second.says == Answer::Says::No;
}

/// At its full floor and ready, asleep or paused on purpose, or not to be had. Of a target to be
/// raised now.
bool stands_ready(const View& view, const api::TargetSpec& spec) {
  const InCharge charge = in_charge(view, *spec.ref);
  switch (charge.who) {
    case InCharge::Who::Missing:
    case InCharge::Who::Forbidden:
    case InCharge::Who::Paused:
      return true;
    case InCharge::Who::Refused:
    case InCharge::Who::Unknown:
      return false;
    case InCharge::Who::Autoscaler:
    case InCharge::Who::Workload:
      break;
  }
  if (known_forbidden(view, charge.object)) return true;
  if (sleeps_on_purpose(spec, charge)) return true;
  TargetDraft draft = draft_of(view, spec.name, &spec);
  const Floor floor = floor_of(view, charge);
  report_live(
      draft, charge, floor, need_of(spec, basis_for_run(view, draft, charge, floor), view.window));
  return draft.report.ready_enough;
}

}  // namespace

bool targets_ready(const View& view) {
  const Stage stage = stage_at(view.window, view.now);
  const bool raised =
      view.ending == Ending::None && (stage == Stage::Prepare || stage == Stage::Live);
  if (!view.unread_selectors.empty()) return false;
  const auto& targets = view.spec.capacity.targets;
  return std::all_of(targets.begin(), targets.end(), [&](const api::TargetSpec& one) {
    return raised && !view.seen.namespace_terminating && stands_ready(view, one);
  });
}

CapacityWants capacity(const View& view) {
  CapacityWants out;
  out.wants.feature = kCapacity;
  const Stage stage = stage_at(view.window, view.now);
  if (view.ending == Ending::None && stage <= Stage::Live) {
    out.wants.warnings = view.selection_warnings;
    for (const std::string& one : view.unread_selectors)
      out.wants.targets.push_back(unread_row(one));
  }
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
    const bool stays =
        view.ending == Ending::None && is_out_of_sight(view.unread_selectors, key.second);
    stays ? stay(draft) : plan_target(draft);
    collect(out, std::move(draft));
  }
  return out;
}

}  // namespace doorbuster::planner
