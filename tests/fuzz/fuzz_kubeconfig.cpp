// links: kube
// Any bytes as a kubeconfig: it is refused with a reason that names the file, or what comes out can
// be used.
#include "operator/kube/exec_plugin.h"
#include "operator/kube/kubeconfig.h"
#include "operator/kube/yaml_json.h"
#include "tests/fuzz/require.h"

#include <cstdint>

namespace doorbuster::kube {
namespace {

using fuzz::require;

void check_config(const ServerConfig& config) {
  const UserConfig& user = config.user;
  const bool https = config.server.starts_with("https://");
  require(https || config.server.starts_with("http://"), "a server has a scheme");
  require(!https || config.skip_verify || !config.ca.empty() || !config.ca_file.empty(),
          "somebody vouches for the server");
  require(config.skip_verify == !config.warnings.empty(), "skipping verification is told");
  for (const std::string& path :
       {config.ca_file, user.token_file, user.certificate_file, user.key_file}) {
    require(path.empty() || path.starts_with('/'), "paths are absolute");
  }
  if (user.exec) require(!user.exec->command.empty(), "a plugin has a program");
}

void check(std::string_view text) {
  const auto json = json_from_yaml(text);
  if (json) require(json->text.size() <= 2 * kMaxJsonBytes, "what is written out is bounded");
  const auto config = read_kubeconfig(text, "/folder", "the-file", "");
  if (config) {
    check_config(*config);
  } else {
    require(config.error().kind == ErrorKind::Invalid, "what is no kubeconfig is Invalid");
    require(config.error().message.starts_with("the-file"), "errors name the file");
  }
  const auto answer = read_plugin_answer(text, "client.authentication.k8s.io/v1");
  if (answer)
    require(!answer->token.empty() || !answer->key.empty(), "a plugin's answer holds credentials");
}

}  // namespace
}  // namespace doorbuster::kube

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  doorbuster::kube::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
