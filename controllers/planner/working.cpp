#include "controllers/planner/working.h"

#include "controllers/planner/action.h"
#include "controllers/planner/decisions.h"
#include "controllers/planner/selection.h"

#include <set>
#include <utility>

namespace doorbuster::planner {
namespace {

Mode mode_of(const Round& round) {
  const Event& event = round.event;
  if (event.deleting) return Mode::Act;
  // Nothing stops an Abort or a Restore but that there is nothing to put back.
  const bool empty = round.holds.empty() && round.children.empty();
  if (decided_ending(event) != Ending::None && !empty) return Mode::Act;
  if (!round.acceptance.findings.empty()) return Mode::NotAccepted;
  if (!round.acceptance.unread.empty()) return Mode::Reading;
  if (event.spec->suspend) return Mode::Suspended;
  if (event.spec->mode == api::Mode::DryRun) return empty ? Mode::DryRun : Mode::Suspended;
  return Mode::Act;
}

/// The window as resolved now, or as last told: an event that is being deleted needs one even when
/// its spec is broken.
std::optional<Window> window_of(const Round& round) {
  if (const auto* window = std::get_if<Window>(&round.seen.window))
    return effective_window(round.event, *window);
  if (!round.event.status.window) return std::nullopt;
  return told(*round.event.status.window);
}

/// Where the whole namespace goes, what is held outside it is put back at once, whatever the
/// policy: nobody will be left who remembers it (DESIGN.md section 4).
Ending ending_of(const Event& event, const Observation& seen) {
  const Ending decided = decided_ending(event);
  if (!event.deleting) return decided;
  if (seen.namespace_terminating || decided == Ending::Immediate) return Ending::Immediate;
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
  return decided(round.event.status, "Completed");
}

void take_spec(Round& round) {
  round.spec = *round.event.spec;
  std::set<std::string> held;
  for (const auto& [key, fields] : round.holds) {
    if (key.first == kCapacity) held.insert(key.second);
  }
  Expanded all = expand(round.spec, round.event.ref.ns, round.seen, held);
  round.spec.capacity.targets = std::move(all.targets);
  round.unread_selectors = std::move(all.unread);
  round.selection_warnings = std::move(all.warnings);
}

}  // namespace

Round begin_round(const Event& event, const Observation& seen, const Setup& setup, Instant now) {
  Round round{.event = event,
              .setup = setup,
              .now = now,
              .seen = seen,
              .memory = {},
              .holds = {},
              .children = {},
              .acceptance = {},
              .spec = {},
              .unread_selectors = {},
              .selection_warnings = {},
              .window = {},
              .capacity = {},
              .hold_wants = {},
              .feasibility = {},
              .headroom = {},
              .prepull = {},
              .safeguards = {},
              .freeze = {},
              .rollouts = {},
              .outcomes = {},
              .wants = {},
              .questions = {},
              .wake = {}};
  round.memory = memory_of(event, round.seen);
  round.holds = our_holds(holder_of(event, round.seen, setup), round.seen, round.memory);
  round.children = our_children(round.seen, holder_of(event, round.seen, setup));
  round.acceptance = check_spec(event, round.seen, setup, round.holds);
  round.mode = mode_of(round);
  if (event.spec) take_spec(round);
  round.window = window_of(round);
  if (event.deleting && !round.window) round.window = Window{now, now, now, now, "", ""};
  round.new_run = begins_anew(round);
  return round;
}

View view_of(const Round& round) { return view_of(round, *round.window); }

View view_of(const Round& round, const Window& window) {
  return {.event = round.event,
          .spec = round.spec,
          .seen = round.seen,
          .setup = round.setup,
          .memory = round.memory,
          .holds = round.holds,
          .children = round.children,
          .window = window,
          .unread_selectors = round.unread_selectors,
          .selection_warnings = round.selection_warnings,
          .ending = ending_of(round.event, round.seen),
          .new_run = round.new_run,
          .now = round.now};
}

}  // namespace doorbuster::planner
