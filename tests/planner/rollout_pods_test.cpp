// Releases without a router: the candidate's share is that of pods that are ready.
#include "controllers/planner/rollout_pods.h"

#include "controllers/planner/comparison.h"
#include "controllers/planner/rollout_candidate.h"
#include "tests/planner/rollout_shop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>

namespace doorbuster::planner {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

/// Steps of 20 and 50 %, a minute each, of 10 pods; nobody has a route.
Shop pods_shop() {
  Shop shop = rollout_shop();
  shop.remove(kRoute);
  api::RolloutSpec& release = shop.sale.spec->rollouts[0];
  release.traffic = {.ready_pods = api::ReadyPodsTraffic{.service = "checkout"}};
  release.strategy.canary->steps[0].weight = 20;
  return shop;
}

/// In its last step, of half of the pods.
Shop at_half() {
  Shop shop = pods_shop();
  shop.run_until(kStart + seconds(90));
  EXPECT_EQ(shop.number(candidate_of(shop), "/spec/replicas"), 10);
  return shop;
}

std::int64_t size_of(const Shop& shop) { return shop.number(candidate_of(shop), "/spec/replicas"); }

/// So many pods of the target are ready from now on, whatever it asks for.
void target_has(Shop& shop, std::int64_t ready) {
  shop.unready.insert("checkout");
  shop.say(kCheckout, "/status/readyReplicas", json_of(ready));
  shop.say(kCheckout, "/status/availableReplicas", json_of(ready));
}

TEST(RolloutPods, weights_as_pods) {
  struct Case {
    int percent;
    std::int64_t target, pods;
  };
  const Case cases[] = {{1, 99, 1},
                        {1, 100, 2},
                        {5, 10, 1},
                        {10, 9, 1},
                        {10, 10, 2},
                        {20, 10, 3},
                        {25, 100, 34},
                        {33, 2, 1},
                        {50, 1, 1},
                        {50, 10, 10},
                        {0, 10, 0},
                        {20, 0, 0}};
  for (const Case& one : cases) {
    SCOPED_TRACE(std::to_string(one.percent) + " % beside " + std::to_string(one.target));
    EXPECT_EQ(pods_beside(one.percent, one.target), one.pods);
  }
}

TEST(RolloutPods, no_fewer_pods_would_be_the_share) {
  for (int percent = 1; percent <= 50; ++percent) {
    for (std::int64_t target = 1; target <= 300; ++target) {
      const std::int64_t pods = pods_beside(percent, target);
      ASSERT_GE(100 * pods, percent * (target + pods)) << percent << " % beside " << target;
      ASSERT_LT(100 * (pods - 1), percent * (target + pods - 1));
      ASSERT_GE(share_of_pods(pods, target), percent);
    }
  }
}

TEST(RolloutPods, a_share_is_of_the_pods_of_both_rounded_up) {
  EXPECT_EQ(share_of_pods(0, 10), 0);
  EXPECT_EQ(share_of_pods(0, 0), 0);
  EXPECT_EQ(share_of_pods(1, 199), 1);
  EXPECT_EQ(share_of_pods(3, 10), 24);
  EXPECT_EQ(share_of_pods(10, 10), 50);
  EXPECT_EQ(share_of_pods(2, 0), 100);
}

TEST(RolloutPods, has_all_labels_of_the_target_and_nothing_of_its_own_but_pods) {
  Shop shop = pods_shop();
  shop.run_until(kStart + seconds(30));
  const CandidateRefs refs = candidate_refs(shop.sale, shop.setup, "checkout-v2");
  EXPECT_FALSE(shop.objects.contains(refs.service));
  EXPECT_FALSE(shop.objects.contains(refs.autoscaler));
  const Json labels{R"({"app":"checkout","doorbuster.dev/rollout":"checkout-v2"})"};
  EXPECT_TRUE(
      equal_values(shop.at(refs.deployment, "/spec/template/metadata/labels"), Value(labels)));
  EXPECT_TRUE(equal_values(shop.at(refs.deployment, "/spec/selector/matchLabels"), Value(labels)));
  EXPECT_EQ(size_of(shop), 3);
  EXPECT_EQ(rollout_row(shop).weight, 24);
  EXPECT_EQ(rollout_row(shop).state, "Running");
}

TEST(RolloutPods, selects_by_what_the_target_selects_by) {
  Shop shop = pods_shop();
  shop.change(kCheckout,
              "/spec/selector",
              Json{R"({"matchLabels":{"app":"checkout"},"matchExpressions":[{"key":"tier",)"
                   R"("operator":"In","values":["web"]}]})"},
              "kubectl");
  shop.change(kCheckout,
              "/spec/template/metadata/labels",
              Json{R"({"app":"checkout","tier":"web","version":"v1"})"},
              "kubectl");
  shop.settle();
  shop.run_until(kStart + seconds(30));
  const Value selector = shop.at(candidate_of(shop), "/spec/selector");
  EXPECT_TRUE(equal_values(
      selector,
      Value(Json{R"({"matchExpressions":[{"key":"tier","operator":"In","values":["web"]}],)"
                 R"("matchLabels":{"app":"checkout","doorbuster.dev/rollout":"checkout-v2"}})"})))
      << selector->text;
}

TEST(RolloutPods, is_promoted_and_leaves_nothing) {
  Shop shop = pods_shop();
  const Value service = shop.at(kBackend, "/spec");
  shop.run_until(kStart + minutes(20));
  EXPECT_EQ(rollout_row(shop).state, "Promoted");
  EXPECT_EQ(image_of(shop, kCheckout), "\"shop:v2\"");
  EXPECT_FALSE(stands(shop));
  EXPECT_EQ(shop.at(kBackend, "/spec"), service);
  EXPECT_THAT(decided_in(shop),
              ElementsAre("RolloutStarted 10",
                          "StepEntered 2",
                          "StepPassed 2",
                          "RolloutPassed",
                          "RolloutPromoted 10"));
}

TEST(RolloutPods, at_the_end_the_candidate_has_no_pods_before_it_goes) {
  Shop shop = at_half();
  while (!shop.sale.status.decisions.empty() && stands(shop) && shop.clock < kStart + minutes(30)) {
    const std::int64_t before = size_of(shop);
    shop.run_until(shop.clock + seconds(1));
    if (!stands(shop)) {
      EXPECT_EQ(before, 0);
    }
  }
  EXPECT_FALSE(stands(shop));
}

TEST(RolloutPods, without_a_service_nothing_is_looked_at) {
  Shop shop = pods_shop();
  shop.remove(kBackend);
  shop.sale.spec->rollouts[0].traffic.ready_pods->service.reset();
  shop.run_until(kStart + minutes(20));
  EXPECT_EQ(rollout_row(shop).state, "Promoted");
}

TEST(RolloutPods, a_service_that_is_named_must_be_there_and_select_both) {
  struct Case {
    const char* sentence;
    std::function<void(Shop&)> change;
    const char* says;
  };
  const Case cases[] = {
      {"it is gone", [](Shop& shop) { shop.remove(kBackend); }, "checkout does not exist"},
      {"it selects others",
       [](Shop& shop) {
         shop.change(kBackend, "/spec/selector", Json{R"({"app":"cart"})"}, "kubectl");
       },
       "selects by app=cart, which the target's pods do not have"},
      {"it selects by what the patch changes",
       [](Shop& shop) {
         const Json both{R"({"app":"checkout","version":"v1"})"};
         shop.change(kBackend, "/spec/selector", both, "kubectl");
         shop.change(kCheckout, "/spec/template/metadata/labels", both, "kubectl");
         shop.sale.spec->rollouts[0].patch = Json{R"({"metadata":{"labels":{"version":"v2"}}})"};
       },
       "selects by version=v1, which the patch changes"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.sentence);
    Shop shop = pods_shop();
    one.change(shop);
    shop.run_until(kStart + minutes(2));
    EXPECT_FALSE(stands(shop));
    EXPECT_THAT(rollout_row(shop).message, HasSubstr(one.says));
  }
}

TEST(RolloutPods, grows_and_shrinks_with_a_target_that_has_its_pods) {
  Shop shop = pods_shop();
  shop.sale.spec->rollouts[0].strategy.canary->steps[0].pause = {"1h", minutes(60)};
  shop.sale.spec->rollouts[0].deadline = {"1h", minutes(60)};
  shop.run_until(kStart + seconds(30));
  ASSERT_EQ(size_of(shop), 3);
  shop.set_load("checkout", 20);
  shop.run_until(kStart + minutes(2));
  ASSERT_EQ(shop.number(kCheckout, "/spec/replicas"), 20);
  EXPECT_EQ(size_of(shop), 5);
  shop.set_load("checkout", 10);
  shop.run_until(kStart + minutes(4));
  ASSERT_EQ(shop.number(kCheckout, "/spec/replicas"), 10);
  EXPECT_EQ(size_of(shop), 3);
}

TEST(RolloutPods, does_not_shrink_with_a_target_that_somebody_scales_down) {
  Shop shop = pods_shop();
  shop.remove(kCheckoutHpa);
  shop.run_until(kStart + seconds(90));
  ASSERT_EQ(size_of(shop), 10);
  shop.change(kCheckout, "/spec/replicas", json_of(std::int64_t{2}), "kubectl");
  shop.settle();
  ASSERT_EQ(shop.number(kCheckout, "/status/availableReplicas"), 2);
  EXPECT_EQ(size_of(shop), 10);
}

TEST(RolloutPods, keeps_its_pods_when_those_of_the_target_fall_away) {
  Shop shop = at_half();
  shop.others = nullptr;
  target_has(shop, 2);
  shop.run_until(kStart + minutes(2));
  EXPECT_EQ(size_of(shop), 10);
  EXPECT_EQ(shop.number(candidate_of(shop), "/status/readyReplicas"), 10);
}

TEST(RolloutPods, goes_back_in_the_round_also_where_it_is_paused_or_rests) {
  struct Case {
    const char* sentence;
    std::function<void(Shop&)> change;
  };
  const Case cases[] = {
      {"desired is Stable",
       [](Shop& shop) { shop.sale.spec->rollouts[0].desired = api::DesiredRevision::Stable; }},
      {"suspended",
       [](Shop& shop) {
         shop.sale.spec->rollouts[0].desired = api::DesiredRevision::Stable;
         shop.sale.spec->suspend = true;
       }},
      {"deleted", [](Shop& shop) { shop.sale.deleting = true; }},
      {"its spec cannot be read and it was told back",
       [](Shop& shop) {
         api::SaleActionSpec back;
         back.action = api::ActionVerb::RollBack;
         back.rollouts = {"checkout-v2"};
         back.requested_by = "ada";
         back.reason = "errors";
         shop.act("back", back);
         shop.sale.spec = Error{.kind = ErrorKind::Invalid, .message = "spec: is unreadable"};
       }},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.sentence);
    Shop shop = at_half();
    one.change(shop);
    shop.requests.clear();
    shop.round();
    EXPECT_EQ(size_of(shop), 0);
    const auto at = [&shop](const std::string& what) {
      return std::find(shop.requests.begin(), shop.requests.end(), what);
    };
    EXPECT_LT(at("status"), at("Deployment/" + candidate_of(shop).name))
        << "what was decided is stored first";
    shop.run_until(shop.clock + minutes(5));
    EXPECT_FALSE(stands(shop));
    EXPECT_GE(shop.number(kCheckout, "/spec/replicas"), 10);
  }
}

