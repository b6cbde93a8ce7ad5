// What a target keeps, and who may write it, while its release is on its way (DESIGN.md section 5).
#include "tests/planner/rollout_shop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::planner {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kMin = "/spec/minReplicas";
constexpr const char* kSelectPolicy = "/spec/behavior/scaleDown/selectPolicy";

std::int64_t least(const Shop& shop) { return shop.number(kCheckoutHpa, kMin); }

/// A release that began with 10 pods, in a sale that holds 20: half of the traffic is the
/// candidate's, for hours.
Shop held_shop() {
  Shop shop = rollout_shop();
  shop.sale.spec->capacity.targets = {target_of("checkout", 20)};
  api::RolloutSpec& rollout = shop.sale.spec->rollouts[0];
  rollout.start = "-2h";
  rollout.strategy.canary->steps = {{.weight = 50, .pause = {"9h", hours(9)}}};
  return shop;
}

TEST(RolloutLeast, nothing_goes_down_while_what_the_way_back_needs_is_not_known) {
  Shop shop = held_shop();
  shop.window.prepare = kStart - minutes(2);
  shop.window.end = kStart + minutes(2);
  shop.run_until(shop.window.prepare - seconds(1));
  ASSERT_EQ(split_of(shop), "50/50");
  shop.instead[kBackend] = Unread{.why = "the cache is not full yet"};
  shop.run_until(shop.window.end - seconds(1));
  ASSERT_EQ(least(shop), 20);
  shop.run_until(shop.window.end + minutes(10));
  EXPECT_GE(least(shop), 20);
  shop.instead.clear();
  shop.round();
  EXPECT_EQ(split_of(shop), "100/0");
}

TEST(RolloutLeast, a_rollback_does_not_wait_for_reviews_that_nobody_answers) {
  Shop shop = rollout_shop();
  shop.run_until(kStart + minutes(1) + seconds(30));
  shop.asks_fail = true;
  shop.sale.spec->rollouts[0].desired = api::DesiredRevision::Stable;
  shop.round();
  EXPECT_EQ(split_of(shop), "100/0");
}

TEST(RolloutLeast, a_rollback_takes_nothing_along_that_status_does_not_remember) {
  Shop shop = rollout_shop();
  shop.run_until(kStart + minutes(1) + seconds(30));
  shop.sale.spec->rollouts[0].desired = api::DesiredRevision::Stable;
  shop.sale.spec->holds = {
      hold_of("steady", kCheckoutHpa, kSelectPolicy, api::HoldLiteral{Json{R"("Disabled")"}})};
  const Plan plan = shop.plan_now();
  const auto written = std::find_if(plan.writes.begin(), plan.writes.end(), [](const Write& one) {
    return one.object == kCheckoutHpa;
  });
  ASSERT_NE(written, plan.writes.end());
  EXPECT_TRUE(plan.at_once.contains(kCheckoutHpa));
  EXPECT_THAT(written->patch.text, Not(HasSubstr("selectPolicy")));
  shop.settle();
  EXPECT_EQ(shop.at(kCheckoutHpa, kSelectPolicy), Value(Json{R"("Disabled")"}));
}

TEST(RolloutLeast, is_not_lowered_below_load_when_waiting_is_given_up) {
  Shop shop = held_shop();
  shop.sale.spec->capacity.targets.clear();
  shop.run_until(shop.window.end - seconds(1));
  shop.set_load("checkout", 9);
  shop.kept["checkout"] = 15;  // stabilization: nothing goes down before waiting is given up
  const Instant given_up = shop.window.restored_by + shop.sale.spec->capacity.restore_timeout.value;
  shop.run_until(given_up - minutes(1));
  std::int64_t before = least(shop);
  ASSERT_GT(before, 9);
  for (int minute = 0; minute < 40; ++minute) {
    shop.run_until(given_up + minutes(minute));
    if (before > 9) {
      EXPECT_GE(least(shop), 9) << minute << " minutes after, from " << before;
    }
    before = least(shop);
  }
}

TEST(RolloutLeast, a_step_down_that_does_not_arrive_is_made_again_and_no_further) {
  Shop shop = held_shop();
  shop.sale.spec->capacity.targets.clear();
  shop.run_until(kStart);
  shop.sale.spec->rollouts[0].desired = api::DesiredRevision::Stable;
  shop.run_until(shop.clock + seconds(59));
  const std::int64_t before = least(shop);
  ASSERT_EQ(before, 15);
  shop.refuse_writes = true;
  for (int i = 0; i < 3; ++i) {
    shop.clock += seconds(1);
    shop.round();
  }
  shop.refuse_writes = false;
  shop.refusals = {};
  shop.round();
  EXPECT_EQ(least(shop), before - 2);
}

TEST(RolloutLeast, what_is_paused_keeps_its_share_though_its_route_is_not_in_force_yet) {
  Shop shop = rollout_shop();
  shop.run_until(kStart + seconds(59));
  ASSERT_EQ(split_of(shop), "90/10");
  shop.others = [](Shop& now) {  // no gateway takes routes up
    now.say(candidate_of(now), "/status/availableReplicas", Json{"5"});
  };
  shop.run_until(kStart + minutes(1) + seconds(5));
  ASSERT_EQ(split_of(shop), "50/50");
  shop.say(kCheckout, "/status/availableReplicas", Json{"5"});
  shop.act("wait", {.event = "flash", .action = api::ActionVerb::Pause});
  shop.settle();
  EXPECT_EQ(rollout_row(shop).state, "Paused");
  EXPECT_EQ(split_of(shop), "50/50");
}

TEST(RolloutLeast, an_event_that_leaves_all_as_it_is_lowers_nothing_for_its_release) {
  Shop shop = held_shop();
  shop.run_until(kStart);
  ASSERT_EQ(least(shop), 20);
  shop.sale.spec->deletion_policy = api::DeletionPolicy::Orphan;
  shop.sale.deleting = true;
  shop.others = nullptr;
  shop.say(kCheckout, "/status/availableReplicas", Json{"5"});
  for (int i = 0; i < 5; ++i) {
    shop.round();
    EXPECT_GE(least(shop), 20);
  }
  shop.others = rollout_shop().others;
  shop.run_until(shop.clock + minutes(5));
  EXPECT_GE(least(shop), 20);
  EXPECT_FALSE(shop.sale.has_finalizer);
}

}  // namespace
}  // namespace doorbuster::planner
