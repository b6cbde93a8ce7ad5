// The status and the finalizer that go with what a round decided.
#include "controllers/planner/action.h"
#include "controllers/planner/check.h"
#include "controllers/planner/decisions.h"
#include "controllers/planner/learned_rows.h"
#include "controllers/planner/schedule.h"
#include "controllers/planner/working.h"

#include <algorithm>

namespace doorbuster::planner {
namespace {

constexpr std::size_t kRowMessageBytes =
    1024;  // of status.headroom and imagePrepull, as the schema has it
constexpr std::size_t kRolloutMessage = 512;

/// Is anything held for this event that it still has to let go of? Not counted: what is gone,
/// forbidden, or goes with its namespace.
bool still_held(const Round& round, const api::SaleEventStatus& status) {
  for (const api::HoldStatus& row : status.holds) {
    const ObjectRef object{row.object.group, row.object.kind, row.object.ns, row.object.name};
    if (row.copy.empty()) continue;
    if (round.seen.namespace_terminating && object.ns == round.event.ref.ns) continue;
    const std::string state = absence(round.seen, object);
    if (state == "Missing" || state == "Forbidden" || row.state == "Forbidden") continue;
    // A copy is kept until our letting go was seen: out of sight it counts, whoever it names.
    if (state != "Unknown" && !holds_for(row, round.event.uid)) continue;
    const Present* here = present(round.seen, object);
    if (here != nullptr && here->uid != row.uid) continue;
    return true;
  }
  for (const auto& [key, held] : round.holds) {
    for (const OurHold& one : held) {
      const auto outcome = round.outcomes.find(one.field.object);
      const bool forbidden =
          outcome != round.outcomes.end() && outcome->second.dropped == "Forbidden";
      if (one.there && !forbidden && outcome != round.outcomes.end()) return true;
    }
  }
  return false;
}

/// The sale is over and no hold of it can still become due.
bool is_completed(const Round& round, bool held, bool writes) {
  const bool acts = round.mode == Mode::Act || round.mode == Mode::DryRun;
  if (held || writes || !round.window || !acts) return false;
  switch (stage_at(*round.window, round.now)) {
    case Stage::Before:
    case Stage::Prepare:
    case Stage::Live:
      return false;
    case Stage::Cooldown:
      return std::none_of(
          round.spec.holds.begin(), round.spec.holds.end(), [](const api::HoldSpec& one) {
            return one.during.until == api::SalePhase::Cooldown;
          });
    case Stage::Over:
      return true;
  }
  return false;
}

/// Is one of them listed that cannot be looked at just now?
bool any_out_of_sight(const Observation& seen, const Autoscalers& listed) {
  const std::vector<ObjectRef> all = listed.all();
  return std::any_of(all.begin(), all.end(), [&seen](const ObjectRef& one) {
    return absence(seen, one) == "Unknown";
  });
}

bool knows_autoscaler(const Observation& seen, const ObjectRef& workload) {
  const auto found = seen.autoscalers.find(workload);
  if (absence(seen, workload) == "Unknown" || found == seen.autoscalers.end()) return false;
  const auto* listed = std::get_if<Autoscalers>(&found->second);
  return listed != nullptr && !any_out_of_sight(seen, *listed);
}

/// A row goes on naming its autoscaler while it is not known which there is: what is out of sight
/// has not changed, and nothing would bring the name back. Of a sale that was over before, what was
/// told last stays told: nobody looks there any more.
void keep_autoscalers(const Round& round, std::vector<api::TargetStatus>& rows) {
  const auto& reports = round.capacity.wants.targets;
  const bool over = decided(round.event.status, "Completed");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool known =
        !rows[i].autoscaler.empty() || knows_autoscaler(round.seen, reports[i].object);
    if (known && !over) continue;
    for (const api::TargetStatus& old : round.event.status.targets) {
      if (old.name != rows[i].name || old.object != rows[i].object) continue;
      rows[i].autoscaler = old.autoscaler;
      if (over) rows[i].in_charge = old.in_charge;
    }
  }
}

/// Is something of ours still to be removed from an object that cannot be looked at, or of which it
/// is not known whether it may be written, now?
bool trace_out_of_sight(const Round& round, const api::SaleEventStatus& status) {
  for (const auto& [object, outcome] : round.outcomes) {
    if (outcome.settled.write && outcome.dropped == "Unknown") return true;
  }
  return std::any_of(status.holds.begin(), status.holds.end(), [&](const api::HoldStatus& row) {
    const ObjectRef object{row.object.group, row.object.kind, row.object.ns, row.object.name};
    const bool doomed = round.seen.namespace_terminating && object.ns == round.event.ref.ns;
    return row.state == "Restoring" && !doomed && absence(round.seen, object) == "Unknown";
  });
}

/// Is an autoscaler listed that cannot be looked at just now? It may carry a record of this event:
/// one that was restored from a backup does.
bool autoscaler_out_of_sight(const Observation& seen) {
  for (const auto& [workload, fact] : seen.autoscalers) {
    const auto* listed = std::get_if<Autoscalers>(&fact);
    if (listed != nullptr && any_out_of_sight(seen, *listed)) return true;
  }
  return false;
}

/// A write that only waits to be tried again is a write all the same.
bool any_withheld(const Outcomes& outcomes) {
  return std::any_of(
      outcomes.begin(), outcomes.end(), [](const auto& one) { return one.second.withheld; });
}

std::vector<api::HeadroomStatus> headroom_rows(const Round& round) {
  if (round.mode == Mode::Reading || !round.window) return round.event.status.headroom;
  std::vector<api::HeadroomStatus> rows = round.headroom.rows;
  for (api::HeadroomStatus& row : rows) {
    row.message = cut(row.message, kRowMessageBytes);
    if (round.mode != Mode::DryRun || row.asked.value_or(0) == 0) continue;
    row.state = "Planned";
    row.placed.reset();
  }
  return rows;
}

std::vector<api::ImagePrepullStatus> prepull_rows(const Round& round) {
  if (round.mode == Mode::Reading || !round.window) return round.event.status.image_prepull;
  std::vector<api::ImagePrepullStatus> rows = round.prepull.rows;
  for (api::ImagePrepullStatus& row : rows) {
    row.message = cut(row.message, kRowMessageBytes);
    if (round.mode == Mode::DryRun && row.state == "Pulling") row.state = "Planned";
  }
  return rows;
}

/// What checks say goes on being told while the event is suspended: to look changes nothing.
std::vector<api::CheckStatus> rows_of_checks(const Round& round) {
  const bool unsure = round.mode == Mode::Reading || round.mode == Mode::NotAccepted;
  if (unsure || !round.window || round.event.deleting) return round.event.status.checks;
  return check_rows({.event = round.event,
                     .checks = round.spec.checks,
                     .seen = round.seen,
                     .window = *round.window,
                     .measured_from = measured_from(round.spec, *round.window),
                     .new_run = round.new_run,
                     .now = round.now});
}

/// Rows and decisions; what stands of a former rollout is told as long as it does.
void tell_rollouts(const Round& round, api::SaleEventStatus& status) {
  if (round.mode == Mode::Reading && round.rollouts.rows.empty()) return;
  status.rollouts = round.rollouts.rows;
  for (api::RolloutStatus& row : status.rollouts) row.message = cut(row.message, kRolloutMessage);
  for (const api::Decision& one : round.rollouts.decisions) {
    add_decision(status, one);
    status.decisions.back().detail = cut(one.detail, kRolloutMessage);
  }
}

}  // namespace

