// The simulated API server against what a real one was seen to do.
#include "controllers/simulator/api_server.h"

#include "controllers/planner/ledger.h"
#include "controllers/simulator/cluster.h"

#include <gtest/gtest.h>

namespace doorbuster::simulator {
namespace {

using std::chrono::seconds;

constexpr const char* kMin = "/spec/minReplicas";
const ObjectRef kScaler = autoscaler_ref("shop", "checkout");
const Writer kPerson{.manager = "kubectl-edit", .apply = false, .subresource = {}};
const Writer kOurs{.manager = "doorbuster", .apply = false, .subresource = {}};

class SimulatedApi : public testing::Test {
 protected:
  SimulatedApi() : cluster_(Instant(seconds(1'800'000'000))) {
    cluster_.deploy({.ns = "shop",
                     .name = "checkout",
                     .replicas = 3,
                     .min = 2,
                     .max = 10,
                     .demand = 150,
                     .owner = "helm"});
  }
  StoredPtr scaler() { return cluster_.api().live(kScaler); }
  Result<StoredPtr> patch(const std::string& text, const Writer& writer = kOurs) {
    return cluster_.api().merge_patch(kScaler, Json{text}, writer);
  }
  Cluster cluster_;
};

TEST_F(SimulatedApi, AWriteOnAnOldVersionIsAConflict) {
  const std::string old = scaler()->tree.text_at("/metadata/resourceVersion");
  ASSERT_TRUE(patch(R"({"spec":{"minReplicas":3}})", kPerson).ok());
  const auto late =
      patch(R"({"metadata":{"resourceVersion":")" + old + R"("},"spec":{"minReplicas":4}})");
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().kind, ErrorKind::Conflict);
  EXPECT_EQ(scaler()->tree.number(kMin, 0), 3);
}

TEST_F(SimulatedApi, AWriteForANamesakeIsAConflict) {
  const std::string uid = scaler()->uid();
  ASSERT_TRUE(cluster_.api().remove(kScaler).ok());
  ASSERT_TRUE(
      cluster_.create_autoscaler({.ns = "shop", .name = "checkout", .min = 2, .max = 10}).ok());
  EXPECT_NE(scaler()->uid(), uid);
  const auto foreign = patch(R"({"metadata":{"uid":")" + uid + R"("},"spec":{"minReplicas":4}})");
  ASSERT_FALSE(foreign.ok());
  EXPECT_EQ(foreign.error().kind, ErrorKind::Conflict);
}

TEST_F(SimulatedApi, AWriteThatChangesNothingMakesNoVersion) {
  const auto before = scaler()->version;
  ASSERT_TRUE(patch(R"({"spec":{"minReplicas":2}})").ok());
  EXPECT_EQ(scaler()->version, before);
}

TEST_F(SimulatedApi, AFloorAboveTheMaximumIsInvalid) {
  const auto refused = patch(R"({"spec":{"minReplicas":11}})");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::Invalid);
  EXPECT_TRUE(patch(R"({"spec":{"minReplicas":11,"maxReplicas":12}})").ok());
}

TEST_F(SimulatedApi, TakingTheMinimumAwayMakesItOne) {
  ASSERT_TRUE(patch(R"({"spec":{"minReplicas":null}})").ok());
  EXPECT_EQ(scaler()->tree.number(kMin, 0), 1);
}

TEST_F(SimulatedApi, OneLeafOfBehaviorFillsAllOfIt) {
  ASSERT_TRUE(patch(R"({"spec":{"behavior":{"scaleDown":{"selectPolicy":"Disabled"}}}})").ok());
  EXPECT_EQ(scaler()->tree.number("/spec/behavior/scaleUp/policies/0/value", 0), 4);
  ASSERT_TRUE(patch(R"({"spec":{"behavior":{"scaleDown":{"selectPolicy":null}}}})").ok());
  EXPECT_EQ(scaler()->tree.text_at("/spec/behavior/scaleDown/selectPolicy"), "Max");
  ASSERT_TRUE(patch(R"({"spec":{"behavior":null}})").ok());
  EXPECT_EQ(scaler()->tree.at("/spec/behavior"), nullptr);
}

TEST_F(SimulatedApi, AChangedFieldBelongsToWhoChangedItLast) {
  EXPECT_EQ(planner::writer_of(*scaler()->document(), kMin).manager, "helm");
  ASSERT_TRUE(patch(R"({"spec":{"minReplicas":5}})").ok());
  EXPECT_EQ(planner::writer_of(*scaler()->document(), kMin).manager, "doorbuster");
  EXPECT_EQ(planner::writer_of(*scaler()->document(), "/spec/maxReplicas").manager, "helm");
  ASSERT_TRUE(patch(R"({"spec":{"minReplicas":6}})", kPerson).ok());
  EXPECT_EQ(planner::writer_of(*scaler()->document(), kMin).manager, "kubectl-edit");
}

TEST_F(SimulatedApi, AnAppliedFieldThatIsLeftOutIsRemoved) {
  Tree both = Tree::parse(R"({"spec":{"minReplicas":4,"maxReplicas":20}})");
  ASSERT_TRUE(cluster_.api().apply(kScaler, both, "kustomize-controller").ok());
  const auto writer = planner::writer_of(*scaler()->document(), kMin);
  EXPECT_EQ(writer.manager, "kustomize-controller");
  EXPECT_TRUE(writer.applied);
  ASSERT_TRUE(
      cluster_.api()
          .apply(kScaler, Tree::parse(R"({"spec":{"maxReplicas":20}})"), "kustomize-controller")
          .ok());
  EXPECT_EQ(scaler()->tree.number(kMin, 0), 1);
}

TEST_F(SimulatedApi, OurManagedFieldsEntryGoesByJsonPatch) {
  ASSERT_TRUE(patch(R"({"spec":{"minReplicas":5}})").ok());
  const auto removed = cluster_.api().json_patch(
      kScaler,
      Json{R"([{"op":"test","path":"/metadata/managedFields/0/manager","value":"doorbuster"},)"
           R"({"op":"remove","path":"/metadata/managedFields/0"}])"},
      kOurs);
  ASSERT_TRUE(removed.ok());
  EXPECT_EQ(planner::writer_of(*scaler()->document(), kMin).manager, "");
  EXPECT_EQ(scaler()->tree.number(kMin, 0), 5);
  const auto again = cluster_.api().json_patch(
      kScaler,
      Json{R"([{"op":"test","path":"/metadata/managedFields/0/manager","value":"doorbuster"}])"},
      kOurs);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().kind, ErrorKind::Invalid);
}

TEST_F(SimulatedApi, AFinalizerKeepsADeletedObject) {
  ASSERT_TRUE(patch(R"({"metadata":{"finalizers":["a/b"]}})").ok());
  ASSERT_TRUE(cluster_.api().remove(kScaler).ok());
  ASSERT_NE(scaler(), nullptr);
  EXPECT_TRUE(scaler()->deleting());
  ASSERT_TRUE(patch(R"({"metadata":{"finalizers":null}})").ok());
  EXPECT_EQ(scaler(), nullptr);
}

TEST_F(SimulatedApi, NothingIsCreatedInATerminatingNamespace) {
  cluster_.api().terminate_namespace("shop");
  EXPECT_EQ(scaler(), nullptr);
  const auto made =
      cluster_.create_autoscaler({.ns = "shop", .name = "checkout", .min = 2, .max = 10});
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().kind, ErrorKind::Denied);
}

