#pragma once

#include "operator/base/instant.h"
#include "operator/base/result.h"
#include "operator/base/web_address.h"
#include "operator/kube/kubeconfig.h"
#include "operator/kube/transport.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace doorbuster::kube {

/// One finished request, for rest_client_requests_total. `code` is the status, or "<error>" when no
/// answer came.
struct RequestSeen {
  std::string method, code, host;
  double seconds = 0;
};

struct TransportOptions {
  std::string user_agent;                        ///< "doorbuster/0.1.0 (linux/amd64)"
  std::function<Instant()> now;                  ///< wall time, for tokens that expire
  std::function<void(const RequestSeen&)> seen;  ///< called on the I/O thread; may be empty
  std::size_t max_connections = 32;  ///< for calls; further calls wait for their turn until their
                                     ///< deadline. Streams come on top
  std::size_t max_idle = 8;          ///< connections kept open without work
  Duration idle_time{60'000};        ///< how long each is kept; below the API server's own 90 s
};

/// The Transport to one API server. Errors: Invalid (server URL, PEM texts), Denied (credentials
/// cannot be had). Nothing is sent yet. The last reference must not be dropped on the I/O thread
/// (within a callback).
Result<std::shared_ptr<Transport>> make_transport(const ServerConfig& config,
                                                  TransportOptions options);

/// The same to any server outside the cluster's own: also without TLS, and without credentials but
/// those of a request. `ca_file`: PEM, the only authorities trusted over https; read again as it
/// changes. Names are resolved anew for each connection.
Result<std::shared_ptr<Transport>> make_outside_transport(const WebAddress& server,
                                                          const std::string& ca_file,
                                                          TransportOptions options);

}  // namespace doorbuster::kube
