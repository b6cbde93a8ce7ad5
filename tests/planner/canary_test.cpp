// A Flagger Canary in charge of a target: what serves is its primary, whose autoscaler is held, and
// with it what a promotion would write there.
#include "controllers/planner/canary.h"

#include "tests/planner/shop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::planner {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kMin = "/spec/minReplicas";
constexpr const char* kMax = "/spec/maxReplicas";
constexpr const char* kReplicas = "/spec/replicas";
constexpr const char* kPhase = "/status/phase";
const ObjectRef kCanary{"flagger.app", "Canary", "shop", "checkout"};
const ObjectRef kPrimary{"apps", "Deployment", "shop", "checkout-primary"};
const ObjectRef kPrimaryHpa{"autoscaling", "HorizontalPodAutoscaler", "shop", "checkout-primary"};

Value of(std::int64_t count) { return json_of(count); }

void made_by_canary(Shop& shop, const ObjectRef& ref) {
  shop.change(ref,
              "/metadata/ownerReferences",
              Json{R"([{"apiVersion":"flagger.app/v1beta1","kind":"Canary","name":"checkout",)"
                   R"("controller":true,"uid":"c"}])"},
              "flagger");
}

/// As it is between releases: the Deployment that the author applies has no pods.
Shop shop_without_autoscaler(std::int64_t serving) {
  Shop shop;
  shop.add_workload("checkout", 0);
  shop.add_workload("checkout-primary", serving);
  made_by_canary(shop, kPrimary);
  shop.add(
      kCanary,
      R"({"spec":{"targetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"checkout"}},)"
      R"("status":{"phase":"Succeeded"}})");
  shop.sale.spec->capacity.targets = {target_of("checkout", 40)};
  return shop;
}

void name_autoscaler(Shop& shop, const std::string& kind) {
  shop.change(kCanary, "/spec/autoscalerRef/kind", json_of_string(kind), "kubectl");
  shop.change(kCanary, "/spec/autoscalerRef/name", json_of_string("checkout"), "kubectl");
}

/// The author's autoscaler says 3 to 20, and so does what Flagger has made of it.
Shop usual_shop() {
  Shop shop = shop_without_autoscaler(4);
  name_autoscaler(shop, "HorizontalPodAutoscaler");
  shop.add_autoscaler("checkout", of(3), 20);
  shop.add_autoscaler("checkout-primary", of(3), 20);
  made_by_canary(shop, kPrimaryHpa);
  return shop;
}

/// pkg/canary/hpa_reconciler.go: what the Canary says, or else the author's autoscaler.
void promote(Shop& shop) {
  const auto or_else = [&shop](const char* of_canary, const char* of_author) {
    const Value said = shop.at(kCanary, of_canary);
    return said ? said : shop.at(kCheckoutHpa, of_author);
  };
  shop.change(kPrimaryHpa, kMin, or_else(kPrimaryMin, kMin), "flagger");
  shop.change(kPrimaryHpa, kMax, or_else(kPrimaryMax, kMax), "flagger");
}

void end(Shop& shop) {
  shop.set_load("checkout-primary", 1);
  shop.run_until(shop.window.restored_by + hours(1));
  EXPECT_EQ(shop.sale.status.phase, "Completed");
}

