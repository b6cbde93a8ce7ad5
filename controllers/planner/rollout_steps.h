#pragma once

#include "crds/sale_event.h"
#include "operator/base/instant.h"

#include <cstdint>
#include <string>
#include <vector>

namespace doorbuster::planner {

/// What a rollout comes through, whatever its strategy: one way forward for all.
struct RolloutStep {
  int weight = 0;  ///< percent of the traffic that the candidate gets
  int pods = 0;  ///< percent of what all traffic needs that it runs at, never less than `weight` or
                 ///< `mirror`
  std::int64_t replicas = 0;  ///< and never fewer pods than these
  Duration pause{};
  bool analysis = false;                   ///< ends only once the analysis has passed
  std::string gate{};                      ///< ends only once this gate is open; empty: none
  std::vector<api::RequestMatch> match{};  ///< requests that are its besides the weight
  int mirror = 0;                          ///< percent of the requests that it gets copies of
};

/// The steps of a canary as written; of blue-green a preview of full size without traffic, and the
/// switch.
std::vector<RolloutStep> steps_of(const api::RolloutStrategy&);

}  // namespace doorbuster::planner
