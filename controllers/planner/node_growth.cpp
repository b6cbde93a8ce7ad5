#include "controllers/planner/node_growth.h"

#include "controllers/planner/feasibility.h"

#include <algorithm>

namespace doorbuster::planner {
namespace {

constexpr std::int64_t kNoEnd = 1'000'000;

/// Labels that a node gets from its machine, whatever the pool says.
bool is_well_known(const std::string& key) {
  return key.starts_with("kubernetes.io/") || key.starts_with("node.kubernetes.io/") ||
         key.starts_with("topology.kubernetes.io/") || key.starts_with("karpenter.");
}

bool may_give(const PoolRoom& pool, const LabelRule& rule) {
  const auto found = pool.labels.find(rule.key);
  if (found == pool.labels.end()) return is_well_known(rule.key) || holds(rule, {});
  if (found->second.empty()) return rule.op != "DoesNotExist";
  return std::any_of(found->second.begin(), found->second.end(), [&rule](const std::string& value) {
    return holds(rule, {{rule.key, value}});
  });
}

bool may_take(const PoolRoom& pool, const PodShape& shape) {
  const auto tolerated = [&shape](const Taint& one) {
    return one.effect == "PreferNoSchedule" || tolerates(shape.tolerations, one);
  };
  const auto all = [&pool](const std::vector<LabelRule>& rules) {
    return std::all_of(
        rules.begin(), rules.end(), [&pool](const LabelRule& one) { return may_give(pool, one); });
  };
  return !pool.fixed && std::all_of(pool.taints.begin(), pool.taints.end(), tolerated) &&
         all(shape.selector) &&
         (shape.affinity.empty() || std::any_of(shape.affinity.begin(), shape.affinity.end(), all));
}

}  // namespace

NodeGrowth::NodeGrowth(const Room& room) : room_(room) {
  for (const PoolRoom& one : room.pools) {
    Amounts left;
    for (const auto& [name, limit] : one.limits) {
      const auto used = one.used.find(name);
      left[name] = std::max<std::int64_t>(limit - (used == one.used.end() ? 0 : used->second), 0);
    }
    if (!one.fixed) pools_.emplace_back(&one, std::move(left));
  }
  groups_ = room.groups.has_value();
  if (groups_) nodes_left_ = room.groups->to_add;
}

NodeGrowth::Who NodeGrowth::who(const PodShape& shape) const {
  const bool pool = std::any_of(pools_.begin(), pools_.end(), [&shape](const auto& one) {
    return may_take(*one.first, shape);
  });
  if (groups_ || pool) return Who::Known;
  if (!room_.pools_unknown.empty() || !room_.groups_unknown.empty()) return Who::Unknown;
  return Who::Nobody;
}

std::int64_t NodeGrowth::take_from(Amounts& left, const PodShape& shape, std::int64_t pods) const {
  std::int64_t out = pods;
  for (const auto& [name, amount] : left) {
    if (name == "nodes" && amount == 0) return 0;
    const auto asked = shape.requests.find(name);
    if (asked != shape.requests.end() && asked->second > 0)
      out = std::min(out, amount / asked->second);
  }
  for (auto& [name, amount] : left) {
    const auto asked = shape.requests.find(name);
    if (asked != shape.requests.end()) amount -= out * asked->second;
  }
  return out;
}

std::int64_t NodeGrowth::take_nodes(const PodShape& shape, std::int64_t pods) {
  if (!groups_) return 0;
  std::int64_t a_node = 0;
  for (const NodeRoom& node : room_.nodes) {
    std::int64_t here = kNoEnd;
    for (const auto& [name, amount] : shape.requests) {
      if (amount <= 0) continue;
      const auto has = node.allocatable.find(name);
      here = std::min(here, has == node.allocatable.end() ? 0 : has->second / amount);
    }
    a_node = std::max(a_node, here);
  }
  if (!shape.apart.empty()) a_node = std::min<std::int64_t>(a_node, 1);
  if (a_node == 0) return 0;
  if (!nodes_left_) return pods;
  const std::int64_t out = std::min(pods, a_node * *nodes_left_);
  *nodes_left_ -= (out + a_node - 1) / a_node;
  return out;
}

std::int64_t NodeGrowth::take(const PodShape& shape, std::int64_t pods) {
  std::int64_t out = 0;
  for (auto& [pool, left] : pools_) {
    if (out < pods && may_take(*pool, shape)) out += take_from(left, shape, pods - out);
  }
  if (out < pods) out += take_nodes(shape, pods - out);
  return out;
}

std::string NodeGrowth::text(const PodShape& shape) const {
  switch (who(shape)) {
    case Who::Nobody:
      return pools_.empty() ? "no node autoscaler shows itself (no NodePool, no ConfigMap "
                              "kube-system/cluster-autoscaler-status)"
                            : "no NodePool takes such pods (taints, labels)";
    case Who::Unknown:
      return room_.pools_unknown.empty() ? room_.groups_unknown : room_.pools_unknown;
    case Who::Known:
      break;
  }
  std::string out;
  for (const auto& [pool, left] : pools_) {
    if (!may_take(*pool, shape)) continue;
    std::string limits;
    for (const auto& [name, limit] : pool->limits) {
      const auto used = pool->used.find(name);
      limits += (limits.empty() ? "" : ", ") + name + " " +
                amount_text(name, used == pool->used.end() ? 0 : used->second) + " of " +
                amount_text(name, limit);
    }
    out += (out.empty() ? "" : "; ") + ("NodePool " + pool->name) +
           (limits.empty() ? " (without limits)" : " (" + limits + ")");
  }
  if (groups_) {
    out += (out.empty() ? "" : "; ") + std::string("the cluster autoscaler") +
           (room_.groups->to_add
                ? " (" + std::to_string(*room_.groups->to_add) + " more nodes at most)"
                : " (how many nodes it may add is not told)");
  }
  return out;
}

}  // namespace doorbuster::planner
