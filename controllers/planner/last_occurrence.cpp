#include "controllers/planner/last_occurrence.h"

#include "controllers/planner/learning.h"

namespace doorbuster::planner {

api::LastOccurrence last_occurrence(const api::LastOccurrence& known,
                                    const std::string& label,
                                    const std::map<std::string, ScheduledEvent>& events,
                                    Instant now) {
  api::LastOccurrence out = known;
  for (const auto& [name, one] : events) {
    if (one.event->schedule != label || !one.window || !is_over(progress_of(one, now))) continue;
    if (out.start && one.window->start < *out.start) continue;
    api::LastOccurrence found{.event = name, .start = one.window->start, .targets = {}};
    for (const api::TargetStatus& row : one.event->status.targets) {
      if (const auto shown = last_run_of(row))
        found.targets.push_back({.name = row.name, .object = row.object, .last_run = *shown});
    }
    if (!found.targets.empty()) out = std::move(found);
  }
  return out;
}

const api::LastRun* last_run_in(const api::LastOccurrence& last,
                                const std::string& target,
                                const std::string& object) {
  for (const api::LastTarget& one : last.targets) {
    if (one.name == target && one.object == object) return &one.last_run;
  }
  return nullptr;
}

}  // namespace doorbuster::planner
