// links: base
// Any bytes as YAML: what is accepted is JSON, and that JSON reads as the same value again.
#include "operator/base/json.h"
#include "operator/base/yaml.h"
#include "tests/fuzz/require.h"

#include <cstdint>

namespace doorbuster {
namespace {

using fuzz::require;

void check_document(const YamlDocument& document) {
  const Json json = json_of(document.root);
  const auto view = JsonView::parse(json.text);
  require(view.ok(), "an accepted document is JSON");
  const auto again = node_of_json(json.text, true);
  require(again.ok() && json_of(*again) == json, "its JSON is its own source");
}

void check_text(std::string_view text) {
  const YamlText read = read_yaml(text);
  require(read.documents.size() <= kMaxDocuments, "documents are bounded");
  for (const YamlDocument& document : read.documents) check_document(document);
  if (read.problem) require(!read.problem->message.empty(), "a problem says what must be");
  if (const auto scalar = plain_scalar(text.substr(0, 64))) {
    if (scalar->type == JsonType::Number) {
      require(JsonView::parse(scalar->text).ok(), "a number is a JSON number");
    }
  }
}

}  // namespace
}  // namespace doorbuster

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  doorbuster::check_text({reinterpret_cast<const char*>(data), size});
  return 0;
}
