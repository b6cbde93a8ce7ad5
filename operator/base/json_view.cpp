// The index over a JSON text: one pass, one flat vector of nodes in source order (RFC 8259).
#include "operator/base/json.h"
#include "operator/base/utf8.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <deque>

namespace doorbuster {

/// A value and, when it is a member, its name. Offsets into the source; kMaxJsonBytes fits 32 bits.
struct JsonView::Node {
  std::uint32_t begin = 0, end = 0;
  std::uint32_t name_begin = 0, name_end = 0;  ///< with quotes; equal when there is no name
  std::uint32_t next = 1;                      ///< node after this value and all within it
  JsonType type = JsonType::Null;
  bool escaped = false;       ///< the string has escapes
  bool name_escaped = false;  ///< the name has escapes
};

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Four hexadecimal digits at `at`; nothing when there are none.
std::optional<char32_t> code_unit(std::string_view text, std::size_t at) {
  if (text.size() < 4 || at > text.size() - 4) return std::nullopt;
  char32_t unit = 0;
  for (std::size_t i = at; i < at + 4; ++i) {
    const int digit = hex_digit(text[i]);
    if (digit < 0) return std::nullopt;
    unit = unit * 16 + static_cast<char32_t>(digit);
  }
  return unit;
}

bool is_high_surrogate(char32_t unit) { return unit >= 0xD800 && unit <= 0xDBFF; }
bool is_low_surrogate(char32_t unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

struct Escape {
  std::size_t length = 0;  ///< in the source, from the backslash; 0: not an escape
  char32_t code = 0;
};

/// The escape whose backslash stands at `at` (RFC 8259 section 7).
Escape escape_at(std::string_view text, std::size_t at) {
  constexpr std::string_view kLetters = "\"\\/bfnrt";
  constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
  if (at + 1 >= text.size()) return {};
  if (const std::size_t letter = kLetters.find(text[at + 1]); letter != std::string_view::npos) {
    return {2, static_cast<char32_t>(kMeanings[letter])};
  }
  if (text[at + 1] != 'u') return {};
  const auto unit = code_unit(text, at + 2);
  if (!unit || is_low_surrogate(*unit)) return {};
  if (!is_high_surrogate(*unit)) return {6, *unit};
  if (text.substr(at + 6, 2) != "\\u") return {};
  const auto low = code_unit(text, at + 8);
  if (!low || !is_low_surrogate(*low)) return {};
  return {12, 0x10000 + ((*unit - 0xD800) << 10U) + (*low - 0xDC00)};
}

/// The contents of a string that has been found well-formed; `quoted_text` with its quotes.
std::string unescaped(std::string_view quoted_text) {
  const std::string_view raw = quoted_text.substr(1, quoted_text.size() - 2);
  std::string out;
  out.reserve(raw.size());
  for (std::size_t at = 0; at < raw.size();) {
    const std::size_t plain = std::min(raw.find('\\', at), raw.size());
    out.append(raw, at, plain - at);
    at = plain;
    if (at == raw.size()) break;
    const Escape escape = escape_at(raw, at);
    assert(escape.length > 0);
    append_utf8(out, escape.code);
    at += escape.length;
  }
  return out;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

/// Reads one text. Recursive, at most kMaxJsonDepth deep.
class JsonView::Indexer {
 public:
  explicit Indexer(std::string_view text) : text_(text) {}

  Result<std::vector<Node>> index() {
    if (text_.size() > kMaxJsonBytes) return failure("longer than the bound of 8 MiB");
    if (text_.starts_with("\xEF\xBB\xBF")) return failure("begins with a byte order mark");
    nodes_.reserve(text_.size() / 24 + 1);
    skip_blanks();
    if (!value(0, {})) return failure(wrong_);
    skip_blanks();
    if (at_ < text_.size()) return failure("text after the end of the value");
    return std::move(nodes_);
  }

 private:
  struct Name {
    std::uint32_t begin = 0, end = 0;
    bool escaped = false;
  };

  Error failure(const char* wrong) const {
    return Error{.kind = ErrorKind::Invalid,
                 .message = "not JSON at byte " + json_of(static_cast<std::int64_t>(at_)).text +
                            ": " + wrong,
                 .causes = {},
                 .retry_after = {}};
  }

  bool fail(const char* wrong) {
    wrong_ = wrong;
    return false;
  }

  bool sees(char c) const { return at_ < text_.size() && text_[at_] == c; }

  // These loops see every byte: plain pointers, so that a build without optimisation is quick
  // enough too.
  void skip_blanks() {
    const char* const all = text_.data();
    std::size_t at = at_;
    while (at < text_.size() &&
           (all[at] == ' ' || all[at] == '\n' || all[at] == '\r' || all[at] == '\t')) {
      ++at;
    }
    at_ = at;
  }

  bool value(int depth, Name name) {
    if (at_ >= text_.size()) return fail("a value is missing");
    const std::size_t self = nodes_.size();
    nodes_.push_back(Node{.begin = here(),
                          .end = 0,
                          .name_begin = name.begin,
                          .name_end = name.end,
                          .next = 0,
                          .type = JsonType::Null,
                          .escaped = false,
                          .name_escaped = name.escaped});
    if (!contents(depth, self)) return false;
    nodes_[self].end = here();
    nodes_[self].next = static_cast<std::uint32_t>(nodes_.size());
    return true;
  }

  bool contents(int depth, std::size_t self) {
    switch (text_[at_]) {
      case '{':
        nodes_[self].type = JsonType::Object;
        return object(depth + 1) && names_differ(self);
      case '[':
        nodes_[self].type = JsonType::Array;
        return array(depth + 1);
      case '"': {
        nodes_[self].type = JsonType::String;
        bool escaped = false;
        if (!string(escaped)) return false;
        nodes_[self].escaped = escaped;
        return true;
      }
      case 't':
        nodes_[self].type = JsonType::Boolean;
        return word("true");
      case 'f':
        nodes_[self].type = JsonType::Boolean;
        return word("false");
      case 'n':
        return word("null");
      default:
        nodes_[self].type = JsonType::Number;
        return number();
    }
  }

  bool object(int depth) {
    if (depth > kMaxJsonDepth) return fail("nested deeper than the bound of 128");
    ++at_;
    skip_blanks();
    if (sees('}')) return ++at_, true;
    for (;;) {
      Name name;
      name.begin = here();
      if (!sees('"')) return fail("a member's name is missing");
      if (!string(name.escaped)) return false;
      name.end = here();
      skip_blanks();
      if (!sees(':')) return fail("a colon is missing");
      ++at_;
      skip_blanks();
      if (!value(depth, name)) return false;
      skip_blanks();
      if (sees('}')) return ++at_, true;
      if (!sees(',')) return fail("neither a comma nor the end of the object");
      ++at_;
      skip_blanks();
    }
  }

  bool array(int depth) {
    if (depth > kMaxJsonDepth) return fail("nested deeper than the bound of 128");
    ++at_;
    skip_blanks();
    if (sees(']')) return ++at_, true;
    for (;;) {
      if (!value(depth, {})) return false;
      skip_blanks();
      if (sees(']')) return ++at_, true;
      if (!sees(',')) return fail("neither a comma nor the end of the array");
      ++at_;
      skip_blanks();
    }
  }

  /// Moves past what stands in a string for itself: printable ASCII but the quote and the
  /// backslash.
  void skip_plain() {
    const char* const all = text_.data();
    const std::size_t size = text_.size();
    std::size_t at = at_;
    while (at < size && all[at] >= 0x20 && all[at] != '"' && all[at] != '\\') ++at;
    at_ = at;
  }

  bool string(bool& escaped) {
    ++at_;
    for (skip_plain(); at_ < text_.size(); skip_plain()) {
      const auto byte = static_cast<unsigned char>(text_[at_]);
      if (byte == '"') return ++at_, true;
      if (byte < 0x20) return fail("a raw control character in a string");
      std::size_t length = 0;
      if (byte == '\\') {
        escaped = true;
        length = escape_at(text_, at_).length;
        if (length == 0) return fail("an escape that means nothing, or half a surrogate pair");
      } else {
        length = utf8_length(text_, at_);
        if (length == 0) return fail("bytes that are not UTF-8");
      }
      at_ += length;
    }
    return fail("a string does not end");
  }

  bool word(std::string_view expected) {
    if (text_.substr(at_, expected.size()) != expected) return fail("an unknown word");
    at_ += expected.size();
    return true;
  }

  bool digits() {
    const std::size_t first = at_;
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    return at_ > first;
  }

  bool number() {
    if (sees('-')) ++at_;
    if (sees('0')) {
      ++at_;
      if (at_ < text_.size() && is_digit(text_[at_])) return fail("a number with leading zeros");
    } else if (!digits()) {
      return fail("no value begins like this");
    }
    if (sees('.')) {
      ++at_;
      if (!digits()) return fail("a number without digits after its point");
    }
    if (sees('e') || sees('E')) {
      ++at_;
      if (sees('+') || sees('-')) ++at_;
      if (!digits()) return fail("a number without digits in its exponent");
    }
    return true;
  }

  /// No two members of the object at `self` share a name, escapes resolved.
  bool names_differ(std::size_t self) {
    constexpr std::size_t kFewMembers = 12;
    std::size_t count = 0;
    bool escaped = false;
    for (std::size_t i = self + 1; i < nodes_.size(); i = nodes_[i].next) {
      escaped = escaped || nodes_[i].name_escaped;
      ++count;
    }
    const bool differ =
        escaped || count > kFewMembers ? many_names_differ(self) : few_names_differ(self);
    return differ || fail("two members of one name in the object that ends here");
  }

  /// Each with each, which for few is quicker than sorting.
  bool few_names_differ(std::size_t self) const {
    const Node* const nodes = nodes_.data();
    const std::size_t end = nodes_.size();
    for (std::size_t i = self + 1; i < end; i = nodes[i].next) {
      for (std::size_t j = nodes[i].next; j < end; j = nodes[j].next) {
        const std::uint32_t length = nodes[i].name_end - nodes[i].name_begin;
        if (length == nodes[j].name_end - nodes[j].name_begin &&
            text_[nodes[i].name_end - 2] == text_[nodes[j].name_end - 2] &&
            std::memcmp(text_.data() + nodes[i].name_begin,
                        text_.data() + nodes[j].name_begin,
                        length) == 0) {
          return false;
        }
      }
    }
    return true;
  }

  bool many_names_differ(std::size_t self) {
    names_.clear();
    decoded_.clear();
    for (std::size_t i = self + 1; i < nodes_.size(); i = nodes_[i].next) {
      const Node& member = nodes_[i];
      const std::string_view name =
          text_.substr(member.name_begin, member.name_end - member.name_begin);
      names_.push_back(member.name_escaped
                           ? std::string_view(decoded_.emplace_back(unescaped(name)))
                           : name.substr(1, name.size() - 2));
    }
    std::sort(names_.begin(), names_.end());
    return std::adjacent_find(names_.begin(), names_.end()) == names_.end();
  }

  std::uint32_t here() const { return static_cast<std::uint32_t>(at_); }

  std::string_view text_;
  std::size_t at_ = 0;
  const char* wrong_ = "";
  std::vector<Node> nodes_;
  std::vector<std::string_view> names_;  // kept between objects only to save allocations
  std::deque<std::string> decoded_;  // its strings stay where they are while views point at them
};

Result<JsonView> JsonView::parse(std::string_view text) {
  auto nodes = Indexer(text).index();
  if (!nodes) return nodes.error();
  JsonView view;
  view.nodes_ = std::make_shared<const std::vector<Node>>(std::move(*nodes));
  view.source_ = text;
  return view;
}

const JsonView::Node& JsonView::node() const {
  static constexpr Node kNull{};
  return nodes_ ? (*nodes_)[index_] : kNull;
}

JsonView JsonView::child(std::size_t index) const {
  JsonView view = *this;
  view.index_ = index;
  return view;
}

JsonType JsonView::type() const { return node().type; }

std::string_view JsonView::text() const {
  if (!nodes_) return "null";
  return source_.substr(node().begin, node().end - node().begin);
}

std::string_view JsonView::name_text() const {
  return source_.substr(node().name_begin, node().name_end - node().name_begin);
}

namespace {

/// Does a pointer name nothing but members, in ASCII and with escapes that mean something?
bool is_plain(std::string_view pointer) {
  if (pointer.empty() || pointer.front() != '/' || pointer.size() > kMaxPointerBytes) return false;
  for (std::size_t i = 0; i < pointer.size(); ++i) {
    const char c = pointer[i];
    if (static_cast<unsigned char>(c) >= 0x80 || c == '[') return false;
    if (c == '~' && (i + 1 == pointer.size() || (pointer[i + 1] != '0' && pointer[i + 1] != '1')))
      return false;
  }
  return true;
}

/// Is a step of a plain pointer this name of a member, in which nothing is escaped?
bool names(std::string_view step, std::string_view member) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < step.size(); ++i, ++at) {
    const bool escape = step[i] == '~';
    if (escape) ++i;
    const char c = !escape ? step[i] : step[i] == '0' ? '~' : '/';
    if (at >= member.size() || member[at] != c) return false;
  }
  return at == member.size();
}

}  // namespace

JsonView::Walk JsonView::walk(std::string_view pointer) const {
  using End = Walk::End;
  if (!nodes_ || !is_plain(pointer)) return {End::Beyond, 0};
  const Node* const nodes = nodes_->data();
  std::size_t here = index_;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const std::string_view step = pointer.substr(0, pointer.find('/'));
    pointer.remove_prefix(step.size());
    if (nodes[here].type == JsonType::Array) return {End::Beyond, 0};
    if (nodes[here].type != JsonType::Object) return {End::Absent, 0};
    std::size_t found = here;
    for (std::size_t i = here + 1; i < nodes[here].next && found == here; i = nodes[i].next) {
      if (nodes[i].name_escaped) return {End::Beyond, 0};
      const std::size_t begin = nodes[i].name_begin + 1, end = nodes[i].name_end - 1;
      if (names(step, source_.substr(begin, end - begin))) found = i;
    }
    if (found == here) return {End::Absent, 0};
    here = found;
  }
  return {End::There, here};
}