TEST(Canary, what_scales_the_primary_is_held_and_what_a_promotion_writes_there) {
  Shop shop = usual_shop();
  shop.run_until(kStart);
  EXPECT_EQ(shop.number(kPrimaryHpa, kMin), 40);
  EXPECT_EQ(shop.number(kPrimaryHpa, kMax), 60);
  EXPECT_EQ(shop.number(kCanary, kPrimaryMin), 40);
  EXPECT_EQ(shop.number(kCanary, kPrimaryMax), 60);
  EXPECT_EQ(shop.number(kPrimary, kReplicas), 40);
  EXPECT_EQ(shop.number(kCheckout, kReplicas), 0);
  EXPECT_EQ(shop.condition("Prepared"), "True Prepared");
  const api::TargetStatus& row = *shop.target("checkout");
  EXPECT_EQ(row.in_charge,
            "Deployment shop/checkout-primary < HorizontalPodAutoscaler checkout-primary < Canary "
            "checkout");
  EXPECT_EQ(row.usual, 4) << "of what serves";
  EXPECT_EQ(row.object, "Deployment.apps shop/checkout-primary");
  end(shop);
  EXPECT_EQ(shop.number(kPrimaryHpa, kMin), 3);
  EXPECT_EQ(shop.number(kPrimaryHpa, kMax), 20);
  EXPECT_EQ(shop.at(kCanary, "/spec/autoscalerRef"),
            Value(Json{R"({"kind":"HorizontalPodAutoscaler","name":"checkout"})"}));
  for (const ObjectRef& one : {kCanary, kPrimaryHpa, kPrimary})
    EXPECT_FALSE(shop.at(one, "/metadata/annotations/doorbuster.dev~1holds")) << to_text(one);
  EXPECT_THAT(shop.log, Not(Contains("HorizontalPodAutoscaler/checkout")));
  EXPECT_THAT(shop.log, Not(Contains("Deployment/checkout")));
}

TEST(Canary, what_its_author_said_of_the_primary_comes_back) {
  Shop shop = usual_shop();
  shop.change(kCanary, kPrimaryMin, of(5), "kubectl");
  promote(shop);
  shop.run_until(kStart);
  EXPECT_EQ(shop.number(kCanary, kPrimaryMin), 40);
  EXPECT_EQ(shop.number(kCanary, kPrimaryMax), 60);
  end(shop);
  EXPECT_EQ(shop.number(kCanary, kPrimaryMin), 5);
  EXPECT_FALSE(shop.at(kCanary, kPrimaryMax));
  EXPECT_EQ(shop.number(kPrimaryHpa, kMin), 5);
}

struct PromotionCase {
  const char* sentence;
  Instant at;
  std::int64_t min, max;
};

TEST(Canary, a_promotion_takes_nothing_from_the_floor) {
  const PromotionCase cases[] = {
      {"at the height of the sale", kStart + hours(1), 40, 60},
      {"while load keeps it up after the sale", kStart + hours(4) + minutes(30), 30, 60},
  };
  for (const PromotionCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    Shop shop = usual_shop();
    shop.run_until(kStart);
    shop.set_load("checkout-primary", 30);
    shop.run_until(one.at);
    const std::int64_t floor = shop.number(kPrimaryHpa, kMin);
    const std::int64_t ceiling = shop.number(kPrimaryHpa, kMax);
    promote(shop);
    EXPECT_EQ(shop.number(kPrimaryHpa, kMin), floor);
    EXPECT_EQ(shop.number(kPrimaryHpa, kMax), ceiling);
    EXPECT_EQ(ceiling, one.max);
    EXPECT_EQ(floor, one.min);
    shop.run_until(one.at + minutes(1));
    EXPECT_EQ(shop.number(kPrimary, kReplicas), one.min);
    end(shop);
    EXPECT_EQ(shop.number(kPrimaryHpa, kMin), 3);
    EXPECT_EQ(shop.number(kPrimaryHpa, kMax), 20);
    EXPECT_FALSE(shop.at(kCanary, kPrimaryMin));
  }
}

TEST(Canary, both_go_down_step_by_step_together) {
  Shop shop = usual_shop();
  shop.run_until(shop.window.end);
  shop.set_load("checkout-primary", 1);
  int steps = 0;
  for (Instant at = shop.window.end; at < shop.window.restored_by; at += minutes(1)) {
    shop.run_until(at);
    const Value floor = shop.at(kCanary, kPrimaryMin);
    if (!floor) break;
    EXPECT_EQ(floor, shop.at(kPrimaryHpa, kMin));
    ++steps;
  }
  EXPECT_GT(steps, 5);
  EXPECT_FALSE(shop.at(kCanary, kPrimaryMin));
}

