#pragma once

#include "controllers/planner/feasibility.h"
#include "controllers/planner/view.h"
#include "controllers/planner/wanted.h"

#include <optional>
#include <vector>

namespace doorbuster::planner {

/// What is to be judged of an event: the peaks of all its targets, and what is known already to
/// speak against it. What normally runs is, before preparation, what ran when the room was read,
/// so that the answer moves with readings and not with every pod. Nothing: a target is not read
/// yet.
std::optional<Asked> peak_needs(const View&, const Room&, const std::vector<Reason>& warnings);

/// Whose pods a target's are (room.h).
PodOwner owner_of_pods(const ObjectRef& workload);

/// Of a Deployment or a Rollout: how many pods more than its replicas a rolling update starts
/// (maxSurge, 25 % unless it is said;
/// https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#max-surge).
std::int64_t surge_of(const Document& workload, const std::string& kind, std::int64_t replicas);

}  // namespace doorbuster::planner
