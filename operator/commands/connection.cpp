#include "operator/commands/connection.h"

#include <cstdlib>

namespace doorbuster::commands {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

Result<kube::ServerConfig> find_server(const std::string& kubeconfig, const std::string& context) {
  if (kubeconfig.empty() && context.empty()) {
    Result<kube::ServerConfig> pod =
        kube::in_cluster({.host = environment("KUBERNETES_SERVICE_HOST"),
                          .port = environment("KUBERNETES_SERVICE_PORT")});
    if (pod.ok() || pod.error().kind != ErrorKind::NotFound) return pod;
  }
  const std::string home = environment("HOME");
  return kube::load_kubeconfig({.explicit_path = kubeconfig,
                                .env = environment("KUBECONFIG"),
                                .fallback = home.empty() ? "" : home + "/.kube/config",
                                .context = context});
}

}  // namespace doorbuster::commands
