#pragma once

#include "controllers/planner/seen.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace doorbuster::planner {

/// Why one pod is not ready; nothing when it is ready, or on its way out, or done. Codes:
/// SchedulingGated, Unschedulable, NotScheduled, ImageNotPulled, ConfigMissing, Crashing,
/// PodFailed, ReadinessProbe, Starting. From the pod's status as the scheduler and the kubelet
/// write it (kubernetes/kubernetes pkg/scheduler, pkg/kubelet/container/sync_result.go,
/// pkg/kubelet/images/types.go).
struct PodTrouble {
  std::string code;
  std::string
      message;  ///< the scheduler's or kubelet's own words, without names of pods; may be empty
};
std::optional<PodTrouble> trouble_of(const JsonView& pod);

/// Counts the troubles of a workload's pods; what it keeps is bounded.
class PodTally {
 public:
  void add(const JsonView& pod);
  /// Most frequent first; those that are only starting last.
  std::vector<PendingReason> reasons() const;

 private:
  std::map<std::string, PendingReason> by_code_;
};

/// What keeps a workload from its replicas: why pods are not created (its condition ReplicaFailure,
/// or what was told to events), then why those that exist are not ready. Codes besides those above:
/// QuotaExceeded, NotCreated. `pods`: null when they were not looked at.
std::vector<PendingReason> pending_of(const Document& workload,
                                      std::int64_t asked,
                                      std::int64_t existing,
                                      const PodsSeen* pods);

/// Would more replicas meet the same end? Of a quota, an image, a crash: yes. Pods that find no
/// room are what nodes are added for, and those that start need only time.
bool is_stuck(const PendingReason&);

/// "8 cannot pull their image (…), 3 are starting"; empty when there is none.
std::string in_words(const std::vector<PendingReason>&);
/// The same of one reason without its count, for what should not change with every pod.
std::string in_words_of(const PendingReason&);

inline constexpr const char* kUnschedulable = "Unschedulable";

/// Bounds: reasons that are told of one target, and of one reason's message in bytes.
inline constexpr std::size_t kPendingReasons = 8, kPendingMessage = 256;

}  // namespace doorbuster::planner
