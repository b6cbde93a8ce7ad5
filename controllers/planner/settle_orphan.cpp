#include "controllers/planner/demand.h"
#include "controllers/planner/settle.h"

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

/// What load alone asks for; nothing when it must not be lowered now.
std::optional<std::int64_t> lowest_for(const ObjectRef& ref, const Document& object) {
  if (ref.kind != "HorizontalPodAutoscaler") return 0;
  const Demand demand = demand_of(object);
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

/// How far one field may go towards `target` now.
Lowering lowering_of(const ObjectRef& ref,
                     const Document& object,
                     const FieldPath& path,
                     std::int64_t live,
                     std::int64_t target,
                     Instant now) {
  if (target >= live) return {};
  if (path.pointer == "/spec/maxReplicas")
    return {.wait = current_replicas_of(object) > target, .wake = now + kOrphanStep};
  const auto last = our_managed_entry(object);
  const auto written = last ? parse_rfc3339(last->second) : std::nullopt;
  if (written && now < *written + kOrphanStep)
    return {.wait = true, .wake = *written + kOrphanStep};
  const auto wanted = lowest_for(ref, object);
  if (!wanted) return {.wait = true, .wake = now + kOrphanStep};
  // What load asks for above the floor the autoscaler keeps by itself: the floor goes on down
  // (hack/decisions/0005).
  const std::int64_t carried = *wanted >= live ? 0 : *wanted;
  const std::int64_t next =
      std::max({target, carried, live - std::max<std::int64_t>(1, live / 10)});
  if (next >= live) return {.wait = true, .wake = now + kOrphanStep};
  if (next > target) return {.hold_at = next, .wake = now + kOrphanStep};
  return {};
}

/// What is asked for one dead holder on one field.
void ask_for(const ObjectRef& ref,
             const Present& object,
             const FieldPath& path,
             const HeldField& held,
             const Holder& holder,
             Instant now,
             ObjectWants& asked,
             std::optional<Instant>& wake) {
  const FieldRef field{ref, path.pointer, path.inside};
  const Reason reason{"OrphanReleased", "the event " + holder.event + " is gone"};
  const products::Law law = products::law_of(field, held.replicas);
  const auto rest = effective(law, held.baseline, without(held.holders, holder));
  const auto live = object.object->integer(path.pointer);
  const auto target = rest ? integer_of(*rest) : std::nullopt;
  Lowering step;
  if (law == products::Law::Highest && live && target)
    step = lowering_of(ref, *object.object, path, *live, *target, now);
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
                      Instant now) {
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
        ask_for(ref, object, path, held, holder, now, asked, wake);
    }
  }
  Settled out = settle_object(ref, object, {}, asked, Who{first->event, first->uid, install}, now);
  if (wake && (!out.wake || *wake < *out.wake)) out.wake = wake;
  return out;
}

}  // namespace doorbuster::planner
