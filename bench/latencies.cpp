#include "bench/latencies.h"

#include "bench/analyses.h"

#include <boost/math/distributions/normal.hpp>
#include <boost/random/binomial_distribution.hpp>
#include <boost/random/normal_distribution.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <vector>

namespace doorbuster::bench {
namespace {

/// Those of Prometheus' client libraries, in seconds; a last bucket has all above.
constexpr std::array<double, 11> kBounds{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
using Buckets = std::array<std::int64_t, kBounds.size() + 1>;

/// Stable's: lognormal, as far as latencies are.
constexpr double kMedian = 0.05, kSigma = 0.8;

/// So many values of a median, put into buckets.
void draw(Chance& chance, std::int64_t values, double median, Buckets& into) {
  const boost::math::normal_distribution<double> normal;
  double above = 1;
  for (std::size_t i = 0; i < kBounds.size() && values > 0; ++i) {
    const double beyond = cdf(complement(normal, std::log(kBounds[i] / median) / kSigma));
    const double here = std::min(1.0, std::max(0.0, 1 - beyond / above));
    const auto drawn =
        boost::random::binomial_distribution<std::int64_t, double>(values, here)(chance);
    into[i] += drawn;
    values -= drawn;
    above = beyond;
    if (!(above > 0)) break;
  }
  into.back() += values;
}

struct Sides {
  Buckets candidate{}, stable{};
};

void scrape(Chance& chance, const Latencies& world, Sides& sides) {
  boost::random::normal_distribution<double> moved(0, 1);
  const double here = world.spread > 0 ? std::exp(world.spread * moved(chance)) : 1;
  const double there =
      world.both || !(world.spread > 0) ? here : std::exp(world.spread * moved(chance));
  const auto requests = static_cast<std::int64_t>(std::lround(kRequests * world.share));
  draw(chance, requests, kMedian * world.slower * here, sides.candidate);
  draw(chance, kRequests - requests, kMedian * there, sides.stable);
}

std::optional<planner::RankTest> test(const Sides& sides) {
  std::vector<planner::Tie> ties;
  for (std::size_t i = 0; i < sides.candidate.size(); ++i)
    ties.push_back({sides.candidate[i], sides.stable[i]});
  return planner::higher_values(ties);
}

}  // namespace

HigherFound find_higher(const Latencies& world, int releases, const Random& random) {
  HigherFound out;
  for (int release = 0; release < releases; ++release) {
    Chance chance(random.fork(std::to_string(release)));
    Sides sides;
    bool any = false, limited = false;
    for (int look = 1; look <= kLooks; ++look) {
      scrape(chance, world, sides);
      const auto told = test(sides);
      if (!told || told->p > kFalseAlarm) continue;
      const bool much = told->superiority >= kSuperiority;
      any = true;
      limited = limited || (much && look >= kOneLook);
      if (look != kOneLook) continue;
      ++out.at_one_look;
      if (much) ++out.at_one_look_limited;
    }
    if (any) ++out.at_any_look;
    if (limited) ++out.at_any_look_limited;
  }
  return out;
}

}  // namespace doorbuster::bench
