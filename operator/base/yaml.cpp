#include "operator/base/yaml.h"

#include "operator/base/source_lines.h"
#include "operator/base/utf8.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <map>
#include <sstream>
#include <string>
#include <utility>

namespace doorbuster {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kCoreTag = "tag:yaml.org,2002:";
/// Of all scalars and names together, aliases counted as often as they are used.
constexpr std::size_t kMaxExpandedBytes = 4 * kMaxYamlBytes;

/// Ends reading from within yaml-cpp's callbacks; caught in this file.
struct Stop {
  Problem problem;
};

struct Size {
  std::size_t nodes = 0, bytes = 0;
};

void measure(const Node& node, Size& size) {
  ++size.nodes;
  size.bytes += node.text.size();
  for (const Member& member : node.members) {
    size.bytes += member.name.size();
    measure(member.value, size);
  }
  for (const Node& item : node.items) measure(item, size);
}

/// Makes nodes of yaml-cpp's events.
class Builder final : public YAML::EventHandler {
 public:
  explicit Builder(const SourceLines& lines) : lines_(lines) {}

  std::optional<Node> take_root() { return std::exchange(root_, std::nullopt); }
  Mark document_mark() const { return document_mark_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    document_mark_ = at(mark);
    open_.clear();
    anchored_.clear();
    spent_ = {};
    root_.reset();
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (wants_key())
      refuse(at(mark), "must not have an empty key", "write a name before the colon");
    add(node(JsonType::Null, "null", at(mark)), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (wants_key()) refuse(at(mark), "must not use an alias as a key");
    const auto found = anchored_.find(anchor);
    if (found == anchored_.end()) {
      refuse(at(mark), "must not refer to what contains it", "remove the alias");
    }
    spend(found->second, at(mark));
    add(found->second, YAML::NullAnchor);
  }

  void OnScalar(const YAML::Mark& mark,
                const std::string& tag,
                YAML::anchor_t anchor,
                const std::string& value) override {
    if (wants_key()) return begin_member(at(mark), tag, anchor, value);
    add(scalar(at(mark), tag, value), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark,
                       const std::string& tag,
                       YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(node(JsonType::Array, {}, at(mark)), tag, "seq", anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark,
                  const std::string& tag,
                  YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(node(JsonType::Object, {}, at(mark)), tag, "map", anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Key {
    std::string name;
    Mark mark;
    bool merge = false;
  };
  struct Open {
    Node node;
    YAML::anchor_t anchor = YAML::NullAnchor;
    std::optional<Key> key;
    std::vector<Node> merged;
  };

  static Node node(JsonType type, std::string text, Mark mark) {
    return Node{.type = type,
                .text = std::move(text),
                .source = {},
                .mark = mark,
                .members = {},
                .items = {}};
  }

  Mark at(const YAML::Mark& mark) const {
    return mark.is_null() ? Mark{} : lines_.at(static_cast<std::size_t>(mark.pos));
  }

  [[noreturn]] void refuse(Mark mark, std::string message, std::string hint = {}) const {
    throw Stop{
        {.mark = mark, .path = path(), .message = std::move(message), .hint = std::move(hint)}};
  }

  /// Of the value that is being read.
  std::string path() const {
    std::string out;
    for (const Open& one : open_) {
      if (one.node.type == JsonType::Array) {
        out += "[" + std::to_string(one.node.items.size()) + "]";
      } else if (one.key) {
        out += (out.empty() ? "" : ".") + one.key->name;
      }
    }
    return out;
  }

  bool wants_key() const {
    return !open_.empty() && open_.back().node.type == JsonType::Object && !open_.back().key;
  }

  void spend(const Node& copied, Mark mark) {
    Size size;
    measure(copied, size);
    spent_.nodes += size.nodes;
    spent_.bytes += size.bytes;
    if (spent_.nodes > kMaxYamlNodes || spent_.bytes > kMaxExpandedBytes) {
      refuse(mark, "must be smaller: more than 100000 values or 4 MiB with aliases written out");
    }
  }

  Node scalar(Mark mark, const std::string& tag, const std::string& value) const {
    if (tag == "!" || tag == "tag:yaml.org,2002:str") return node(JsonType::String, value, mark);
    auto plain = plain_scalar(value);
    if (!plain && is_not_finite(value))
      refuse(mark, "must be a number that JSON can hold, not `" + value + "`");
    if (!plain)
      refuse(mark, "must be a number that JSON can hold", "put it in quotes if it is text");
    plain->mark = mark;
    if (tag.empty() || tag == "?" || fits(tag, plain->type)) return *plain;
    refuse(mark,
           "must fit its tag; `" + tag.substr(0, 64) + "` is not for this value",
           "remove the tag");
  }

  static bool fits(std::string_view tag, JsonType type) {
    if (tag.substr(0, kCoreTag.size()) != kCoreTag) return false;
    tag.remove_prefix(kCoreTag.size());
    switch (type) {
      case JsonType::Null:
        return tag == "null";
      case JsonType::Boolean:
        return tag == "bool";
      case JsonType::Number:
        return tag == "int" || tag == "float";
      case JsonType::String:
        return tag == "timestamp";
      case JsonType::Array:
        return tag == "seq";
      case JsonType::Object:
        return tag == "map";
    }
    return false;
  }

  void begin_member(Mark mark,
                    const std::string& tag,
                    YAML::anchor_t anchor,
                    const std::string& value) {
    const bool is_plain = tag.empty() || tag == "?";
    if (anchor != YAML::NullAnchor) refuse(mark, "must not anchor a key", "anchor the value");
    if (is_plain && value == "<<") {
      open_.back().key = Key{.name = value, .mark = mark, .merge = true};
      return;
    }
    const Node name = scalar(mark, tag, value);
    if (name.type == JsonType::Null) refuse(mark, "must not have an empty key");
    for (const Member& member : open_.back().node.members) {
      if (member.name != name.text) continue;
      open_.back().key = Key{.name = name.text, .mark = mark};
      refuse(mark,
             "must not be written twice; it is already set in line " +
                 std::to_string(member.mark.line),
             "keep one of the two");
    }
    open_.back().key = Key{.name = name.text, .mark = mark};
  }

  void open(Node value, const std::string& tag, std::string_view core, YAML::anchor_t anchor) {
    if (wants_key()) refuse(value.mark, "must have plain text as a key, not a list or an object");
    if (!tag.empty() && tag != "?" && tag != "!" &&
        tag != std::string(kCoreTag) + std::string(core)) {
      refuse(value.mark,
             "must fit its tag; `" + tag.substr(0, 64) + "` is not for this value",
             "remove the tag");
    }
    if (open_.size() >= kMaxYamlDepth) refuse(value.mark, "must be at most 64 levels deep");
    open_.push_back({.node = std::move(value), .anchor = anchor, .key = {}, .merged = {}});
  }

  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    for (Node& merged : done.merged) {
      for (Member& member : merged.members) {
        if (!done.node.has(member.name)) done.node.members.push_back(std::move(member));
      }
    }
    add(std::move(done.node), done.anchor);
  }

  /// A value is complete: an element, a member's value, or the document.
  void add(Node value, YAML::anchor_t anchor) {
    if (value.type != JsonType::Array && value.type != JsonType::Object) spend(value, value.mark);
    if (anchor != YAML::NullAnchor) {
      spend(value, value.mark);
      anchored_.insert_or_assign(anchor, value);
    }
    if (open_.empty()) {
      root_ = std::move(value);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.type == JsonType::Array) {
      parent.node.items.push_back(std::move(value));
    } else if (parent.key->merge) {
      merge(std::move(value));
      parent.key.reset();
    } else {
      parent.node.members.push_back({parent.key->name, parent.key->mark, std::move(value)});
      parent.key.reset();
    }
  }

  /// The value of `<<`: an object, or a list of them of which the first wins.
  void merge(Node value) {
    if (value.type == JsonType::Object) {
      open_.back().merged.push_back(std::move(value));
      return;
    }
    for (Node& one : value.items) {
      if (one.type != JsonType::Object) break;
      open_.back().merged.push_back(std::move(one));
    }
    const bool all =
        value.type == JsonType::Array && open_.back().merged.size() >= value.items.size();
    if (!all)
      refuse(value.mark, "must merge an object or a list of objects", "write the fields out");
  }

  const SourceLines& lines_;
  Mark document_mark_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Node> anchored_;
  Size spent_;
  std::optional<Node> root_;
};

Problem in_document(Mark mark, std::string message, std::string hint = {}) {
  return {.mark = mark, .path = {}, .message = std::move(message), .hint = std::move(hint)};
}

/// What yaml-cpp would pass over or misread: other encodings, control characters.
std::optional<Problem> wrong_bytes(std::string_view text, const SourceLines& lines) {
  if (text.size() > kMaxYamlBytes) return in_document({}, "must be at most 1 MiB long");
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text, at);
    const auto byte = static_cast<unsigned char>(text[at]);
    if (length == 0 || byte == 0) {
      return in_document(lines.at(at), "must be UTF-8", "save the file as UTF-8");
    }
    const bool blank = byte == '\t' || byte == '\n' || byte == '\r';
    if ((byte < 0x20 && !blank) || byte == 0x7F) {
      return in_document(lines.at(at), "must not contain control characters");
    }
    at += length;
  }
  return std::nullopt;
}

/// The tab in the indentation of the line of an error, the commonest reason for one.
std::optional<Mark> tab_in_indentation(std::string_view text, Mark mark) {
  for (std::uint32_t line = 1; line < mark.line; ++line) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    text.remove_prefix(end + 1);
  }
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos || text[first] != '\t') return std::nullopt;
  return Mark{.line = mark.line, .column = static_cast<std::uint32_t>(first + 1)};
}

Problem syntax_problem(const YAML::Exception& error,
                       std::string_view text,
                       const SourceLines& lines) {
  const bool placed = !error.mark.is_null() && error.mark.pos >= 0;
  const Mark mark = placed ? lines.at(static_cast<std::size_t>(error.mark.pos)) : Mark{};
  if (const auto tab = tab_in_indentation(text, mark)) {
    return in_document(*tab, "must not be indented with tabs", "use spaces");
  }
  return in_document(mark, "must be YAML: " + error.msg);
}

}  // namespace

YamlText read_yaml(std::string_view text) {
  YamlText out;
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    text.remove_prefix(kByteOrderMark.size());  // yaml-cpp would count it into every column
  }
  const SourceLines lines(text);
  out.problem = wrong_bytes(text, lines);
  if (out.problem) return out;
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    Builder builder(lines);
    Mark last;
    while (parser.HandleNextDocument(builder)) {
      // A stray `,` or `]` is an empty document to yaml-cpp, again and again.
      if (std::exchange(last, builder.document_mark()) == builder.document_mark()) {
        out.problem = in_document(last, "must be YAML: nothing can begin here");
        return out;
      }
      auto root = builder.take_root();
      if (!root || root->type == JsonType::Null) continue;
      if (out.documents.size() == kMaxDocuments) {
        out.problem = in_document(builder.document_mark(), "must hold at most 256 documents");
        return out;
      }
      out.documents.push_back({builder.document_mark(), std::move(*root)});
    }
  } catch (const Stop& stop) {
    out.problem = stop.problem;
  } catch (const YAML::Exception& error) {
    out.problem = syntax_problem(error, text, lines);
  }
  return out;
}

}  // namespace doorbuster
