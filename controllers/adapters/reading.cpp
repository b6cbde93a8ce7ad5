#include "controllers/adapters/reading.h"

#include <charconv>
#include <cmath>
#include <utility>

namespace doorbuster::adapters {
namespace {

constexpr std::size_t kMaxNumberBytes = 64;

}  // namespace

Reading missing(std::string why) { return {Reading::Says::Missing, 0, std::move(why)}; }
Reading failed(std::string why) { return {Reading::Says::Error, 0, std::move(why)}; }

Reading number(std::string_view text) {
  const std::string_view digits = text.substr(text.starts_with('+') ? 1 : 0);
  double value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value);
  if (text.size() > kMaxNumberBytes || error != std::errc() || stop != end)
    return failed("the value is no number");
  if (std::isnan(value)) return missing("the value is NaN");
  if (std::isinf(value)) return failed("the value is infinite");
  return {Reading::Says::Value, value, std::string(text)};
}

}  // namespace doorbuster::adapters
