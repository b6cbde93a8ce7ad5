#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace doorbuster::planner {

// Is a candidate worse than stable? Two tests, each from counts that a metrics provider was asked
// for anew: nothing is carried from one look to the next.

/// What a revision answered since a step began. Errors are among the requests.
struct Tally {
  std::int64_t requests = 0, errors = 0;
};

/// What a sequential test has to say so far.
struct SequentialTest {
  double share = 0;     ///< of the errors that would be the candidate's if it were no worse
  double evidence = 0;  ///< natural logarithm of the mixture's likelihood ratio
  /// Always valid: of releases that are no worse, at most a share of p ever shows so small a value,
  /// however often one looks and whenever one stops.
  double p = 1;
};

/// Whether a candidate's errors come more often than `tolerated` times those of stable.
///
/// A mixture sequential probability ratio test (Robbins, "Statistical methods related to the law of
/// the iterated logarithm", Annals of Mathematical Statistics 41, 1970; always-valid p-values:
/// Johari, Koomen, Pekelis and Walsh, "Always valid inference: continuous monitoring of A/B tests",
/// Operations Research 70, 2022). Of Poisson errors at rates r and s, seen over n and m requests,
/// each is the candidate's with probability rn / (rn + sm), whatever came before. No worse means
/// r <= tolerated * s. The mixture is over all worse candidates, by a beta distribution cut off at
/// that probability, whose middle is a candidate with three times the errors. The ratio's expected
/// value is at most 1 while the candidate is no worse, so by Ville's inequality it ever exceeds 1/p
/// with probability at most p. Errors that come in bursts are no Poisson errors: then it does so
/// more often than that.
///
/// Nothing where the counts are no counts (negative, more errors than requests, a side without
/// requests, more than 2^53 requests or 10^9 errors) or `tolerated` is not a positive number.
std::optional<SequentialTest> worse_errors(const Tally& candidate,
                                           const Tally& stable,
                                           double tolerated = 1);

/// How often one value was seen on each side. A histogram's bucket is such a value: all in it are
/// tied.
struct Tie {
  std::int64_t candidate = 0, stable = 0;
};

struct RankTest {
  double u = 0;  ///< pairs in which the candidate's value is the higher one; of a tie, one half
  /// The chance that a value of the candidate lies above one of stable, ties by half: u over all
  /// pairs. 0.5: neither is higher.
  double superiority = 0.5;
  double p = 1;  ///< one-sided: so high a `u` if both had one distribution
};

/// Whether the candidate's values are higher. The values are given in ascending order.
///
/// Mann and Whitney, "On a test of whether one of two random variables is stochastically larger
/// than the other", Annals of Mathematical Statistics 18, 1947; by its normal approximation with
/// the variance for ties (Lehmann, "Nonparametrics", 1975, section 1.4) and a continuity correction
/// of one half. It holds for one look, not for many: with large counts any difference is
/// significant, so a limit belongs on `superiority` too.
///
/// Nothing where a count is negative, a side has fewer than kRankSamples values, or all of them are
/// more than 2^53.
std::optional<RankTest> higher_values(std::span<const Tie> ascending);

/// Below this on either side the normal approximation is not used, and nothing is said.
inline constexpr std::int64_t kRankSamples = 20;

}  // namespace doorbuster::planner
