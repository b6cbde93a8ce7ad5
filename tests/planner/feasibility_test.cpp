// Will it hold? The peaks of all targets against nodes, quotas, limits and what may be added.
#include "controllers/planner/feasibility.h"

#include "tests/planner/shop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace doorbuster::planner {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kGi = 1LL << 30;
constexpr Duration kFive = std::chrono::minutes(5);

PodShape pods(const std::string& requests, const std::string& limits = "") {
  const std::string text = R"({"spec":{"containers":[{"name":"app","resources":{"requests":{)" +
                           requests + R"(},"limits":{)" + limits + "}}}]}}";
  return shape_of(*JsonView::parse(text));
}

PodOwner owner(const std::string& name) { return {"shop", "Deployment", name}; }

/// Three nodes of 4 cpu and 16 Gi, and ten pods of checkout that need 1 cpu and 1 Gi each; three of
/// them run.
struct Stage {
  Room room;
  Asked asked;
  Stage() {
    for (const char* name : {"a", "b", "c"}) {
      room.nodes.push_back({.name = name,
                            .labels = {{"kubernetes.io/hostname", name}},
                            .taints = {},
                            .allocatable = {{"cpu", 4000}, {"memory", 16 * kGi}, {"pods", 20}},
                            .requested = {{"cpu", 1000}, {"memory", kGi}, {"pods", 1}},
                            .pods = {{owner("checkout"), 1}}});
    }
    room.namespaces["shop"].pods[owner("checkout")] = 3;
    asked.ns = "shop";
    asked.start = kStart;
    asked.needs.push_back({.target = "checkout",
                           .owner = owner("checkout"),
                           .needed = 10,
                           .usual = 3,
                           .running = 3,
                           .surge = 0,
                           .shape = pods(R"("cpu":"1","memory":"1Gi")", R"("cpu":"1")"),
                           .to_ready = kFive});
  }
  PeakNeed& need() { return asked.needs.front(); }
  NamespaceRoom& shop() { return room.namespaces["shop"]; }
  void quota(Amounts hard, Amounts used, std::vector<QuotaRoom::Scope> scopes = {}) {
    shop().quotas.push_back({"compute", std::move(hard), std::move(used), std::move(scopes)});
  }
  void pool(Amounts limits, Amounts used) {
    room.pools.push_back({.name = "general", .limits = limits, .used = used, .taints = {}});
  }
};

struct VerdictCase {
  const char* sentence;
  std::function<void(Stage&)> change;
  const char* verdict;
  const char* code;  ///< of the worst finding; empty: none
  const char* says;
  std::optional<std::int64_t> achievable, with_new_nodes;
};

