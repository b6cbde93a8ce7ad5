#include "controllers/planner/seen.h"

#include "controllers/planner/ledger.h"

#include <utility>

namespace doorbuster::planner {
namespace {

std::shared_ptr<const Ledger> record_in(const JsonView& root) {
  static const auto kNone = std::make_shared<const Ledger>();
  const auto raw = root.at("/metadata/annotations/doorbuster.dev~1holds");
  if (!raw) return kNone;
  const std::string text = raw->string().value_or("");
  return std::make_shared<const Ledger>(read_ledger(&text));
}

}  // namespace

Result<std::shared_ptr<const Document>> Document::parse(std::string text) {
  std::shared_ptr<Document> made(new Document(std::move(text)));
  auto root = JsonView::parse(made->text_);
  if (!root) return root.error();
  if (root->type() != JsonType::Object) {
    return Error{.kind = ErrorKind::Invalid, .message = "not a JSON object"};
  }
  made->root_ = std::move(*root);
  made->record_ = record_in(*made->root_);
  return std::shared_ptr<const Document>(std::move(made));
}

Value Document::at(std::string_view pointer) const {
  const auto found = root_->find(pointer);
  if (!found) return std::nullopt;
  return Json{std::string(found->text())};
}

std::optional<std::int64_t> Document::integer(std::string_view pointer) const {
  const auto found = root_->find(pointer);
  if (!found) return std::nullopt;
  return found->integer();
}

std::string Document::string(std::string_view pointer) const {
  const auto found = root_->find(pointer);
  if (!found) return "";
  return found->string().value_or("");
}

std::vector<ObjectRef> Autoscalers::all() const {
  std::vector<ObjectRef> out = objects;
  out.insert(out.end(), scaled_objects.begin(), scaled_objects.end());
  out.insert(out.end(), verticals.begin(), verticals.end());
  out.insert(out.end(), canaries.begin(), canaries.end());
  return out;
}

const Present* present(const Observation& seen, const ObjectRef& object) {
  const auto found = seen.objects.find(object);
  if (found == seen.objects.end()) return nullptr;
  const auto* here = std::get_if<std::shared_ptr<const Present>>(&found->second);
  return here == nullptr ? nullptr : here->get();
}

}  // namespace doorbuster::planner
