#pragma once

#include "controllers/planner/child.h"
#include "controllers/planner/view.h"

#include <optional>
#include <string>
#include <vector>

namespace doorbuster::planner {

inline constexpr const char* kImagePrepull = "image-prepull";

struct PrepullWants {
  Wants wants;
  std::vector<api::ImagePrepullStatus> rows;
  std::optional<Instant> begins;  ///< while that lies ahead
};

/// Images on the nodes before the pods exist (hack/decisions/0017): for each target a DaemonSet in
/// the event's namespace that pulls what its pod template names (puller.h), from `lead` before the
/// preparation until the start. Nothing waits for it.
PrepullWants image_prepull(const View&);

/// While features do not run (suspended, not accepted, not read): what stands stays as it is, until
/// the start, and nothing is made.
PrepullWants image_prepull_at_rest(const View&);
/// The same where not even the window is known, and never will be without an edit: what stands
/// goes.
PrepullWants image_prepull_without_window(const OurChildren&);

/// Where the DaemonSet of a target stands, whether it does or not.
ObjectRef puller_ref(const Event&, const Setup&, const std::string& target);

}  // namespace doorbuster::planner
