#include "operator/base/json.h"
#include "operator/base/yaml.h"
#include "operator/commands/run_options.h"

#include <utility>

namespace doorbuster::commands {
namespace {

constexpr std::size_t kMaxKinds = 1'000;
constexpr std::size_t kMaxFields = 256;  ///< of one kind

Error invalid(const Mark& mark, const std::string& what) {
  return {.kind = ErrorKind::Invalid,
          .message = "line " + std::to_string(mark.line) + ", column " +
                     std::to_string(mark.column) + ": " + what,
          .causes = {},
          .retry_after = {}};
}

Outcome only_members(const Node& object, std::initializer_list<std::string_view> known) {
  for (const Member& member : object.members) {
    if (std::find(known.begin(), known.end(), member.name) == known.end()) {
      return invalid(member.mark, "\"" + member.name + "\" is not known here");
    }
  }
  return Done{};
}

Result<std::string> text_of(const Node& object, const std::string& name, bool may_be_empty) {
  const Node* found = object.find(name);
  if (found == nullptr || found->type != JsonType::String ||
      (found->text.empty() && !may_be_empty)) {
    return invalid(found == nullptr ? object.mark : found->mark, "\"" + name + "\" must be text");
  }
  return found->text;
}

Result<products::AllowedKind> read_kind(const Node& node) {
  if (node.type != JsonType::Object)
    return invalid(node.mark, "a kind must have group, kind and fields");
  if (const Outcome known = only_members(node, {"group", "kind", "fields"}); !known.ok())
    return known.error();
  products::AllowedKind kind;
  Result<std::string> group = text_of(node, "group", true);
  if (!group.ok()) return group.error();
  Result<std::string> name = text_of(node, "kind", false);
  if (!name.ok()) return name.error();
  kind.group = std::move(group).value();
  kind.kind = std::move(name).value();
  const Node* fields = node.find("fields");
  if (fields == nullptr || fields->type != JsonType::Array || fields->items.empty() ||
      fields->items.size() > kMaxFields) {
    return invalid(fields == nullptr ? node.mark : fields->mark,
                   "\"fields\" must list JSON Pointers");
  }
  for (const Node& field : fields->items) {
    if (field.type != JsonType::String || !field.text.starts_with('/') ||
        !parse_pointer(field.text).ok()) {
      return invalid(field.mark, "must be a JSON Pointer such as /spec/replicas");
    }
    kind.fields.push_back(field.text);
  }
  return kind;
}

}  // namespace

Result<products::AllowList> read_allow_list(std::string_view yaml) {
  const YamlText text = read_yaml(yaml);
  if (text.problem) {
    return Error{.kind = ErrorKind::Invalid,
                 .message = to_text(*text.problem),
                 .causes = {},
                 .retry_after = {}};
  }
  if (text.documents.size() != 1 || text.documents.front().root.type != JsonType::Object) {
    return Error{.kind = ErrorKind::Invalid,
                 .message = "must be one YAML document with `kinds`",
                 .causes = {},
                 .retry_after = {}};
  }
  const Node& root = text.documents.front().root;
  if (const Outcome known = only_members(root, {"extendsStandard", "kinds"}); !known.ok())
    return known.error();
  products::AllowList list;
  if (const Node* extends = root.find("extendsStandard"); extends != nullptr) {
    if (extends->type != JsonType::Boolean)
      return invalid(extends->mark, "\"extendsStandard\" must be true or false");
    if (extends->text == "true") list = products::AllowList::standard();
  }
  const Node* kinds = root.find("kinds");
  if (kinds == nullptr || kinds->type != JsonType::Array || kinds->items.size() > kMaxKinds) {
    return invalid(root.mark, "\"kinds\" must be a list");
  }
  for (const Node& node : kinds->items) {
    Result<products::AllowedKind> kind = read_kind(node);
    if (!kind.ok()) return kind.error();
    list.kinds.push_back(std::move(kind).value());
  }
  return list;
}

}  // namespace doorbuster::commands
