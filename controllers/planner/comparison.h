#pragma once

#include "controllers/planner/plan.h"
#include "crds/sale_event.h"
#include "operator/base/instant.h"

#include <string>
#include <vector>

namespace doorbuster::planner {

// spec.rollouts[].analysis.compare: a candidate against its target. What both have answered since
// an instant is asked of Prometheus anew at every look, and tested by statistics.h.

/// A candidate and its target, and since when they are compared.
struct ComparedPair {
  std::string ns, rollout;
  std::string candidate, stable;  ///< Deployments
  Instant since;
};

/// What is asked, as a check without a bound that is measured like one. Its name, which no check of
/// the user's can have, tells since when it counts.
///
/// A counter's growth is its value now less that at `since` (PromQL's `@`, Prometheus 2.33), of a
/// pod that came later less what it was first seen with: whole numbers, which the extrapolating
/// increase() has not. Pods with a counter that began anew since then are left out whole, and so is
/// what is gone.
api::CheckSpec errors_asked(const api::CompareSpec&, const ComparedPair&);
/// Only where `latency` is given.
api::CheckSpec latency_asked(const api::CompareSpec&, const ComparedPair&);
bool is_comparison(const api::CheckSpec&);
/// The query as it is asked now: it looks back for restarts.
std::string query_at(const api::CheckSpec& comparison, Instant now);

/// All that is to be measured for comparisons of an event now.
std::vector<api::CheckSpec> comparisons(const Event&, const std::string& install);

/// From a decision of this kind on counts begin anew.
bool begins_comparison(std::string_view kind);

/// Since when the present step of an attempt is compared; null: nothing is.
std::optional<ComparedPair> pair_of(const Event&,
                                    const std::string& install,
                                    const api::RolloutSpec&);

struct Compared {
  enum class Is {
    TooFew,    ///< not enough has been counted to say anything
    NotWorse,  ///< no evidence
    Worse,
  } is = Is::TooFew;
  std::string words;  ///< counts, rates, evidence, and by what it was judged
};
/// `text`: a measurement of errors_asked; `level`: the p at which the candidate is worse.
Compared compared_errors(const api::CompareErrors&, const std::string& text, double level);
Compared compared_latency(const api::CompareLatency&, const std::string& text, double level);

/// `falseAlarm` shared out over the tests of one release: before its first step and since each of
/// them, of errors and, where it is asked for, of latency.
double level_of(const api::CompareSpec&, std::size_t steps);

}  // namespace doorbuster::planner
