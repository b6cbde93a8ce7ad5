#include "controllers/planner/demand.h"
#include "controllers/planner/in_charge.h"
#include "controllers/planner/settle.h"
#include "controllers/products/scalers.h"

#include <algorithm>

namespace doorbuster::planner {
namespace {

/// A floor without an event goes down by a tenth of what it is, at most once in this span
/// (DESIGN.md section 4).
constexpr Duration kOrphanStep = std::chrono::minutes(1);

std::map<Holder, Ask> without(std::map<Holder, Ask> holders, const Holder& gone) {
  std::erase_if(holders, [&gone](const auto& one) { return one.first == gone; });
  return holders;
}

/// What load alone asks for; nothing when it must not be lowered now. Without an autoscaler nothing
/// follows the floor down.
std::optional<std::int64_t> lowest_for(const Document* autoscaler) {
  if (autoscaler == nullptr) return 0;
  const Demand demand = demand_of(*autoscaler);
  switch (demand.says) {
    case Demand::Says::Number:
      return demand.replicas;
    case Demand::Says::Less:
    case Demand::Says::Free:
      return 0;
    case Demand::Says::Unknown:
      return std::nullopt;
  }
  return std::nullopt;
}

struct Lowering {
  bool wait = false;
  std::optional<std::int64_t> hold_at;  ///< a step on the way; nothing: all the way
  std::optional<Instant> wake;
};

/// An object that was held, and the autoscaler through which it scales, if it does.
struct Orphan {
  const ObjectRef& ref;
  const Present& object;
  const Document* autoscaler;
};

/// How far one field may go towards `target` now.
Lowering lowering_of(const Orphan& orphan,
                     const FieldPath& path,
                     std::int64_t live,
                     std::int64_t target,
                     Instant now) {
  if (target >= live) return {};
  const Document& object = *orphan.object.object;
  if (products::is_ceiling({orphan.ref, path.pointer, path.inside})) {
    const bool fits =
        orphan.autoscaler != nullptr && current_replicas_of(*orphan.autoscaler) <= target;
    return {.wait = !fits, .wake = now + kOrphanStep};
  }
  const auto last = our_managed_entry(object);
  const auto written = last ? parse_rfc3339(last->second) : std::nullopt;
  if (written && now < *written + kOrphanStep)
    return {.wait = true, .wake = *written + kOrphanStep};
  const auto wanted = lowest_for(orphan.autoscaler);
  if (!wanted) return {.wait = true, .wake = now + kOrphanStep};
  // What load asks for above the floor the autoscaler keeps by itself: the floor goes on down
  // (hack/decisions/0005).
  const std::int64_t carried = *wanted >= live ? 0 : *wanted;
  const std::int64_t step = live - std::max<std::int64_t>(1, live / 10);
  const std::int64_t next = std::max(std::max(target, carried), step);
  if (next >= live) return {.wait = true, .wake = now + kOrphanStep};
  if (next > target) return {.hold_at = next, .wake = now + kOrphanStep};
  return {};
}

/// The number that a value is; what whoever scales takes an absent bound for.
std::optional<std::int64_t> number_of(const FieldRef& field, const Value& value) {
  const products::Bounds* bounds = products::bounds_of(field.object);
  if (value || bounds == nullptr) return integer_of(value);
  return products::is_ceiling(field) ? bounds->max_if_absent : bounds->min_if_absent;
}

/// What is asked for one dead holder on one field.
void ask_for(const Orphan& orphan,
             const FieldPath& path,
             const HeldField& held,
             const Holder& holder,
             Instant now,
             ObjectWants& asked,
             std::optional<Instant>& wake) {
  const FieldRef field{orphan.ref, path.pointer, path.inside};
  const Reason reason{"OrphanReleased", "the event " + holder.event + " is gone"};
  const products::Law law = products::law_of(field, held.replicas);
  const auto rest = effective(law, held.baseline, without(held.holders, holder));
  const auto live = orphan.object.object->integer(path.pointer);
  const auto target = rest ? number_of(field, *rest) : std::nullopt;
  Lowering step;
  // What somebody else has put there stays as it is: nothing of ours goes down.
  const bool ours = held.is_ours(orphan.object.object->at(path.pointer));
  if (law == products::Law::Highest && live && target && ours)
    step = lowering_of(orphan, path, *live, *target, now);
  if (step.wake && (!wake || *step.wake < *wake)) wake = step.wake;
  if (step.wait) return;
  if (step.hold_at) {
    asked.wants.push_back({holder.feature,
                           HoldWant{.field = field,
                                    .ask = {.op = Ask::Op::Max, .operand = json_of(*step.hold_at)},
                                    .name = holder.name,
                                    .reason = reason}});
  } else {
    asked.releases.push_back(
        {holder.feature, Release{.name = holder.name, .only = {field}, .reason = reason}});
  }
}

}  // namespace

Settled settle_orphan(const ObjectRef& ref,
                      const Present& object,
                      const std::set<Holder>& dead,
                      const std::string& install,
                      Instant now,
                      const Present* through) {
  const Present* scales = is_autoscaler(ref) ? &object : through;
  const Orphan orphan{ref, object, scales == nullptr ? nullptr : scales->object.get()};
  const Ledger ledger = assess(object, {});
  const Holder* first = nullptr;
  for (const auto& [path, held] : ledger.fields) {
    for (const auto& [holder, ask] : held.holders) {
      if (first == nullptr && holder.install == install && dead.contains(holder)) first = &holder;
    }
  }
  if (first == nullptr) return settle_object(ref, object, {}, {}, Who{"", "", install}, now);
  // One dead event a round; the next round sees the next one.
  ObjectWants asked;
  std::optional<Instant> wake;
  for (const auto& [path, held] : ledger.fields) {
    for (const auto& [holder, ask] : held.holders) {
      if (holder.uid == first->uid && dead.contains(holder))
        ask_for(orphan, path, held, holder, now, asked, wake);
    }
  }
  Settled out = settle_object(ref, object, {}, asked, Who{first->event, first->uid, install}, now);
  if (wake && (!out.wake || *wake < *out.wake)) out.wake = wake;
  return out;
}

}  // namespace doorbuster::planner
