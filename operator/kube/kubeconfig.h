#pragma once

#include "operator/base/json.h"
#include "operator/base/result.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace doorbuster::kube {

/// A program that hands out credentials (client.authentication.k8s.io, v1 and v1beta1).
struct ExecPlugin {
  std::string api_version{};
  std::string command{};  ///< a path, or a name looked up in PATH
  std::vector<std::string> args{};
  std::vector<std::pair<std::string, std::string>> env{};  ///< added to our own
  std::optional<Json> cluster{};  ///< spec.cluster of what it is told; nothing: not asked for
  std::string install_hint{};
};

/// How we make ourselves known. Texts win over files of the same meaning, except that token_file
/// wins over token.
struct UserConfig {
  std::string token{}, token_file{};
  std::string certificate{}, certificate_file{};  ///< PEM
  std::string key{}, key_file{};                  ///< PEM
  std::optional<ExecPlugin> exec{};
};

/// Everything needed to talk to one API server.
struct ServerConfig {
  std::string server{};         ///< https://host[:port][/prefix]; http only for loopback addresses
  std::string server_name{};    ///< whom the certificate must name; empty: the host
  std::string ca{}, ca_file{};  ///< PEM; the only authorities trusted
  bool skip_verify = false;     ///< only when a kubeconfig says so in so many words
  UserConfig user{};
  std::string ns{};  ///< the context's or the service account's namespace; empty: none given
  std::vector<std::string> warnings{};  ///< what the log should say about this configuration
};

inline constexpr std::size_t kMaxKubeconfigBytes = 1U << 20U;
inline constexpr std::size_t kMaxKubeconfigFiles = 16;

/// Where to look for kubeconfigs. The caller reads the environment.
struct KubeconfigSources {
  std::string explicit_path{};  ///< a flag; must exist, and is then the only one
  std::string env{};            ///< KUBECONFIG: paths between colons; missing files are passed over
  std::string fallback{};       ///< ~/.kube/config, used when the others are empty
  std::string context{};        ///< empty: the current-context
};

/// Reads and merges kubeconfigs as kubectl does: the first file that says something of a name wins;
/// paths are relative to the file they stand in. Invalid names the file and the field; NotFound:
/// there is no kubeconfig. Refused, because ignoring them would do something else than asked:
/// proxy-url, username/password, auth-provider, impersonation, an https server without an authority
/// of its own.
Result<ServerConfig> load_kubeconfig(const KubeconfigSources& sources);

/// One kubeconfig from its text; `folder` is what relative paths are relative to, `name` how errors
/// call it.
Result<ServerConfig> read_kubeconfig(std::string_view text,
                                     const std::string& folder,
                                     const std::string& name,
                                     const std::string& context);

/// What a pod knows about its API server.
struct InClusterSources {
  std::string host{}, port{};  ///< KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT
  std::string folder = "/var/run/secrets/kubernetes.io/serviceaccount";
};

/// NotFound: we do not run in a pod. Token and authority stay files, which are read again as they
/// change.
Result<ServerConfig> in_cluster(const InClusterSources& sources);

}  // namespace doorbuster::kube
