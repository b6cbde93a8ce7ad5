#include "controllers/planner/sweeping.h"

#include "controllers/planner/in_charge.h"
#include "controllers/planner/scaled_object.h"

#include <utility>

namespace doorbuster::planner {
namespace {

std::string mark_pointer(const char* where, const char* name) {
  return pointer_of(
      {{.name = "metadata", .keys = {}}, {.name = where, .keys = {}}, {.name = name, .keys = {}}});
}

bool has_record(const Document& object) {
  return object.at(mark_pointer("annotations", kHoldsAnnotation)).has_value();
}

/// KEDA gives the autoscaler that it makes every annotation and label of the ScaledObject
/// (controllers/keda/hpa.go), and gives them back to it as long as the ScaledObject has them.
bool is_copied_by_keda(const ObjectRef& ref, const Present& object, const Present* through) {
  return is_autoscaler(ref) && through != nullptr && has_record(*through->object) &&
         maker_of(ref, *object.object).has_value() && object.object->record().uid != object.uid;
}

}  // namespace

Life life_of(const Holder& holder, const std::string& install, const Result<std::string>& uid) {
  if (holder.install != install) return Life::Unknown;
  if (uid.ok()) return *uid == holder.uid ? Life::Lives : Life::Dead;
  return uid.error().kind == ErrorKind::NotFound ? Life::Dead : Life::Unknown;
}

std::set<Holder> holders_of(const Present& object, const std::string& install) {
  std::set<Holder> holders;
  const std::string text = object.object->string(mark_pointer("annotations", kHoldsAnnotation));
  if (text.empty()) return holders;
  for (const auto& [path, field] : read_ledger(&text).fields) {
    for (const auto& [holder, ask] : field.holders) {
      if (holder.install == install) holders.insert(holder);
    }
  }
  return holders;
}

std::optional<ObjectRef> scales_through(const ObjectRef& ref, const Present& object) {
  if (is_autoscaler(ref)) return maker_of(ref, *object.object);
  if (!is_scaled_object(ref)) return std::nullopt;
  return autoscaler_made_from(ref, *object.object);
}

Care care_for(const ObjectRef& ref,
              const Present& object,
              const std::map<Holder, Life>& lives,
              const std::string& install,
              Instant now,
              const Present* through) {
  Care out;
  const std::set<Holder> holders = holders_of(object, install);
  const std::string label = object.object->string(mark_pointer("labels", kHeldLabel));
  // Without any mark there may still be our managedFields entry: letting go takes two requests.
  const bool marked = has_record(*object.object) || !label.empty();
  if (holders.empty() && label != install && marked) return out;
  if (is_copied_by_keda(ref, object, through)) {
    out.next = Care::Next::Later;
    return out;
  }
  bool unknown = false;
  for (const Holder& holder : holders) {
    const auto known = lives.find(holder);
    const Life life = known == lives.end() ? Life::Unknown : known->second;
    if (life == Life::Dead) out.dead.insert(holder);
    if (life == Life::Unknown) unknown = true;
  }
  if (out.dead.empty() && !holders.empty()) {
    out.next = unknown ? Care::Next::Later : Care::Next::None;
    return out;
  }
  Settled settled = settle_orphan(ref, object, out.dead, install, now, through);
  if (settled.write) {
    out.write = std::move(settled.write);
    out.next = Care::Next::Soon;
  } else if (!settled.clean) {
    out.at = settled.wake;
    out.next = out.at ? Care::Next::Timed : Care::Next::Later;
  }
  return out;
}

}  // namespace doorbuster::planner