TEST(Feasibility, a_verdict_names_what_binds_what_is_achievable_and_what_to_do_instead) {
  const VerdictCase cases[] = {
      {"it fits", [](Stage&) {}, "Go", "", "", 10, {}},
      {"nodes are full and nobody adds any",
       [](Stage& it) { it.need().needed = 15; },
       "NoGo",
       "NoRoom",
       "12 of 15 pods find a node (cpu on 3 of 3 nodes), and no node autoscaler shows itself (no "
       "NodePool, no ConfigMap kube-system/cluster-autoscaler-status). Add nodes for 3 pods of cpu "
       "1, memory 1Gi, or ask for 12",
       12,
       {}},
      {"a NodePool may add what is missing",
       [](Stage& it) {
         it.need().needed = 15;
         it.pool({{"cpu", 100'000}}, {{"cpu", 96'000}});
       },
       "Warn",
       "NodesToAdd",
       "NodePool general (cpu 96 of 100)",
       12,
       15},
      {"a NodePool without limits too",
       [](Stage& it) {
         it.need().needed = 15;
         it.pool({}, {});
       },
       "Warn",
       "NodesToAdd",
       "NodePool general (without limits)",
       12,
       15},
      {"a NodePool is at its limit",
       [](Stage& it) {
         it.need().needed = 15;
         it.pool({{"cpu", 100'000}}, {{"cpu", 99'000}});
       },
       "NoGo",
       "NodePoolLimit",
       "nodes for 1 of the other 3 may be added by NodePool general (cpu 99 of 100). Raise the "
       "limit for 2 pods of cpu 1, memory 1Gi, or ask for 13",
       12,
       13},
      {"a NodePool whose taint the pods do not tolerate is no help",
       [](Stage& it) {
         it.need().needed = 15;
         it.pool({}, {});
         it.room.pools[0].taints = {{"gpu", "", "NoSchedule"}};
       },
       "NoGo",
       "NoRoom",
       "and no NodePool takes such pods",
       12,
       {}},
      {"nor is one that is static",
       [](Stage& it) {
         it.need().needed = 15;
         it.pool({}, {});
         it.room.pools[0].fixed = true;
       },
       "NoGo",
       "NoRoom",
       "no node autoscaler shows itself",
       12,
       {}},
      {"the cluster autoscaler may add a node",
       [](Stage& it) {
         it.need().needed = 15;
         it.room.groups = GroupsRoom{.to_add = 1};
       },
       "Warn",
       "NodesToAdd",
       "the cluster autoscaler (1 more nodes at most)",
       12,
       15},
      {"its groups are at their maxima",
       [](Stage& it) {
         it.need().needed = 15;
         it.room.groups = GroupsRoom{.to_add = 0};
       },
       "NoGo",
       "NodePoolLimit",
       "the cluster autoscaler (0 more nodes at most)",
       12,
       12},
      {"whether there is a node autoscaler may not be looked at",
       [](Stage& it) {
         it.need().needed = 15;
         it.room.pools_unknown = "the operator may not list nodepools";
       },
       "Warn",
       "NoRoom",
       "whether nodes are added is not known: the operator may not list nodepools",
       12,
       {}},
      {"nodes may not be read: not known, and never Go",
       [](Stage& it) {
         it.room.nodes.clear();
         it.room.nodes_unknown = "the operator may not list nodes";
       },
       "Warn",
       "RoomUnknown",
       "whether the pods find nodes is not known: the operator may not list nodes",
       {},
       {}},
      {"quotas may not be read",
       [](Stage& it) { it.shop().quotas_unknown = "the operator may not list resourcequotas"; },
       "Warn",
       "RoomUnknown",
       "the operator may not list resourcequotas",
       10,
       {}},
      {"a quota of pods",
       [](Stage& it) {
         it.quota({{"pods", 12}}, {{"pods", 7}});
       },
       "NoGo",
       "QuotaExceeded",
       "ResourceQuota compute allows 8 of 10 pods: pods is 7 of 12 used. Raise it to 14, or ask "
       "for "
       "8",
       8,
       {}},
      {"a quota of requests",
       [](Stage& it) {
         it.quota({{"requests.cpu", 6500}}, {{"requests.cpu", 3000}});
       },
       "NoGo",
       "QuotaExceeded",
       "requests.cpu is 3 of 6500m used. Raise it to 10",
       6,
       {}},
      {"a quota of limits",
       [](Stage& it) {
         it.quota({{"limits.cpu", 8000}}, {{"limits.cpu", 3000}});
       },
       "NoGo",
       "QuotaExceeded",
       "limits.cpu",
       8,
       {}},
      {"a quota of limits that the pods do not say",
       [](Stage& it) {
         it.quota({{"limits.memory", 80 * kGi}}, {});
       },
       "NoGo",
       "QuotaNeedsRequests",
       "counts limits.memory, and a pod that does not say it is refused",
       3,
       {}},
      {"a quota that forbids even what normally runs",
       [](Stage& it) {
         it.need().usual = 5;
         it.quota({{"pods", 3}}, {{"pods", 3}});
       },
       "NoGo",
       "QuotaBelowBaseline",
       "allows 3 of 10 pods, fewer than the 5 that normally run",
       3,
       {}},
      {"a quota that does not count such pods",
       [](Stage& it) {
         it.quota({{"pods", 1}}, {}, {{"PriorityClass", "In", {"batch"}}});
         it.quota({{"pods", 1}}, {}, {{"BestEffort", "Exists", {}}});
         it.quota({{"pods", 1}}, {}, {{"Terminating", "Exists", {}}});
       },
       "Go",
       "",
       "",
       10,
       {}},
      {"a quota that counts them by their scope",
       [](Stage& it) {
         it.quota({{"pods", 4}}, {{"pods", 3}}, {{"NotTerminating", "Exists", {}}});
       },
       "NoGo",
       "QuotaExceeded",
       "allows 4 of 10",
       4,
       {}},
      {"a limit range that refuses a container",
       [](Stage& it) {
         it.shop().limits.push_back(
             {.name = "small", .type = "Container", .min = {}, .max = {{"cpu", 500}}});
       },
       "NoGo",
       "LimitRangeRefuses",
       "container app has a limit of cpu of 1, at most 500m is allowed",
       3,
       {}},
      {"a limit range that refuses the pod",
       [](Stage& it) {
         it.shop().limits.push_back(
             {.name = "small", .type = "Pod", .min = {{"memory", 2 * kGi}}, .max = {}});
       },
       "NoGo",
       "LimitRangeRefuses",
       "a pod asks for memory 1Gi, at least 2Gi has to be",
       3,
       {}},
      {"a rollout in the sale would find no node",
       [](Stage& it) {
         it.need().needed = 12;
         it.need().surge = 3;
       },
       "Warn",
       "SurgeDoesNotFit",
       "a rollout in the sale starts 3 pods more, and 0 of them find a node",
       12,
       {}},
      {"a rollout in the sale would exceed a quota",
       [](Stage& it) {
         it.need().surge = 2;
         it.quota({{"pods", 11}}, {{"pods", 3}});
       },
       "Warn",
       "SurgeExceedsQuota",
       "starts 2 pods more, and ResourceQuota compute allows 1",
       10,
       {}},
      {"nodes have fewer addresses than pods",
       [](Stage& it) {
         for (NodeRoom& one : it.room.nodes) one.addresses = one.addresses_taken = 1;
       },
       "Warn",
       "FewAddresses",
       "on 3 nodes there would be more pods than spec.podCIDR has addresses",
       10,
       {}},
      {"pods that ask for nothing fit on paper",
       [](Stage& it) { it.need().shape = pods(""); },
       "Warn",
       "NoRequests",
       "write resources.requests",
       10,
       {}},
      {"a kind without a pod template",
       [](Stage& it) { it.need().shape.reset(); },
       "Warn",
       "ShapeUnknown",
       "whether 10 pods fit is not known",
       {},
       {}},
      {"what others know joins",
       [](Stage& it) {
         it.asked.further.push_back(
             {{Level::NoGo, "Connections", "checkout", "the database takes 80"}, 8});
       },
       "NoGo",
       "Connections",
       "the database takes 80",
       8,
       {}},
      {"more runs than is needed",
       [](Stage& it) {
         it.need().needed = 2;
         it.quota({{"pods", 1}}, {{"pods", 3}});
       },
       "Go",
       "",
       "",
       2,
       {}},
  };
  for (const VerdictCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    Stage it;
    one.change(it);
    const api::FeasibilityStatus told = feasibility(it.asked, it.room);
    EXPECT_EQ(told.verdict, one.verdict);
    ASSERT_EQ(told.targets.size(), 1U);
    EXPECT_EQ(told.targets[0].achievable, one.achievable);
    EXPECT_EQ(told.targets[0].with_new_nodes, one.with_new_nodes);
    if (*one.code == '\0') {
      EXPECT_TRUE(told.findings.empty());
      continue;
    }
    ASSERT_FALSE(told.findings.empty());
    EXPECT_EQ(told.findings[0].code, one.code);
    EXPECT_THAT(told.findings[0].message, HasSubstr(one.says));
  }
}

