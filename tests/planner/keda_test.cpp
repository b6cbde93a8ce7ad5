// KEDA's ScaledObject in charge of a target: held itself, never the autoscaler that is made from
// it.
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

constexpr const char* kMin = "/spec/minReplicaCount";
constexpr const char* kMax = "/spec/maxReplicaCount";
constexpr const char* kReplicas = "/spec/replicas";
constexpr const char* kPaused = "/metadata/annotations/autoscaling.keda.sh~1paused";
constexpr const char* kPausedReplicas =
    "/metadata/annotations/autoscaling.keda.sh~1paused-replicas";

Value of(std::int64_t count) { return json_of(count); }

Shop keda_shop(std::int64_t replicas, const Value& min, const Value& max, api::TargetSpec target) {
  Shop shop;
  shop.add_workload("checkout", replicas);
  shop.add_scaled_object("checkout", min, max);
  shop.sale.spec->capacity.targets = {std::move(target)};
  return shop;
}

Shop usual_shop() { return keda_shop(4, of(3), of(20), target_of("checkout", 40)); }

/// What KEDA writes its autoscaler from is written by nobody else.
void expect_autoscaler_untouched(const Shop& shop) {
  EXPECT_THAT(shop.log, Not(Contains("HorizontalPodAutoscaler/keda-hpa-checkout")));
  EXPECT_FALSE(shop.at(kKedaHpa, "/metadata/annotations"));
}

struct BoundsCase {
  const char* sentence;
  Value min, max;
  std::int64_t floor, ceiling;
};

TEST(Keda, the_scaled_object_is_held_and_put_back_exactly) {
  const BoundsCase cases[] = {
      {"both are set", of(3), of(20), 40, 60},
      {"an absent maximum counts as a hundred and is not held below that", of(3), {}, 40, 100},
      {"an absent minimum counts as none", {}, of(20), 40, 60},
      {"neither is set", {}, {}, 40, 100},
      {"a maximum that is high enough stays", of(3), of(200), 40, 200},
  };
  for (const BoundsCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    Shop shop = keda_shop(4, one.min, one.max, target_of("checkout", 40));
    shop.run_until(kStart);
    EXPECT_EQ(shop.number(kScaledCheckout, kMin), one.floor);
    EXPECT_EQ(shop.number(kScaledCheckout, kMax), one.ceiling);
    EXPECT_EQ(shop.number(kCheckout, kReplicas), 40);
    EXPECT_EQ(shop.condition("Prepared"), "True Prepared");
    EXPECT_EQ(shop.target("checkout")->autoscaler, "ScaledObject.keda.sh shop/checkout");
    EXPECT_EQ(shop.target("checkout")->in_charge,
              "Deployment shop/checkout < HorizontalPodAutoscaler keda-hpa-checkout < ScaledObject "
              "checkout");
    shop.set_load("checkout", 1);
    shop.run_until(shop.window.restored_by + hours(1));
    EXPECT_EQ(shop.at(kScaledCheckout, kMin), one.min);
    EXPECT_EQ(shop.at(kScaledCheckout, kMax), one.max);
    EXPECT_FALSE(shop.at(kScaledCheckout, "/metadata/annotations/doorbuster.dev~1holds"));
    EXPECT_EQ(shop.sale.status.phase, "Completed");
    expect_autoscaler_untouched(shop);
  }
}

TEST(Keda, a_floor_above_the_implied_maximum_raises_it_in_the_same_write) {
  Shop shop = keda_shop(4, {}, {}, target_of("checkout", 200));
  shop.run_until(kStart);
  EXPECT_EQ(shop.number(kScaledCheckout, kMin), 200);
  EXPECT_EQ(shop.number(kScaledCheckout, kMax), 300);
  shop.set_load("checkout", 1);
  shop.run_until(shop.window.restored_by + hours(1));
  EXPECT_FALSE(shop.at(kScaledCheckout, kMin));
  EXPECT_FALSE(shop.at(kScaledCheckout, kMax));
}

TEST(Keda, the_maximum_goes_back_last_and_only_when_all_fits) {
  Shop shop = usual_shop();
  shop.run_until(shop.window.end - seconds(1));
  shop.set_load("checkout", 30);
  shop.run_until(shop.window.restored_by);
  EXPECT_EQ(shop.number(kScaledCheckout, kMax), 60);
  EXPECT_EQ(shop.number(kCheckout, kReplicas), 30);
  EXPECT_EQ(shop.target("checkout")->wanted, 30) << "as its autoscaler says";
  shop.set_load("checkout", 5);
  shop.run_until(shop.window.restored_by + hours(1));
  EXPECT_EQ(shop.number(kScaledCheckout, kMin), 3);
  EXPECT_EQ(shop.number(kScaledCheckout, kMax), 20);
}

