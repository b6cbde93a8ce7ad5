// Blue-green: a preview of full size, one switch, and one step back (DESIGN.md section 5).
#include "controllers/planner/rollout_steps.h"
#include "tests/planner/rollout_shop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace doorbuster::planner {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

api::DurationText spanning(const std::string& text, Duration value) { return {text, value}; }

/// Two minutes of preview, five of holding the old copy.
Shop as_blue_green(Shop shop) {
  shop.sale.spec->rollouts[0].strategy = {
      .blue_green = api::BlueGreenSpec{.preview = spanning("2m", minutes(2)),
                                       .hold = spanning("5m", minutes(5))}};
  return shop;
}

Shop blue_green_shop() { return as_blue_green(rollout_shop()); }

Shop checked_shop() {
  Shop shop = as_blue_green(shop_with_check());
  shop.sale.spec->rollouts[0].strategy.blue_green->preview_analysis = "default";
  return shop;
}

TEST(BlueGreen, steps_are_a_preview_and_a_switch) {
  const auto steps = steps_of(blue_green_shop().sale.spec->rollouts[0].strategy);
  ASSERT_EQ(steps.size(), 2U);
  EXPECT_EQ(steps[0].weight, 0);
  EXPECT_EQ(steps[0].pods, 100);
  EXPECT_EQ(steps[0].pause, minutes(2));
  EXPECT_EQ(steps[1].weight, 100);
  EXPECT_EQ(steps[1].pods, 100);
  EXPECT_EQ(steps[1].pause, minutes(5));
}

TEST(BlueGreen, canary_steps_have_the_pods_of_their_weights) {
  const auto steps = steps_of(rollout_shop().sale.spec->rollouts[0].strategy);
  ASSERT_EQ(steps.size(), 2U);
  EXPECT_EQ(steps[0].weight, 10);
  EXPECT_EQ(steps[0].pods, 10);
}

TEST(BlueGreen, stands_whole_without_traffic_then_gets_it_all_at_once) {
  Shop shop = blue_green_shop();
  const Value rules = shop.at(kRoute, "/spec/rules");
  shop.run_until(kStart + minutes(1));
  EXPECT_EQ(shop.number(candidate_of(shop), "/status/readyReplicas"), 10);
  EXPECT_EQ(shop.at(kRoute, "/spec/rules"), rules) << "a preview touches no route";
  EXPECT_EQ(rollout_row(shop).state, "Running");
  EXPECT_THAT(rollout_row(shop).message, HasSubstr(candidate_service_of(shop).name));

  shop.log.clear();
  shop.run_until(kStart + minutes(2) + seconds(10));
  EXPECT_EQ(split_of(shop), "0/100");
  EXPECT_EQ(std::count(shop.log.begin(), shop.log.end(), "HTTPRoute/shop"), 1);
  EXPECT_GE(shop.number(kCheckoutHpa, "/spec/minReplicas"), 10) << "the old copy stands ready";
  EXPECT_EQ(shop.number(kCheckout, "/spec/replicas"), 10);

  shop.run_until(kStart + minutes(18));
  EXPECT_EQ(rollout_row(shop).state, "Promoted");
  EXPECT_EQ(image_of(shop, kCheckout), "\"shop:v2\"");
  EXPECT_EQ(split_of(shop), "100/0");
  EXPECT_FALSE(stands(shop));
}

TEST(BlueGreen, goes_back_in_one_step_after_the_switch) {
  Shop shop = blue_green_shop();
  shop.run_until(kStart + minutes(4));
  ASSERT_EQ(split_of(shop), "0/100");
  shop.others = nullptr;  // the new pods crash, the worst time for it
  shop.say(candidate_of(shop), "/status/availableReplicas", Json{"0"});
  shop.log.clear();
  shop.round();
  EXPECT_EQ(split_of(shop), "100/0");
}

TEST(BlueGreen, a_preview_goes_back_without_a_write_to_the_route) {
  Shop shop = blue_green_shop();
  shop.run_until(kStart + minutes(1));
  shop.sale.spec->rollouts[0].desired = api::DesiredRevision::Stable;
  shop.log.clear();
  shop.run_until(kStart + minutes(10));
  EXPECT_EQ(rollout_row(shop).state, "RolledBack");
  EXPECT_FALSE(stands(shop));
  EXPECT_EQ(std::count(shop.log.begin(), shop.log.end(), "HTTPRoute/shop"), 0);
}

TEST(BlueGreen, a_bad_check_ends_the_preview) {
  Shop shop = checked_shop();
  shop.run_until(kStart + minutes(1));
  measure(shop, 1);
  shop.settle();
  EXPECT_THAT(rollout_row(shop).message, HasSubstr("errors is bad"));
  EXPECT_EQ(split_of(shop), "100/0");
  shop.run_until(kStart + minutes(10));
  EXPECT_EQ(rollout_row(shop).state, "RolledBack");
}

TEST(BlueGreen, the_switch_waits_for_the_analysis_of_the_preview) {
  Shop shop = checked_shop();
  shop.run_until(kStart + minutes(3));
  EXPECT_EQ(split_of(shop), "100/0");
  EXPECT_EQ(rollout_row(shop).analysis, "Inconclusive");
  measure(shop, 0);
  shop.settle();
  EXPECT_EQ(split_of(shop), "0/100");
}

TEST(BlueGreen, no_switch_while_a_check_is_bad_after_the_preview) {
  Shop shop = checked_shop();
  const auto passed = [&shop] { return std::ranges::count(decided_in(shop), "StepPassed 1") > 0; };
  shop.run_until(kStart + minutes(3));
  measure(shop, 0);
  for (int i = 0; i < 10 && !passed(); ++i) shop.round();
  ASSERT_TRUE(passed());
  ASSERT_EQ(split_of(shop), "100/0") << "not switched yet";
  shop.clock += seconds(1);
  measure(shop, 1);
  for (int i = 0; i < 6; ++i) {
    shop.round();
    EXPECT_EQ(split_of(shop), "100/0");
  }
}

TEST(BlueGreen, a_strategy_with_fewer_steps_than_have_passed_is_at_its_end) {
  Shop shop = rollout_shop();
  const api::DurationText minute = spanning("1m", minutes(1));
  shop.sale.spec->rollouts[0].strategy.canary->steps = {{.weight = 10, .pause = minute},
                                                        {.weight = 20, .pause = minute},
                                                        {.weight = 30, .pause = minute},
                                                        {.weight = 50, .pause = minute}};
  shop.run_until(kStart + minutes(3) + seconds(30));
  ASSERT_EQ(split_of(shop), "50/50");
  shop.sale.spec->rollouts[0].strategy.canary->steps.resize(2);
  shop.run_until(shop.clock + seconds(10));
  EXPECT_EQ(rollout_row(shop).state, "Baking");
}

}  // namespace
}  // namespace doorbuster::planner
