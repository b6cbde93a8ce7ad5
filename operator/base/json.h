#pragma once

#include "operator/base/result.h"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace doorbuster {

/// One JSON value as source text, kept byte for byte and never re-serialised: 0.1 stays 0.1 and
/// "4000m" stays "4000m".
struct Json {
  std::string text;
  bool operator==(const Json&) const = default;
};

/// A field's value; nullopt: the field is absent (which is not null).
using Value = std::optional<Json>;

/// What kind of JSON value a text is; by its first character, for a text that is known to be
/// well-formed.
enum class JsonType { Null, Boolean, Number, String, Array, Object };
JsonType type_of(const Json& value);

/// Bounds of every JSON text that we read or make.
inline constexpr std::size_t kMaxJsonBytes = 8U << 20U;
inline constexpr int kMaxJsonDepth = 128;  ///< objects and arrays inside one another
inline constexpr std::size_t kMaxPointerBytes = 4096;

/// An index over one JSON text: where each member and element lies. It copies no value. RFC 8259,
/// strictly: duplicate names, comments, trailing text, a byte order mark, lone surrogates, raw
/// control characters, invalid UTF-8 and whatever crosses the bounds above are Invalid. Copying a
/// view is cheap. A default-made view is that of `null`.
class JsonView {
 public:
  /// The text must outlive the view.
  static Result<JsonView> parse(std::string_view text);

  JsonType type() const;
  std::string_view text() const;  ///< this value's own source text
  std::string_view name_text()
      const;  ///< a member's name as the source spells it, with quotes; empty for others
  /// Member of an object; nothing when absent or not an object.
  std::optional<JsonView> member(std::string_view name) const;
  /// Members or elements in source order, without working out the members' names; none of a scalar.
  std::vector<JsonView> entries() const;
  std::string name() const;  ///< a member's name, unescaped; empty for others
  std::vector<std::pair<std::string, JsonView>> members()
      const;  ///< in source order, names unescaped
  std::vector<JsonView> elements() const;
  std::optional<std::string> string() const;  ///< unescaped; nothing when not a string
  std::optional<std::int64_t> integer()
      const;  ///< nothing when not an integer within 64 bits ("4.0" is not)
  std::optional<bool> boolean() const;
  /// RFC 6901 with keyed steps, see parse_pointer. NotFound: absent; Invalid: the pointer is
  /// malformed or a keyed step matches more than one element.
  Result<JsonView> at(std::string_view pointer) const;
  /// The same, where it does not matter why there is none.
  std::optional<JsonView> find(std::string_view pointer) const;

 private:
  struct Node;
  class Indexer;
  /// Where a walk through members alone ends: at a value, at nothing, or before what needs the
  /// steps written down (a list, a keyed step, what is no pointer).
  struct Walk {
    enum class End { There, Absent, Beyond } end = End::Beyond;
    std::size_t index = 0;
  };
  Walk walk(std::string_view pointer) const;
  const Node& node() const;
  JsonView child(std::size_t index) const;

  std::shared_ptr<const std::vector<Node>> nodes_;
  std::size_t index_ = 0;
  std::string_view source_;
};

/// One step of a pointer, unescaped.
struct PointerStep {
  std::string name;  ///< member name or list index, when keys is empty
  std::vector<std::pair<std::string, std::string>> keys;  ///< list element by key, sorted
  auto operator<=>(const PointerStep&) const = default;
};

/// RFC 6901, and one addition: a step in brackets chooses the list element whose members have these
/// values,
/// `[name=default]` or `[containerPort=80,protocol=TCP]`. A string matches by its contents, a
/// number or boolean by its text. In a value `/` and `~` are escaped as everywhere; a comma cannot
/// be written.
Result<std::vector<PointerStep>> parse_pointer(std::string_view pointer);

/// The pointer of these steps, in the one spelling that two equal pointers share.
std::string pointer_of(const std::vector<PointerStep>& steps);

/// The one element of an array that a step chooses: by key, or by index. NotFound, or Invalid when
/// several match.
Result<JsonView> element_of(const JsonView& array, const PointerStep& step);

/// Are the two equal as values: member order, white space and the spelling of strings and numbers
/// aside? Numbers are compared exactly, as decimals: 1.0 equals 1, and 0.1 differs from
/// 0.10000000000000001. Texts that are no JSON equal only themselves.
bool equal_values(const Json& a, const Json& b);
bool equal_values(const Value& a, const Value& b);

/// A JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD, so that the result is
/// always well-formed.
std::string quoted(std::string_view text);
// One for each type that std::quoted would otherwise win by argument-dependent lookup, where
// <iomanip> is included.
inline std::string quoted(const std::string& text) { return quoted(std::string_view(text)); }
inline std::string quoted(std::string& text) { return quoted(std::string_view(text)); }
inline std::string quoted(const char* text) { return quoted(std::string_view(text)); }
Json json_of(std::int64_t number);
Json json_of(bool value);
Json json_of_string(std::string_view text);

/// An integer that fits, else nothing.
std::optional<std::int64_t> integer_of(const Json& value);
std::optional<std::int64_t> integer_of(const Value& value);

/// Compact text of an object, members in the order added; the values are source text. The caller
/// names no member twice.
class JsonObject {
 public:
  JsonObject& add(std::string_view name, const Json& value);
  JsonObject& add(std::string_view name, std::string_view string_value);
  JsonObject& add(std::string_view name, std::int64_t number);
  /// Only for a bool itself: a char pointer must not turn into one.
  template <std::same_as<bool> Bool>
  JsonObject& add(std::string_view name, Bool flag) {
    return add(name, json_of(flag));
  }
  Json build() const;
  bool empty() const { return text_.empty(); }

 private:
  std::string text_;
};
Json json_array(const std::vector<Json>& elements);

/// The whole document with the value at a pointer replaced, added (intermediate objects are made)
/// or, with nullopt, removed; everything else byte for byte as it was. `-`, or an index equal to
/// the length, appends to an array; a new member comes last; removing what was appended gives the
/// old bytes back, and removing what is absent changes nothing. NotFound: a keyed step matches no
/// element, or an index lies beyond the end. Invalid: one matches several, a step leads through
/// something that is neither object nor array, or document, pointer or value are malformed.
Result<Json> with_value(const Json& document, std::string_view pointer, const Value& value);

/// RFC 7396 merge of a patch into a document. Untouched values keep their source text.
Result<Json> merge_patched(const Json& document, const Json& patch);

}  // namespace doorbuster
