#include "controllers/planner/settle_field.h"

#include "crds/fields.h"

#include <algorithm>
#include <compare>

namespace doorbuster::planner {
namespace {

using products::Law;

std::string shown(const Value& value) { return value ? value->text.substr(0, 128) : "absent"; }

void write(FieldDraft& field, const Value& value, const char* state) {
  field.edit = FieldDraft::Edit{field.ref.pointer, value};
  field.entry.requested = value;
  field.entry.applied = std::nullopt;
  field.state = state;
}

/// Seen to be as it should be.
void held(FieldDraft& field, const Value& live, const Value& wanted, Instant now) {
  field.entry.requested = wanted;
  if (equal_values(live, field.entry.requested)) field.entry.applied = std::nullopt;
  field.state = "Held";
  field.contest.yielded = false;
  if (field.contest.at && now - *field.contest.at > kYieldWithin) field.contest = {};
}

/// Does a live value that others wrote lie beyond what we would keep, on the side that the law
/// prefers?
bool above(Law law, const Value& live, const Value& wanted) {
  if (law == Law::Pick || !live || !wanted) return false;
  const auto order = api::compared(*live, *wanted);
  return order && (law == Law::Highest ? std::is_gt(*order) : std::is_lt(*order));
}

void note_change(FieldDraft& field, const FieldWriter& writer, Instant now) {
  ++field.contest.reasserted;
  field.contest.at = now;
  field.contest.by = writer.manager;
  field.contest.change = writer.manager.empty() ? "" : writer.manager + "@" + writer.time;
}

bool same_change(const Contest& contest, const FieldWriter& writer) {
  return !writer.manager.empty() && contest.change == writer.manager + "@" + writer.time;
}

/// A person set another value: written over once, saying so; at the second time theirs stays.
void against_person(FieldDraft& field,
                    const Value& live,
                    const Value& wanted,
                    const FieldWriter& writer,
                    Instant now) {
  const std::string who = writer.manager.empty() ? "somebody" : writer.manager;
  const std::string values =
      "set to " + shown(live) + " by " + who + " while " + shown(wanted) + " is held";
  if (field.contest.yielded) {
    field.state = "Yielded";
    field.message = values + ": theirs stays";
    return;
  }
  if (same_change(field.contest, writer)) return write(field, wanted, "Pending");
  const bool again = field.contest.reasserted > 0 && field.contest.at &&
                     now - *field.contest.at <= kYieldWithin && !is_gitops(field.contest.by);
  if (again) {
    field.contest.yielded = true;
    field.contest.by = writer.manager;
    field.state = "Yielded";
    field.message = values + " for the second time: theirs stays";
    field.notice = {"FieldYielded", to_text(field.ref) + ": " + field.message};
    return;
  }
  note_change(field, writer, now);
  write(field, wanted, "Pending");
  field.message = values + ": written again once";
  field.notice = {"FieldReasserted", to_text(field.ref) + ": " + field.message};
}

/// A tool reverts what we hold: written again, ever more slowly, and named after a few times.
void against_tool(FieldDraft& field,
                  const Value& live,
                  const Value& wanted,
                  const FieldWriter& writer,
                  Instant now) {
  const std::string who = writer.manager.empty() ? "an unnamed writer" : writer.manager;
  if (same_change(field.contest, writer)) return write(field, wanted, "Pending");
  Duration wait{0};
  if (field.contest.reasserted > 0) {
    const int doublings = std::min(field.contest.reasserted - 1, 10);
    wait = std::min<Duration>(kFirstBackOff * (1 << doublings), kLongestBackOff);
  }
  const bool contested = field.contest.reasserted >= kContestedAfter;
  field.message = "reverted to " + shown(live) + " by " + who + " while " + shown(wanted) +
                  " is held; written again " + std::to_string(field.contest.reasserted) + " times";
  if (contested)
    field.notice = {"FieldContested", to_text(field.ref) + ": reverted again and again by " + who};
  if (field.contest.at && now < *field.contest.at + wait) {
    field.state = "Contested";
    field.wake = *field.contest.at + wait;
    return;
  }
  note_change(field, writer, now);
  write(field, wanted, contested ? "Contested" : "Pending");
}

/// Where traffic goes is never fought for (DESIGN.md section 1, "Fail high, fail open, fail towards
/// stable"): whoever else changes it wins at once, a person and a tool alike.
void yield_traffic(FieldDraft& field,
                   const Value& live,
                   const Value& wanted,
                   const FieldWriter& writer) {
  const bool never_made = field.never_made && equal_values(live, field.entry.baseline);
  if (never_made) return write(field, wanted, "Pending");
  field.contest.yielded = true;
  field.contest.by = writer.manager;
  field.state = "RouteContested";
  field.message = "set to " + shown(live) + " by " +
                  (writer.manager.empty() ? "an unnamed writer" : writer.manager) + " while " +
                  shown(wanted) +
                  " is held: traffic is never fought for, theirs stays. Set the held value there "
                  "to have it kept again";
}

/// A rollback stands between no change of others and the stable revision.
bool is_rolling_back(const HeldField& entry) {
  return std::any_of(entry.holders.begin(), entry.holders.end(), [](const auto& one) {
    return one.second.rank == Rank::Rollback;
  });
}

/// The live value is not one that we put there.
void against_others(FieldDraft& field,
                    const Value& live,
                    Value wanted,
                    Law law,
                    const FieldWriter& writer,
                    Instant now) {
  const bool reverted = equal_values(live, field.entry.baseline);
  const bool git = is_gitops(writer.manager);
  if (git && !reverted && live) {
    // What Git says now is what it shall be afterwards. The first baseline stays on record.
    if (!field.entry.first) field.entry.first = field.entry.baseline;
    field.entry.baseline = live;
    const auto again = effective(law, field.entry.baseline, field.entry.holders);
    if (again) wanted = *again;
    field.message = writer.manager + " changed it to " + shown(live) + ": that is the baseline now";
    if (equal_values(live, wanted)) return held(field, live, wanted, now);
  }
  if (above(law, live, wanted)) {
    field.state = "Held";
    field.message = "kept at " + shown(live) + ", set by " +
                    (writer.manager.empty() ? "somebody" : writer.manager) + ", above our " +
                    shown(wanted);
    return;
  }
  if (git || writer.manager.empty()) return against_tool(field, live, wanted, writer, now);
  against_person(field, live, wanted, writer, now);
}

/// Nobody wants it held any more.
void restore(FieldDraft& field,
             const Document& object,
             const Value& live,
             const FieldWriter& writer) {
  const HeldField& entry = field.entry;
  if (field.leave_value) {
    field.state = "Left";
    field.message = "left at " + shown(live) + " as deletionPolicy Orphan asks; it was " +
                    shown(entry.baseline);
    return;
  }
  if (equal_values(live, entry.baseline)) {
    field.state = "Restored";
    return;
  }
  if (!entry.is_ours(live) && !field.older_value && writer.manager != kFieldManager) {
    field.state = "Left";
    field.message = "left at " + shown(live) + ", set by " +
                    (writer.manager.empty() ? "somebody" : writer.manager) + "; it was " +
                    shown(entry.baseline);
    field.notice = {"ForeignHold", to_text(field.ref) + ": " + field.message};
    return;
  }
  std::string pointer = field.ref.pointer;
  const bool alone =
      !entry.baseline && !entry.absent_at.empty() && only_ours_below(object, entry.absent_at);
  if (alone) pointer = entry.absent_at;
  const bool within = !entry.baseline && entry.absent_at.size() < field.ref.pointer.size();
  if (within && !alone && live && !entry.is_ours(live) && !field.older_value) {
    // Others keep the surroundings, and the server fills the place of what we removed: removing it
    // again would go on for ever.
    field.state = "Left";
    field.message = "left at " + shown(live) + ": the server's own value where " + entry.absent_at +
                    ", absent before, is kept by others";
    return;
  }
  field.edit = FieldDraft::Edit{pointer, entry.baseline};
  field.state = "Restoring";
}

}  // namespace

void settle_field(FieldDraft& field, const Document& object, Instant now) {
  const Value live = object.at(field.ref.pointer);
  if (!field.ref.inside.empty()) {
    field.state = "Refused";
    field.message = "text inside a field cannot be held by this version";
    return;
  }
  const auto writer_now = [&] { return writer_of(object, field.ref.pointer); };
  if (field.entry.holders.empty()) return restore(field, object, live, writer_now());
  const Law law = products::law_of(field.ref, field.entry.replicas);
  const auto wanted = effective(law, field.entry.baseline, field.entry.holders);
  if (!wanted) {
    field.state = "Refused";
    field.message = wanted.error().message;
    return;
  }
  const bool somebodys = !equal_values(live, field.entry.baseline);
  if (field.fresh && !field.free && !somebodys && writer_now().manager == kFieldManager) {
    // Our own manager wrote what stands there and no record says what was before: it may be a value
    // of ours.
    field.unrecorded = true;
    field.state = "Refused";
    field.message =
        "its present value was written by Doorbuster and no record of the baseline is left; "
        "waiting for the event that "
        "held it, or for a person to set the value";
    return;
  }
  if (equal_values(live, *wanted)) return held(field, live, *wanted, now);
  const FieldWriter writer = writer_now();
  // The server may change what we write (a quantity in its own spelling, an admission plugin): then
  // its value is the hold.
  const bool asked_already = field.entry.requested && equal_values(field.entry.requested, *wanted);
  const bool changed_by_server = (field.entry.applied && equal_values(live, field.entry.applied)) ||
                                 (writer.manager == kFieldManager && !field.from_copy);
  if (!field.fresh && asked_already && changed_by_server) {
    field.entry.applied = live;
    field.state = "Held";
    field.message = "the server made " + shown(live) + " of " + shown(*wanted);
    return;
  }
  if (field.fresh || field.older_value || field.entry.is_ours(live) ||
      writer.manager == kFieldManager)
    return write(field, *wanted, "Pending");
  // What the server did not take nobody has reverted.
  if (field.never_made && field.refused && !somebodys) return write(field, *wanted, "Pending");
  if (is_rolling_back(field.entry)) return write(field, *wanted, "Pending");
  if (products::steers_traffic(field.ref)) return yield_traffic(field, live, *wanted, writer);
  against_others(field, live, *wanted, law, writer, now);
}

}  // namespace doorbuster::planner
