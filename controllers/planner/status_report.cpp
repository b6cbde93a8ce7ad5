#include "controllers/planner/status_report.h"

#include "controllers/planner/conditions.h"
#include "controllers/planner/decisions.h"
#include "controllers/planner/feasibility.h"
#include "controllers/planner/refusal.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace doorbuster::planner {
namespace {

using api::ConditionStatus;

struct Verdict {
  ConditionStatus status = ConditionStatus::False;
  std::string reason, message;
};

struct Counts {
  std::size_t targets = 0, ready = 0;
  std::vector<std::string> unready, refused, not_taken, missing, contested, corrupt;
};

Counts count(const std::vector<TargetReport>& targets,
             const api::SaleEventStatus& status,
             const Report& in) {
  Counts out;
  for (const TargetReport& one : targets) {
    ++out.targets;
    if (one.ready_enough) ++out.ready;
    if (one.state == "Refused") out.refused.push_back(one.name + ": " + one.message);
    const bool excepted =
        one.state == "Missing" || one.state == "Forbidden" || one.state == "Paused";
    if (excepted) out.missing.push_back(one.name + ": " + one.message);
    if (!one.ready_enough && !excepted) {
      out.unready.push_back(one.name + (one.message.empty() ? "" : ": " + one.message));
    }
  }
  for (const api::HoldStatus& row : status.holds) {
    if (row.state == "Contested" || row.state == "Yielded" || row.state == "RouteContested")
      out.contested.push_back(row.object.name + row.field + ": " + row.message);
    if (row.state == "Forbidden") out.missing.push_back(row.name + ": " + row.message);
    if (row.state == kRefused && !row.copy.empty())
      out.not_taken.push_back(row.name + ": " + row.message);
  }
  // Of a target whose field is refused the target says so, once.
  std::erase_if(
      out.not_taken, [&out, told = std::set<std::string>()](const std::string& text) mutable {
        return std::find(out.refused.begin(), out.refused.end(), text) != out.refused.end() ||
               !told.insert(text).second;
      });
  for (const Reason& one : in.notices) {
    if (one.code == "LedgerCorrupt" || one.code == "LedgerNewer") out.corrupt.push_back(one.text);
  }
  return out;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& one : parts) out += (out.empty() ? "" : "; ") + one;
  return out;
}

std::string text_of(const api::FeasibilityFinding& one) {
  return (one.subject.empty() ? "" : one.subject + ": ") + one.message;
}

/// What was judged counts until the sale begins; then what is seen does.
const api::FeasibilityStatus* judged(const Report& in, const api::SaleEventStatus& status) {
  const bool ahead = in.window && in.now < in.window->start && !in.deleting;
  return ahead && status.feasibility ? &*status.feasibility : nullptr;
}

std::string findings_text(const Acceptance& acceptance) {
  std::vector<std::string> parts;
  for (const FieldCause& one : acceptance.findings) parts.push_back(one.field + " " + one.message);
  return joined(parts);
}

Stage stage_of(const Report& in) {
  return in.window ? stage_at(*in.window, in.now) : Stage::Before;
}

std::optional<Verdict> as_before(const Report& in, std::string_view type) {
  const api::Condition* old = condition_of(in.event.status.conditions, type);
  if (old == nullptr) return std::nullopt;
  return Verdict{old->status, old->reason, old->message};
}

Verdict accepted(const Report& in, const api::SaleEventStatus& status) {
  if (in.mode == Mode::NotAccepted)
    return {ConditionStatus::False, in.acceptance.reason, findings_text(in.acceptance)};
  if (in.mode == Mode::Reading) {
    if (auto old = as_before(in, "Accepted")) return *old;
    return {
        ConditionStatus::Unknown, "Reading", "still to be read: " + joined(in.acceptance.unread)};
  }
  const std::string late = lateness(status);
  return {ConditionStatus::True,
          "Accepted",
          "the spec can be carried out" + (late.empty() ? "" : "; " + late)};
}

