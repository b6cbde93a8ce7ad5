#include "controllers/planner/status_rows.h"

#include "controllers/planner/intent.h"
#include "controllers/planner/lowering.h"
#include "controllers/planner/refusal.h"
#include "operator/base/bounds.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace doorbuster::planner {
namespace {

// Bounds of the schema, in bytes.
constexpr std::size_t kMessage = 1024, kValue = 4096, kState = 32, kRowName = 400, kInCharge = 1024;

ObjectRef object_of(const api::HoldStatus& row) {
  return {row.object.group, row.object.kind, row.object.ns, row.object.name};
}

/// The order of rows, and whether two are about one field: FieldRef's, without making one.
auto key_of(const api::HoldStatus& row) {
  return std::tie(row.object.group,
                  row.object.kind,
                  row.object.ns,
                  row.object.name,
                  row.field,
                  row.inside,
                  row.uid);
}

FieldRef field_of(const api::HoldStatus& row) { return {object_of(row), row.field, row.inside}; }

api::HeldObject shown(const ObjectRef& object, const std::string& api_version) {
  return {.api_version = api_version,
          .group = object.group,
          .kind = object.kind,
          .ns = object.ns,
          .name = object.name};
}

std::vector<api::PendingStatus> shown(const std::vector<PendingReason>& pending) {
  std::vector<api::PendingStatus> out;
  for (const PendingReason& one : pending)
    out.push_back({.reason = one.code, .count = one.count, .message = one.message});
  return out;
}

/// A value as a column shows it; what is too long is left to the copy.
Value column(const Value& value) {
  return value && value->text.size() > kValue ? std::nullopt : value;
}

api::ContestStatus shown(const Contest& contest) {
  api::ContestStatus out;
  if (contest.reasserted > 0) out.reasserted = contest.reasserted;
  out.at = contest.at;
  out.by = cut(contest.by, 256);
  out.change = cut(contest.change, 320);
  if (contest.yielded) out.yielded = true;
  return out;
}

/// "capacity/checkout" -> "checkout", the first of several.
std::string row_name(const std::set<std::string>& names) {
  if (names.empty()) return "";
  const std::string& first = *names.begin();
  return cut(first.substr(first.find('/') + 1), kRowName);
}

/// Rows in their order, without moving them: a row is large.
using RowPointers = std::vector<const api::HoldStatus*>;

bool in_order(const api::HoldStatus* a, const api::HoldStatus* b) {
  return key_of(*a) < key_of(*b);
}

RowPointers ordered(const std::vector<api::HoldStatus>& rows) {
  RowPointers out;
  out.reserve(rows.size());
  for (const api::HoldStatus& row : rows) out.push_back(&row);
  if (!std::is_sorted(out.begin(), out.end(), in_order))
    std::stable_sort(out.begin(), out.end(), in_order);
  return out;
}

struct Rows {
  const RowSources& from;
  RowPointers old;  ///< of status, ordered
  std::vector<api::HoldStatus> out;
  std::set<FieldRef> done;  ///< fields that have their row

