#include "controllers/planner/scheduled_event.h"

#include "controllers/planner/conditions.h"
#include "controllers/planner/decisions.h"

namespace doorbuster::planner {

Progress progress_of(const ScheduledEvent& one, Instant now) {
  const Event& event = *one.event;
  if (decided(event.status, "Completed")) {
    const api::Condition* restored = condition_of(event.status.conditions, "Restored");
    const bool well = restored != nullptr && restored->status == api::ConditionStatus::True;
    return well ? Progress::Completed : Progress::Failed;
  }
  if (event.has_finalizer || !one.window) return Progress::Begun;
  if (now >= one.window->restored_by + kGivenUpAfter) return Progress::Failed;
  const bool begun = decided(event.status, "Began") || now >= one.window->prepare - kLetGoAhead;
  return begun ? Progress::Begun : Progress::Ahead;
}

bool is_over(Progress at) { return at == Progress::Completed || at == Progress::Failed; }

bool overlap(const Window& a, const Window& b) {
  return a.prepare < b.restored_by && b.prepare < a.restored_by;
}

}  // namespace doorbuster::planner
