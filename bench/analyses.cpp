#include "bench/analyses.h"

#include <algorithm>
#include <cmath>

namespace doorbuster::bench {
namespace {

/// The standard normal's quantile of 1 - kFalseAlarm.
constexpr double kQuantile = 1.6448536269514722;
constexpr double kFewErrors = 10;

bool one_look(const Seen& seen) {
  const auto here = static_cast<double>(seen.candidate_since.errors);
  const double all = here + static_cast<double>(seen.stable_since.errors);
  if (all < kFewErrors) return false;
  const auto requests = static_cast<double>(seen.candidate_since.requests);
  const double share = requests / (requests + static_cast<double>(seen.stable_since.requests));
  return here - all * share > kQuantile * std::sqrt(all * share * (1 - share));
}

bool sequential(const Sequential& test, const Seen& seen) {
  const auto told = planner::worse_errors(seen.candidate_since, seen.stable_since, test.tolerated);
  return told && told->p <= test.false_alarm;
}

}  // namespace

std::vector<Analysis> analyses() {
  return {
      {"sequential", Sequential{}},
      {"sequential-tolerant", Sequential{.tolerated = 2}},
      // For a release of four steps.
      {"sequential-quarter", Sequential{.false_alarm = kFalseAlarm / 4}},
      {"one-look", OneLook{}},
      // Flagger, docs/gitbook/usage/how-it-works.md: interval 1m, threshold 10, success at least 99
      // over 1m. Failed checks add up, and the run after the last of them rolls back
      // (pkg/controller/scheduler.go).
      {"flagger", FixedLimit{.failures = 10, .told_late = true}},
      // Argo Rollouts, docs/features/analysis.md: result >= 0.95 every 5m, failureLimit 3, the
      // first at once; its irate() is of the last two scrapes.
      {"argo",
       FixedLimit{.least = 0.95, .window = 1, .first = 1, .every = 5 * kMinute, .failures = 4}},
      // The same with Flagger's limit, every minute and Argo's default failureLimit of 0.
      {"argo-strict", FixedLimit{}},
      // A check of ours: above 0.01 for 2m, looked at every scrape.
      {"check", FixedLimit{.every = 1, .failures = 2 * kMinute + 1, .in_a_row = true}},
  };
}

bool Judge::limited(const FixedLimit& limit, const Seen& seen, int look) {
  if (look < limit.first || (look - limit.first) % limit.every != 0) return false;
  if (limit.told_late && failed_ >= limit.failures) return true;
  std::int64_t requests = 0, errors = 0;
  const int from = std::max(0, look - limit.window);
  for (int i = from; i < look; ++i) {
    requests += seen.candidate[static_cast<std::size_t>(i)].requests;
    errors += seen.candidate[static_cast<std::size_t>(i)].errors;
  }
  const bool bad =
      static_cast<double>(requests - errors) < limit.least * static_cast<double>(requests);
  if (bad)
    ++failed_;
  else if (limit.in_a_row)
    failed_ = 0;
  return !limit.told_late && failed_ >= limit.failures;
}

bool Judge::rolls_back(const Seen& seen, int look) {
  if (const auto* test = std::get_if<Sequential>(&analysis_.how)) return sequential(*test, seen);
  if (const auto* limit = std::get_if<FixedLimit>(&analysis_.how))
    return limited(*limit, seen, look);
  return one_look(seen);
}

}  // namespace doorbuster::bench
