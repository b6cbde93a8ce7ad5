// Where traffic goes is never fought for (DESIGN.md section 3, "Routes and Service selectors yield
// at once"), as tables.
#include "controllers/products/law.h"
#include "tests/planner/shop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::planner {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

const ObjectRef kRoute{"gateway.networking.k8s.io", "HTTPRoute", "shop", "front"};
constexpr const char* kRules = "/spec/rules";
constexpr const char* kWeight = "/spec/rules/0/backendRefs/0/weight";

std::string rules(int weight) {
  return R"([{"backendRefs":[{"name":"stable","weight":)" + std::to_string(weight) + "}]}]";
}

Shop shop_with_route() {
  Shop shop;
  shop.add(kRoute, R"({"spec":{"rules":)" + rules(100) + R"(},"status":{}})");
  shop.sale.spec->holds = {hold_of("split", kRoute, kWeight, api::HoldLiteral{Json{"50"}})};
  return shop;
}

struct FieldCase {
  const char* sentence;
  ObjectRef object;
  const char* pointer;
  bool steers;
};

TEST(Traffic, is_steered_by_routes_weights_and_selectors) {
  const FieldCase cases[] = {
      {"rules of an HTTPRoute", kRoute, kRules, true},
      {"a weight in a rule", kRoute, kWeight, true},
      {"all that contains the rules", kRoute, "/spec", true},
      {"rules of a GRPCRoute", {"gateway.networking.k8s.io", "GRPCRoute", "s", "x"}, kRules, true},
      {"http of a VirtualService",
       {"networking.istio.io", "VirtualService", "s", "x"},
       "/spec/http/[name=default]/route",
       true},
      {"a weighted TraefikService",
       {"traefik.io", "TraefikService", "s", "x"},
       "/spec/weighted/services",
       true},
      {"an ApisixRoute", {"apisix.apache.org", "ApisixRoute", "s", "x"}, "/spec/http", true},
      {"the weight of a canary Ingress",
       {"networking.k8s.io", "Ingress", "s", "x"},
       "/metadata/annotations/nginx.ingress.kubernetes.io~1canary-weight",
       true},
      {"the rate limit of an Ingress",
       {"networking.k8s.io", "Ingress", "s", "x"},
       "/metadata/annotations/nginx.ingress.kubernetes.io~1limit-rps",
       false},
      {"a Service's selector", {"", "Service", "s", "x"}, "/spec/selector", true},
      {"a Service's affinity", {"", "Service", "s", "x"}, "/spec/sessionAffinity", false},
      {"a name that only begins alike", {"", "Service", "s", "x"}, "/spec/selectorX", false},
      {"an autoscaler", kCheckoutHpa, "/spec/minReplicas", false},
      {"a rate limit",
       {"gateway.envoyproxy.io", "BackendTrafficPolicy", "s", "x"},
       "/spec/rateLimit",
       false},
  };
  for (const FieldCase& one : cases) {
    EXPECT_EQ(products::steers_traffic({one.object, one.pointer, ""}), one.steers) << one.sentence;
  }
}

struct ForeignCase {
  const char* sentence;
  int weight;  ///< that they set
  const char* manager;
};

TEST(Traffic, a_foreign_change_wins_at_once_and_stays_at_the_end) {
  const ForeignCase cases[] = {
      {"a person sets another weight", 80, "kubectl-edit"},
      {"a person puts back what was there before", 100, "kubectl-edit"},
      {"Git says something new", 70, "argocd-controller"},
      {"Git puts back what was there before", 100, "kustomize-controller"},
      {"a writer without a name known to us", 0, "some-router"},
  };
  for (const ForeignCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    Shop shop = shop_with_route();
    shop.run_until(kStart + minutes(1));
    EXPECT_EQ(shop.number(kRoute, kWeight), 50);
    shop.change(kRoute, kRules, Value(Json{rules(one.weight)}), one.manager);
    EXPECT_EQ(shop.settle(), 0) << "nothing is written over";
    EXPECT_EQ(shop.number(kRoute, kWeight), one.weight);
    EXPECT_EQ(shop.hold("front", kWeight)->state, "RouteContested");
    EXPECT_THAT(shop.hold("front", kWeight)->message, HasSubstr(one.manager));
    EXPECT_THAT(shop.told, Contains("RouteContested"));
    EXPECT_THAT(shop.told, Not(Contains("FieldReasserted")));
    EXPECT_EQ(shop.sale.status.verdict, "Warn");
    shop.run_until(kStart + hours(1));
    shop.change(kRoute, kRules, Value(Json{rules(33)}), one.manager);
    shop.run_until(shop.window.restored_by + hours(1));
    EXPECT_EQ(shop.number(kRoute, kWeight), 33) << "nor at the end";
    EXPECT_FALSE(shop.at(kRoute, "/metadata/annotations/doorbuster.dev~1holds"));
    EXPECT_EQ(shop.sale.status.phase, "Completed");
  }
}

TEST(Traffic, left_alone_is_restored_at_the_end) {
  Shop shop = shop_with_route();
  shop.run_until(kStart + minutes(1));
  EXPECT_EQ(shop.number(kRoute, kWeight), 50);
  shop.run_until(shop.window.restored_by);
  EXPECT_EQ(shop.number(kRoute, kWeight), 100);
}

TEST(Traffic, set_to_what_is_held_is_kept_again_and_put_back) {
  Shop shop = shop_with_route();
  shop.run_until(kStart + minutes(1));
  shop.change(kRoute, kRules, Value(Json{rules(80)}), "kubectl-edit");
  shop.settle();
  shop.change(kRoute, kRules, Value(Json{rules(50)}), "kubectl-edit");
  shop.settle();
  EXPECT_EQ(shop.hold("front", kWeight)->state, "Held");
  shop.run_until(shop.window.restored_by);
  EXPECT_EQ(shop.number(kRoute, kWeight), 100);
}

TEST(Traffic, an_edited_hold_does_not_take_back_what_was_yielded) {
  Shop shop = shop_with_route();
  shop.run_until(kStart + minutes(1));
  shop.change(kRoute, kRules, Value(Json{rules(80)}), "kubectl-edit");
  shop.settle();
  shop.sale.spec->holds[0].value = api::HoldLiteral{Json{"20"}};
  shop.settle();
  EXPECT_EQ(shop.number(kRoute, kWeight), 80);
}

TEST(Traffic, a_write_that_was_never_made_is_not_a_foreign_change) {
  Shop shop = shop_with_route();
  shop.run_until(kStart - minutes(1));
  shop.refuse_writes = true;
  shop.clock = kStart;
  shop.round();
  shop.round();
  EXPECT_EQ(shop.hold("front", kWeight)->state, "Pending");
  shop.refuse_writes = false;
  shop.settle();
  EXPECT_EQ(shop.number(kRoute, kWeight), 50);
  EXPECT_EQ(shop.hold("front", kWeight)->state, "Held");
}

TEST(Traffic, reverted_together_with_the_record_is_a_foreign_change) {
  Shop shop = shop_with_route();
  shop.run_until(kStart + minutes(1));
  shop.change(kRoute, "/metadata/annotations", std::nullopt, "kubectl-replace");
  shop.change(kRoute, "/metadata/labels", std::nullopt, "kubectl-replace");
  shop.change(kRoute, kRules, Value(Json{rules(100)}), "kubectl-replace");
  shop.settle();
  EXPECT_EQ(shop.number(kRoute, kWeight), 100);
  EXPECT_EQ(shop.hold("front", kWeight)->state, "RouteContested");
}

}  // namespace
}  // namespace doorbuster::planner
