#include "controllers/planner/statistics.h"

#include <boost/math/distributions/normal.hpp>
#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/gamma.hpp>

#include <algorithm>
#include <cmath>

namespace doorbuster::planner {
namespace {

/// Counts above it are not whole numbers any more in a double.
constexpr std::int64_t kMostCounted = std::int64_t{1} << 53;
/// Up to it the logarithms, which cancel each other, leave the evidence right to 1e-4.
constexpr std::int64_t kMostErrors = 1'000'000'000;

/// Errors are returned as values (an infinity, not a number), never thrown; no promotion to long
/// double, so that every machine says the same.
using Exact = boost::math::policies::policy<
    boost::math::policies::domain_error<boost::math::policies::ignore_error>,
    boost::math::policies::pole_error<boost::math::policies::ignore_error>,
    boost::math::policies::overflow_error<boost::math::policies::ignore_error>,
    boost::math::policies::evaluation_error<boost::math::policies::ignore_error>,
    boost::math::policies::promote_double<false>>;

/// Of how many times stable's errors the middle of the mixture is, and how wide it is (the first
/// parameter of its beta distribution).
constexpr double kExpectedRatio = 3, kWidth = 1;

bool counted(const Tally& one) {
  return one.requests > 0 && one.errors >= 0 && one.errors <= one.requests &&
         one.requests <= kMostCounted && one.errors <= kMostErrors;
}

double log_beta(double a, double b) {
  using boost::math::lgamma;
  return lgamma(a, Exact()) + lgamma(b, Exact()) - lgamma(a + b, Exact());
}

/// The logarithm of the incomplete beta integral of x^(a-1) (1-x)^(b-1) from `from` to 1.
double log_beta_above(double a, double b, double from) {
  const double share = boost::math::ibetac(a, b, from, Exact());
  if (share > 0) return log_beta(a, b) + std::log(share);
  // So little of the distribution lies above that it is no number any more. There the integrand
  // falls from its left end at least exponentially, which bounds the integral.
  const double slope = (b - 1) / (1 - from) - (a - 1) / from;
  return (a - 1) * std::log(from) + (b - 1) * std::log1p(-from) - std::log(slope);
}

}  // namespace

std::optional<SequentialTest> worse_errors(const Tally& candidate,
                                           const Tally& stable,
                                           double tolerated) {
  if (!counted(candidate) || !counted(stable) || !(tolerated > 0) || !std::isfinite(tolerated))
    return std::nullopt;
  SequentialTest out;
  const double weighed = tolerated * static_cast<double>(candidate.requests);
  out.share = weighed / (weighed + static_cast<double>(stable.requests));
  if (!(out.share > 0) || !(out.share < 1)) return std::nullopt;
  const auto here = static_cast<double>(candidate.errors);
  const auto there = static_cast<double>(stable.errors);
  const double a = kWidth, b = kWidth * (1 - out.share) / (kExpectedRatio * out.share);
  out.evidence = log_beta_above(a + here, b + there, out.share) - log_beta_above(a, b, out.share) -
                 here * std::log(out.share) - there * std::log1p(-out.share);
  out.p = std::min(1.0, std::exp(-out.evidence));
  return out;
}

std::optional<RankTest> higher_values(std::span<const Tie> ascending) {
  std::int64_t candidates = 0, stables = 0;
  for (const Tie& one : ascending) {
    if (one.candidate < 0 || one.stable < 0 || one.candidate > kMostCounted - candidates ||
        one.stable > kMostCounted - stables)
      return std::nullopt;
    candidates += one.candidate;
    stables += one.stable;
  }
  if (candidates < kRankSamples || stables < kRankSamples || stables > kMostCounted - candidates)
    return std::nullopt;
  const auto n = static_cast<double>(candidates), m = static_cast<double>(stables);
  RankTest out;
  double below = 0, ties = 0;
  for (const Tie& one : ascending) {
    const auto here = static_cast<double>(one.candidate), there = static_cast<double>(one.stable);
    out.u += here * (below + there / 2);
    below += there;
    const double tied = here + there;
    ties += tied * (tied * tied - 1);
  }
  out.superiority = out.u / (n * m);
  const double all = n + m;
  const double deviation = std::sqrt(n * m / 12 * (all + 1 - ties / (all * (all - 1))));
  // All tied: no value is higher than another.
  if (!(deviation > 0)) return out;
  const boost::math::normal_distribution<double, Exact> normal;
  out.p = cdf(complement(normal, (out.u - n * m / 2 - 0.5) / deviation));
  return out;
}

}  // namespace doorbuster::planner
