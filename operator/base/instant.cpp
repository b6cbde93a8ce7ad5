#include "operator/base/instant.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace doorbuster {

namespace {

using std::chrono::milliseconds;

constexpr Instant kYear0 = std::chrono::sys_days(std::chrono::year(0) / 1 / 1);
constexpr Instant kYear1970 = std::chrono::sys_days(std::chrono::year(1970) / 1 / 1);
constexpr Instant kYear10000 = std::chrono::sys_days(std::chrono::year(10000) / 1 / 1);

/// Reads a text from its front; each call says whether what it wanted was there.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }

  bool literal(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  /// Exactly so many digits.
  std::optional<int> number(std::size_t digits) {
    const std::string_view found = run_of_digits();
    if (found.size() < digits) return std::nullopt;
    int value = 0;
    std::from_chars(found.data(), found.data() + digits, value);
    rest_.remove_prefix(digits);
    return value;
  }

  /// All digits that follow, perhaps none.
  std::string_view digits() {
    const std::string_view found = run_of_digits();
    rest_.remove_prefix(found.size());
    return found;
  }

  bool word(std::string_view wanted) {
    if (!rest_.starts_with(wanted)) return false;
    rest_.remove_prefix(wanted.size());
    return true;
  }

 private:
  std::string_view run_of_digits() const {
    return rest_.substr(0, std::min(rest_.find_first_not_of("0123456789"), rest_.size()));
  }

  std::string_view rest_;
};

/// `.123456` as whole milliseconds, 0 when there is none; nothing when the point has no digits.
std::optional<milliseconds> fraction(Reader& reader) {
  if (!reader.literal('.')) return milliseconds(0);
  const std::string_view digits = reader.digits();
  if (digits.empty()) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < 3; ++i)
    value = value * 10 + (i < digits.size() ? digits[i] - '0' : 0);
  return milliseconds(value);
}

/// `2026-11-27T09:00:00.5`, read as if it were UTC.
std::optional<Instant> date_and_time(Reader& reader) {
  const auto year = reader.number(4);
  if (!year || !reader.literal('-')) return std::nullopt;
  const auto month = reader.number(2);
  if (!month || !reader.literal('-')) return std::nullopt;
  const auto day = reader.number(2);
  if (!day || !reader.literal('T')) return std::nullopt;
  const auto hour = reader.number(2);
  if (!hour || *hour > 23 || !reader.literal(':')) return std::nullopt;
  const auto minute = reader.number(2);
  if (!minute || *minute > 59 || !reader.literal(':')) return std::nullopt;
  const auto second = reader.number(2);
  if (!second || *second > 59) return std::nullopt;
  const auto part = fraction(reader);
  const std::chrono::year_month_day date(std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!part || !date.ok()) return std::nullopt;
  return Instant(std::chrono::sys_days(date)) + std::chrono::hours(*hour) +
         std::chrono::minutes(*minute) + std::chrono::seconds(*second) + *part;
}

/// `Z`, `+01:00`, `-05:30`: how far local time is ahead of UTC.
std::optional<std::chrono::minutes> offset(Reader& reader) {
  if (reader.literal('Z')) return std::chrono::minutes(0);
  const bool ahead = reader.literal('+');
  if (!ahead && !reader.literal('-')) return std::nullopt;
  const auto hours = reader.number(2);
  if (!hours || *hours > 23 || !reader.literal(':')) return std::nullopt;
  const auto minutes = reader.number(2);
  if (!minutes || *minutes > 59) return std::nullopt;
  const std::chrono::minutes size(*hours * 60 + *minutes);
  return ahead ? size : -size;
}

std::optional<Instant> within_years(Instant at) {
  if (at < kYear1970 || at >= kYear10000) return std::nullopt;
  return at;
}

void append_number(std::string& out, std::uint64_t number, std::size_t width = 1) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  const auto length = static_cast<std::size_t>(end - digits);
  if (length < width) out.append(width - length, '0');
  out.append(digits, length);
}

