// links: kube
// Any bytes as an HTTP answer: bounds hold, and it makes no difference in which pieces the bytes
// arrive.
#include "operator/kube/http_response.h"
#include "tests/fuzz/require.h"

#include <cstdint>

namespace doorbuster::kube {
namespace {

using fuzz::require;

constexpr std::size_t kMaxBody = 4096;
// The bound of a chunk's line looks at what is pending, which depends on the pieces; below it
// nothing does.
constexpr std::size_t kMaxInput = kMaxHeaderBytes;

struct Reading {
  bool good = false, whole = false;
  int status = 0;
  Headers headers;
  std::string body;
};

Reading read(std::string_view input, std::size_t piece) {
  Reading reading;
  ResponseReader reader(kMaxBody, [&reading](std::string_view bytes) {
    require(!bytes.empty(), "no empty pieces of a body");
    reading.body.append(bytes);
  });
  while (!input.empty() && !reader.done()) {
    if (!reader.feed(input.substr(0, piece))) {
      require(!reader.done() && !reader.reusable(), "an error is no answer");
      require(!reader.feed("HTTP/1.1 200 OK\r\n\r\n"), "an error is final");
      return reading;
    }
    input.remove_prefix(std::min(piece, input.size()));
  }
  reading.good = reader.done() || reader.end_of_input().ok();
  reading.whole = reader.done();
  require(!reader.reusable() || reading.whole, "only a whole answer leaves a connection usable");
  require(reading.body.size() <= kMaxBody, "the body's bound holds");
  if (!reading.good) return reading;
  require(reader.head_done(), "an answer has a head");
  reading.status = reader.status();
  reading.headers = reader.headers();
  for (const auto& [name, value] : reading.headers) {
    require(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos,
            "no header holds a line break or NUL");
  }
  return reading;
}

void check(std::string_view input) {
  if (input.size() > kMaxInput) return;
  const Reading at_once = read(input, kMaxInput);
  for (const std::size_t piece : {1, 7}) {
    const Reading in_pieces = read(input, piece);
    require(at_once.good == in_pieces.good, "pieces do not change the verdict");
    if (!at_once.good) continue;
    require(at_once.status == in_pieces.status && at_once.headers == in_pieces.headers,
            "pieces do not change the head");
    require(at_once.body == in_pieces.body, "pieces do not change the body");
  }
}

}  // namespace
}  // namespace doorbuster::kube

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  doorbuster::kube::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
