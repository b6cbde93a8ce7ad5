#pragma once

#include "controllers/planner/seen.h"
#include "crds/sale_event.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace doorbuster::planner {

// What a target needs, in replicas: arithmetic alone, no object, no status.

/// No need is more than this, as the schema allows.
inline constexpr std::int64_t kMostReplicas = 100'000;
/// Where it is not known in how many zones the nodes are: no number of zones asks for more.
inline constexpr std::int64_t kZonesAssumed = 2;

/// ceil(rps / (rpsPerPod x utilizationPercent / 100)), exact; at most kMostReplicas + 1. Source:
/// Alibaba's sizing from a single-machine stress test (102.alibaba.com/detail?id=88), as N =
/// ceil(peak / (rate per pod x target utilization)).
std::int64_t replicas_for_rate(const api::NeedRps&);

/// The smallest N of which `count` are left when the fullest of `zones` zones is lost, where pods
/// are spread evenly: N - ceil(N / zones) >= count. That is count + ceil(count / (zones - 1)): the
/// usual N x Z / (Z - 1), rounded so that it holds for whole pods. One zone: `count`, for its loss
/// cannot be survived. `zones` >= 1.
std::int64_t with_a_zone_to_lose(std::int64_t count, std::int64_t zones);

/// What a need is computed from besides the spec.
struct NeedBasis {
  std::int64_t usual = 0;             ///< what normally runs
  std::int64_t minimum = 0;           ///< the autoscaler's, before the sale
  std::optional<std::int64_t> zones;  ///< in which there are nodes; nothing: not known
};

/// What the spec asks for without a margin and whatever the ceiling: so many pods are to be busy.
/// At least 1, at most kMostReplicas + 1. By the step of the profile that is in force so long after
/// the start.
std::int64_t busy_replicas(const api::TargetSpec&, const NeedBasis&, Duration since_start);

/// Is more asked for so that a zone may be lost? Then over how many zones, if the spec says.
struct ZoneMargin {
  std::optional<std::int64_t> zones;
};
std::optional<ZoneMargin> zone_margin_of(const api::TargetSpec&);

/// From this instant on this floor.
struct Stretch {
  Instant from;
  std::int64_t floor = 0;
  bool operator==(const Stretch&) const = default;
};

/// The full floor of a target over the window. Sources: DESIGN.md section 4.
struct Need {
  /// Ascending, at least one; the first from the start on, and before it too. What begins at the
  /// end or later is not here. Each at most `ceiling` of the target.
  std::vector<Stretch> stretches;
  std::int64_t ceiling = 0;  ///< max(peak, min(ceil(1.5 x peak), ceiling of the target))
  bool capped = false;  ///< more is asked for at some time than the ceiling (kMostReplicas) allows

  std::int64_t floor_at(Instant) const;
  std::int64_t peak() const;
};
Need need_of(const api::TargetSpec&, const NeedBasis&, const Window&);

}  // namespace doorbuster::planner
