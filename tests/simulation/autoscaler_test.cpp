// The autoscaler's arithmetic, against horizontal.go and replica_calculator.go of Kubernetes 1.36.
#include "controllers/simulator/cluster.h"
#include "controllers/simulator/scaling.h"

#include <gtest/gtest.h>

namespace doorbuster::simulator {
namespace {

using std::chrono::seconds;

const Instant kNow(seconds(1'800'000'000));

ScalingBehavior behavior(const std::string& text) {
  return behavior_of(Tree::parse(text.empty() ? "{}" : R"({"behavior":)" + text + "}"));
}

struct ProposalCase {
  std::string sentence;
  std::int64_t usage, aim;
  MeasuredPods pods;
  std::int64_t current, then;
  std::string behavior = {};
};

class Proposal : public testing::TestWithParam<ProposalCase> {};

TEST_P(Proposal, IsTheRealOnes) {
  const ProposalCase& one = GetParam();
  EXPECT_EQ(proposed(one.usage, one.aim, one.pods, one.current, behavior(one.behavior)), one.then)
      << one.sentence;
}

INSTANTIATE_TEST_SUITE_P(
    Table,
    Proposal,
    testing::Values(
        ProposalCase{"a tenth above the aim is within the tolerance", 66, 60, {10, 0}, 10, 10},
        ProposalCase{"more is not", 67, 60, {10, 0}, 10, 12},
        ProposalCase{"a tenth below the aim is within the tolerance", 54, 60, {10, 0}, 10, 10},
        ProposalCase{"less is not", 53, 60, {10, 0}, 10, 9},
        ProposalCase{"the tolerance of one direction is its own",
                     90,
                     60,
                     {10, 0},
                     10,
                     10,
                     R"({"scaleUp":{"tolerance":"500m"}})"},
        ProposalCase{"and leaves the other as it was",
                     53,
                     60,
                     {10, 0},
                     10,
                     9,
                     R"({"scaleUp":{"tolerance":"0.5"}})"},
        ProposalCase{"pods that do not count yet are idle on the way up", 120, 60, {4, 4}, 8, 8},
        ProposalCase{"and what is wanted beyond them is added", 200, 60, {4, 4}, 8, 14},
        ProposalCase{"on the way down they are left out", 30, 60, {4, 4}, 8, 2},
        ProposalCase{"fewer than there are is no way up", 200, 60, {4, 1}, 20, 20},
        ProposalCase{"refused pods do not count at all", 90, 60, {10, 0}, 20, 15}));

struct Look {
  int at;  ///< seconds
  std::int64_t proposal, then;
  std::string reason = "DesiredWithinRange";
};

struct LimitCase {
  std::string sentence, behavior;
  std::int64_t start, min, max;
  std::vector<Look> looks;
};

class Limits : public testing::TestWithParam<LimitCase> {};

TEST_P(Limits, AreTheRealOnes) {
  const LimitCase& one = GetParam();
  const ScalingBehavior rules = behavior(one.behavior);
  ScalingMemory memory;
  std::int64_t current = one.start;
  for (const Look& look : one.looks) {
    const Instant now = kNow + seconds(look.at);
    memory.begin(now, current);
    const Limited out = limited(memory, rules, current, look.proposal, one.min, one.max, now);
    EXPECT_EQ(out.desired, look.then) << one.sentence << ", at " << look.at;
    EXPECT_EQ(out.reason, look.reason) << one.sentence << ", at " << look.at;
    memory.note_change(now, current, out.desired, rules);
    current = out.desired;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table,
    Limits,
    testing::Values(
        LimitCase{
            "without a behavior each look may double, or add up to four",
            "",
            1,
            1,
            50,
            {{0, 30, 4, "ScaleUpLimit"}, {2, 30, 8, "ScaleUpLimit"}, {4, 30, 16, "ScaleUpLimit"}}},
        LimitCase{
            "without a behavior a high recommendation of five minutes ago lifts what runs now",
            "",
            10,
            1,
            50,
            {{0, 20, 20}, {299, 3, 20}, {301, 3, 3}}},
        LimitCase{"with a behavior it holds back, and lifts nothing",
                  R"({"scaleUp":{"selectPolicy":"Disabled"}})",
                  10,
                  1,
                  50,
                  {{0, 20, 10, "ScaleUpLimit"}, {20, 3, 10}}},
        LimitCase{"the default rates count within fifteen seconds",
                  "{}",
                  4,
                  1,
                  50,
                  {{0, 40, 8, "ScaleUpLimit"},
                   {2, 40, 8, "ScaleUpLimit"},
                   {15, 40, 16, "ScaleUpLimit"},
                   {16, 14, 16}}},
        LimitCase{
            "pods a period, and nothing more within it",
            R"({"scaleUp":{"policies":[{"type":"Pods","value":2,"periodSeconds":10}]}})",
            4,
            1,
            50,
            {{0, 20, 6, "ScaleUpLimit"}, {8, 20, 6, "ScaleUpLimit"}, {10, 20, 8, "ScaleUpLimit"}}},
        LimitCase{
            "Min takes the lesser of two policies",
            R"({"scaleUp":{"selectPolicy":"Min","policies":[{"type":"Pods","value":2,"periodSeconds":10},{"type":"Percent","value":100,"periodSeconds":10}]}})",
            10,
            1,
            50,
            {{0, 40, 12, "ScaleUpLimit"}}},
        LimitCase{"ten per cent a minute of what was there when the minute began",
                  R"({"scaleDown":{"stabilizationWindowSeconds":0,
                      "policies":[{"type":"Percent","value":10,"periodSeconds":60}]}})",
                  40,
                  1,
                  50,
                  {{0, 5, 36, "ScaleDownLimit"},
                   {30, 5, 36, "ScaleDownLimit"},
                   {60, 5, 32, "ScaleDownLimit"}}},
        LimitCase{"10 pods less 90 % are none in the controller's arithmetic",
                  R"({"scaleDown":{"stabilizationWindowSeconds":0,
                      "policies":[{"type":"Percent","value":90,"periodSeconds":60}]}})",
                  10,
                  1,
                  50,
                  {{0, 0, 1, "TooFewReplicas"}}},
        LimitCase{"what was added within the period may go again, and the policy's share besides",
                  R"({"scaleDown":{"stabilizationWindowSeconds":0,
                      "policies":[{"type":"Pods","value":1,"periodSeconds":60}]}})",
                  4,
                  1,
                  50,
                  {{0, 8, 8}, {10, 1, 3, "ScaleDownLimit"}}},
        LimitCase{"Disabled: the way down is closed",
                  R"({"scaleDown":{"stabilizationWindowSeconds":0,"selectPolicy":"Disabled"}})",
                  10,
                  1,
                  50,
                  {{0, 2, 10, "ScaleDownLimit"}}},
        LimitCase{"a window on the way up takes the lowest recommendation in it",
                  R"({"scaleUp":{"stabilizationWindowSeconds":10}})",
                  4,
                  1,
                  50,
                  {{0, 8, 4}, {6, 6, 4}, {11, 8, 6}, {17, 8, 8}}},
        LimitCase{"the first look's replicas are a recommendation",
                  R"({"scaleDown":{"stabilizationWindowSeconds":20}})",
                  10,
                  1,
                  50,
                  {{0, 4, 10}, {19, 4, 10}, {20, 4, 4}}},
        LimitCase{"the bounds are told from the rates",
                  "",
                  10,
                  4,
                  12,
                  {{0, 30, 12, "TooManyReplicas"}}}));

