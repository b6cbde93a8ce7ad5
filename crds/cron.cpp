#include "crds/cron.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

namespace doorbuster::api {
namespace {

/// One of the five fields: what it is called, its numbers, and their names from `names_from` on.
struct FieldKind {
  const char* name;
  unsigned least, most;
  std::array<std::string_view, 12> names{};
  unsigned names_from = 0;
};
constexpr FieldKind kMinute{"the minute", 0, 59};
constexpr FieldKind kHour{"the hour", 0, 23};
constexpr FieldKind kDay{"the day of the month", 1, 31};
constexpr FieldKind kMonth{
    "the month",
    1,
    12,
    {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"},
    1};
constexpr FieldKind kWeekday{
    "the day of the week", 0, 6, {"sun", "mon", "tue", "wed", "thu", "fri", "sat"}, 0};
constexpr std::array<const FieldKind*, 5> kFields{&kMinute, &kHour, &kDay, &kMonth, &kWeekday};

constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kMacros{
    {{"@yearly", "0 0 1 1 *"},
     {"@annually", "0 0 1 1 *"},
     {"@monthly", "0 0 1 * *"},
     {"@weekly", "0 0 * * 0"},
     {"@daily", "0 0 * * *"},
     {"@midnight", "0 0 * * *"},
     {"@hourly", "0 * * * *"}}};

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = std::min(text.find(at), text.size());
    parts.push_back(text.substr(0, end));
    if (end == text.size()) return parts;
    text.remove_prefix(end + 1);
  }
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::optional<unsigned> number(std::string_view text) {
  if (text.empty() || text.size() > 4) return std::nullopt;
  unsigned out = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    out = out * 10 + static_cast<unsigned>(c - '0');
  }
  return out;
}

std::optional<unsigned> number_or_name(std::string_view text, const FieldKind& kind) {
  std::string small(text);
  std::transform(small.begin(), small.end(), small.begin(), lower);
  for (std::size_t i = 0; i < kind.names.size(); ++i) {
    if (!kind.names[i].empty() && kind.names[i] == small)
      return kind.names_from + static_cast<unsigned>(i);
  }
  return number(text);
}

struct Bits {
  std::uint64_t set = 0;
  bool every = false;
};

/// `*`, `5`, `MON-FRI`, `8-18/2`, `*/15`, `30/10` (from 30 on).
std::optional<Bits> entry(std::string_view text, const FieldKind& kind) {
  const auto with_step = split(text, '/');
  const auto ends = split(with_step.front(), '-');
  if (with_step.size() > 2 || ends.size() > 2) return std::nullopt;
  const bool star = with_step.front() == "*" || with_step.front() == "?";
  unsigned from = kind.least, to = kind.most, step = 1;
  if (!star) {
    const auto first = number_or_name(ends.front(), kind);
    const auto last = number_or_name(ends.back(), kind);
    if (!first || !last) return std::nullopt;
    from = *first;
    to = ends.size() == 1 && with_step.size() == 2 ? kind.most : *last;
  }
  if (with_step.size() == 2) {
    const auto given = number(with_step.back());
    if (!given || *given == 0) return std::nullopt;
    step = *given;
  }
  if (from < kind.least || to > kind.most || from > to) return std::nullopt;
  Bits out{.set = 0, .every = star && step == 1};
  for (unsigned one = from; one <= to; one += step) out.set |= std::uint64_t{1} << one;
  return out;
}

Error wrong(std::string message) {
  return {
      .kind = ErrorKind::Invalid, .message = std::move(message), .causes = {}, .retry_after = {}};
}

Result<Bits> field(std::string_view text, const FieldKind& kind) {
  Bits out;
  for (const std::string_view one : split(text, ',')) {
    const auto bits = entry(one, kind);
    if (!bits) {
      return wrong(std::string("must have ") + kind.name + " as numbers from " +
                   std::to_string(kind.least) + " to " + std::to_string(kind.most) +
                   ", names, ranges and steps, not `" + std::string(one.substr(0, 64)) + "`");
    }
    out.set |= bits->set;
    out.every = out.every || bits->every;
  }
  return out;
}

bool has(std::uint64_t set, unsigned bit) { return ((set >> bit) & 1U) != 0; }

}  // namespace

Result<Cron> parse_cron(std::string_view text) {
  for (const auto& [macro, meaning] : kMacros) {
    if (text == macro) text = meaning;
  }
  if (text.substr(0, 1) == "@") return wrong("must be five fields or a macro such as `@weekly`");
  std::vector<std::string_view> parts = split(text, ' ');
  std::erase_if(parts, [](std::string_view part) { return part.empty(); });
  if (parts.size() != kFields.size()) {
    return wrong("must have five fields (minute, hour, day of month, month, day of week), has " +
                 std::to_string(parts.size()));
  }
  std::array<Bits, kFields.size()> bits;
  for (std::size_t i = 0; i < kFields.size(); ++i) {
    const Result<Bits> read = field(parts[i], *kFields[i]);
    if (!read.ok()) return read.error();
    bits[i] = *read;
  }
  return Cron{.minutes = bits[0].set,
              .hours = bits[1].set,
              .days = bits[2].set,
              .months = bits[3].set,
              .weekdays = bits[4].set,
              .every_day = bits[2].every,
              .every_weekday = bits[4].every};
}

bool falls_on(const Cron& cron, std::chrono::year_month_day day) {
  if (!has(cron.months, static_cast<unsigned>(day.month()))) return false;
  const bool by_day = has(cron.days, static_cast<unsigned>(day.day()));
  const bool by_weekday =
      has(cron.weekdays, std::chrono::weekday(std::chrono::sys_days(day)).c_encoding());
  return cron.every_day || cron.every_weekday ? by_day && by_weekday : by_day || by_weekday;
}

}  // namespace doorbuster::api
