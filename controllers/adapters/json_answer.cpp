#include "controllers/adapters/json_answer.h"

#include "operator/base/json.h"

namespace doorbuster::adapters {

Reading read_json(std::string_view body, std::string_view pointer) {
  const auto answer = JsonView::parse(body);
  if (!answer.ok()) return failed("the answer is no JSON");
  const auto found = answer->at(pointer);
  const std::string at = " at " + std::string(pointer);
  if (!found.ok()) {
    if (found.error().kind == ErrorKind::NotFound) return missing("nothing" + at);
    return failed("more than one element, or none that can be told," + at);
  }
  switch (found->type()) {
    case JsonType::Null:
      return missing("null" + at);
    case JsonType::Number:
      return number(found->text());
    case JsonType::String:
      return number(found->string().value_or(""));
    case JsonType::Boolean:
    case JsonType::Array:
    case JsonType::Object:
      return failed("no number" + at);
  }
  return failed("no number" + at);
}

}  // namespace doorbuster::adapters
