#pragma once

#include "controllers/planner/room.h"
#include "operator/base/json.h"

#include <optional>
#include <string>
#include <vector>

namespace doorbuster::planner {

/// One condition on labels: of a nodeSelector, of a node affinity, of a label selector.
struct LabelRule {
  std::string key, op;  ///< In, NotIn, Exists, DoesNotExist, Gt, Lt
  std::vector<std::string> values;
  bool operator==(const LabelRule&) const = default;
};
bool holds(const LabelRule&, const Labels&);

struct Toleration {
  std::string key, op, value, effect;
  bool operator==(const Toleration&) const = default;
};

/// A topology spread constraint with DoNotSchedule that counts the workload's own pods.
struct SpreadRule {
  std::string key;  ///< topologyKey
  std::int64_t skew = 1, domains = 0;
  bool honours_taints = false, honours_affinity = true;
  bool operator==(const SpreadRule&) const = default;
};

struct ContainerShape {
  std::string name;
  Amounts requests, limits;
  bool operator==(const ContainerShape&) const = default;
};

/// What the scheduler and the quotas look at in one pod of a workload.
struct PodShape {
  Amounts requests, limits;  ///< of the whole pod; requests with "pods"
  std::vector<ContainerShape> containers;
  std::vector<LabelRule> selector;  ///< nodeSelector: all of them
  std::vector<std::vector<LabelRule>>
      affinity;  ///< required: all rules of any one term; empty: none
  std::vector<Toleration> tolerations;
  std::vector<SpreadRule> spread;
  std::vector<std::string> apart;  ///< topology keys: at most one of its pods in each
  std::string priority_class;
  bool ends = false;  ///< activeDeadlineSeconds: Terminating, to a quota
  bool host_network = false;
  std::vector<std::string> not_looked_at;  ///< what else it asks of a node, for people
  bool operator==(const PodShape&) const = default;
};

/// Of a pod template (spec and metadata.labels). Resources as kube-scheduler sums them: the greater
/// of all containers with their sidecars and of each init container with the sidecars before it,
/// and overhead; a limit without a request is the request; pod-level resources come first
/// (k8s.io/component-helpers/resource, PodRequests).
PodShape shape_of(const JsonView& pod_template);
/// Of a pod's spec, summed so: with "pods".
Amounts requests_of(const JsonView& spec);
/// The same shape with what the LimitRanges of its namespace fill in.
PodShape with_defaults(PodShape, const std::vector<LimitRoom>&);

bool tolerates(const std::vector<Toleration>&, const Taint&);

/// A quantity in the unit of its resource (room.h); nothing when it is none. What is asked for is
/// rounded up, what there is down.
enum class Rounding { Up, Down };
std::optional<std::int64_t> amount_of(const std::string& resource, const JsonView&, Rounding);
Amounts amounts_of(const JsonView& resources, Rounding);
void add_to(Amounts& sum, const Amounts& more, std::int64_t times = 1);

}  // namespace doorbuster::planner
