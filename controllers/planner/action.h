#pragma once

#include "controllers/planner/plan.h"
#include "controllers/planner/view.h"

#include <memory>
#include <optional>
#include <vector>

namespace doorbuster::planner {

/// What people decided by SaleActions (DESIGN.md section 2, hack/decisions/0023). A decision stands
/// for the run and for the window, as written, for which it was made: one that edits the window
/// has the last word.

/// The window as it is after all that was decided: ended now, extended, aborted.
Window effective_window(const Event&, const Window& written);

/// How this run was told to let go; None: it was not. `Abort` is the way down of a deletion,
/// `Restore` puts back at once.
Ending decided_ending(const Event&);

/// Since when, by whom and why the sale is called off, in words; empty: it is not.
std::string called_off(const Event&);

/// Since when, by whom and why the freeze is lifted (BreakGlass), in words; nothing: it is not.
std::optional<std::string> broken_glass(const Event&);

/// What those SaleActions come to that have no end yet.
struct ActionsTaken {
  std::vector<api::Decision> decisions;  ///< to be added to those of the event
  std::vector<ActionAnswer> answers;
  std::vector<Notice> notices;
};
ActionsTaken take_actions(const Event&, const Observation&, Instant now);

/// The event with further decisions; the oldest give way.
Event with_decisions(Event, const std::vector<api::Decision>&);

/// The answers, when it is known what this round makes: whether anything is held or on its way
/// still, and how the rollouts stand.
void finish(std::vector<ActionAnswer>&, const Event&, const Plan& made, Instant now);

/// Of those of one event that are not over: the oldest kActionsOfRound, in their order. RollBacks
/// are among them before all others, which may wait.
std::vector<std::shared_ptr<const Action>> of_one_round(std::vector<std::shared_ptr<const Action>>);

/// The answer to an action whose event does not exist.
ActionAnswer without_event(std::shared_ptr<const Action>,
                           const std::optional<Instant>& policy_since,
                           Instant now);

/// So long an action may be there before its event.
inline constexpr Duration kEventPatience = std::chrono::seconds(10);
/// Actions that decide something in one run of an event, approvals aside; more are refused, but
/// never what only takes back or holds up (RollBack, Reject, Pause, Abort).
inline constexpr std::size_t kActionsOfRun = 64;
/// Of one event that are looked at in one round.
inline constexpr std::size_t kActionsOfRound = 64;

}  // namespace doorbuster::planner
