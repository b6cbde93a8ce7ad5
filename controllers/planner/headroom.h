#pragma once

#include "controllers/planner/child.h"
#include "controllers/planner/view.h"

#include <vector>

namespace doorbuster::planner {

inline constexpr const char* kHeadroom = "headroom";
inline constexpr const char* kHeadroomBuffer = "headroom-buffer";

/// Placeholder pods of one target at most; what a ramp adds beyond that finds no room made ready.
inline constexpr std::int64_t kMostPlaceholders = 5'000;

struct HeadroomWants {
  Wants wants{.feature = kHeadroom};
  Wants buffers{.feature = kHeadroomBuffer};  ///< only children
  std::vector<api::HeadroomStatus> rows;
  std::optional<Instant> begins;  ///< while that lies ahead
};

/// Node room before the pods exist (DESIGN.md section 4, hack/decisions/0016): placeholder pods for
/// the replicas that are still missing to the floor at the start, from `lead` before the
/// preparation until they are there, at most until the start. Where CapacityBuffers are served one
/// of them instead, as long as somebody acts on it (hack/decisions/0018).
HeadroomWants headroom(const View&);

/// While features do not run (suspended, not accepted, not read): what stands stays as it is, until
/// the start, and nothing is made.
HeadroomWants headroom_at_rest(const View&);
/// The same where not even the window is known, and never will be without an edit: what stands
/// goes.
HeadroomWants headroom_without_window(const OurChildren&);

/// Where its placeholders stand, whether they do or not.
ObjectRef placeholders_ref(const Event&, const Setup&, const std::string& target);

/// The same of a CapacityBuffer, beside the target.
ObjectRef buffer_ref(const Event&, const Setup&, const std::string& target);
/// Does a row say that there is one?
bool names_buffer(const api::HeadroomStatus&);

/// How many placeholders stand for `missing` replicas.
std::int64_t placeholders_of(std::int64_t missing, std::int64_t percent);

}  // namespace doorbuster::planner