Verdict prepared(const Report& in, const Counts& counts) {
  const Stage stage = stage_of(in);
  const bool due = stage == Stage::Prepare || stage == Stage::Live;
  if (in.mode == Mode::DryRun)
    return {ConditionStatus::False, "DryRun", "nothing is raised in a dry run"};
  if (in.mode != Mode::Act || in.deleting || !due) {
    if (stage != Stage::Before && !in.new_run) {
      if (auto old = as_before(in, "Prepared")) return *old;
    }
    return {ConditionStatus::False,
            "NotDue",
            stage == Stage::Before ? "preparation has not begun" : "nothing was prepared"};
  }
  if (!counts.unready.empty()) {
    return {ConditionStatus::False,
            stage == Stage::Live ? "TargetsNotReady" : "Ramping",
            std::to_string(counts.ready) + " of " + std::to_string(counts.targets) +
                " targets are ready; " + joined(counts.unready)};
  }
  if (!in.holds_prepared)
    return {ConditionStatus::False, "HoldsNotInForce", "not all holds that are due are in force"};
  if (!counts.missing.empty())
    return {ConditionStatus::True, "PreparedWithExceptions", joined(counts.missing)};
  return {ConditionStatus::True, "Prepared", "all targets stand at their full floor, ready"};
}

/// Whether the floors will fit, as last judged; it stands when the sale has begun.
Verdict feasible(const api::SaleEventStatus& status) {
  if (!status.feasibility)
    return {ConditionStatus::Unknown,
            "NotJudged",
            "whether the floors will fit is judged within 14 days of the start"};
  const api::FeasibilityStatus& made = *status.feasibility;
  std::vector<std::string> parts;
  for (const api::FeasibilityFinding& one : made.findings) parts.push_back(text_of(one));
  switch (level_of(made.verdict)) {
    case Level::Go:
      return {ConditionStatus::True, "Go", "all floors fit"};
    case Level::Warn:
      return {ConditionStatus::True, "Warn", joined(parts)};
    case Level::NoGo:
      break;
  }
  return {ConditionStatus::False, "NoGo", joined(parts)};
}

Verdict restored(const Report& in, const api::SaleEventStatus& status) {
  if (in.demand_stays) {
    return {
        ConditionStatus::False,
        "DemandAboveBaseline",
        "what load asks for, or what runs, does not fit what was there before: capacity is kept"};
  }
  if (in.held) {
    const Stage stage = stage_of(in);
    const bool after = in.deleting || stage == Stage::Cooldown || stage == Stage::Over;
    return {ConditionStatus::False,
            after ? "Restoring" : "Held",
            after ? "on the way back to what was there before" : "fields are held"};
  }
  if (!in.completed) {
    if (!in.new_run && stage_of(in) != Stage::Before) {
      if (auto old = as_before(in, "Restored")) return *old;
    }
    return {ConditionStatus::False, "NotDue", "nothing is held yet"};
  }
  std::vector<std::string> kept;
  bool forbidden = false;
  for (const api::HoldStatus& row : status.holds) {
    if (!holds_for(row, in.event.uid)) continue;
    forbidden = forbidden || row.state == "Forbidden";
    kept.push_back(row.object.name + row.field + ": " + row.state + " " + row.message);
  }
  if (!kept.empty()) {
    return {ConditionStatus::False, forbidden ? "RestoreForbidden" : "NotRestored", joined(kept)};
  }
  std::vector<std::string> left;
  for (const api::HoldStatus& row : status.holds) {
    if (row.state == "Left" || row.state == "Missing")
      left.push_back(row.object.name + row.field + ": " + row.message);
  }
  if (!left.empty()) return {ConditionStatus::True, "RestoredWithExceptions", joined(left)};
  return {ConditionStatus::True, "Restored", "every field is back to what was there before"};
}

Verdict progressing(const Report& in, const std::vector<TargetReport>& targets) {
  const bool moves = std::any_of(targets.begin(), targets.end(), [](const TargetReport& one) {
    return one.state == "Ramping" || one.state == "Lowering";
  });
  if (in.mode == Mode::Act && (moves || in.writes))
    return {ConditionStatus::True, in.deleting ? "Deleting" : "Moving", "values are on their way"};
  return {ConditionStatus::False, "Settled", "nothing is on its way"};
}