Report make_status(Round& round, Plan& out) {
  const bool acted = round.mode == Mode::Act || round.mode == Mode::DryRun;
  api::SaleEventStatus& status = out.status;
  status.install = round.setup.install;
  status.run = status.run.value_or(0) + (round.new_run ? 1 : 0);
  const bool past = round.window && round.now >= round.window->restored_by;
  status.holds = hold_rows({.event = round.event,
                            .seen = round.seen,
                            .outcomes = round.outcomes,
                            .moved = round.capacity.memory,
                            .notes = round.hold_wants.notes,
                            .gone = round.rollouts.gone,
                            .new_run = round.new_run,
                            .over = past || round.event.deleting});
  status.headroom = headroom_rows(round);
  status.image_prepull = prepull_rows(round);
  status.freeze = round.freeze.row;
  status.freeze.message = cut(status.freeze.message, kRowMessageBytes);
  status.checks = rows_of_checks(round);
  tell_rollouts(round, status);
  if (acted) {
    status.targets = target_rows(round.capacity.wants.targets);
    keep_autoscalers(round, status.targets);
  } else {
    // What moves by itself is not looked at now.
    for (api::TargetStatus& row : status.targets) {
      row.desired = row.current = row.ready = row.wanted = std::nullopt;
      row.pending.clear();
      if (round.mode == Mode::Reading) continue;
      row.held.reset();
      row.state = round.mode == Mode::Suspended ? "Suspended" : "NotAccepted";
    }
  }
  keep_learned(round, status);
  Report made{.event = round.event,
              .acceptance = round.acceptance,
              .mode = round.mode,
              .window = round.window,
              .deleting = round.event.deleting,
              .warnings = {},
              .notices = {},
              .next_step = round.capacity.next_step,
              .headroom_begins = round.headroom.begins,
              .prepull_begins = round.prepull.begins,
              .now = round.now};
  made.held = still_held(round, status);
  made.writes = !out.writes.empty() || any_withheld(round.outcomes);
  made.completed = is_completed(
      round, made.held, made.writes || !out.children.empty() || round.rollouts.unfinished);
  made.demand_stays = round.capacity.demand_stays;
  made.holds_prepared = round.hold_wants.prepared;
  made.new_run = round.new_run;
  made.called_off = called_off(round.event);
  if (round.feasibility || round.new_run || round.mode == Mode::NotAccepted)
    status.feasibility = round.feasibility;
  made.warnings = round.capacity.wants.warnings;
  made.warnings.insert(made.warnings.end(),
                       round.headroom.wants.warnings.begin(),
                       round.headroom.wants.warnings.end());
  made.warnings.insert(made.warnings.end(),
                       round.prepull.wants.warnings.begin(),
                       round.prepull.wants.warnings.end());
  made.warnings.insert(made.warnings.end(),
                       round.hold_wants.wants.warnings.begin(),
                       round.hold_wants.wants.warnings.end());
  made.warnings.insert(
      made.warnings.end(), round.safeguards.warnings.begin(), round.safeguards.warnings.end());
  const auto& of_rollouts = round.rollouts.wants.warnings;
  made.warnings.insert(made.warnings.end(), of_rollouts.begin(), of_rollouts.end());
  if (round.freeze.warning) made.warnings.push_back(*round.freeze.warning);
  for (const auto& [object, outcome] : round.outcomes) {
    made.notices.insert(
        made.notices.end(), outcome.settled.notices.begin(), outcome.settled.notices.end());
  }
  report(made, round.capacity.wants.targets, status);
  tell_peaks(round, status);
  return made;
}

std::optional<SetFinalizer> finalizer_for(const Round& round,
                                          const Report& made,
                                          const api::SaleEventStatus& made_status) {
  const bool wanted = made.held || round.rollouts.unfinished ||
                      (made.writes && !round.event.deleting) ||
                      trace_out_of_sight(round, made_status);
  if (wanted && !round.event.has_finalizer && !round.event.deleting && round.mode == Mode::Act)
    return SetFinalizer{true};
  // A record on an object that cannot be read just now may name this event; taking the finalizer
  // off can wait, unless somebody waits for the deletion.
  const bool unread =
      std::any_of(round.seen.objects.begin(), round.seen.objects.end(), [](const auto& one) {
        return std::holds_alternative<Unread>(one.second);
      });
  if (!round.event.deleting && unread) return std::nullopt;
  if (autoscaler_out_of_sight(round.seen)) return std::nullopt;
  if (!wanted && !made.writes && round.event.has_finalizer && round.mode != Mode::Reading)
    return SetFinalizer{false};
  return std::nullopt;
}

}  // namespace doorbuster::planner
