#pragma once

#include "controllers/simulator/process.h"
#include "tests/simulation/history.h"
#include "tests/simulation/oracles.h"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace doorbuster::simulation {

/// Alters what the operator sees or does, as a bug in it would. Lives in tests only.
struct Sabotage {
  std::function<void(planner::Observation&)> see;
  std::function<void(planner::Event&)>
      recall;  ///< the event, its status above all, as the round reads it
  std::function<std::vector<planner::Write>(const planner::Event&, const planner::Write&)> perform;
  std::function<void(const planner::Event&, api::SaleEventStatus&)> publish;
  std::function<void(planner::Create&)> create;
  bool drop_finalizers = false, drop_removals = false, drop_answers = false, drop_thaws = false;
};

struct Report {
  std::vector<Violation> violations;
  std::map<std::string, int> situations;
  std::vector<std::string> trace;
  int rounds = 0, requests = 0;
  std::set<std::string> oracles() const;
};

/// Bounds of one history.
inline constexpr int kMaxRounds = 4000;
inline constexpr int kMaxRoundsAtOnce = 60;
inline constexpr Duration kLongest = std::chrono::hours(9);

/// Plays a history under the eyes of every oracle.
Report play(const History&, const Sabotage& sabotage = {}, bool with_trace = false);

/// The shortest history found that still breaks the first of the sentences that it breaks: steps,
/// events and holds are dropped one by one.
History shrunk(const History&, const Sabotage& sabotage = {});

}  // namespace doorbuster::simulation
