#pragma once

#include "controllers/planner/acceptance.h"
#include "controllers/planner/schedule.h"
#include "controllers/planner/status_rows.h"

#include <string>
#include <vector>

namespace doorbuster::planner {

/// What this round does about the event at all.
enum class Mode {
  Act,
  DryRun,       ///< everything is computed, nothing but status is written
  Suspended,    ///< the user's switch, or DryRun while something is held: what is held stays
  NotAccepted,  ///< the spec cannot be carried out: what is held stays
  Reading,      ///< not enough is known yet: what is held stays
};

/// Everything that conditions, phase and columns are made from.
struct Report {
  const Event& event;
  const Acceptance& acceptance;
  Mode mode = Mode::Act;
  std::optional<Window> window;
  bool deleting = false;
  bool held = false;       ///< something is held for this event, or about to be
  bool writes = false;     ///< this round writes
  bool completed = false;  ///< the sale is over and nothing is left to be put back
  bool demand_stays = false;
  bool holds_prepared = true;
  bool new_run = false;
  std::string called_off = {};  ///< since when and by whom (action.h); empty: it is not
  std::vector<Reason> warnings;
  std::vector<Reason> notices;  ///< of settling
  std::optional<Instant> next_step, headroom_begins, prepull_begins;
  Instant now;
};

/// So long after its time the beginning of preparation is told to be late.
inline constexpr Duration kLate = std::chrono::minutes(1);
/// What is told of an event that came, or was taken up, after its preparation should have begun;
/// empty when it was not late.
std::string lateness(const api::SaleEventStatus&);

/// Conditions, phase, columns, decisions; targets and holds are filled in before, for they are what
/// it reads.
void report(const Report&, const std::vector<TargetReport>& targets, api::SaleEventStatus& status);

/// What has changed between two statuses and is worth an Event; empty when nothing has.
std::vector<Notice> notices_between(const api::SaleEventStatus& before,
                                    const api::SaleEventStatus& after,
                                    const Report&);

}  // namespace doorbuster::planner
