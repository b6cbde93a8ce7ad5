// links: base
// Any bytes as JSON: what is accepted can be walked, found again by pointer, spelled anew and
// compared.
#include "operator/base/json.h"
#include "tests/fuzz/require.h"

#include <cstdint>

namespace doorbuster {
namespace {

using fuzz::require;

constexpr int kWalkedValues = 2000;

/// The value with its strings spelled anew and everything compact.
std::string respelled(const JsonView& view, int& left) {
  if (--left < 0) return std::string(view.text());
  switch (view.type()) {
    case JsonType::Null:
    case JsonType::Boolean:
    case JsonType::Number:
      return std::string(view.text());
    case JsonType::String:
      return quoted(*view.string());
    case JsonType::Array: {
      std::vector<Json> elements;
      for (const JsonView& element : view.elements())
        elements.push_back(Json{respelled(element, left)});
      return json_array(elements).text;
    }
    case JsonType::Object: {
      JsonObject object;
      for (const auto& [name, value] : view.members()) {
        const auto found = view.member(name);
        require(found && found->text().data() == value.text().data(),
                "a listed member is found by its name");
        object.add(name, Json{respelled(value, left)});
      }
      return object.build().text;
    }
  }
  return {};
}

void check(std::string_view text) {
  const auto view = JsonView::parse(text);
  if (!view) {
    require(view.error().kind == ErrorKind::Invalid, "what is no JSON is Invalid");
    return;
  }
  const auto again = JsonView::parse(view->text());
  require(again.ok() && again->text() == view->text(), "a value's own text reads as that value");
  int left = kWalkedValues;
  const Json document{std::string(text)}, other{respelled(*view, left)};
  require(JsonView::parse(other.text).ok(), "what is spelled anew is JSON");
  require(equal_values(document, other), "what is spelled anew is equal");
  require(type_of(document) == view->type(), "the first character tells the type");
  require(integer_of(document) == view->integer(), "both readers of integers agree");

  const auto merged = merge_patched(document, other);
  const auto twice = merged ? merge_patched(*merged, other) : merged;
  require(merged && twice && equal_values(*merged, *twice),
          "merging a patch twice is merging it once");
}

}  // namespace
}  // namespace doorbuster

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  doorbuster::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
