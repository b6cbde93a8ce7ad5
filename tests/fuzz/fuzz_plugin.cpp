// links: kube
// Any bytes as the output of a credential plugin: credentials, or a reason.
#include "operator/kube/exec_plugin.h"
#include "tests/fuzz/require.h"

#include <cstdint>

namespace doorbuster::kube {
namespace {

using fuzz::require;

void check(std::string_view text) {
  for (const char* version :
       {"client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"}) {
    const auto answer = read_plugin_answer(text, version);
    if (!answer) {
      require(answer.error().kind == ErrorKind::Denied, "no credentials are Denied");
      require(!answer.error().message.empty(), "and told why");
      continue;
    }
    require(text.find(version) != std::string_view::npos,
            "it is of the version that was asked for");
    require(!answer->token.empty() || !answer->key.empty(), "an answer holds credentials");
    require(answer->key.empty() == answer->certificate.empty(), "a key has its certificate");
  }
}

}  // namespace
}  // namespace doorbuster::kube

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  doorbuster::kube::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