TEST_F(SimulatedApi, TheGenerationCountsChangesOfTheSpec) {
  EXPECT_EQ(scaler()->tree.number("/metadata/generation", 0), 1);
  ASSERT_TRUE(patch(R"({"metadata":{"labels":{"a":"b"}}})").ok());
  EXPECT_EQ(scaler()->tree.number("/metadata/generation", 0), 1);
  ASSERT_TRUE(patch(R"({"spec":{"minReplicas":5}})").ok());
  EXPECT_EQ(scaler()->tree.number("/metadata/generation", 0), 2);
}

// ---- The autoscaler, by the cases of a real controller.

struct ScalerCase {
  const char* sentence;
  std::int64_t replicas, min, max, demand;
  std::int64_t new_min, new_max;
  seconds after;
  std::int64_t then;
  bool slow = false;
};

class SimulatedAutoscaler : public testing::TestWithParam<ScalerCase> {};

TEST_P(SimulatedAutoscaler, DoesAsTheRealOne) {
  const ScalerCase& one = GetParam();
  Cluster cluster(Instant(seconds(1'800'000'000)));
  cluster.deploy({.ns = "shop",
                  .name = "checkout",
                  .replicas = one.replicas,
                  .min = one.min,
                  .max = one.max,
                  .startup = seconds(5),
                  .demand = one.demand,
                  .slow_scale_down = one.slow});
  cluster.advance(cluster.now() + std::chrono::minutes(10));
  const auto changed =
      cluster.api().merge_patch(kScaler,
                                Json{R"({"spec":{"minReplicas":)" + std::to_string(one.new_min) +
                                     R"(,"maxReplicas":)" + std::to_string(one.new_max) + "}}"},
                                kPerson);
  ASSERT_TRUE(changed.ok());
  cluster.advance(cluster.now() + one.after);
  EXPECT_EQ(
      cluster.api().live(deployment_ref("shop", "checkout"))->tree.number("/spec/replicas", 0),
      one.then)
      << one.sentence;
}

INSTANTIATE_TEST_SUITE_P(
    Cases,
    SimulatedAutoscaler,
    testing::Values(
        ScalerCase{"under the minimum it jumps at once", 3, 3, 60, 150, 40, 60, seconds(15), 40},
        ScalerCase{"over the maximum it cuts at once", 40, 40, 60, 150, 3, 10, seconds(15), 10},
        ScalerCase{"a floor that held idle pods for longer than the window protects nothing",
                   20,
                   20,
                   60,
                   120,
                   2,
                   60,
                   seconds(15),
                   2},
        ScalerCase{"with a policy of ten per cent a minute the way down is slow",
                   20,
                   20,
                   60,
                   120,
                   2,
                   60,
                   seconds(15),
                   18,
                   true},
        ScalerCase{"demand within a tenth of the target changes nothing",
                   10,
                   2,
                   60,
                   630,
                   2,
                   60,
                   seconds(60),
                   10},
        ScalerCase{"demand above it adds pods", 10, 2, 60, 900, 2, 60, seconds(15), 15},
        ScalerCase{"zero replicas stay zero", 0, 1, 60, 120, 5, 60, seconds(60), 0}));

TEST(SimulatedAutoscalerStatus, SaysThatFewerThanTheMinimumAreWanted) {
  Cluster cluster(Instant(seconds(1'800'000'000)));
  cluster.deploy(
      {.ns = "shop", .name = "checkout", .replicas = 10, .min = 10, .max = 20, .demand = 120});
  // What ran at the first look counts as a recommendation for five minutes.
  cluster.advance(cluster.now() + std::chrono::minutes(6));
  const StoredPtr scaler = cluster.api().live(kScaler);
  EXPECT_EQ(scaler->tree.text_at("/status/conditions/2/reason"), "TooFewReplicas");
  EXPECT_EQ(scaler->tree.number("/status/currentMetrics/0/resource/current/averageUtilization", 0),
            12);
}

}  // namespace
}  // namespace doorbuster::simulator
