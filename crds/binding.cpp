#include "crds/binding.h"

namespace doorbuster::api {
namespace {

/// A whole number, also when written `3.0` or `3e2`.
std::optional<std::int64_t> whole_number(const Node& node) {
  if (const auto plain = integer_of(Json{node.text})) return plain;
  const auto value = parse_quantity(node.text);
  if (!value || value->nanos % kNanosPerUnit != 0) return std::nullopt;
  return static_cast<std::int64_t>(value->nanos / kNanosPerUnit);
}

}  // namespace

void bind(const Node& node, std::int32_t& out) {
  if (const auto value = whole_number(node)) out = static_cast<std::int32_t>(*value);
}

void bind(const Node& node, std::int64_t& out) {
  if (const auto value = whole_number(node)) out = *value;
}

void bind(const Node& node, Instant& out) {
  if (const auto value = parse_rfc3339(node.text)) out = *value;
}

void bind(const Node& node, DurationText& out) {
  if (const auto value = parse_offset(node.text)) out = {node.text, *value};
}

void bind(const Node& node, Quantity& out) {
  auto value = parse_quantity(node.text);
  if (!value) return;
  if (node.type == JsonType::Number) value->source = Json{node.text};
  out = *value;
}

}  // namespace doorbuster::api
