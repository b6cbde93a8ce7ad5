#include "controllers/products/owners.h"

namespace doorbuster::products {

bool owner_leaves(const FieldRef& field) {
  // Knative's Configuration writes the annotations of a Revision when it makes it, and never again
  // (pkg/reconciler/configuration, v0.42.2 and v0.51.0).
  const bool revision =
      field.object.group == "serving.knative.dev" && field.object.kind == "Revision";
  return revision && field.pointer.starts_with("/metadata/annotations/autoscaling.knative.dev~1");
}

}  // namespace doorbuster::products
