#include "controllers/reconciler/zones.h"

#include "operator/base/instant.h"

#include <date/tz.h>

#include <fstream>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace doorbuster::reconciler {
namespace {

constexpr const char* kRulesFile = "/usr/share/zoneinfo/tzdata.zi";  // line 1: "# version 2025b"
constexpr int kLastZonedYear = 2037;
constexpr const char* kUtc = "Etc/UTC";

FieldCause cause(const std::string& field, std::string message) {
  return {.field = "spec.window." + field, .message = std::move(message)};
}

/// `+02:00`.
std::string offset_text(std::chrono::seconds offset) {
  const bool west = offset.count() < 0;
  const auto minutes = (west ? -offset.count() : offset.count()) / 60;
  const auto two = [](std::int64_t number) {
    return (number < 10 ? "0" : "") + std::to_string(number);
  };
  return (west ? "-" : "+") + two(minutes / 60) + ":" + two(minutes % 60);
}

/// Null when there is no such zone.
const date::time_zone* zone_named(const std::string& name) {
  try {
    return date::locate_zone(name);
  } catch (const std::runtime_error&) {
    return nullptr;
  }
}

bool has_rules(Instant local) {
  return local < Instant(std::chrono::sys_days(std::chrono::year(kLastZonedYear + 1) / 1 / 1));
}

std::string unknown_zone() {
  return "is no zone that this system's tzdata " + tzdata_version() +
         " knows; write an IANA name such as Europe/Berlin";
}

planner::LocalTime local_time(Instant local, const date::time_zone& zone) {
  using Is = planner::LocalTime::Is;
  const date::local_info info = zone.get_info(date::local_time<Duration>(local.time_since_epoch()));
  const Is is = info.result == date::local_info::nonexistent ? Is::Skipped
                : info.result == date::local_info::ambiguous ? Is::Twice
                                                             : Is::Once;
  return {is, local - info.first.offset};  // of a gap and of an overlap the offset before
}

using Resolved = std::variant<Instant, FieldCause>;

Resolved resolve_local(const std::string& field, Instant local, const date::time_zone& zone) {
  if (!has_rules(local)) {
    return cause(field,
                 "lies after " + std::to_string(kLastZonedYear) +
                     ", where time zone rules end; write an offset, such as 2040-11-27T09:00:00Z");
  }
  try {
    const date::local_info info =
        zone.get_info(date::local_time<Duration>(local.time_since_epoch()));
    if (info.result == date::local_info::nonexistent) {
      return cause(field,
                   "does not exist in " + zone.name() +
                       ": clocks are put forward past it; write a time that exists or an offset");
    }
    if (info.result == date::local_info::ambiguous) {
      return cause(field,
                   "comes twice in " + zone.name() + "; write it with an offset, " +
                       offset_text(info.first.offset) + " for the first or " +
                       offset_text(info.second.offset) + " for the second");
    }
    return local - info.first.offset;
  } catch (const std::runtime_error& broken) {
    return cause("timeZone", std::string("cannot be used: ") + broken.what());
  }
}

Resolved resolve_time(const std::string& field,
                      const std::string& text,
                      const date::time_zone* zone) {
  if (const auto fixed = parse_rfc3339(text)) return *fixed;
  const auto local = parse_local_time(text);
  if (!local) return cause(field, "must be a time such as 2026-11-27T09:00:00");
  if (zone == nullptr) return cause("timeZone", "must be set when a time has no offset");
  return resolve_local(field, *local, *zone);
}

Error invalid(std::vector<FieldCause> causes) {
  std::string message = "times cannot be resolved";
  if (!causes.empty()) message = causes.front().field + " " + causes.front().message;
  return {.kind = ErrorKind::Invalid,
          .message = std::move(message),
          .causes = std::move(causes),
          .retry_after = {}};
}

}  // namespace

Result<planner::Window> resolve_window(const api::WindowSpec& window) {
  const date::time_zone* zone = nullptr;
  if (window.time_zone) {
    zone = zone_named(*window.time_zone);
    if (zone == nullptr) {
      return invalid({cause("timeZone", unknown_zone())});
    }
  }
  const Resolved start = resolve_time("start", window.start, zone);
  const Resolved end = resolve_time("end", window.end, zone);
  std::vector<FieldCause> causes;
  for (const Resolved* one : {&start, &end}) {
    if (const auto* wrong = std::get_if<FieldCause>(one)) causes.push_back(*wrong);
  }
  if (!causes.empty()) return invalid(std::move(causes));
  planner::Window resolved;
  resolved.start = std::get<Instant>(start);
  resolved.end = std::get<Instant>(end);
  if (resolved.end <= resolved.start) return invalid({cause("end", "must be later than `start`")});
  resolved.prepare = resolved.start - window.prepare.value;
  resolved.restored_by = resolved.end + window.cooldown.value;
  resolved.zone = window.time_zone.value_or("");
  if (zone != nullptr) resolved.tzdata = tzdata_version();
  return resolved;
}

Result<planner::LocalTimes> resolve_local_times(const std::string& zone,
                                                const std::set<Instant>& locals) {
  planner::LocalTimes out;
  const date::time_zone* rules = zone == kUtc ? nullptr : zone_named(zone);
  if (rules == nullptr && zone != kUtc) return invalid({{"spec.timeZone", unknown_zone()}});
  try {
    for (const Instant local : locals) {
      if (rules == nullptr) {
        out.emplace(local, planner::LocalTime{planner::LocalTime::Is::Once, local});
      } else if (has_rules(local)) {
        out.emplace(local, local_time(local, *rules));
      }
    }
  } catch (const std::runtime_error& broken) {
    return invalid({{"spec.timeZone", std::string("cannot be used: ") + broken.what()}});
  }
  return out;
}

Duration offset_at(const api::WindowSpec& window, Instant at) {
  constexpr std::size_t kLocalPart = std::string_view("2026-11-27T09:00:00").size();
  const date::time_zone* zone = window.time_zone ? zone_named(*window.time_zone) : nullptr;
  try {
    if (zone != nullptr)
      return zone->get_info(date::sys_time<Duration>(at.time_since_epoch())).offset;
  } catch (const std::runtime_error&) {
    return Duration(0);  // its file is broken
  }
  const auto start = parse_rfc3339(window.start);
  const auto local = parse_local_time(window.start.substr(0, kLocalPart));
  return start && local ? *local - *start : Duration(0);
}

std::string tzdata_version() {
  static const std::string version = [] {
    std::ifstream file(kRulesFile);
    std::string hash, word, text;
    if (file >> hash >> word >> text && hash == "#" && word == "version") return text;
    return std::string("unknown");
  }();
  return version;
}

}  // namespace doorbuster::reconciler
