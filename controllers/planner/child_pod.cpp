#include "controllers/planner/child_pod.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace doorbuster::planner {
namespace {

constexpr std::int64_t kNobody = 65535;  // the pause image's own user

}  // namespace

JsonObject low_priority_pod() {
  const Json security = JsonObject()
                            .add("runAsNonRoot", true)
                            .add("runAsUser", kNobody)
                            .add("seccompProfile", Json{R"({"type":"RuntimeDefault"})"})
                            .build();
  JsonObject out;
  out.add("priorityClassName", std::string_view(kChildPriority))
      .add("preemptionPolicy", std::string_view("Never"))
      .add("terminationGracePeriodSeconds", std::int64_t{0})
      .add("automountServiceAccountToken", false)
      .add("enableServiceLinks", false)
      .add("securityContext", security);
  return out;
}

Json unprivileged() {
  return Json{R"({"allowPrivilegeEscalation":false,"readOnlyRootFilesystem":true,)"
              R"("capabilities":{"drop":["ALL"]}})"};
}

void add_node_choice(JsonObject& out, const JsonView& pod_spec) {
  for (const char* name : {"nodeSelector", "tolerations", "runtimeClassName"}) {
    if (const auto part = pod_spec.member(name)) out.add(name, Json{std::string(part->text())});
  }
  const auto affinity = pod_spec.at("/affinity/nodeAffinity");
  if (affinity.ok()) {
    out.add("affinity",
            JsonObject().add("nodeAffinity", Json{std::string(affinity->text())}).build());
  }
}

}  // namespace doorbuster::planner
