#pragma once

#include "controllers/planner/view.h"

#include <optional>
#include <string>

namespace doorbuster::planner {

/// The label by which the admission policy `freeze.doorbuster.dev` (charts/manifests/freeze.yaml)
/// finds the events that freeze their namespace: a policy has no clock, so the operator puts it on
/// and takes it off.
inline constexpr const char* kFrozenLabel = "doorbuster.dev/frozen";

/// From when until when a freeze lasts in a window; empty (`until` not after `from`) is never.
struct FreezeSpan {
  Instant from, until;
};
FreezeSpan span_of(const api::FreezeSpec&, const Window&);

struct FreezeWants {
  bool frozen = false;  ///< the event is to have the label
  api::FreezeStatus row;
  std::optional<Instant> wake;
  std::optional<Reason> warning;
};

/// What an event does meanwhile: acts, or only says what it would do, or keeps what is.
enum class FreezeMode { Act, Plan, Keep };

/// The freeze of an accepted event. When the event lets go, or a BreakGlass stands, there is none.
FreezeWants freeze(const View&, FreezeMode);

/// The same while the spec is not accepted or not known: what is stays until its time is over, by
/// what was told last.
FreezeWants freeze_as_told(const Event&, Instant now);

}  // namespace doorbuster::planner
