#include "controllers/planner/rollout_source.h"

#include "controllers/planner/intent.h"

#include <utility>

namespace doorbuster::planner {
namespace {

constexpr const char* kPodLabels = "/spec/template/metadata/labels";

JsonObject members_without(const JsonView& from, std::string_view left_out) {
  JsonObject out;
  for (const auto& [name, value] : from.members()) {
    if (name != left_out && name != "creationTimestamp")
      out.add(name, Json{std::string(value.text())});
  }
  return out;
}

}  // namespace

Json template_patch(const Document& target, const Document& source) {
  std::map<std::string, std::string> labels;
  for (const Document* one : {&target, &source}) {
    const auto found = one->root().find(kPodLabels);
    if (!found) continue;
    for (const auto& [name, value] : found->members())
      labels.emplace(name, value.string().value_or(""));  // the target's first: they stay
  }
  JsonObject pods;
  for (const auto& [name, value] : labels) pods.add(name, std::string_view(value));
  const JsonView made = source.root().find("/spec/template").value_or(JsonView());
  JsonObject metadata = members_without(made.find("/metadata").value_or(JsonView()), "labels");
  metadata.add("labels", pods.build());
  JsonObject out = members_without(made, "metadata");
  out.add("$patch", std::string_view("replace")).add("metadata", metadata.build());
  return out.build();
}

}  // namespace doorbuster::planner
