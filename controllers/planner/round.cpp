#include "controllers/planner/round.h"

#include <utility>

namespace doorbuster::planner {
namespace {

/// Plans, asking what the plan wants to know, until nothing more is asked.
Plan plan_with_answers(
    World& world, const Event& event, Observation& observation, const Setup& setup, Instant now) {
  Plan made = plan(event, observation, setup, now);
  for (int round = 0; round < kQuestionRounds && !made.questions.empty(); ++round) {
    for (const Question& question : made.questions)
      observation.answers.insert_or_assign(question.id, world.answer(event, question));
    made = plan(event, observation, setup, now);
  }
  return made;
}

/// The event after one of our own writes to it: the next write is guarded by the version that this
/// one made.
std::shared_ptr<const Event> moved_on(const Event& event, const std::string& version) {
  auto next = std::make_shared<Event>(event);
  next->version = version;
  return next;
}

void fail(RoundResult& result, const Error& error) {
  if (!result.failed || is_transient(error.kind)) result.failed = error;
}

/// The writes, each by itself: one object's refusal is no other object's business.
void perform_all(World& world, const Event& event, const Plan& plan, RoundResult& result) {
  std::size_t count = 0;
  for (const Write& write : plan.writes) {
    if (++count > kWritesPerRound) {
      result.wake = world.now();
      return;
    }
    const Outcome done = world.perform(event, write);
    if (done) {
      result.wrote = true;
    } else {
      fail(result, done.error());
    }
  }
}

}  // namespace

RoundResult run_round(World& world, const ObjectRef& ref, const Setup& setup) {
  RoundResult result;
  auto read = world.event(ref);
  if (!read) {
    result.gone = read.error().kind == ErrorKind::NotFound;
    if (!result.gone) result.failed = read.error();
    return result;
  }
  std::shared_ptr<const Event> event = *read;
  Observation observation = world.observe(*event, needs_of(*event));
  const Plan made = plan_with_answers(world, *event, observation, setup, world.now());
  result.wake = made.wake;
  if (!made.questions.empty()) {
    result.failed = Error{.kind = ErrorKind::Unavailable,
                          .message = "questions stay open: " + made.questions.front().id};
    return result;
  }
  if (made.finalizer && made.finalizer->present) {
    const auto version = world.set_finalizer(*event, true);
    if (!version) {
      result.failed = version.error();
      return result;
    }
    event = moved_on(*event, *version);
    result.wrote = true;
  }
  if (!(made.status == event->status)) {
    const auto version = world.publish(*event, made.status);
    if (!version) {
      result.failed = version.error();
      return result;
    }
    event = moved_on(*event, *version);
    result.wrote = true;
    for (const Notice& notice : made.notices) world.tell(*event, notice);
  }
  perform_all(world, *event, made, result);
  if (made.finalizer && !made.finalizer->present) {
    const auto version = world.set_finalizer(*event, false);
    if (!version) fail(result, version.error());
    result.wrote = result.wrote || version.ok();
  }
  return result;
}

}  // namespace doorbuster::planner
