// The cluster's room: how it is read, when, and to whom it is shown.
#include "controllers/reconciler/rooms.h"

#include "tests/reconciler/small_reconciler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iostream>
#include <thread>

namespace doorbuster::reconciler {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;
using Name = SmallCluster::Name;

const ServedKind kDeployments{
    .group = "apps", .plural = "deployments", .kind = "Deployment", .versions = {"v1"}};
const ServedKind kPools{.group = "karpenter.sh",
                        .plural = "nodepools",
                        .kind = "NodePool",
                        .versions = {"v1"},
                        .scale = false,
                        .scope = "Cluster"};
const Name kSale{"doorbuster.dev", "saleevents", "shop", "flash"};
const Name kNode{"", "nodes", "", "a1"};
const std::string kStatusPut = "PUT /apis/doorbuster.dev/v1alpha1/namespaces/shop/saleevents/flash";

void fill(SmallCluster& cluster) {
  cluster.put({"", "namespaces", "", "shop"}, R"({"kind":"Namespace"})");
  cluster.put(kNode, R"({"status":{"allocatable":{"cpu":"4","memory":"8Gi","pods":"110"}}})");
  cluster.put({"", "pods", "shop", "p1"},
              R"({"metadata":{"labels":{"pod-template-hash":"7d"},"ownerReferences":[)"
              R"({"kind":"ReplicaSet","name":"checkout-7d","controller":true}]},)"
              R"("spec":{"nodeName":"a1","containers":[{"resources":{"requests":{"cpu":"1"}}}]}})");
  cluster.put({"", "resourcequotas", "shop", "compute"},
              R"({"status":{"hard":{"pods":"50"},"used":{"pods":"1"}}})");
  cluster.put({"", "limitranges", "shop", "defaults"},
              R"({"spec":{"limits":[{"type":"Container","defaultRequest":{"cpu":"1"}}]}})");
  cluster.put(
      {"apps", "deployments", "shop", "checkout"},
      R"({"kind":"Deployment","spec":{"replicas":1,"strategy":{"type":"Recreate"},"template":{"spec":{"containers":[)"
      R"({"name":"c","resources":{"requests":{"cpu":"1"}}}]}}},"status":{"replicas":1}})");
}

const RoomWanted kWanted{{"shop"}, {{"shop", "Deployment", "checkout"}}};

class Fetching : public testing::Test {
 protected:
  Fetching() { fill(cluster_); }
  Result<std::shared_ptr<const planner::Room>> fetch() {
    const kube::Client client(cluster_.transport());
    Kinds kinds(std::make_shared<kube::Client>(cluster_.transport()),
                [this] { return cluster_.now(); });
    return fetch_room(client, kinds, kWanted, [] { return false; });
  }
  void refuse(const std::string& path) {
    cluster_.fault([path](const kube::Request& request) -> std::optional<kube::Response> {
      if (request.target.find(path) == std::string::npos) return std::nullopt;
      return kube::FakeApi::status(403, "Forbidden", "may not");
    });
  }
  SmallCluster cluster_{{kServedSales, kServedAutoscalers, kDeployments, kPools}};
};

TEST_F(Fetching, SumsUpNodesPodsQuotasLimitsAndPools) {
  cluster_.put({"karpenter.sh", "nodepools", "", "general"},
               R"({"spec":{"limits":{"cpu":"10"}},"status":{"resources":{"cpu":"4"}}})");
  cluster_.put({"", "configmaps", "kube-system", "cluster-autoscaler-status"},
               R"({"data":{"status":"cloudProviderTarget: 1\nmaxSize: 3"}})");
  const auto room = fetch();
  ASSERT_TRUE(room.ok()) << room.error().message;
  ASSERT_EQ((*room)->nodes.size(), 1U);
  EXPECT_EQ((*room)->nodes[0].requested.at("cpu"), 1000);
  EXPECT_EQ((*room)->nodes_unknown + (*room)->pools_unknown + (*room)->groups_unknown, "");
  const planner::NamespaceRoom& shop = (*room)->namespaces.at("shop");
  EXPECT_EQ(shop.pods.at({"shop", "Deployment", "checkout"}), 1);
  EXPECT_EQ(shop.quotas.at(0).hard.at("pods"), 50);
  EXPECT_EQ(shop.limits.at(0).otherwise_requested.at("cpu"), 1000);
  EXPECT_EQ((*room)->pools.at(0).limits.at("cpu"), 10'000);
  EXPECT_EQ((*room)->groups->to_add, 2);
}

struct RefusedCase {
  const char *path, *says;
  std::string (*where)(const planner::Room&);
};

TEST_F(Fetching, WhatMayNotBeReadIsUnknownAndTheRestIsKnown) {
  const RefusedCase cases[] = {
      {"/nodes?",
       "may not list nodes",
       [](const planner::Room& room) { return room.nodes_unknown; }},
      {"/pods?", "may not list pods", [](const planner::Room& room) { return room.nodes_unknown; }},
      {"/resourcequotas?",
       "may not list resourcequotas",
       [](const planner::Room& room) { return room.namespaces.at("shop").quotas_unknown; }},
      {"/limitranges?",
       "may not list limitranges",
       [](const planner::Room& room) { return room.namespaces.at("shop").limits_unknown; }},
      {"/nodepools?",
       "may not list nodepools",
       [](const planner::Room& room) { return room.pools_unknown; }},
      {"/configmaps/cluster-autoscaler-status",
       "may not get the ConfigMap",
       [](const planner::Room& room) { return room.groups_unknown; }},
  };
  for (const RefusedCase& one : cases) {
    SCOPED_TRACE(one.path);
    refuse(one.path);
    const auto room = fetch();
    ASSERT_TRUE(room.ok()) << room.error().message;
    EXPECT_THAT(one.where(**room), HasSubstr(one.says));
  }
}

TEST_F(Fetching, AServerThatDoesNotAnswerIsNoRoom) {
  cluster_.fault([](const kube::Request& request) -> std::optional<kube::Response> {
    if (request.target.find("/pods?") == std::string::npos) return std::nullopt;
    return kube::FakeApi::status(503, "ServiceUnavailable", "later");
  });
  EXPECT_FALSE(fetch().ok());
}

struct TimesCase {
  const char* sentence;
  Duration to_prepare;
  bool ahead;
  Duration fresh;
  bool quiet;
};

TEST(RoomTimes, how_often_it_is_read_and_when_not) {
  const Instant now{hours(500'000)};
  const TimesCase cases[] = {
      {"a month ahead", hours(24 * 30), false, kRoomFresh, false},
      {"a week ahead", hours(24 * 7), true, kRoomFresh, false},
      {"an hour ahead", hours(1), true, kRoomFreshSoon, false},
      {"a minute ahead", seconds(60), true, kRoomFreshSoon, true},
      {"just begun", seconds(-4), true, kRoomFreshSoon, true},
      {"under way", seconds(-5), true, kRoomFreshSoon, false},
      {"a minute before the start", minutes(-29), true, kRoomFreshSoon, true},
      {"the start", minutes(-30), false, kRoomFreshSoon, true},
  };
  for (const TimesCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    const RoomTimes times{now + one.to_prepare, now + one.to_prepare + minutes(30)};
    EXPECT_EQ(times.ahead(now), one.ahead);
    EXPECT_EQ(times.fresh(now), one.fresh);
    EXPECT_EQ(times.quiet(now), one.quiet);
  }
}

class Judging : public testing::Test {
 protected:
  Judging() {
    fill(cluster_);
    Reconciler::Settings settings;
    settings.setup = {.install = "here", .allow = products::AllowList::standard()};
    settings.workers = 2;
    settings.sweep_every = hours(1'000);
    reconciler_ = std::make_unique<Reconciler>(std::move(settings),
                                               parts_of(cluster_, [](const LogLine&) {}));
    reconciler_->start();
    reconciler_->lead();
  }
  ~Judging() override {
    reconciler_->stop(seconds(5));
    if (HasFailure()) std::cerr << cluster_.story();
  }
  /// A sale whose checkout needs so many pods.
  void put_sale(Duration begins, int pods, int generation = 1) {
    const Instant start = std::chrono::floor<seconds>(cluster_.now() + begins);
    cluster_.put(kSale,
                 R"({"kind":"SaleEvent","metadata":{"generation":)" + std::to_string(generation) +
                     R"(,"creationTimestamp":")" + to_rfc3339(start - hours(1'000)) +
                     R"("},"spec":{"window":{"start":")" + to_rfc3339(start) + R"(","end":")" +
                     to_rfc3339(start + hours(1)) +
                     R"("},"capacity":{"targets":[{"name":"checkout","ref":{"kind":"Deployment",)"
                     R"("name":"checkout"},"need":{"replicas":)" +
                     std::to_string(pods) + "}}]}}}");
  }
  testing::AssertionResult becomes(const std::string& pointer, const std::string& value) {
    const auto until = std::chrono::steady_clock::now() + seconds(20);
    while (std::chrono::steady_clock::now() < until) {
      if (cluster_.value(kSale, pointer) == value) return testing::AssertionSuccess();
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return testing::AssertionFailure() << cluster_.value(kSale, pointer);
  }
  int readings() const { return cluster_.asked("GET /api/v1/nodes?"); }

  SmallCluster cluster_{{kServedSales, kServedAutoscalers, kDeployments}};
  std::unique_ptr<Reconciler> reconciler_;
};

TEST_F(Judging, AnEventAheadIsJudgedByWhatThereIsRoomFor) {
  put_sale(hours(24), 6);
  ASSERT_TRUE(becomes("/status/feasibility/verdict", "NoGo"));
  EXPECT_EQ(cluster_.value(kSale, "/status/feasibility/findings/0/code"), "NoRoom");
  EXPECT_EQ(cluster_.value(kSale, "/status/feasibility/targets/0/achievable"), "4");
  EXPECT_EQ(cluster_.value(kSale, "/status/verdict"), "NoGo");
  // Another need is judged at once, by the same reading.
  const int before = readings();
  put_sale(hours(24), 4, 2);
  ASSERT_TRUE(becomes("/status/feasibility/verdict", "Go"));
  EXPECT_EQ(readings(), before);
}

TEST_F(Judging, AnotherReadingThatSaysTheSameWritesNothing) {
  put_sale(hours(24), 6);
  ASSERT_TRUE(becomes("/status/feasibility/verdict", "NoGo"));
  std::this_thread::sleep_for(std::chrono::milliseconds(500));  // what its own echo still tells
  const int before = readings(), writes = cluster_.asked(kStatusPut);
  cluster_.move_clock(kRoomFresh);
  const auto until = std::chrono::steady_clock::now() + seconds(20);
  while (readings() == before && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_GT(readings(), before);
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  EXPECT_EQ(cluster_.asked(kStatusPut), writes);
}

TEST_F(Judging, NothingIsReadForAnEventThatIsFarAheadOrOver) {
  put_sale(hours(24 * 20), 6);
  ASSERT_TRUE(becomes("/status/phase", "Scheduled"));
  std::this_thread::sleep_for(std::chrono::milliseconds(1'500));
  EXPECT_EQ(readings(), 0);
  put_sale(hours(-30), 6, 2);
  ASSERT_TRUE(becomes("/status/phase", "Completed"));
  std::this_thread::sleep_for(std::chrono::milliseconds(1'500));
  EXPECT_EQ(readings(), 0);
}

}  // namespace
}  // namespace doorbuster::reconciler
