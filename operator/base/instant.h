#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace doorbuster {

/// A point in time, UTC, to the millisecond.
using Instant = std::chrono::sys_time<std::chrono::milliseconds>;
using Duration = std::chrono::milliseconds;

/// RFC 3339 in UTC: `2026-11-27T08:00:00Z`, with `.123` only when there are milliseconds. Instants
/// outside the years 0 to 9999, which the format cannot write, are shown as its first or last one.
std::string to_rfc3339(Instant at);

/// RFC 3339 with an offset or `Z`; fractions beyond milliseconds are cut off. Nothing when it is
/// not one, names a day that does not exist, or lies outside the years 1970 to 9999. A leap second
/// (`:60`) and lower-case `t` and `z` are not accepted, as Kubernetes does not.
std::optional<Instant> parse_rfc3339(std::string_view text);

/// A local date and time without offset, `2026-11-27T09:00:00`, as the sys_time it would be in UTC.
std::optional<Instant> parse_local_time(std::string_view text);

/// The longest span that parse_duration reads: ten years.
inline constexpr Duration kMaxDuration = std::chrono::hours(87'660);

/// Kubernetes style durations, `90m`, `1h30m`, `250ms`, `1.5h`, `0`; units h, m, s, ms; no sign, no
/// blanks; what is below a millisecond is cut off. Nothing when malformed or beyond kMaxDuration.
std::optional<Duration> parse_duration(std::string_view text);

/// Such a text, without parts that are zero: `1h30m`, `2s500ms`; `0s` for zero, with `-` in front
/// when negative.
std::string to_text(Duration span);

}  // namespace doorbuster
