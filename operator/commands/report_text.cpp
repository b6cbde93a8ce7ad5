#include "operator/commands/report_text.h"

#include "controllers/planner/learning.h"
#include "controllers/planner/pending.h"
#include "operator/base/json.h"
#include "operator/commands/checked.h"
#include "operator/commands/rows_json.h"
#include "operator/commands/sale_words.h"
#include "operator/commands/text_table.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace doorbuster::commands {
namespace {

using api::ConditionStatus;
using Number = std::optional<std::int64_t>;

std::string seconds_text(const Number& value) {
  return value ? to_text(std::chrono::seconds(*value)) : "-";
}

/// Is no step of this row waited for any more?
bool is_over(const SaleReport& report) {
  const auto& window = report.event.status.window;
  return !window || report.now >= window->end || report.event.status.phase == "Completed";
}

planner::ReadyAfter took_of(const SaleReport& report, const api::TargetStatus& row) {
  return planner::ready_after(row.learned.steps, is_over(report));
}

std::string took_text(const planner::ReadyAfter& took) {
  if (took.steps == 0) return "-";
  return seconds_text(took.min) + " / " + seconds_text(took.median) + " / " +
         seconds_text(took.p95) + " of " + std::to_string(took.steps);
}

/// The floor that counted, or where none did, the one to come.
Number floor_of(const api::TargetStatus& row) {
  return row.learned.floor ? row.learned.floor : row.floor;
}

/// Was the floor needed?
std::string load_text(const api::TargetStatus& row) {
  const api::LearnedStatus& learned = row.learned;
  if (!learned.peak_ready || !learned.floor) return "";
  if (!learned.peak_wanted) {
    return row.autoscaler.empty() ? "no autoscaler says what load asked for"
                                  : "the autoscaler did not say what load asked for";
  }
  const std::string peak = "load asked for up to " + std::to_string(*learned.peak_wanted);
  const std::string floor = "the floor of " + std::to_string(*learned.floor);
  if (*learned.peak_wanted > *learned.floor) return peak + ": more than " + floor;
  if (row.usual && *learned.peak_wanted <= *row.usual)
    return peak + ", no more than the usual " + std::to_string(*row.usual) + ": " + floor +
           " was not needed";
  return peak + ", within " + floor;
}

std::string last_run_text(const api::LastRun& last) {
  if (last == api::LastRun{}) return "";
  std::string out = "the last run: floor " + or_dash(last.floor) + ", peak ready " +
                    or_dash(last.peak_ready) + ", peak wanted " + or_dash(last.peak_wanted);
  if (last.steps.value_or(0) == 0) return out;
  if (!last.ready_after_seconds) {
    return out + ", " + std::to_string(last.never_ready.value_or(0)) + " of " +
           std::to_string(*last.steps) + " steps never ready";
  }
  return out + ", 95 % of " + std::to_string(*last.steps) + " steps ready after " +
         seconds_text(last.ready_after_seconds);
}

std::string pending_text(const api::TargetStatus& row) {
  std::string out;
  for (const api::LearnedPending& one : row.learned.pending) {
    out += (out.empty() ? "pods that were late: up to " : ", ") + std::to_string(one.count) + " " +
           planner::in_words_of({.code = one.reason, .count = one.count, .message = ""});
  }
  return out;
}

std::string unready_text(const SaleReport& report, const planner::ReadyAfter& took) {
  if (took.unready == 0) return "";
  return std::to_string(took.unready) + " of " + std::to_string(took.steps) +
         (is_over(report) ? " steps were not ready before the floor went down"
                          : " steps are not ready yet");
}

/// The room on nodes that was made ready for a target.
std::string headroom_text(const SaleReport& report, const std::string& target) {
  for (const api::HeadroomStatus& one : report.event.status.headroom) {
    if (one.target != target) continue;
    const std::int64_t asked = one.asked.value_or(0), released = one.released.value_or(0);
    if (asked + released == 0) return one.message.empty() ? "" : "no node room: " + one.message;
    return "node room for " + std::to_string(asked + released) + " pods was made ready, " +
           std::to_string(released) + " of it given up" +
           (one.message.empty() ? "" : ": " + one.message);
  }
  return "";
}

std::string target_notes(const SaleReport& report, const api::TargetStatus& row) {
  std::string out = "  " + row.name + ": " + row.object +
                    (row.autoscaler.empty() ? "" : ", " + row.autoscaler) + "\n";
  for (const std::string& one : {row.message,
                                 load_text(row),
                                 unready_text(report, took_of(report, row)),
                                 pending_text(row),
                                 headroom_text(report, row.name),
                                 last_run_text(row.last_run)}) {
    if (!one.empty()) out += "    " + one + "\n";
  }
  return out;
}

std::string targets_text(const SaleReport& report) {
  const auto& targets = report.event.status.targets;
  if (targets.empty()) return "";
  Rows rows{{"TARGET",
             "BASELINE",
             "USUAL",
             "FLOOR",
             "PEAK READY",
             "PEAK WANTED",
             "READY AFTER min/median/p95",
             "STATE"}};
  for (const api::TargetStatus& row : targets) {
    rows.push_back({row.name,
                    baseline_text(row.baseline),
                    or_dash(row.usual),
                    or_dash(floor_of(row)),
                    or_dash(row.learned.peak_ready),
                    or_dash(row.learned.peak_wanted),
                    took_text(took_of(report, row)),
                    row.state});
  }
  std::string out = "\n" + table(rows);
  for (const api::TargetStatus& row : targets) out += target_notes(report, row);
  return out;
}

bool is_back(const api::HoldStatus& row) { return row.state == "Restored"; }

std::string holds_text(const SaleReport& report) {
  const auto& holds = report.event.status.holds;
  if (holds.empty()) return "";
  Rows rows{{"HELD FOR", "OBJECT", "FIELD", "BEFORE", "STATE"}};
  std::size_t back = 0;
  for (const api::HoldStatus& row : holds) {
    back += is_back(row) ? 1 : 0;
    rows.push_back(
        {row.name, object_text(row.object), field_text(row), shown(row.baseline), row.state});
  }
  std::string out = "\n" + table(rows);
  for (const api::HoldStatus& row : holds) {
    if (!row.message.empty()) out += "  " + row.object.name + row.field + ": " + row.message + "\n";
  }
  return out + "  " + std::to_string(back) + " of " + std::to_string(holds.size()) +
         (holds.size() == 1 ? " field is back\n" : " fields are back\n");
}

std::string checks_text(const SaleReport& report) {
  const auto& checks = report.event.status.checks;
  if (checks.empty()) return "";
  Rows rows{{"CHECK", "VERDICT", "VALUE", "SINCE", "WHY"}};
  for (const api::CheckStatus& row : checks) {
    rows.push_back({row.name,
                    row.verdict,
                    row.value.empty() ? "-" : row.value,
                    row.since ? local_text(*row.since, report.offset(*row.since)) : "-",
                    row.message});
  }
  return "\n" + table(rows);
}

std::string decisions_text(const SaleReport& report) {
  if (report.event.status.decisions.empty()) return "";
  Rows rows{{"DECIDED", "RUN", "WHAT", "BY"}};
  for (const api::Decision& one : report.event.status.decisions) {
    rows.push_back({local_text(one.at, report.offset(one.at)),
                    std::to_string(one.run),
                    decision_text(one),
                    one.by.empty() ? "doorbuster" : one.by});
  }
  return "\n" + table(rows);
}

std::string window_text(const SaleReport& report) {
  const auto& window = report.event.status.window;
  if (!window) return "No operator has looked at it yet.\n";
  const auto line = [&](const char* name, Instant at) {
    return std::vector<std::string>{name, local_text(at, report.offset(at)), to_rfc3339(at)};
  };
  Rows rows{line("  prepare", window->prepare),
            line("  start", window->start),
            line("  end", window->end),
            line("  restored by", window->restored_by)};
  const std::string zone =
      window->time_zone.empty() ? "" : window->time_zone + " (tzdata " + window->tzdata + ")";
  return "Window  " + (zone.empty() ? "by the offset of its start" : zone) + "\n" + table(rows);
}

template <class Count>
void add(JsonObject& to, const char* name, const std::optional<Count>& value) {
  if (value) to.add(name, static_cast<std::int64_t>(*value));
}

Json target_json(const SaleReport& report, const api::TargetStatus& row) {
  const planner::ReadyAfter took = took_of(report, row);
  JsonObject after;
  after.add("steps", static_cast<std::int64_t>(took.steps));
  after.add("notReady", static_cast<std::int64_t>(took.unready));
  add(after, "minSeconds", took.min);
  add(after, "medianSeconds", took.median);
  add(after, "p95Seconds", took.p95);
  JsonObject out;
  out.add("name", row.name).add("object", row.object);
  if (!row.autoscaler.empty()) out.add("autoscaler", row.autoscaler);
  out.add("baseline", api::to_json(row.baseline));
  add(out, "usual", row.usual);
  add(out, "floor", floor_of(row));
  add(out, "peakReady", row.learned.peak_ready);
  add(out, "peakWanted", row.learned.peak_wanted);
  out.add("readyAfter", after.build()).add("lastRun", api::to_json(row.last_run));
  std::vector<Json> pending;
  for (const api::LearnedPending& one : row.learned.pending) pending.push_back(api::to_json(one));
  return out.add("pending", json_array(pending))
      .add("state", row.state)
      .add("restored", row.state == "Restored")
      .add("message", row.message)
      .build();
}

Json hold_json(const api::HoldStatus& row) {
  JsonObject out;
  out.add("name", row.name).add("object", object_text(row.object)).add("field", row.field);
  if (!row.inside.empty()) out.add("inside", row.inside);
  if (row.baseline) out.add("baseline", *row.baseline);
  return out.add("state", row.state).add("back", is_back(row)).add("message", row.message).build();
}

}  // namespace