  const api::HoldStatus* before(const FieldRef& field, const std::string& uid) const {
    const ObjectRef& object = field.object;
    const auto key = std::tie(
        object.group, object.kind, object.ns, object.name, field.pointer, field.inside, uid);
    const auto found = std::lower_bound(
        old.begin(), old.end(), key, [](const api::HoldStatus* row, const auto& k) {
          return key_of(*row) < k;
        });
    return found != old.end() && key_of(**found) == key ? *found : nullptr;
  }
};

/// Does a ramp move this field?
bool ramped(const FieldReport& report) {
  return std::any_of(report.names.begin(), report.names.end(), [](const std::string& name) {
    return name.starts_with(std::string(kCapacity) + "/");
  });
}

bool ours(const HeldField& entry, const std::string& uid) {
  return std::any_of(entry.holders.begin(), entry.holders.end(), [&uid](const auto& one) {
    return one.first.uid == uid;
  });
}

void fill_copy(api::HoldStatus& row, const FieldReport& report, const Rows& rows) {
  const HeldField& entry = *report.entry;
  row.copy = write_entry({report.field.pointer, report.field.inside}, entry);
  row.requested = column(entry.requested);
  row.applied = column(entry.applied);
  std::set<std::string> events;
  for (const auto& [holder, ask] : entry.holders) events.insert(cut(holder.event, 320));
  row.holders.assign(events.begin(), events.end());
  const auto moved = rows.from.moved.find(report.field);
  if (moved != rows.from.moved.end()) {
    row.stepped_at = moved->second.stepped_at;
    row.peak = moved->second.peak;
  } else if (const api::HoldStatus* old = rows.before(report.field, report.uid)) {
    if (old->state != kDue || ramped(report)) row.stepped_at = old->stepped_at;
    row.peak = old->peak;
  }
}

api::HoldStatus row_of(const FieldReport& report, const ObjectOutcome& outcome, const Rows& rows) {
  api::HoldStatus row;
  const Present* object = present(rows.from.seen, report.field.object);
  row.name = row_name(report.names);
  row.object = shown(report.field.object, object == nullptr ? "" : object->api_version);
  row.uid = report.uid;
  row.field = report.field.pointer;
  row.inside = report.field.inside;
  row.live = column(report.live);
  row.state = cut(report.state, kState);
  row.message = cut(report.message, kMessage);
  const api::HoldStatus* old = rows.before(report.field, report.uid);
  // Of a field that others go on holding the copy stays until our letting go is seen.
  const bool going = report.entry && outcome.settled.write;
  if (report.entry && (going || ours(*report.entry, rows.from.event.uid))) {
    row.serial = report.serial;
    row.baseline = column(report.entry->baseline);
    row.contest = shown(report.contest);
    fill_copy(row, report, rows);
  } else {
    if (old != nullptr) row.baseline = old->baseline;
    row.live.reset();  // nobody looks after it any more: what it is now is not said
    if (report.entry) row.state = "HeldByOthers";
    // Only for people, and so that the trace of our manager is removed too.
    if (!outcome.settled.clean) row.state = "Restoring";
  }
  return row;
}

/// The write is not made: what is remembered stays exactly as it was.
void keep_unwritten(Rows& rows, const FieldReport& report, const ObjectOutcome& outcome) {
  api::HoldStatus row;
  const api::HoldStatus* old = rows.before(report.field, report.uid);
  if (old != nullptr && !old->copy.empty()) {
    row = *old;
    row.live = column(report.live);
    if (outcome.dropped != "Suspended" && outcome.dropped != "NotAccepted")
      row.state = outcome.dropped;
  } else {
    row = row_of(report, outcome, rows);
    row.copy.clear();
    row.serial.reset();
    row.holders.clear();
    row.stepped_at.reset();
    row.peak.reset();
    row.contest = {};
    row.state = outcome.dropped;
  }
  if (!outcome.why.empty()) row.message = cut(outcome.why, kMessage);
  rows.done.insert(report.field);
  rows.out.push_back(std::move(row));
}

/// Told until the server takes it: whether it is tried in this round makes no difference.
void tell_refused(api::HoldStatus& row, const ObjectOutcome& outcome) {
  if (outcome.refused.empty() || row.copy.empty()) return;
  row.state = kRefused;
  row.message = cut(outcome.refused, kMessage);
}

void add_settled(Rows& rows, const ObjectOutcome& outcome) {
  for (const FieldReport& report : outcome.settled.fields) {
    if (!outcome.dropped.empty() && outcome.settled.write) {
      keep_unwritten(rows, report, outcome);
    } else {
      rows.out.push_back(row_of(report, outcome, rows));
      tell_refused(rows.out.back(), outcome);
      rows.done.insert(report.field);
    }
  }
}

/// A row of before that settling said nothing about.
void carry_over(Rows& rows, const api::HoldStatus& old) {
  const FieldRef field = field_of(old);
  const auto outcome = rows.from.outcomes.find(field.object);
  const bool settled = outcome != rows.from.outcomes.end();
  api::HoldStatus row = old;
  if (old.copy.empty()) {
    const bool trace = old.state == "Restoring";
    if (trace && settled && outcome->second.settled.clean) row.state = "Restored";
    // Somebody holds or changes it again: "Restored" would not be true of what is seen.
    const Present* object = present(rows.from.seen, field.object);
    if (row.state == "Restored" && object != nullptr &&
        !equal_values(object->object->at(field.pointer), row.baseline)) {
      return;
    }
    if (rows.done.contains(field) || (rows.from.new_run && row.state != "Restoring")) return;
    if (row.state != "Restored" && row.state != "Restoring" && row.state != "Left" &&
        row.state != "Missing")
      return;
    rows.done.insert(field);
    rows.out.push_back(std::move(row));
    return;
  }
  const Present* live = present(rows.from.seen, field.object);
  if (live != nullptr && settled) {
    // Settling looked at this object and its record does not name the field any more; or it is of
    // an earlier object of this name, and counts until the present one has a record of its own.
    const bool former = live->uid != old.uid;
    const ObjectOutcome& now = outcome->second;
    // The write that lets go of it is refused: what it depends on stays until the server takes it.
    if (!former && now.settled.write && !now.refused.empty() && !rows.done.contains(field)) {
      tell_refused(row, now);
      rows.done.insert(field);
      rows.out.push_back(std::move(row));
      return;
    }
    if (!former || rows.done.contains(field) || outcome->second.settled.clean) return;
    rows.out.push_back(std::move(row));
    return;
  }
  const std::string state = absence(rows.from.seen, field.object);
  if (!state.empty()) row.state = state;
  if (state == "Missing" && (rows.from.over || rows.from.gone.contains(field.object))) {
    row.copy.clear();
    row.serial.reset();
    row.stepped_at.reset();
    row.peak.reset();
    row.message = "it is gone: there is nothing to put back";
  }
  rows.done.insert(field);
  rows.out.push_back(std::move(row));
}

void add_note(Rows& rows, const HoldNote& note) {
  if (rows.done.contains(note.field)) return;
  api::HoldStatus row;
  row.name = cut(note.name, kRowName);
  row.object = shown(note.field.object, "");
  row.field = note.field.pointer;
  row.inside = note.field.inside;
  row.state = cut(note.state, kState);
  row.message = cut(note.message, kMessage);
  rows.done.insert(note.field);
  rows.out.push_back(std::move(row));
}

std::optional<std::int32_t> count(int value) {
  return value > 0 ? std::optional<std::int32_t>(value) : std::nullopt;
}

}  // namespace

