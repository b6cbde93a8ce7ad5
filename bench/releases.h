#pragma once

#include "controllers/planner/statistics.h"
#include "operator/base/random.h"

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace doorbuster::bench {

// Releases that are made up: what candidate and stable answer between two scrapes, by several kinds
// of chance.

inline constexpr int kScrapeSeconds = 5;
inline constexpr int kLooks = 60 * 60 / kScrapeSeconds;          ///< an hour of them
inline constexpr int kMinute = 60 / kScrapeSeconds;              ///< in scrapes
inline constexpr std::int64_t kRequests = 500 * kScrapeSeconds;  ///< both sides, between scrapes
inline constexpr int kPods = 20;                                 ///< both sides

/// A `Random` that Boost's distributions draw from.
class Chance {
 public:
  using result_type = std::uint64_t;
  explicit Chance(Random random) : random_(random) {}
  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return std::numeric_limits<result_type>::max(); }
  result_type operator()() { return random_.next(); }
  double unit() { return random_.unit(); }
  std::int64_t poisson(double mean);

 private:
  Random random_;
};

enum class Errors {
  Independent,  ///< Poisson
  EachVaries,   ///< each side's rate is drawn by itself, from a gamma distribution
  BothVary,     ///< the same factor for both sides
  Clumps,       ///< where one is, others are: their number is geometric
  Outages,      ///< now and then both sides fail more often
  PodBursts,    ///< now and then one pod of either side fails
};

/// How errors come. Which of the numbers count depends on the kind.
struct Process {
  Errors kind = Errors::Independent;
  double spread = 0;       ///< standard deviation of a rate, of its mean
  int lasts = 1;           ///< scrapes that a drawn rate, an outage or a burst stays
  double every_hours = 0;  ///< between outages, or between one pod's bursts, on average
  double size = 0;  ///< errors in a clump; times the rate in an outage; share that a pod fails
};

/// A share of the traffic for some time.
struct Step {
  int looks = kLooks;
  double share = 0.5;
  double times = 1;  ///< how often errors come on both sides, of the rate
  bool anew = true;  ///< the test's counts begin again with it
};

struct World {
  std::string group, name;
  Process process;
  double rate = 0.005;  ///< of stable's requests that are errors, bursts not counted
  double worse = 1;     ///< the candidate's errors, of stable's
  std::vector<Step> steps{Step{}};
};

/// What has been seen until a look.
struct Seen {
  std::vector<planner::Tally> candidate;  ///< between scrapes, the last one is now
  planner::Tally candidate_since,
      stable_since;  ///< from the beginning of the step, or of an earlier
};

/// One release of a world, from scrape to scrape.
class Release {
 public:
  Release(const World& world, Random random);
  const Seen& next();

 private:
  struct Side {
    double factor = 1;         ///< of the rate, as drawn last
    std::vector<int> failing;  ///< of each pod: scrapes that its burst still lasts
  };
  void begin_step();
  void change_rates();
  std::int64_t errors_of(Side& side, double requests, double rate);

  const World& world_;
  Chance chance_;
  Seen seen_;
  Side candidate_, stable_;
  std::size_t step_ = 0;
  int look_ = 0, left_ = 0, outage_ = 0;
};

}  // namespace doorbuster::bench
