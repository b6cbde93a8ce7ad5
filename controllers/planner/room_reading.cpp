#include "controllers/planner/room_reading.h"

#include "controllers/planner/child_pod.h"
#include "controllers/planner/pod_shape.h"
#include "controllers/planner/selection.h"
#include "operator/base/json_read.h"

#include <algorithm>
#include <charconv>

namespace doorbuster::planner {
namespace {

Amounts amounts_at(const JsonView& of, std::string_view pointer, Rounding rounding) {
  const auto found = of.at(pointer);
  return found ? amounts_of(*found, rounding) : Amounts();
}

std::vector<Taint> taints_at(const JsonView& of, std::string_view pointer) {
  std::vector<Taint> out;
  for (const JsonView& one : elements_at(of, pointer))
    out.push_back({text_at(one, "/key"), text_at(one, "/value"), text_at(one, "/effect")});
  return out;
}

/// The name without "-hash"; nothing: it does not end so.
std::optional<std::string> without_hash(const std::string& name, const std::string& hash) {
  if (hash.empty() || !name.ends_with("-" + hash)) return std::nullopt;
  return name.substr(0, name.size() - hash.size() - 1);
}

/// The number after the next `name` from `at` on, which is moved behind it.
std::optional<std::int64_t> number_after(std::string_view text,
                                         std::string_view name,
                                         std::size_t& at) {
  const std::size_t found = text.find(name, at);
  if (found == std::string_view::npos) return std::nullopt;
  const std::size_t begin = text.find_first_not_of(":= ", found + name.size());
  if (begin == std::string_view::npos) return std::nullopt;
  std::int64_t out = 0;
  const auto end = std::from_chars(text.data() + begin, text.data() + text.size(), out);
  if (end.ec != std::errc()) return std::nullopt;
  at = static_cast<std::size_t>(end.ptr - text.data());
  return out;
}

}  // namespace

std::int64_t addresses_in(std::string_view cidr) {
  constexpr int kMostBits = 16;
  const std::size_t slash = cidr.find('/');
  if (slash == std::string_view::npos || cidr.find(':') != std::string_view::npos) return 0;
  int prefix = 0;
  const auto end = std::from_chars(cidr.data() + slash + 1, cidr.data() + cidr.size(), prefix);
  if (end.ec != std::errc() || prefix > 32 || prefix < 32 - kMostBits) return 0;
  return std::max<std::int64_t>((1LL << (32 - prefix)) - 3, 1);
}

void RoomSums::add_node(const JsonView& node) {
  NodeRoom out;
  out.name = text_at(node, "/metadata/name");
  out.labels = labels_of(node);
  out.labels["metadata.name"] = out.name;
  out.taints = taints_at(node, "/spec/taints");
  out.unschedulable = is_true_at(node, "/spec/unschedulable");
  out.allocatable = amounts_at(node, "/status/allocatable", Rounding::Down);
  out.addresses = addresses_in(text_at(node, "/spec/podCIDR"));
  nodes_[out.name] = std::move(out);
}

std::optional<PodOwner> owner_of_pod(const JsonView& pod) {
  for (const JsonView& one : elements_at(pod, "/metadata/ownerReferences")) {
    if (!is_true_at(one, "/controller")) continue;
    PodOwner out{text_at(pod, "/metadata/namespace"), text_at(one, "/kind"), text_at(one, "/name")};
    if (out.kind != "ReplicaSet") return out;
    for (const auto& [label, kind] :
         {std::pair{"/metadata/labels/pod-template-hash", "Deployment"},
          std::pair{"/metadata/labels/rollouts-pod-template-hash", "Rollout"}}) {
      const auto name = without_hash(out.name, text_at(pod, label));
      if (name) return PodOwner{out.ns, kind, *name};
    }
    return out;
  }
  return std::nullopt;
}

void RoomSums::add_pod(const JsonView& pod) {
  const std::string phase = text_at(pod, "/status/phase");
  if (phase == "Succeeded" || phase == "Failed") return;
  // What gives way to a pod of a target takes nothing from it.
  if (text_at(pod, "/spec/priorityClassName") == kChildPriority) return;
  const auto owner = owner_of_pod(pod);
  // One that is going takes its room until it is gone, and is none of its workload's any more.
  const bool counts =
      owner && owners_.contains(*owner) && !pod.at("/metadata/deletionTimestamp").ok();
  if (counts) ++pods_[owner->ns][*owner];
  const auto node = nodes_.find(text_at(pod, "/spec/nodeName"));
  if (node == nodes_.end()) return;
  NodeRoom& on = node->second;
  if (counts) ++on.pods[*owner];
  if (const auto spec = pod.member("spec")) add_to(on.requested, requests_of(*spec));
  if (!is_true_at(pod, "/spec/hostNetwork")) ++on.addresses_taken;
}

void RoomSums::put_into(Room& room) {
  for (auto& [name, node] : nodes_) room.nodes.push_back(std::move(node));
  for (auto& [ns, pods] : pods_) room.namespaces[ns].pods = std::move(pods);
  nodes_.clear();
  pods_.clear();
}

QuotaRoom quota_room_of(const JsonView& quota) {
  QuotaRoom out{.name = text_at(quota, "/metadata/name"), .hard = {}, .used = {}, .scopes = {}};
  // What is enforced is the status'; a quota that nobody has looked at yet has none.
  out.hard = amounts_at(quota, "/status/hard", Rounding::Down);
  if (out.hard.empty()) out.hard = amounts_at(quota, "/spec/hard", Rounding::Down);
  out.used = amounts_at(quota, "/status/used", Rounding::Up);
  for (const JsonView& one : elements_at(quota, "/spec/scopes"))
    out.scopes.push_back({one.string().value_or(""), "Exists", {}});
  for (const JsonView& one : elements_at(quota, "/spec/scopeSelector/matchExpressions")) {
    QuotaRoom::Scope scope{text_at(one, "/scopeName"), text_at(one, "/operator"), {}};
    for (const JsonView& value : elements_at(one, "/values"))
      scope.values.push_back(value.string().value_or(""));
    out.scopes.push_back(std::move(scope));
  }
  return out;
}

std::vector<LimitRoom> limit_rooms_of(const JsonView& limit_range) {
  std::vector<LimitRoom> out;
  for (const JsonView& one : elements_at(limit_range, "/spec/limits")) {
    const std::string type = text_at(one, "/type");
    if (type != "Container" && type != "Pod") continue;
    out.push_back({.name = text_at(limit_range, "/metadata/name"),
                   .type = type,
                   .min = amounts_at(one, "/min", Rounding::Up),
                   .max = amounts_at(one, "/max", Rounding::Down),
                   .otherwise = amounts_at(one, "/default", Rounding::Up),
                   .otherwise_requested = amounts_at(one, "/defaultRequest", Rounding::Up)});
  }
  return out;
}

PoolRoom pool_room_of(const JsonView& node_pool) {
  PoolRoom out{.name = text_at(node_pool, "/metadata/name"), .taints = {}};
  out.limits = amounts_at(node_pool, "/spec/limits", Rounding::Down);
  out.used = amounts_at(node_pool, "/status/resources", Rounding::Up);
  out.taints = taints_at(node_pool, "/spec/template/spec/taints");
  out.fixed = node_pool.at("/spec/replicas").ok();
  if (const auto labels = node_pool.at("/spec/template/metadata/labels")) {
    for (const auto& [name, value] : labels->members())
      out.labels[name] = {value.string().value_or("")};
  }
  for (const JsonView& one : elements_at(node_pool, "/spec/template/spec/requirements")) {
    std::vector<std::string>& values = out.labels[text_at(one, "/key")];
    if (text_at(one, "/operator") != "In") continue;
    for (const JsonView& value : elements_at(one, "/values"))
      values.push_back(value.string().value_or(""));
  }
  return out;
}

GroupsRoom groups_room_of(std::string_view status) {
  GroupsRoom out;
  std::size_t at = 0;
  while (const auto target = number_after(status, "cloudProviderTarget", at)) {
    const auto most = number_after(status, "maxSize", at);
    if (!most) break;
    out.to_add = out.to_add.value_or(0) + std::max<std::int64_t>(*most - *target, 0);
  }
  return out;
}

}  // namespace doorbuster::planner
