#pragma once

#include "controllers/planner/seen.h"
#include "operator/base/json.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace doorbuster::planner {

/// On placeholder pods, with their Deployment's name: what selects them.
inline constexpr const char* kPlaceholderLabel = "doorbuster.dev/placeholder";

/// What the scheduler counts a pod of this spec as (requests_of), by resource, as quantities. What
/// a RuntimeClass adds is not in it: the server adds that to a placeholder too.
std::map<std::string, std::string> pod_requests(const JsonView& pod_spec);

/// The `spec` of a Deployment of placeholders that take up what pods of a workload's template will,
/// where those may stand: node selector, node affinity, tolerations, runtime class, scheduler, and
/// topology spread (over the placeholders themselves). Not: affinity between pods, volumes, host
/// ports, resource claims. Nothing: the workload has no pod template.
std::optional<Json> placeholders_for(const Document& workload,
                                     const std::string& name,
                                     const std::string& image,
                                     std::int64_t replicas);

}  // namespace doorbuster::planner
