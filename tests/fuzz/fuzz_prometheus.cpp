// links: adapters
// Any bytes as Prometheus' answer: a value is finite, anything else says why.
#include "controllers/adapters/prometheus_answer.h"
#include "tests/fuzz/require.h"

#include <cmath>
#include <cstdint>

namespace {

using doorbuster::adapters::Reading;
using doorbuster::fuzz::require;

void check(const Reading& reading) {
  require(!reading.text.empty(), "a reading has a text");
  require(reading.text.size() < 1024, "which is short");
  require(std::isfinite(reading.value), "no NaN and no infinity comes out");
  require(reading.says == Reading::Says::Value || reading.value == 0, "only a value has one");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  using doorbuster::adapters::Worst;
  const Reading high = read_prometheus(body, Worst::Highest);
  const Reading low = read_prometheus(body, Worst::Lowest);
  check(high);
  check(low);
  const bool both = high.says == Reading::Says::Value && low.says == Reading::Says::Value;
  require(!both || low.value <= high.value, "the lowest is not above the highest");
  return 0;
}