/// Something that people must look at; nothing when all is well.
std::optional<Verdict> stalled(const Report& in, const Counts& counts) {
  if (in.mode == Mode::NotAccepted)
    return Verdict{ConditionStatus::True, in.acceptance.reason, findings_text(in.acceptance)};
  if (!counts.corrupt.empty())
    return Verdict{ConditionStatus::True, "LedgerCorrupt", joined(counts.corrupt)};
  if (in.demand_stays) {
    return Verdict{
        ConditionStatus::True,
        "DemandAboveBaseline",
        "restoreTimeout has passed and what load asks for, or what runs, does not fit what was "
        "there before"};
  }
  if (!counts.refused.empty())
    return Verdict{ConditionStatus::True, "TargetRefused", joined(counts.refused)};
  if (!counts.not_taken.empty())
    return Verdict{ConditionStatus::True, "HoldRefused", joined(counts.not_taken)};
  return std::nullopt;
}

Verdict ready(const Report& in, const Counts& counts) {
  if (const auto stuck = stalled(in, counts))
    return {ConditionStatus::False, stuck->reason, stuck->message};
  switch (in.mode) {
    case Mode::Reading:
      return {
          ConditionStatus::Unknown, "Reading", "still to be read: " + joined(in.acceptance.unread)};
    case Mode::Suspended:
      return {ConditionStatus::True, "Suspended", "nothing is changed; what is held stays"};
    case Mode::DryRun:
      return {ConditionStatus::True, "DryRun", "everything is computed, nothing is written"};
    case Mode::Act:
    case Mode::NotAccepted:
      break;
  }
  switch (stage_of(in)) {
    case Stage::Before:
      return {ConditionStatus::True, "Scheduled", "waiting for the window"};
    case Stage::Prepare:
      return {ConditionStatus::True, "Preparing", "on the way up"};
    case Stage::Live:
      if (!counts.unready.empty() && !in.deleting)
        return {ConditionStatus::False, "TargetsNotReady", joined(counts.unready)};
      return {ConditionStatus::True, "Live", "the sale is on"};
    case Stage::Cooldown:
    case Stage::Over:
      break;
  }
  if (!in.called_off.empty())
    return {ConditionStatus::True,
            in.completed ? "CompletedWithAbort" : "Restoring",
            in.called_off + (in.completed ? "" : "; on the way back")};
  return {ConditionStatus::True,
          in.completed ? "Completed" : "Restoring",
          in.completed ? "the sale is over" : "on the way back"};
}

void put(const Report& in, api::SaleEventStatus& status, const char* type, const Verdict& verdict) {
  status.conditions.push_back(moved_on(in.event.status.conditions,
                                       {.type = type,
                                        .status = verdict.status,
                                        .observed_generation = in.event.generation,
                                        .last_transition_time = in.now,
                                        .reason = verdict.reason,
                                        .message = verdict.message}));
}

std::string phase_of(const Report& in, const Counts& counts) {
  if (in.mode == Mode::Suspended) return "Suspended";
  if (in.mode == Mode::NotAccepted) return "Failed";
  if (in.mode == Mode::Reading && !in.event.status.phase.empty()) return in.event.status.phase;
  if (in.completed) return "Completed";
  if (in.deleting) return "CoolingDown";
  switch (stage_of(in)) {
    case Stage::Before:
      return "Scheduled";
    case Stage::Prepare:
      return counts.unready.empty() && in.holds_prepared && in.mode == Mode::Act ? "Ready"
                                                                                 : "Preparing";
    case Stage::Live:
      return "Live";
    case Stage::Cooldown:
    case Stage::Over:
      break;
  }
  return "CoolingDown";
}

