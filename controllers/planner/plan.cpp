#include "controllers/planner/plan.h"

#include "controllers/planner/action.h"
#include "controllers/planner/intent.h"
#include "controllers/planner/lowering.h"
#include "controllers/planner/peak_needs.h"
#include "controllers/planner/refusal.h"
#include "controllers/planner/rehearsal.h"
#include "controllers/planner/round.h"
#include "controllers/planner/safeguards.h"
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

/// While features do not run rollouts go back all the same where people say so; without a window
/// too.
void rest_rollouts(Round& round) {
  const Window none{round.now, round.now, round.now, round.now, "", ""};
  View view = view_of(round, round.window ? *round.window : none);
  round.rollouts = rollouts(view, RolloutMode::Rest);
  round.wake = sooner(round.wake, round.rollouts.wants.wake);
}

/// The features: each sees the event, the observation and what is remembered, none sees another's
/// wants.
void run_features(Round& round, std::span<const Feature> order) {
  if (round.mode != Mode::Act && round.mode != Mode::DryRun) {
    if (round.window) {
      round.headroom = headroom_at_rest(view_of(round));
      round.prepull = image_prepull_at_rest(view_of(round));
    } else if (round.mode == Mode::NotAccepted) {
      round.headroom = headroom_without_window(round.children);
      round.prepull = image_prepull_without_window(round.children);
    }
    const bool suspended = round.mode == Mode::Suspended && round.window;
    round.freeze = suspended ? freeze(view_of(round), FreezeMode::Keep)
                             : freeze_as_told(round.event, round.now);
    round.wake = sooner(round.wake, round.headroom.wants.wake);
    round.wake = sooner(round.wake, round.prepull.wants.wake);
    round.wake = sooner(round.wake, round.freeze.wake);
    rest_rollouts(round);
    return;
  }
  const View view = view_of(round);
  for (const Feature one : order) {
    switch (one) {
      case Feature::Capacity:
        round.capacity = capacity(view);
        break;
      case Feature::Headroom:
        round.headroom = headroom(view);
        break;
      case Feature::ImagePrepull:
        round.prepull = image_prepull(view);
        break;
      case Feature::Holds:
        round.hold_wants = hold_feature(view);
        break;
      case Feature::Safeguards:
        round.safeguards = safeguards(view);
        break;
      case Feature::Freeze:
        round.freeze = freeze(view, round.mode == Mode::Act ? FreezeMode::Act : FreezeMode::Plan);
        break;
      case Feature::Rollouts:
        round.rollouts =
            rollouts(view, round.mode == Mode::Act ? RolloutMode::Act : RolloutMode::DryRun);
        break;
    }
  }
  round.wake = sooner(round.wake, round.freeze.wake);
  for (const Wants* wants : {&round.capacity.wants,
                             &round.headroom.wants,
                             &round.prepull.wants,
                             &round.hold_wants.wants,
                             &round.rollouts.wants}) {
    round.wake = sooner(round.wake, wants->wake);
    round.questions.insert(round.questions.end(), wants->questions.begin(), wants->questions.end());
  }
}

/// Will it fit? Judged where it is time to, until the start; with what is known of its writes.
void judge(Round& round, const std::vector<Finding>& rehearsed) {
  const bool acts = round.mode == Mode::Act || round.mode == Mode::DryRun;
  if (!round.seen.room || !acts || round.event.deleting || round.now >= round.window->start) return;
  std::vector<Reason> warnings = round.capacity.wants.warnings;
  const auto& pulls = round.prepull.wants.warnings;
  warnings.insert(warnings.end(), pulls.begin(), pulls.end());
  auto asked = peak_needs(view_of(round), *round.seen.room, warnings);
  if (!asked) return;
  for (const Finding& one : rehearsed) asked->further.push_back({one, std::nullopt});
  round.feasibility = feasibility(*asked, *round.seen.room);
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
  sort_in(round, round.safeguards);
  sort_in(round, round.rollouts.wants);
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
/// A rollback does not wait for an answer that nobody gives: the account could write there before.
void ask_access(Round& round, const ObjectRef& object, bool urgent, ObjectOutcome& outcome) {
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
      if (urgent) return;
      outcome.dropped = "Unknown";
      outcome.why = "it is not known whether the service account may patch it";
      round.wake = sooner(round.wake, round.now + kReadAgain);
      return;
  }
}

/// What the API server did not take is tried again, but not in every round.
void heed_refusal(Round& round, const Witness& witness, ObjectOutcome& outcome) {
  if (!outcome.settled.write || !outcome.dropped.empty()) return;
  outcome.refused = witness.refused;
  const Write& write = *outcome.settled.write;
  const auto known = round.seen.refusals.find(write.object);
  if (known == round.seen.refusals.end()) return;
  const Instant again = tried_again(known->second, write);
  if (again <= round.now) return;
  outcome.withheld = true;
  round.wake = sooner(round.wake, again);
}

