#include "operator/commands/connection.h"

#include "operator/commands/version.h"
#include "operator/kube/http_transport.h"

#include <CLI/CLI.hpp>

#include <cstdlib>
#include <utility>

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

void add_connection_options(CLI::App& command, ConnectionFlags& flags) {
  command.add_option("-n,--namespace", flags.ns, "the namespace; otherwise the context's");
  command.add_option("--kubeconfig", flags.kubeconfig, "a kubeconfig; otherwise as kubectl");
  command.add_option("--context", flags.context, "a context of the kubeconfig");
}

Result<Connected> connect(const ConnectionFlags& flags, const std::function<Instant()>& now) {
  const auto server = find_server(flags.kubeconfig, flags.context);
  if (!server.ok()) return server.error();
  kube::TransportOptions options;
  options.user_agent = user_agent();
  options.now = now;
  auto transport = kube::make_transport(*server, options);
  if (!transport.ok()) return transport.error();
  std::string ns = flags.ns.empty() ? server->ns : flags.ns;
  return Connected{.transport = *transport,
                   .client = std::make_shared<kube::Client>(*transport),
                   .ns = ns.empty() ? "default" : ns};
}

}  // namespace doorbuster::commands
