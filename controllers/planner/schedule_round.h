#pragma once

#include "controllers/planner/round.h"
#include "controllers/planner/sale_schedule.h"

#include <memory>
#include <string>

namespace doorbuster::planner {

/// The seam to reality for schedules.
class ScheduleWorld {
 public:
  virtual ~ScheduleWorld() = default;
  virtual Instant now() = 0;
  /// NotFound: a consistent view says it does not exist. Unavailable: not known now.
  virtual Result<std::shared_ptr<const Schedule>> schedule(const ObjectRef&) = 0;
  /// Unavailable while events are not listed.
  virtual Result<ScheduleSeen> observe(const Schedule&, const std::set<Instant>& times) = 0;
  /// A consistent read: NotFound when there is none.
  virtual Outcome look_for(const Schedule&, const std::string& event) = 0;
  /// Conflict: something of that name exists.
  virtual Outcome create(const Schedule&, const CreateEvent&) = 0;
  virtual Result<std::string> publish(const Schedule&, const api::SaleScheduleStatus&) = 0;
  virtual Outcome remove(const Schedule&, const DeleteEvent&) = 0;
  virtual Outcome let_go(const Schedule&, const LetGo&) = 0;
  virtual void tell(const Schedule&, const Notice&) = 0;
};

/// One round of a schedule: observe, plan, create, persist the status, then the rest.
RoundResult run_schedule_round(ScheduleWorld&, const ObjectRef& schedule);

}  // namespace doorbuster::planner
