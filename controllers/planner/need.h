#pragma once

#include "crds/sale_event.h"

#include <cstdint>
#include <optional>

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
/// At least 1, at most kMostReplicas + 1.
std::int64_t busy_replicas(const api::TargetSpec&, const NeedBasis&);

/// Is more asked for so that a zone may be lost? Then over how many zones, if the spec says.
struct ZoneMargin {
  std::optional<std::int64_t> zones;
};
std::optional<ZoneMargin> zone_margin_of(const api::TargetSpec&);

/// The full floor of a target. Sources: DESIGN.md section 4.
struct Need {
  std::int64_t floor = 0;    ///< what the spec asks for, at most `ceiling` of the target
  std::int64_t ceiling = 0;  ///< max(floor, min(ceil(1.5 x floor), ceiling of the target))
  bool capped = false;       ///< more is asked for than the ceiling (or kMostReplicas) allows
};
Need need_of(const api::TargetSpec&, const NeedBasis&);

}  // namespace doorbuster::planner
