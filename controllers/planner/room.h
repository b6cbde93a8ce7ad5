#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace doorbuster::planner {

// What there is room for in a cluster, as it was read once: nodes with the sums of what runs on
// them, quotas, limit ranges, node pools. The shared_ptr of an Observation changes with each
// reading.

/// By resource name, "pods" among them: cpu in thousandths of a core, all others in whole units.
using Amounts = std::map<std::string, std::int64_t>;
using Labels = std::map<std::string, std::string>;

struct Taint {
  std::string key, value, effect;
  bool operator==(const Taint&) const = default;
};

/// The workload that pods belong to, by their controller; of a Deployment or a Rollout, not of its
/// ReplicaSets.
struct PodOwner {
  std::string ns, kind, name;
  auto operator<=>(const PodOwner&) const = default;
};

struct NodeRoom {
  std::string name;
  Labels labels;  ///< and "metadata.name", which the matchFields of a node affinity name
  std::vector<Taint> taints;
  bool unschedulable = false;
  Amounts allocatable, requested;
  std::int64_t addresses = 0;  ///< for pods, by spec.podCIDR; 0: not told, or more than ever needed
  std::int64_t addresses_taken = 0;
  std::map<PodOwner, std::int64_t> pods;  ///< of the owners that were asked for
  bool operator==(const NodeRoom&) const = default;
};

/// One ResourceQuota.
struct QuotaRoom {
  std::string name;
  Amounts hard, used;
  struct Scope {
    std::string name, op;  ///< op: In, NotIn, Exists, DoesNotExist
    std::vector<std::string> values;
    bool operator==(const Scope&) const = default;
  };
  std::vector<Scope> scopes;  ///< it counts the pods that are in all of them
  bool operator==(const QuotaRoom&) const = default;
};

/// One entry of one LimitRange.
struct LimitRoom {
  std::string name, type;  ///< type: Container, Pod
  Amounts min, max, otherwise, otherwise_requested;
  bool operator==(const LimitRoom&) const = default;
};

struct NamespaceRoom {
  std::map<PodOwner, std::int64_t> pods;  ///< of the owners that were asked for, on nodes or not
  std::vector<QuotaRoom> quotas;
  std::vector<LimitRoom> limits;
  std::string quotas_unknown, limits_unknown;  ///< why; empty: they are known
  bool operator==(const NamespaceRoom&) const = default;
};

/// One NodePool of Karpenter (karpenter.sh): it adds nodes up to its limits.
struct PoolRoom {
  std::string name;
  Amounts limits, used;
  std::vector<Taint> taints;
  std::map<std::string, std::vector<std::string>> labels;  ///< with the values that it may give
  bool fixed = false;  ///< spec.replicas: a number of nodes that does not follow pods
  bool operator==(const PoolRoom&) const = default;
};

/// The cluster autoscaler, by its ConfigMap kube-system/cluster-autoscaler-status.
struct GroupsRoom {
  std::optional<std::int64_t> to_add;  ///< nodes up to its groups' maxima; nothing: not told
  bool operator==(const GroupsRoom&) const = default;
};

struct Room {
  std::vector<NodeRoom> nodes;                      ///< sorted by name
  std::string nodes_unknown;                        ///< why; empty: they are known
  std::map<std::string, NamespaceRoom> namespaces;  ///< those that were asked for
  std::vector<PoolRoom> pools;
  std::optional<GroupsRoom> groups;
  std::string pools_unknown, groups_unknown;
  bool operator==(const Room&) const = default;
};

/// Bounds of what is read: those that Kubernetes itself is built for
/// (https://kubernetes.io/docs/setup/best-practices/cluster-large/). Of a larger cluster the room
/// is not known.
inline constexpr std::size_t kRoomNodes = 5'000, kRoomPods = 150'000;
inline constexpr std::size_t kRoomPools = 256, kRoomQuotas = 64, kRoomLimits = 64;

}  // namespace doorbuster::planner
