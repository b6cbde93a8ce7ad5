// links: adapters
// A pointer in the first line and any bytes below it as a JSON answer: a value is finite, anything
// else says why.
#include "controllers/adapters/json_answer.h"
#include "tests/fuzz/require.h"

#include <cmath>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using doorbuster::adapters::Reading;
  using doorbuster::fuzz::require;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t line = text.find('\n');
  if (line == std::string_view::npos) return 0;
  const Reading reading =
      doorbuster::adapters::read_json(text.substr(line + 1), text.substr(0, line));
  require(!reading.text.empty(), "a reading has a text");
  require(std::isfinite(reading.value), "no NaN and no infinity comes out");
  require(reading.says == Reading::Says::Value || reading.value == 0, "only a value has one");
  return 0;
}