TEST(RolloutPods, the_least_of_the_target_is_raised_before_anything_is_stored) {
  Shop shop = at_half();
  shop.sale.spec->rollouts[0].desired = api::DesiredRevision::Stable;
  shop.requests.clear();
  shop.round();
  ASSERT_FALSE(shop.requests.empty());
  EXPECT_EQ(shop.requests.front(), "HorizontalPodAutoscaler/checkout");
  EXPECT_EQ(shop.number(kCheckoutHpa, "/spec/minReplicas"), 20) << "all that served";
  shop.settle();
  EXPECT_EQ(shop.number(kCheckoutHpa, "/spec/minReplicas"), 20) << "and no more than that";
}

TEST(RolloutPods, keeps_what_the_target_lacks_on_the_way_back_for_twenty_minutes) {
  Shop shop = at_half();
  shop.others = nullptr;
  target_has(shop, 4);
  shop.sale.spec->rollouts[0].desired = api::DesiredRevision::Stable;
  shop.settle();
  EXPECT_EQ(size_of(shop), 6);
  EXPECT_THAT(rollout_row(shop).message, HasSubstr("keeps 6 until 10 pods"));
  shop.say(candidate_of(shop), "/status/availableReplicas", json_of(std::int64_t{6}));
  target_has(shop, 7);
  shop.settle();
  EXPECT_EQ(size_of(shop), 3);
  shop.say(candidate_of(shop), "/status/availableReplicas", json_of(std::int64_t{3}));
  target_has(shop, 6);
  shop.settle();
  EXPECT_EQ(size_of(shop), 3) << "never more again";
  shop.run_until(shop.clock + minutes(19));
  EXPECT_EQ(size_of(shop), 3);
  shop.run_until(shop.clock + minutes(3));
  EXPECT_FALSE(stands(shop) && size_of(shop) > 0);
}

