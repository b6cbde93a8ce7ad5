#pragma once

#include "operator/base/result.h"

#include <chrono>
#include <cstdint>
#include <string_view>

namespace doorbuster::api {

/// A cron schedule: minute, hour, day of month, month, day of week, or a macro (`@weekly`), as
/// robfig/cron v3 reads it, which Kubernetes uses for CronJobs. Bit n stands for the number n;
/// Sunday is 0 and is not 7.
struct Cron {
  std::uint64_t minutes = 0, hours = 0, days = 0, months = 0, weekdays = 0;
  bool every_day = false, every_weekday = false;  ///< written as `*` or `?`
  bool operator==(const Cron&) const = default;
};

/// Invalid with a sentence that begins with "must" and names the field. `@every` is refused: what
/// it counts from would not be in the schedule.
Result<Cron> parse_cron(std::string_view text);

/// Does it start anything on this local day? Where both days are restricted, either is enough
/// (crontab(5)).
bool falls_on(const Cron& cron, std::chrono::year_month_day day);

}  // namespace doorbuster::api
