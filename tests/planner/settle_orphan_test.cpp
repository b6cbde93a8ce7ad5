// What is held by events that are gone (DESIGN.md section 3, "Orphans").
#include "tests/planner/holding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::planner {
namespace {

using std::chrono::minutes;

Holder dead_holder() { return {"shop/flash", "event-1", "here", "capacity", "checkout"}; }

TEST(SettleOrphan, LowersAFloorByATenthAMinuteAndNeverBelowDemandThenRestoresTheCeiling) {
  Holding it;
  it.want(kMin, 40);
  it.want(kMax, 60);
  it.settle();
  it.cluster.set(
      "/status",
      Json{R"({"currentReplicas":40,"conditions":[{"type":"ScalingActive","status":"True"},)"
           R"({"type":"ScalingLimited","status":"True","reason":"TooFewReplicas"}]})"});
  std::vector<std::int64_t> floors;
  for (int minute = 1; minute <= 60; ++minute) {
    it.now = kNow + minutes(2 * minute);
    const Settled made = settle_orphan(kHpa, it.cluster.present(), {dead_holder()}, "here", it.now);
    if (!made.write) break;
    it.cluster.apply(*made.write);
    it.cluster.set("/status/currentReplicas", json_of(it.cluster.number(kMin)));
    if (floors.empty() || floors.back() != it.cluster.number(kMin))
      floors.push_back(it.cluster.number(kMin));
  }
  ASSERT_GE(floors.size(), 3U);
  EXPECT_EQ(floors[0], 36);
  for (std::size_t i = 1; i < floors.size(); ++i) {
    EXPECT_LE(floors[i - 1] - floors[i], std::max<std::int64_t>(1, floors[i - 1] / 10))
        << "step " << i;
  }
  EXPECT_EQ(it.cluster.number(kMin), 3);
  EXPECT_EQ(it.cluster.number(kMax), 10);
  EXPECT_EQ(it.cluster.annotation(), "");
}

TEST(SettleOrphan, LeavesWhatSomebodyElseHasSetMeanwhile) {
  Holding it;
  it.want(kMin, 40);
  it.settle();
  it.cluster.change(kMin, json_of(std::int64_t{12}), "kubectl-edit", "2027-01-15T08:10:00Z");
  it.now = kNow + minutes(30);
  const Settled made = settle_orphan(kHpa, it.cluster.present(), {dead_holder()}, "here", it.now);
  ASSERT_TRUE(made.write);
  it.cluster.apply(*made.write);
  EXPECT_EQ(it.cluster.number(kMin), 12);
  EXPECT_EQ(it.cluster.annotation(), "");
}

TEST(SettleOrphan, WaitsWhileDemandIsUnknownAndNeverTouchesOtherInstalls) {
  Holding it;
  it.want(kMin, 40);
  it.settle(0);
  it.settle();
  it.now = kNow + minutes(30);
  EXPECT_FALSE(settle_orphan(kHpa, it.cluster.present(), {dead_holder()}, "here", it.now).write)
      << "no status: unknown is not zero";
  it.cluster.set(
      "/status",
      Json{
          R"({"currentReplicas":10,"conditions":[{"type":"ScalingActive","status":"True"}],)"
          R"("currentMetrics":[{"type":"Resource","resource":{"name":"cpu","current":{"averageUtilization":90}}}]})"});
  it.cluster.set(
      "/spec/metrics",
      Json{
          R"([{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":70}}}])"});
  EXPECT_TRUE(settle_orphan(kHpa, it.cluster.present(), {dead_holder()}, "here", it.now).write)
      << "load needs more than the floor: the autoscaler keeps that by itself "
         "(hack/decisions/0005)";
  EXPECT_FALSE(
      settle_orphan(kHpa, it.cluster.present(), {dead_holder()}, "elsewhere", it.now).write);
}

}  // namespace
}  // namespace doorbuster::planner
