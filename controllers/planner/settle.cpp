#include "controllers/planner/settle.h"

#include "controllers/planner/object_edit.h"
#include "controllers/planner/settle_field.h"
#include "controllers/planner/settle_write.h"
#include "controllers/products/scalers.h"
#include "operator/base/bounds.h"

#include <algorithm>
#include <utility>

namespace doorbuster::planner {
namespace {

using products::Law;

std::string repair_command(const ObjectRef& ref) {
  std::string out = "kubectl annotate " + ref.kind + (ref.group.empty() ? "" : "." + ref.group);
  if (!ref.ns.empty()) out += " -n " + ref.ns;
  return out + " " + ref.name + " " + kHoldsAnnotation + "-";
}

/// The record cannot be trusted: nothing is touched, everything held stays, and people are told
/// what to do.
Settled kept_as_it_is(const ObjectRef& ref,
                      const Present& object,
                      const Ledger& ledger,
                      const Witness& witness) {
  Settled out;
  const bool newer = ledger.state == Ledger::State::Newer;
  std::string text = to_text(ref) + ": " + ledger.why + ". Everything held on it stays as it is. ";
  if (newer) {
    text += "Run the Doorbuster that wrote it.";
  } else if (witness.ledger.fields.empty()) {
    text +=
        "No second copy exists: set the field by hand, then repair with: " + repair_command(ref);
  } else {
    text += "Repair from the second copy in the event's status with: " + repair_command(ref);
  }
  out.notices.push_back({newer ? "LedgerNewer" : "LedgerCorrupt", text});
  for (const auto& [path, held] : witness.ledger.fields) {
    FieldReport report;
    report.field = {ref, path.pointer, path.inside};
    report.uid = object.uid;
    report.serial = witness.ledger.serial;
    report.entry = held;
    report.live = object.object->at(path.pointer);
    if (const auto known = witness.contests.find(path); known != witness.contests.end())
      report.contest = known->second;
    report.state = "Unknown";
    report.message = text;
    for (const auto& [holder, ask] : held.holders)
      report.names.insert(holder.feature + "/" + holder.name);
    out.fields.push_back(std::move(report));
  }
  return out;
}

/// Fields of a copied or outdated record count only where the live value is the one it speaks of.
void drop_what_is_not_ours(Draft& draft, const Witness& witness) {
  const bool stale = draft.ledger.state == Ledger::State::Stale;
  std::map<FieldPath, HeldField> kept;
  if (stale) kept = witness.ledger.fields;
  for (const auto& [path, held] : draft.ledger.fields) {
    if (kept.contains(path)) {
      // The second copy is newer; what the older record says of values that we wrote is still true.
      // It is not what the server made of the newer request, which may never have been made.
      const Value live = draft.object.object->at(path.pointer);
      if (!kept.at(path).is_ours(live) && held.is_ours(live)) draft.older.insert(path);
      continue;
    }
    if (held.is_ours(draft.object.object->at(path.pointer))) {
      kept.emplace(path, held);
    } else {
      draft.out.notices.push_back({"ForeignHold",
                                   to_text(FieldRef{draft.ref, path.pointer, path.inside}) + ": " +
                                       draft.ledger.why +
                                       " and its value is not the one recorded: left as it is"});
    }
  }
  draft.ledger.fields = std::move(kept);
}

/// After the annotation was removed by hand another event has written its own part of it again;
/// ours is still only in the second copy. What stands there by our doing counts as held.
std::set<FieldPath> take_what_others_left_out(Draft& draft, const Witness& witness) {
  std::set<FieldPath> out;
  if (witness.ledger.uid != draft.object.uid) return out;
  for (const auto& [path, held] : witness.ledger.fields) {
    const Value live = draft.object.object->at(path.pointer);
    if (draft.ledger.fields.contains(path) || !held.is_ours(live)) continue;
    if (equal_values(live, held.baseline)) continue;
    draft.ledger.fields.emplace(path, held);
    out.insert(path);
  }
  return out;
}

/// Is there no sign on the object that we ever wrote it? Then what the second copy says was asked
/// for was never made.
bool untouched(const Present& object) {
  return object.object->string(kLabelPointer).empty() && !our_managed_entry(*object.object);
}

/// What others set before our first write came to be is what was there before us.
void take_new_baseline(const Draft& draft, FieldDraft& field, const FieldPath& path) {
  HeldField& entry = field.entry;
  const Value live = draft.object.object->at(path.pointer);
  if (entry.is_ours(live) || equal_values(live, entry.baseline)) return;
  entry.baseline = live;
  entry.absent_at = live ? "" : shallowest_absent(*draft.object.object, path.pointer);
  field.fresh = true;
}

Draft begin(const ObjectRef& ref, const Present& object, const Witness& witness, const Who& who) {
  Draft draft{.ref = ref,
              .object = object,
              .ledger = assess(object, witness.ledger),
              .written = object.object->record(),
              .fields = {},
              .out = {}};
  const auto state = draft.ledger.state;
  if (state == Ledger::State::Stale || state == Ledger::State::Foreign)
    drop_what_is_not_ours(draft, witness);
  std::set<FieldPath> missing;
  if (state == Ledger::State::Good) missing = take_what_others_left_out(draft, witness);
  adopt(draft.ledger, who);
  for (const auto& [path, held] : draft.ledger.fields) {
    FieldDraft field;
    field.ref = {ref, path.pointer, path.inside};
    field.entry = held;
    field.from_copy =
        state == Ledger::State::Stripped || state == Ledger::State::Stale || missing.contains(path);
    field.older_value = draft.older.contains(path);
    field.never_made =
        field.from_copy && witness.pending.contains(path) && !draft.written.fields.contains(path);
    field.refused = !witness.refused.empty();
    // Of a route without any sign of us it must be sure that we never wrote it: it is not fought
    // for.
    const bool sure = field.never_made || !products::steers_traffic(field.ref);
    if (state == Ledger::State::Stripped && untouched(object) && sure)
      take_new_baseline(draft, field, path);
    draft.fields.emplace(path, std::move(field));
  }
  return draft;
}

/// What a field that is not held yet had before us.
void record_baseline(const Draft& draft,
                     FieldDraft& field,
                     const FieldPath& path,
                     const HoldWant& want,
                     const Witness& witness) {
  field.fresh = true;
  const Value live = draft.object.object->at(path.pointer);
  field.entry.baseline = want.baseline ? *want.baseline : live;
  const auto former = witness.former.fields.find(path);
  if (!want.baseline && former != witness.former.fields.end() && former->second.is_ours(live)) {
    // An object of this name carried our value and was made anew with it: what was there before us
    // still counts.
    field.entry.baseline = former->second.baseline;
    field.entry.absent_at = former->second.absent_at;
  }
  if (!field.entry.baseline && field.entry.absent_at.empty()) {
    field.entry.absent_at = shallowest_absent(*draft.object.object, path.pointer);
  }
}

/// Left for good while others hold it on: what we made of the field is the author's now, and what
/// the others put back in the end. Only where it is no less than they ask for: a multiple of it
/// would be another value.
void adopt_what_is_left(FieldDraft& field, const Value& live) {
  HeldField& entry = field.entry;
  const Law law = products::law_of(field.ref);
  if (entry.holders.empty() || law == Law::Pick || !entry.is_ours(live)) return;
  const auto kept = effective(law, live, entry.holders);
  if (!kept || !equal_values(*kept, live)) return;
  if (!entry.first) entry.first = entry.baseline;
  entry.baseline = live;
  entry.absent_at.clear();
}

void fold_releases(Draft& draft, const ObjectWants& asked, const Who& who) {
  for (const auto& [feature, release] : asked.releases) {
    for (auto& [path, field] : draft.fields) {
      const bool meant =
          release.only.empty() ||
          std::find(release.only.begin(), release.only.end(), field.ref) != release.only.end();
      if (!meant) continue;
      const auto removed = std::erase_if(field.entry.holders, [&](const auto& held) {
        return held.first.uid == who.uid && held.first.feature == feature &&
               held.first.name == release.name;
      });
      if (removed == 0) continue;
      field.touched = true;
      field.leave_value = field.leave_value || release.leave_value;
      field.reason = release.reason;
      if (release.for_good) adopt_what_is_left(field, draft.object.object->at(path.pointer));
    }
  }
}

void fold_wants(Draft& draft, const ObjectWants& asked, const Witness& witness, const Who& who) {
  for (const auto& [feature, want] : asked.wants) {
    const FieldPath path{want.field.pointer, want.field.inside};
    auto at = draft.fields.find(path);
    if (at == draft.fields.end()) {
      if (draft.fields.size() >= bounds::kFieldsPerObject) {
        draft.out.notices.push_back({"TooManyFields",
                                     to_text(draft.ref) + ": more than " +
                                         std::to_string(bounds::kFieldsPerObject) +
                                         " fields cannot be held on one object"});
        continue;
      }
      FieldDraft field;
      field.ref = want.field;
      // Values and record are written as one: a field that a good record does not list was put
      // back. Of a baseline that is said nobody has to be asked.
      const auto put_back = asked.put_back.find(path);
      field.free = draft.ledger.state == Ledger::State::Good || want.baseline ||
                   (put_back != asked.put_back.end() &&
                    equal_values(put_back->second, draft.object.object->at(path.pointer)));
      record_baseline(draft, field, path, want, witness);
      at = draft.fields.emplace(path, std::move(field)).first;
    }
    const Holder holder{who.event, who.uid, who.install, feature, want.name};
    at->second.touched = true;
    at->second.reason = want.reason;
    at->second.entry.holders.insert_or_assign(holder, want.ask);
    // Kept with the record, and so known to whoever lets go of it: an orphan's kind may not be
    // served any more.
    if (want.replicas && products::law_of(want.field) != Law::Highest)
      at->second.entry.replicas = true;
  }
}

/// A field that only the records of others name is passed on untouched.
void mark_our_own(Draft& draft, const Witness& witness, const Who& who) {
  for (auto& [path, field] : draft.fields) {
    for (const auto& [holder, ask] : field.entry.holders) {
      if (holder.uid != who.uid) continue;
      field.names.insert(holder.feature + "/" + holder.name);
      field.touched = true;
    }
    if (const auto known = witness.contests.find(path); known != witness.contests.end())
      field.contest = known->second;
  }
}

/// Where a field goes together with what we made around it: what is still held there stays, and
/// only the field's own value goes.
void keep_what_is_held_beside(Draft& draft) {
  for (auto& [path, field] : draft.fields) {
    if (!field.edit || field.edit->value || field.edit->pointer == path.pointer) continue;
    const std::string around = field.edit->pointer + "/";
    const bool shared =
        std::any_of(draft.fields.begin(), draft.fields.end(), [&around](const auto& other) {
          return !other.second.entry.holders.empty() && other.first.pointer.starts_with(around);
        });
    if (shared) field.edit->pointer = path.pointer;
  }
}

/// What scales: its maximum is at least its minimum, or the server (KEDA's webhook, of its own
/// kind) refuses the whole write. The floor gives way.
void keep_min_under_max(Draft& draft) {
  const products::Bounds* bounds = products::bounds_of(draft.ref);
  if (bounds == nullptr) return;
  const auto after = [&](const char* pointer) -> std::optional<std::int64_t> {
    const auto at = draft.fields.find(FieldPath{pointer, ""});
    if (at != draft.fields.end() && at->second.edit) return integer_of(at->second.edit->value);
    return draft.object.object->integer(pointer);
  };
  const auto min = after(bounds->min);
  auto max = after(bounds->max);
  if (!max && bounds->max_if_absent > 0) max = bounds->max_if_absent;
  if (!min || !max || *min <= *max) return;
  const auto ceiling = draft.fields.find(FieldPath{bounds->max, ""});
  const auto ceiling_now = draft.object.object->integer(bounds->max);
  if (ceiling != draft.fields.end() && ceiling->second.edit &&
      (ceiling->second.entry.holders.empty() || (!ceiling->second.fresh && *max < ceiling_now))) {
    // The ceiling was to come down while a floor still needs it: it waits.
    ceiling->second.edit.reset();
    ceiling->second.postponed = true;
    if (min <= draft.object.object->integer(bounds->max)) return;
  }
  const auto floor = draft.fields.find(FieldPath{bounds->min, ""});
  if (floor == draft.fields.end() || !floor->second.edit) return;
  const std::int64_t highest = after(bounds->max).value_or(*max);
  floor->second.message =
      "limited to the maximum of " + std::to_string(highest) + ", which is not ours to raise";
  floor->second.edit->value = json_of(highest);
  floor->second.entry.requested = floor->second.edit->value;
  if (draft.object.object->integer(bounds->min) == highest) floor->second.edit.reset();
}

/// The record as it should stand after this round.
std::map<FieldPath, HeldField> kept_fields(const Draft& draft, const ObjectWants&) {
  std::map<FieldPath, HeldField> out;
  for (const auto& [path, field] : draft.fields) {
    const auto before = draft.ledger.fields.find(path);
    if (field.postponed && before != draft.ledger.fields.end()) {
      out.emplace(path, before->second);
    } else if (!field.entry.holders.empty()) {
      out.emplace(path, field.entry);
    }
  }
  return out;
}

FieldReport report_of(const Draft& draft,
                      const FieldPath& path,
                      const FieldDraft& field,
                      std::int64_t serial) {
  FieldReport out;
  out.field = field.ref;
  out.uid = draft.object.uid;
  out.serial = serial;
  out.live = draft.object.object->at(path.pointer);
  out.contest = field.contest;
  out.state = field.state;
  out.message = field.message;
  out.names = field.names;
  const auto before = draft.ledger.fields.find(path);
  if (!field.entry.holders.empty() && !field.postponed) {
    out.entry = field.entry;
  } else if ((field.edit || field.postponed) && before != draft.ledger.fields.end()) {
    // Restoring, but not seen restored yet: what was remembered stays remembered.
    out.entry = before->second;
  }
  if (before != draft.ledger.fields.end()) {
    for (const auto& [holder, ask] : before->second.holders) {
      if (field.names.empty()) out.names.insert(holder.feature + "/" + holder.name);
    }
  }
  return out;
}

bool must_write(const Draft& draft,
                const std::map<FieldPath, HeldField>& kept,
                const std::string& install) {
  for (const auto& [path, field] : draft.fields) {
    if (field.edit) return true;
  }
  // A label of ours without a record is what is left where somebody removed the annotation alone.
  if (draft.written.state == Ledger::State::None)
    return !kept.empty() || draft.object.object->string(kLabelPointer) == install;
  if (kept.empty() || draft.written.uid != draft.object.uid) return true;
  if (draft.ledger.state == Ledger::State::Stale) return true;
  const std::string label = draft.object.object->string(kLabelPointer);
  if (label != label_for(label, kept, install)) return true;
  return draft.written.fields != kept;
}

bool holds_anything(const std::map<FieldPath, HeldField>& fields, const std::string& uid) {
  return std::any_of(fields.begin(), fields.end(), [&](const auto& field) {
    return std::any_of(field.second.holders.begin(),
                       field.second.holders.end(),
                       [&](const auto& holder) { return holder.first.uid == uid; });
  });
}

/// Is what would be remembered now what the second copy remembers already, of a write that has not
/// landed?
bool asked_before(const Draft& draft, const Witness& witness) {
  const Ledger& copy = witness.ledger;
  const bool newer = copy.uid == draft.object.uid &&
                     (draft.written.uid != draft.object.uid || copy.serial > draft.written.serial);
  if (!newer || copy.fields.empty()) return false;
  std::map<FieldPath, HeldField> next;
  for (const auto& [path, field] : draft.fields) {
    if (!field.touched) {
      // Let go of by us and held on by others: the row of the refused write remembers it still.
      if (copy.fields.contains(path)) next.emplace(path, field.entry);
      continue;
    }
    const FieldReport report = report_of(draft, path, field, copy.serial);
    if (report.entry) next.emplace(path, *report.entry);
  }
  return next == copy.fields;
}

Settled finish(Draft&& draft, const Witness& witness, const ObjectWants& asked, const Who& who) {
  Ledger record;
  record.uid = draft.object.uid;
  record.fields = kept_fields(draft, asked);
  record.serial = std::max(draft.written.uid == draft.object.uid ? draft.written.serial : 0,
                           witness.ledger.uid == draft.object.uid ? witness.ledger.serial : 0);
  const bool write = must_write(draft, record.fields, who.install);
  if (write) {
    // What is asked for again keeps its number: a write that is refused for long must not change
    // status, whose echo would bring the next round at once.
    if (!asked_before(draft, witness)) ++record.serial;
    auto made = one_write(draft, record, who.install);
    if (made) {
      draft.out.write = std::move(*made);
    } else {
      draft.out.notices.push_back(
          {"WriteRefused", to_text(draft.ref) + ": " + made.error().message});
      for (auto& [path, field] : draft.fields) {
        if (!field.edit) continue;
        field.state = "Refused";
        field.message = made.error().message;
      }
    }
  } else if (record.fields.empty() && !draft.keep_trace) {
    draft.out.write = without_our_manager_entry(draft.ref, draft.object);
  }
  draft.out.clean =
      !holds_anything(record.fields, who.uid) && !draft.out.write && !draft.keep_trace;
  for (const auto& [path, field] : draft.fields) {
    if (field.touched) draft.out.fields.push_back(report_of(draft, path, field, record.serial));
    if (field.wake && (!draft.out.wake || *field.wake < *draft.out.wake))
      draft.out.wake = field.wake;
    if (!field.notice.code.empty()) draft.out.notices.push_back(field.notice);
  }
  return std::move(draft.out);
}

}  // namespace

Settled settle_object(const ObjectRef& ref,
                      const Present& object,
                      const Witness& witness,
                      const ObjectWants& asked,
                      const Who& who,
                      Instant now) {
  Draft draft = begin(ref, object, witness, who);
  if (draft.ledger.state == Ledger::State::Corrupt || draft.ledger.state == Ledger::State::Newer) {
    return kept_as_it_is(ref, object, draft.ledger, witness);
  }
  mark_our_own(draft, witness, who);
  fold_releases(draft, asked, who);
  fold_wants(draft, asked, witness, who);
  mark_our_own(draft, witness, who);
  for (auto& [path, field] : draft.fields) {
    if (field.touched) settle_field(field, *object.object, now);
  }
  // A record that is made now would say of such a field that it had been put back: nothing else is
  // begun here either.
  const bool unrecorded = draft.ledger.state != Ledger::State::Good &&
                          std::any_of(draft.fields.begin(),
                                      draft.fields.end(),
                                      [](const auto& field) { return field.second.unrecorded; });
  for (auto& [path, field] : draft.fields) {
    if (!unrecorded || !field.fresh || field.state == "Refused") continue;
    field.state = "Refused";
    field.message = "waits for another field of the object whose baseline is not known";
  }
  // A field whose baseline cannot be known is not held.
  std::erase_if(draft.fields, [&draft](const auto& field) {
    if (field.second.state != "Refused" || !field.second.fresh) return false;
    draft.out.notices.push_back(
        {"HoldRefused", to_text(field.second.ref) + ": " + field.second.message});
    draft.keep_trace = true;
    return true;
  });
  keep_what_is_held_beside(draft);
  keep_min_under_max(draft);
  return finish(std::move(draft), witness, asked, who);
}

}  // namespace doorbuster::planner
