// From objects as the API server shows them to what there is room for.
#include "controllers/planner/room_reading.h"

#include <gtest/gtest.h>

namespace doorbuster::planner {
namespace {

constexpr std::int64_t kGi = 1LL << 30;
const PodOwner kCheckout{"shop", "Deployment", "checkout"};

template <class Read>
auto read(const std::string& text, Read of) {
  const auto view = JsonView::parse(text);
  EXPECT_TRUE(view.ok()) << text;
  return of(*view);
}

constexpr const char* kNode =
    R"({"metadata":{"name":"a1","labels":{"zone":"a"}},"spec":{"podCIDR":"10.1.0.0/24","unschedulable":true,"taints":[{"key":"k","effect":"NoSchedule"}]},"status":{"allocatable":{"cpu":"3920m","memory":"16Gi","pods":"110"}}})";

std::string pod(const std::string& node, const std::string& more = "") {
  return R"({"metadata":{"namespace":"shop","name":"p","labels":{"pod-template-hash":"7d4"},"ownerReferences":[{"kind":"ReplicaSet","name":"checkout-7d4","controller":true}]},"spec":{"nodeName":")" +
         node + R"(","containers":[{"resources":{"requests":{"cpu":"250m","memory":"1Gi"}}}]})" +
         more + "}";
}

Room room_of(const std::vector<std::string>& pods) {
  RoomSums sums({kCheckout});
  read(kNode, [&](const JsonView& one) {
    sums.add_node(one);
    return 0;
  });
  for (const std::string& text : pods) {
    read(text, [&](const JsonView& one) {
      sums.add_pod(one);
      return 0;
    });
  }
  Room out;
  sums.put_into(out);
  return out;
}

TEST(RoomReading, a_placeholder_takes_nothing_for_it_gives_way) {
  const std::string placeholder =
      R"({"metadata":{"namespace":"doorbuster-system"},"spec":{"nodeName":"a1","priorityClassName":"doorbuster-headroom","containers":[{"resources":{"requests":{"cpu":"1"}}}]}})";
  const Room room = room_of({placeholder}), empty = room_of({});
  ASSERT_FALSE(room.nodes.empty());
  EXPECT_EQ(room.nodes, empty.nodes);
}

TEST(RoomReading, a_pod_that_is_going_takes_room_and_is_not_counted) {
  const std::string going =
      R"({"metadata":{"namespace":"shop","deletionTimestamp":"2027-01-15T08:00:00Z","labels":{"pod-template-hash":"7d4"},"ownerReferences":[{"kind":"ReplicaSet","name":"checkout-7d4","controller":true}]},"spec":{"nodeName":"a1","containers":[{"resources":{"requests":{"cpu":"1"}}}]}})";
  const Room room = room_of({going});
  EXPECT_EQ(room.nodes[0].requested.at("cpu"), 1000);
  EXPECT_TRUE(room.nodes[0].pods.empty());
  EXPECT_TRUE(room.namespaces.empty());
}

TEST(RoomReading, a_node_is_what_it_has_to_give_and_the_sums_of_what_runs_there) {
  const Room room = room_of({pod("a1"),
                             pod("a1"),
                             pod("a1", R"(,"status":{"phase":"Succeeded"})"),
                             pod("", R"(,"status":{"phase":"Pending"})"),
                             pod("elsewhere")});
  ASSERT_EQ(room.nodes.size(), 1U);
  const NodeRoom& node = room.nodes[0];
  EXPECT_EQ(node.labels, (Labels{{"metadata.name", "a1"}, {"zone", "a"}}));
  EXPECT_TRUE(node.unschedulable);
  EXPECT_EQ(node.taints, (std::vector<Taint>{{"k", "", "NoSchedule"}}));
  EXPECT_EQ(node.allocatable, (Amounts{{"cpu", 3920}, {"memory", 16 * kGi}, {"pods", 110}}));
  EXPECT_EQ(node.requested, (Amounts{{"cpu", 500}, {"memory", 2 * kGi}, {"pods", 2}}));
  EXPECT_EQ(node.pods.at(kCheckout), 2);
  EXPECT_EQ(node.addresses, 253);
  EXPECT_EQ(node.addresses_taken, 2);
  EXPECT_EQ(room.namespaces.at("shop").pods.at(kCheckout), 4) << "with those that have no node yet";
}

struct OwnerCase {
  const char* sentence;
  const char* metadata;
  std::optional<PodOwner> owner;
};

TEST(RoomReading, pods_belong_to_the_workload_and_not_to_its_replica_set) {
  const OwnerCase cases[] = {
      {"a Deployment's",
       R"("labels":{"pod-template-hash":"5f"},"ownerReferences":[{"kind":"ReplicaSet","name":"a-b-5f","controller":true}])",
       PodOwner{"shop", "Deployment", "a-b"}},
      {"a Rollout's",
       R"("labels":{"rollouts-pod-template-hash":"5f"},"ownerReferences":[{"kind":"ReplicaSet","name":"a-5f","controller":true}])",
       PodOwner{"shop", "Rollout", "a"}},
      {"a ReplicaSet's own",
       R"("ownerReferences":[{"kind":"ReplicaSet","name":"a","controller":true}])",
       PodOwner{"shop", "ReplicaSet", "a"}},
      {"a StatefulSet's",
       R"("ownerReferences":[{"kind":"Other","name":"x"},{"kind":"StatefulSet","name":"db","controller":true}])",
       PodOwner{"shop", "StatefulSet", "db"}},
      {"nobody's", R"("labels":{})", std::nullopt},
  };
  for (const OwnerCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    EXPECT_EQ(read(R"({"metadata":{"namespace":"shop",)" + std::string(one.metadata) + "}}",
                   owner_of_pod),
              one.owner);
  }
}

