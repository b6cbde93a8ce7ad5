#pragma once

#include "operator/base/instant.h"
#include "operator/base/result.h"
#include "operator/kube/byte_stream.h"
#include "operator/kube/kubeconfig.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace doorbuster::kube {

/// What one request shows to the server. Never printed.
struct Credentials {
  std::string authorization;  ///< the header's value; empty: none
  std::shared_ptr<const TlsSettings>
      tls;  ///< another pointer as soon as anything in it changed; null over http
  std::uint64_t generation = 0;  ///< grows whenever any of this changes
};

/// Files are read again this often (Kubernetes rotates a service account's token at 80 % of its
/// life, at least 10 minutes).
inline constexpr Duration kReadAgain{60'000};
inline constexpr std::size_t kMaxTokenBytes = 64U << 10U;
inline constexpr std::size_t kMaxPemBytes = 1U << 20U;

/// Keeps credentials fresh: token, certificate and authority files are read again after kReadAgain
/// (what was good stays when a file cannot be read), exec plugins are run again when what they gave
/// has expired. Thread-safe.
class CredentialSource {
 public:
  virtual ~CredentialSource() = default;
  /// Without waiting: the credentials, or why there are none; nothing when a plugin must be run
  /// first.
  virtual std::optional<Result<Credentials>> ready() = 0;
  /// Runs the plugin if it must; gives up when `stop` becomes true.
  virtual Result<Credentials> fetch(const std::atomic<bool>& stop) = 0;
  /// The server answered 401 to credentials of this generation: read or run again before the next
  /// use.
  virtual void reject(std::uint64_t generation) = 0;
};

/// Denied: a file that must be there cannot be read. `now` is wall time.
Result<std::unique_ptr<CredentialSource>> make_credentials(const ServerConfig& config,
                                                           std::function<Instant()> now);

/// A whole file, at most `max` bytes. NotFound, Invalid when too long, Unavailable otherwise.
Result<std::string> read_file(const std::string& path, std::size_t max);

}  // namespace doorbuster::kube