std::string as_text(const SaleReport& report) {
  const api::SaleEventStatus& status = report.event.status;
  const api::Metadata& meta = report.event.metadata;
  std::string out =
      meta.ns + "/" + meta.name + "   " + phase_text(status) +
      (status.verdict.empty() ? "" : "   verdict " + status.verdict) + "   run " +
      std::to_string(status.run.value_or(0)) +
      (is_over(report) ? ""
                       : "   so far, at " + local_text(report.now, report.offset(report.now))) +
      "\n" + window_text(report) + targets_text(report) + checks_text(report) + holds_text(report);
  const std::vector<std::string> warnings = warnings_of(report.event.status);
  if (!warnings.empty()) out += "\nWarnings\n";
  for (const std::string& one : warnings) out += "  - " + one + "\n";
  return out + decisions_text(report);
}

std::string as_json(const SaleReport& report) {
  const api::SaleEventStatus& status = report.event.status;
  std::vector<Json> targets, holds, warnings;
  for (const auto& one : status.targets) targets.push_back(target_json(report, one));
  for (const auto& one : status.holds) holds.push_back(hold_json(one));
  for (const std::string& one : warnings_of(report.event.status))
    warnings.push_back(json_of_string(one));
  JsonObject out;
  out.add("namespace", report.event.metadata.ns).add("name", report.event.metadata.name);
  out.add("phase", status.phase).add("verdict", status.verdict);
  out.add("run", static_cast<std::int64_t>(status.run.value_or(0)));
  out.add("seenAt", to_rfc3339(report.now)).add("over", is_over(report));
  if (status.window) out.add("window", api::to_json(*status.window));
  out.add("headroom", rows_json(status.headroom)).add("checks", rows_json(status.checks));
  out.add("targets", json_array(targets)).add("holds", json_array(holds));
  out.add("warnings", json_array(warnings)).add("decisions", rows_json(status.decisions));
  return out.build().text + "\n";
}

int exit_code_of(const SaleReport& report, bool fail_on_warnings) {
  const api::SaleEventStatus& status = report.event.status;
  if (needs_people(status)) return kBad;
  const bool warned = status.verdict == "Warn" || !warnings_of(report.event.status).empty();
  return warned && fail_on_warnings ? kWarned : kDone;
}

}  // namespace doorbuster::commands