struct Unit {
  std::string_view name;
  std::int64_t milliseconds;
};
/// Longest names first where one begins like another.
constexpr Unit kUnits[] = {{"ms", 1}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}};

/// `1.5h`; nothing when malformed or too long.
std::optional<Duration> duration_part(Reader& reader) {
  const std::string_view whole = reader.digits();
  if (whole.empty()) return std::nullopt;
  std::string_view decimals;
  if (reader.literal('.')) {
    decimals = reader.digits();
    if (decimals.empty()) return std::nullopt;
  }
  const auto unit = std::find_if(
      std::begin(kUnits), std::end(kUnits), [&](const Unit& one) { return reader.word(one.name); });
  if (unit == std::end(kUnits)) return std::nullopt;
  std::int64_t count = 0;
  if (std::from_chars(whole.data(), whole.data() + whole.size(), count).ec != std::errc())
    return std::nullopt;
  if (count > kMaxDuration.count() / unit->milliseconds) return std::nullopt;
  // As many as an hour's product can hold in 64 bits; those beyond are cut off.
  std::int64_t numerator = 0, denominator = 1;
  for (const char digit : decimals.substr(0, 12)) {
    numerator = numerator * 10 + (digit - '0');
    denominator *= 10;
  }
  return Duration(count * unit->milliseconds + numerator * unit->milliseconds / denominator);
}

}  // namespace

std::string to_rfc3339(Instant at) {
  at = std::clamp(at, kYear0, kYear10000 - milliseconds(1));
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss<milliseconds> time(at - day);
  const auto number = [](auto value) { return static_cast<std::uint64_t>(value); };
  std::string out;
  append_number(out, number(static_cast<int>(date.year())), 4);
  out.push_back('-');
  append_number(out, static_cast<unsigned>(date.month()), 2);
  out.push_back('-');
  append_number(out, static_cast<unsigned>(date.day()), 2);
  out.push_back('T');
  append_number(out, number(time.hours().count()), 2);
  out.push_back(':');
  append_number(out, number(time.minutes().count()), 2);
  out.push_back(':');
  append_number(out, number(time.seconds().count()), 2);
  if (time.subseconds().count() != 0) {
    out.push_back('.');
    append_number(out, number(time.subseconds().count()), 3);
  }
  out.push_back('Z');
  return out;
}

std::optional<Instant> parse_rfc3339(std::string_view text) {
  Reader reader(text);
  const auto local = date_and_time(reader);
  if (!local) return std::nullopt;
  const auto ahead = offset(reader);
  if (!ahead || !reader.done()) return std::nullopt;
  return within_years(*local - *ahead);
}

std::optional<Instant> parse_local_time(std::string_view text) {
  Reader reader(text);
  const auto local = date_and_time(reader);
  if (!local || !reader.done()) return std::nullopt;
  return within_years(*local);
}

std::optional<Duration> parse_duration(std::string_view text) {
  if (text == "0") return Duration(0);
  Reader reader(text);
  if (reader.done()) return std::nullopt;
  Duration sum(0);
  while (!reader.done()) {
    const auto part = duration_part(reader);
    if (!part) return std::nullopt;
    sum += *part;
    if (sum > kMaxDuration) return std::nullopt;
  }
  return sum;
}

std::string to_text(Duration span) {
  if (span == Duration(0)) return "0s";
  std::string out;
  const auto count = static_cast<std::uint64_t>(span.count());
  std::uint64_t rest = span < Duration(0) ? 0 - count : count;
  if (span < Duration(0)) out.push_back('-');
  const auto part = [&](std::uint64_t size, std::string_view unit) {
    if (rest >= size) {
      append_number(out, rest / size);
      out += unit;
    }
    rest %= size;
  };
  part(3'600'000, "h");
  part(60'000, "m");
  part(1'000, "s");
  part(1, "ms");
  return out;
}

}  // namespace doorbuster
