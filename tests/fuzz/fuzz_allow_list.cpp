// links: commands
// Any bytes as an allow-list file: refused with a reason, or a list that allows nothing which is
// never held.
#include "operator/base/json.h"
#include "operator/commands/run_options.h"
#include "tests/fuzz/require.h"

#include <cstdint>

namespace doorbuster::commands {
namespace {

using fuzz::require;

void check(std::string_view text) {
  const auto list = read_allow_list(text);
  if (!list) {
    require(list.error().kind == ErrorKind::Invalid, "what is no list is Invalid");
    require(!list.error().message.empty(), "and told why");
    return;
  }
  require(list->kinds.size() <= 2'000, "a list is bounded");
  for (const products::AllowedKind& one : list->kinds) {
    require(!one.kind.empty() && !one.fields.empty(), "an entry names a kind and fields");
    for (const std::string& field : one.fields) {
      require(field.starts_with('/') && parse_pointer(field).ok(), "fields are pointers");
      const FieldRef at{{one.group, one.kind, "shop", "x"}, field, ""};
      (void)products::why_not_allowed(*list, at, true, true);
    }
  }
  for (const ObjectRef& never : {ObjectRef{"", "Secret", "shop", "x"},
                                 ObjectRef{"rbac.authorization.k8s.io", "Role", "shop", "x"}}) {
    require(!products::why_not_allowed(*list, {never, "/data/key", ""}, true, true).empty(),
            "secrets and rights are never held");
  }
}

}  // namespace
}  // namespace doorbuster::commands

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  doorbuster::commands::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
