#pragma once

#include "controllers/planner/plan.h"

#include <memory>
#include <optional>

namespace doorbuster::planner {

/// Says of a SaleEvent to which schedule of its namespace it belongs (schedule_prefix).
inline constexpr const char* kScheduleLabel = "doorbuster.dev/schedule";
/// And from what it was made: while it has not begun to prepare, another template makes it anew.
inline constexpr const char* kTemplateAnnotation = "doorbuster.dev/template-hash";
/// So long before it begins to prepare an event stops being owned by its schedule: what owns
/// nothing takes nothing along when it is deleted, whether or not an operator runs then.
inline constexpr Duration kLetGoAhead = std::chrono::minutes(1);
/// A SaleEvent of the schedule's namespace that belongs to it or has the name of an occurrence.
struct ScheduledEvent {
  std::shared_ptr<const Event> event;
  std::optional<Window> window;  ///< nothing: its spec cannot be resolved
};

/// Where it stands in its life. What holds something has begun; one that nobody carried out is
/// Failed some time after its window.
enum class Progress { Ahead, Begun, Completed, Failed };
Progress progress_of(const ScheduledEvent&, Instant now);
bool is_over(Progress);
inline constexpr Duration kGivenUpAfter = std::chrono::hours(1);

/// From the beginning of preparation to the end of cooldown.
bool overlap(const Window& a, const Window& b);

}  // namespace doorbuster::planner