std::optional<JsonView> JsonView::member(std::string_view name) const {
  if (type() != JsonType::Object) return std::nullopt;
  const Node* const nodes = nodes_->data();
  const std::size_t end = nodes[index_].next;
  for (std::size_t i = index_ + 1; i < end; i = nodes[i].next) {
    const std::size_t begin = nodes[i].name_begin, length = nodes[i].name_end - begin;
    const bool found = nodes[i].name_escaped ? unescaped(source_.substr(begin, length)) == name
                                             : length == name.size() + 2 &&
                                                   source_.substr(begin + 1, name.size()) == name;
    if (found) return child(i);
  }
  return std::nullopt;
}

std::string JsonView::name() const {
  const std::string_view spelled = name_text();
  if (spelled.empty()) return {};
  return node().name_escaped ? unescaped(spelled)
                             : std::string(spelled.substr(1, spelled.size() - 2));
}

std::vector<JsonView> JsonView::entries() const {
  std::vector<JsonView> all;
  if (type() != JsonType::Object && type() != JsonType::Array) return all;
  const std::size_t end = node().next;
  for (std::size_t i = index_ + 1; i < end; i = (*nodes_)[i].next) all.push_back(child(i));
  return all;
}

std::vector<std::pair<std::string, JsonView>> JsonView::members() const {
  std::vector<std::pair<std::string, JsonView>> all;
  if (type() != JsonType::Object) return all;
  for (JsonView& one : entries()) {
    std::string name = one.name();
    all.emplace_back(std::move(name), std::move(one));
  }
  return all;
}

std::vector<JsonView> JsonView::elements() const {
  return type() == JsonType::Array ? entries() : std::vector<JsonView>{};
}

std::optional<std::string> JsonView::string() const {
  if (type() != JsonType::String) return std::nullopt;
  if (!node().escaped) return std::string(text().substr(1, text().size() - 2));
  return unescaped(text());
}

std::optional<bool> JsonView::boolean() const {
  if (type() != JsonType::Boolean) return std::nullopt;
  return text() == "true";
}

}  // namespace doorbuster
