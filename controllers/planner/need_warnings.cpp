#include "controllers/planner/need_warnings.h"

#include <algorithm>

namespace doorbuster::planner {

std::vector<Reason> ceiling_warnings(const std::string& target,
                                     const Floor& floor,
                                     const Need& need) {
  std::vector<Reason> out;
  const std::string peak = std::to_string(need.peak());
  if (need.capped)
    out.push_back(
        {"NeedAboveCeiling", target + ": more is needed than the ceiling of " + peak + " allows"});
  if (floor.max && std::max(floor.baseline_max.value_or(0), need.ceiling) <= need.peak())
    out.push_back(
        {"FloorAtCeiling",
         target + ": the floor of " + peak + " is the maximum too: load beyond it finds no room"});
  return out;
}

}  // namespace doorbuster::planner
