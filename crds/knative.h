#pragma once

#include <string_view>

namespace doorbuster::api {

/// Knative Serving's kinds, none of which is a target (hack/decisions/0020).
inline constexpr bool is_knative(std::string_view group) {
  return group == "serving.knative.dev" || group == "autoscaling.internal.knative.dev";
}

/// What to write instead.
inline constexpr const char* kInsteadOfKnative =
    "hold /metadata/annotations/autoscaling.knative.dev~1min-scale of the Revision that gets the "
    "traffic, a string such as \"40\", in `holds` (docs/reference/in-charge.md, Knative)";

}  // namespace doorbuster::api
