#include "crds/fields.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace doorbuster::api {
namespace {

/// What a suffix multiplies by: 10^ten or 2^two.
struct Suffix {
  std::string_view text;
  int ten = 0, two = 0;
};

constexpr std::array<Suffix, 16> kSuffixes{{
    {"", 0, 0},
    {"n", -9, 0},
    {"u", -6, 0},
    {"m", -3, 0},
    {"k", 3, 0},
    {"M", 6, 0},
    {"G", 9, 0},
    {"T", 12, 0},
    {"P", 15, 0},
    {"E", 18, 0},
    {"Ki", 0, 10},
    {"Mi", 0, 20},
    {"Gi", 0, 30},
    {"Ti", 0, 40},
    {"Pi", 0, 50},
    {"Ei", 0, 60},
}};

constexpr std::size_t kMaxQuantityText = 64;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The digits of a number without its point, and how many of them stood behind it.
struct Digits {
  Int128 value = 0;
  int behind_point = 0;
};

/// Takes `[+-]digits[.digits]` off the front; at least one digit. Nothing when there is none or too
/// many.
std::optional<Digits> take_digits(std::string_view& rest) {
  Digits out;
  bool negative = false, any = false, behind = false;
  if (!rest.empty() && (rest.front() == '+' || rest.front() == '-')) {
    negative = rest.front() == '-';
    rest.remove_prefix(1);
  }
  while (!rest.empty() && (is_digit(rest.front()) || (rest.front() == '.' && !behind))) {
    const char c = rest.front();
    rest.remove_prefix(1);
    if (c == '.') {
      behind = true;
      continue;
    }
    any = true;
    if (__builtin_mul_overflow(out.value, static_cast<Int128>(10), &out.value) ||
        __builtin_add_overflow(out.value, static_cast<Int128>(c - '0'), &out.value)) {
      return std::nullopt;
    }
    out.behind_point += behind ? 1 : 0;
  }
  if (!any) return std::nullopt;
  out.value = negative ? -out.value : out.value;
  return out;
}

/// `e3`, `E-2`, `Gi`, or nothing at all.
std::optional<Suffix> suffix_of(std::string_view text) {
  for (const Suffix& suffix : kSuffixes) {
    if (suffix.text == text) return suffix;
  }
  if (text.size() < 2 || (text.front() != 'e' && text.front() != 'E')) return std::nullopt;
  text.remove_prefix(text[1] == '+' ? 2 : 1);
  int exponent = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), exponent);
  const bool all = error == std::errc() && end == text.data() + text.size();
  if (!all || exponent > 40 || exponent < -40) return std::nullopt;
  return Suffix{.text = "", .ten = exponent, .two = 0};
}

/// value x 10^ten x 2^two, rounded away from zero; nothing beyond 128 bits.
std::optional<Int128> scaled(Int128 value, int ten, int two) {
  const bool negative = value < 0;
  Int128 size = negative ? -value : value;
  for (; two > 0 && size != 0; --two) {
    if (__builtin_mul_overflow(size, static_cast<Int128>(2), &size)) return std::nullopt;
  }
  for (; ten > 0 && size != 0; --ten) {
    if (__builtin_mul_overflow(size, static_cast<Int128>(10), &size)) return std::nullopt;
  }
  bool lost = false;
  for (; ten < 0 && size != 0; ++ten) {
    lost = lost || size % 10 != 0;
    size /= 10;
  }
  size += lost ? 1 : 0;
  return negative ? -size : size;
}

bool in_range(Int128 nanos) { return nanos <= kMaxNanos && nanos >= -kMaxNanos; }

/// a x b in nanos, rounded away from zero.
std::optional<Int128> product(Int128 a, Int128 b) {
  const bool negative = (a < 0) != (b < 0);
  a = a < 0 ? -a : a;
  b = b < 0 ? -b : b;
  // ra x b stays below 10^9 x 2^63 x 10^9, which 128 bits hold.
  Int128 whole = 0, out = 0;
  if (__builtin_mul_overflow(a / kNanosPerUnit, b, &whole)) return std::nullopt;
  const Int128 part = (a % kNanosPerUnit) * b;
  const Int128 rounded = part / kNanosPerUnit + (part % kNanosPerUnit != 0 ? 1 : 0);
  if (__builtin_add_overflow(whole, rounded, &out) || !in_range(out)) return std::nullopt;
  return negative ? -out : out;
}

