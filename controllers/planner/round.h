#pragma once

#include "controllers/planner/plan.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace doorbuster::planner {

/// The seam to reality. Four of them: a cluster, a dry run against one, a simulated cluster, a
/// recording.
class World {
 public:
  virtual ~World() = default;
  virtual Instant now() = 0;
  /// NotFound: a consistent view says it does not exist. Unavailable: not known now, or older than
  /// our own last write.
  virtual Result<std::shared_ptr<const Event>> event(const ObjectRef&) = 0;
  virtual Observation observe(const Event&, const Needs&) = 0;
  /// Like what is written, by tasks that may go side by side.
  virtual Answer answer(const Event&, const Question&) = 0;
  /// Writes status (the subresource), guarded by the event's uid and version; answers with the new
  /// version.
  virtual Result<std::string> publish(const Event&, const api::SaleEventStatus&) = 0;
  /// Adds or removes our finalizer, guarded the same way; answers with the new version.
  virtual Result<std::string> set_finalizer(const Event&, bool present) = 0;
  /// Puts the label of a freeze (freeze.h) on the event or takes it off, guarded and answered the
  /// same way.
  virtual Result<std::string> set_frozen(const Event&, bool frozen) = 0;
  /// What is refused (refusal.h) is among what the event's next observations say.
  virtual Outcome perform(const Event&, const Write&) = 0;
  /// A Conflict where something has that name already: the next round looks at it.
  virtual Outcome create(const Event&, const Create&) = 0;
  /// Also when it was gone before.
  virtual Outcome remove(const Event&, const Remove&) = 0;
  /// Writes the status of a SaleAction, guarded by its uid and version. Done also where it is gone.
  virtual Outcome answer_action(const Event&, const ActionAnswer&) = 0;
  virtual void tell(const Event&, const Notice&) = 0;

  using Task = std::function<void()>;
  /// Runs each once, in whatever order and as many at one time as this world can; returns when all
  /// have ended. One at a time unless a world says otherwise.
  virtual void side_by_side(const std::vector<Task>& tasks) {
    for (const Task& one : tasks) one();
  }
  /// Has somebody asked for something that is not among `known`, what this round was planned with?
  /// Then what it has not begun yet is left to the next one.
  virtual bool is_overtaken(const Event&, const std::vector<std::shared_ptr<const Action>>& known) {
    static_cast<void>(known);
    return false;
  }
};

struct RoundResult {
  std::optional<Instant> wake;  ///< when to come back although nothing changed
  std::optional<Error> failed;  ///< come back with back-off
  bool wrote = false;           ///< a write was made: its own echo brings the next round
  /// When the first one to an object was made, not to the event or an action.
  std::optional<Instant> first_write;
  bool refused = false;  ///< the API server did not take a write (refusal.h)
  bool gone = false;     ///< the event does not exist any more
};

/// Bounds of one round.
inline constexpr int kQuestionRounds = 4;
inline constexpr std::size_t kWritesPerRound = 256;

/// After writes that depended on nothing new, status is told by the round that sees them; their
/// echo brings it, or, should the echo be lost, this.
inline constexpr Duration kTellWithin{1'000};

/// Carries out a plan whose questions are answered: what does not wait for status (a rollback's
/// first write), then what the other writes depend on, then those, side by side. `known`: the
/// actions that it was planned with.
void carry_out(World&,
               std::shared_ptr<const Event>,
               const Plan&,
               const std::vector<std::shared_ptr<const Action>>& known,
               Instant now,
               RoundResult&);

/// One round: observe, plan (asking what it needs to know), persist what the writes depend on, then
/// the writes. Where status remembers all that they depend on already, they go first. A
/// write that fails does not keep the others back, except after a Conflict on the event itself.
/// Comes back kAhead before something is due, to make it ready.
RoundResult run_round(World&, const ObjectRef& event, const Setup&);

}  // namespace doorbuster::planner
