#include "controllers/products/scalers.h"

#include <array>
#include <string_view>

namespace doorbuster::products {
namespace {

struct Scaler {
  std::string_view group, kind;
  Bounds bounds;
};
constexpr std::array kScalers = {
    Scaler{
        "autoscaling",
        "HorizontalPodAutoscaler",
        {"/spec/minReplicas", "/spec/maxReplicas", 1, 0, "/spec/behavior/scaleDown/selectPolicy"}},
    // KEDA, apis/keda/v1alpha1/scaledobject_types.go: defaultHPAMaxReplicas; without a minimum it
    // scales to zero by itself (pkg/scaling/executor).
    Scaler{"keda.sh",
           "ScaledObject",
           {"/spec/minReplicaCount",
            "/spec/maxReplicaCount",
            0,
            100,
            "/spec/advanced/horizontalPodAutoscalerConfig/behavior/scaleDown/selectPolicy"}},
};

}  // namespace

const Bounds* bounds_of(const ObjectRef& object) {
  for (const Scaler& one : kScalers) {
    if (one.group == object.group && one.kind == object.kind) return &one.bounds;
  }
  return nullptr;
}

bool is_ceiling(const FieldRef& field) {
  const Bounds* bounds = bounds_of(field.object);
  return bounds != nullptr && field.pointer == bounds->max;
}

bool is_scale_down(const FieldRef& field) {
  const Bounds* bounds = bounds_of(field.object);
  return bounds != nullptr && bounds->scale_down != nullptr && field.pointer == bounds->scale_down;
}

}  // namespace doorbuster::products
