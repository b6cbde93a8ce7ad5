#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "operator/base/result.h"

namespace doorbuster {

/// One JSON value as source text, kept byte for byte and never re-serialised: 0.1 stays 0.1 and "4000m" stays "4000m".
struct Json {
  std::string text;
  bool operator==(const Json&) const = default;
};

/// A field's value; nullopt: the field is absent (which is not null).
using Value = std::optional<Json>;

/// What kind of JSON value a text is; by its first character, for a text that is known to be well-formed.
enum class JsonType { Null, Boolean, Number, String, Array, Object };
JsonType type_of(const Json& value);

/// Bounds of every JSON text that we read.
inline constexpr std::size_t kMaxJsonBytes = 8U << 20U;
inline constexpr int kMaxJsonDepth = 128;

/// An index over one JSON text: where each member and element lies. It copies no value. RFC 8259, strictly: duplicate
/// names, comments, trailing text, lone surrogates, raw control characters and invalid UTF-8 are Invalid.
class JsonView {
 public:
  /// The text must outlive the view.
  static Result<JsonView> parse(std::string_view text);

  JsonType type() const;
  std::string_view text() const;  ///< this value's own source text
  /// Member of an object; nothing when absent or not an object.
  std::optional<JsonView> member(std::string_view name) const;
  std::vector<std::pair<std::string, JsonView>> members() const;  ///< in source order, names unescaped
  std::vector<JsonView> elements() const;
  std::optional<std::string> string() const;  ///< unescaped; nothing when not a string
  std::optional<std::int64_t> integer() const;  ///< nothing when not an integer within 64 bits ("4.0" is not)
  std::optional<bool> boolean() const;
  /// RFC 6901 with keyed steps (`[name=default]`, several `[a=b,c=d]`). NotFound: absent; Invalid: the pointer is malformed
  /// or a keyed step matches more than one element.
  Result<JsonView> at(std::string_view pointer) const;

 private:
  struct Node;
  std::shared_ptr<const std::vector<Node>> nodes_;
  std::size_t index_ = 0;
  std::string_view source_;
};

/// One step of a pointer, unescaped.
struct PointerStep {
  std::string name;                                        ///< member name or list index, when keys is empty
  std::vector<std::pair<std::string, std::string>> keys;  ///< list element by key
  auto operator<=>(const PointerStep&) const = default;
};
Result<std::vector<PointerStep>> parse_pointer(std::string_view pointer);

/// Are the two equal as values: member order, white space and the spelling of a number (1.0 and 1, exactly compared) aside?
bool equal_values(const Json& a, const Json& b);
bool equal_values(const Value& a, const Value& b);

std::string quoted(std::string_view text);  ///< a JSON string with its quotes
Json json_of(std::int64_t number);
Json json_of(bool value);
Json json_of_string(std::string_view text);

/// An integer that fits, else nothing.
std::optional<std::int64_t> integer_of(const Json& value);
std::optional<std::int64_t> integer_of(const Value& value);

/// Compact text of an object, members in the order added; the values are source text.
class JsonObject {
 public:
  JsonObject& add(std::string_view name, const Json& value);
  JsonObject& add(std::string_view name, std::string_view string_value);
  JsonObject& add(std::string_view name, std::int64_t number);
  Json build() const;
  bool empty() const { return text_.empty(); }

 private:
  std::string text_;
};
Json json_array(const std::vector<Json>& elements);

/// The whole document with the value at a pointer replaced, added (intermediate objects are made) or, with nullopt,
/// removed; everything else byte for byte as it was. A keyed step must match exactly one element.
Result<Json> with_value(const Json& document, std::string_view pointer, const Value& value);

/// RFC 7396 merge of a patch into a document.
Result<Json> merge_patched(const Json& document, const Json& patch);

}  // namespace doorbuster
