#include "controllers/planner/faster_than_last.h"

#include "controllers/planner/arithmetic.h"
#include "controllers/planner/learning.h"
#include "controllers/planner/schedule.h"
#include "controllers/planner/target_draft.h"

#include <algorithm>
#include <utility>

namespace doorbuster::planner {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

/// Up to whole minutes, short ones up to whole seconds.
Duration rounded_up(Duration span) {
  if (span <= minutes(2)) return std::chrono::ceil<seconds>(span);
  return std::chrono::ceil<minutes>(span);
}

/// `12.5`, of pods within a span.
std::string a_minute(std::int64_t pods, Duration span) {
  const std::int64_t tenths =
      pods * 10 * milliseconds(minutes(1)).count() / std::max<std::int64_t>(1, span.count());
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10);
}

std::string shown(std::int64_t pods, Duration span) {
  return to_text(std::chrono::floor<seconds>(span)) + " for " + std::to_string(pods) + " pods (" +
         a_minute(pods, span) + " a minute)";
}

std::string advice(const PlannedRise& rise, const api::RampUp& ramp, Duration step) {
  const Duration over = rounded_up(step * rise.steps);
  const Duration lead = rounded_up(over + ramp.step_timeout.value);
  const std::string prepare = "window.prepare: " + to_text(lead);
  if (ramp.over.value == Duration(0)) return prepare;
  return "ramp.up.over: " + to_text(over) + (lead > rise.until ? " and " + prepare : "");
}

}  // namespace

std::vector<PlannedRise> planned_rises(
    const Need& need, std::int64_t usual, Instant prepare, const api::RampUp& ramp, Instant now) {
  std::vector<PlannedRise> out;
  std::int64_t before = usual;
  for (std::size_t i = 0; i < need.stretches.size(); ++i) {
    const Stretch& to = need.stretches[i];
    const std::int64_t added = to.floor - std::exchange(before, to.floor);
    if (added <= 0 || to.from <= now) continue;
    const Instant last_call = to.from - ramp.step_timeout.value;
    const Instant begin = i == 0 ? prepare : std::max(prepare, last_call - ramp.over.value);
    const Duration over = std::min<Duration>(ramp.over.value, last_call - begin);
    const int steps = over > Duration(0) ? std::max(1, ramp.steps) : 1;
    out.push_back({.added = ceil_div(added, steps),
                   .step = over > Duration(0) ? over / steps : to.from - begin,
                   .steps = steps,
                   .until = to.from - begin});
  }
  return out;
}

std::optional<std::string> why_faster(const PlannedRise& rise,
                                      const api::RampUp& ramp,
                                      const api::LastRun& last) {
  if (last.steps.value_or(0) == 0) return std::nullopt;
  const std::string planned = "a step of the way up has " + shown(rise.added, rise.step);
  if (!last.ready_after_seconds) {
    return planned + "; in the last run " + std::to_string(last.never_ready.value_or(0)) + " of " +
           std::to_string(*last.steps) +
           " steps were not ready before the floor went down: find out why, and write a longer "
           "ramp.up.over and window.prepare";
  }
  const Duration took = seconds(std::max<std::int64_t>(1, *last.ready_after_seconds));
  const std::int64_t brought = std::max<std::int64_t>(1, last.most_added.value_or(1));
  const Duration needed = std::max(took, Duration(ceil_div(took.count() * rise.added, brought)));
  if (rise.step >= needed) return std::nullopt;
  return planned + "; in the last run 95 % of the steps took up to " + shown(brought, took) +
         ": write " + advice(rise, ramp, needed);
}

std::optional<Reason> faster_than_last(const TargetDraft& draft, const InCharge& charge) {
  const View& view = draft.view;
  const api::TargetStatus* row = row_in(view.event.status, draft.report.name);
  if (!charge.found() || row == nullptr || !same_workload(*row, charge.workload))
    return std::nullopt;
  const api::LastRun last =
      view.new_run ? last_run_of(*row).value_or(row->last_run) : row->last_run;
  if (!last.usual) return std::nullopt;
  const Floor floor = floor_of(view, charge);
  NeedBasis basis{.usual = *last.usual, .minimum = floor.baseline_min, .zones = view.seen.zones};
  if (stage_at(view.window, view.now) != Stage::Before)
    basis = basis_for_run(view, draft, charge, floor);
  const api::RampUp& ramp = draft.spec->ramp.up;
  const Need need = need_of(*draft.spec, basis, view.window);
  for (const PlannedRise& rise :
       planned_rises(need, basis.usual, view.window.prepare, ramp, view.now)) {
    if (const auto why = why_faster(rise, ramp, last))
      return Reason{"RampFasterThanLast", draft.report.name + ": " + *why};
  }
  return std::nullopt;
}

}  // namespace doorbuster::planner
