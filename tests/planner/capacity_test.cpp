// Floors and ceilings (DESIGN.md section 4) as sentences.
#include "controllers/planner/capacity.h"

#include "tests/planner/shop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::planner {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

constexpr const char* kMin = "/spec/minReplicas";
constexpr const char* kMax = "/spec/maxReplicas";
constexpr const char* kReplicas = "/spec/replicas";

Shop shop_with(std::int64_t replicas, Value min, std::int64_t max, api::TargetSpec target) {
  Shop shop;
  shop.add_workload("checkout", replicas);
  shop.add_autoscaler("checkout", std::move(min), max);
  shop.sale.spec->capacity.targets = {std::move(target)};
  return shop;
}

Shop usual_shop() { return shop_with(4, json_of(std::int64_t{3}), 20, target_of("checkout", 40)); }

struct NeedCase {
  const char* sentence;
  std::int64_t replicas, min, max;
  api::TargetSpec target;
  std::int64_t floor, new_max;
};

api::TargetSpec with_ceiling(api::TargetSpec target, std::int32_t ceiling) {
  target.ceiling = ceiling;
  return target;
}

api::TargetSpec of_minimum(api::TargetSpec target) {
  std::get<api::NeedMultiplier>(target.need).of = api::NeedOf::Minimum;
  return target;
}

TEST(Capacity, the_full_floor_and_the_ceiling_that_goes_with_it) {
  const NeedCase cases[] = {
      {"so many replicas", 4, 3, 20, target_of("checkout", 40), 40, 60},
      {"a multiple of what runs", 4, 3, 20, target_times("checkout", "5"), 20, 30},
      {"a multiple of the minimum where more is its minimum than runs",
       3,
       6,
       20,
       target_times("checkout", "2"),
       12,
       20},
      {"a multiple of the minimum on request",
       9,
       3,
       20,
       of_minimum(target_times("checkout", "2.5")),
       8,
       20},
      {"a fraction is rounded up", 3, 3, 20, target_times("checkout", "1.1"), 4, 20},
      {"a maximum that is high enough stays", 4, 3, 100, target_of("checkout", 40), 40, 100},
      {"the ceiling caps the maximum",
       4,
       3,
       20,
       with_ceiling(target_of("checkout", 40), 45),
       40,
       45},
      {"the ceiling caps a multiple",
       4,
       3,
       20,
       with_ceiling(target_times("checkout", "9"), 25),
       25,
       25},
      {"a floor below the minimum changes nothing of it",
       6,
       6,
       20,
       target_of("checkout", 2),
       6,
       20},
  };
  for (const NeedCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    Shop shop = shop_with(one.replicas, json_of(one.min), one.max, one.target);
    shop.run_until(kStart);
    EXPECT_EQ(shop.number(kCheckoutHpa, kMin), one.floor);
    EXPECT_EQ(shop.number(kCheckoutHpa, kMax), one.new_max);
    EXPECT_EQ(shop.condition("Prepared"), "True Prepared");
    shop.set_load("checkout", 1);
    shop.run_until(shop.window.restored_by + hours(1));
    EXPECT_EQ(shop.number(kCheckoutHpa, kMin), one.min);
    EXPECT_EQ(shop.number(kCheckoutHpa, kMax), one.max);
  }
}

TEST(Capacity, what_is_usual_is_recorded_once) {
  Shop shop = shop_with(4, json_of(std::int64_t{3}), 20, target_times("checkout", "5"));
  shop.run_until(shop.window.prepare);
  EXPECT_EQ(shop.target("checkout")->usual, 4);
  shop.run_until(kStart + hours(1));
  EXPECT_EQ(shop.target("checkout")->usual, 4) << "although twenty run by our own doing";
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 20);
}

