#include "controllers/planner/scaled_object.h"

#include "controllers/planner/in_charge.h"

#include <algorithm>
#include <array>

namespace doorbuster::planner {
namespace {

constexpr const char* kGroup = "keda.sh";
constexpr const char* kKind = "ScaledObject";
constexpr const char* kPausedReplicas = "autoscaling.keda.sh/paused-replicas";
constexpr const char* kPaused = "autoscaling.keda.sh/paused";

std::optional<std::string> annotation(const Document& object, const char* name) {
  const auto all = object.root().at("/metadata/annotations");
  const auto found = all ? all->member(name) : std::nullopt;
  return found ? found->string() : std::nullopt;
}

/// As strconv.ParseBool; what it cannot read KEDA takes for true.
bool says_no(const std::string& text) {
  constexpr std::array kNo = {"0", "f", "F", "false", "FALSE", "False"};
  return std::find(kNo.begin(), kNo.end(), text) != kNo.end();
}

}  // namespace

bool is_scaled_object(const ObjectRef& object) {
  return object.group == kGroup && object.kind == kKind;
}

ObjectRef autoscaler_made_from(const ObjectRef& scaled_object, const Document& object) {
  ObjectRef out{"autoscaling", "HorizontalPodAutoscaler", scaled_object.ns, ""};
  out.name = object.string("/status/hpaName");
  if (out.name.empty())
    out.name = object.string("/spec/advanced/horizontalPodAutoscalerConfig/name");
  if (out.name.empty()) out.name = "keda-hpa-" + scaled_object.name;
  return out;
}

std::optional<ObjectRef> maker_of(const ObjectRef& autoscaler, const Document& object) {
  const auto owner = controller_of(object);
  if (!owner || owner->group != kGroup || owner->kind != kKind) return std::nullopt;
  return ObjectRef{kGroup, kKind, autoscaler.ns, owner->name};
}

std::string paused_by(const Document& object) {
  if (const auto count = annotation(object, kPausedReplicas))
    return std::string(kPausedReplicas) + ": " + *count;
  const auto paused = annotation(object, kPaused);
  return paused && !says_no(*paused) ? std::string(kPaused) + ": " + *paused : "";
}

std::optional<std::int64_t> idle_replicas(const Document& object) {
  return object.integer("/spec/idleReplicaCount");
}

}  // namespace doorbuster::planner
