#include "controllers/simulator/forecast.h"

#include <algorithm>

namespace doorbuster::simulator {
namespace {

bool all_ready_at_start(const Forecast& made) {
  return std::all_of(made.targets.begin(), made.targets.end(), [](const TargetOutlook& one) {
    return one.ready_since.has_value();
  });
}

}  // namespace

std::optional<Instant> latest_safe_creation(const ForecastInput& input, Duration within) {
  const auto start = parse_rfc3339(input.event.spec.window.start);
  if (!start || input.event.spec.capacity.targets.empty()) return std::nullopt;
  const auto safe_at = [&input](Instant at) {
    ForecastInput later = input;
    later.room.reset();
    later.from = at;
    later.until = *parse_rfc3339(input.event.spec.window.start) + std::chrono::seconds(1);
    return all_ready_at_start(forecast(later));
  };
  Instant good = input.from, bad = *start;
  if (!safe_at(good)) return std::nullopt;
  while (bad - good > within) {
    const Instant middle = good + (bad - good) / 2;
    (safe_at(middle) ? good : bad) = middle;
  }
  return good;
}

}  // namespace doorbuster::simulator
