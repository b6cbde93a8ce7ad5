#include "controllers/planner/round.h"

#include "controllers/planner/intent.h"
#include "controllers/planner/refusal.h"
#include "controllers/planner/schedule.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>
#include <variant>
#include <vector>

namespace doorbuster::planner {
namespace {

/// Plans, asking what the plan wants to know, until nothing more is asked.
Plan plan_with_answers(
    World& world, const Event& event, Observation& observation, const Setup& setup, Instant now) {
  Plan made = plan(event, observation, setup, now);
  for (int round = 0; round < kQuestionRounds && !made.questions.empty(); ++round) {
    std::vector<Answer> answers(made.questions.size());
    std::vector<World::Task> tasks;
    for (std::size_t i = 0; i < answers.size(); ++i) {
      tasks.emplace_back([&world, &event, &question = made.questions[i], &answer = answers[i]] {
        answer = world.answer(event, question);
      });
    }
    world.side_by_side(tasks);
    for (std::size_t i = 0; i < answers.size(); ++i)
      observation.answers.insert_or_assign(made.questions[i].id, std::move(answers[i]));
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

/// One after another; several such lists go side by side, so that no object waits for another one's
/// answer.
using Effects = std::vector<std::function<Outcome()>>;

/// What became of one list.
struct Ended {
  std::vector<Error> errors;
  std::optional<Instant> first_write;
  bool cut = false;  ///< something of it was left to the next round
};

/// Each effect by itself: one object's refusal is no other object's business. `stop`: asked before
/// each one whether what is left is to be left.
std::vector<Ended> run_lists(World& world,
                             const std::vector<Effects>& lists,
                             const std::function<bool()>& stop) {
  std::vector<Ended> ends(lists.size());
  std::vector<World::Task> tasks;
  for (std::size_t i = 0; i < lists.size(); ++i) {
    tasks.emplace_back([&world, &stop, &list = lists[i], &end = ends[i]] {
      for (const auto& effect : list) {
        if (stop()) {
          end.cut = true;
          return;
        }
        const Outcome done = effect();
        if (!done) {
          end.errors.push_back(done.error());
        } else if (!end.first_write) {
          end.first_write = world.now();
        }
      }
    });
  }
  world.side_by_side(tasks);
  return ends;
}

/// False where something was left to the next round, which then comes at once.
bool note(const std::vector<Ended>& ends, World& world, RoundResult& result) {
  bool all = true;
  for (const Ended& end : ends) {
    if (end.first_write) {
      result.wrote = true;
      result.first_write = sooner(result.first_write, *end.first_write);
    }
    all = all && !end.cut;
  }
  if (!all) result.wake = world.now();
  return all;
}

enum class Which {
  AtOnce,  ///< those that do not wait for status
  Others
};

/// False where something was left to the next round.
bool perform_all(World& world,
                 const Event& event,
                 const Plan& plan,
                 Which which,
                 const std::function<bool()>& stop,
                 RoundResult& result) {
  std::map<int, std::vector<Effects>> by_order;
  bool all = true;
  std::size_t count = 0;
  for (const Write& write : plan.writes) {
    if (plan.at_once.contains(write.object) != (which == Which::AtOnce)) continue;
    if (++count > kWritesPerRound) {
      result.wake = world.now();
      all = false;
      break;
    }
    by_order[write.order].push_back(
        {[&world, &event, &write] { return world.perform(event, write); }});
  }
  std::vector<Ended> ends;
  for (const auto& [order, lists] : by_order) {
    std::vector<Ended> some = run_lists(world, lists, stop);
    std::move(some.begin(), some.end(), std::back_inserter(ends));
  }
  all = note(ends, world, result) && all;
  for (const Ended& end : ends) {
    for (const Error& error : end.errors) {
      if (!is_refusal(error)) {
        fail(result, error);
        continue;
      }
      // Told by the next round, which sees it.
      result.refused = true;
      result.wake = world.now();
    }
  }
  return all;
}

/// Objects of our own. Those of one name belong together (a candidate's), and keep their order.
/// False where something was left to the next round.
bool tend_children(World& world,
                   const Event& event,
                   const Plan& plan,
                   const std::function<bool()>& stop,
                   RoundResult& result) {
  std::map<std::pair<std::string, std::string>, std::size_t> by_name;
  std::vector<Effects> lists;
  for (const ChildEffect& effect : plan.children) {
    const ObjectRef& object =
        std::visit([](const auto& one) -> const ObjectRef& { return one.object; }, effect);
    const std::size_t at =
        by_name.emplace(std::pair(object.ns, object.name), lists.size()).first->second;
    if (at == lists.size()) lists.emplace_back();
    lists[at].emplace_back([&world, &event, &effect] {
      if (const auto* create = std::get_if<Create>(&effect)) return world.create(event, *create);
      if (const auto* write = std::get_if<Write>(&effect)) return world.perform(event, *write);
      return world.remove(event, std::get<Remove>(effect));
    });
  }
  const std::vector<Ended> ends = run_lists(world, lists, stop);
  for (const Ended& end : ends) {
    for (const Error& error : end.errors) fail(result, error);
  }
  return note(ends, world, result);
}

void tell_action(World& world,
                 const Event& event,
                 const ActionAnswer& answer,
                 RoundResult& result) {
  if (answer.status == answer.action->status) return;
  const Outcome done = world.answer_action(event, answer);
  if (done) {
    result.wrote = true;
  } else {
    fail(result, done.error());
  }
}

/// Did a write of this round come of it, the first one?
bool was_first_write(const ActionAnswer& answer, const RoundResult& result) {
  return result.first_write && answer.status.accepted_at && !answer.status.first_write_at;
}

/// Tells of the actions, each by itself; with the time of the first write that came of one.
void tell_actions(World& world, const Event& event, const Plan& plan, RoundResult& result) {
  for (ActionAnswer answer : plan.actions) {
    if (was_first_write(answer, result)) answer.status.first_write_at = result.first_write;
    tell_action(world, event, answer, result);
  }
}

/// The same where status could not be stored, so that they are not accepted yet: only the time,
/// which no later round knows.
void tell_first_write(World& world, const Event& event, const Plan& plan, RoundResult& result) {
  for (const ActionAnswer& answer : plan.actions) {
    if (!was_first_write(answer, result)) continue;
    ActionAnswer early{answer.action, answer.action->status};
    early.status.first_write_at = result.first_write;
    tell_action(world, event, early, result);
  }
}

/// Some time before something is due it is made ready.
std::optional<Instant> wake_for(const Plan& made, Instant now) {
  if (!made.wake || *made.wake - now <= kAhead) return made.wake;
  return *made.wake - kAhead;
}

/// Goes on from one of our own writes to the event; false when that failed.
bool went_on(std::shared_ptr<const Event>& event,
             const Result<std::string>& version,
             RoundResult& result) {
  if (!version) {
    fail(result, version.error());
    return false;
  }
  event = moved_on(*event, *version);
  result.wrote = true;
  return true;
}

/// Puts the finalizer on or takes it off; false when that failed.
bool set_finalizer(World& world,
                   std::shared_ptr<const Event>& event,
                   bool present,
                   RoundResult& result) {
  return went_on(event, world.set_finalizer(*event, present), result);
}

/// Stores status where it says something else, and tells people of it; false when that failed.
bool publish(World& world,
             std::shared_ptr<const Event>& event,
             const Plan& made,
             RoundResult& result) {
  if (made.status == event->status) return true;
  if (!went_on(event, world.publish(*event, made.status), result)) return false;
  for (const Notice& notice : made.notices) world.tell(*event, notice);
  return true;
}

}  // namespace

void carry_out(World& world,
               std::shared_ptr<const Event> event,
               const Plan& made,
               const std::vector<std::shared_ptr<const Action>>& known,
               Instant now,
               RoundResult& result) {
  const auto to_the_end = [] { return false; };
  // By pods the way back is a child's size: nothing of it is put off for what comes meanwhile.
  const auto& rows = made.status.rollouts;
  const bool goes_back = std::any_of(
      rows.begin(), rows.end(), [](const auto& row) { return row.state == "RollingBack"; });
  const auto overtaken = [&world, about = event, &known, goes_back] {
    return !goes_back && world.is_overtaken(*about, known);
  };
  perform_all(world, *event, made, Which::AtOnce, to_the_end, result);
  if (made.finalizer && made.finalizer->present && !set_finalizer(world, event, true, result))
    return tell_first_write(world, *event, made, result);
  const bool writes_first =
      !made.writes.empty() && writes_go_first(event->status, made.status, now);
  if (!writes_first && !publish(world, event, made, result))
    return tell_first_write(world, *event, made, result);
  bool all = perform_all(world, *event, made, Which::Others, overtaken, result);
  all = tend_children(world, *event, made, overtaken, result) && all;
  if (writes_first && (result.failed || result.refused)) {
    if (!publish(world, event, made, result)) return tell_first_write(world, *event, made, result);
  } else if (writes_first && !(made.status == event->status)) {
    result.wake = sooner(result.wake, now + kTellWithin);
  }
  if (made.frozen) went_on(event, world.set_frozen(*event, *made.frozen), result);
  tell_actions(world, *event, made, result);
  if (made.finalizer && !made.finalizer->present && all) set_finalizer(world, event, false, result);
}

RoundResult run_round(World& world, const ObjectRef& ref, const Setup& setup) {
  RoundResult result;
  auto read = world.event(ref);
  if (!read) {
    result.gone = read.error().kind == ErrorKind::NotFound;
    if (!result.gone) result.failed = read.error();
    return result;
  }
  std::shared_ptr<const Event> event = *read;
  Observation observation = world.observe(*event, needs_of(*event, setup));
  const Instant now = world.now();
  const Plan made = plan_with_answers(world, *event, observation, setup, now);
  result.wake = wake_for(made, now);
  if (!made.questions.empty()) {
    result.failed = Error{.kind = ErrorKind::Unavailable,
                          .message = "questions stay open: " + made.questions.front().id};
    return result;
  }
  carry_out(world, std::move(event), made, observation.actions, now, result);
  return result;
}

}  // namespace doorbuster::planner
