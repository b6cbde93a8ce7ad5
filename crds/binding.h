#pragma once

#include "crds/fields.h"
#include "operator/base/instant.h"
#include "operator/base/json.h"
#include "operator/base/node.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What the generated binding (crds/sale_event_bind.cpp) is made of: one overload a type of member,
/// each way. The nodes have been through check(), so types are right; a member that is absent
/// leaves its default.
namespace doorbuster::api {

inline void bind(const Node& node, std::string& out) { out = node.text; }
inline void bind(const Node& node, bool& out) { out = node.text == "true"; }
inline void bind(const Node& node, Json& out) { out = json_of(node); }
void bind(const Node& node, std::int32_t& out);
void bind(const Node& node, std::int64_t& out);
void bind(const Node& node, Instant& out);
void bind(const Node& node, DurationText& out);
void bind(const Node& node, Quantity& out);

template <class T>
void bind(const Node& node, std::vector<T>& out) {
  out.clear();
  for (const Node& item : node.items) {
    bind(item, out.emplace_back());
  }
}

inline void bind(const Node& node, std::map<std::string, std::string>& out) {
  out.clear();
  for (const Member& member : node.members) out.emplace(member.name, member.value.text);
}

template <class T>
void bind_member(const Node& node, std::string_view name, T& out) {
  if (const Node* found = node.find(name)) bind(*found, out);
}
template <class T>
void bind_member(const Node& node, std::string_view name, std::optional<T>& out) {
  if (const Node* found = node.find(name)) bind(*found, out.emplace());
}
/// A string that holds JSON text.
inline void bind_member(const Node& node, std::string_view name, Value& out) {
  if (const Node* found = node.find(name)) out = Json{found->text};
}

inline Json written(const std::string& in) { return json_of_string(in); }
inline Json written(bool in) { return json_of(in); }
inline Json written(std::int32_t in) { return json_of(static_cast<std::int64_t>(in)); }
inline Json written(std::int64_t in) { return json_of(in); }
inline Json written(const Json& in) { return in; }
inline Json written(Instant in) { return json_of_string(to_rfc3339(in)); }
inline Json written(const DurationText& in) { return json_of_string(in.text); }
inline Json written(const Quantity& in) { return in.source; }
template <class T>
  requires std::is_enum_v<T>
Json written(T in) {
  return json_of_string(to_string(in));
}
template <class T>
  requires requires(const T& in) { to_json(in); }
Json written(const T& in) {
  return to_json(in);
}
template <class T>
Json written(const std::vector<T>& in) {
  std::vector<Json> elements;
  elements.reserve(in.size());
  for (const T& one : in) {
    elements.push_back(written(one));
  }
  return json_array(elements);
}
inline Json written(const std::map<std::string, std::string>& in) {
  JsonObject out;
  for (const auto& [name, value] : in) out.add(name, std::string_view(value));
  return out.build();
}

template <class T>
void write(JsonObject& json, std::string_view name, const T& in) {
  json.add(name, written(in));
}
template <class T>
void write(JsonObject& json, std::string_view name, const std::optional<T>& in) {
  if (in) json.add(name, written(*in));
}
/// JSON text in a string.
inline void write(JsonObject& json, std::string_view name, const Value& in) {
  if (in) json.add(name, json_of_string(in->text));
}

template <class T>
void write_unless_empty(JsonObject& json, std::string_view name, const T& in) {
  if constexpr (requires { in.empty(); }) {
    if (!in.empty()) json.add(name, written(in));
  } else {
    const Json text = written(in);
    if (text.text != "{}") json.add(name, text);
  }
}

inline void write_unless_empty(JsonObject& json, std::string_view name, const Json& in) {
  if (!in.text.empty()) json.add(name, in);
}

}  // namespace doorbuster::api