/// The least integer that is not less.
std::optional<std::int64_t> ceiling_of(Int128 nanos) {
  Int128 whole = nanos / kNanosPerUnit;
  if (nanos > 0 && nanos % kNanosPerUnit != 0) ++whole;
  if (whole > INT64_MAX || whole < INT64_MIN) return std::nullopt;
  return static_cast<std::int64_t>(whole);
}

std::string digits_of(Int128 value) {
  const bool negative = value < 0;
  std::string out;
  do {
    const int digit = static_cast<int>(value % 10);
    out.push_back(static_cast<char>('0' + (digit < 0 ? -digit : digit)));
    value /= 10;
  } while (value != 0);
  if (negative) out.push_back('-');
  std::reverse(out.begin(), out.end());
  return out;
}

/// The suffix at the end of a quantity that has been parsed; an exponent counts as none.
Suffix suffix_at_end(std::string_view text) {
  const std::size_t at = text.find_last_of("0123456789.");
  for (const Suffix& suffix : kSuffixes) {
    if (suffix.text == text.substr(at + 1)) return suffix;
  }
  return kSuffixes.front();
}

/// A JSON number with as many decimals as it needs.
std::string decimal_text(Int128 nanos) {
  const Int128 size = nanos < 0 ? -nanos : nanos;
  std::string out = (nanos < 0 ? "-" : "") + digits_of(size / kNanosPerUnit);
  std::string part = digits_of(size % kNanosPerUnit + kNanosPerUnit).substr(1);
  while (!part.empty() && part.back() == '0') part.pop_back();
  return part.empty() ? out : out + "." + part;
}

/// A number read from a live field: also one with decimals.
std::optional<Quantity> number_of(const Json& value) {
  if (value.text.empty()) return std::nullopt;
  if (type_of(value) == JsonType::Number) {
    auto out = parse_quantity(value.text);
    if (out) out->source = value;
    return out;
  }
  return quantity_of(value);
}

std::string_view without_quotes(const Json& text) {
  return std::string_view(text.text).substr(1, text.text.size() - 2);
}

/// A whole number of that unit, when it is one.
std::optional<std::string> in_unit(Int128 nanos, const Suffix& unit) {
  const auto per_unit = scaled(1, unit.ten + 9, unit.two);
  if (!per_unit || nanos % *per_unit != 0) return std::nullopt;
  return digits_of(nanos / *per_unit).append(unit.text);
}

/// A number without a unit, rounded up where it must be whole.
std::optional<std::string> plain_text(bool whole, Int128 nanos) {
  if (!whole) return decimal_text(nanos);
  const auto rounded = ceiling_of(nanos);
  return rounded ? std::optional<std::string>(digits_of(*rounded)) : std::nullopt;
}

/// A quantity as `base` is one: in its unit, in that of `other`, or in one in which it is exact.
std::optional<std::string> quantity_text(const Quantity& base, Int128 nanos, const Suffix& other) {
  const std::string_view text = without_quotes(base.source);
  const Suffix unit = suffix_at_end(text);
  if (unit.text.empty()) {
    return plain_text(text.find_first_of(".eE") == std::string_view::npos, nanos);
  }
  for (const Suffix& suffix : {unit, other, kSuffixes[3], kSuffixes[2], kSuffixes[1]}) {
    // What is counted in thousands has no thousandths.
    if (suffix.ten < 0 && unit.ten >= 0) break;
    if (auto out = in_unit(nanos, suffix)) return out;
  }
  return plain_text(base.nanos % kNanosPerUnit == 0, nanos);
}