/// What is wanted before status is stored: without what other features begin to hold, which status
/// has to remember first.
ObjectWants wanted_at_once(const ObjectWants& all, const Witness& witness) {
  ObjectWants out = all;
  std::erase_if(out.wants, [&witness](const auto& one) {
    const FieldRef& field = one.second.field;
    return one.first != kRollouts &&
           !witness.ledger.fields.contains(FieldPath{field.pointer, field.inside});
  });
  return out;
}

void settle_all(Round& round) {
  const Who who = holder_of(round.event, round.seen, round.setup);
  const Witness nothing;
  for (const auto& [object, wants] : round.wants) {
    const Present* here = present(round.seen, object);
    const bool doomed = round.seen.namespace_terminating && object.ns == round.event.ref.ns;
    if (here == nullptr || doomed) continue;
    const auto known = round.memory.witnesses.find(object);
    const Witness& witness = known == round.memory.witnesses.end() ? nothing : known->second;
    ObjectOutcome outcome;
    bool at_once = round.rollouts.at_once.contains(object);
    if (at_once) {
      const ObjectWants first = wanted_at_once(wants, witness);
      outcome.settled = settle_object(object, *here, witness, first, who, round.now);
      at_once = outcome.settled.write.has_value();
      if (!at_once) round.rollouts.at_once.erase(object);
    }
    if (!at_once) outcome.settled = settle_object(object, *here, witness, wants, who, round.now);
    // What has been written there before may be, and what lets go at rest can wait.
    const bool urgent = at_once && known != round.memory.witnesses.end() &&
                        (round.mode == Mode::Act || !wants.wants.empty());
    switch (at_once ? Mode::Act : round.mode) {
      case Mode::Act:
        // Whose account it is a spec that cannot be read does not say; the record is our own.
        if (outcome.settled.write && (!at_once || round.event.spec))
          ask_access(round, object, urgent, outcome);
        heed_refusal(round, witness, outcome);
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

/// A target whose object may not be written is forbidden, and one whose write the server does not
/// take refused, whatever else is seen of it; and a step that is not made, in a dry run too, has no
/// time: it is found due anew in every round.
void note_dropped(Round& round) {
  for (TargetReport& target : round.capacity.wants.targets) {
    const auto outcome = round.outcomes.find(target.autoscaler.value_or(target.object));
    if (outcome == round.outcomes.end()) continue;
    if (!outcome->second.refused.empty()) {
      target.state = kRefused;
      target.message = outcome->second.refused;
      target.ready_enough = false;
    }
    if (outcome->second.dropped.empty()) continue;
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
    if (!outcome.settled.write || !outcome.dropped.empty() || outcome.withheld) continue;
    const int order = products::order_of(object);
    found.emplace_back(lowers(round.wants.at(object)) ? 1000 - order : order,
                       &*outcome.settled.write);
  }
  std::stable_sort(
      found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Write> out;
  for (const auto& [order, write] : found) {
    if (out.size() >= kWritesPerRound) break;
    out.push_back(*write);
    out.back().order = order;
  }
  return out;
}

/// What one feature wants made or resized, and what it lets go of.
void add_child_effects(const Round& round,
                       const Wants& from,
                       std::vector<ChildEffect>& made,
                       std::vector<ChildEffect>& removed) {
  for (const Item& item : from.items) {
    if (const auto* want = std::get_if<ChildWant>(&item)) {
      const Holder parent = parent_in(round.event, round.setup, from.feature, want->name);
      ChildVerdict verdict = settle_child(round.seen, *want, parent);
      const bool acts =
          round.mode == Mode::Act || (want->at_rest && verdict.there == ChildVerdict::There::Ours);
      if (verdict.effect && acts) made.push_back(std::move(*verdict.effect));
    } else if (const auto* gone = std::get_if<Release>(&item)) {
      const auto found = round.children.find({from.feature, gone->name});
      if (found == round.children.end()) continue;
      for (ChildEffect& one : remove_children(round.seen, found->second, gone->reason))
        removed.push_back(std::move(one));
    }
  }
}

/// Children that are wanted, then those that are let go of. In a dry run there are none.
std::vector<ChildEffect> child_effects(const Round& round) {
  std::vector<ChildEffect> out, removed;
  for (const Wants* from : {&round.headroom.wants,
                            &round.headroom.buffers,
                            &round.prepull.wants,
                            &round.rollouts.candidates})
    add_child_effects(round, *from, out, removed);
  // What runs pods goes first: of many releases that end at once theirs are gone sooner.
  std::stable_partition(removed.begin(), removed.end(), [](const ChildEffect& one) {
    const auto* gone = std::get_if<Remove>(&one);
    return gone != nullptr && gone->object.kind == "Deployment";
  });
  std::move(removed.begin(), removed.end(), std::back_inserter(out));
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

/// The plan of this instant alone, from what is seen by its served names.
Plan plan_at(std::span<const Feature> order,
             const Event& event,
             const Observation& seen,
             const Setup& setup,
             Instant now,
             const std::vector<Finding>& rehearsed = {}) {
  Plan out;
  out.status = event.status;
  Round round = begin_round(event, seen, setup, now);
  run_features(round, order);
  judge(round, rehearsed);
  gather(round);
  settle_all(round);
  out.questions = round.questions;
  if (!out.questions.empty()) return out;
  note_dropped(round);
  out.writes = ordered_writes(round);
  out.children = child_effects(round);
  for (const Write& write : out.writes) {
    if (round.rollouts.at_once.contains(write.object)) out.at_once.insert(write.object);
  }
  const Report made = make_status(round, out);
  out.finalizer = finalizer_for(round, made, out.status);
  if (round.freeze.frozen != event.frozen) out.frozen = round.freeze.frozen;
  out.notices = notices_between(event.status, out.status, made);
  out.wake = wake_for(round);
  const bool left = made.held || made.writes || round.rollouts.unfinished;
  out.done = made.completed || (event.deleting && !left);
  out.all_back = !left && out.children.empty();
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
  Observation then = seen;
  then.room.reset();
  const Plan coming = plan_at(order, event, then, setup, *out.wake);
  out.questions = coming.questions;
  if (!out.questions.empty() || !add_intents(coming, *out.wake, out.status)) return;
  out.finalizer.reset();
  if (!event.has_finalizer) out.finalizer = SetFinalizer{true};
}

/// Tries the writes of the start where it is time to judge; nothing: it is not.
std::optional<Rehearsal> rehearsal_of(std::span<const Feature> order,
                                      const Event& event,
                                      const Observation& seen,
                                      const Setup& setup,
                                      Instant now) {
  const auto* written = std::get_if<Window>(&seen.window);
  if (!seen.room || written == nullptr || event.deleting) return std::nullopt;
  const Window window = effective_window(event, *written);
  if (now >= window.prepare) return std::nullopt;
  return rehearse(plan_at(order, event, at_the_start(seen), setup, window.start), seen);
}

/// The plan of now with the verdict before the day. Where something could not be asked what was
/// said last stands.
Plan plan_judged(std::span<const Feature> order,
                 const Event& event,
                 const Observation& seen,
                 const Setup& setup,
                 Instant now) {
  std::optional<Rehearsal> tried = rehearsal_of(order, event, seen, setup, now);
  if (!tried) return plan_at(order, event, seen, setup, now);
  if (!tried->unknown.empty() && event.status.feasibility) {
    Observation without = seen;
    without.room.reset();
    Plan out = plan_at(order, event, without, setup, now);
    out.wake = sooner(out.wake, now + kCheckAgain);
    return out;
  }
  if (!tried->unknown.empty())
    tried->findings.push_back(
        {Level::Warn,
         "NotTried",
         "",
         "whether the API server will take what is to be written is not known: " + tried->unknown});
  Plan out = plan_at(order, event, seen, setup, now, tried->findings);
  out.questions.insert(out.questions.end(), tried->questions.begin(), tried->questions.end());
  if (!tried->findings.empty() || !tried->unknown.empty())
    out.wake = sooner(out.wake, now + kCheckAgain);
  return out;
}

}  // namespace

Plan plan(const Event& event, const Observation& seen, const Setup& setup, Instant now) {
  constexpr std::array kFeatures = {Feature::Capacity,
                                    Feature::Headroom,
                                    Feature::ImagePrepull,
                                    Feature::Holds,
                                    Feature::Safeguards,
                                    Feature::Freeze,
                                    Feature::Rollouts};
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
    // What is held of it stays; what was made for it goes with it.
    for (const auto& [key, objects] : our_children(seen, holder_of(event, seen, setup))) {
      for (ChildEffect& one :
           remove_children(seen, objects, {"EventGoing", "its event is being deleted"}))
        nothing.children.push_back(std::move(one));
    }
    return nothing;
  }
  const Observation served = with_served_names(seen);
  const std::optional<Event> without = without_intents(event, served, now);
  const Event& known = without ? *without : event;
  ActionsTaken taken = take_actions(known, served, now);
  std::optional<Event> decided;
  if (!taken.decisions.empty()) decided = with_decisions(known, taken.decisions);
  const Event& now_known = decided ? *decided : known;
  Plan out = plan_judged(order, now_known, served, setup, now);
  look_ahead(out, order, now_known, served, setup, now);
  if (!out.questions.empty()) return out;
  finish(taken.answers, now_known, out, now);
  out.actions = std::move(taken.answers);
  out.notices.insert(out.notices.begin(), taken.notices.begin(), taken.notices.end());
  return out;
}

}  // namespace doorbuster::planner
