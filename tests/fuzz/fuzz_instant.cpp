// links: base
// Any bytes as an instant, a local time and a duration: what is read is written and read again as
// the same.
#include "operator/base/instant.h"
#include "tests/fuzz/require.h"

#include <cstdint>

namespace doorbuster {
namespace {

using fuzz::require;

void check(std::string_view text) {
  if (const auto at = parse_rfc3339(text)) {
    require(parse_rfc3339(to_rfc3339(*at)) == at, "a written instant reads as itself");
    require(!parse_local_time(text), "a time with an offset is no local time");
  }
  if (const auto local = parse_local_time(text)) {
    require(parse_rfc3339(std::string(text) + "Z") == local,
            "a local time is what it would be in UTC");
  }
  if (const auto span = parse_duration(text)) {
    require(*span >= Duration(0) && *span <= kMaxDuration, "a duration stays within its bounds");
    require(parse_duration(to_text(*span)) == span, "a written duration reads as itself");
  }
}

}  // namespace
}  // namespace doorbuster

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  doorbuster::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