TEST(Canary, without_an_autoscaler_the_primarys_replicas_are_held) {
  Shop shop = shop_without_autoscaler(4);
  shop.run_until(kStart);
  EXPECT_EQ(shop.number(kPrimary, kReplicas), 40);
  EXPECT_EQ(shop.number(kCheckout, kReplicas), 0) << "between releases it has none";
  EXPECT_EQ(shop.condition("Prepared"), "True Prepared");
  EXPECT_EQ(shop.target("checkout")->in_charge,
            "Deployment shop/checkout-primary < Canary checkout");
  shop.run_until(shop.window.restored_by + hours(1));
  EXPECT_EQ(shop.number(kPrimary, kReplicas), 4);
  EXPECT_THAT(shop.log, Not(Contains("Canary/checkout")));
}

TEST(Canary, an_autoscaler_of_the_primary_that_is_the_authors_own_is_held_alone) {
  Shop shop = shop_without_autoscaler(4);
  shop.add_autoscaler("checkout-primary", of(3), 20);
  shop.run_until(kStart);
  EXPECT_EQ(shop.number(kPrimaryHpa, kMin), 40);
  EXPECT_THAT(shop.log, Not(Contains("Canary/checkout")));
}

TEST(Canary, of_keda_the_primarys_scaled_object_is_held) {
  const ObjectRef scaled{"keda.sh", "ScaledObject", "shop", "checkout-primary"};
  Shop shop = shop_without_autoscaler(4);
  name_autoscaler(shop, "ScaledObject");
  shop.add_scaled_object("checkout-primary", of(3), of(20));
  made_by_canary(shop, scaled);
  shop.run_until(kStart);
  EXPECT_EQ(shop.number(scaled, "/spec/minReplicaCount"), 40);
  EXPECT_EQ(shop.number(kCanary, kPrimaryMin), 40);
  EXPECT_EQ(shop.target("checkout")->in_charge,
            "Deployment shop/checkout-primary < HorizontalPodAutoscaler keda-hpa-checkout-primary "
            "< ScaledObject checkout-primary < Canary checkout");
  end(shop);
  EXPECT_EQ(shop.number(scaled, "/spec/minReplicaCount"), 3);
  EXPECT_FALSE(shop.at(kCanary, kPrimaryMin));
}

TEST(Canary, the_primary_may_be_named_itself) {
  Shop shop = usual_shop();
  shop.sale.spec->capacity.targets = {target_of("checkout-primary", 40)};
  shop.run_until(kStart);
  EXPECT_EQ(shop.number(kPrimaryHpa, kMin), 40);
  EXPECT_EQ(shop.number(kCanary, kPrimaryMin), 40);
}

TEST(Canary, named_as_itself_and_as_its_primary_it_is_one_target_too_many) {
  Shop shop = usual_shop();
  shop.sale.spec->capacity.targets = {target_of("checkout", 40), target_of("checkout-primary", 9)};
  shop.settle();
  EXPECT_THAT(shop.condition("Accepted"), HasSubstr("DuplicateTarget"));
}

TEST(Canary, a_release_at_the_window_is_named) {
  for (const char* phase : {"Progressing", "WaitingPromotion", "Promoting", "Finalising"}) {
    SCOPED_TRACE(phase);
    Shop shop = usual_shop();
    shop.change(kCanary, kPhase, json_of_string(phase), "flagger");
    shop.run_until(kStart);
    EXPECT_THAT(shop.sale.status.message, HasSubstr(phase));
    EXPECT_EQ(shop.number(kPrimaryHpa, kMin), 40) << "and raised all the same";
    shop.change(kCanary, kPhase, json_of_string("Succeeded"), "flagger");
    shop.settle();
    EXPECT_THAT(shop.sale.status.message, Not(HasSubstr(phase)));
  }
}

