#include "controllers/planner/seen.h"

#include <utility>

namespace doorbuster::planner {

Result<std::shared_ptr<const Document>> Document::parse(std::string text) {
  std::shared_ptr<Document> made(new Document(std::move(text)));
  auto root = JsonView::parse(made->text_);
  if (!root) return root.error();
  if (root->type() != JsonType::Object) {
    return Error{.kind = ErrorKind::Invalid, .message = "not a JSON object"};
  }
  made->root_ = std::move(*root);
  return std::shared_ptr<const Document>(std::move(made));
}

Value Document::at(std::string_view pointer) const {
  const auto found = root_->at(pointer);
  if (!found) return std::nullopt;
  return Json{std::string(found->text())};
}

std::optional<std::int64_t> Document::integer(std::string_view pointer) const {
  const auto found = root_->at(pointer);
  if (!found) return std::nullopt;
  return found->integer();
}

std::string Document::string(std::string_view pointer) const {
  const auto found = root_->at(pointer);
  if (!found) return "";
  return found->string().value_or("");
}

const Present* present(const Observation& seen, const ObjectRef& object) {
  const auto found = seen.objects.find(object);
  if (found == seen.objects.end()) return nullptr;
  const auto* here = std::get_if<std::shared_ptr<const Present>>(&found->second);
  return here == nullptr ? nullptr : here->get();
}

}  // namespace doorbuster::planner
