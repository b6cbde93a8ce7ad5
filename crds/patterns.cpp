#include "crds/patterns.h"

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace doorbuster::api::patterns {
namespace {

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return is_lower(c) || is_upper(c); }
bool in(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }

template <class Predicate>
bool all(std::string_view text, Predicate predicate) {
  for (const char c : text) {
    if (!predicate(c)) return false;
  }
  return true;
}

/// Takes between `least` and `most` digits off the front.
bool take_digits(std::string_view& rest, std::size_t least, std::size_t most) {
  std::size_t count = 0;
  while (count < most && count < rest.size() && is_digit(rest[count])) ++count;
  rest.remove_prefix(count);
  return count >= least;
}

bool take(std::string_view& rest, std::string_view token) {
  if (rest.substr(0, token.size()) != token) return false;
  rest.remove_prefix(token.size());
  return true;
}

/// Exactly `count` digits as a number, or -1.
int take_number(std::string_view& rest, std::size_t count) {
  if (rest.size() < count) return -1;
  int out = 0;
  for (const char c : rest.substr(0, count)) {
    if (!is_digit(c)) return -1;
    out = out * 10 + (c - '0');
  }
  rest.remove_prefix(count);
  return out;
}

/// `[0-9]{1,digits}(\.[0-9]{1,decimals})?`
bool take_decimal(std::string_view& rest, std::size_t digits, std::size_t decimals) {
  if (!take_digits(rest, 1, digits)) return false;
  return !take(rest, ".") || take_digits(rest, 1, decimals);
}

int days_in(int year, int month) {
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  if (month == 2) return leap ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/// `2026-11-27`, a day of the years 2000 to 2999.
bool take_day(std::string_view& rest) {
  const int year = take_number(rest, 4);
  if (year < 2000 || year > 2999 || !take(rest, "-")) return false;
  const int month = take_number(rest, 2);
  if (month < 1 || month > 12 || !take(rest, "-")) return false;
  const int day = take_number(rest, 2);
  return day >= 1 && day <= days_in(year, month);
}

/// `09:30`
bool take_clock(std::string_view& rest) {
  const int hour = take_number(rest, 2);
  if (hour < 0 || hour > 23 || !take(rest, ":")) return false;
  const int minute = take_number(rest, 2);
  return minute >= 0 && minute <= 59;
}

/// Takes characters of a pointer's step, `~0` and `~1` among them, up to the first of `stop`; how
/// many bytes.
std::size_t take_step(std::string_view& rest, std::string_view stop) {
  const std::size_t before = rest.size();
  while (!rest.empty() && !in(rest.front(), stop)) {
    if (rest.front() == '~') {
      if (rest.size() < 2 || (rest[1] != '0' && rest[1] != '1')) break;
      rest.remove_prefix(1);
    }
    rest.remove_prefix(1);
  }
  return before - rest.size();
}

/// `name=default,port=80]`, after the bracket.
bool take_keys(std::string_view& rest) {
  constexpr std::string_view kStop = "]/=,";
  do {
    if (take_step(rest, kStop) == 0 || !take(rest, "=")) return false;
    take_step(rest, kStop);
  } while (take(rest, ","));
  return take(rest, "]");
}

bool take_quantity(std::string_view rest) {
  if (!take_decimal(rest, 9, 9)) return false;
  if (rest.empty()) return true;
  if (rest.size() == 1) return in(rest.front(), "numkMGTPE");
  return rest.size() == 2 && in(rest.front(), "KMGTPE") && rest.back() == 'i';
}

/// `https://status.example:8443`: scheme, host and port.
bool take_server(std::string_view& rest) {
  if (!take(rest, "https://") && !take(rest, "http://")) return false;
  if (take(rest, "[")) {
    const std::size_t end = rest.find(']');
    if (end == std::string_view::npos || end < 2 || end > 45) return false;
    const auto inner = [](char c) { return in(c, "0123456789abcdef:."); };
    if (!all(rest.substr(0, end), inner)) return false;
    rest.remove_prefix(end + 1);
  } else {
    const std::string_view host = rest.substr(0, std::min(rest.find_first_of(":/"), rest.size()));
    const auto end = [](char c) { return is_lower(c) || is_digit(c); };
    const auto inner = [&end](char c) { return end(c) || in(c, "-."); };
    if (host.empty() || !all(host, inner) || !end(host.front()) || !end(host.back())) return false;
    rest.remove_prefix(host.size());
  }
  return !take(rest, ":") || (rest.substr(0, 1) != "0" && take_digits(rest, 1, 5));
}

}  // namespace

bool dns_label(std::string_view text) {
  const auto inner = [](char c) { return is_lower(c) || is_digit(c) || c == '-'; };
  return !text.empty() && all(text, inner) && text.front() != '-' && text.back() != '-';
}

bool dns_subdomain(std::string_view text) {
  while (true) {
    const std::size_t dot = text.find('.');
    if (!dns_label(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool kind_name(std::string_view text) {
  return !text.empty() && is_upper(text.front()) &&
         all(text, [](char c) { return is_letter(c) || is_digit(c); });
}

bool api_version(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash != std::string_view::npos) {
    if (!dns_subdomain(text.substr(0, slash))) return false;
    text.remove_prefix(slash + 1);
  }
  return dns_label(text) && is_lower(text.front());
}

bool label_value(std::string_view text) {
  const auto end = [](char c) { return is_letter(c) || is_digit(c); };
  const auto inner = [&end](char c) { return end(c) || in(c, "-_."); };
  return text.empty() || (all(text, inner) && end(text.front()) && end(text.back()));
}

bool label_key(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash != std::string_view::npos) {
    if (!dns_subdomain(text.substr(0, slash))) return false;
    text.remove_prefix(slash + 1);
  }
  return !text.empty() && label_value(text);
}

bool duration_text(std::string_view text) {
  if (text.empty()) return false;
  while (!text.empty()) {
    if (!take_decimal(text, 5, 3)) return false;
    if (!take(text, "ms") && !take(text, "s") && !take(text, "m") && !take(text, "h")) return false;
  }
  return true;
}

bool window_instant(std::string_view text) {
  if (text == "start" || text == "end") return true;
  if (!take(text, "-")) take(text, "+");
  return duration_text(text);
}

bool rollout_start(std::string_view text) { return text == "manual" || window_instant(text); }

bool offset_text(std::string_view text) {
  take(text, "+");
  return duration_text(text);
}

bool zone_name(std::string_view text) {
  const auto inner = [](char c) { return is_letter(c) || is_digit(c) || in(c, "_+-/"); };
  return !text.empty() && is_letter(text.front()) && all(text, inner) && text.back() != '/' &&
         text.find("//") == std::string_view::npos;
}

bool field_pointer(std::string_view text) {
  if (text.empty()) return false;
  while (!text.empty()) {
    if (!take(text, "/")) return false;
    if (take(text, "[")) {
      if (!take_keys(text)) return false;
    } else if (take_step(text, "][/") == 0) {
      return false;
    }
  }
  return true;
}

bool quantity_text(std::string_view text) { return take_quantity(text); }

bool signed_quantity_text(std::string_view text) {
  take(text, "-");
  return take_quantity(text);
}

bool server_address(std::string_view text) {
  const auto inner = [](char c) { return is_letter(c) || is_digit(c) || in(c, "._~/-"); };
  return take_server(text) && (text.empty() || (take(text, "/") && all(text, inner)));
}

bool web_url(std::string_view text) {
  const auto inner = [](char c) { return c >= '!' && c <= '~' && !in(c, "\"#"); };
  return take_server(text) && (text.empty() || (take(text, "/") && all(text, inner)));
}

bool metric_name(std::string_view text) {
  const auto may_stand = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == ':';
  };
  return !text.empty() && (text.front() < '0' || text.front() > '9') &&
         std::all_of(text.begin(), text.end(), may_stand);
}

bool secret_key(std::string_view text) {
  return !text.empty() &&
         all(text, [](char c) { return is_letter(c) || is_digit(c) || in(c, "-._"); });
}

bool has_offset(std::string_view text) {
  if (!text.empty() && text.back() == 'Z') return true;
  if (text.size() < 6) return false;
  std::string_view rest = text.substr(text.size() - 6);
  return (take(rest, "+") || take(rest, "-")) && take_number(rest, 2) >= 0 && take(rest, ":") &&
         take_number(rest, 2) >= 0;
}

bool window_time(std::string_view text) {
  if (!take_day(text) || !take(text, "T") || !take_clock(text) || !take(text, ":")) return false;
  const int second = take_number(text, 2);
  if (second < 0 || second > 59) return false;
  if (text.empty() || text == "Z") return true;
  return (take(text, "+") || take(text, "-")) && take_clock(text) && text.empty();
}

bool calendar_day(std::string_view text) { return take_day(text) && text.empty(); }

bool cron_text(std::string_view text) {
  if (take(text, "@")) {
    constexpr std::string_view kMacros[] = {
        "yearly", "annually", "monthly", "weekly", "daily", "midnight", "hourly"};
    return std::find(std::begin(kMacros), std::end(kMacros), text) != std::end(kMacros);
  }
  const auto inner = [](char c) { return is_letter(c) || is_digit(c) || in(c, "*?/,-"); };
  for (int field = 0; field < 5; ++field) {
    if (field > 0 && !take(text, " ")) return false;
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end == 0 || !all(text.substr(0, end), inner)) return false;
    text.remove_prefix(end);
  }
  return text.empty();
}

}  // namespace doorbuster::api::patterns