TEST(Capacity, an_absent_minimum_is_absent_again) {
  Shop shop = shop_with(4, std::nullopt, 20, target_of("checkout", 10));
  shop.set_load("checkout", 1);
  shop.run_until(shop.window.restored_by);
  EXPECT_FALSE(shop.at(kCheckoutHpa, kMin));
  EXPECT_EQ(shop.sale.status.phase, "Completed");
}

TEST(Capacity, the_last_step_is_there_and_ready_before_the_start) {
  Shop shop = usual_shop();
  std::vector<std::int64_t> floors;
  for (shop.clock = shop.window.prepare; shop.clock < kStart; shop.clock += minutes(1)) {
    shop.settle();
    const std::int64_t floor = shop.number(kCheckoutHpa, kMin);
    if (floors.empty() || floors.back() != floor) floors.push_back(floor);
  }
  EXPECT_EQ(floors, (std::vector<std::int64_t>{13, 22, 31, 40}));
}

TEST(Capacity, pods_that_do_not_get_ready_delay_and_do_not_withhold) {
  Shop shop = usual_shop();
  shop.sale.spec->capacity.targets[0].ramp.up.on_timeout = api::OnTimeout::Hold;
  shop.unready = {"checkout"};
  shop.run_until(kStart - minutes(21));
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 13);
  shop.run_until(kStart - minutes(20));
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 22) << "all exist: they may wait for nodes";
  shop.run_until(kStart - minutes(6));
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 31);
  shop.run_until(kStart - minutes(5));
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 40);
  shop.run_until(kStart + minutes(1));
  EXPECT_EQ(shop.condition("Prepared"), "False TargetsNotReady");
  EXPECT_EQ(shop.condition("Ready"), "False TargetsNotReady");
  EXPECT_EQ(shop.sale.status.targets_ready, "0/1");
  EXPECT_THAT(shop.told, testing::Contains("TargetsNotReady"));
}

TEST(Capacity, the_floor_goes_down_by_at_most_a_tenth_a_minute) {
  Shop shop = usual_shop();
  shop.run_until(shop.window.end - seconds(1));
  shop.set_load("checkout", 2);
  std::int64_t last = 40;
  for (shop.clock = shop.window.end; last > 3; shop.clock += minutes(1)) {
    shop.settle();
    const std::int64_t now = shop.number(kCheckoutHpa, kMin);
    ASSERT_GE(now, last - 4);
    ASSERT_LT(now, last) << "it goes on";
    last = now;
  }
  shop.settle();
  EXPECT_EQ(shop.number(kCheckoutHpa, kMax), 20);
}

TEST(Capacity, the_floor_waits_for_what_stabilization_keeps_above_it) {
  Shop shop = usual_shop();
  shop.set_load("checkout", 40);
  shop.run_until(shop.window.end - seconds(1));
  ASSERT_EQ(shop.number(kCheckout, kReplicas), 40);
  shop.kept["checkout"] = 38;
  shop.set_load("checkout", 12);
  shop.run_until(shop.window.end + minutes(5));
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 36) << "one step, under which 38 are kept";
  EXPECT_THAT(shop.target("checkout")->message, HasSubstr("stabilization keeps more"));
  const int published = shop.publishes;
  shop.settle();
  EXPECT_EQ(shop.publishes, published) << "waiting changes nothing in status";
  shop.kept.clear();
  shop.set_load("checkout", 12);
  shop.settle();
  std::int64_t last = shop.number(kCheckout, kReplicas);
  EXPECT_EQ(last, 36);
  for (const Instant from = shop.clock; last > 12; shop.clock += seconds(60)) {
    ASSERT_LE(shop.clock, from + minutes(8)) << "it goes on";
    shop.settle();
    const std::int64_t now = shop.number(kCheckout, kReplicas);
    ASSERT_GE(now, last - 4) << "no more than the share of a minute";
    if (shop.clock == from) {
      ASSERT_EQ(now, 36) << "the minute counts from when they had followed";
    }
    last = now;
  }
}

