#include "controllers/planner/lowering.h"

#include "controllers/planner/demand.h"
#include "controllers/planner/in_charge.h"
#include "controllers/planner/ramp.h"
#include "controllers/planner/scale_down.h"
#include "controllers/planner/scaled_object.h"
#include "controllers/planner/schedule.h"
#include "controllers/products/scalers.h"

#include <algorithm>
#include <utility>

namespace doorbuster::planner {
namespace {

api::RampDown ramp_of(const TargetDraft& draft) {
  return draft.spec == nullptr ? api::RampDown{} : draft.spec->ramp.down;
}

/// After this instant waiting for demand to fit is over (DESIGN.md section 4, "Down").
Instant give_up_at(const View& view) {
  return view.window.restored_by + view.spec.capacity.restore_timeout.value;
}

void ask(TargetDraft& draft, const OurHold& hold, std::int64_t floor) {
  HoldWant want{
      .field = hold.field,
      .ask = hold.asked,
      .name = draft.report.name,
      .reason = {kLowering, draft.report.name + ": floor lowered to " + std::to_string(floor)},
      .baseline = std::nullopt};
  want.ask.operand = json_of(floor);
  draft.items.emplace_back(std::move(want));
}

void let_go(TargetDraft& draft, const std::vector<FieldRef>& fields, bool leave) {
  draft.items.emplace_back(
      Release{.name = draft.report.name,
              .only = fields,
              .reason = {kRestoring, draft.report.name + ": back to what was there before"},
              .leave_value = leave,
              .for_good = leave});
}

/// When the floor was lowered or raised last: what we remember, or what the server saw of us, which
/// may be a later retry.
Instant last_step(const View& view, const OurHold& hold, const Present& object) {
  Instant last{};
  const auto known = view.memory.ramps.find(hold.field);
  if (known != view.memory.ramps.end() && known->second.stepped_at)
    last = *known->second.stepped_at;
  const bool going_down = known != view.memory.ramps.end() && known->second.peak.has_value();
  const auto ours = our_managed_entry(*object.object);
  if (!going_down || !ours) return last;
  const auto wrote = parse_rfc3339(ours->second);
  return wrote && *wrote <= view.now ? std::max(last, *wrote) : last;
}

/// The workload is known not to exist: what its autoscaler still says of it is of the past.
bool nothing_to_scale(const TargetDraft& draft) {
  return absence(draft.view.seen, draft.report.object) == "Missing";
}

/// What load asks of what scales through a held object.
Demand demand_through(const View& view, const ObjectRef& object, const Present& seen) {
  if (const Present* autoscaler = autoscaler_of(view, object))
    return demand_of(*autoscaler->object);
  // A paused ScaledObject has none, and moves nothing by its bounds.
  const bool paused = is_scaled_object(object) && !paused_by(*seen.object).empty();
  return {paused ? Demand::Says::Free : Demand::Says::Unknown, 0};
}

/// Below this load does not let the floor go now; 0 where load says nothing against it.
struct Load {
  std::int64_t asks = 0;
  bool carries = false;  ///< the autoscaler keeps that many by itself, whatever the floor
};
Load load_of(TargetDraft& draft, const ObjectRef& object, const Present& seen, std::int64_t held) {
  if (!is_scaler(object) || nothing_to_scale(draft)) return {};
  const Demand demand = demand_through(draft.view, object, seen);
  switch (demand.says) {
    case Demand::Says::Number:
      draft.report.wanted = demand.replicas;
      return {demand.replicas, true};
    case Demand::Says::Less:
    case Demand::Says::Free:
      return {};
    case Demand::Says::Unknown:
      break;
  }
  if (draft.view.now >= give_up_at(draft.view)) return {};
  draft.report.message = "the autoscaler does not say what load asks for: kept until " +
                         to_rfc3339(give_up_at(draft.view));
  return {held, false};
}

/// Would load fit under the maximum that was there before?
bool fits_before(const TargetDraft& draft, const ObjectRef& object, std::int64_t load) {
  const products::Bounds& bounds = *products::bounds_of(object);
  const auto record = record_of(draft.view, {object, bounds.max, ""});
  const Present* live = present(draft.view.seen, object);
  const auto most = record ? integer_of(record->baseline) : live->object->integer(bounds.max);
  return load <= most.value_or(bounds.max_if_absent);
}

void remember(TargetDraft& draft, const FieldRef& field, std::int64_t peak) {
  draft.memory[field] = {draft.view.now, peak};
}

/// Did the last thing asked for on the way up never reach the object? Then what it says itself is
/// where we stand.
bool never_made(const OurHold& hold, const Present& object, const View& view) {
  const auto known = view.memory.ramps.find(hold.field);
  const bool began = known != view.memory.ramps.end() && known->second.peak.has_value();
  return !hold.landed && !began && !hold.entry.is_ours(object.object->at(hold.field.pointer));
}

const Ask& where_it_stands(const OurHold& hold, const Present& object, const View& view) {
  return hold.there && never_made(hold, object, view) ? *hold.there : hold.asked;
}

/// Does an autoscaler keep replicas above the floor that will go when its stabilization is over,
/// all at once, down to the floor of then?
bool more_will_follow(const TargetDraft& draft,
                      const ObjectRef& object,
                      std::int64_t floor,
                      const Load& load) {
  const View& view = draft.view;
  const Present* autoscaler = autoscaler_of(view, object);
  return autoscaler != nullptr && !nothing_to_scale(draft) && load.asks < floor &&
         view.now < give_up_at(view) && keeps_for_a_while(*autoscaler->object) &&
         current_replicas_of(*autoscaler->object) > floor;
}

void wait_for_them(TargetDraft& draft) {
  draft.report.message =
      "the autoscaler's stabilization keeps more than the floor: it goes on when they are gone";
  draft.wake = sooner(draft.wake, give_up_at(draft.view));
}

/// The last step once more, unless load has come to ask for more in the meantime, or more would
/// follow it later.
void repeat_step(TargetDraft& draft,
                 const OurHold& hold,
                 const Present& object,
                 std::int64_t asked) {
  const std::int64_t there = hold.there ? integer_of(hold.there->operand).value_or(asked) : asked;
  const Load load = load_of(draft, hold.field.object, object, there);
  if (there > asked && more_will_follow(draft, hold.field.object, there, load)) {
    wait_for_them(draft);
    return ask(draft, hold, there);
  }
  const bool binding = load.asks < there || !load.carries;
  ask(draft, hold, binding ? std::max(asked, std::min(load.asks, there)) : asked);
}

/// When the replicas came down to where the floor stands, where that was long after the floor did:
/// the next step counts from there.
Instant followed_at(const View& view,
                    const ObjectRef& object,
                    std::int64_t floor,
                    Instant lowered,
                    Duration every) {
  const Present* autoscaler = autoscaler_of(view, object);
  if (autoscaler == nullptr || current_replicas_of(*autoscaler->object) > floor) return lowered;
  const auto scaled = last_scaled(*autoscaler->object);
  const bool late = scaled && *scaled - lowered > every && *scaled <= view.now;
  return late ? *scaled : lowered;
}

/// One step down of a floor.
void lower_floor(TargetDraft& draft,
                 const OurHold& hold,
                 const Present& object,
                 std::int64_t goal) {
  const View& view = draft.view;
  const Ask& position = where_it_stands(hold, object, view);
  const std::int64_t asked = integer_of(position.operand).value_or(0);
  const products::Bounds* bounds = products::bounds_of(hold.field.object);
  const std::int64_t baseline =
      integer_of(hold.entry.baseline).value_or(bounds == nullptr ? 1 : bounds->min_if_absent);
  const auto known = view.memory.ramps.find(hold.field);
  const bool began = known != view.memory.ramps.end() && known->second.peak.has_value();
  const std::int64_t peak = began ? *known->second.peak : asked;
  const std::int64_t bottom = std::max(goal, baseline);
  // One slope from the height to what was there before, whichever stretch a fall ends at: two falls
  // in one minute take no more than one.
  const Pace pace = pace_of(ramp_of(draft), peak, baseline);
  const Instant lowered = last_step(view, hold, object);
  const Instant due =
      (began ? followed_at(view, hold.field.object, asked, lowered, pace.every) : lowered) +
      pace.every;
  draft.report.state = "Lowering";
  const auto stay = [&] { ask(draft, hold, asked); };
  // What was there before is already back: our own last write, not seen in full until now, or
  // somebody's who brought an old record along.
  const Value live = object.object->at(hold.field.pointer);
  const bool back = goal == 0 && equal_values(live, hold.entry.baseline) &&
                    (!hold.landed || !hold.entry.is_ours(live));
  if (back) return let_go(draft, {hold.field}, false);
  if (never_made(hold, object, view)) {
    if (!hold.there) return let_go(draft, {hold.field}, false);
  } else if (!hold.landed) {
    // The last step is not seen on the object: the next one counts from when it is made.
    if (began && view.now >= due) remember(draft, hold.field, peak);
    return began ? repeat_step(draft, hold, object, asked) : stay();
  }
  if (asked > bottom && view.now < due) {
    draft.wake = sooner(draft.wake, due);
    return stay();
  }
  const Load load = load_of(draft, hold.field.object, object, asked);
  if (asked > bottom && more_will_follow(draft, hold.field.object, asked, load)) {
    wait_for_them(draft);
    return stay();
  }
  // Where load itself keeps as many, the floor carries nothing any more: it may pass below.
  const bool carried = goal == 0 && load.carries && load.asks >= asked &&
                       fits_before(draft, hold.field.object, load.asks);
  const std::int64_t least = carried ? bottom : std::max(bottom, std::min(load.asks, asked));
  const std::int64_t next = std::max(least, asked - pace.by);
  if (goal == 0 && next <= baseline) return let_go(draft, {hold.field}, false);
  if (next >= asked) {
    const Instant end = give_up_at(view);
    if (view.now < end) draft.wake = sooner(draft.wake, end);
    if (view.now >= end && asked > bottom) draft.demand_stays = true;
    if (draft.report.message.empty() && asked > bottom) {
      draft.report.message = "load asks for " + std::to_string(load.asks) +
                             ": the floor stays at " + std::to_string(asked);
    }
    return stay();
  }
  remember(draft, hold.field, peak);
  draft.wake = sooner(draft.wake, view.now + pace.every);
  ask(draft, hold, next);
}

/// How many replicas run of what a held object scales; nothing: nobody says.
std::optional<std::int64_t> running_under(const TargetDraft& draft, const ObjectRef& object) {
  if (nothing_to_scale(draft)) return 0;
  std::optional<std::int64_t> out = draft.report.current;
  if (const Present* autoscaler = autoscaler_of(draft.view, object))
    out = std::max(current_replicas_of(*autoscaler->object), out.value_or(0));
  if (out) return out;
  const Present* workload = present(draft.view.seen, draft.report.object);
  return workload == nullptr ? out : workload->object->integer("/status/replicas").value_or(0);
}

/// The autoscaler cuts straight to a lower maximum, whatever its behaviour says (DESIGN.md section
/// 4): only once all fits.
void lower_ceiling(TargetDraft& draft, const OurHold& hold) {
  const std::int64_t baseline =
      integer_of(hold.entry.baseline)
          .value_or(products::bounds_of(hold.field.object)->max_if_absent);
  const auto running = running_under(draft, hold.field.object);
  if (running && *running <= baseline) return let_go(draft, {hold.field}, false);
  draft.report.state = "Lowering";
  draft.report.message =
      (running ? std::to_string(*running) + " run" : std::string("how many run is not known")) +
      ": the maximum goes back to " + std::to_string(baseline) + " when they fit";
  const Instant end = give_up_at(draft.view);
  if (draft.view.now < end) {
    draft.wake = sooner(draft.wake, end);
  } else {
    draft.demand_stays = true;
  }
}

}  // namespace

void lower_object(TargetDraft& draft, const ObjectRef& object, std::int64_t goal) {
  const View& view = draft.view;
  if (view.seen.namespace_terminating && object.ns == view.event.ref.ns) return;
  const Present* seen = present(view.seen, object);
  if (seen == nullptr) {
    draft.report.state = absence(view.seen, object);
    draft.report.message = to_text(object) + " cannot be looked at: what is held there stays";
    return;
  }
  std::vector<FieldRef> fields;
  const OurHold* floor = nullptr;
  const OurHold* ceiling = nullptr;
  for (const OurHold& hold : draft.held) {
    if (hold.field.object != object) continue;
    fields.push_back(hold.field);
    if (products::is_scale_down(hold.field)) continue;
    (products::is_ceiling(hold.field) ? ceiling : floor) = &hold;
  }
  if (fields.empty()) return;
  if (view.ending == Ending::Immediate || view.ending == Ending::Orphan) {
    draft.report.state = "Lowering";
    return let_go(draft, fields, view.ending == Ending::Orphan);
  }
  if (goal == 0) free_scale_down(draft, object);
  if (floor != nullptr) return lower_floor(draft, *floor, *seen, goal);
  if (ceiling != nullptr && goal == 0) lower_ceiling(draft, *ceiling);
}

}  // namespace doorbuster::planner
