#include "controllers/planner/view.h"

#include "controllers/planner/refusal.h"

#include <algorithm>
#include <utility>

namespace doorbuster::planner {
namespace {

Contest contest_of(const api::ContestStatus& row) {
  return {.reasserted = row.reasserted.value_or(0),
          .at = row.at,
          .by = row.by,
          .change = row.change,
          .yielded = row.yielded.value_or(false)};
}

/// The annotation's record, when it is whole: of what it says, what is true of this object.
std::optional<Ledger> own_record(const Present& object, const Who& who) {
  if (object.object->record().state != Ledger::State::Good) return std::nullopt;
  Ledger record = object.object->record();
  adopt(record, who);
  if (record.uid == object.uid) return record;
  // Copied here from another object (saved YAML, a backup): it speaks of this one where its value
  // came along.
  record.serial = 0;
  std::erase_if(record.fields, [&object](const auto& field) {
    return !field.second.is_ours(object.object->at(field.first.pointer));
  });
  return record;
}

void add_row(Memory& memory, const api::HoldStatus& row, const Observation& seen) {
  const ObjectRef object{row.object.group, row.object.kind, row.object.ns, row.object.name};
  const FieldRef field{object, row.field, row.inside};
  const auto entry = read_entry(row.copy);
  if (!entry) return;
  if (row.stepped_at || row.peak) memory.ramps[field] = {row.stepped_at, row.peak};
  Witness& witness = memory.witnesses[object];
  const Present* live = present(seen, object);
  Ledger& ledger = live != nullptr && live->uid != row.uid ? witness.former : witness.ledger;
  ledger.state = Ledger::State::Good;
  ledger.uid = row.uid;
  ledger.serial = std::max(ledger.serial, row.serial.value_or(0));
  ledger.fields.insert_or_assign(entry->first, entry->second);
  witness.contests.insert_or_assign(entry->first, contest_of(row.contest));
  const bool refused = row.state == kRefused;
  if (row.state == "Pending" || refused) witness.pending.insert(entry->first);
  if (refused && &ledger == &witness.ledger) witness.refused = row.message;
}

const Ask* asked_by(const Ledger& ledger, const FieldPath& path, const Holder& holder) {
  const auto field = ledger.fields.find(path);
  if (field == ledger.fields.end()) return nullptr;
  const auto found = field->second.holders.find(holder);
  return found == field->second.holders.end() ? nullptr : &found->second;
}

void add_holds(OurHolds& out,
               const std::string& uid,
               const ObjectRef& object,
               const Ledger& remembered,
               const std::optional<Ledger>& record) {
  for (const auto& [path, entry] : remembered.fields) {
    for (const auto& [holder, ask] : entry.holders) {
      if (holder.uid != uid) continue;
      const Ask* there = record ? asked_by(*record, path, holder) : nullptr;
      const bool newer = there != nullptr && record->serial >= remembered.serial;
      out[{holder.feature, holder.name}].push_back(
          {.field = {object, path.pointer, path.inside},
           .asked = ask,
           .there = there != nullptr ? std::optional(*there) : std::nullopt,
           .landed = there != nullptr && *there == ask,
           .entry = newer ? record->fields.at(path) : entry,
           .written = there != nullptr ? std::optional(record->fields.at(path)) : std::nullopt});
    }
  }
  if (!record) return;
  for (const auto& [path, entry] : record->fields) {
    for (const auto& [holder, ask] : entry.holders) {
      if (holder.uid != uid || asked_by(remembered, path, holder) != nullptr) continue;
      out[{holder.feature, holder.name}].push_back({.field = {object, path.pointer, path.inside},
                                                    .asked = ask,
                                                    .there = ask,
                                                    .landed = true,
                                                    .entry = entry,
                                                    .written = entry});
    }
  }
}

}  // namespace

Memory memory_of(const Event& event, const Observation& seen) {
  Memory out;
  for (const api::HoldStatus& row : event.status.holds) {
    if (!row.copy.empty()) add_row(out, row, seen);
  }
  for (const auto& [object, refusal] : seen.refusals) {
    const auto known = out.witnesses.find(object);
    if (known != out.witnesses.end() && known->second.ledger.uid == refusal.uid)
      known->second.refused = refusal.why;
  }
  return out;
}

Who holder_of(const Event& event, const Observation& seen, const Setup& setup) {
  return {.event = event.ref.ns + "/" + event.ref.name,
          .uid = event.uid,
          .install = setup.install,
          .exists = seen.events.contains(event.uid)};
}

Holder parent_in(const Event& event, const Setup& setup, std::string feature, std::string name) {
  return {.event = event.ref.ns + "/" + event.ref.name,
          .uid = event.uid,
          .install = setup.install,
          .feature = std::move(feature),
          .name = std::move(name)};
}

OurHolds our_holds(const Who& who, const Observation& seen, const Memory& memory) {
  OurHolds out;
  for (const auto& [object, witness] : memory.witnesses) {
    const Present* live = present(seen, object);
    add_holds(out, who.uid, object, witness.ledger, live ? own_record(*live, who) : std::nullopt);
  }
  for (const auto& [object, fact] : seen.objects) {
    const Present* live = present(seen, object);
    if (live == nullptr || object.group == "*" || memory.witnesses.contains(object)) continue;
    if (const auto record = own_record(*live, who)) add_holds(out, who.uid, object, {}, record);
  }
  return out;
}

const char* why_over(const View& view) {
  return view.event.deleting ? "the event is being deleted" : "the sale was called off";
}

std::optional<HeldField> record_of(const View& view, const FieldRef& field) {
  const FieldPath path{field.pointer, field.inside};
  const auto in = [&path](const Ledger& ledger) -> const HeldField* {
    const auto found = ledger.fields.find(path);
    return found == ledger.fields.end() ? nullptr : &found->second;
  };
  const auto known = view.memory.witnesses.find(field.object);
  const HeldField* copied =
      known == view.memory.witnesses.end() ? nullptr : in(known->second.ledger);
  const std::int64_t copy_serial =
      known == view.memory.witnesses.end() ? 0 : known->second.ledger.serial;
  const Present* live = present(view.seen, field.object);
  const HeldField* recorded = nullptr;
  std::int64_t serial = 0;
  if (live != nullptr && live->object->record().state == Ledger::State::Good) {
    const Ledger& record = live->object->record();
    recorded = in(record);
    // Of a copied record counts what own_record says.
    if (record.uid == live->uid) {
      serial = record.serial;
    } else if (recorded != nullptr && !recorded->is_ours(live->object->at(path.pointer))) {
      recorded = nullptr;
    }
  }
  // The newer of the two speaks, as settling will have it.
  const bool newer = recorded != nullptr && serial >= copy_serial;
  const HeldField* found = newer || copied == nullptr ? recorded : copied;
  if (found == nullptr) return std::nullopt;
  Ledger alone;
  alone.fields.emplace(path, *found);
  adopt(alone, holder_of(view.event, view.seen, view.setup));
  return std::move(alone.fields.begin()->second);
}

std::optional<ObjectRef> resolved(const Observation& seen, const ObjectRef& asked) {
  const auto found = seen.kinds.find({asked.group, asked.kind});
  if (found == seen.kinds.end()) return asked.group == "*" ? std::nullopt : std::optional(asked);
  const auto* kind = std::get_if<KindFact>(&found->second);
  if (kind == nullptr || !kind->served)
    return asked.group == "*" ? std::nullopt : std::optional(asked);
  ObjectRef out = asked;
  if (asked.group == "*") out.group = group_of(kind->api_version);
  if (!kind->namespaced) out.ns.clear();
  return out;
}

namespace {

/// The same facts, each under its reference as served; of two that become one the first stays.
template <class Known>
void rename(const Observation& seen, std::map<ObjectRef, Known>& known) {
  std::map<ObjectRef, Known> out;
  while (!known.empty()) {
    auto node = known.extract(known.begin());
    if (auto served = resolved(seen, node.key())) node.key() = std::move(*served);
    out.insert(std::move(node));
  }
  known = std::move(out);
}

}  // namespace

Observation with_served_names(Observation seen) {
  rename(seen, seen.objects);
  rename(seen, seen.autoscalers);
  return seen;
}

std::string absence(const Observation& seen, const ObjectRef& object) {
  const auto found = seen.objects.find(object);
  if (found == seen.objects.end() || std::holds_alternative<Unread>(found->second))
    return "Unknown";
  if (std::holds_alternative<Missing>(found->second)) return "Missing";
  if (std::holds_alternative<Forbidden>(found->second)) return "Forbidden";
  return "";
}

ObjectRef workload_of(const api::TargetRef& ref, const std::string& ns) {
  return {group_of(ref.api_version), ref.kind, ns, ref.name};
}

std::string group_of(const std::optional<std::string>& api_version) {
  if (!api_version) return "*";
  const auto slash = api_version->find('/');
  return slash == std::string::npos ? "" : api_version->substr(0, slash);
}

}  // namespace doorbuster::planner
