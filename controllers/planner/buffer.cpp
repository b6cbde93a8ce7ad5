#include "controllers/planner/buffer.h"

#include "operator/base/json_read.h"

#include <algorithm>
#include <string_view>

namespace doorbuster::planner {
namespace {

constexpr const char* kStrategy = "buffer.x-k8s.io/active-capacity";
constexpr const char* kReady = "ReadyForProvisioning";
constexpr const char* kProvisioning = "Provisioning";

/// One field of one condition; empty: there is no such condition.
std::string condition(const Document& buffer, const std::string& type, const char* field) {
  for (const JsonView& one : elements_at(buffer.root(), "/status/conditions")) {
    if (text_of(one, "type") == type) return text_of(one, field);
  }
  return "";
}

}  // namespace

Json buffer_for(const ObjectRef& workload, std::int64_t replicas) {
  const Json scalable = JsonObject()
                            .add("apiGroup", std::string_view(workload.group))
                            .add("kind", std::string_view(workload.kind))
                            .add("name", std::string_view(workload.name))
                            .build();
  const Json spec = JsonObject()
                        .add("provisioningStrategy", std::string_view(kStrategy))
                        .add("scalableRef", scalable)
                        .add("replicas", replicas)
                        .build();
  return JsonObject().add("spec", spec).build();
}

BufferAnswer answer_of(const Document& buffer) {
  BufferAnswer out;
  const std::string provisioning = condition(buffer, kProvisioning, "status");
  out.acted_on = condition(buffer, kReady, "status") == "True" && !provisioning.empty();
  if (out.acted_on && provisioning == "True") {
    const std::int64_t asked = buffer.integer("/spec/replicas").value_or(0);
    out.room = std::min(asked, buffer.integer("/status/replicas").value_or(asked));
  }
  out.message = condition(buffer, out.acted_on ? kProvisioning : kReady, "message");
  return out;
}

Instant patience_ends(const Document& buffer) {
  const auto created = parse_rfc3339(buffer.string("/metadata/creationTimestamp"));
  return created.value_or(Instant{}) + kBufferPatience;
}

std::optional<std::string> served_buffers(const Observation& seen) {
  const auto found = seen.kinds.find({kBufferGroup, kBufferKind});
  if (found == seen.kinds.end()) return std::nullopt;
  const auto* fact = std::get_if<KindFact>(&found->second);
  if (fact == nullptr || !fact->served) return std::nullopt;
  return fact->api_version;
}

}  // namespace doorbuster::planner
