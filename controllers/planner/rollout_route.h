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
  bool matched = false;  ///< besides, it gets all requests of rules for it alone
  int mirrored = 0;      ///< percent that it gets copies of; of several rules the highest

  bool sends_to_candidate() const { return candidate > 0 || matched || mirrored > 0; }
};

struct Split;        // rollout_requests.h
struct RequestForm;  // the same

/// How a kind of router writes such lists down.
struct WeightedForm {
  const char* list;     ///< member of each rule that has it; null: the field is the one list
  std::int64_t unsaid;  ///< what a reference beside others weighs that does not say it
  bool percents;        ///< weights are percents: nothing is shared out beside others
  /// The Service of this namespace that a reference is to; empty: to none.
  std::string (*service)(const JsonView& reference, const std::string& ns);
  /// The reference to another Service; all else of it as it is.
  Json (*to)(const JsonView& reference, const std::string& service);
  const RequestForm* requests;  ///< null: it knows nothing of them
};
extern const WeightedForm kGatewayForm;  ///< rules of an HTTPRoute (Gateway API)
extern const WeightedForm kGrpcForm;     ///< rules of a GRPCRoute
extern const WeightedForm kTraefikForm;  ///< services of a TraefikService

Shares shares_of(const WeightedForm&, const JsonView& rules, const Sides&);

/// Rules without the candidate, with what it gets of what was sent to the target: nothing gives
/// them as they are. Weights of a rule with other backends are made a hundred times as large.
/// Invalid where a weight would be more than 1,000,000, the Gateway API's bound, the form has only
/// percents, or with_requests is.
Result<Json> with_split(const WeightedForm&, const JsonView& rules, const Sides&, const Split&);

/// Rules that somebody else wrote, without the candidate: what it got goes to the target.
Json without_candidate(const WeightedForm&, const JsonView& rules, const Sides&);

/// Has every parent taken up this generation, and can it resolve all backends (conditions Accepted
/// and ResolvedRefs of status.parents)? Empty: yes; else what is still waited for.
std::string why_not_accepted(const Document& route);

}  // namespace doorbuster::planner
