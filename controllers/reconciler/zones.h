#pragma once

#include "controllers/planner/recurrence.h"
#include "controllers/planner/seen.h"
#include "crds/sale_event.h"
#include "operator/base/result.h"

#include <set>
#include <string>

namespace doorbuster::reconciler {

/// The window as instants. Invalid, with one FieldCause a finding: an unknown zone, a local time
/// that the zone skips or has twice, a zoned time after 2037 (the rules of tzdata files end there),
/// an end that is not later than the start.
Result<planner::Window> resolve_window(const api::WindowSpec& window);

/// What local times of a zone are; those after 2037 are left out. Invalid: an unknown zone.
/// `Etc/UTC` is known without files.
Result<planner::LocalTimes> resolve_local_times(const std::string& zone,
                                                const std::set<Instant>& locals);

/// How far the clocks of a window's author are ahead of UTC at an instant: by its zone, else by the
/// offset of its start; zero where neither can be told.
Duration offset_at(const api::WindowSpec& window, Instant at);

/// The version of the zone rules, "2025b"; "unknown" when the system does not say.
std::string tzdata_version();

}  // namespace doorbuster::reconciler
