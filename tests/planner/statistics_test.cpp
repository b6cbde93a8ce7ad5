// The two tests of statistics.h: their edges, and what they promise under peeking. Their numbers
// are compared with scipy's in tests/statistics.
#include "controllers/planner/statistics.h"

#include "operator/base/random.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace doorbuster::planner {
namespace {

TEST(WorseErrors, NothingFromWhatAreNoCounts) {
  const Tally good{1000, 5};
  for (const Tally& bad : {Tally{0, 0},
                           Tally{-1, 0},
                           Tally{10, -1},
                           Tally{10, 11},
                           Tally{(std::int64_t{1} << 53) + 1, 0},
                           Tally{2'000'000'000, 1'000'000'001}}) {
    EXPECT_FALSE(worse_errors(bad, good)) << bad.requests << " " << bad.errors;
    EXPECT_FALSE(worse_errors(good, bad)) << bad.requests << " " << bad.errors;
  }
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const double tolerated : {0.0, -1.0, nan, std::numeric_limits<double>::infinity()})
    EXPECT_FALSE(worse_errors(good, good, tolerated)) << tolerated;
}

struct ErrorCase {
  const char* what;
  Tally candidate, stable;
  double tolerated, least, most;  ///< between which p lies
};

TEST(WorseErrors, SaysHowSureItIs) {
  const std::vector<ErrorCase> cases{
      {"no errors anywhere", {1000, 0}, {9000, 0}, 1, 1, 1},
      {"the same rate", {1000, 10}, {9000, 90}, 1, 0.5, 1},
      {"better", {1000, 1}, {9000, 90}, 1, 1, 1},
      {"one error of the candidate alone proves little", {1000, 1}, {9000, 0}, 1, 0.1, 1},
      {"eight errors of the candidate alone do", {1000, 8}, {9000, 0}, 1, 1e-9, 1e-4},
      {"five per cent against a half", {400, 20}, {3600, 18}, 1, 1e-12, 1e-4},
      {"twice as many where twice is tolerated", {1000, 20}, {9000, 90}, 2, 0.5, 1},
      {"twice as many where none is", {10'000, 200}, {90'000, 900}, 1, 0, 1e-6},
      {"half of the traffic", {5000, 60}, {5000, 20}, 1, 0, 1e-3},
      {"all of it fails", {50, 50}, {500, 0}, 1, 0, 1e-30},
      {"millions of each, the candidate far better",
       {50'000'000, 1000},
       {50'000'000, 90'000'000 / 10},
       1,
       1,
       1},
  };
  for (const ErrorCase& one : cases) {
    const auto test = worse_errors(one.candidate, one.stable, one.tolerated);
    ASSERT_TRUE(test) << one.what;
    EXPECT_GE(test->p, one.least) << one.what;
    EXPECT_LE(test->p, one.most) << one.what;
  }
}

TEST(WorseErrors, MoreErrorsNeverMakeItLessSure) {
  double before = 2;
  for (std::int64_t errors = 0; errors <= 200; ++errors) {
    const auto test = worse_errors({1000, errors}, {9000, 90});
    ASSERT_TRUE(test);
    EXPECT_LE(test->p, before) << errors;
    before = test->p;
  }
}

/// Events of a rate within a time, one after another (exponential gaps).
std::int64_t poisson(Random& random, double mean) {
  std::int64_t count = 0;
  for (double at = -std::log1p(-random.unit()); at < mean; at -= std::log1p(-random.unit()))
    ++count;
  return count;
}

struct Releases {
  double candidate_rate = 0.01, stable_rate = 0.01;  ///< errors a request
  double share = 0.1;                                ///< of the traffic that the candidate has
  double outage = 1;  ///< times the errors of both, from the 50th look to the 60th
};

