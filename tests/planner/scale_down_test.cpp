// `scaleDown: Disabled` of a target: its autoscaler does not scale down during the sale, and then
// never stands in the way of what was there before.
#include "tests/planner/shop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::planner {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

constexpr const char* kPolicy = "/spec/behavior/scaleDown/selectPolicy";
constexpr const char* kKedaPolicy =
    "/spec/advanced/horizontalPodAutoscalerConfig/behavior/scaleDown/selectPolicy";
const Value kDisabled = json_of_string("Disabled");

api::TargetSpec without_scale_down(std::int32_t replicas) {
  api::TargetSpec out = target_of("checkout", replicas);
  out.scale_down = api::ScaleDown::Disabled;
  return out;
}

Shop shop_with(api::TargetSpec target) {
  Shop shop;
  shop.add_workload("checkout", 4);
  shop.add_autoscaler("checkout", json_of(std::int64_t{3}), 20);
  shop.sale.spec->capacity.targets = {std::move(target)};
  return shop;
}

TEST(ScaleDown, is_disabled_from_preparation_to_the_end_and_comes_back_with_the_way_down) {
  Shop shop = shop_with(without_scale_down(40));
  shop.run_until(shop.window.prepare - seconds(1));
  EXPECT_FALSE(shop.at(kCheckoutHpa, kPolicy));
  shop.run_until(shop.window.prepare);
  EXPECT_EQ(shop.at(kCheckoutHpa, kPolicy), kDisabled);
  shop.run_until(shop.window.end - seconds(1));
  EXPECT_EQ(shop.at(kCheckoutHpa, kPolicy), kDisabled);
  EXPECT_EQ(shop.target("checkout")->held, 40);
  shop.set_load("checkout", 2);
  shop.run_until(shop.window.end);
  EXPECT_FALSE(shop.at(kCheckoutHpa, "/spec/behavior")) << "before the first step has its effect";
  EXPECT_EQ(shop.target("checkout")->held, 36);
  shop.run_until(shop.window.restored_by + hours(1));
  EXPECT_EQ(shop.number(kCheckoutHpa, "/spec/maxReplicas"), 20);
  EXPECT_EQ(shop.sale.status.phase, "Completed");
}

TEST(ScaleDown, what_its_author_said_comes_back) {
  Shop shop = shop_with(without_scale_down(40));
  shop.change(kCheckoutHpa, kPolicy, json_of_string("Min"), "kubectl");
  shop.run_until(kStart);
  EXPECT_EQ(shop.at(kCheckoutHpa, kPolicy), kDisabled);
  shop.set_load("checkout", 2);
  shop.run_until(shop.window.restored_by + hours(1));
  EXPECT_EQ(shop.at(kCheckoutHpa, kPolicy), Value(json_of_string("Min")));
}

TEST(ScaleDown, of_a_scaled_object_is_said_to_keda) {
  Shop shop;
  shop.add_workload("checkout", 4);
  shop.add_scaled_object("checkout", json_of(std::int64_t{3}), json_of(std::int64_t{20}));
  shop.sale.spec->capacity.targets = {without_scale_down(40)};
  shop.run_until(kStart);
  EXPECT_EQ(shop.at(kScaledCheckout, kKedaPolicy), kDisabled);
  shop.set_load("checkout", 2);
  shop.run_until(shop.window.restored_by + hours(1));
  EXPECT_FALSE(shop.at(kScaledCheckout, "/spec/advanced"));
  EXPECT_EQ(shop.number(kScaledCheckout, "/spec/maxReplicaCount"), 20);
}

TEST(ScaleDown, stays_disabled_where_a_profile_falls) {
  Shop shop = shop_with(without_scale_down(40));
  api::ProfileStep fall;
  fall.at = {"1h", hours(1)};
  fall.replicas = 10;
  shop.sale.spec->capacity.targets[0].profile = {fall};
  shop.set_load("checkout", 2);
  shop.run_until(kStart + hours(3));
  EXPECT_EQ(shop.number(kCheckoutHpa, "/spec/minReplicas"), 10);
  EXPECT_EQ(shop.at(kCheckoutHpa, kPolicy), kDisabled);
}

TEST(ScaleDown, is_let_go_when_it_is_not_asked_for_any_more) {
  Shop shop = shop_with(without_scale_down(40));
  shop.run_until(kStart + minutes(10));
  shop.sale.spec->capacity.targets[0].scale_down = api::ScaleDown::Unchanged;
  ++shop.sale.generation;
  shop.settle();
  EXPECT_FALSE(shop.at(kCheckoutHpa, "/spec/behavior"));
  EXPECT_EQ(shop.number(kCheckoutHpa, "/spec/minReplicas"), 40);
}

TEST(ScaleDown, is_let_go_with_a_target_that_is_taken_out_and_with_the_event) {
  for (const bool deleted : {false, true}) {
    SCOPED_TRACE(deleted);
    Shop shop = shop_with(without_scale_down(40));
    shop.run_until(kStart + minutes(10));
    shop.set_load("checkout", 2);
    if (!deleted) shop.sale.spec->capacity.targets.clear();
    shop.sale.deleting = deleted;
    ++shop.sale.generation;
    shop.settle();
    EXPECT_FALSE(shop.at(kCheckoutHpa, "/spec/behavior"));
    EXPECT_EQ(shop.number(kCheckoutHpa, "/spec/minReplicas"), 36);
  }
}

TEST(ScaleDown, of_a_workload_without_autoscaler_says_nothing) {
  Shop shop;
  shop.add_workload("checkout", 4);
  shop.sale.spec->capacity.targets = {without_scale_down(40)};
  shop.run_until(kStart);
  EXPECT_EQ(shop.condition("Prepared"), "True Prepared");
}

TEST(ScaleDown, that_the_allow_list_does_not_name_is_said_and_the_floor_stands_all_the_same) {
  Shop shop = shop_with(without_scale_down(40));
  for (products::AllowedKind& one : shop.setup.allow.kinds) {
    if (one.kind == "HorizontalPodAutoscaler")
      one.fields = {"/spec/minReplicas", "/spec/maxReplicas"};
  }
  shop.run_until(kStart);
  EXPECT_EQ(shop.number(kCheckoutHpa, "/spec/minReplicas"), 40);
  EXPECT_THAT(shop.sale.status.message, HasSubstr("scaling down is not disabled"));
}

}  // namespace
}  // namespace doorbuster::planner
