#include "operator/base/node.h"

#include "operator/base/source_lines.h"

#include <algorithm>
#include <optional>

namespace doorbuster {
namespace {

class JsonReader {
 public:
  JsonReader(std::string_view text, bool with_marks) : text_(text) {
    if (with_marks) lines_.emplace(text);
  }

  /// JsonView bounds the depth.
  Node read(const JsonView& view) const {
    Node out{.type = view.type(),
             .text = {},
             .source = view.text(),
             .mark = mark_of(view),
             .members = {},
             .items = {}};
    switch (view.type()) {
      case JsonType::Object:
        for (const auto& [name, value] : view.members()) {
          out.members.push_back({name, mark_of(value), read(value)});
        }
        break;
      case JsonType::Array:
        for (const JsonView& element : view.elements()) out.items.push_back(read(element));
        break;
      case JsonType::String:
        out.text = view.string().value_or("");
        break;
      case JsonType::Null:
      case JsonType::Boolean:
      case JsonType::Number:
        out.text = std::string(view.text());
        break;
    }
    return out;
  }

 private:
  Mark mark_of(const JsonView& view) const {
    if (!lines_) return {};
    return lines_->at(static_cast<std::size_t>(view.text().data() - text_.data()));
  }

  std::string_view text_;
  std::optional<SourceLines> lines_;
};

}  // namespace

const Node* Node::find(std::string_view name) const {
  for (const Member& member : members) {
    if (member.name == name) return &member.value;
  }
  return nullptr;
}

Node* Node::find(std::string_view name) {
  return const_cast<Node*>(
      std::as_const(*this).find(name));  // NOLINT: the object itself is not const
}

Json json_of(const Node& node) {
  if (!node.source.empty()) return Json{std::string(node.source)};
  switch (node.type) {
    case JsonType::Null:
      return Json{"null"};
    case JsonType::Boolean:
    case JsonType::Number:
      return Json{node.text};
    case JsonType::String:
      return json_of_string(node.text);
    case JsonType::Array: {
      std::vector<Json> elements;
      for (const Node& item : node.items) elements.push_back(json_of(item));
      return json_array(elements);
    }
    case JsonType::Object: {
      JsonObject object;
      for (const Member& member : node.members) object.add(member.name, json_of(member.value));
      return object.build();
    }
  }
  return Json{"null"};
}

Result<Node> node_of_json(std::string_view text, bool with_marks) {
  const auto view = JsonView::parse(text);
  if (!view) return view.error();
  return JsonReader(text, with_marks).read(*view);
}

std::string to_text(const Problem& problem, std::string_view file_name) {
  std::string out(file_name);
  if (problem.mark.line > 0) {
    out += (out.empty() ? "" : ":") + std::to_string(problem.mark.line) + ":" +
           std::to_string(problem.mark.column);
  }
  if (!problem.path.empty()) out += (out.empty() ? "" : ": ") + problem.path;
  out += (out.empty() ? "" : ": ") + problem.message;
  return problem.hint.empty() ? out : out + "; " + problem.hint;
}

SourceLines::SourceLines(std::string_view text) : text_(text), begins_{0} {
  for (std::size_t at = text.find('\n'); at != std::string_view::npos;
       at = text.find('\n', at + 1)) {
    begins_.push_back(at + 1);
  }
}

Mark SourceLines::at(std::size_t offset) const {
  offset = std::min(offset, text_.size());
  const auto after = std::upper_bound(begins_.begin(), begins_.end(), offset);
  const std::size_t begin = *(after - 1);
  const auto characters =
      std::count_if(text_.begin() + static_cast<std::ptrdiff_t>(begin),
                    text_.begin() + static_cast<std::ptrdiff_t>(offset),
                    [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
  return Mark{.line = static_cast<std::uint32_t>(after - begins_.begin()),
              .column = static_cast<std::uint32_t>(characters + 1)};
}

}  // namespace doorbuster
