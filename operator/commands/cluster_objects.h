#pragma once

#include "controllers/planner/seen.h"
#include "crds/fields.h"
#include "operator/kube/client.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace doorbuster::commands {

// What a command reads of a cluster's pods, nodes and autoscalers.

using Doc = std::shared_ptr<const planner::Document>;

/// Every object of a kind, page by page; Invalid when there are more than `most`.
Result<std::vector<Doc>> all_of(kube::Client& client,
                                const kube::Resource& resource,
                                const std::string& ns,
                                std::size_t most);
/// A quantity in whole units of so many nanos; 0 when absent or malformed.
std::int64_t units(const Value& value, api::Int128 nanos_per_unit);
/// When a condition last became true.
std::optional<Instant> became(const planner::Document& pod, std::string_view type);
/// Does a pod carry every label of a workload's selector.matchLabels?
bool selects(const planner::Document& workload, const planner::Document& pod);
/// May ordinary pods be placed there?
bool is_open_to_pods(const planner::Document& node);

}  // namespace doorbuster::commands