TEST(Capacity, a_step_that_did_not_come_through_waits_for_what_is_kept_meanwhile) {
  Shop shop = usual_shop();
  shop.set_load("checkout", 40);
  shop.run_until(shop.window.end - seconds(1));
  shop.set_load("checkout", 12);
  shop.clock = shop.window.end;
  shop.refuse_writes = true;
  shop.round();
  shop.refuse_writes = false;
  ASSERT_EQ(shop.number(kCheckoutHpa, kMin), 40) << "decided, not made";
  shop.kept["checkout"] = 45;
  shop.set_load("checkout", 12);
  shop.run_until(shop.window.end + minutes(3));
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 40);
  EXPECT_THAT(shop.target("checkout")->message, HasSubstr("stabilization keeps more"));
  shop.kept.clear();
  shop.set_load("checkout", 12);
  shop.run_until(shop.window.restored_by);
  EXPECT_LE(shop.number(kCheckoutHpa, kMin), 12) << "it goes on";
}

TEST(Capacity, the_floor_does_not_wait_for_pods_of_a_workload_that_is_gone) {
  Shop shop = usual_shop();
  shop.set_load("checkout", 40);
  shop.run_until(shop.window.end - seconds(1));
  shop.kept["checkout"] = 39;
  shop.set_load("checkout", 12);
  shop.run_until(shop.window.end + minutes(2));
  ASSERT_THAT(shop.target("checkout")->message, HasSubstr("stabilization keeps more"));
  shop.remove(kCheckout);
  shop.run_until(shop.window.restored_by + minutes(10));
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 3);
}

TEST(Capacity, the_floor_does_not_wait_for_what_load_itself_keeps) {
  Shop shop = usual_shop();
  shop.set_load("checkout", 40);
  shop.run_until(shop.window.end - seconds(1));
  shop.kept["checkout"] = 39;
  shop.set_load("checkout", 38);
  shop.run_until(shop.window.end + minutes(4));
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 38) << "as far as load asks for";
}

TEST(Capacity, the_floor_waits_no_longer_than_the_restoring_may_take) {
  Shop shop = usual_shop();
  shop.set_load("checkout", 40);
  shop.run_until(shop.window.end - seconds(1));
  shop.kept["checkout"] = 38;
  shop.set_load("checkout", 2);
  shop.run_until(shop.window.restored_by + hours(2) - minutes(1));
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 36);
  shop.run_until(shop.window.restored_by + hours(3));
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 3);
}

TEST(Capacity, the_maximum_goes_back_last_and_only_when_all_fits) {
  Shop shop = usual_shop();
  shop.run_until(shop.window.end - seconds(1));
  shop.set_load("checkout", 30);
  shop.run_until(shop.window.restored_by);
  EXPECT_EQ(shop.number(kCheckoutHpa, kMax), 60);
  EXPECT_EQ(shop.number(kCheckout, kReplicas), 30);
  shop.run_until(shop.window.restored_by + hours(2));
  EXPECT_EQ(shop.condition("Restored"), "False DemandAboveBaseline");
  EXPECT_EQ(shop.condition("Stalled"), "True DemandAboveBaseline");
  EXPECT_GE(shop.number(kCheckoutHpa, kMax), 30);
  EXPECT_TRUE(shop.sale.has_finalizer);
  shop.set_load("checkout", 5);
  shop.run_until(shop.window.restored_by + hours(4));
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 3);
  EXPECT_EQ(shop.number(kCheckoutHpa, kMax), 20);
  EXPECT_EQ(shop.condition("Restored"), "True Restored");
}

TEST(Capacity, ordinary_load_above_the_old_minimum_does_not_keep_the_floor) {
  Shop shop = usual_shop();
  shop.set_load("checkout", 9);
  shop.run_until(shop.window.restored_by);
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 3);
  EXPECT_EQ(shop.number(kCheckout, kReplicas), 9);
}