TEST(RolloutPods, keeps_nothing_without_ready_pods) {
  Shop shop = at_half();
  shop.others = nullptr;
  target_has(shop, 0);
  shop.unready.insert(candidate_of(shop).name);
  shop.say(candidate_of(shop), "/status/availableReplicas", json_of(std::int64_t{0}));
  shop.say(candidate_of(shop), "/status/readyReplicas", json_of(std::int64_t{0}));
  shop.settle();
  EXPECT_EQ(size_of(shop), 0);
  EXPECT_THAT(rollout_row(shop).message, HasSubstr("no pod of the candidate is ready"));
}

TEST(RolloutPods, waits_until_its_pods_are_gone_and_drained) {
  Shop shop = at_half();
  shop.unready.insert(candidate_of(shop).name);
  shop.sale.spec->rollouts[0].desired = api::DesiredRevision::Stable;
  shop.others = [](Shop& all) {  // they take their time
    if (!all.objects.contains(candidate_of(all))) return;
    all.say(candidate_of(all), "/status/readyReplicas", json_of(std::int64_t{4}));
  };
  shop.run_until(shop.clock + minutes(2));
  EXPECT_TRUE(stands(shop));
  EXPECT_EQ(rollout_row(shop).state, "RollingBack");
  shop.others = nullptr;
  shop.say(candidate_of(shop), "/status/readyReplicas", json_of(std::int64_t{0}));
  shop.settle();
  EXPECT_TRUE(stands(shop)) << "what was under way has its time";
  shop.run_until(shop.clock + seconds(20));
  EXPECT_FALSE(stands(shop));
}

