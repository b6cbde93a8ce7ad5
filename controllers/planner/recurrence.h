#pragma once

#include "controllers/planner/seen.h"
#include "crds/cron.h"
#include "crds/sale_schedule.h"
#include "operator/base/instant.h"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace doorbuster::planner {

/// What a local time of a zone is, resolved at the edge because time zones are files. RFC 5545
/// 3.3.5 says which instant is meant: in a gap the offset before the gap holds, of two the first.
struct LocalTime {
  enum class Is { Once, Skipped, Twice } is = Is::Once;
  Instant at;
};
/// By local time, as the instant that it would be in UTC. One that cannot be resolved is missing.
using LocalTimes = std::map<Instant, LocalTime>;

/// No zone is further from UTC than this (it is 14 hours; old local mean times are 16).
inline constexpr Duration kZoneReach = std::chrono::hours(26);
/// Starts looked at before now, and after it.
inline constexpr std::size_t kStartsEachWay = 128;
/// How far ahead a start is looked for: `0 0 29 2 *` may be eight years away.
inline constexpr std::chrono::days kFarthestStart{9 * 366};
/// How far back one is.
inline constexpr std::chrono::days kFurthestBack{400};

/// The local times that must be resolved to say what a schedule starts around `now`: the last
/// kStartsEachWay of `schedule` before it, as many after it as lie within `createAhead` (and one
/// more, at most kStartsEachWay), and those of `also`. The spec's `schedule` has been found good.
std::set<Instant> local_starts(const api::SaleScheduleSpec& spec, Instant now);

/// One sale of a schedule.
struct Occurrence {
  std::string name;  ///< of its SaleEvent
  Window window;
};

/// The sales, by start. Of `also`, only what is resolvable; see why_not_resolved.
std::map<Instant, Occurrence> occurrences(const std::string& schedule,
                                          const api::SaleScheduleSpec& spec,
                                          const LocalTimes& times);

/// What is wrong with times of `also` that need the zone: skipped, twice, or not resolvable.
std::vector<FieldCause> why_not_resolved(const api::SaleScheduleSpec& spec,
                                         const LocalTimes& times);

/// `<schedule>-20261127t210000z`: a DNS label. A schedule's name that is too long for that, or has
/// dots, is shortened, with a hash of the whole.
std::string occurrence_name(const std::string& schedule, Instant start);
/// The part before the instant; the value of the label kScheduleLabel, too.
std::string schedule_prefix(const std::string& schedule);

}  // namespace doorbuster::planner
