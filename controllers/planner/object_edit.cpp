#include "controllers/planner/object_edit.h"

namespace doorbuster::planner {
namespace {

Json source(const JsonView& view) { return Json{std::string(view.text())}; }

/// Both are objects.
Json difference(const JsonView& live, const JsonView& wanted) {
  JsonObject out;
  for (const auto& [name, value] : wanted.members()) {
    const auto before = live.member(name);
    if (before && before->text() == value.text()) continue;
    if (before && before->type() == JsonType::Object && value.type() == JsonType::Object) {
      const Json deeper = difference(*before, value);
      if (deeper.text != "{}") out.add(name, deeper);
    } else if (!before || !equal_values(source(*before), source(value))) {
      out.add(name, source(value));
    }
  }
  for (const auto& [name, value] : live.members()) {
    if (!wanted.member(name)) out.add(name, Json{"null"});
  }
  return out.build();
}

}  // namespace

std::string shallowest_absent(const Document& object, std::string_view pointer) {
  for (std::size_t at = pointer.find('/', 1); at != std::string_view::npos;
       at = pointer.find('/', at + 1)) {
    // A '/' within the brackets of a keyed step is written ~1, so each one here ends a step.
    const std::string_view prefix = pointer.substr(0, at);
    if (!object.at(prefix)) return std::string(prefix);
  }
  return std::string(pointer);
}

Result<Json> merge_patch_between(const Json& live, const Json& wanted) {
  const auto before = JsonView::parse(live.text);
  if (!before) return before.error();
  const auto after = JsonView::parse(wanted.text);
  if (!after) return after.error();
  Json patch = difference(*before, *after);
  const auto made = merge_patched(live, patch);
  if (!made) return made.error();
  if (!equal_values(*made, wanted)) {
    return Error{.kind = ErrorKind::Invalid,
                 .message = "no merge patch can say this value: it holds a null"};
  }
  return patch;
}

}  // namespace doorbuster::planner
