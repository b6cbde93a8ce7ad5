// Blue-green by the selector of a Service alone: all or nothing, and the author's selector before
// and after (DESIGN.md section 5).
#include "controllers/planner/rollout_switch.h"

#include "controllers/planner/rollout_candidate.h"
#include "controllers/planner/rollout_requests.h"
#include "tests/planner/rollout_shop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace doorbuster::planner {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

const Sides kSides{
    .ns = "shop",
    .stable = "a",
    .candidate = "a-2",
    .pods = {{"app", "a-candidate"}, {"tier", "web"}, {kRolloutLabel, "v2"}, {"more", "1"}}};
const Sides kUnseen{
    .ns = "shop", .stable = "a", .candidate = "a-2", .pods = {{kRolloutLabel, "v2"}}};
constexpr const char* kSwitched = R"({"app":"checkout-candidate","doorbuster.dev/rollout":)"
                                  R"("checkout-v2"})";

JsonView view(const std::string& text) { return *JsonView::parse(text); }

TEST(RolloutSelector, gives_all_to_whose_pods_it_selects) {
  struct Case {
    const char* sentence;
    std::string selector;
    Sides sides;
    int share;
  };
  const Case cases[] = {
      {"the author's", R"({"app":"a","tier":"web"})", kSides, 0},
      {"ours", R"({"app":"a-candidate","tier":"web","doorbuster.dev/rollout":"v2"})", kSides, 100},
      {"ours, of pods that are gone",
       R"({"app":"a-candidate","doorbuster.dev/rollout":"v2"})",
       kUnseen,
       100},
      {"somebody's that selects them too", R"({"tier":"web"})", kSides, 100},
      {"another rollout's", R"({"app":"a","doorbuster.dev/rollout":"v3"})", kSides, 0},
      {"none", "{}", kSides, 0},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.sentence);
    EXPECT_EQ(shares_of_selector(view(one.selector), one.sides).candidate, one.share);
  }
}

TEST(RolloutSelector, is_switched_whole_and_back) {
  const std::string before = R"({"app":"a","tier":"web"})";
  const auto there = switched(view(before), kSides, {.percent = 100});
  ASSERT_TRUE(there.ok());
  EXPECT_EQ(there->text, R"({"app":"a-candidate","tier":"web","doorbuster.dev/rollout":"v2"})");
  EXPECT_EQ(switched(view(before), kSides, {})->text, before);
  EXPECT_EQ(switched_back(view(there->text), view(before), kSides).text, before);
  const std::string others = R"({"app":"a","track":"x"})";
  EXPECT_EQ(switched_back(view(others), view(before), kSides).text, others);
  const auto beyond = switched(view(R"({"track":"x"})"), kSides, {.percent = 100});
  ASSERT_FALSE(beyond.ok());
  EXPECT_THAT(beyond.error().message, HasSubstr("track"));
}

/// Two minutes of preview, five of holding the old copy; no route.
Shop switched_shop() {
  Shop shop = rollout_shop();
  shop.remove(kRoute);
  api::RolloutSpec& rollout = shop.sale.spec->rollouts[0];
  rollout.strategy = {
      .blue_green = api::BlueGreenSpec{.preview = {"2m", minutes(2)}, .hold = {"5m", minutes(5)}}};
  rollout.traffic = {.service = api::ServiceTraffic{.name = "checkout"}};
  return shop;
}

std::string selector_of(const Shop& shop) { return shop.at(kBackend, kSelector)->text; }

Shop after_the_switch() {
  Shop shop = switched_shop();
  shop.run_until(kStart + minutes(4));
  return shop;
}

/// Nobody but the test says how many pods are available from now on.
void has_available(Shop& shop, const ObjectRef& deployment, int count) {
  shop.others = nullptr;
  shop.say(deployment, "/status/availableReplicas", json_of(std::int64_t{count}));
}

