// check(): what the API server does to a custom resource before it stores it, in its order. Prune
// unknown fields and nulls, fill in defaults, check the shape, and only when no value has the wrong
// type or size run the rules.
// https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/

#include "crds/reader.h"
#include "crds/schema.h"

#include <algorithm>
#include <cctype>
#include <set>

namespace doorbuster::api {
namespace {

/// Stands where no object or list belongs: all members of what is there are unknown.
constexpr Schema kNothing = {.type = SchemaType::Object};

constexpr std::size_t kMaxShown = 64;  ///< characters of a wrong value in a message

std::string in_ticks(std::string_view text) { return "`" + std::string(text) + "`"; }

std::string shown(std::string_view text) {
  return text.size() <= kMaxShown ? in_ticks(text) : in_ticks(text.substr(0, kMaxShown)) + "...";
}

std::string number(std::int64_t value) { return json_of(value).text; }

const char* name_of(JsonType type) {
  switch (type) {
    case JsonType::Null:
      return "null";
    case JsonType::Boolean:
      return "a boolean";
    case JsonType::Number:
      return "a number";
    case JsonType::String:
      return "a string";
    case JsonType::Array:
      return "a list";
    case JsonType::Object:
      return "an object";
  }
  return "null";
}

const char* name_of(SchemaType type) {
  switch (type) {
    case SchemaType::Object:
    case SchemaType::FreeObject:
      return "an object";
    case SchemaType::Array:
      return "a list";
    case SchemaType::String:
      return "a string";
    case SchemaType::Integer:
      return "an integer";
    case SchemaType::Boolean:
      return "`true` or `false`";
    case SchemaType::IntOrString:
      return "an integer or a quantity in quotes";
    case SchemaType::Any:
      return "any value";
  }
  return "any value";
}

/// A whole number, also when written `3.0`; what a float would lose does not count as whole.
std::optional<Int128> whole(const Node& node) {
  if (node.type != JsonType::Number) return std::nullopt;
  const auto value = parse_quantity(node.text);
  if (!value || value->nanos % kNanosPerUnit != 0) return std::nullopt;
  return value->nanos / kNanosPerUnit;
}

bool has_type(const Node& node, SchemaType type) {
  switch (type) {
    case SchemaType::Object:
    case SchemaType::FreeObject:
      return node.type == JsonType::Object;
    case SchemaType::Array:
      return node.type == JsonType::Array;
    case SchemaType::String:
      return node.type == JsonType::String;
    case SchemaType::Integer:
      return whole(node).has_value();
    case SchemaType::Boolean:
      return node.type == JsonType::Boolean;
    case SchemaType::IntOrString:
      return node.type == JsonType::String || whole(node).has_value();
    case SchemaType::Any:
      return true;
  }
  return true;
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

/// Levenshtein's distance of two short names, case aside.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = std::tolower(static_cast<unsigned char>(a[i - 1])) ==
                        std::tolower(static_cast<unsigned char>(b[j - 1]));
      const std::size_t replaced = diagonal + (same ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

/// "write `timeZone`" when one of the names is close to what was written.
template <class Names>
std::string nearest(std::string_view text, const Names& names) {
  std::string_view best;
  std::size_t least = 3;
  for (const std::string_view name : names) {
    const std::size_t far = text.size() > kMaxShown ? least : distance(text, name);
    if (far < least && far * 2 < name.size()) {
      least = far;
      best = name;
    }
  }
  return best.empty() ? std::string() : "write " + in_ticks(best);
}

std::string joined(std::span<const std::string_view> names) {
  std::string out;
  for (const std::string_view name : names) {
    out += (out.empty() ? "" : ", ") + in_ticks(name);
  }
  return out;
}

class Walker {
 public:
  explicit Walker(std::vector<Finding>& findings) : findings_(findings) {}

  void walk(Node& value, const Schema& schema, const std::string& path) {
    prepare(value, schema, path);
    shape(value, schema, path);
    if (!blocked_) rules(value, schema, path);
  }

 private:
  void add(Finding finding) {
    if (findings_.size() < kMaxFindings) findings_.push_back(std::move(finding));
  }
  void wrong(const std::string& path,
             const Node& node,
             std::string message,
             std::string hint = {}) {
    add({.severity = Severity::Error,
         .path = path,
         .message = std::move(message),
         .hint = std::move(hint),
         .mark = node.mark,
         .code = codes::kShape});
  }
  /// Of these kinds of error the API server says that rules were not checked.
  void blocking(const std::string& path,
                const Node& node,
                std::string message,
                std::string hint = {}) {
    blocked_ = true;
    wrong(path, node, std::move(message), std::move(hint));
  }

  void prepare(Node& node, const Schema& schema, const std::string& path) {
    if (schema.type == SchemaType::Any || schema.type == SchemaType::FreeObject) return;
    if (node.type == JsonType::Array) {
      const Schema& items = schema.items ? *schema.items : kNothing;
      for (std::size_t i = 0; i < node.items.size(); ++i) {
        prepare(node.items[i], items, element(path, i));
      }
    }
    if (node.type != JsonType::Object || schema.values) return;
    prune(node, schema, path);
    for (const Field& field : schema.fields) {
      if (node.has(field.name) || field.default_json.empty()) continue;
      auto value = node_of_json(field.default_json, false);
      if (!value) continue;  // the CRD's own text
      value->mark = node.mark;
      node.members.push_back({std::string(field.name), node.mark, std::move(value).value()});
    }
    for (Member& member : node.members) {
      prepare(member.value, *field_of(schema, member.name)->schema, path + "." + member.name);
    }
  }

  void prune(Node& node, const Schema& schema, const std::string& path) {
    std::erase_if(node.members, [&](const Member& member) {
      if (field_of(schema, member.name)) return member.value.type == JsonType::Null;
      std::vector<std::string_view> names;
      for (const Field& field : schema.fields) names.push_back(field.name);
      add({.severity = Severity::Strict,
           .path = path + "." + member.name,
           .message = "must be a field of the API; " + shown(member.name) + " is not",
           .hint = nearest(member.name, names),
           .mark = member.mark,
           .code = codes::kUnknownField});
      return true;
    });
  }

  void shape(const Node& node, const Schema& schema, const std::string& path) {
    if (!has_type(node, schema.type)) {
      blocking(path,
               node,
               std::string("must be ") + name_of(schema.type) + ", not " + name_of(node.type),
               type_hint(node, schema));
      return;
    }
    switch (schema.type) {
      case SchemaType::Object:
        return object(node, schema, path);
      case SchemaType::Array:
        return array(node, schema, path);
      case SchemaType::String:
        return string(node, schema, path);
      case SchemaType::IntOrString:
        if (node.type == JsonType::String) string(node, schema, path);
        return;
      case SchemaType::Integer:
        return integer(node, schema, path);
      case SchemaType::Boolean:
      case SchemaType::FreeObject:
      case SchemaType::Any:
        return;
    }
  }

  static std::string type_hint(const Node& node, const Schema& schema) {
    if (schema.type == SchemaType::Integer && node.type == JsonType::String &&
        parse_quantity(node.text)) {
      return "write " + in_ticks(node.text) + " without quotes";
    }
    const bool scalar = node.type == JsonType::Number || node.type == JsonType::Boolean;
    if ((schema.type == SchemaType::String || schema.type == SchemaType::IntOrString) && scalar) {
      return "write " + in_ticks("\"" + node.text + "\"") + " in quotes";
    }
    if (schema.type == SchemaType::Array) return "begin each entry with `- `";
    return {};
  }

  void object(const Node& node, const Schema& schema, const std::string& path) {
    const std::size_t count = node.members.size();
    if (count > schema.at_most) {
      const std::string found = ", has " + number(static_cast<std::int64_t>(count));
      return blocking(path,
                      node,
                      "must have at most " + number(schema.at_most) + " member" + found,
                      choose(schema));
    }
    if (count < schema.at_least) {
      return wrong(
          path, node, "must have at least " + number(schema.at_least) + " member", choose(schema));
    }
    if (schema.values) {
      for (const Member& member : node.members)
        shape(member.value, *schema.values, path + "." + member.name);
    }
    for (const Field& field : schema.fields) {
      const std::string below = path + "." + std::string(field.name);
      if (const Node* value = node.find(field.name)) {
        shape(*value, *field.schema, below);
      } else if (field.required) {
        blocking(below,
                 node,
                 "must be set",
                 "add " + in_ticks(field.name) + ": " + std::string(field.description));
      }
    }
  }

  static std::string choose(const Schema& schema) {
    std::vector<std::string_view> names;
    for (const Field& field : schema.fields) names.push_back(field.name);
    return "write one of " + joined(names);
  }

  void array(const Node& node, const Schema& schema, const std::string& path) {
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      shape(node.items[i], *schema.items, element(path, i));
    }
    if (node.items.size() > schema.at_most) {
      blocking(path,
               node,
               "must have at most " + number(schema.at_most) + " entries, has " +
                   number(static_cast<std::int64_t>(node.items.size())));
    }
    if (node.items.size() < schema.at_least)
      blocking(path, node, "must have at least " + number(schema.at_least) + " entry");
    if (schema.list_type != ListType::Atomic) unique(node, schema, path);
  }

  /// Entries of a map list by their key, of a set by their value: each once. The first repetition
  /// is reported.
  void unique(const Node& node, const Schema& schema, const std::string& path) {
    std::set<std::string_view> seen, reported;
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      const Node* key = &node.items[i];
      if (schema.list_type == ListType::Map) key = key->find(schema.list_key);
      if (!key || key->type != JsonType::String || seen.insert(key->text).second) continue;
      if (!reported.insert(key->text).second) continue;
      wrong(element(path, i),
            *key,
            "must not repeat " + shown(key->text),
            "give it a name of its own");
    }
  }

  void string(const Node& node, const Schema& schema, const std::string& path) {
    const std::size_t length = characters(node.text);
    if (length > schema.at_most) {
      return blocking(path, node, "must be at most " + number(schema.at_most) + " characters long");
    }
    if (length < schema.at_least) {
      wrong(path,
            node,
            length == 0 ? "must not be empty"
                        : "must be at least " + number(schema.at_least) + " characters long");
    } else if (schema.pattern.matches && !schema.pattern.matches(node.text)) {
      wrong(
          path, node, "must be " + std::string(schema.pattern.means) + ", not " + shown(node.text));
    }
    if (schema.format == Format::DateTime && !parse_rfc3339(node.text)) {
      wrong(path, node, "must be a time in RFC 3339, not " + shown(node.text));
    }
    if (!schema.allowed.empty() &&
        std::find(schema.allowed.begin(), schema.allowed.end(), node.text) ==
            schema.allowed.end()) {
      blocking(path,
               node,
               "must be one of " + joined(schema.allowed) + ", not " + shown(node.text),
               nearest(node.text, schema.allowed));
    }
  }

  void integer(const Node& node, const Schema& schema, const std::string& path) {
    const Int128 value = *whole(node);
    if (value < schema.minimum) {
      wrong(path, node, "must be at least " + number(schema.minimum) + ", not " + shown(node.text));
    } else if (value > schema.maximum) {
      wrong(path, node, "must be at most " + number(schema.maximum) + ", not " + shown(node.text));
    }
  }

  void rules(const Node& node, const Schema& schema, const std::string& path) {
    for (const Rule& rule : schema.rules) {
      if (rule.holds(node)) continue;
      const Node* at = rule.field_path.empty() ? nullptr : node.find(rule.field_path.substr(1));
      add({.severity = Severity::Error,
           .path = path + std::string(rule.field_path),
           .message = std::string(rule.message),
           .hint = {},
           .mark = at ? at->mark : node.mark,
           .code = codes::kRule});
    }
    for (const Field& field : schema.fields) {
      const Node* value = node.find(field.name);
      if (value) rules(*value, *field.schema, path + "." + std::string(field.name));
    }
    if (!schema.items) return;
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      rules(node.items[i], *schema.items, element(path, i));
    }
  }

  static const Field* field_of(const Schema& schema, std::string_view name) {
    for (const Field& field : schema.fields) {
      if (field.name == name) return &field;
    }
    return nullptr;
  }

  static std::string element(const std::string& path, std::size_t index) {
    return path + "[" + number(static_cast<std::int64_t>(index)) + "]";
  }

  std::vector<Finding>& findings_;
  bool blocked_ = false;
};

}  // namespace

void check(Node& value,
           const Schema& schema,
           const std::string& path,
           std::vector<Finding>& findings) {
  Walker(findings).walk(value, schema, path);
}

}  // namespace doorbuster::api