TEST(RolloutPods, pods_that_may_not_be_read_are_not_drained) {
  Shop shop = at_half();
  const ObjectRef candidate = candidate_of(shop);
  shop.instead[candidate] = Forbidden{"get"};
  shop.sale.spec->rollouts[0].desired = api::DesiredRevision::Stable;
  shop.run_until(shop.clock + minutes(5));
  EXPECT_EQ(rollout_row(shop).state, "RollingBack");
  shop.instead.erase(candidate);
  shop.settle();
  EXPECT_TRUE(stands(shop)) << "what was under way has its time";
  EXPECT_EQ(size_of(shop), 0);
  shop.run_until(shop.clock + seconds(20));
  EXPECT_FALSE(stands(shop));
}

TEST(RolloutPods, what_is_not_read_of_a_service_or_an_autoscaler_stops_no_way_back) {
  for (const char* kind : {"Service", "HorizontalPodAutoscaler"}) {
    SCOPED_TRACE(kind);
    Shop shop = at_half();
    shop.unread.insert(kind);
    shop.sale.spec->rollouts[0].desired = api::DesiredRevision::Stable;
    shop.settle();
    EXPECT_EQ(size_of(shop), 0);
    shop.run_until(shop.clock + minutes(5));
    EXPECT_EQ(rollout_row(shop).state, "RollingBack") << "it is not known whether all is put away";
    shop.unread.clear();
    shop.run_until(shop.clock + minutes(20));
    EXPECT_EQ(rollout_row(shop).state, "RolledBack");
    EXPECT_FALSE(stands(shop));
  }
}

TEST(RolloutPods, another_router_in_the_spec_sends_it_back) {
  Shop shop = at_half();
  shop.sale.spec->rollouts[0].traffic = {
      .http_route = api::RouteTraffic{.name = "shop", .backend = "checkout"}};
  shop.settle();
  EXPECT_THAT(rollout_row(shop).message, HasSubstr("its traffic was changed"));
  EXPECT_EQ(size_of(shop), 0);
}

TEST(RolloutPods, replicas_of_a_step_are_never_fewer) {
  Shop shop = pods_shop();
  shop.sale.spec->rollouts[0].strategy.canary->steps[0].replicas = 7;
  shop.run_until(kStart + seconds(30));
  EXPECT_EQ(size_of(shop), 7);
}

TEST(RolloutPods, names_tell_pods_of_both_sides_apart) {
  Shop shop = at_half();
  shop.sale.spec->rollouts[0].analysis.usual = api::AnalysisSpec{.compare = api::CompareSpec{}};
  const auto pair = pair_of(shop.sale, shop.setup.install, shop.sale.spec->rollouts[0]);
  ASSERT_TRUE(pair);
  // The worst of names: the target is called as its candidates' pods begin.
  ComparedPair same = *pair;
  same.stable = pair->candidate.substr(0, pair->candidate.rfind('-'));
  const std::string query =
      errors_asked(*shop.sale.spec->rollouts[0].analysis.usual->compare, same).prometheus->query;
  const std::string begin = "=~\"" + same.stable + "-[";
  const std::size_t at = query.find(begin);
  ASSERT_NE(at, std::string::npos) << query;
  const std::regex stable(query.substr(at + 3, query.find('"', at + 3) - at - 3));
  EXPECT_TRUE(std::regex_match(same.stable + "-5d4f8c7b9d-x2x9z", stable));
  EXPECT_FALSE(std::regex_match(pair->candidate + "-5d4f8c7b9d-x2x9z", stable));
}

}  // namespace
}  // namespace doorbuster::planner
