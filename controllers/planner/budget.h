#pragma once

#include "controllers/planner/seen.h"

#include <cstdint>
#include <optional>

namespace doorbuster::planner {

inline constexpr const char* kMinAvailable = "/spec/minAvailable";
inline constexpr const char* kMaxUnavailable = "/spec/maxUnavailable";

/// A PodDisruptionBudget's own numbers; at most one of them is set.
struct Budget {
  Value min_available, max_unavailable;
};

/// What to keep a budget at so that at least `percent` of the pods stay.
struct Tightened {
  const char* pointer = kMinAvailable;
  Json value;
  int priority = 0;            ///< the stricter the higher
  bool blocks_drains = false;  ///< with `replicas` pods none may be evicted
};

/// With `replicas` pods or more never looser than the budget itself; nothing where that is as
/// strict already, or cannot be read. Percentages are rounded up on either side, as the disruption
/// controller does (kubernetes pkg/controller/disruption): of a maxUnavailable in per cent one pod
/// may always go. A number of pods that may go stays a number, of at least one.
std::optional<Tightened> tightened(const Budget&, std::int64_t percent, std::int64_t replicas);

/// The selector of a PodDisruptionBudget against the labels of a workload's pods. policy/v1: an
/// absent one selects nothing, an empty one everything.
bool guards(const Document& budget, const Document& workload);

}  // namespace doorbuster::planner