Error invalid(std::string message) {
  return {
      .kind = ErrorKind::Invalid, .message = std::move(message), .causes = {}, .retry_after = {}};
}

Result<Quantity> operand(const Json& value) {
  auto out = number_of(value);
  if (out) return *std::move(out);
  return invalid("must be a number or a quantity, not " + value.text.substr(0, kMaxQuantityText));
}

/// `nanos` in the JSON type of `base`; `other` is what else went into it.
Result<Json> like(const Quantity& base, std::optional<Int128> nanos, const Json& other) {
  if (nanos && in_range(*nanos)) {
    if (type_of(base.source) == JsonType::String) {
      const bool text = type_of(other) == JsonType::String;
      const Suffix unit = text ? suffix_at_end(without_quotes(other)) : kSuffixes[0];
      if (const auto out = quantity_text(base, *nanos, unit)) return json_of_string(*out);
    } else if (const auto out = plain_text(integer_of(base.source).has_value(), *nanos)) {
      return Json{*out};
    }
  }
  return invalid("the result is beyond 64 bits");
}

/// `base`, or `bound` where that lies on the wanted side of it.
Result<Json> chosen(const Json& base, const Json& bound, bool wants_larger) {
  const auto was = operand(base);
  if (!was) return was.error();
  const auto limit = operand(bound);
  if (!limit) return limit.error();
  const bool stays = wants_larger ? was->nanos >= limit->nanos : was->nanos <= limit->nanos;
  return stays ? base : like(*was, limit->nanos, bound);
}

}  // namespace

std::optional<Quantity> parse_quantity(std::string_view text) {
  if (text.empty() || text.size() > kMaxQuantityText) return std::nullopt;
  std::string_view rest = text;
  const auto digits = take_digits(rest);
  if (!digits) return std::nullopt;
  const auto suffix = suffix_of(rest);
  if (!suffix) return std::nullopt;
  const auto nanos = scaled(digits->value, suffix->ten - digits->behind_point + 9, suffix->two);
  if (!nanos || !in_range(*nanos)) return std::nullopt;
  return Quantity{.source = json_of_string(text), .nanos = *nanos};
}

std::optional<Quantity> quantity_of(const Json& value) {
  if (value.text.empty()) return std::nullopt;
  if (const auto whole = integer_of(value)) {
    return Quantity{.source = value, .nanos = static_cast<Int128>(*whole) * kNanosPerUnit};
  }
  if (type_of(value) != JsonType::String || value.text.find('\\') != std::string::npos) {
    return std::nullopt;
  }
  return parse_quantity(without_quotes(value));
}

std::optional<std::int64_t> times_rounded_up(std::int64_t count, const Quantity& factor) {
  if (count < 0 || factor.nanos < 0) return std::nullopt;
  const auto out = product(static_cast<Int128>(count) * kNanosPerUnit, factor.nanos);
  return out ? ceiling_of(*out) : std::nullopt;
}

Result<Json> multiplied(const Json& base, const Json& factor) {
  const auto was = operand(base);
  if (!was) return was.error();
  const auto by = operand(factor);
  if (!by) return by.error();
  return like(*was, product(was->nanos, by->nanos), base);
}

Result<Json> added(const Json& base, const Json& amount) {
  const auto was = operand(base);
  if (!was) return was.error();
  const auto more = operand(amount);
  if (!more) return more.error();
  return like(*was, was->nanos + more->nanos, base);
}

Result<Json> smaller(const Json& base, const Json& bound) { return chosen(base, bound, false); }
Result<Json> larger(const Json& base, const Json& bound) { return chosen(base, bound, true); }

Result<std::strong_ordering> compared(const Json& a, const Json& b) {
  const auto left = operand(a);
  if (!left) return left.error();
  const auto right = operand(b);
  if (!right) return right.error();
  return left->nanos <=> right->nanos;
}

std::optional<Duration> parse_offset(std::string_view text) {
  if (text.substr(0, 1) == "+") text.remove_prefix(1);
  return parse_duration(text);
}

}  // namespace doorbuster::api
