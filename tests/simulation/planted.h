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
/// The same that releases too: a fifth of the traffic, then all of it, from its start (five minutes
/// in) to its end, ten minutes later.
History release();
/// The same without a router: a fifth of the pods that are ready, then half of them.
History by_pods(History release);
/// Such a one is told back when its target has just lost pods, and new ones do not start.
History lacking_pods();
Sabotage performing(std::function<std::vector<planner::Write>(const planner::Write&)>);

std::vector<PlantedBug> planted_in_releases();

}  // namespace doorbuster::simulation
