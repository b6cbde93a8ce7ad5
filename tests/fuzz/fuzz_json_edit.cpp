// links: base
// A pointer, a value and a document, one a line (the document is the rest): edits keep their
// promises.
#include "operator/base/json.h"
#include "tests/fuzz/require.h"

#include <cstdint>

namespace doorbuster {
namespace {

using fuzz::require;

std::string_view take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  const std::string_view line = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  return line;
}

/// The value is at the pointer, unless the pointer says "after the last".
void check_found(const Json& edited, const std::vector<PointerStep>& steps, const Json& value) {
  const auto view = JsonView::parse(edited.text);
  require(view.ok(), "an edited document is JSON");
  const auto found = view->at(pointer_of(steps));
  bool appends = false, keyed = false;
  for (const PointerStep& step : steps) {
    appends = appends || step.name == "-";
    keyed = keyed || !step.keys.empty();
  }
  // Writing may take away or double the very key that a keyed step went by.
  if (appends || keyed) return;
  require(found && equal_values(Json{std::string(found->text())}, value), "what was put is found");
}

void check_removed(const Json& document,
                   const JsonView& before,
                   const std::vector<PointerStep>& steps,
                   const Json& edited) {
  if (steps.empty() || steps.back().name == "-" || !steps.back().keys.empty()) return;
  const auto container = before.at(pointer_of({steps.begin(), steps.end() - 1}));
  if (!container || before.at(pointer_of(steps))) return;
  const auto removed = with_value(edited, pointer_of(steps), std::nullopt);
  require(removed && *removed == document, "removing what was added gives the same bytes");
}

void check(std::string_view text) {
  const std::string_view pointer = take_line(text);
  const Json value{std::string(take_line(text))}, document{std::string(text)};
  const auto steps = parse_pointer(pointer);
  if (!steps) {
    require(!with_value(document, pointer, value), "a malformed pointer edits nothing");
    return;
  }
  const auto again = parse_pointer(pointer_of(*steps));
  require(again && *again == *steps, "a pointer's one spelling reads as that pointer");

  const auto before = JsonView::parse(document.text);
  const auto edited = with_value(document, pointer, value);
  const auto removed = with_value(document, pointer, std::nullopt);
  if (!before || !JsonView::parse(value.text)) {
    require(!edited && (before || !removed), "nothing malformed is edited or put");
    return;
  }
  const bool there = before->at(pointer).ok();
  if (there)
    require(edited || edited.error().kind == ErrorKind::Invalid, "what is there is replaced");
  if (there && !steps->empty()) require(removed.ok(), "what is there is removed");
  if (removed) require(JsonView::parse(removed->text).ok(), "what is left is JSON");
  if (!edited) return;
  check_found(*edited, *steps, value);
  check_removed(document, *before, *steps, *edited);
}

}  // namespace
}  // namespace doorbuster

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  doorbuster::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
