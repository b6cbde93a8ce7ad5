// What an event tells of its feasibility, and when: from what is seen of its targets and the room.
#include "controllers/planner/room.h"
#include "tests/planner/rollout_shop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>

namespace doorbuster::planner {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kGi = 1LL << 30;

PodOwner owner(const std::string& name) { return {"shop", "Deployment", name}; }

constexpr const char* kTemplate =
    R"({"spec":{"containers":[{"name":"app","resources":{"requests":{"cpu":"1"}}}]}})";

/// A sale whose checkout needs 15 pods, and a cluster that has room for as many as `cpus`.
struct Sale {
  Shop shop;
  Sale() {
    shop.add_workload("checkout", 3);
    shop.objects[kCheckout] =
        *with_value(shop.objects[kCheckout], "/spec/template", Json{kTemplate});
    shop.add_autoscaler("checkout", Json{"3"}, 30);
    shop.sale.spec->capacity.targets = {target_of("checkout", 15)};
  }
  void read_room(std::int64_t cpus) {
    auto room = std::make_shared<Room>();
    room->nodes.push_back({.name = "a",
                           .labels = {},
                           .allocatable = {{"cpu", cpus * 1000}, {"memory", kGi}, {"pods", 100}},
                           .requested = {{"cpu", 3000}},
                           .pods = {{owner("checkout"), 3}}});
    room->namespaces["shop"].pods[owner("checkout")] = 3;
    shop.room = room;
    shop.settle();
  }
  const api::SaleEventStatus& status() const { return shop.sale.status; }
};

TEST(FeasibilityOfAnEvent,
     a_verdict_that_gets_worse_is_an_event_and_a_condition_and_changes_no_capacity) {
  Sale it;
  it.shop.settle();
  EXPECT_EQ(it.shop.condition("Feasible"), "Unknown NotJudged");
  it.read_room(20);
  EXPECT_EQ(it.shop.condition("Feasible"), "True Go");
  EXPECT_EQ(it.status().verdict, "Go");
  EXPECT_TRUE(it.shop.told.empty() || !it.shop.told.contains("NotFeasible"));
  it.read_room(10);
  EXPECT_EQ(it.shop.condition("Feasible"), "False NoGo");
  EXPECT_EQ(it.status().verdict, "NoGo");
  EXPECT_THAT(it.status().message, HasSubstr("checkout: 10 of 15 pods find a node"));
  EXPECT_TRUE(it.shop.told.contains("NotFeasible"));
  EXPECT_EQ(it.status().feasibility->targets[0].achievable, 10);
  it.shop.room.reset();
  it.shop.run_until(kStart + std::chrono::minutes(1));
  EXPECT_EQ(it.shop.number(kCheckoutHpa, "/spec/minReplicas"), 15) << "capacity never waits";
}

TEST(FeasibilityOfAnEvent, a_release_needs_room_beside_its_target) {
  Sale it;
  api::RolloutSpec release = rollout_of("shop:v2");
  release.strategy = {.canary = {}, .blue_green = api::BlueGreenSpec{}};
  it.shop.sale.spec->rollouts = {release};
  it.read_room(40);
  EXPECT_EQ(it.status().verdict, "Go") << "15 and 15 beside them";
  it.read_room(25);
  ASSERT_EQ(it.status().verdict, "Warn");
  EXPECT_EQ(it.status().feasibility->findings.at(0).code, "SurgeDoesNotFit");
  EXPECT_THAT(it.status().feasibility->findings.at(0).message, HasSubstr("15 pods more, and 10"));
  it.shop.sale.spec->rollouts[0].desired = api::DesiredRevision::Stable;
  it.read_room(25);
  EXPECT_EQ(it.status().verdict, "Go");
}

TEST(FeasibilityOfAnEvent, a_share_of_ready_pods_needs_as_many_beside_all_of_the_target) {
  Sale it;
  api::RolloutSpec release = rollout_of("shop:v2");
  release.traffic = {.ready_pods = api::ReadyPodsTraffic{}};
  release.strategy.canary->steps[1].weight = 40;
  it.shop.sale.spec->rollouts = {release};
  it.read_room(25);
  EXPECT_EQ(it.status().verdict, "Go") << "15, and 10 beside them";
  it.read_room(24);
  ASSERT_EQ(it.status().verdict, "Warn");
  EXPECT_THAT(it.status().feasibility->findings.at(0).message, HasSubstr("10 pods more, and 9"));
}

TEST(FeasibilityOfAnEvent, where_no_room_is_read_the_last_verdict_stands_and_nothing_is_written) {
  Sale it;
  it.read_room(10);
  const api::FeasibilityStatus before = *it.status().feasibility;
  it.shop.room.reset();
  const int publishes = it.shop.publishes;
  it.shop.clock += std::chrono::minutes(10);
  it.shop.settle();
  EXPECT_EQ(it.status().feasibility, before);
  EXPECT_EQ(it.status().verdict, "NoGo");
  EXPECT_EQ(it.shop.publishes, publishes);
  it.read_room(10);
  EXPECT_EQ(it.shop.publishes, publishes) << "the same room says the same";
}

TEST(FeasibilityOfAnEvent, from_the_start_on_what_is_seen_speaks) {
  Sale it;
  it.read_room(10);
  it.shop.room.reset();
  it.shop.run_until(kStart + std::chrono::minutes(1));
  EXPECT_EQ(it.status().verdict, "Go") << "all 15 are ready here";
  EXPECT_EQ(it.shop.condition("Feasible"), "False NoGo") << "what was foreseen stays told";
}

TEST(FeasibilityOfAnEvent, before_preparation_a_missing_target_and_a_low_ceiling_are_findings) {
  Sale it;
  it.shop.sale.spec->capacity.targets[0].ceiling = 15;
  it.shop.sale.spec->capacity.targets.push_back(target_of("cart", 3));
  it.shop.objects[kCheckoutHpa] =
      *with_value(it.shop.objects[kCheckoutHpa], "/spec/maxReplicas", Json{"10"});
  it.read_room(20);
  std::set<std::string> codes;
  for (const auto& one : it.status().feasibility->findings)
    codes.insert(one.code + " " + one.subject);
  EXPECT_THAT(codes, testing::IsSupersetOf({"FloorAtCeiling checkout", "TargetMissing cart"}));
  EXPECT_EQ(it.status().verdict, "Warn");
}

TEST(FeasibilityOfAnEvent, what_keda_scaled_to_zero_needs_room_and_what_a_person_did_needs_none) {
  Sale it;
  it.shop.objects[kCheckout] = *with_value(it.shop.objects[kCheckout], "/spec/replicas", Json{"0"});
  it.read_room(10);
  EXPECT_EQ(it.status().verdict, "Go");
  it.shop.objects.erase(kCheckoutHpa);
  it.shop.add_scaled_object("checkout", Json{"0"}, Json{"30"});
  it.read_room(10);
  EXPECT_EQ(it.status().verdict, "NoGo");
  EXPECT_THAT(it.status().message, HasSubstr("checkout: 10 of 15 pods find a node"));
}

TEST(FeasibilityOfAnEvent, a_right_that_is_lacking_is_told_before_the_day) {
  Sale it;
  it.shop.denied = {"HorizontalPodAutoscaler"};
  it.read_room(20);
  ASSERT_EQ(it.status().verdict, "NoGo");
  const api::FeasibilityFinding& told = it.status().feasibility->findings.at(0);
  EXPECT_EQ(told.code, "Forbidden");
  EXPECT_EQ(told.subject, "checkout");
  EXPECT_EQ(it.status().targets.at(0).state, "Waiting") << "nothing is due yet";
  it.shop.denied.clear();
  it.read_room(20);
  EXPECT_EQ(it.status().verdict, "Go");
}

TEST(FeasibilityOfAnEvent,
     a_write_that_the_api_server_will_refuse_is_told_before_the_day_in_its_words) {
  Sale it;
  it.shop.refused = {"HorizontalPodAutoscaler"};
  it.read_room(20);
  ASSERT_EQ(it.status().verdict, "NoGo");
  const api::FeasibilityFinding& told = it.status().feasibility->findings.at(0);
  EXPECT_EQ(told.code, "WriteRefused");
  EXPECT_EQ(told.subject, "HorizontalPodAutoscaler.autoscaling shop/checkout");
  EXPECT_THAT(told.message, HasSubstr("spec.minReplicas: must be an even number"));
  EXPECT_EQ(it.shop.number(kCheckoutHpa, "/spec/minReplicas"), 3) << "nothing is written";
}

TEST(FeasibilityOfAnEvent,
     what_cannot_be_asked_leaves_the_last_verdict_and_is_a_warning_where_there_is_none) {
  Sale it;
  it.shop.asks_fail = true;
  it.read_room(20);
  EXPECT_EQ(it.status().verdict, "Warn");
  EXPECT_EQ(it.status().feasibility->findings.at(0).code, "NotTried");
  it.shop.asks_fail = false;
  it.read_room(20);
  EXPECT_EQ(it.status().verdict, "Go");
  it.shop.asks_fail = true;
  it.read_room(10);
  EXPECT_EQ(it.status().verdict, "Go") << "the last one stands";
}

}  // namespace
}  // namespace doorbuster::planner
