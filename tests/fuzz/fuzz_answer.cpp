// links: kube
// Any bytes as the body of an API server's answer: an object, a page, a Status, a discovery
// document.
#include "operator/kube/client.h"
#include "operator/kube/discovery.h"
#include "tests/fuzz/one_answer.h"
#include "tests/fuzz/require.h"

#include <cstdint>

namespace doorbuster::kube {
namespace {

using fuzz::OneAnswer;
using fuzz::require;

void check(std::string_view body) {
  const std::string text(body);
  if (const auto object = object_of(text)) {
    require(!object->meta.name.empty(), "an object has a name");
    require(object->text == text, "an object's text is kept as it came");
  }
  const Client client(std::make_shared<OneAnswer>(Response{200, {}, text}));
  if (const auto page = client.list(Resource{"", "v1", "pods", "Pod", true, {}, {}}, "", 0, "")) {
    require(!page->resource_version.empty(), "a page has a version");
    for (const Object& item : page->items) {
      require(text.find(item.text) != std::string::npos, "an item is cut out as it came");
      require(!item.meta.name.empty(), "an item has a name");
    }
  }
  for (const int status : {400, 404, 410, 422, 429, 500}) {
    const auto error = error_of(Response{status, {}, text});
    require(error.has_value(), "what is no success is an error");
    require(error->message.size() <= 1024 && !error->message.empty(),
            "messages are bounded and say something");
    require(error->causes.empty() || error->kind == ErrorKind::Invalid, "only Invalid has causes");
    require(!error->retry_after || is_transient(error->kind), "only what may pass tells to wait");
  }
  Discovered found;
  (void)add_aggregated(body, found).ok();
  for (const Resource& resource : found.resources) {
    require(!resource.kind.empty() && !resource.plural.empty(), "a served kind has names");
  }
}

}  // namespace
}  // namespace doorbuster::kube

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  doorbuster::kube::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