TEST(Capacity, a_workload_without_autoscaler_is_held_itself) {
  Shop shop;
  shop.add_workload("checkout", 4);
  shop.sale.spec->capacity.targets = {target_times("checkout", "3")};
  shop.run_until(kStart);
  EXPECT_EQ(shop.number(kCheckout, kReplicas), 12);
  EXPECT_EQ(shop.target("checkout")->baseline.replicas, 4);
  shop.run_until(shop.window.restored_by);
  EXPECT_EQ(shop.number(kCheckout, kReplicas), 4);
  EXPECT_EQ(shop.sale.status.phase, "Completed");
}

TEST(Capacity, a_workload_that_sleeps_on_purpose_sleeps_on_unless_woken) {
  for (const bool wake : {false, true}) {
    SCOPED_TRACE(wake);
    Shop shop = usual_shop();
    shop.change(kCheckout, kReplicas, json_of(std::int64_t{0}), "kubectl");
    shop.sale.spec->capacity.targets[0].wake_from_zero = wake;
    shop.run_until(kStart);
    EXPECT_EQ(shop.number(kCheckout, kReplicas), wake ? 40 : 0);
    EXPECT_EQ(shop.number(kCheckoutHpa, kMin), wake ? 40 : 3);
    EXPECT_EQ(shop.condition("Prepared"), "True Prepared");
  }
}

TEST(Capacity, an_owned_autoscaler_is_refused_with_its_owners_name_and_the_rest_goes_on) {
  Shop shop = usual_shop();
  shop.add_workload("search", 2);
  shop.add_autoscaler("search", json_of(std::int64_t{2}), 10);
  shop.sale.spec->capacity.targets.push_back(target_of("search", 8));
  shop.change(
      kCheckoutHpa,
      "/metadata/ownerReferences",
      Json{
          R"([{"apiVersion":"shops.example/v1","kind":"Scaler","name":"checkout-scaler","controller":true,"uid":"x"}])"},
      "scaler");
  shop.run_until(kStart);
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 3);
  EXPECT_EQ(shop.target("checkout")->state, "Refused");
  EXPECT_THAT(shop.target("checkout")->message, HasSubstr("Scaler checkout-scaler"));
  EXPECT_EQ(shop.number({"autoscaling", "HorizontalPodAutoscaler", "shop", "search"}, kMin), 8);
  EXPECT_EQ(shop.sale.status.verdict, "NoGo");
}

TEST(Capacity, two_autoscalers_of_one_workload_are_refused) {
  Shop shop = usual_shop();
  shop.add(
      {"autoscaling", "HorizontalPodAutoscaler", "shop", "second"},
      R"({"spec":{"scaleTargetRef":{"kind":"Deployment","name":"checkout"},"minReplicas":1,"maxReplicas":5}})");
  shop.sale.status = {};
  shop.clock = kStart;
  shop.settle();
  EXPECT_EQ(shop.target("checkout")->state, "Refused");
  EXPECT_EQ(shop.writes, 0);
}

struct AbsentCase {
  const char* sentence;
  Fact instead;
  const char* state;
};

TEST(Capacity, a_target_that_cannot_be_had_is_named_and_blocks_nothing) {
  const AbsentCase cases[] = {{"it does not exist", Missing{}, "Missing"},
                              {"it may not be read", Forbidden{"get"}, "Forbidden"}};
  for (const AbsentCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    Shop shop = usual_shop();
    shop.add_workload("search", 2);
    shop.sale.spec->capacity.targets.push_back(target_of("search", 8));
    shop.instead[kCheckout] = one.instead;
    shop.run_until(kStart);
    EXPECT_EQ(shop.target("checkout")->state, one.state);
    EXPECT_EQ(shop.condition("Accepted"), "True Accepted");
    EXPECT_EQ(shop.number({"apps", "Deployment", "shop", "search"}, kReplicas), 8);
    EXPECT_EQ(shop.condition("Prepared"), "True PreparedWithExceptions");
    shop.sale.deleting = true;
    shop.run_until(kStart + hours(1));
    EXPECT_FALSE(shop.sale.has_finalizer);
  }
}

