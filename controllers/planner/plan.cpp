#include "controllers/planner/plan.h"

#include "controllers/planner/intent.h"
#include "controllers/planner/lowering.h"
#include "controllers/planner/round.h"
#include "controllers/planner/schedule.h"
#include "controllers/planner/working.h"
#include "controllers/products/law.h"

#include <algorithm>
#include <array>
#include <utility>

namespace doorbuster::planner {
namespace {

/// When what is not known is looked at again although nothing changed.
constexpr Duration kReadAgain = std::chrono::seconds(5);
constexpr Duration kCheckAgain = std::chrono::minutes(1);

/// The features: each sees the event, the observation and what is remembered, none sees another's
/// wants.
void run_features(Round& round, std::span<const Feature> order) {
  if (round.mode != Mode::Act && round.mode != Mode::DryRun) return;
  const View view = view_of(round);
  for (const Feature one : order) {
    switch (one) {
      case Feature::Capacity:
        round.capacity = capacity(view);
        break;
      case Feature::Holds:
        round.hold_wants = hold_feature(view);
        break;
    }
  }
  round.wake = sooner(round.wake, sooner(round.capacity.wants.wake, round.hold_wants.wants.wake));
}

/// The objects on which something is held under a name.
std::set<ObjectRef> objects_under(const Round& round,
                                  const std::string& feature,
                                  const std::string& name) {
  std::set<ObjectRef> out;
  const auto held = round.holds.find({feature, name});
  if (held == round.holds.end()) return out;
  for (const OurHold& one : held->second) out.insert(one.field.object);
  return out;
}

void sort_in(Round& round, const Wants& from) {
  for (const Item& item : from.items) {
    if (const auto* want = std::get_if<HoldWant>(&item)) {
      round.wants[want->field.object].wants.emplace_back(from.feature, *want);
    } else if (const auto* release = std::get_if<Release>(&item)) {
      std::set<ObjectRef> objects;
      for (const FieldRef& field : release->only) objects.insert(field.object);
      if (release->only.empty()) objects = objects_under(round, from.feature, release->name);
      for (const ObjectRef& object : objects)
        round.wants[object].releases.emplace_back(from.feature, *release);
    } else if (const auto* retain = std::get_if<Retain>(&item)) {
      for (const ObjectRef& object : objects_under(round, from.feature, retain->name)) {
        round.wants[object].frozen.emplace(from.feature, retain->name);
      }
    }
  }
}

/// Every object that something is wanted of, that a row remembers, or whose record names us.
void gather(Round& round) {
  sort_in(round, round.capacity.wants);
  sort_in(round, round.hold_wants.wants);
  for (const auto& [key, held] : round.holds) {
    for (const OurHold& one : held) round.wants[one.field.object];
  }
  for (const auto& [object, witness] : round.memory.witnesses) round.wants[object];
  for (const api::HoldStatus& row : round.event.status.holds) {
    if (!row.copy.empty() || (row.state != "Restoring" && row.state != "Restored")) continue;
    const ObjectRef object{row.object.group, row.object.kind, row.object.ns, row.object.name};
    if (row.state == "Restoring") round.wants[object];
    const auto wanted = round.wants.find(object);
    const Present* here = present(round.seen, object);
    if (wanted != round.wants.end() && here != nullptr && here->uid == row.uid)
      wanted->second.put_back.emplace(FieldPath{row.field, row.inside}, row.baseline);
  }
}

/// May the account of this event write to an object? Asked only where there is something to write.
void ask_access(Round& round, const ObjectRef& object, ObjectOutcome& outcome) {
  const Question question = access_question(object, "patch", round.spec.service_account_name);
  const auto answer = round.seen.answers.find(question.id);
  if (answer == round.seen.answers.end()) {
    round.questions.push_back(question);
    return;
  }
  switch (answer->second.says) {
    case Answer::Says::Yes:
      return;
    case Answer::Says::No:
      outcome.dropped = "Forbidden";
      outcome.why =
          answer->second.why.empty()
              ? "the service account " + round.spec.service_account_name + " may not patch it"
              : answer->second.why;
      round.wake = sooner(round.wake, round.now + kCheckAgain);
      return;
    case Answer::Says::Unknown:
      outcome.dropped = "Unknown";
      outcome.why = "it is not known whether the service account may patch it";
      round.wake = sooner(round.wake, round.now + kReadAgain);
      return;
  }
}

void settle_all(Round& round) {
  const Who who = holder_of(round.event, round.seen, round.setup);
  for (const auto& [object, wants] : round.wants) {
    const Present* here = present(round.seen, object);
    const bool doomed = round.seen.namespace_terminating && object.ns == round.event.ref.ns;
    if (here == nullptr || doomed) continue;
    const auto known = round.memory.witnesses.find(object);
    ObjectOutcome outcome;
    outcome.settled =
        settle_object(object,
                      *here,
                      known == round.memory.witnesses.end() ? Witness{} : known->second,
                      wants,
                      who,
                      round.now);
    switch (round.mode) {
      case Mode::Act:
        if (outcome.settled.write) ask_access(round, object, outcome);
        break;
      case Mode::DryRun:
        outcome.dropped = "Planned";
        break;
      case Mode::Suspended:
        outcome.dropped = "Suspended";
        break;
      case Mode::NotAccepted:
      case Mode::Reading:
        outcome.dropped = "NotAccepted";
        break;
    }
    round.wake = sooner(round.wake, outcome.settled.wake);
    round.outcomes.emplace(object, std::move(outcome));
  }
}

/// A target whose object may not be written is forbidden, whatever else is seen of it; and a step
/// that is not made, in a dry run too, has no time: it is found due anew in every round.
void note_dropped(Round& round) {
  for (TargetReport& target : round.capacity.wants.targets) {
    const auto outcome = round.outcomes.find(target.autoscaler.value_or(target.object));
    if (outcome == round.outcomes.end() || outcome->second.dropped.empty()) continue;
    target.stepped_at.reset();
    if (outcome->second.dropped != "Forbidden") continue;
    target.state = "Forbidden";
    target.message = outcome->second.why;
    target.ready_enough = false;
  }
}

bool lowers(const ObjectWants& wants) {
  const auto down = [](const auto& one) { return one.second.reason.code == kLowering; };
  return !wants.releases.empty() ||
         (!wants.wants.empty() && std::all_of(wants.wants.begin(), wants.wants.end(), down));
}

/// What raises first, in the order of the products; then what lowers and restores, in the reverse
/// order.
std::vector<Write> ordered_writes(const Round& round) {
  std::vector<std::pair<int, const Write*>> found;
  for (const auto& [object, outcome] : round.outcomes) {
    if (!outcome.settled.write || !outcome.dropped.empty()) continue;
    const int order = products::order_of(object);
    found.emplace_back(lowers(round.wants.at(object)) ? 1000 - order : order,
                       &*outcome.settled.write);
  }
  std::stable_sort(
      found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Write> out;
  for (const auto& [order, write] : found) {
    if (out.size() < kWritesPerRound) out.push_back(*write);
  }
  return out;
}

std::optional<Instant> wake_for(const Round& round) {
  std::optional<Instant> wake = round.wake;
  if (round.mode == Mode::Reading) wake = sooner(wake, round.now + kReadAgain);
  if (round.mode == Mode::NotAccepted) wake = sooner(wake, round.now + kCheckAgain);
  if (round.window) {
    // Of a completed event too: what is left of its rows is told differently once all is over.
    if (const auto edge = next_edge(*round.window, round.now)) wake = sooner(wake, edge->at);
  }
  return wake;
}

/// The plan of this instant alone.
Plan plan_at(std::span<const Feature> order,
             const Event& event,
             const Observation& seen,
             const Setup& setup,
             Instant now) {
  Plan out;
  out.status = event.status;
  Round round = begin_round(event, seen, setup, now);
  run_features(round, order);
  gather(round);
  settle_all(round);
  out.questions = round.questions;
  if (!out.questions.empty()) return out;
  note_dropped(round);
  out.writes = ordered_writes(round);
  const Report made = make_status(round, out);
  out.finalizer = finalizer_for(round, made, out.status);
  out.notices = notices_between(event.status, out.status, made);
  out.wake = wake_for(round);
  out.done = made.completed || (event.deleting && !made.held && !made.writes);
  return out;
}

/// What is due soon is made ready: its questions are asked, and what its first writes depend on is
/// stored.
void look_ahead(Plan& out,
                std::span<const Feature> order,
                const Event& event,
                const Observation& seen,
                const Setup& setup,
                Instant now) {
  if (!out.questions.empty() || !out.wake || *out.wake <= now || *out.wake - now > kAhead) return;
  if (event.deleting) return;
  const Plan coming = plan_at(order, event, seen, setup, *out.wake);
  out.questions = coming.questions;
  if (!out.questions.empty() || !add_intents(coming, *out.wake, out.status)) return;
  out.finalizer.reset();
  if (!event.has_finalizer) out.finalizer = SetFinalizer{true};
}

}  // namespace

Plan plan(const Event& event, const Observation& seen, const Setup& setup, Instant now) {
  constexpr std::array kFeatures = {Feature::Capacity, Feature::Holds};
  return plan_in_order(kFeatures, event, seen, setup, now);
}

Plan plan_in_order(std::span<const Feature> order,
                   const Event& event,
                   const Observation& seen,
                   const Setup& setup,
                   Instant now) {
  // Another Doorbuster's, or one that we have let go of and that only others keep from going.
  const bool foreign = !event.status.install.empty() && event.status.install != setup.install;
  if (foreign || (event.deleting && !event.has_finalizer)) {
    Plan nothing;
    nothing.status = event.status;
    return nothing;
  }
  const std::optional<Event> without = without_intents(event, seen, now);
  const Event& known = without ? *without : event;
  Plan out = plan_at(order, known, seen, setup, now);
  look_ahead(out, order, known, seen, setup, now);
  return out;
}

}  // namespace doorbuster::planner
