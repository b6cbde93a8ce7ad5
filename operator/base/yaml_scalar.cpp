// Plain scalars by the rules of YAML 1.1 as kubectl and the API server apply them.
// https://yaml.org/type/

#include "operator/base/yaml.h"

#include <array>
#include <charconv>
#include <cmath>
#include <string>

namespace doorbuster {
namespace {

template <std::size_t N>
bool is_one_of(std::string_view text, const std::array<std::string_view, N>& words) {
  for (const std::string_view word : words) {
    if (word == text) return true;
  }
  return false;
}

constexpr std::array<std::string_view, 5> kNulls{"", "~", "null", "Null", "NULL"};
constexpr std::array<std::string_view, 11> kTrue{
    "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"};
constexpr std::array<std::string_view, 11> kFalse{
    "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"};
constexpr std::array<std::string_view, 12> kNotFinite{".inf",
                                                      ".Inf",
                                                      ".INF",
                                                      "+.inf",
                                                      "+.Inf",
                                                      "+.INF",
                                                      "-.inf",
                                                      "-.Inf",
                                                      "-.INF",
                                                      ".nan",
                                                      ".NaN",
                                                      ".NAN"};

Node scalar(JsonType type, std::string text) {
  return Node{
      .type = type, .text = std::move(text), .source = {}, .mark = {}, .members = {}, .items = {}};
}

std::string without_underscores(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != '_') out.push_back(c);
  }
  return out;
}

/// Decimal digits of an integer in Go's notation of any base: `12`, `-0x1F`, `0b11`, `017`, `0o17`.
/// Within 64 bits.
std::optional<std::string> integer_text(std::string_view text) {
  bool negative = false;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  int base = 10;
  if (text.size() > 1 && text.front() == '0') {
    const char letter = text[1];
    base = letter == 'x' || letter == 'X' ? 16 : letter == 'b' || letter == 'B' ? 2 : 8;
    const bool bare_octal = base == 8 && letter != 'o' && letter != 'O';
    text.remove_prefix(bare_octal ? 1 : 2);
  }
  if (text.empty() || text.front() == '-' || text.front() == '+') return std::nullopt;
  std::uint64_t value = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value, base);
  if (error != std::errc() || end != last) return std::nullopt;
  const std::uint64_t most = static_cast<std::uint64_t>(INT64_MAX) + (negative ? 1 : 0);
  if (negative && value > most) return std::nullopt;
  std::array<char, 24> digits{};
  const auto done = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  const std::string out(digits.data(), done.ptr);
  return negative && value != 0 ? "-" + out : out;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t count_digits(std::string_view text) {
  std::size_t count = 0;
  while (count < text.size() && is_digit(text[count])) ++count;
  return count;
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?` as a JSON number.
std::optional<std::string> decimal_text(std::string_view text) {
  std::string out;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    if (text.front() == '-') out = "-";
    text.remove_prefix(1);
  }
  const std::size_t before = count_digits(text);
  std::string_view whole = text.substr(0, before);
  text.remove_prefix(before);
  std::string_view part;
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    part = text.substr(0, count_digits(text));
    text.remove_prefix(part.size());
  }
  if (whole.empty() && part.empty()) return std::nullopt;
  while (whole.size() > 1 && whole.front() == '0') whole.remove_prefix(1);
  out += whole.empty() ? "0" : std::string(whole);
  if (!part.empty()) out += "." + std::string(part);
  if (text.empty()) return out;
  if (text.front() != 'e' && text.front() != 'E') return std::nullopt;
  const std::size_t sign = text.size() > 1 && (text[1] == '+' || text[1] == '-') ? 1 : 0;
  const std::string_view exponent = text.substr(1 + sign);
  if (exponent.empty() || count_digits(exponent) != exponent.size()) return std::nullopt;
  return out + std::string(text);
}

bool fits_a_double(const std::string& json_number) {
  double value = 0;
  const auto [end, error] =
      std::from_chars(json_number.data(), json_number.data() + json_number.size(), value);
  return error == std::errc() && end == json_number.data() + json_number.size() &&
         std::isfinite(value);
}

}  // namespace

bool is_not_finite(std::string_view text) { return is_one_of(text, kNotFinite); }

std::optional<Node> plain_scalar(std::string_view text) {
  if (is_one_of(text, kNulls)) return scalar(JsonType::Null, "null");
  if (is_one_of(text, kTrue)) return scalar(JsonType::Boolean, "true");
  if (is_one_of(text, kFalse)) return scalar(JsonType::Boolean, "false");
  if (is_not_finite(text)) return std::nullopt;
  const char first = text.front();
  if (!is_digit(first) && first != '-' && first != '+' && first != '.') {
    return scalar(JsonType::String, std::string(text));
  }
  const std::string plain = without_underscores(text);
  if (const auto whole = integer_text(plain)) return scalar(JsonType::Number, *whole);
  if (const auto decimal = decimal_text(plain)) {
    if (!fits_a_double(*decimal)) return std::nullopt;
    return scalar(JsonType::Number, *decimal);
  }
  return scalar(JsonType::String, std::string(text));
}

}  // namespace doorbuster
