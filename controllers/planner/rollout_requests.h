#pragma once

#include "controllers/planner/rollout_route.h"
#include "crds/sale_event.h"
#include "operator/base/json.h"
#include "operator/base/result.h"

#include <optional>
#include <string>
#include <vector>

namespace doorbuster::planner {

// Requests that the candidate gets besides its share: those that have a header or a cookie, and
// copies of those that the target answers. By rules of a route: one more for each rule that sends
// to the target, and a mirror on the rule itself. Where the order of the rules decides it stands
// just before that one. Where precision decides it stands behind all of the author's: gateways name
// what they make of a rule by its place (Envoy Gateway its clusters), so that rules that move would
// cost requests.

/// What a router is asked to give the candidate.
struct Split {
  int percent = 0;                         ///< of the requests that no match is true of
  std::vector<api::RequestMatch> match{};  ///< all requests that one of these is true of
  int mirror = 0;                          ///< percent that it gets a copy of

  bool has_requests() const { return !match.empty() || mirror > 0; }
};
/// "requests with X-Beta=1 or cookie beta=always", "10 % mirrored"; empty: neither.
std::string requests_in_words(const Split&);

/// A regular expression of the header `cookie`, whole, that is true where the cookie has the value.
std::string cookie_pattern(const api::CookieMatch&);

/// How a kind of router writes them down.
struct RequestForm {
  const char* matches;     ///< member of a rule: a list of which one has to be true
  const char* everything;  ///< JSON: the one that is true of every request
  std::size_t most_rules, most_matches, most_matches_of_all;  ///< 0: no bound
  /// True of the requests that both are true of. Invalid where the kind cannot say so.
  Result<Json> (*narrowed)(const JsonView& match, const api::RequestMatch&);
  /// The match without each of its headers in turn.
  std::vector<Json> (*widened)(const JsonView& match);
  /// Could the first, with one header more, take requests that the second is true of and that go
  /// there now, wherever the two stand? Null: the order of the rules decides.
  bool (*overtakes)(const JsonView& ours, const JsonView& theirs);
  bool goes_by_order() const { return overtakes == nullptr; }
  /// The rule with copies for what the reference names. Invalid where it has copies already.
  Result<Json> (*mirrored)(const JsonView& rule, const JsonView& reference, int percent);
  /// Percent that a Service of this namespace gets copies of.
  int (*mirror_of)(const JsonView& rule, const std::string& ns, const std::string& service);
  /// The rule without copies for it.
  Json (*unmirrored)(const JsonView& rule, const std::string& ns, const std::string& service);
};
extern const RequestForm kHttpRequests, kGrpcRequests;  ///< Gateway API

/// The shared out rules, which are those of `written` one by one, with what else the candidate
/// gets. Invalid where a rule or the bounds of its kind do not allow it.
Result<Json> with_requests(
    const WeightedForm&, const JsonView& written, const Json& shared, const Sides&, const Split&);

/// Does this rule exist for requests of the candidate only: has it nothing but the candidate, and
/// matches that are those of another rule to the target, which comes later where the order decides,
/// each with a header more?
bool is_by_match(const WeightedForm&,
                 const std::vector<JsonView>& rules,
                 std::size_t,
                 const Sides&);

/// Without such rules and without copies for the candidate; all else as it is.
Json without_requests(const WeightedForm&, const JsonView& rules, const Sides&);

}  // namespace doorbuster::planner