TEST(Capacity, a_target_taken_out_of_the_spec_goes_down_the_same_way) {
  Shop shop = usual_shop();
  shop.run_until(kStart + minutes(30));
  shop.set_load("checkout", 2);
  shop.sale.spec->capacity.targets.clear();
  ++shop.sale.generation;
  shop.settle();
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 36);
  shop.run_until(kStart + hours(1));
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 3);
  EXPECT_EQ(shop.number(kCheckoutHpa, kMax), 20);
}

TEST(Capacity, a_target_that_names_another_workload_raises_it_and_puts_the_first_one_back) {
  Shop shop = usual_shop();
  shop.add_workload("search", 2);
  shop.add_autoscaler("search", json_of(std::int64_t{2}), 10);
  shop.run_until(kStart + minutes(30));
  shop.set_load("checkout", 2);
  shop.sale.spec->capacity.targets[0].ref->name = "search";
  ++shop.sale.generation;
  shop.settle();
  EXPECT_EQ(shop.number({"autoscaling", "HorizontalPodAutoscaler", "shop", "search"}, kMin), 40);
  shop.run_until(kStart + hours(1));
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 3);
  EXPECT_EQ(shop.number(kCheckoutHpa, kMax), 20);
}

TEST(Capacity, a_lowered_need_goes_down_step_by_step_to_it) {
  Shop shop = usual_shop();
  shop.run_until(kStart + minutes(30));
  shop.set_load("checkout", 2);
  shop.sale.spec->capacity.targets[0].need = api::NeedReplicas{25};
  ++shop.sale.generation;
  shop.settle();
  EXPECT_GE(shop.number(kCheckoutHpa, kMin), 36);
  shop.run_until(kStart + hours(1));
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 25);
}

TEST(Capacity, an_end_that_moves_away_during_the_way_down_brings_the_floor_back) {
  Shop shop = usual_shop();
  shop.run_until(shop.window.end - seconds(1));
  shop.set_load("checkout", 2);
  shop.run_until(shop.window.end + minutes(3));
  EXPECT_LT(shop.number(kCheckoutHpa, kMin), 40);
  shop.window.end += hours(2);
  shop.window.restored_by += hours(2);
  ++shop.sale.generation;
  shop.settle();
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 40);
}

TEST(Capacity, an_autoscaler_made_anew_in_mid_sale_is_raised_again_and_its_own_values_come_back) {
  Shop shop = usual_shop();
  shop.run_until(kStart + minutes(30));
  shop.remove(kCheckoutHpa);
  shop.settle();
  EXPECT_EQ(shop.number(kCheckout, kReplicas), 40)
      << "the workload keeps the floor while it has no autoscaler";
  shop.add_autoscaler("checkout", json_of(std::int64_t{5}), 15);
  shop.settle();
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 40);
  shop.set_load("checkout", 2);
  shop.run_until(shop.window.restored_by);
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 5);
  EXPECT_EQ(shop.number(kCheckoutHpa, kMax), 15);
  EXPECT_FALSE(shop.at(kCheckout, "/metadata/annotations/doorbuster.dev~1holds"));
  EXPECT_EQ(shop.sale.status.phase, "Completed");
}

TEST(Capacity,
     an_autoscaler_that_goes_for_good_leaves_the_workload_to_us_and_what_was_usual_comes_back) {
  Shop shop = usual_shop();
  shop.run_until(kStart + minutes(30));
  shop.remove(kCheckoutHpa);
  shop.run_until(shop.window.restored_by);
  EXPECT_EQ(shop.number(kCheckout, kReplicas), 4);
  EXPECT_EQ(shop.sale.status.phase, "Completed");
  EXPECT_FALSE(shop.sale.has_finalizer);
}