TEST(RolloutSwitch, previews_then_switches_once_and_ends_as_it_was) {
  Shop shop = switched_shop();
  const Value before = shop.at(kBackend, "/spec");
  shop.run_until(kStart + minutes(1));
  EXPECT_EQ(rollout_row(shop).state, "Running") << rollout_row(shop).message;
  EXPECT_EQ(shop.at(kBackend, "/spec"), before) << "a preview touches no Service";
  EXPECT_THAT(rollout_row(shop).message, HasSubstr(candidate_service_of(shop).name));

  shop.log.clear();
  shop.run_until(kStart + minutes(2) + seconds(10));
  EXPECT_EQ(selector_of(shop), kSwitched);
  EXPECT_EQ(std::count(shop.log.begin(), shop.log.end(), "Service/checkout"), 1);
  EXPECT_EQ(shop.at(candidate_service_of(shop), kSelector)->text, kSwitched);
  EXPECT_EQ(rollout_row(shop).weight, 100);

  shop.run_until(kStart + minutes(18));
  EXPECT_EQ(rollout_row(shop).state, "Promoted");
  EXPECT_EQ(image_of(shop, kCheckout), "\"shop:v2\"");
  EXPECT_EQ(shop.at(kBackend, "/spec"), before);
  EXPECT_FALSE(shop.at(kBackend, "/metadata/annotations/doorbuster.dev~1holds"));
  EXPECT_FALSE(stands(shop));
}

TEST(RolloutSwitch, waits_until_all_of_the_candidate_is_ready) {
  Shop shop = switched_shop();
  shop.run_until(kStart + minutes(1));
  has_available(shop, candidate_of(shop), 9);
  shop.run_until(kStart + minutes(4));
  EXPECT_EQ(selector_of(shop), R"({"app":"checkout"})");
}

TEST(RolloutSwitch, a_candidate_that_lost_some_pods_keeps_all_of_it) {
  Shop shop = after_the_switch();
  has_available(shop, candidate_of(shop), 3);
  shop.round();
  EXPECT_EQ(selector_of(shop), kSwitched);
}

TEST(RolloutSwitch, goes_back_at_once_when_the_target_is_full) {
  Shop shop = after_the_switch();
  shop.sale.spec->rollouts[0].desired = api::DesiredRevision::Stable;
  shop.round();
  EXPECT_EQ(selector_of(shop), R"({"app":"checkout"})");
  shop.run_until(kStart + minutes(10));
  EXPECT_EQ(rollout_row(shop).state, "RolledBack");
  EXPECT_FALSE(stands(shop));
  EXPECT_FALSE(shop.at(kBackend, "/metadata/annotations/doorbuster.dev~1holds"));
}

TEST(RolloutSwitch, goes_back_at_once_from_pods_that_crash_whatever_the_target_has) {
  Shop shop = after_the_switch();
  has_available(shop, candidate_of(shop), 0);
  has_available(shop, kCheckout, 2);
  shop.round();
  EXPECT_EQ(selector_of(shop), R"({"app":"checkout"})");
}

TEST(RolloutSwitch, keeps_the_candidate_until_the_target_is_full_or_for_twenty_minutes) {
  for (const bool comes : {true, false}) {
    SCOPED_TRACE(comes);
    Shop shop = after_the_switch();
    has_available(shop, kCheckout, 4);
    shop.sale.spec->rollouts[0].desired = api::DesiredRevision::Stable;
    const Instant told = shop.clock;
    shop.run_until(told + minutes(15));
    EXPECT_EQ(selector_of(shop), kSwitched);
    EXPECT_EQ(rollout_row(shop).state, "RollingBack");
    EXPECT_THAT(rollout_row(shop).message, HasSubstr("10 of its pods"));
    if (comes) {
      has_available(shop, kCheckout, 10);
      shop.settle();
    } else {
      shop.run_until(told + minutes(21));
    }
    EXPECT_EQ(selector_of(shop), R"({"app":"checkout"})");
  }
}

TEST(RolloutSwitch, what_is_missing_of_the_candidate_is_made_by_the_authors_selector) {
  Shop shop = after_the_switch();
  shop.remove(candidate_service_of(shop));
  shop.settle();
  ASSERT_TRUE(shop.objects.contains(candidate_service_of(shop))) << rollout_row(shop).message;
  EXPECT_EQ(shop.at(candidate_service_of(shop), kSelector)->text, kSwitched);
  EXPECT_EQ(selector_of(shop), kSwitched);
}

