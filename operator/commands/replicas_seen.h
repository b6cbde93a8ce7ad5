#pragma once

#include "operator/base/result.h"
#include "operator/kube/client.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace doorbuster::commands {

/// How many there are now, by the object's own status. The event's status tells of replicas only
/// while something is under way: a steady sale causes no writes.
struct ReplicasSeen {
  std::optional<std::int64_t> ready;  ///< of a workload
  std::string wanted;                 ///< what load asks of an autoscaler: `12`, `<9`, or nothing
  bool operator==(const ReplicasSeen&) const = default;
};
/// By the object as status names it, `Deployment.apps shop/checkout`.
using SeenByObject = std::map<std::string, ReplicasSeen>;

/// Deployments, StatefulSets and HorizontalPodAutoscalers.
const std::vector<kube::Resource>& kinds_with_replicas();
/// Invalid when the text is no object.
Result<ReplicasSeen> replicas_of(const kube::Resource& kind, std::string_view text);
std::string object_name(const kube::Resource& kind, const kube::Key& key);

}  // namespace doorbuster::commands