TEST(Capacity, two_sales_on_one_target_and_the_higher_floor_counts) {
  Shop first = usual_shop();
  first.run_until(kStart + minutes(1));
  Shop second = first;
  second.sale.uid = "event-2";
  second.sale.ref.name = "other";
  second.sale.status = {};
  second.sale.has_finalizer = false;
  second.sale.spec->capacity.targets = {target_of("checkout", 50)};
  second.settle();
  EXPECT_EQ(second.number(kCheckoutHpa, kMin), 50);
  EXPECT_EQ(second.target("checkout")->baseline.min, 3)
      << "a value that another sale applied is no baseline";
  second.set_load("checkout", 2);
  first.objects = second.objects;
  first.load = second.load;
  first.sale.spec->deletion_policy = api::DeletionPolicy::Immediate;
  first.sale.deleting = true;
  first.settle();
  EXPECT_EQ(first.number(kCheckoutHpa, kMin), 50);
  EXPECT_FALSE(first.sale.has_finalizer);
}

TEST(Capacity, load_that_is_not_known_keeps_the_floor_until_restore_timeout) {
  Shop shop = usual_shop();
  shop.run_until(shop.window.end - seconds(1));
  auto quiet =
      Document::parse(
          with_value(shop.objects[kCheckoutHpa], "/status", Json{R"({"currentReplicas":40})"})
              ->text)
          .value();
  shop.instead[kCheckoutHpa] =
      std::make_shared<const Present>(Present{.uid = quiet->string("/metadata/uid"),
                                              .version = quiet->string("/metadata/resourceVersion"),
                                              .as_of = shop.clock,
                                              .deleting = false,
                                              .api_version = "autoscaling/v2",
                                              .object = quiet});
  shop.clock = shop.window.restored_by;
  EXPECT_TRUE(shop.plan_now().writes.empty());
  shop.settle();
  EXPECT_THAT(shop.target("checkout")->message, HasSubstr("does not say"));
  shop.clock = shop.window.restored_by + hours(2);
  EXPECT_FALSE(shop.plan_now().writes.empty());
}

TEST(Capacity, a_deployment_of_a_knative_revision_is_refused_and_what_to_hold_is_said) {
  Shop shop;
  shop.add_workload("checkout", 4);
  shop.change(
      kCheckout,
      "/metadata/ownerReferences",
      Json{
          R"([{"apiVersion":"serving.knative.dev/v1","kind":"Revision","name":"checkout-00003","controller":true,"uid":"x"}])"},
      "controller");
  shop.sale.spec->capacity.targets = {target_of("checkout", 40)};
  shop.run_until(kStart);
  EXPECT_EQ(shop.target("checkout")->state, "Refused");
  EXPECT_NE(shop.target("checkout")->message.find("autoscaling.knative.dev~1min-scale"),
            std::string::npos)
      << shop.target("checkout")->message;
}

TEST(Capacity, knatives_own_kinds_are_refused_with_and_without_their_group) {
  for (const auto& group : {std::optional<std::string>("serving.knative.dev/v1"), {}}) {
    SCOPED_TRACE(group.value_or("no group"));
    Shop shop;
    shop.add({"serving.knative.dev", "Revision", "shop", "checkout"}, R"({"spec":{},"status":{}})");
    shop.sale.spec->capacity.targets = {target_of("checkout", 40)};
    shop.sale.spec->capacity.targets[0].ref =
        api::TargetRef{.api_version = group, .kind = "Revision", .name = "checkout"};
    shop.settle();
    EXPECT_EQ(shop.condition("Accepted"), group ? "False InvalidSpec" : "False NoScale");
    EXPECT_NE(shop.sale.status.message.find("autoscaling.knative.dev~1min-scale"),
              std::string::npos)
        << shop.sale.status.message;
  }
}

}  // namespace
}  // namespace doorbuster::planner
