#include "controllers/planner/recurrence.h"

#include "operator/base/content_hash.h"

#include <algorithm>
#include <utility>

namespace doorbuster::planner {
namespace {

using std::chrono::days;
using std::chrono::sys_days;

constexpr std::size_t kStampLength = 16;  // 20261127t210000z
constexpr std::size_t kLabelLength = 63;  // RFC 1123
constexpr std::size_t kPrefixLength = kLabelLength - kStampLength - 1;
constexpr std::size_t kHashLength = 8;

bool has(std::uint64_t set, unsigned bit) { return ((set >> bit) & 1U) != 0; }

/// `2026-12-25` of a local time.
std::string day_text(Instant local) { return to_rfc3339(local).substr(0, 10); }

/// What `schedule` starts on one local day, in order.
std::vector<Instant> starts_of(const api::Cron& cron, sys_days day) {
  std::vector<Instant> out;
  if (!api::falls_on(cron, std::chrono::year_month_day(day))) return out;
  for (unsigned hour = 0; hour < 24; ++hour) {
    if (!has(cron.hours, hour)) continue;
    for (unsigned minute = 0; minute < 60; ++minute) {
      if (has(cron.minutes, minute))
        out.push_back(Instant(day) + std::chrono::hours(hour) + std::chrono::minutes(minute));
    }
  }
  return out;
}

class Search {
 public:
  explicit Search(const api::SaleScheduleSpec& spec)
      : cron_(api::parse_cron(spec.schedule).value()),
        except_(spec.except.begin(), spec.except.end()) {}

  std::vector<Instant> on(sys_days day) const {
    if (except_.contains(day_text(Instant(day)))) return {};
    return starts_of(cron_, day);
  }

 private:
  api::Cron cron_;
  std::set<std::string> except_;
};

std::optional<Instant> instant_of(const std::string& text, const LocalTimes& times) {
  if (const auto fixed = parse_rfc3339(text)) return fixed;
  const auto local = parse_local_time(text);
  const auto found = local ? times.find(*local) : times.end();
  if (found == times.end() || found->second.is != LocalTime::Is::Once) return std::nullopt;
  return found->second.at;
}

Occurrence occurrence(const std::string& schedule,
                      const api::SaleScheduleSpec& spec,
                      Instant start) {
  const api::SaleTemplateWindow& around = spec.template_.spec.window;
  Window window;
  window.start = start;
  window.end = start + spec.duration.value;
  window.prepare = start - around.prepare.value;
  window.restored_by = window.end + around.cooldown.value;
  return {occurrence_name(schedule, start), std::move(window)};
}

}  // namespace

std::set<Instant> local_starts(const api::SaleScheduleSpec& spec, Instant now) {
  const Search search(spec);
  const auto today = std::chrono::floor<days>(now);
  std::set<Instant> out;
  // Local times lie up to kZoneReach before or after what they would be in UTC.
  const Instant past = now + kZoneReach;
  for (auto day = std::chrono::floor<days>(past);
       out.size() < kStartsEachWay && today - day < kFurthestBack;
       day -= days(1)) {
    for (const Instant one : search.on(day)) {
      if (one <= past) out.insert(one);
    }
  }
  const Instant horizon = now + spec.create_ahead.value + kZoneReach;
  std::size_t ahead = 0;
  for (auto day = std::chrono::floor<days>(past); day - today < kFarthestStart; day += days(1)) {
    for (const Instant one : search.on(day)) {
      if (one <= past) continue;
      out.insert(one);
      if (++ahead >= kStartsEachWay || one > horizon) {
        day += kFarthestStart;
        break;
      }
    }
  }
  for (const std::string& one : spec.also) {
    if (parse_rfc3339(one)) continue;
    if (const auto local = parse_local_time(one)) out.insert(*local);
  }
  return out;
}

std::map<Instant, Occurrence> occurrences(const std::string& schedule,
                                          const api::SaleScheduleSpec& spec,
                                          const LocalTimes& times) {
  const Search search(spec);
  std::map<Instant, Occurrence> out;
  const auto add = [&](Instant start) { out.emplace(start, occurrence(schedule, spec, start)); };
  for (const auto& [local, resolved] : times) {
    const std::vector<Instant> due = search.on(std::chrono::floor<days>(local));
    if (std::binary_search(due.begin(), due.end(), local)) add(resolved.at);
  }
  for (const std::string& one : spec.also) {
    if (const auto start = instant_of(one, times)) add(*start);
  }
  return out;
}

std::vector<FieldCause> why_not_resolved(const api::SaleScheduleSpec& spec,
                                         const LocalTimes& times) {
  std::vector<FieldCause> causes;
  for (std::size_t i = 0; i < spec.also.size(); ++i) {
    if (instant_of(spec.also[i], times)) continue;
    const auto local = parse_local_time(spec.also[i]);
    const auto found = local ? times.find(*local) : times.end();
    std::string why = "lies where the rules of " + spec.time_zone +
                      " end; write an offset, such as 2040-11-27T09:00:00Z";
    if (found != times.end()) {
      why = found->second.is == LocalTime::Is::Skipped
                ? "does not exist in " + spec.time_zone +
                      ": clocks are put forward past it; write a time that exists or an offset"
                : "comes twice in " + spec.time_zone + "; write it with an offset";
    }
    causes.push_back({"spec.also[" + std::to_string(i) + "]", std::move(why)});
  }
  return causes;
}

std::string schedule_prefix(const std::string& schedule) {
  const bool dots = schedule.find('.') != std::string::npos;
  if (!dots && schedule.size() <= kPrefixLength) return schedule;
  std::string short_name = schedule.substr(0, kPrefixLength - kHashLength - 1);
  std::replace(short_name.begin(), short_name.end(), '.', '-');
  return short_name + "-" + content_hash(schedule).substr(0, kHashLength);
}

std::string occurrence_name(const std::string& schedule, Instant start) {
  std::string stamp;
  for (const char c : to_rfc3339(std::chrono::floor<std::chrono::seconds>(start))) {
    if (c == 'T' || c == 'Z') stamp += c == 'T' ? 't' : 'z';
    if (c >= '0' && c <= '9') stamp += c;
  }
  return schedule_prefix(schedule) + "-" + stamp;
}

}  // namespace doorbuster::planner