void columns(const Report& in, const Counts& counts, api::SaleEventStatus& status) {
  const bool bad = in.mode == Mode::NotAccepted || !counts.refused.empty() ||
                   !counts.not_taken.empty() || !counts.corrupt.empty();
  const bool warn = !in.warnings.empty() || !counts.contested.empty() || !counts.missing.empty() ||
                    in.demand_stays;
  const Level seen = bad ? Level::NoGo : warn ? Level::Warn : Level::Go;
  const api::FeasibilityStatus* told = judged(in, status);
  const Level foreseen = told == nullptr ? Level::Go : level_of(told->verdict);
  status.verdict =
      in.mode == Mode::Reading ? in.event.status.verdict : to_string(std::max(seen, foreseen));
  std::vector<std::string> parts;
  if (in.mode == Mode::NotAccepted) parts.push_back(findings_text(in.acceptance));
  for (const auto& list :
       {counts.corrupt, counts.refused, counts.not_taken, counts.contested, counts.missing}) {
    parts.insert(parts.end(), list.begin(), list.end());
  }
  const auto add = [&parts](const std::string& text) {
    if (std::find(parts.begin(), parts.end(), text) == parts.end()) parts.push_back(text);
  };
  if (told != nullptr) {
    for (const api::FeasibilityFinding& one : told->findings) add(text_of(one));
  }
  for (const Reason& one : in.warnings) add(one.text);
  status.message = in.mode == Mode::Reading ? in.event.status.message : cut(joined(parts), 1024);
  const Stage stage = stage_of(in);
  const bool due =
      in.mode == Mode::Act && !in.deleting && (stage == Stage::Prepare || stage == Stage::Live);
  status.targets_ready = due && counts.targets > 0
                             ? std::to_string(counts.ready) + "/" + std::to_string(counts.targets)
                             : "";
}

void next_due(const Report& in, api::SaleEventStatus& status) {
  status.next_due.reset();
  status.next_reason.clear();
  if (!in.window || in.completed || in.deleting) return;
  if (const auto edge = next_edge(*in.window, in.now)) {
    status.next_due = edge->at;
    status.next_reason = edge->what;
  }
  if (in.mode != Mode::Act) return;
  const auto also = [&status](const std::optional<Instant>& at, const char* what) {
    if (!at || (status.next_due && *status.next_due <= *at)) return;
    status.next_due = at;
    status.next_reason = what;
  };
  also(in.headroom_begins, "room is made ready");
  also(in.prepull_begins, "images are pulled ahead");
  also(in.next_step, "the next step of a ramp");
}

/// Decisions of this run: that it began, that it is complete.
void decide(const Report& in, api::SaleEventStatus& status) {
  const auto add = [&](const char* kind) {
    if (decided(status, kind)) return;
    api::Decision made;
    made.run = status.run.value_or(0);
    made.kind = kind;
    made.at = in.now;
    add_decision(status, std::move(made));
  };
  const Stage stage = stage_of(in);
  if (in.mode == Mode::Act && !in.deleting && (stage == Stage::Prepare || stage == Stage::Live))
    add("Began");
  if (in.completed) add("Completed");
}

}  // namespace

std::string lateness(const api::SaleEventStatus& status) {
  const api::Decision* began = decision_of(status, status.run.value_or(0), "Began");
  if (began == nullptr || !status.window) return "";
  const Instant due = status.window->prepare;
  if (began->at <= due + kLate) return "";
  return "preparation should have begun at " + to_rfc3339(due) + " and began at " +
         to_rfc3339(began->at) + ": what was due by then was written at once";
}

void report(const Report& in,
            const std::vector<TargetReport>& targets,
            api::SaleEventStatus& status) {
  const Counts counts = count(targets, status, in);
  status.observed_generation = in.event.generation;
  if (in.window) status.window = shown(*in.window);
  decide(in, status);
  status.conditions.clear();
  put(in, status, "Accepted", accepted(in, status));
  put(in, status, "Prepared", prepared(in, counts));
  put(in, status, "Progressing", progressing(in, targets));
  put(in,
      status,
      "ServiceReduced",
      {ConditionStatus::False, "NothingReduced", "nothing is switched off for the sale"});
  put(in, status, "Feasible", feasible(status));
  put(in, status, "Restored", restored(in, status));
  put(in, status, "Ready", ready(in, counts));
  if (const auto stuck = stalled(in, counts)) put(in, status, "Stalled", *stuck);
  if (in.mode == Mode::Reading) {
    put(in,
        status,
        "Reconciling",
        {ConditionStatus::True, "Reading", joined(in.acceptance.unread)});
  }
  status.phase = phase_of(in, counts);
  columns(in, counts, status);
  next_due(in, status);
}

}  // namespace doorbuster::planner
