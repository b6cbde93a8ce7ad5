// What shares out traffic besides an HTTPRoute, each with the same steps (router.h).
#include "controllers/planner/router.h"
#include "tests/planner/rollout_shop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace doorbuster::planner {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

/// A shop behind another router than the usual one.
struct RouterCase {
  const char* sentence;
  api::RolloutTraffic traffic;
  std::string body;  ///< of the object
};

std::vector<RouterCase> router_cases() {
  const api::RouteTraffic named{.name = "shop", .backend = "checkout"};
  return {
      {"GRPCRoute",
       {.grpc_route = named},
       R"({"spec":{"rules":[{"matches":[{"method":{"service":"shop.Checkout"}}],"backendRefs":[{"name":"checkout","port":80}]}]}})"},
      {"TraefikService",
       {.traefik_service = named},
       R"({"spec":{"weighted":{"services":[{"name":"checkout","port":80,"passHostHeader":true}],"sticky":{"cookie":{}}}}})"},
      {"VirtualService",
       {.virtual_service = named},
       R"({"spec":{"hosts":["shop.example"],"http":[{"match":[{"uri":{"prefix":"/img"}}],"route":[{"destination":{"host":"images"}}]},{"route":[{"destination":{"host":"checkout","subset":"v1","port":{"number":80}}}],"retries":{"attempts":2}}]}})"},
  };
}

Shop shop_behind(const RouterCase& router) {
  Shop shop = rollout_shop();
  shop.remove(kRoute);
  shop.add(router_asked(router.traffic, "shop").object, router.body);
  shop.sale.spec->rollouts.front().traffic = router.traffic;
  return shop;
}

ObjectRef router_in(const Shop& shop) {
  return router_asked(shop.sale.spec->rollouts.front().traffic, "shop").object;
}

TEST(RolloutRouter, shares_out_step_by_step_and_is_as_it_was_afterwards) {
  for (const RouterCase& one : router_cases()) {
    SCOPED_TRACE(one.sentence);
    Shop shop = shop_behind(one);
    const Value before = shop.at(router_in(shop), "/spec");
    shop.run_until(kStart + seconds(30));
    EXPECT_EQ(split_of(shop), "90/10") << rollout_row(shop).message;
    shop.run_until(kStart + minutes(1) + seconds(30));
    EXPECT_EQ(split_of(shop), "50/50");
    shop.run_until(kStart + minutes(30));
    EXPECT_EQ(rollout_row(shop).state, "Promoted");
    EXPECT_EQ(shop.at(router_in(shop), "/spec"), before);
    EXPECT_FALSE(shop.at(router_in(shop), "/metadata/annotations/doorbuster.dev~1holds"));
    EXPECT_FALSE(stands(shop));
  }
}

TEST(RolloutRouter, goes_back_in_the_round_that_is_told) {
  for (const RouterCase& one : router_cases()) {
    SCOPED_TRACE(one.sentence);
    Shop shop = shop_behind(one);
    const Value before = shop.at(router_in(shop), "/spec");
    shop.run_until(kStart + minutes(1) + seconds(30));
    ASSERT_EQ(split_of(shop), "50/50");
    shop.sale.spec->rollouts[0].desired = api::DesiredRevision::Stable;
    shop.round();
    EXPECT_EQ(split_of(shop), "100/0");
    shop.run_until(kStart + minutes(30));
    EXPECT_EQ(rollout_row(shop).state, "RolledBack");
    EXPECT_EQ(shop.at(router_in(shop), "/spec"), before);
    EXPECT_FALSE(stands(shop));
  }
}

TEST(RolloutRouter, yields_to_whoever_else_changes_it) {
  for (const RouterCase& one : router_cases()) {
    SCOPED_TRACE(one.sentence);
    Shop shop = shop_behind(one);
    const ObjectRef router = router_in(shop);
    const char* field = router_of(router)->field;
    const Value before = shop.at(router, field);
    shop.run_until(kStart + seconds(30));
    shop.change(router, field, before, "kubectl-edit");
    shop.run_until(kStart + minutes(3));
    EXPECT_EQ(rollout_row(shop).state, "Contested");
    EXPECT_EQ(shop.at(router, field), before);
    EXPECT_TRUE(shop.told.contains("RouteContested"));
  }
}