TEST(Canary, what_it_has_not_made_yet_is_missing_by_name) {
  Shop shop = usual_shop();
  shop.remove(kPrimary);
  shop.remove(kPrimaryHpa);
  shop.run_until(kStart);
  EXPECT_EQ(shop.target("checkout")->state, "Missing");
  EXPECT_THAT(shop.target("checkout")->message, HasSubstr("Canary.flagger.app shop/checkout"));
  shop.add_workload("checkout-primary", 4);
  made_by_canary(shop, kPrimary);
  shop.add_autoscaler("checkout-primary", of(3), 20);
  made_by_canary(shop, kPrimaryHpa);
  shop.settle();
  EXPECT_EQ(shop.number(kPrimaryHpa, kMin), 40);
}

TEST(Canary, two_of_one_workload_are_refused_by_name) {
  Shop shop = usual_shop();
  shop.add(
      {"flagger.app", "Canary", "shop", "other"},
      R"({"spec":{"targetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"checkout"}}})");
  shop.run_until(kStart);
  EXPECT_EQ(shop.target("checkout")->state, "Refused");
  EXPECT_THAT(shop.target("checkout")->message, HasSubstr("checkout and other"));
}

TEST(Canary, one_that_goes_leaves_the_workload_to_its_own_autoscaler) {
  Shop shop = usual_shop();
  shop.run_until(kStart + hours(1));
  for (const ObjectRef& one : {kCanary, kPrimary, kPrimaryHpa}) shop.remove(one);
  shop.change(kCheckout, kReplicas, of(40), "flagger");  // as its finalizer does
  shop.settle();
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 40);
  shop.set_load("checkout", 1);
  shop.run_until(shop.window.restored_by + hours(1));
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 3);
  EXPECT_EQ(shop.number(kCheckoutHpa, kMax), 20);
}

TEST(Canary, an_event_that_is_deleted_at_once_lets_go_of_both) {
  Shop shop = usual_shop();
  shop.sale.spec->deletion_policy = api::DeletionPolicy::Immediate;
  shop.run_until(kStart + hours(1));
  shop.sale.deleting = true;
  shop.settle();
  EXPECT_EQ(shop.number(kPrimaryHpa, kMin), 3);
  EXPECT_FALSE(shop.at(kCanary, kPrimaryMin));
  EXPECT_FALSE(shop.sale.has_finalizer);
}

TEST(Canary, one_that_may_not_be_written_leaves_the_floor_standing) {
  Shop shop = usual_shop();
  shop.denied.insert("Canary");
  shop.run_until(kStart);
  EXPECT_EQ(shop.number(kPrimaryHpa, kMin), 40);
  EXPECT_FALSE(shop.at(kCanary, kPrimaryMin));
  EXPECT_EQ(shop.hold("checkout", kPrimaryMin)->state, "Forbidden");
}

TEST(Canary, a_selector_that_finds_both_finds_one_target) {
  Shop shop = usual_shop();
  for (const ObjectRef& one : {kCheckout, kPrimary})
    shop.change(one, "/metadata/labels", Json{R"({"tier":"web"})"}, "kubectl");
  api::TargetSpec target = target_of("web", 40);
  target.ref.reset();
  target.selector.match_labels = {{"tier", "web"}};
  shop.sale.spec->capacity.targets = {target};
  shop.run_until(kStart);
  ASSERT_EQ(shop.sale.status.targets.size(), 1);
  EXPECT_EQ(shop.number(kPrimaryHpa, kMin), 40);
}

TEST(Canary, where_they_may_not_be_listed_the_author_is_told_that_the_floor_may_reach_nobody) {
  Shop shop = usual_shop();
  shop.instead[{"flagger.app", "Canary", "shop", ""}] = Forbidden{"list"};
  shop.settle();
  EXPECT_THAT(shop.told, Contains("CanariesUnread")) << "long before the day";
  EXPECT_THAT(shop.sale.status.message, HasSubstr("may not list Canaries (flagger.app)"));
  EXPECT_EQ(shop.sale.status.verdict, "Warn");
  shop.run_until(kStart);
  EXPECT_THAT(shop.sale.status.message, HasSubstr("may not list Canaries (flagger.app)"));
  shop.instead.clear();
  shop.settle();
  EXPECT_THAT(shop.sale.status.message, Not(HasSubstr("may not list Canaries")));
}

}  // namespace
}  // namespace doorbuster::planner
