#pragma once

#include "controllers/planner/plan.h"
#include "controllers/planner/recurrence.h"
#include "controllers/planner/scheduled_event.h"
#include "crds/sale_schedule.h"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace doorbuster::planner {

/// Events of one schedule that exist at once and are not over; further ones wait.
inline constexpr std::size_t kActiveEvents = 32;
/// Rows of status.occurrences, as the CRD bounds them.
inline constexpr std::size_t kOccurrenceRows = 64;

/// A SaleSchedule as read. `spec` is the reader's verdict; `status` is what we wrote last.
struct Schedule {
  ObjectRef ref;
  std::string uid, version;
  std::int64_t generation = 0;
  bool deleting = false;
  Instant created;
  Result<api::SaleScheduleSpec> spec = Error{};
  api::SaleScheduleStatus status;
};

/// Everything that one look at a schedule knows.
struct ScheduleSeen {
  std::string install;  ///< ours
  /// Or why the zone cannot be used.
  Result<LocalTimes> times = Error{};
  std::string tzdata;
  std::map<std::string, ScheduledEvent> events;  ///< by name
  std::set<std::string> gone;                    ///< names that a consistent read says do not exist
};

struct CreateEvent {
  std::string name;
  Json manifest;
};
/// Only if it is still this one at this version.
struct DeleteEvent {
  std::string name, uid, version;
  Reason reason;
};
/// Takes the schedule's ownerReference off: a JSON patch that tests uid and version.
struct LetGo {
  std::string name;
  Json patch;
};

/// What to do about a schedule now, in this order: create, persist the status, then the rest. So
/// an event that the status calls created has existed, and one that the schedule itself deletes is
/// not taken for one that somebody else deleted.
struct SchedulePlan {
  /// Events that the status remembers and the view lacks: while one is not in `gone`, nothing of
  /// this plan may be carried out.
  std::vector<std::string> doubts;
  std::vector<CreateEvent> creates;
  api::SaleScheduleStatus status;
  std::vector<DeleteEvent> deletes;
  std::vector<LetGo> let_go;
  std::vector<Notice> notices;
  std::optional<Instant> wake;
};

/// The local times whose instants must be known; empty of a schedule that is not acceptable.
std::set<Instant> times_needed(const Schedule&, Instant now);

/// Pure: no clock, no socket, no chance.
SchedulePlan plan_schedule(const Schedule&, const ScheduleSeen&, Instant now);

/// The status where an event could not be created: what was decided before stays, and people are
/// told.
api::SaleScheduleStatus after_failure(const Schedule&,
                                      const std::string& install,
                                      const std::string& event,
                                      const Error& error,
                                      Instant now);

}  // namespace doorbuster::planner
