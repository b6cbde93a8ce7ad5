#include "controllers/planner/placeholder.h"

#include "controllers/planner/child_pod.h"
#include "controllers/planner/pod_shape.h"
#include "operator/base/json_read.h"

#include <utility>
#include <vector>

namespace doorbuster::planner {
namespace {

/// The server takes no request for these without a limit that equals it.
bool is_never_overcommitted(const std::string& resource) {
  return resource.starts_with("hugepages-") || resource.find('/') != std::string::npos;
}

Json resources_of(const JsonView& pod_spec) {
  JsonObject requests, limits, out;
  for (const auto& [name, amount] : pod_requests(pod_spec)) {
    requests.add(name, std::string_view(amount));
    if (is_never_overcommitted(name)) limits.add(name, std::string_view(amount));
  }
  if (!requests.empty()) out.add("requests", requests.build());
  if (!limits.empty()) out.add("limits", limits.build());
  return out.build();
}

Json container(const JsonView& pod_spec, const std::string& image) {
  return JsonObject()
      .add("name", std::string_view("placeholder"))
      .add("image", std::string_view(image))
      .add("resources", resources_of(pod_spec))
      .add("securityContext", unprivileged())
      .build();
}

/// A constraint that spreads the placeholders as the target's own spreads its pods.
Json spread_of(const JsonView& constraint, const Json& selector) {
  JsonObject out;
  for (const auto& [name, value] : constraint.members()) {
    if (name != "labelSelector" && name != "matchLabelKeys")
      out.add(name, Json{std::string(value.text())});
  }
  return out.add("labelSelector", selector).build();
}

void add_spread(JsonObject& out, const JsonView& pod_spec, const Json& selector) {
  std::vector<Json> spread;
  for (const JsonView& one : elements_of(pod_spec, "topologySpreadConstraints"))
    spread.push_back(spread_of(one, selector));
  if (!spread.empty()) out.add("topologySpreadConstraints", json_array(spread));
}

Json pod_of(const JsonView& pod_spec, const std::string& image, const Json& selector) {
  JsonObject out = low_priority_pod();
  out.add("containers", json_array({container(pod_spec, image)}));
  add_node_choice(out, pod_spec);
  if (const auto part = pod_spec.member("schedulerName"))
    out.add("schedulerName", Json{std::string(part->text())});
  add_spread(out, pod_spec, selector);
  return out.build();
}

}  // namespace

std::map<std::string, std::string> pod_requests(const JsonView& pod_spec) {
  Amounts amounts = requests_of(pod_spec);
  amounts.erase("pods");
  if (const auto overhead = pod_spec.member("overhead"))
    add_to(amounts, amounts_of(*overhead, Rounding::Up), -1);
  std::map<std::string, std::string> out;
  for (const auto& [name, amount] : amounts)
    out[name] = std::to_string(amount) + (name == "cpu" ? "m" : "");
  return out;
}

std::optional<Json> placeholders_for(const Document& workload,
                                     const std::string& name,
                                     const std::string& image,
                                     std::int64_t replicas) {
  const auto pod_spec = workload.root().at(kPodSpec);
  if (!pod_spec.ok() || elements_of(*pod_spec, "containers").empty()) return std::nullopt;
  const Json labels = JsonObject().add(kPlaceholderLabel, std::string_view(name)).build();
  const Json selector = JsonObject().add("matchLabels", labels).build();
  const Json pod = JsonObject()
                       .add("metadata", JsonObject().add("labels", labels).build())
                       .add("spec", pod_of(*pod_spec, image, selector))
                       .build();
  const Json spec = JsonObject()
                        .add("replicas", replicas)
                        .add("revisionHistoryLimit", std::int64_t{0})
                        .add("strategy", Json{R"({"type":"Recreate"})"})
                        .add("selector", selector)
                        .add("template", pod)
                        .build();
  return JsonObject().add("spec", spec).build();
}

}  // namespace doorbuster::planner
