#pragma once

#include "controllers/adapters/reading.h"
#include "operator/base/instant.h"
#include "operator/kube/client.h"

#include <string>
#include <string_view>

namespace doorbuster::adapters {

/// Pods that are counted at the most; of more no number is told.
inline constexpr int kPodsCounted = 500;

enum class PodTrouble { NotReady, Restarts, OutOfMemory };

/// How many pods, or containers of them, have a trouble; of what ended, only what ended at `since`
/// or later. Pods on their way out count in nothing, whatever is the matter with them. A restart is
/// known by the end of the container before it, which a pod keeps of the last one alone: of an
/// older pod each container counts once, of one made since `since` all its restarts do. A container
/// that has ended and not started again is none. `page`: asked for with a limit above kPodsCounted.
Reading read_pods(const kube::Page& page, PodTrouble what, Instant since);

/// 1 of a Job that is complete, 0 of one that has failed, with the controller's reason
/// (kubernetes/kubernetes pkg/controller/job: Complete and Failed are final, SuccessCriteriaMet and
/// FailureTarget announce them while pods still run). Missing: neither yet.
Reading read_job(const std::string& name, std::string_view job);

}  // namespace doorbuster::adapters
