#pragma once

#include "crds/sale_event.h"
#include "operator/base/instant.h"

#include <cstdint>
#include <optional>

namespace doorbuster::planner {

// Arithmetic of the ramps alone: no object, no status.

/// The way up of one target, in replicas.
struct WayUp {
  std::int64_t usual = 0, full = 0;  ///< from, to
  Instant prepare, start;
  api::RampUp ramp;
};

/// Height of step k of n, 1 <= k <= n: ceil(usual + (full - usual) x k / n). The last one is
/// `full`.
std::int64_t height_of(const WayUp&, int k);
/// When step k is due: prepare + (k - 1) x over' / n, where over' = min(over, last call - prepare).
Instant due_of(const WayUp&, int k);
/// The last instant from which the rest still fits before the start: start - stepTimeout. From then
/// on all remaining steps are one (DESIGN.md section 4: a gate delays, it never withholds).
Instant last_call(const WayUp&);

/// Where all replicas of a step exist and are not ready, they count as progress after so many
/// stepTimeouts, whatever onTimeout says (hack/decisions/0007): most likely they wait for nodes,
/// and a cluster autoscaler adds nodes only for pods that exist.
inline constexpr int kPendingTimeouts = 2;

/// Where pods fail for a reason that more of them would share (a quota, an image, a crash), a step
/// waits so many times its stepTimeout before `Proceed` goes on; still never beyond the last call.
inline constexpr int kBackOffTimeouts = 2;

/// What is known of the way up now.
struct OnTheWayUp {
  std::optional<std::int64_t> asked;  ///< the floor that was asked for last; nothing: none yet
  std::optional<Instant> stepped_at;  ///< when
  std::int64_t ready = 0;             ///< replicas that are ready
  std::int64_t existing = 0;          ///< replicas that exist, ready or not
  std::int64_t no_room = 0;  ///< pods that are known to find no node: progress, for nodes are added
                             ///< only for them
  /// So many pods miss for reasons that more of them would share, that the step cannot become
  /// ready.
  bool stuck = false;
};

struct StepUp {
  std::int64_t floor = 0;  ///< to ask for now
  int step = 0;            ///< that this is, 1..n; 0: none is due yet
  std::optional<Instant> wake;
  bool waits = false;    ///< for readiness
  bool pending = false;  ///< goes on although not ready: what is missing exists and may wait for
                         ///< nodes
};
/// The floor to ask for at `now`. Never less than what was asked for, unless that was more than the
/// full floor.
StepUp step_up(const WayUp&, const OnTheWayUp&, Instant now);

/// The way down: so many replicas at most, so often at most.
struct Pace {
  std::int64_t by = 1;
  Duration every{0};
};
/// peak - goal replicas in `steps` over `over`, and never more than maxPercentPerMinute of the peak
/// within any minute.
Pace pace_of(const api::RampDown&, std::int64_t peak, std::int64_t goal);

}  // namespace doorbuster::planner
