#include "controllers/planner/freeze.h"

#include "controllers/planner/action.h"
#include "controllers/planner/schedule.h"

#include <algorithm>
#include <string_view>

namespace doorbuster::planner {
namespace {

std::string what(const api::FreezeSpec& spec) {
  std::string maps;
  for (const std::string& one : spec.config_maps) maps += (maps.empty() ? "" : ", ") + one;
  if (maps.empty()) return "pod templates";
  return (spec.templates ? "pod templates and " : "") + std::string("ConfigMaps ") + maps;
}

/// Within its time.
void now_frozen(const View& view, const api::FreezeSpec& spec, FreezeMode mode, FreezeWants& out) {
  if (const auto lifted = broken_glass(view.event)) {
    out.row.state = "Lifted";
    out.row.message = *lifted;
    return;
  }
  switch (mode) {
    case FreezeMode::Plan:
      out.row.state = "Planned";
      return;
    case FreezeMode::Keep:
      out.row.state = "Suspended";
      out.frozen = view.event.frozen;
      return;
    case FreezeMode::Act:
      break;
  }
  out.frozen = true;
  out.row.state = "Frozen";
  out.row.message = what(spec) + " change only for who has the verb breakglass";
  if (view.seen.freeze_enforced.value_or(true)) return;
  out.row.state = "NotEnforced";
  out.row.message =
      "the admission policy freeze.doorbuster.dev is not in force: nothing is refused";
  out.warning = Reason{"FreezeNotEnforced", out.row.message};
}

}  // namespace

FreezeSpan span_of(const api::FreezeSpec& spec, const Window& window) {
  return {instant_of(spec.from, window), instant_of(spec.until, window)};
}

FreezeWants freeze(const View& view, FreezeMode mode) {
  FreezeWants out;
  if (!view.spec.freeze) return out;
  const FreezeSpan span = span_of(*view.spec.freeze, view.window);
  out.row.from = span.from;
  out.row.until = span.until;
  if (view.ending != Ending::None) {
    out.row.state = "Over";
    out.row.message = why_over(view);
  } else if (view.now < span.from) {
    out.row.state = "Waiting";
    out.wake = span.from;
  } else if (view.now < span.until) {
    out.wake = span.until;
    now_frozen(view, *view.spec.freeze, mode, out);
  } else {
    out.row.state = "Over";
  }
  return out;
}

FreezeWants freeze_as_told(const Event& event, Instant now) {
  FreezeWants out;
  out.row = event.status.freeze;
  if (!event.frozen || !out.row.until || now >= *out.row.until) {
    if (!out.row.state.empty()) out.row.state = "Over";
    return out;
  }
  out.frozen = true;
  out.wake = out.row.until;
  return out;
}

}  // namespace doorbuster::planner
