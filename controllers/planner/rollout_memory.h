#pragma once

#include "crds/sale_event.h"

#include <string>
#include <string_view>

namespace doorbuster::planner {

// What was decided about rollouts, in status.decisions: `subject` is the rollout, `hash` its
// attempt. Of one kind, rollout and attempt the latest stands; what is decided for another patch,
// another attempt or another run is void.

namespace rollout_kind {
inline constexpr const char* kStarted =
    "RolloutStarted";  ///< value: pods of the target then; detail: StartedOn
inline constexpr const char* kEntered = "StepEntered";       ///< value: the step, from 1
inline constexpr const char* kPassed = "StepPassed";         ///< value: the same
inline constexpr const char* kAccepted = "RolloutPassed";    ///< promotion begins
inline constexpr const char* kPromoted = "RolloutPromoted";  ///< the target runs the template
inline constexpr const char* kFailed = "RolloutFailed";   ///< onFailure Pause or Alert; detail: why
inline constexpr const char* kRolledBack = "RolledBack";  ///< detail: why
inline constexpr const char* kDrained = "TrafficBack";  ///< nothing gets to the candidate any more
// Of people, by a SaleAction.
inline constexpr const char* kStart = "Start";
inline constexpr const char* kPromote = "Promote";  ///< value: the step that it ends
inline constexpr const char* kPause = "Pause";
inline constexpr const char* kResume = "Resume";
/// value: the step, the gate and the share; of one step every person has one
inline constexpr const char* kApprove = "Approve";
inline constexpr const char* kReject = "Reject";  ///< value: the same
/// More was inconclusive than may be. value: the step; detail: why
inline constexpr const char* kInconclusive = "AnalysisInconclusive";
inline constexpr const char* kRetry =
    "Retry";  ///< hash: of the patch; value: the attempt it begins
}  // namespace rollout_kind

/// What a rollout was begun on: the detail of its kStarted.
struct StartedOn {
  std::string template_hash, target, backend;
  /// "HTTPRoute/shop"; "ReadyPods/-" without a router; empty in what earlier versions decided.
  std::string router;
  /// Of the Deployment whose template it takes (`templateFrom`), as template_hash; else empty.
  std::string source{};
};
std::string to_text(const StartedOn&);
StartedOn started_on(const api::Decision&);

/// The target and the patch, in one word.
std::string patch_hash(const api::RolloutSpec&);
/// The present attempt at it: another after each Retry of this run.
std::string attempt_of(const api::RolloutSpec&, const api::SaleEventStatus&);

/// The step, from 1, that a decision's value is; 0: none was decided.
int step_in(const api::Decision*);

/// What status says of a rollout; null: nothing.
const api::RolloutStatus* row_of(const api::SaleEventStatus&, const std::string& name);
/// The latest of this kind about a rollout's attempt in the present run; null: none.
const api::Decision* decided_about(const api::SaleEventStatus&,
                                   std::string_view kind,
                                   std::string_view rollout,
                                   std::string_view attempt);
/// The latest attempt of which anything was decided in this run; empty: none.
std::string last_attempt(const api::SaleEventStatus&, std::string_view rollout);

/// A person paused it and nobody resumed it.
bool is_held_up(const api::SaleEventStatus&, std::string_view rollout, std::string_view attempt);

}  // namespace doorbuster::planner