/// Of how many of 1,000 releases each look of 200, one a scrape of 5 s at 500 requests/s, finds a
/// value that `alarms` calls out.
template <class Alarms>
int alarmed(const Releases& of, std::uint64_t seed, const Alarms& alarms) {
  constexpr int kReleases = 1000, kLooks = 200;
  constexpr double kRequests = 2500;
  int out = 0;
  Random random(seed);
  for (int release = 0; release < kReleases; ++release) {
    Tally candidate, stable;
    for (int look = 0; look < kLooks; ++look) {
      const double here = kRequests * of.share, there = kRequests - here;
      candidate.requests += static_cast<std::int64_t>(here);
      stable.requests += static_cast<std::int64_t>(there);
      const double times = look >= 50 && look < 60 ? of.outage : 1;
      candidate.errors += poisson(random, here * of.candidate_rate * times);
      stable.errors += poisson(random, there * of.stable_rate * times);
      if (!alarms(candidate, stable)) continue;
      ++out;
      break;
    }
  }
  return out;
}

constexpr double kLevel = 0.05;

bool sequential(const Tally& candidate, const Tally& stable) {
  const auto test = worse_errors(candidate, stable);
  return test && test->p <= kLevel;
}

/// What one does who looks at a test for one look again and again.
bool peeking(const Tally& candidate, const Tally& stable) {
  const double share = static_cast<double>(candidate.requests) /
                       static_cast<double>(candidate.requests + stable.requests);
  const auto all = static_cast<double>(candidate.errors + stable.errors);
  if (all < 10) return false;
  const double z =
      (static_cast<double>(candidate.errors) - all * share) / std::sqrt(all * share * (1 - share));
  return z > 1.6448536269514722;
}

TEST(WorseErrors, FewerFalseAlarmsThanItsLevelHoweverOftenOneLooks) {
  for (const double rate : {0.0005, 0.01}) {
    for (const double share : {0.05, 0.5}) {
      const Releases equal{rate, rate, share};
      EXPECT_LE(alarmed(equal, 1, sequential), 50) << rate << " " << share;
    }
  }
}

TEST(WorseErrors, AnOutageOfBothSidesIsNoFalseAlarm) {
  EXPECT_LE(alarmed({.candidate_rate = 0.002, .stable_rate = 0.002, .outage = 50}, 4, sequential),
            50);
}

TEST(WorseErrors, WhereATestForOneLookHasMany) { EXPECT_GE(alarmed({}, 1, peeking), 200); }

TEST(WorseErrors, FindsABadRelease) {
  EXPECT_EQ(alarmed({.candidate_rate = 0.05, .stable_rate = 0.005, .share = 0.05}, 2, sequential),
            1000);
  EXPECT_EQ(alarmed({.candidate_rate = 0.02, .stable_rate = 0.01, .share = 0.5}, 3, sequential),
            1000);
}

TEST(HigherValues, NothingFromTooFewOrFromWhatAreNoCounts) {
  const std::vector<std::vector<Tie>> bad{
      {},
      {{19, 0}, {0, 100}},
      {{100, 0}, {0, 19}},
      {{-1, 30}, {40, 30}},
      {{std::int64_t{1} << 53, 1}, {1, 30}},
      {{std::int64_t{1} << 52, 0}, {0, (std::int64_t{1} << 52) + 1}}};
  for (const auto& ties : bad) EXPECT_FALSE(higher_values(ties)) << ties.size();
}

TEST(HigherValues, SaysWhoIsHigher) {
  const auto same = higher_values(std::vector<Tie>{{50, 50}, {30, 30}, {20, 20}});
  ASSERT_TRUE(same);
  EXPECT_DOUBLE_EQ(same->superiority, 0.5);
  EXPECT_GT(same->p, 0.4);
  const auto higher = higher_values(std::vector<Tie>{{0, 100}, {100, 0}});
  ASSERT_TRUE(higher);
  EXPECT_DOUBLE_EQ(higher->superiority, 1);
  EXPECT_LT(higher->p, 1e-30);
  const auto lower = higher_values(std::vector<Tie>{{100, 0}, {0, 100}});
  ASSERT_TRUE(lower);
  EXPECT_DOUBLE_EQ(lower->superiority, 0);
  EXPECT_GT(lower->p, 0.999);
  const auto tied = higher_values(std::vector<Tie>{{1000, 1000}});
  ASSERT_TRUE(tied);
  EXPECT_EQ(tied->p, 1);
}

}  // namespace
}  // namespace doorbuster::planner
