#pragma once

#include "bench/releases.h"

#include <string>
#include <variant>
#include <vector>

namespace doorbuster::bench {

// What rolls a release back by its errors: ours, and what users have today.

/// What a test is told to have of false alarms.
inline constexpr double kFalseAlarm = 0.05;

/// planner::worse_errors at every scrape.
struct Sequential {
  double tolerated = 1;
  double false_alarm = kFalseAlarm;
};

/// A test that is meant for one look (the normal approximation of the binomial one, from ten errors
/// on), at every scrape.
struct OneLook {};

/// A share of successes below which a measurement fails; stable is not looked at.
struct FixedLimit {
  double least = 0.99;
  int window = kMinute;    ///< scrapes that a measurement is of
  int first = kMinute;     ///< scrapes until the first measurement
  int every = kMinute;     ///< scrapes from one measurement to the next
  int failures = 1;        ///< so many failed measurements roll back
  bool in_a_row = false;   ///< a good one makes failures be counted anew
  bool told_late = false;  ///< only the measurement after the last failed one acts
};

struct Analysis {
  std::string name;
  std::variant<Sequential, OneLook, FixedLimit> how;
};

/// Those that are compared.
std::vector<Analysis> analyses();

/// One analysis of one release.
class Judge {
 public:
  explicit Judge(const Analysis& analysis) : analysis_(analysis) {}
  /// Asked at every scrape, `look` of them so far.
  bool rolls_back(const Seen& seen, int look);

 private:
  bool limited(const FixedLimit& limit, const Seen& seen, int look);

  const Analysis& analysis_;
  int failed_ = 0;
};

}  // namespace doorbuster::bench
