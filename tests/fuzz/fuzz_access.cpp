// links: kube
// Any bytes as the answer to an access review: yes only where it says so, never from garbage.
#include "operator/kube/access.h"
#include "tests/fuzz/one_answer.h"
#include "tests/fuzz/require.h"

#include <cstdint>

namespace doorbuster::kube {
namespace {

using fuzz::OneAnswer;
using fuzz::require;

void check(std::string_view body) {
  const std::string text(body);
  const auto client =
      std::make_shared<Client>(std::make_shared<OneAnswer>(Response{201, {}, text}));
  AccessReviewer reviewer(client, [] { return Instant(Duration(1'000)); });
  const AccessAsk ask{"patch", "apps", "deployments", "", "shop", "checkout"};
  const auto self = reviewer.self(ask);
  const auto account = reviewer.service_account("shop", "sale", ask);
  require(self.ok() == account.ok(), "both kinds of review read alike");
  if (!self.ok()) {
    require(is_transient(self.error().kind), "no verdict may come later");
    return;
  }
  require(self->allowed == account->allowed, "and say the same");
  const auto view = JsonView::parse(text);
  require(view.ok(), "a verdict is JSON");
  const auto allowed = view->at("/status/allowed");
  require(allowed && allowed->boolean() == self->allowed, "the verdict is the one that is written");
}

}  // namespace
}  // namespace doorbuster::kube

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  doorbuster::kube::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
