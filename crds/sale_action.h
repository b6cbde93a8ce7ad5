#pragma once

// Made by hack/generate from crds/doorbuster.dev_saleactions.yaml; do not edit.

#include "crds/fields.h"
#include "crds/sale_event.h"
#include "operator/base/instant.h"
#include "operator/base/json.h"
#include "operator/base/node.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace doorbuster::api {

// Spec: std::optional is a field that may be absent; what has a default in the CRD has it here too.
// A Json without text is absent too.
// Status: an empty string, list or optional is absent and is not written.

enum class ActionVerb {
  Start,
  Promote,
  Pause,
  Resume,
  Retry,
  RollBack,
  Approve,
  Reject,
  Abort,
  Extend,
  EndNow,
  Degrade,
  Recover,
  Restore,
  BreakGlass
};
const char* to_string(ActionVerb);

/// What is to be done, once; it cannot be changed.
struct SaleActionSpec {
  /// Name of the SaleEvent, in the namespace of the action.
  std::string event{};
  /// What to do. `EndNow` ends the sale now: its cooldown begins. `Extend` moves its end by `by`.
  /// `Abort` ends it now and puts everything back on the way down that a deletion takes, whatever
  /// `suspend` says. `Restore` puts back at once, after the end or an abort, what is still held,
  /// though load asks for it. `RollBack` sends all traffic of a rollout back to its target,
  /// whatever else there is, and keeps it from beginning; `Start` begins one, `Promote` ends the
  /// step under way, `Pause` and `Resume` hold it there and let it go on, `Retry` begins again what
  /// was rolled back or has failed. `Approve` opens a gate for rollouts that wait at it or are to
  /// come to it, `Reject` fails them. The others are of freezes and degrade levels. What the event
  /// has none of is refused.
  ActionVerb action = ActionVerb::Start;
  /// Names of the rollouts that are meant; all of the event when absent or empty.
  std::vector<std::string> rollouts{};
  /// The gate that is approved or rejected.
  std::optional<std::string> gate{};
  /// How much later the sale ends, such as `30m`.
  std::optional<DurationText> by{};
  /// Why, for whoever reads it later.
  std::optional<std::string> reason{};
  /// Who asks. The shipped admission policy lets only the user's own name pass; without the policy
  /// it is unverified.
  std::optional<std::string> requested_by{};
  /// Groups of whoever asks; the shipped admission policy lets only the user's own pass.
  std::vector<std::string> groups{};
  bool operator==(const SaleActionSpec&) const = default;
};

/// What became of it.
struct SaleActionStatus {
  /// The generation of the spec that this status speaks of; -1 before the first look.
  std::optional<std::int64_t> observed_generation{};
  /// Accepted, Complete or Refused; for people.
  std::string state{};
  /// What happened, or why not.
  std::string message{};
  /// The run of the event that it was decided in.
  std::optional<std::int32_t> run{};
  /// When it was accepted; from then on its decision stands in the event's status.
  std::optional<Instant> accepted_at{};
  /// When the first object had been written that it led to.
  std::optional<Instant> first_write_at{};
  /// Of a `RollBack`, when no candidate got traffic any more, by a route or by pods that are ready.
  std::optional<Instant> traffic_verified_at{};
  /// When all of it was done, or it was refused.
  std::optional<Instant> completed_at{};
  /// The state of the event for programs.
  std::vector<Condition> conditions{};
  bool operator==(const SaleActionStatus&) const = default;
};

/// Compact JSON text; absent fields are left out, everything else is written, defaults too.
Json to_json(const SaleActionSpec&);
Json to_json(const SaleActionStatus&);

/// From a node that has been through check() without errors.
void bind(const Node&, SaleActionSpec&);
void bind(const Node&, SaleActionStatus&);

}  // namespace doorbuster::api