TEST(RolloutRouter, a_preview_that_is_taken_out_of_the_spec_leaves_nothing) {
  for (const RouterCase& one : router_cases()) {
    SCOPED_TRACE(one.sentence);
    Shop shop = shop_behind(one);
    const ObjectRef router = router_in(shop);
    shop.sale.spec->rollouts[0].strategy = {.blue_green =
                                                api::BlueGreenSpec{.preview = {"1h", minutes(60)}}};
    shop.run_until(kStart + minutes(1));
    ASSERT_TRUE(stands(shop));
    shop.sale.spec->rollouts.clear();
    shop.log.clear();
    shop.run_until(kStart + minutes(10));
    EXPECT_FALSE(stands(shop)) << rollout_row(shop).message;
    EXPECT_EQ(std::count(shop.log.begin(), shop.log.end(), router.kind + "/" + router.name), 0);
  }
}

TEST(RolloutRouter, goes_back_when_the_spec_names_another) {
  for (const RouterCase& one : router_cases()) {
    SCOPED_TRACE(one.sentence);
    Shop shop = shop_behind(one);
    const ObjectRef router = router_in(shop);
    const Value before = shop.at(router, "/spec");
    shop.run_until(kStart + seconds(30));
    shop.sale.spec->rollouts[0].traffic = {
        .http_route = api::RouteTraffic{.name = "elsewhere", .backend = "checkout"}};
    shop.run_until(kStart + minutes(10));
    EXPECT_EQ(rollout_row(shop).state, "RolledBack");
    EXPECT_THAT(rollout_row(shop).message, HasSubstr("traffic was changed"));
    EXPECT_EQ(shop.at(router, "/spec"), before);
    EXPECT_FALSE(stands(shop));
  }
}

TEST(RolloutRouter, a_share_that_is_not_in_force_yet_follows_the_pods_too) {
  Shop shop = rollout_shop();
  for (int i = 0; i < 20 && !stands(shop); ++i) {
    shop.clock = kStart;
    shop.round();
  }
  ASSERT_TRUE(stands(shop));
  shop.others = [gateway = shop.others](Shop& now) {
    gateway(now);
    now.say(kRoute, "/status/parents", Json{"[]"});
  };
  shop.run_until(kStart + seconds(20));
  ASSERT_EQ(split_of(shop), "90/10");
  ASSERT_EQ(rollout_row(shop).state, "Scaling");
  // Twice as much is needed, and the candidate's second pod does not come.
  shop.unready.insert(candidate_of(shop).name);
  shop.set_load("checkout", 20);
  shop.run_until(kStart + seconds(40));
  EXPECT_EQ(split_of(shop), "95/5");
}

TEST(RolloutRouter, refuses_what_of_a_virtual_service_it_would_leave_behind) {
  struct Case {
    const char* sentence;
    std::string spec, message;
  };
  const std::string http = R"("http":[{"route":[{"destination":{"host":"checkout"}}]}])";
  const Case cases[] = {
      {"tcp to the target",
       http + R"(,"tcp":[{"route":[{"destination":{"host":"checkout"}}]}])",
       "by `tcp` too"},
      {"tls to the target by its whole name",
       http + R"(,"tls":[{"route":[{"destination":{"host":"checkout.shop.svc.cluster.local"}}]}])",
       "by `tls` too"},
      {"others beside the target",
       R"("http":[{"route":[{"destination":{"host":"checkout"},"weight":90},)"
       R"({"destination":{"host":"search"},"weight":10}]}])",
       "a route of its own"},
      {"a namesake elsewhere",
       R"("http":[{"route":[{"destination":{"host":"checkout.staging.svc.cluster.local"}}]}])",
       "does not name the Service checkout"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.sentence);
    RouterCase router = router_cases().back();
    router.body = R"({"spec":{)" + one.spec + "}}";
    Shop shop = shop_behind(router);
    shop.run_until(kStart + seconds(30));
    EXPECT_EQ(rollout_row(shop).state, "Refused");
    EXPECT_THAT(rollout_row(shop).message, HasSubstr(one.message));
    EXPECT_FALSE(stands(shop));
  }
}

TEST(RolloutRouter, is_refused_by_its_own_name) {
  for (const RouterCase& one : router_cases()) {
    SCOPED_TRACE(one.sentence);
    Shop shop = shop_behind(one);
    const ObjectRef router = router_in(shop);
    std::erase_if(shop.setup.allow.kinds,
                  [&](const auto& kind) { return kind.kind == router.kind; });
    shop.run_until(kStart + seconds(30));
    EXPECT_THAT(shop.sale.status.message,
                HasSubstr(std::string("spec.rollouts[0].traffic.") + router_of(router)->member));
    EXPECT_FALSE(stands(shop));
  }
}

}  // namespace
}  // namespace doorbuster::planner