/// A shop in the simulated cluster that an autoscaler looks at only when the test says so.
class SimulatedShop : public testing::Test {
 protected:
  static constexpr Pace kPace{
      .pods = seconds(1), .autoscalers = Duration{}, .metric_window = seconds(5)};

  void deploy(const std::string& spec, std::int64_t replicas, std::int64_t load) {
    cluster_.api().adopt(target_,
                         Tree::parse(R"({"spec":{"replicas":)" + std::to_string(replicas) + "}}"));
    cluster_.api().adopt(
        scaler_,
        Tree::parse(
            R"({"spec":{"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"checkout"},)" +
            spec + "}}"));
    cluster_.run(target_, seconds(2), {.cpu_millis = 200}, {.from = {{cluster_.now(), load}}});
    cluster_.run(scaler_);
  }
  std::int64_t replicas() {
    return cluster_.api().live(target_)->tree.number("/spec/replicas", -1);
  }
  std::size_t pods() { return cluster_.workload(target_)->pods.size(); }
  void pass(int count) { cluster_.advance(cluster_.now() + seconds(count)); }
  std::int64_t look() {
    cluster_.look(scaler_);
    return replicas();
  }

  Cluster cluster_{kNow, kPace};
  ObjectRef target_ = deployment_ref("shop", "checkout"),
            scaler_ = autoscaler_ref("shop", "checkout");
};

