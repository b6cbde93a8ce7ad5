#pragma once

#include <cstdint>

namespace doorbuster::planner {

/// a / b, rounded up; 0 when a is not positive. b > 0.
constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return a <= 0 ? 0 : (a + b - 1) / b;
}

/// So many per cent of a count that is not negative, rounded up.
constexpr std::int64_t percent_of(std::int64_t percent, std::int64_t count) {
  return ceil_div(percent * count, 100);
}

}  // namespace doorbuster::planner
