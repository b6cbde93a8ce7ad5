#include "controllers/planner/plan.h"

#include "controllers/planner/acceptance.h"
#include "controllers/planner/capacity.h"
#include "controllers/planner/hold_feature.h"
#include "controllers/planner/intent.h"
#include "controllers/planner/lowering.h"
#include "controllers/planner/round.h"
#include "controllers/planner/schedule.h"
#include "controllers/planner/status_report.h"
#include "controllers/planner/status_rows.h"
#include "controllers/products/law.h"

#include <algorithm>
#include <array>
#include <utility>

namespace doorbuster::planner {
namespace {

/// When what is not known is looked at again although nothing changed.
constexpr Duration kReadAgain = std::chrono::seconds(5);
constexpr Duration kCheckAgain = std::chrono::minutes(1);

/// One round's working state.
struct Round {
  const Event& event;
  const Setup& setup;
  Instant now;
  Observation seen;
  Memory memory;
  OurHolds holds;
  Acceptance acceptance;
  Mode mode = Mode::Act;
  api::SaleEventSpec spec;  ///< the accepted one; without targets and holds where there is none
  std::optional<Window> window;
  bool new_run = false;
  CapacityWants capacity;
  HoldFeatureWants hold_wants;
  Outcomes outcomes;
  std::map<ObjectRef, ObjectWants> wants;
  std::vector<Question> questions;
  std::optional<Instant> wake;
};

Mode mode_of(const Round& round) {
  const Event& event = round.event;
  if (event.deleting) return Mode::Act;
  if (!round.acceptance.findings.empty()) return Mode::NotAccepted;
  if (!round.acceptance.unread.empty()) return Mode::Reading;
  if (event.spec->suspend) return Mode::Suspended;
  if (event.spec->mode == api::Mode::DryRun)
    return round.holds.empty() ? Mode::DryRun : Mode::Suspended;
  return Mode::Act;
}

/// The window as resolved now, or as last told: an event that is being deleted needs one even when
/// its spec is broken.
std::optional<Window> window_of(const Round& round) {
  if (const auto* window = std::get_if<Window>(&round.seen.window)) return *window;
  if (!round.event.status.window) return std::nullopt;
  const api::WindowStatus& told = *round.event.status.window;
  return Window{told.prepare, told.start, told.end, told.restored_by, told.time_zone, told.tzdata};
}

/// Where the whole namespace goes, what is held outside it is put back at once, whatever the
/// policy: nobody will be left who remembers it (DESIGN.md section 4).
Ending ending_of(const Event& event, const Observation& seen) {
  if (!event.deleting) return Ending::None;
  if (seen.namespace_terminating) return Ending::Immediate;
  if (!event.spec) return Ending::Ramp;
  switch (event.spec->deletion_policy) {
    case api::DeletionPolicy::Ramp:
      return Ending::Ramp;
    case api::DeletionPolicy::Immediate:
      return Ending::Immediate;
    case api::DeletionPolicy::Orphan:
      return Ending::Orphan;
  }
  return Ending::Ramp;
}

/// A window that lies ahead, or is open, again after its run was complete: the next run.
bool begins_anew(const Round& round) {
  if (!round.window || round.now >= round.window->end) return false;
  const std::int32_t run = round.event.status.run.value_or(0);
  const auto& decisions = round.event.status.decisions;
  return std::any_of(decisions.begin(), decisions.end(), [run](const api::Decision& one) {
    return one.run == run && one.kind == "Completed";
  });
}

Round begin(const Event& event, const Observation& seen, const Setup& setup, Instant now) {
  Round round{.event = event,
              .setup = setup,
              .now = now,
              .seen = with_served_names(seen),
              .memory = {},
              .holds = {},
              .acceptance = {},
              .spec = {},
              .window = {},
              .capacity = {},
              .hold_wants = {},
              .outcomes = {},
              .wants = {},
              .questions = {},
              .wake = {}};
  round.memory = memory_of(event, round.seen);
  round.holds = our_holds(holder_of(event, round.seen, setup), round.seen, round.memory);
  round.acceptance = check_spec(event, round.seen, setup, round.holds);
  round.mode = mode_of(round);
  if (event.spec) round.spec = *event.spec;
  round.window = window_of(round);
  if (event.deleting && !round.window) round.window = Window{now, now, now, now, "", ""};
  round.new_run = begins_anew(round);
  return round;
}

/// The features: each sees the event, the observation and what is remembered, none sees another's
/// wants.
void run_features(Round& round, std::span<const Feature> order) {
  if (round.mode != Mode::Act && round.mode != Mode::DryRun) return;
  const View view{.event = round.event,
                  .spec = round.spec,
                  .seen = round.seen,
                  .setup = round.setup,
                  .memory = round.memory,
                  .holds = round.holds,
                  .window = *round.window,
                  .ending = ending_of(round.event, round.seen),
                  .new_run = round.new_run,
                  .now = round.now};
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

/// Is anything held for this event that it still has to let go of? Not counted: what is gone,
/// forbidden, or goes with its namespace.
bool still_held(const Round& round, const api::SaleEventStatus& status) {
  for (const api::HoldStatus& row : status.holds) {
    const ObjectRef object{row.object.group, row.object.kind, row.object.ns, row.object.name};
    if (row.copy.empty()) continue;
    if (round.seen.namespace_terminating && object.ns == round.event.ref.ns) continue;
    const std::string state = absence(round.seen, object);
    if (state == "Missing" || state == "Forbidden" || row.state == "Forbidden") continue;
    // A copy is kept until our letting go was seen: out of sight it counts, whoever it names.
    if (state != "Unknown" && !holds_for(row, round.event.uid)) continue;
    const Present* here = present(round.seen, object);
    if (here != nullptr && here->uid != row.uid) continue;
    return true;
  }
  for (const auto& [key, held] : round.holds) {
    for (const OurHold& one : held) {
      const auto outcome = round.outcomes.find(one.field.object);
      const bool forbidden =
          outcome != round.outcomes.end() && outcome->second.dropped == "Forbidden";
      if (one.there && !forbidden && outcome != round.outcomes.end()) return true;
    }
  }
  return false;
}

/// The sale is over and no hold of it can still become due.
bool is_completed(const Round& round, bool held, bool writes) {
  const bool acts = round.mode == Mode::Act || round.mode == Mode::DryRun;
  if (held || writes || !round.window || !acts) return false;
  switch (stage_at(*round.window, round.now)) {
    case Stage::Before:
    case Stage::Prepare:
    case Stage::Live:
      return false;
    case Stage::Cooldown:
      return std::none_of(
          round.spec.holds.begin(), round.spec.holds.end(), [](const api::HoldSpec& one) {
            return one.during.until == api::SalePhase::Cooldown;
          });
    case Stage::Over:
      return true;
  }
  return false;
}

bool knows_autoscaler(const Observation& seen, const ObjectRef& workload) {
  const auto found = seen.autoscalers.find(workload);
  if (absence(seen, workload) == "Unknown" || found == seen.autoscalers.end()) return false;
  const auto* listed = std::get_if<Autoscalers>(&found->second);
  return listed != nullptr &&
         std::all_of(listed->objects.begin(), listed->objects.end(), [&](const ObjectRef& one) {
           return absence(seen, one) != "Unknown";
         });
}

/// A row goes on naming its autoscaler while it is not known which there is: what is out of sight
/// has not changed, and nothing would bring the name back.
void keep_autoscalers(const Round& round, std::vector<api::TargetStatus>& rows) {
  const auto& reports = round.capacity.wants.targets;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!rows[i].autoscaler.empty() || knows_autoscaler(round.seen, reports[i].object)) continue;
    for (const api::TargetStatus& old : round.event.status.targets) {
      if (old.name == rows[i].name && old.object == rows[i].object)
        rows[i].autoscaler = old.autoscaler;
    }
  }
}

Report make_status(Round& round, Plan& out) {
  const bool acted = round.mode == Mode::Act || round.mode == Mode::DryRun;
  api::SaleEventStatus& status = out.status;
  status.install = round.setup.install;
  status.run = status.run.value_or(0) + (round.new_run ? 1 : 0);
  const bool past = round.window && round.now >= round.window->restored_by;
  status.holds = hold_rows({.event = round.event,
                            .seen = round.seen,
                            .outcomes = round.outcomes,
                            .moved = round.capacity.memory,
                            .notes = round.hold_wants.notes,
                            .new_run = round.new_run,
                            .over = past || round.event.deleting});
  if (acted) {
    status.targets = target_rows(round.capacity.wants.targets);
    keep_autoscalers(round, status.targets);
  } else {
    // What moves by itself is not looked at now.
    for (api::TargetStatus& row : status.targets) {
      row.desired = row.current = row.ready = row.wanted = std::nullopt;
      if (round.mode == Mode::Reading) continue;
      row.held.reset();
      row.state = round.mode == Mode::Suspended ? "Suspended" : "NotAccepted";
    }
  }
  Report made{.event = round.event,
              .acceptance = round.acceptance,
              .mode = round.mode,
              .window = round.window,
              .deleting = round.event.deleting,
              .warnings = {},
              .notices = {},
              .next_step = round.capacity.next_step,
              .now = round.now};
  made.held = still_held(round, status);
  made.writes = !out.writes.empty();
  made.completed = is_completed(round, made.held, made.writes);
  made.demand_stays = round.capacity.demand_stays;
  made.holds_prepared = round.hold_wants.prepared;
  made.new_run = round.new_run;
  made.warnings = round.capacity.wants.warnings;
  made.warnings.insert(made.warnings.end(),
                       round.hold_wants.wants.warnings.begin(),
                       round.hold_wants.wants.warnings.end());
  for (const auto& [object, outcome] : round.outcomes) {
    made.notices.insert(
        made.notices.end(), outcome.settled.notices.begin(), outcome.settled.notices.end());
  }
  report(made, round.capacity.wants.targets, status);
  return made;
}

/// Is something of ours still to be removed from an object that cannot be looked at, or of which it
/// is not known whether it may be written, now?
bool trace_out_of_sight(const Round& round, const api::SaleEventStatus& status) {
  for (const auto& [object, outcome] : round.outcomes) {
    if (outcome.settled.write && outcome.dropped == "Unknown") return true;
  }
  return std::any_of(status.holds.begin(), status.holds.end(), [&](const api::HoldStatus& row) {
    const ObjectRef object{row.object.group, row.object.kind, row.object.ns, row.object.name};
    const bool doomed = round.seen.namespace_terminating && object.ns == round.event.ref.ns;
    return row.state == "Restoring" && !doomed && absence(round.seen, object) == "Unknown";
  });
}

/// Is an autoscaler listed that cannot be looked at just now? It may carry a record of this event:
/// one that was restored from a backup does.
bool autoscaler_out_of_sight(const Observation& seen) {
  for (const auto& [workload, fact] : seen.autoscalers) {
    const auto* listed = std::get_if<Autoscalers>(&fact);
    if (listed == nullptr) continue;
    for (const ObjectRef& one : listed->objects) {
      if (absence(seen, one) == "Unknown") return true;
    }
  }
  return false;
}

/// On the event while anything is held; off when nothing is, and nothing is on its way.
std::optional<SetFinalizer> finalizer_for(const Round& round,
                                          const Report& made,
                                          const api::SaleEventStatus& made_status) {
  const bool wanted =
      made.held || (made.writes && !round.event.deleting) || trace_out_of_sight(round, made_status);
  if (wanted && !round.event.has_finalizer && !round.event.deleting && round.mode == Mode::Act)
    return SetFinalizer{true};
  // A record on an object that cannot be read just now may name this event; taking the finalizer
  // off can wait, unless somebody waits for the deletion.
  const bool unread =
      std::any_of(round.seen.objects.begin(), round.seen.objects.end(), [](const auto& one) {
        return std::holds_alternative<Unread>(one.second);
      });
  if (!round.event.deleting && unread) return std::nullopt;
  if (autoscaler_out_of_sight(round.seen)) return std::nullopt;
  if (!wanted && !made.writes && round.event.has_finalizer && round.mode != Mode::Reading)
    return SetFinalizer{false};
  return std::nullopt;
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
  Round round = begin(event, seen, setup, now);
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
