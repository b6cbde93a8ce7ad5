#pragma once

#include "operator/base/json.h"

namespace doorbuster::planner {

// What the pods of our own children have in common, whatever they are for.

inline constexpr const char* kPodSpec = "/spec/template/spec";  ///< of a workload

/// Their PriorityClass, shipped in charts/manifests/priorityclass.yaml: -10, the lowest that a
/// cluster autoscaler still adds nodes for (--expendable-pods-priority-cutoff), and below every pod
/// that names none.
inline constexpr const char* kChildPriority = "doorbuster-headroom";

/// A pod's spec without containers: of that priority, never preempting, gone at once, without a
/// token, as nobody.
JsonObject low_priority_pod();

/// The securityContext of its containers: as the Pod Security Standard `restricted` wants them
/// (https://kubernetes.io/docs/concepts/security/pod-security-standards/).
Json unprivileged();

/// On which nodes, as pods of this spec: nodeSelector, node affinity, tolerations, runtime class.
void add_node_choice(JsonObject& out, const JsonView& pod_spec);

}  // namespace doorbuster::planner
