#include "operator/kube/yaml_json.h"

#include "operator/base/yaml.h"

namespace doorbuster::kube {
namespace {

Error invalid(const Problem& problem) {
  std::string where;
  if (problem.mark.line > 0) {
    where = "line " + std::to_string(problem.mark.line) + ", column " +
            std::to_string(problem.mark.column) + ": ";
  }
  // The place is spelled out above, for whoever has no editor that jumps to 2:1.
  const std::string what = to_text(
      Problem{.mark = {}, .path = problem.path, .message = problem.message, .hint = problem.hint});
  return Error{ErrorKind::Invalid, where + what, {}, {}};
}

}  // namespace

Result<Json> json_from_yaml(std::string_view text) {
  YamlText read = read_yaml(text);
  if (read.problem) return invalid(*read.problem);
  if (read.documents.empty()) return invalid({.message = "holds no document"});
  if (read.documents.size() > 1) return invalid({.message = "holds more than one document"});
  return json_of(read.documents.front().root);
}

}  // namespace doorbuster::kube
