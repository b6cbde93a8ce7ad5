#pragma once

#include "controllers/planner/scheduled_event.h"
#include "crds/sale_schedule.h"

#include <map>
#include <string>

namespace doorbuster::planner {

/// What the latest sale of a schedule that is over showed: of these events (those of other labels
/// are not its own), or what is known of one that started later or is not kept any more.
api::LastOccurrence last_occurrence(const api::LastOccurrence& known,
                                    const std::string& label,
                                    const std::map<std::string, ScheduledEvent>& events,
                                    Instant now);

/// What it says of a target of a later sale; null: nothing.
const api::LastRun* last_run_in(const api::LastOccurrence&,
                                const std::string& target,
                                const std::string& object);

}  // namespace doorbuster::planner
