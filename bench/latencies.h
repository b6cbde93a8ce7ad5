#pragma once

#include "operator/base/random.h"

#include <string>

namespace doorbuster::bench {

// Latencies as a histogram's buckets have them, and what planner::higher_values says of them.

struct Latencies {
  std::string name;
  double share = 0.5;  ///< of the traffic that is the candidate's
  double slower = 1;   ///< the candidate's median, of stable's
  double spread = 0;  ///< of each side's median between two scrapes: the deviation of its logarithm
  bool both = false;  ///< the spread is the same for both sides
};

/// Of so many releases those that a p of at most kFalseAlarm finds.
struct HigherFound {
  int at_one_look = 0;          ///< after kOneLook scrapes
  int at_any_look = 0;          ///< at any scrape of an hour
  int at_one_look_limited = 0;  ///< with kSuperiority besides
  int at_any_look_limited = 0;  ///< from kOneLook scrapes on, with kSuperiority besides
};
inline constexpr int kOneLook = 60;
inline constexpr double kSuperiority = 0.55;

HigherFound find_higher(const Latencies& world, int releases, const Random& random);

}  // namespace doorbuster::bench
