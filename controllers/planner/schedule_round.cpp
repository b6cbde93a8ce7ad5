#include "controllers/planner/schedule_round.h"

namespace doorbuster::planner {
namespace {

RoundResult failed(Error error) {
  RoundResult result;
  result.gone = error.kind == ErrorKind::NotFound;
  if (!result.gone) result.failed = std::move(error);
  return result;
}

/// The plan, with what it doubts looked up. Unavailable: the view is behind.
Result<SchedulePlan> plan_without_doubts(ScheduleWorld& world,
                                         const Schedule& schedule,
                                         Instant now) {
  Result<ScheduleSeen> seen = world.observe(schedule, times_needed(schedule, now));
  if (!seen) return seen.error();
  SchedulePlan plan = plan_schedule(schedule, *seen, now);
  for (const std::string& name : plan.doubts) {
    const Outcome found = world.look_for(schedule, name);
    if (found || found.error().kind != ErrorKind::NotFound) {
      return found ? Error{.kind = ErrorKind::Unavailable,
                           .message = name + " exists and is not in view"}
                   : found.error();
    }
    seen.value().gone.insert(name);
  }
  return plan.doubts.empty() ? std::move(plan) : plan_schedule(schedule, *seen, now);
}

/// Whatever was already so is as good as done; what moved on is decided anew.
void note(RoundResult& result, const Outcome& done) {
  if (done) {
    result.wrote = true;
  } else if (done.error().kind != ErrorKind::NotFound && !result.failed) {
    result.failed = done.error();
  }
}

}  // namespace

RoundResult run_schedule_round(ScheduleWorld& world, const ObjectRef& ref) {
  const auto read = world.schedule(ref);
  if (!read) return failed(read.error());
  const Schedule& schedule = **read;
  const Instant now = world.now();
  const Result<SchedulePlan> plan = plan_without_doubts(world, schedule, now);
  RoundResult result;
  if (!plan) {
    result.failed = plan.error();
    return result;
  }
  result.wake = plan->wake;
  for (const CreateEvent& one : plan->creates) {
    const Outcome made = world.create(schedule, one);
    result.wrote = result.wrote || made.ok();
    if (made || made.error().kind == ErrorKind::Conflict) continue;
    result.failed = made.error();
    const api::SaleScheduleStatus status =
        after_failure(schedule, plan->status.install, one.name, made.error(), now);
    if (!(status == schedule.status)) (void)world.publish(schedule, status).ok();
    return result;
  }
  if (!(plan->status == schedule.status)) {
    const Result<std::string> version = world.publish(schedule, plan->status);
    if (!version) {
      result.failed = version.error();
      return result;
    }
    result.wrote = true;
    for (const Notice& one : plan->notices) world.tell(schedule, one);
  }
  for (const LetGo& one : plan->let_go) note(result, world.let_go(schedule, one));
  for (const DeleteEvent& one : plan->deletes) note(result, world.remove(schedule, one));
  return result;
}

}  // namespace doorbuster::planner
