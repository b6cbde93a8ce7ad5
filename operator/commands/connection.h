#pragma once

#include "operator/base/instant.h"
#include "operator/base/result.h"
#include "operator/kube/client.h"
#include "operator/kube/kubeconfig.h"

#include <functional>
#include <memory>
#include <string>

namespace CLI {
class App;
}

namespace doorbuster::commands {

/// A variable of the environment, empty when there is none. Before any thread exists.
std::string environment(const char* name);

/// Which API server: that of the pod when neither is said and there is one, else by the rules of
/// kubectl (--kubeconfig, KUBECONFIG, ~/.kube/config).
Result<kube::ServerConfig> find_server(const std::string& kubeconfig, const std::string& context);

/// Which cluster and which namespace a command is about.
struct ConnectionFlags {
  std::string kubeconfig, context, ns;
};
/// Declares --namespace, --kubeconfig and --context.
void add_connection_options(CLI::App& command, ConnectionFlags& flags);

/// A client of the API server and the namespace to look in: the flag's, else the context's.
struct Connected {
  std::shared_ptr<kube::Transport> transport;
  std::shared_ptr<kube::Client> client;
  std::string ns;
};
Result<Connected> connect(const ConnectionFlags& flags, const std::function<Instant()>& now);

}  // namespace doorbuster::commands
