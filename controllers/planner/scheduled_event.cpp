#include "controllers/planner/scheduled_event.h"

#include "controllers/planner/conditions.h"

#include <algorithm>
#include <string_view>

namespace doorbuster::planner {
namespace {

bool decided(const Event& event, std::string_view kind) {
  const std::int32_t run = event.status.run.value_or(0);
  return std::any_of(event.status.decisions.begin(),
                     event.status.decisions.end(),
                     [&](const api::Decision& one) { return one.run == run && one.kind == kind; });
}

}  // namespace

Progress progress_of(const ScheduledEvent& one, Instant now) {
  const Event& event = *one.event;
  if (decided(event, "Completed")) {
    const api::Condition* restored = condition_of(event.status.conditions, "Restored");
    const bool well = restored != nullptr && restored->status == api::ConditionStatus::True;
    return well ? Progress::Completed : Progress::Failed;
  }
  if (event.has_finalizer || !one.window) return Progress::Begun;
  if (now >= one.window->restored_by + kGivenUpAfter) return Progress::Failed;
  const bool begun = decided(event, "Began") || now >= one.window->prepare - kLetGoAhead;
  return begun ? Progress::Begun : Progress::Ahead;
}

bool is_over(Progress at) { return at == Progress::Completed || at == Progress::Failed; }

bool overlap(const Window& a, const Window& b) {
  return a.prepare < b.restored_by && b.prepare < a.restored_by;
}

}  // namespace doorbuster::planner
