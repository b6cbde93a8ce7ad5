#pragma once

#include "controllers/planner/check_hosts.h"
#include "controllers/products/allow_list.h"
#include "operator/base/instant.h"
#include "operator/base/result.h"
#include "operator/kube/lease.h"
#include "operator/serve/http_server.h"
#include "operator/serve/logging.h"

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace doorbuster::commands {

/// The flags of `doorbuster run`, as given. Durations are texts such as `15s`.
struct RunFlags {
  std::string kubeconfig, context;
  std::vector<std::string> namespaces;
  std::string install_id = "doorbuster";
  std::string lease_namespace, lease_name = "doorbuster";
  std::string lease_duration = "15s", renew_deadline = "10s", retry_period = "2s";
  int workers = 16;
  std::string bind_address = ":8080";
  std::string log_level = "info", log_format = "text";
  std::string allow_list;
  std::string headroom_image = "registry.k8s.io/pause:3.10";
  std::string prepull_image = "docker.io/library/busybox:1.37.0-musl";
  std::string prometheus_address;
  std::vector<std::string> allow_check_hosts;
  std::string check_ca_file = "/etc/ssl/certs/ca-certificates.crt";
  std::string request_timeout = "10s", sweep_interval = "1h";
};

/// The same, understood.
struct RunOptions {
  std::string kubeconfig, context;
  std::vector<std::string> namespaces;  ///< sorted, each once; empty: all
  std::string install_id;
  kube::LeaseSettings
      lease;  ///< without identity; namespace empty: that of the pod or the kubeconfig
  int workers = 16;
  serve::BindAddress bind;
  LogLevel log_level = LogLevel::Info;
  serve::LogFormat log_format = serve::LogFormat::Text;
  products::AllowList allow;
  std::string headroom_image, prepull_image;
  planner::CheckSetup checks;
  std::string check_ca_file;
  Duration request_timeout{10'000}, sweep_interval{3'600'000};
};

/// Declares the flags; each may also come from the environment as DOORBUSTER_<FLAG>.
void declare(CLI::App& command, RunFlags& flags);

/// Reads the allow-list file too. Invalid says which flag is wrong.
Result<RunOptions> understand(const RunFlags& flags);

/// An allow-list in YAML: `kinds:` with `group`, `kind`, `fields`, and `extendsStandard: true` to
/// add to the built-in one.
Result<products::AllowList> read_allow_list(std::string_view yaml);

}  // namespace doorbuster::commands
