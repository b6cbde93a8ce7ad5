#pragma once

#include "controllers/planner/seen.h"
#include "operator/base/json.h"

#include <cstdint>
#include <optional>
#include <string>

namespace doorbuster::planner {

// CapacityBuffers (autoscaling.x-k8s.io), by which a node autoscaler is told for how many pods more
// it shall keep room. cluster-autoscaler and Karpenter act on them, where they are told to.

inline constexpr const char* kBufferGroup = "autoscaling.x-k8s.io";
inline constexpr const char* kBufferKind = "CapacityBuffer";

/// So long a buffer that nobody acts on stands alone; then placeholder pods take its place. Several
/// times what a loop of cluster-autoscaler takes (--scan-interval, 10 s).
inline constexpr Duration kBufferPatience = std::chrono::minutes(2);

/// The `spec` of one for pods of a workload. `replicas` alone: with `percentage` too, controllers
/// disagree on which of the two counts (kubernetes/autoscaler#9948).
Json buffer_for(const ObjectRef& workload, std::int64_t replicas);

/// What its conditions say.
struct BufferAnswer {
  bool acted_on = false;  ///< it can be provisioned for, and somebody says how far that is
  /// There is room for so many of its pods.
  std::int64_t room = 0;
  std::string message;  ///< in the controller's words, why not; may be empty
};
BufferAnswer answer_of(const Document& buffer);

/// Until when it is waited for an answer.
Instant patience_ends(const Document& buffer);

/// The version in which it is served, "autoscaling.x-k8s.io/v1beta1"; nothing: it is not, or that
/// is not known now.
std::optional<std::string> served_buffers(const Observation&);

}  // namespace doorbuster::planner
