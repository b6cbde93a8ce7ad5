#include "controllers/products/allow_list.h"

#include "operator/base/json.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace doorbuster::products {
namespace {

/// Groups that grant rights or guard the cluster, and our own.
constexpr std::array<std::string_view, 9> kNeverGroups = {"rbac.authorization.k8s.io",
                                                          "authorization.k8s.io",
                                                          "authentication.k8s.io",
                                                          "admissionregistration.k8s.io",
                                                          "apiextensions.k8s.io",
                                                          "apiregistration.k8s.io",
                                                          "certificates.k8s.io",
                                                          "coordination.k8s.io",
                                                          "doorbuster.dev"};
constexpr std::array<std::string_view, 4> kNeverCoreKinds = {
    "Secret", "ServiceAccount", "Namespace", "Node"};
/// Names of fields that can only grow: partitions of a topic, shards and volumes of a store.
constexpr std::array<std::string_view, 8> kOneWayNames = {"partitions",
                                                          "numPartitions",
                                                          "shards",
                                                          "shardCount",
                                                          "storage",
                                                          "storageSize",
                                                          "volumeClaimTemplates",
                                                          "volumeSize"};
struct OneWay {
  std::string_view group, kind, pointer, why;
};
/// Where the product itself refuses, or pays dearly for, the way back.
constexpr std::array kOneWay = {
    OneWay{"rabbitmq.com", "RabbitmqCluster", "/spec/replicas", "its operator does not scale down"},
    OneWay{"redis.redis.opstreelabs.in",
           "RedisCluster",
           "/spec/clusterSize",
           "the way back moves its data"},
    OneWay{"kafka.strimzi.io",
           "Kafka",
           "/spec/kafka/replicas",
           "brokers that hold partitions cannot go"},
    OneWay{"kafka.strimzi.io",
           "KafkaNodePool",
           "/spec/replicas",
           "brokers that hold partitions cannot go"},
    OneWay{"postgresql.cnpg.io",
           "Cluster",
           "/spec/postgresql/parameters/max_connections",
           "it restarts the database both ways"},
};

template <std::size_t kSize>
bool among(const std::array<std::string_view, kSize>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

/// Does a pointer lie at or below a prefix, step by step? "*" in the prefix is any one step.
bool lies_below(const std::vector<PointerStep>& steps, const std::string& prefix) {
  const auto wanted = parse_pointer(prefix);
  if (!wanted || wanted->size() > steps.size()) return false;
  for (std::size_t i = 0; i < wanted->size(); ++i) {
    const bool any = (*wanted)[i].keys.empty() && (*wanted)[i].name == "*";
    if (!any && (*wanted)[i] != steps[i]) return false;
  }
  return true;
}

std::string why_never(const ObjectRef& object, const std::vector<PointerStep>& steps) {
  if (is_never_held(object.group, object.kind)) {
    return object.kind +
           " is a kind that grants rights, guards the cluster or keeps secrets: it is never held";
  }
  if (steps.empty()) return "the whole object is never held, only a field of it";
  const std::string& top = steps.front().name;
  if (top == "status" || top == "apiVersion" || top == "kind")
    return top + " is not a wish of its author: it is never held";
  if (top != "metadata") return "";
  const bool keyed =
      steps.size() == 3 && (steps[1].name == "labels" || steps[1].name == "annotations");
  if (!keyed) return "of metadata only single labels and annotations may be held";
  if (steps[2].name.find("doorbuster.dev/") != std::string::npos)
    return "Doorbuster's own marks are never held";
  return "";
}

std::string why_one_way(const FieldRef& field, const std::vector<PointerStep>& steps) {
  for (const OneWay& one : kOneWay) {
    if (one.group == field.object.group && one.kind == field.object.kind &&
        one.pointer == field.pointer) {
      return std::string(one.why);
    }
  }
  for (const PointerStep& step : steps) {
    if (among(kOneWayNames, step.name)) return "a field named " + step.name + " can only grow";
  }
  return "";
}

/// Nothing when the list names the field; otherwise what to add to it.
std::string why_not_listed(const AllowList& list,
                           const FieldRef& field,
                           const std::vector<PointerStep>& steps) {
  const ObjectRef& object = field.object;
  for (const AllowedKind& kind : list.kinds) {
    if (kind.group != object.group || (kind.kind != "*" && kind.kind != object.kind)) continue;
    for (const std::string& prefix : kind.fields) {
      if (lies_below(steps, prefix)) return "";
    }
  }
  return "the operator's allow-list does not name " + field.pointer + " of " + object.kind +
         (object.group.empty() ? "" : "." + object.group) +
         ": who runs the operator may add {group: \"" + object.group + "\", kind: " + object.kind +
         ", fields: [\"" + field.pointer + "\"]} to the kinds of its --allow-list file";
}

}  // namespace

bool is_never_held(const std::string& group, const std::string& kind) {
  return among(kNeverGroups, group) || (group.empty() && among(kNeverCoreKinds, kind));
}

std::string why_not_allowed(const AllowList& list,
                            const FieldRef& field,
                            bool one_way,
                            bool template_too) {
  const auto steps = parse_pointer(field.pointer);
  if (!steps) return "the pointer is malformed: " + steps.error().message;
  if (std::string why = why_never(field.object, *steps); !why.empty()) return why;
  const bool in_template = steps->size() >= 2 && (*steps)[0].name == "spec" &&
                           ((*steps)[1].name == "template" || (*steps)[1].name == "jobTemplate");
  if (in_template && !template_too) {
    return "a field of a template restarts or replaces what was made from it: set allowTemplate if "
           "that is meant";
  }
  if (const std::string why = why_one_way(field, *steps); !why.empty() && !one_way) {
    return why + ": set oneWay if that is meant";
  }
  return why_not_listed(list, field, *steps);
}

std::string why_not_scaled(const AllowList& list, const FieldRef& field) {
  const auto steps = parse_pointer(field.pointer);
  if (!steps) return "the pointer is malformed: " + steps.error().message;
  if (std::string why = why_never(field.object, *steps); !why.empty()) return why;
  if (const std::string why = why_one_way(field, *steps); !why.empty()) {
    return why + ", and a target is lowered again after the sale: name " + field.pointer +
           " in holds[] with oneWay if raising it for good is meant";
  }
  return why_not_listed(list, field, *steps);
}

}  // namespace doorbuster::products