TEST(Keda, what_keda_scaled_to_zero_does_not_sleep_on_purpose) {
  Shop shop = keda_shop(0, of(0), of(20), target_of("checkout", 40));
  shop.run_until(kStart);
  EXPECT_EQ(shop.number(kCheckout, kReplicas), 40);
  EXPECT_EQ(shop.condition("Prepared"), "True Prepared");
  EXPECT_FALSE(shop.at(kCheckout, "/metadata/annotations")) << "KEDA wakes it, we do not";
  shop.set_load("checkout", 0);
  shop.run_until(shop.window.restored_by + hours(1));
  EXPECT_EQ(shop.number(kScaledCheckout, kMin), 0);
}

TEST(Keda, a_multiple_of_nothing_is_named) {
  Shop shop = keda_shop(0, of(0), of(20), target_times("checkout", "5"));
  shop.run_until(kStart);
  EXPECT_THAT(shop.sale.status.message, HasSubstr("multiple of nothing"));
}

TEST(Keda, an_idle_count_is_named_for_it_undoes_the_floor) {
  Shop shop = keda_shop(0, of(2), of(20), target_of("checkout", 40));
  shop.change(kScaledCheckout, "/spec/idleReplicaCount", of(0), "kubectl");
  shop.change(kCheckout, kReplicas, of(0), "keda");
  shop.run_until(kStart);
  EXPECT_EQ(shop.number(kScaledCheckout, kMin), 40);
  EXPECT_EQ(shop.condition("Prepared"), "False TargetsNotReady");
  EXPECT_THAT(shop.sale.status.message, HasSubstr("idleReplicaCount 0"));
}

TEST(Keda, a_paused_one_is_left_and_named_and_keeps_nobody_else_from_being_ready) {
  for (const char* annotation : {kPaused, kPausedReplicas}) {
    SCOPED_TRACE(annotation);
    Shop shop = usual_shop();
    shop.add_workload("search", 2);
    shop.sale.spec->capacity.targets.push_back(target_of("search", 8));
    shop.change(kScaledCheckout,
                annotation,
                json_of_string(annotation == kPaused ? "true" : "4"),
                "kubectl");
    shop.settle();
    EXPECT_THAT(shop.sale.status.message, HasSubstr("is paused")) << "said before the day";
    shop.run_until(kStart + minutes(1));
    EXPECT_EQ(shop.target("checkout")->state, "Paused");
    EXPECT_THAT(shop.target("checkout")->message, HasSubstr("kubectl annotate scaledobject"));
    EXPECT_EQ(shop.number(kScaledCheckout, kMin), 3);
    EXPECT_EQ(shop.number(kCheckout, kReplicas), 4) << "nor the workload itself";
    EXPECT_EQ(shop.condition("Prepared"), "True PreparedWithExceptions");
    EXPECT_EQ(shop.condition("Ready"), "True Live");
    EXPECT_EQ(shop.sale.status.verdict, "Warn");
    shop.change(kScaledCheckout, annotation, {}, "kubectl");
    shop.settle();
    EXPECT_EQ(shop.number(kScaledCheckout, kMin), 40) << "the full floor at once";
  }
}

TEST(Keda, a_pause_that_says_false_or_stops_one_direction_is_none) {
  Shop shop = usual_shop();
  shop.change(kScaledCheckout, kPaused, json_of_string("false"), "kubectl");
  shop.change(kScaledCheckout,
              "/metadata/annotations/autoscaling.keda.sh~1paused-scale-in",
              json_of_string("true"),
              "kubectl");
  shop.run_until(kStart);
  EXPECT_EQ(shop.number(kScaledCheckout, kMin), 40);
}

TEST(Keda, a_pause_in_mid_sale_lowers_nothing_that_is_held) {
  Shop shop = usual_shop();
  shop.run_until(kStart + minutes(10));
  shop.change(kScaledCheckout, kPaused, json_of_string("true"), "kubectl");
  shop.set_load("checkout", 1);
  shop.run_until(shop.window.end - seconds(1));
  EXPECT_EQ(shop.number(kScaledCheckout, kMin), 40);
  EXPECT_EQ(shop.number(kScaledCheckout, kMax), 60);
  EXPECT_EQ(shop.number(kCheckout, kReplicas), 40);
}

