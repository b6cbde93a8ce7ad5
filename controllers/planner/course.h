#pragma once

#include "controllers/planner/need.h"
#include "controllers/planner/ramp.h"

#include <optional>

namespace doorbuster::planner {

/// Where the floor of a need is to be at an instant of the window, and where it goes from there.
struct Course {
  std::int64_t due = 0;   ///< to be in force now, whatever is ready: the highest stretch that is on
                          ///< or that begins within stepTimeout; 0: none yet
  std::int64_t keep = 0;  ///< nothing is lowered below it now: `due`, and where the rises go that
                          ///< have begun
  WayUp way;           ///< the rise that is under way above what is asked for; none: over already
  bool rises = false;  ///< there is one
  std::optional<Instant> wake;  ///< when time alone changes this
};

/// A rise to a stretch is the way up to the start all over again, its latest safe instant too
/// (hack/decisions/0002): it ends at that stretch's beginning and begins `over` + stepTimeout
/// before it, not before `prepare`; the first one begins at `prepare`. A fall begins when its
/// stretch does, and does not while a rise is under way to where the floor is or higher.
Course course_at(const Need&,
                 std::int64_t usual,
                 Instant prepare,
                 const api::RampUp&,
                 std::optional<std::int64_t> asked,
                 Instant now);

}  // namespace doorbuster::planner
