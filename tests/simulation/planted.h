#pragma once

#include "tests/simulation/run.h"

#include <functional>
#include <set>
#include <string>
#include <vector>

namespace doorbuster::simulation {

/// A bug beside the operator, a history in which it shows, and the oracles that must complain.
struct PlantedBug {
  const char* sentence;
  std::function<Sabotage()> plant;
  std::function<History()> history;
  std::set<std::string> trips;
};

/// A sale without any mishap: one autoscaled shop, one without autoscaler, a rate limit; demand as
/// the step says.
History plain();
History with(History, std::vector<Step>);
Sabotage performing(std::function<std::vector<planner::Write>(const planner::Write&)>);

std::vector<PlantedBug> planted_in_releases();

}  // namespace doorbuster::simulation