TEST(RoomReading, a_quota_is_what_its_status_enforces_with_its_scopes) {
  const QuotaRoom quota = read(
      R"({"metadata":{"name":"compute"},"spec":{"hard":{"pods":"9"},"scopes":["NotTerminating"],"scopeSelector":{"matchExpressions":[{"scopeName":"PriorityClass","operator":"In","values":["high"]}]}},"status":{"hard":{"pods":"10","requests.cpu":"4"},"used":{"pods":"3","requests.cpu":"1500m"}}})",
      quota_room_of);
  EXPECT_EQ(quota.hard, (Amounts{{"pods", 10}, {"requests.cpu", 4000}}));
  EXPECT_EQ(quota.used, (Amounts{{"pods", 3}, {"requests.cpu", 1500}}));
  ASSERT_EQ(quota.scopes.size(), 2U);
  EXPECT_EQ(quota.scopes[0], (QuotaRoom::Scope{"NotTerminating", "Exists", {}}));
  EXPECT_EQ(quota.scopes[1], (QuotaRoom::Scope{"PriorityClass", "In", {"high"}}));
  EXPECT_EQ(read(R"({"spec":{"hard":{"pods":"9"}}})", quota_room_of).hard, (Amounts{{"pods", 9}}))
      << "before its controller has looked";
}

TEST(RoomReading, a_limit_range_says_what_a_container_and_a_pod_may_be) {
  const auto limits = read(
      R"({"metadata":{"name":"l"},"spec":{"limits":[{"type":"Container","default":{"cpu":"1"},"defaultRequest":{"cpu":"100m"},"max":{"cpu":"2"}},{"type":"PersistentVolumeClaim"},{"type":"Pod","min":{"memory":"1Gi"}}]}})",
      limit_rooms_of);
  ASSERT_EQ(limits.size(), 2U);
  EXPECT_EQ(limits[0].otherwise_requested, (Amounts{{"cpu", 100}}));
  EXPECT_EQ(limits[0].max, (Amounts{{"cpu", 2000}}));
  EXPECT_EQ(limits[1].type, "Pod");
  EXPECT_EQ(limits[1].min, (Amounts{{"memory", kGi}}));
}

TEST(RoomReading, a_node_pool_is_its_limits_and_what_its_nodes_are_like) {
  const PoolRoom pool = read(
      R"({"metadata":{"name":"general"},"spec":{"limits":{"cpu":"1000","nodes":"10"},"template":{"metadata":{"labels":{"team":"shop"}},"spec":{"taints":[{"key":"k","value":"v","effect":"NoSchedule"}],"requirements":[{"key":"kubernetes.io/arch","operator":"In","values":["amd64"]},{"key":"gen","operator":"Gt","values":["2"]}]}}},"status":{"resources":{"cpu":"12","nodes":"3"}}})",
      pool_room_of);
  EXPECT_EQ(pool.limits, (Amounts{{"cpu", 1'000'000}, {"nodes", 10}}));
  EXPECT_EQ(pool.used, (Amounts{{"cpu", 12'000}, {"nodes", 3}}));
  EXPECT_EQ(pool.taints, (std::vector<Taint>{{"k", "v", "NoSchedule"}}));
  EXPECT_EQ(pool.labels.at("team"), std::vector<std::string>{"shop"});
  EXPECT_EQ(pool.labels.at("kubernetes.io/arch"), std::vector<std::string>{"amd64"});
  EXPECT_TRUE(pool.labels.at("gen").empty());
  EXPECT_FALSE(pool.fixed);
  EXPECT_TRUE(read(R"({"spec":{"replicas":3}})", pool_room_of).fixed);
}

TEST(RoomReading, the_cluster_autoscaler_says_how_many_nodes_its_groups_may_still_have) {
  EXPECT_EQ(groups_room_of("autoscalerStatus: Running\nnodeGroups:\n- name: a\n  health:\n    "
                           "cloudProviderTarget: 3\n    minSize: 1\n    maxSize: 10\n- name: b\n  "
                           "health:\n    cloudProviderTarget: 5\n    minSize: 0\n    maxSize: 5\n")
                .to_add,
            7);
  EXPECT_EQ(groups_room_of("Cluster-wide:\n  Health: Healthy (ready=3)\nNodeGroups:\n  Name: a\n  "
                           "Health: Healthy (ready=3 cloudProviderTarget=3 (minSize=1, maxSize=4))")
                .to_add,
            1);
  EXPECT_EQ(groups_room_of("Initializing").to_add, std::nullopt);
  EXPECT_EQ(groups_room_of("cloudProviderTarget: x").to_add, std::nullopt);
}

TEST(RoomReading, addresses_of_a_range) {
  EXPECT_EQ(addresses_in("10.0.0.0/24"), 253);
  EXPECT_EQ(addresses_in("10.0.0.0/28"), 13);
  EXPECT_EQ(addresses_in("10.0.0.0/8"), 0) << "more than ever needed";
  EXPECT_EQ(addresses_in("fd00::/64"), 0);
  EXPECT_EQ(addresses_in("what"), 0);
}

}  // namespace
}  // namespace doorbuster::planner
