#include "controllers/planner/arithmetic.h"

#include <array>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>

namespace doorbuster::planner {
namespace {

__extension__ using Wide = __int128;
constexpr int kDigits = 18;

/// digits x 10^-scale, then the suffix; quoted: it was a JSON string.
struct Number {
  Wide digits = 0;
  int scale = 0;
  std::string suffix;
  bool quoted = false;
};

Error invalid(std::string message) {
  return Error{.kind = ErrorKind::Invalid, .message = std::move(message)};
}

/// What a suffix multiplies by, as numerator / 10^9 (so that "n" is 1). Source: Kubernetes
/// resource.Quantity.
std::optional<Wide> nano_of(std::string_view suffix) {
  constexpr Wide kOne = 1'000'000'000;
  constexpr std::array<std::pair<std::string_view, int>, 10> kDecimal{{{"n", -9},
                                                                       {"u", -6},
                                                                       {"m", -3},
                                                                       {"", 0},
                                                                       {"k", 3},
                                                                       {"M", 6},
                                                                       {"G", 9},
                                                                       {"T", 12},
                                                                       {"P", 15},
                                                                       {"E", 18}}};
  constexpr std::array<std::string_view, 6> kBinary{"Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
  for (const auto& [name, power] : kDecimal) {
    if (suffix != name) continue;
    Wide out = kOne;
    for (int i = 0; i < power; ++i) out *= 10;
    for (int i = 0; i > power; --i) out /= 10;
    return out;
  }
  Wide out = kOne;
  for (const std::string_view name : kBinary) {
    out *= 1024;
    if (suffix == name) return out;
  }
  return std::nullopt;
}

Result<Number> number_of(const Json& value) {
  Number out;
  std::string text = value.text;
  if (type_of(value) == JsonType::String) {
    const auto view = JsonView::parse(value.text);
    if (!view) return view.error();
    text = view->string().value_or("");
    out.quoted = true;
  } else if (type_of(value) != JsonType::Number) {
    return invalid("must be a number, not " + value.text.substr(0, 64));
  }
  std::size_t at = 0;
  const bool negative = !text.empty() && text[0] == '-';
  if (negative || (out.quoted && !text.empty() && text[0] == '+')) ++at;
  int seen = 0;
  bool point = false;
  for (; at < text.size(); ++at) {
    if (text[at] == '.' && !point) {
      point = true;
    } else if (text[at] >= '0' && text[at] <= '9') {
      if (++seen > kDigits) return invalid("must have at most 18 digits");
      out.digits = out.digits * 10 + (text[at] - '0');
      out.scale += point ? 1 : 0;
    } else {
      break;
    }
  }
  out.suffix = text.substr(at);
  if (seen == 0 || !nano_of(out.suffix) || (!out.quoted && !out.suffix.empty())) {
    return invalid("must be a number or a quantity, not " + value.text.substr(0, 64));
  }
  for (; out.scale > 0 && out.digits % 10 == 0; --out.scale) out.digits /= 10;
  if (negative) out.digits = -out.digits;
  return out;
}

std::string digits_of(Wide value) {
  std::string out;
  for (; value > 0; value /= 10)
    out.insert(out.begin(), static_cast<char>('0' + static_cast<int>(value % 10)));
  return out.empty() ? "0" : out;
}

Json text_of(const Number& number) {
  const bool negative = number.digits < 0;
  std::string text = digits_of(negative ? -number.digits : number.digits);
  if (number.scale > 0) {
    const auto scale = static_cast<std::size_t>(number.scale);
    if (text.size() <= scale) text.insert(0, scale + 1 - text.size(), '0');
    text.insert(text.size() - scale, ".");
  }
  if (negative) text.insert(0, "-");
  text += number.suffix;
  return number.quoted ? json_of_string(text) : Json{text};
}

Wide power_of_ten(int exponent) {
  Wide out = 1;
  for (int i = 0; i < exponent; ++i) out *= 10;
  return out;
}

/// Rounded up to a whole number.
void round_up(Number& number) {
  const Wide unit = power_of_ten(number.scale);
  const Wide whole = number.digits / unit;
  number.digits = whole + (number.digits > 0 && number.digits % unit != 0 ? 1 : 0);
  number.scale = 0;
}

constexpr Wide kLargest = 1'000'000'000'000'000'000;

Result<Json> bounded(const Number& number) {
  const Wide size = number.digits < 0 ? -number.digits : number.digits;
  if (size >= kLargest) return invalid("the result has more than 18 digits");
  return text_of(number);
}

/// The value in units of 10^-9 and of 10^-scale more, both numbers on the same scale; exact below
/// 10^37.
std::pair<Wide, Wide> on_one_scale(const Number& a, const Number& b) {
  const Wide one = a.digits * power_of_ten(b.scale > a.scale ? b.scale - a.scale : 0);
  const Wide two = b.digits * power_of_ten(a.scale > b.scale ? a.scale - b.scale : 0);
  return {one, two};
}

int sign(Wide value) { return value < 0 ? -1 : (value > 0 ? 1 : 0); }

/// a x m against b x n without overflow: by whole parts first.
int compare_products(Wide a, Wide m, Wide b, Wide n) {
  // Suffix factors share large powers of two and ten; divide them out.
  Wide x = m, y = n;
  while (y != 0) {
    const Wide rest = x % y;
    x = y;
    y = rest;
  }
  m /= x;
  n /= x;
  long double left = static_cast<long double>(a) * static_cast<long double>(m);
  long double right = static_cast<long double>(b) * static_cast<long double>(n);
  constexpr long double kSafe = 1.0e37L;
  if (left > kSafe || left < -kSafe || right > kSafe || right < -kSafe)
    return left < right ? -1 : (left > right ? 1 : 0);
  return sign(a * m - b * n);
}

Result<Json> chosen(const Json& baseline, const Json& operand, int wanted) {
  const auto order = compared(baseline, operand);
  if (!order) return order.error();
  if (*order == 0 || *order == wanted) return baseline;
  auto number = number_of(operand);
  number->quoted = type_of(baseline) == JsonType::String;
  if (!number->quoted && !number->suffix.empty())
    return invalid("a number field cannot take the quantity " + operand.text);
  return bounded(*number);
}

}  // namespace

Result<Json> multiplied(const Json& baseline, const Json& factor) {
  auto number = number_of(baseline);
  if (!number) return number.error();
  const auto by = number_of(factor);
  if (!by) return by.error();
  if (!by->suffix.empty() && by->suffix != "m") return invalid("a factor must be a plain number");
  const bool whole = number->scale == 0;
  const long double size =
      static_cast<long double>(number->digits) * static_cast<long double>(by->digits);
  if (size > 1.0e36L || size < -1.0e36L) return invalid("the result has more than 18 digits");
  number->digits *= by->digits;
  number->scale += by->scale + (by->suffix == "m" ? 3 : 0);
  if (whole) round_up(*number);
  for (; number->scale > 0 && number->digits % 10 == 0; --number->scale) number->digits /= 10;
  return bounded(*number);
}

Result<Json> added(const Json& baseline, const Json& operand) {
  auto number = number_of(baseline);
  if (!number) return number.error();
  const auto more = number_of(operand);
  if (!more) return more.error();
  if (!more->suffix.empty() && more->suffix != number->suffix)
    return invalid("must have the suffix of the baseline");
  const auto [a, b] = on_one_scale(*number, *more);
  number->digits = a + b;
  number->scale = std::max(number->scale, more->scale);
  for (; number->scale > 0 && number->digits % 10 == 0; --number->scale) number->digits /= 10;
  return bounded(*number);
}

Result<int> compared(const Json& a, const Json& b) {
  const auto left = number_of(a);
  if (!left) return left.error();
  const auto right = number_of(b);
  if (!right) return right.error();
  const auto [x, y] = on_one_scale(*left, *right);
  return compare_products(x, *nano_of(left->suffix), y, *nano_of(right->suffix));
}

Result<Json> greater(const Json& baseline, const Json& operand) {
  return chosen(baseline, operand, 1);
}
Result<Json> lesser(const Json& baseline, const Json& operand) {
  return chosen(baseline, operand, -1);
}

}  // namespace doorbuster::planner
