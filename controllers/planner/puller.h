#pragma once

#include "controllers/planner/seen.h"
#include "operator/base/json.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace doorbuster::planner {

/// On the pods that pull, with their DaemonSet's name: what selects them.
inline constexpr const char* kPullerLabel = "doorbuster.dev/image-prepull";

/// Different images of one pod template that are pulled ahead at most; there are hardly more
/// containers in one.
inline constexpr std::size_t kMostImages = 32;

/// What the pods that pull are made of besides the images that they pull.
struct PullerImages {
  std::string tool;   ///< has a statically linked /bin/busybox
  std::string pause;  ///< what is left running
};

/// The images of a workload's pod template, init containers first, each once; those of which the
/// kubelet never pulls (imagePullPolicy Never) are not among them.
struct TemplateImages {
  struct One {
    std::string image;
    bool always = false;  ///< its tag is looked up anew (imagePullPolicy Always)
  };
  std::vector<One> images;  ///< at most kMostImages
  std::size_t left_out = 0;
};
TemplateImages images_of(const JsonView& pod_spec);

/// The `spec` of a DaemonSet whose pods pull those images wherever pods of the template may stand,
/// with its pull secrets. Each image has an init container that runs a tool of ours from a volume:
/// nothing of the image is executed, and it needs neither a shell nor anything else. A pod is ready
/// when all of them are pulled. Nothing: the workload has no pod template.
std::optional<Json> puller_for(const Document& workload,
                               const std::string& name,
                               const PullerImages&);

/// Are the template's pods for Windows? Our tool does not run there.
bool is_for_windows(const JsonView& pod_spec);

}  // namespace doorbuster::planner
