#pragma once

#include "operator/base/object_ref.h"

#include <cstdint>

namespace doorbuster::planner {

// Releases without a router (`traffic.readyPods`): the candidate's pods have all labels of the
// target's, so whatever selects those selects these too, and nobody shares out but by the number of
// pods that are ready. Nothing is held; the candidate's size is its share.

/// What stands where another rollout names its router: no object.
inline const ObjectRef kByPods{"", "ReadyPods", "", "-"};
bool is_by_pods(const ObjectRef& router);

/// The fewest pods beside those of a target that are at least `percent` of both; below 100.
std::int64_t pods_beside(int percent, std::int64_t target);

/// The candidate's pods that a share asks for where all of the traffic needs `all`: a part of them,
/// or, by the number of pods, so many beside all of them.
std::int64_t pods_of_share(int percent, std::int64_t all, bool by_pods);

/// Percent that the candidate's ready pods are of both sides', rounded up.
int share_of_pods(std::int64_t candidate, std::int64_t target);

}  // namespace doorbuster::planner