TEST(Feasibility, targets_are_judged_together_the_biggest_first) {
  Stage it;
  it.need().needed = 9;
  it.asked.needs.push_back({.target = "search",
                            .owner = owner("search"),
                            .needed = 2,
                            .usual = 0,
                            .shape = pods(R"("cpu":"3","memory":"2Gi")"),
                            .to_ready = kFive});
  const auto told = feasibility(it.asked, it.room);
  EXPECT_EQ(told.verdict, "NoGo");
  EXPECT_EQ(told.targets[1].achievable, 2) << "it finds a node while there are whole ones";
  EXPECT_EQ(told.targets[0].achievable, 6);
  EXPECT_EQ(told.targets[0].bound_by, "cpu on 3 of 3 nodes");
}

TEST(Feasibility, targets_share_a_quota) {
  Stage it;
  it.asked.needs.push_back(it.need());
  it.asked.needs[1].target = "search";
  it.asked.needs[1].owner = owner("search");
  it.asked.needs[1].needed = 2;
  it.quota({{"pods", 11}}, {{"pods", 3}});
  const auto told = feasibility(it.asked, it.room);
  EXPECT_EQ(told.targets[0].achievable, 10);
  EXPECT_EQ(told.targets[1].achievable, 1);
  EXPECT_THAT(told.findings[0].message, HasSubstr("Raise it to 12"));
}

TEST(Feasibility, the_latest_safe_start_leaves_what_a_step_and_what_new_nodes_take) {
  Stage it;
  EXPECT_EQ(feasibility(it.asked, it.room).latest_safe_start, kStart - kFive);
  it.need().needed = 15;
  EXPECT_EQ(feasibility(it.asked, it.room).latest_safe_start, std::nullopt) << "it never fits";
  it.pool({}, {});
  EXPECT_EQ(feasibility(it.asked, it.room).latest_safe_start, kStart - kFive - kNodeLead);
}

TEST(Feasibility, there_are_never_more_findings_than_the_schema_holds) {
  Stage it;
  for (int i = 0; i < 100; ++i)
    it.asked.further.push_back({{Level::Warn, "Odd", "", std::string(2'000, 'x')}, std::nullopt});
  it.asked.further.push_back({{Level::NoGo, "Bad", "", "bad"}, std::nullopt});
  const auto told = feasibility(it.asked, it.room);
  EXPECT_EQ(told.findings.size(), kFindings);
  EXPECT_EQ(told.findings.front().code, "Bad");
  EXPECT_EQ(told.findings.back().code, "MoreFindings");
  EXPECT_THAT(told.findings.back().message, HasSubstr("70 more"));
  EXPECT_LE(told.findings[1].message.size(), 1024U);
}

}  // namespace
}  // namespace doorbuster::planner
