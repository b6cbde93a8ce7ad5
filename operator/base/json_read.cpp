#include "operator/base/json_read.h"

namespace doorbuster {

std::string text_of(const JsonView& object, std::string_view name) {
  const auto member = object.member(name);
  return member ? member->string().value_or("") : "";
}

std::string text_at(const JsonView& value, std::string_view pointer) {
  const auto found = value.find(pointer);
  return found ? found->string().value_or("") : "";
}

std::vector<JsonView> elements_of(const JsonView& object, std::string_view name) {
  const auto member = object.member(name);
  return member ? member->elements() : std::vector<JsonView>();
}

std::vector<JsonView> elements_at(const JsonView& value, std::string_view pointer) {
  const auto found = value.find(pointer);
  return found ? found->elements() : std::vector<JsonView>();
}

std::vector<std::string> texts_of(const JsonView& object, std::string_view name) {
  std::vector<std::string> out;
  for (const JsonView& one : elements_of(object, name)) out.push_back(one.string().value_or(""));
  return out;
}

bool is_true_at(const JsonView& value, std::string_view pointer) {
  const auto found = value.find(pointer);
  return found && found->boolean().value_or(false);
}

}  // namespace doorbuster
