#pragma once

#include "operator/base/instant.h"
#include "operator/base/result.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace doorbuster::kube {

using Headers =
    std::vector<std::pair<std::string, std::string>>;  ///< names as sent; compare without case

/// One HTTP request. Host and User-Agent are the transport's business, Authorization too unless the
/// request has one of its own.
struct Request {
  std::string method = "GET";
  std::string target{};        ///< path and query, already percent-encoded
  std::string content_type{};  ///< of the body; empty: none
  std::string body{};
  Duration timeout{
      10'000};  ///< absolute, from the call to the last byte; for a stream, until its headers
  std::size_t max_body =
      64U << 20U;  ///< bytes of an answer; more is an error. A stream has no such bound
  std::string accept = "application/json";
  std::string authorization{};  ///< sent in place of the transport's; never logged
  Headers headers{};            ///< sent besides; never logged
  /// What comes twice does no harm: on a kept connection that the server had closed it is sent once
  /// more on a fresh one, as every GET is.
  bool repeatable = false;
};

struct Response {
  int status = 0;
  Headers headers;
  std::string body;
};

/// Whoever reads a stream (a watch). Called on the I/O thread, one call at a time; must not block.
class StreamReader {
 public:
  virtual ~StreamReader() = default;
  virtual void on_status(int status, const Headers& headers) = 0;
  virtual void on_bytes(std::string_view bytes) = 0;
  /// Exactly once, last: how it ended. A clean end of the answer is Unavailable with message "end
  /// of stream".
  virtual void on_end(const Error& why) = 0;
};

/// An open stream; destroying or closing it ends it, after which no callback comes. Closing from
/// another thread waits for a callback under way; from within a callback it returns at once.
class Stream {
 public:
  virtual ~Stream() = default;
  virtual void close() = 0;
};

/// HTTP/1.1 to one API server. Thread-safe. Guarantees: follows no redirect, repeats no request
/// whose bytes may have been seen (a GET, or what says that it is repeatable, on a kept connection
/// that the server had closed is sent once more on a fresh one), verifies the server's name and CA,
/// never logs or returns credentials.
class Transport {
 public:
  virtual ~Transport() = default;
  /// Blocks the calling thread (never the I/O thread) until the answer, an error or the deadline.
  /// Any HTTP status is a Response; Errors are Unavailable (no whole answer) or Denied (the
  /// credentials could not be had).
  virtual Result<Response> call(const Request& request) = 0;
  /// Ends when nothing has arrived for `idle`; the reader must outlive the stream.
  virtual std::unique_ptr<Stream> open(const Request& request,
                                       Duration idle,
                                       StreamReader& reader) = 0;
  /// Runs on the I/O thread, as soon as possible or after a delay; how the watches keep time.
  virtual void post(Duration after, std::function<void()> work) = 0;
};

}  // namespace doorbuster::kube