TEST(Keda, at_the_end_a_paused_one_gets_its_minimum_back_and_its_maximum_once_what_runs_fits) {
  Shop shop = usual_shop();
  shop.run_until(kStart + minutes(10));
  shop.change(kScaledCheckout, kPaused, json_of_string("true"), "kubectl");
  shop.run_until(shop.window.restored_by);
  EXPECT_EQ(shop.number(kScaledCheckout, kMin), 3);
  EXPECT_EQ(shop.number(kScaledCheckout, kMax), 60);
  shop.change(kCheckout, kReplicas, of(4), "kubectl");
  shop.run_until(shop.window.restored_by + hours(1));
  EXPECT_EQ(shop.number(kScaledCheckout, kMax), 20);
}

TEST(Keda, one_whose_maker_is_not_read_is_not_known_and_nothing_is_touched) {
  for (const bool held : {false, true}) {
    SCOPED_TRACE(held);
    Shop shop = usual_shop();
    if (held) shop.run_until(kStart + minutes(10));
    shop.instead[kScaledCheckout] = Unread{"not listed yet"};
    const int before = shop.writes;
    shop.clock = held ? shop.window.end + minutes(30) : kStart;
    shop.settle();
    EXPECT_EQ(shop.writes, before);
    EXPECT_EQ(shop.target("checkout")->state, "Unknown");
  }
}

TEST(Keda, a_maker_that_may_not_be_read_is_named) {
  Shop shop = usual_shop();
  shop.instead[kScaledCheckout] = Forbidden{"get"};
  shop.run_until(kStart);
  EXPECT_EQ(shop.target("checkout")->state, "Forbidden");
  EXPECT_EQ(shop.writes, 0);
}

TEST(Keda, an_autoscaler_beside_the_scaled_object_is_one_too_many) {
  Shop shop = usual_shop();
  shop.add_autoscaler("checkout", of(1), 5);
  shop.run_until(kStart);
  EXPECT_EQ(shop.target("checkout")->state, "Refused");
  EXPECT_THAT(shop.target("checkout")->message, HasSubstr("more than one autoscaler"));
  EXPECT_EQ(shop.writes, 0);
}

TEST(Keda, a_target_taken_out_of_the_spec_goes_down_by_what_its_autoscaler_says) {
  Shop shop = usual_shop();
  shop.run_until(kStart + minutes(30));
  shop.set_load("checkout", 2);
  shop.sale.spec->capacity.targets.clear();
  ++shop.sale.generation;
  shop.settle();
  EXPECT_EQ(shop.number(kScaledCheckout, kMin), 36);
  shop.run_until(kStart + hours(1));
  EXPECT_EQ(shop.number(kScaledCheckout, kMin), 3);
  EXPECT_EQ(shop.number(kScaledCheckout, kMax), 20);
}

TEST(Keda, one_that_is_deleted_in_mid_sale_leaves_the_workload_to_us) {
  Shop shop = usual_shop();
  shop.run_until(kStart + minutes(30));
  shop.remove(kScaledCheckout);
  shop.remove(kKedaHpa);
  shop.run_until(shop.window.restored_by);
  EXPECT_EQ(shop.number(kCheckout, kReplicas), 4);
  EXPECT_EQ(shop.sale.status.phase, "Completed");
}

TEST(Keda, a_scaled_object_that_comes_in_mid_sale_takes_over) {
  Shop shop;
  shop.add_workload("checkout", 4);
  shop.sale.spec->capacity.targets = {target_of("checkout", 40)};
  shop.run_until(kStart + minutes(30));
  EXPECT_EQ(shop.number(kCheckout, kReplicas), 40);
  shop.add_scaled_object("checkout", of(2), of(50));
  shop.settle();
  EXPECT_EQ(shop.number(kScaledCheckout, kMin), 40);
  EXPECT_FALSE(shop.at(kCheckout, "/metadata/annotations/doorbuster.dev~1holds"));
}

TEST(Keda, git_that_applies_only_the_maximum_is_warned_of) {
  Shop shop = usual_shop();
  shop.change(kScaledCheckout, kMin, {}, "kubectl");
  shop.change(kScaledCheckout, kMax, of(20), "argocd-controller");
  shop.settle();
  EXPECT_THAT(shop.sale.status.message,
              HasSubstr("group: keda.sh, kind: ScaledObject, name: checkout"));
}

}  // namespace
}  // namespace doorbuster::planner
