#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace doorbuster {

/// A point in time, UTC, to the millisecond.
using Instant = std::chrono::sys_time<std::chrono::milliseconds>;
using Duration = std::chrono::milliseconds;

/// RFC 3339 in UTC: `2026-11-27T08:00:00Z`, with `.123` only when there are milliseconds.
std::string to_rfc3339(Instant at);

/// RFC 3339 with an offset or `Z`; fractions beyond milliseconds are cut off. Nothing when it is not one, names a day
/// that does not exist, or lies outside the years 1970 to 9999. A leap second (`:60`) is not accepted.
std::optional<Instant> parse_rfc3339(std::string_view text);

/// A local date and time without offset, `2026-11-27T09:00:00`, as the sys_time it would be in UTC.
std::optional<Instant> parse_local_time(std::string_view text);

/// Kubernetes style durations, `90m`, `1h30m`, `250ms`, `1.5h`; no sign, no blanks. Nothing when malformed or beyond 10 years.
std::optional<Duration> parse_duration(std::string_view text);

/// The shortest such text, `1h30m`; `0s` for zero.
std::string to_text(Duration span);

}  // namespace doorbuster
