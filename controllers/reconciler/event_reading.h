#pragma once

#include "controllers/planner/plan.h"
#include "controllers/planner/sale_schedule.h"
#include "operator/base/result.h"

#include <string_view>

namespace doorbuster::reconciler {

/// A SaleEvent as the planner sees it, from the text that the API server sent. A spec that cannot
/// be read (another version's, or edited past validation) becomes Event::spec = Error with its
/// causes, and everything else of the event is still there. Invalid: no object, or a status that
/// cannot be read: that is our memory, and planning without it could lose a baseline.
Result<planner::Event> read_event(std::string_view text);

/// A SaleSchedule, read the same way.
Result<planner::Schedule> read_schedule(std::string_view text);

/// A SaleAction, read the same way; its spec contradicts nothing outside itself.
Result<planner::Action> read_action(std::string_view text);

/// The object's reference of an event's (a schedule's) namespace and name.
ObjectRef event_ref(const std::string& ns, const std::string& name);
ObjectRef schedule_ref(const std::string& ns, const std::string& name);

}  // namespace doorbuster::reconciler
