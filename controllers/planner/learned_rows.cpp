#include "controllers/planner/learned_rows.h"

#include "controllers/planner/last_occurrence.h"
#include "controllers/planner/learning.h"
#include "controllers/planner/schedule.h"
#include "controllers/planner/target_draft.h"

#include <algorithm>

namespace doorbuster::planner {
namespace {

/// Of a target that is raised now; nothing: of the others nothing is learned.
std::optional<TargetLook> look_at(const Round& round, const TargetReport& seen) {
  if (round.mode != Mode::Act || round.event.deleting || !round.window || !seen.asked ||
      !seen.ready)
    return std::nullopt;
  TargetLook out{.now = round.now,
                 .live = stage_at(*round.window, round.now) == Stage::Live,
                 .ready = *seen.ready,
                 .held = seen.held,
                 .asked = seen.asked,
                 .wanted = seen.load};
  for (const api::TargetSpec& spec : round.spec.capacity.targets) {
    if (spec.name == seen.name) out.ready_percent = spec.ramp.up.ready_percent;
  }
  // A step is judged by the first round that tells of it: later its pods may have gone again.
  const api::TargetStatus* before = row_in(round.event.status, seen.name);
  const bool told = before != nullptr && before->stepped_at == seen.stepped_at && !round.new_run;
  if (seen.rose && !told) out.stepped_at = seen.stepped_at;
  return out;
}

/// Of an event that has not begun and has no run of its own: what its schedule's last sale showed.
const api::LastRun* shown_before(const Round& round, const api::TargetStatus& row) {
  const auto& last = round.seen.last_occurrence;
  if (!last || !last->start || !round.window || round.event.status.run.value_or(0) > 0)
    return nullptr;
  if (round.now >= round.window->prepare || *last->start >= round.window->start) return nullptr;
  return last_run_in(*last, row.name, row.object);
}

bool looked_at_targets(const Round& round, const api::SaleEventStatus& status) {
  return (round.mode == Mode::Act || round.mode == Mode::DryRun) &&
         status.targets.size() <= round.capacity.wants.targets.size();
}

}  // namespace

void keep_learned(const Round& round, api::SaleEventStatus& status) {
  const bool looked = looked_at_targets(round, status);
  for (std::size_t i = 0; i < status.targets.size(); ++i) {
    api::TargetStatus& row = status.targets[i];
    const TargetReport* seen = looked ? &round.capacity.wants.targets[i] : nullptr;
    const api::TargetStatus* before = row_in(round.event.status, row.name);
    const bool same = before != nullptr && (seen == nullptr || seen->object.kind.empty() ||
                                            same_workload(*before, seen->object));
    if (same) {
      row.learned = before->learned;
      row.last_run = before->last_run;
    }
    if (round.new_run) {
      if (same) row.last_run = last_run_of(*before).value_or(row.last_run);
      row.learned = {};
    }
    if (seen == nullptr) continue;
    if (const api::LastRun* shown = shown_before(round, row)) row.last_run = *shown;
    if (const auto look = look_at(round, *seen)) {
      learn(row.learned, *look);
      learn_pending(row.learned, row.pending);
    }
  }
}

void tell_peaks(const Round& round, api::SaleEventStatus& status) {
  if (!looked_at_targets(round, status) || status == round.event.status) return;
  for (std::size_t i = 0; i < status.targets.size(); ++i) {
    if (const auto look = look_at(round, round.capacity.wants.targets[i]))
      learn_peaks(status.targets[i].learned, *look);
  }
}

}  // namespace doorbuster::planner
