// Reads metadata.managedFields (Kubernetes: Server-Side Apply, "FieldsV1"): f:name for a member,
// k:{...} for a list element by key, v:value and i:index for others; a node without members is
// owned as a whole.
#include "controllers/planner/ledger.h"
#include "operator/base/json_read.h"

#include <utility>
#include <vector>

namespace doorbuster::planner {
namespace {

struct Entry {
  std::string manager, time, operation;
  JsonView fields;
};

/// Entries of the main resource and of /scale (which writes spec.replicas); status is nobody's
/// wish.
std::vector<Entry> entries_of(const Document& object) {
  std::vector<Entry> out;
  const auto managed = object.root().at("/metadata/managedFields");
  if (!managed) return out;
  for (const JsonView& one : managed->elements()) {
    const auto fields = one.member("fieldsV1");
    if (!fields || text_of(one, "subresource") == "status") continue;
    out.push_back(
        {text_of(one, "manager"), text_of(one, "time"), text_of(one, "operation"), *fields});
  }
  return out;
}

/// Does a "k:{...}" name choose the element that these keys choose?
bool chooses(std::string_view name, const std::vector<std::pair<std::string, std::string>>& keys) {
  if (!name.starts_with("k:")) return false;
  const auto element = JsonView::parse(name.substr(2));
  if (!element) return false;
  for (const auto& [key, value] : keys) {
    const auto member = element->member(key);
    if (!member) return false;
    if (member->string().value_or(std::string(member->text())) != value) return false;
  }
  return true;
}

std::optional<JsonView> below(const JsonView& node, const PointerStep& step) {
  if (step.keys.empty()) return node.member("f:" + step.name);
  for (const auto& [name, child] : node.members()) {
    if (chooses(name, step.keys)) return child;
  }
  return std::nullopt;
}

/// Does an entry own the place at these steps, something below it, or a whole that contains it?
bool owns(const JsonView& fields, const std::vector<PointerStep>& steps) {
  JsonView node = fields;
  for (const PointerStep& step : steps) {
    const auto next = below(node, step);
    if (!next) return node.members().empty();
    node = *next;
  }
  return true;
}

}  // namespace

FieldWriter writer_of(const Document& object, std::string_view pointer) {
  const auto steps = parse_pointer(pointer);
  FieldWriter last;
  if (!steps) return last;
  for (const Entry& one : entries_of(object)) {
    if (!owns(one.fields, *steps)) continue;
    // RFC 3339 in UTC compares as text. Of two in one second ours goes last: who shares a value
    // with us has not changed it.
    const bool later =
        one.time > last.time || (one.time == last.time && one.manager == kFieldManager);
    if (last.manager.empty() || later) last = {one.manager, one.time, one.operation == "Apply"};
  }
  return last;
}

std::set<std::string> managers_of(const Document& object, std::string_view pointer) {
  const auto steps = parse_pointer(pointer);
  std::set<std::string> out;
  if (!steps) return out;
  for (const Entry& one : entries_of(object)) {
    if (owns(one.fields, *steps)) out.insert(one.manager);
  }
  return out;
}

bool only_ours_below(const Document& object, std::string_view pointer) {
  const auto steps = parse_pointer(pointer);
  if (!steps) return false;
  bool ours = false;
  for (const Entry& one : entries_of(object)) {
    if (!owns(one.fields, *steps)) continue;
    if (one.manager != kFieldManager) return false;
    ours = true;
  }
  return ours;
}

std::optional<std::pair<std::size_t, std::string>> our_managed_entry(const Document& object) {
  const auto managed = object.root().at("/metadata/managedFields");
  if (!managed) return std::nullopt;
  std::size_t index = 0;
  for (const JsonView& one : managed->elements()) {
    if (text_of(one, "manager") == kFieldManager && text_of(one, "subresource").empty()) {
      return std::pair{index, text_of(one, "time")};
    }
    ++index;
  }
  return std::nullopt;
}

}  // namespace doorbuster::planner
