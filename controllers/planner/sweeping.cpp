#include "controllers/planner/sweeping.h"

#include <utility>

namespace doorbuster::planner {
namespace {

std::string mark_pointer(const char* where, const char* name) {
  return pointer_of(
      {{.name = "metadata", .keys = {}}, {.name = where, .keys = {}}, {.name = name, .keys = {}}});
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

Care care_for(const ObjectRef& ref,
              const Present& object,
              const std::map<Holder, Life>& lives,
              const std::string& install,
              Instant now) {
  Care out;
  const std::set<Holder> holders = holders_of(object, install);
  const std::string label = object.object->string(mark_pointer("labels", kHeldLabel));
  const bool recorded =
      object.object->at(mark_pointer("annotations", kHoldsAnnotation)).has_value();
  // Without any mark there may still be our managedFields entry: letting go takes two requests.
  const bool marked = recorded || !label.empty();
  if (holders.empty() && label != install && marked) return out;
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
  Settled settled = settle_orphan(ref, object, out.dead, install, now);
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
