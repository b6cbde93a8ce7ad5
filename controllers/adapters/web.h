#pragma once

#include "operator/base/instant.h"
#include "operator/base/result.h"
#include "operator/base/web_address.h"
#include "operator/kube/transport.h"

#include <functional>
#include <memory>
#include <string>

namespace doorbuster::adapters {

/// Bounds of one question to a server outside.
inline constexpr Duration kWebDeadline{3'000};  ///< from the name's resolution to the last byte
inline constexpr std::size_t kWebBodyBytes = 1U << 20U;
/// Servers to which connections are kept; the one not asked for longest goes first.
inline constexpr std::size_t kWebServers = 16;
inline constexpr Duration kWebIdle{30'000};  ///< how long a connection is kept without work

/// A GET. The token is sent as a bearer's, and only over https.
struct WebAsk {
  WebAddress address;  ///< where; its target is not looked at
  std::string target;
  std::string token{};  ///< empty: none
};

/// A POST of JSON, which does no harm when it comes twice. No token is sent.
struct WebPost {
  WebAddress address;  ///< where; its target is not looked at
  std::string target, body;
  kube::Headers headers{};
};

/// Servers that are neither ours nor the API server. Thread-safe.
class Web {
 public:
  virtual ~Web() = default;
  /// Whatever status the answer has, a redirect too: none is followed. Blocks until kWebDeadline at
  /// the most.
  virtual Result<kube::Response> get(const WebAsk& ask) = 0;
  /// In the same way.
  virtual Result<kube::Response> post(const WebPost& post) = 0;
};

struct WebOptions {
  std::string user_agent;
  std::string ca_file;  ///< PEM of the authorities that are trusted over https
  std::function<Instant()> now;
};
std::unique_ptr<Web> make_web(WebOptions options);

}  // namespace doorbuster::adapters
