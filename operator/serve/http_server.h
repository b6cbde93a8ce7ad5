#pragma once

#include "operator/base/instant.h"
#include "operator/base/log.h"
#include "operator/base/result.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace doorbuster::serve {

struct Reply {
  int status = 200;
  std::string body;
  std::string content_type = "text/plain; charset=utf-8";
};

/// Answers a GET of one path; called on the server's thread, so it must be quick.
using Route = std::function<Reply()>;

/// One address and what it serves.
struct Listener {
  std::string address;     ///< numeric; empty: every address, IPv6 and IPv4
  std::uint16_t port = 0;  ///< 0: any free one
  std::map<std::string, Route> routes;
};

/// Bounds of the server.
struct ServerBounds {
  std::size_t connections = 64;    ///< at once; more are closed as they come
  std::size_t head_bytes = 8'192;  ///< of a request
  Duration request{5'000};  ///< from the first wait for a request to the end of its head: a slow
                            ///< sender is cut off
  Duration reply{10'000};   ///< a slow reader is cut off
};

/// HTTP/1.1 in the clear for probes and scrapes, on one thread. GET and HEAD only, without
/// a body.
class HttpServer {
 public:
  /// Invalid: no address; Unavailable: it cannot be bound.
  static Result<std::unique_ptr<HttpServer>> start(const std::vector<Listener>& listeners,
                                                   Log log,
                                                   ServerBounds bounds = {});
  ~HttpServer();  ///< stops
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// The ports that were bound, in the order of the listeners.
  const std::vector<std::uint16_t>& ports() const;
  void stop();

 private:
  HttpServer();
  struct State;
  std::shared_ptr<State> state_;
};

/// `:8080`, `127.0.0.1:8080`, `[::1]:8080`; `0` is nothing to serve (port 0 without address and
/// routes).
struct BindAddress {
  std::string address;
  std::uint16_t port = 0;
  bool off = false;
};
Result<BindAddress> parse_bind_address(std::string_view text);

}  // namespace doorbuster::serve