std::string cut(std::string text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0U) == 0x80U) --bytes;
  text.resize(bytes);
  return text;
}

bool holds_for(const api::HoldStatus& row, const std::string& uid) {
  const auto entry = read_entry(row.copy);
  return entry && ours(entry->second, uid);
}

std::vector<api::HoldStatus> hold_rows(const RowSources& from) {
  Rows rows{from, ordered(from.event.status.holds), {}, {}};
  for (const auto& [object, outcome] : from.outcomes) add_settled(rows, outcome);
  std::set<decltype(key_of(api::HoldStatus{}))> told;
  const std::size_t settled = rows.out.size();
  rows.out.reserve(settled + rows.old.size() + from.notes.size());  // so that its texts stay put
  for (std::size_t i = 0; i < settled; ++i) told.insert(key_of(rows.out[i]));
  for (const api::HoldStatus& old : from.event.status.holds) {
    if (told.contains(key_of(old))) continue;
    const std::size_t count = rows.out.size();
    carry_over(rows, old);
    if (rows.out.size() > count) told.insert(key_of(rows.out.back()));
  }
  for (const HoldNote& note : from.notes) add_note(rows, note);
  // Copies first when there are too many: a row for people is the one that goes.
  if (rows.out.size() > bounds::kHoldRows) {
    std::stable_sort(rows.out.begin(), rows.out.end(), [](const auto& a, const auto& b) {
      if (a.copy.empty() != b.copy.empty()) return b.copy.empty();
      return key_of(a) < key_of(b);
    });
    rows.out.resize(bounds::kHoldRows);
  }
  const auto by_key = [](const auto& a, const auto& b) { return in_order(&a, &b); };
  if (!std::is_sorted(rows.out.begin(), rows.out.end(), by_key))
    std::stable_sort(rows.out.begin(), rows.out.end(), by_key);
  return std::move(rows.out);
}

std::vector<api::TargetStatus> target_rows(const std::vector<TargetReport>& reports) {
  std::vector<api::TargetStatus> out;
  for (const TargetReport& one : reports) {
    if (out.size() >= bounds::kTargets) break;
    api::TargetStatus row;
    row.name = cut(one.name, kRowName);
    if (!one.object.kind.empty()) row.object = cut(to_text(one.object), 700);
    if (one.autoscaler) row.autoscaler = cut(to_text(*one.autoscaler), 700);
    row.in_charge = cut(one.in_charge, kInCharge);
    row.baseline = {
        .min = one.baseline_min, .max = one.baseline_max, .replicas = one.baseline_replicas};
    row.usual = one.usual;
    row.zones = one.zones;
    row.floor = one.floor;
    row.ceiling = one.ceiling;
    row.held = one.held;
    // What moves by itself is shown while something is under way: a steady sale causes no writes.
    if (one.state == "Ramping" || one.state == "Lowering") {
      row.desired = one.desired;
      row.current = one.current;
      row.ready = one.ready;
      row.wanted = one.wanted;
      row.pending = shown(one.pending);
    }
    row.step = count(one.step);
    row.steps = count(one.steps);
    row.stepped_at = one.stepped_at;
    row.state = cut(one.state, kState);
    row.message = cut(one.message, kMessage);
    out.push_back(std::move(row));
  }
  return out;
}

}  // namespace doorbuster::planner
