#pragma once

#include "operator/base/result.h"
#include "operator/kube/transport.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>  // Asio 1.74 needs it before itself

namespace doorbuster::kube {

/// Bytes of a status line with all its header fields, and of a chunk's size line or trailer.
inline constexpr std::size_t kMaxHeaderBytes = 16U << 10U;

/// Reads one HTTP/1.x answer (RFC 9112) out of bytes as they come. Strict: bad chunk sizes, a
/// length beside chunks, NUL in a header, and whatever crosses a bound are errors. Interim answers
/// (1xx) are passed over; 101 is an error.
class ResponseReader {
 public:
  /// Gets the body piece by piece.
  using Sink = std::function<void(std::string_view)>;

  /// `max_body`: nothing for streams without end.
  ResponseReader(std::optional<std::size_t> max_body, Sink sink);
  ~ResponseReader();
  ResponseReader(const ResponseReader&) = delete;
  ResponseReader& operator=(const ResponseReader&) = delete;

  /// Takes the bytes in; an Error (Unavailable) is final. Bytes beyond the end of the answer are
  /// not looked at, only noted.
  Outcome feed(std::string_view bytes);
  /// The connection ended. An error when the answer was not whole.
  Outcome end_of_input();

  bool head_done() const;  ///< status and headers may be asked for
  bool done() const;
  int status() const;
  Headers headers() const;
  std::string header(
      std::string_view name) const;  ///< the first of that name, any case; empty: none
  /// May the connection carry another request? Only when the answer is done and nothing follows it.
  bool reusable() const;

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace doorbuster::kube
