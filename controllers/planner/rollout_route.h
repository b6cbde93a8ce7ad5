#pragma once

#include "controllers/planner/seen.h"
#include "operator/base/json.h"
#include "operator/base/result.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace doorbuster::planner {

// Rules with lists of Services and weights: who gets which share of what is sent to one Service of
// the router's namespace.

inline constexpr std::size_t kMostRulesBytes = 3'072;  ///< three copies stand in one annotation

/// Who shares the traffic, as what routes it in their namespace names them: by Services, or by the
/// labels of pods.
struct Sides {
  std::string ns, stable, candidate;
  std::map<std::string, std::string> pods = {};  ///< labels of the candidate's, as far as known
};

struct Shares {
  bool names_stable = false, names_candidate = false;
  /// Percent of what goes to the two together; of several rules the highest, rounded up.
  int candidate = 0;
};

/// How a kind of router writes such lists down.
struct WeightedForm {
  const char* list;     ///< member of each rule that has it; null: the field is the one list
  std::int64_t unsaid;  ///< what a reference beside others weighs that does not say it
  bool percents;        ///< weights are percents: nothing is shared out beside others
  /// The Service of this namespace that a reference is to; empty: to none.
  std::string (*service)(const JsonView& reference, const std::string& ns);
  /// The reference to another Service; all else of it as it is.
  Json (*to)(const JsonView& reference, const std::string& service);
};
extern const WeightedForm kGatewayForm;  ///< rules of an HTTPRoute or GRPCRoute (Gateway API)
extern const WeightedForm kTraefikForm;  ///< services of a TraefikService

Shares shares_of(const WeightedForm&, const JsonView& rules, const Sides&);

/// Rules without the candidate, with its share of what was sent to the target: 0 gives them as they
/// are. Weights of a rule with other backends are made a hundred times as large. Invalid where a
/// weight would be more than 1,000,000, the Gateway API's bound, or the form has only percents.
Result<Json> with_share(const WeightedForm&, const JsonView& rules, const Sides&, int percent);

/// Rules that somebody else wrote, without the candidate: what it got goes to the target.
Json without_candidate(const WeightedForm&, const JsonView& rules, const Sides&);

/// Has every parent taken up this generation, and can it resolve all backends (conditions Accepted
/// and ResolvedRefs of status.parents)? Empty: yes; else what is still waited for.
std::string why_not_accepted(const Document& route);

}  // namespace doorbuster::planner