TEST(RolloutSwitch, whoever_else_changes_the_selector_wins) {
  struct Case {
    const char* sentence;
    std::string theirs, after_a_rollback;
  };
  const Case cases[] = {
      {"back to the target", R"({"app":"checkout"})", R"({"app":"checkout"})"},
      {"elsewhere", R"({"app":"maintenance"})", R"({"app":"maintenance"})"},
      {"to the candidate in other words",
       R"({"app":"checkout-candidate"})",
       R"({"app":"checkout"})"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.sentence);
    Shop shop = after_the_switch();
    shop.change(kBackend, kSelector, Json{one.theirs}, "kubectl-edit");
    shop.run_until(shop.clock + minutes(1));
    EXPECT_EQ(rollout_row(shop).state, "Contested");
    EXPECT_THAT(rollout_row(shop).message, HasSubstr("selector"));
    EXPECT_TRUE(shop.told.contains("RouteContested"));
    EXPECT_EQ(selector_of(shop), one.theirs);
    shop.sale.spec->rollouts[0].desired = api::DesiredRevision::Stable;
    shop.run_until(shop.clock + minutes(10));
    EXPECT_EQ(selector_of(shop), one.after_a_rollback);
    EXPECT_EQ(rollout_row(shop).state, "RolledBack");
    EXPECT_FALSE(stands(shop));
  }
}

TEST(RolloutSwitch, what_was_put_back_stays_though_the_candidate_loses_pods_and_gets_them_again) {
  Shop shop = after_the_switch();
  shop.change(kBackend, kSelector, Json{R"({"app":"checkout"})"}, "kubectl-edit");
  for (const int count : {7, 10}) {
    has_available(shop, candidate_of(shop), count);
    shop.run_until(shop.clock + minutes(1));
    EXPECT_EQ(selector_of(shop), R"({"app":"checkout"})");
    EXPECT_EQ(rollout_row(shop).state, "Contested");
  }
}

TEST(RolloutSwitch, a_way_back_is_stamped_in_the_write_that_moves_the_traffic) {
  Shop shop = after_the_switch();
  const auto before = shop.sale.status;
  shop.sale.spec->rollouts[0].desired = api::DesiredRevision::Stable;
  shop.round();
  ASSERT_EQ(selector_of(shop), R"({"app":"checkout"})");
  // An operator that starts now knows of it by the Service alone.
  shop.sale.spec->rollouts[0].desired = api::DesiredRevision::Candidate;
  shop.sale.status = before;
  shop.run_until(shop.clock + minutes(10));
  EXPECT_EQ(rollout_row(shop).state, "RolledBack");
  EXPECT_EQ(selector_of(shop), R"({"app":"checkout"})");
}

TEST(RolloutSwitch, begins_only_with_a_service_that_selects_the_target) {
  struct Case {
    const char* sentence;
    std::string spec, message;
  };
  const Case cases[] = {
      {"no selector", R"({"ports":[{"port":80}]})", "has no selector"},
      {"other pods", R"({"selector":{"app":"search"}})", "do not have"},
      {"a label that the target does not select by",
       R"({"selector":{"tier":"web"}})",
       "which the target's pods do not have"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.sentence);
    Shop shop = switched_shop();
    shop.add(kBackend, R"({"spec":)" + one.spec + "}");
    shop.run_until(kStart + minutes(3));
    EXPECT_EQ(rollout_row(shop).state, "Refused");
    EXPECT_THAT(rollout_row(shop).message, HasSubstr(one.message));
    EXPECT_FALSE(stands(shop));
  }
}

TEST(RolloutSwitch, a_release_whose_service_is_changed_goes_back) {
  Shop shop = after_the_switch();
  shop.add({"", "Service", "shop", "other"}, R"({"spec":{"selector":{"app":"checkout"}}})");
  shop.sale.spec->rollouts[0].traffic.service->name = "other";
  shop.run_until(shop.clock + minutes(10));
  EXPECT_EQ(rollout_row(shop).state, "RolledBack");
  EXPECT_THAT(rollout_row(shop).message, HasSubstr("traffic was changed"));
  EXPECT_EQ(selector_of(shop), R"({"app":"checkout"})");
  EXPECT_EQ(shop.at({"", "Service", "shop", "other"}, kSelector)->text, R"({"app":"checkout"})");
}

}  // namespace
}  // namespace doorbuster::planner
