// links: planner
// A pointer in the first line, an object with managedFields in the rest: whoever wrote a field is
// one of those that the object names.
#include "controllers/planner/ledger.h"
#include "tests/fuzz/require.h"

#include <cstdint>

namespace doorbuster::planner {
namespace {

using fuzz::require;

void check(std::string_view bytes) {
  const std::size_t end = bytes.find('\n');
  if (end == std::string_view::npos) return;
  const std::string_view pointer = bytes.substr(0, end);
  const auto object = Document::parse(std::string(bytes.substr(end + 1)));
  if (!object) return;
  const FieldWriter writer = writer_of(**object, pointer);
  const Value entries = (*object)->at("/metadata/managedFields");
  const auto view = entries ? JsonView::parse(entries->text) : JsonView::parse("[]");
  require(view.ok(), "a part of an object is JSON");
  const bool list = view->type() == JsonType::Array;
  bool named = writer.manager.empty();
  std::size_t count = 0;
  if (list) {
    for (const JsonView& entry : view->elements()) {
      ++count;
      const auto manager =
          entry.type() == JsonType::Object ? entry.member("manager") : std::nullopt;
      named = named || (manager && manager->string().value_or("") == writer.manager);
    }
  }
  require(named, "a writer is one that managedFields names");
  const auto ours = our_managed_entry(**object);
  require(!ours || ours->first < count, "our entry is one of those there are");
  require(!only_ours_below(**object, pointer) || ours, "what is ours alone has an entry of ours");
  (void)is_gitops(writer.manager);
}

}  // namespace
}  // namespace doorbuster::planner

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  doorbuster::planner::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