constexpr const char* kTwoMetrics =
    R"("minReplicas":1,"maxReplicas":50,"metrics":[
      {"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":80}}},
      {"type":"Resource","resource":{"name":"cpu","target":{"type":"AverageValue","averageValue":"100m"}}}])";

TEST_F(SimulatedShop, TheHighestOfItsMetricsCounts) {
  deploy(kTwoMetrics, 4, 320);  // 80 % of 200m each: 160m where 100m are wanted
  EXPECT_EQ(look(), 7);
  const StoredPtr scaler = cluster_.api().live(scaler_);
  EXPECT_EQ(scaler->tree.text_at("/status/currentMetrics/1/resource/current/averageValue"), "160m");
  EXPECT_EQ(scaler->tree.number("/status/currentMetrics/0/resource/current/averageUtilization", 0),
            80);
}

TEST_F(SimulatedShop, ItsPodsCountOnlyAfterAWholeWindowOfMetrics) {
  deploy(R"("minReplicas":1,"maxReplicas":50)", 4, 480);  // 60 is the aim: 8 pods
  EXPECT_EQ(look(), 8);
  pass(4);  // four more are ready and not yet counted: 60 % of four and none of the others
  cluster_.workload(target_)->load.from[cluster_.now()] = 1440;  // now 24 would do
  EXPECT_EQ(look(), 12);
  pass(9);
  EXPECT_EQ(look(), 24);
}

TEST_F(SimulatedShop, AQuietTimeDoesNotUseUpTheWindow) {
  deploy(R"("minReplicas":1,"maxReplicas":50)", 10, 600);
  for (int minute = 0; minute < 20; ++minute) {
    EXPECT_EQ(look(), 10);
    pass(60);
  }
  cluster_.workload(target_)->load.from[cluster_.now()] = 120;
  EXPECT_EQ(look(), 10);
  pass(239);
  EXPECT_EQ(look(), 10);
  pass(2);
  EXPECT_EQ(look(), 2);
}

TEST_F(SimulatedShop, WhatAQuotaRefusesIsTriedAgainEverLater) {
  cluster_.set_pod_quota("shop", 6);
  deploy(R"("minReplicas":10,"maxReplicas":50)", 4, 100);
  EXPECT_EQ(look(), 10);
  pass(1);
  EXPECT_EQ(pods(), 6U);
  pass(12);
  cluster_.set_pod_quota("shop", 20);
  pass(1);  // tries: 10.2 s and 20.5 s after the first
  EXPECT_EQ(pods(), 6U);
  pass(8);
  EXPECT_EQ(pods(), 10U);
}

TEST_F(SimulatedShop, AQuotaLetsInAtOnceWhenOtherReplicasAreAskedFor) {
  cluster_.set_pod_quota("shop", 6);
  deploy(R"("minReplicas":10,"maxReplicas":50)", 4, 100);
  look();
  pass(13);
  cluster_.set_pod_quota("shop", std::nullopt);
  ASSERT_TRUE(cluster_.api()
                  .merge_patch(scaler_,
                               Json{R"({"spec":{"minReplicas":12}})"},
                               {.manager = "kubectl-edit", .apply = false, .subresource = {}})
                  .ok());
  EXPECT_EQ(look(), 12);
  pass(1);
  EXPECT_EQ(pods(), 12U);
}

}  // namespace
}  // namespace doorbuster::simulator
