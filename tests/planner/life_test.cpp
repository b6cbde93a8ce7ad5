// One sale from the first look to the last, as sentences.
#include "tests/planner/shop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::planner {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::Contains;

constexpr const char* kMin = "/spec/minReplicas";
constexpr const char* kMax = "/spec/maxReplicas";

Shop shop_with_checkout() {
  Shop shop;
  shop.add_workload("checkout", 4);
  shop.add_autoscaler("checkout", json_of(std::int64_t{3}), 20);
  shop.sale.spec->capacity.targets = {target_of("checkout", 40)};
  return shop;
}

TEST(Life, before_preparation_nothing_is_written_but_status) {
  Shop shop = shop_with_checkout();
  EXPECT_EQ(shop.settle(), 0);
  EXPECT_EQ(shop.sale.status.phase, "Scheduled");
  EXPECT_EQ(shop.condition("Ready"), "True Scheduled");
  EXPECT_EQ(shop.condition("Accepted"), "True Accepted");
  EXPECT_EQ(shop.sale.status.next_due, shop.window.prepare);
  EXPECT_FALSE(shop.sale.has_finalizer);
}

TEST(Life, the_whole_sale_ends_with_every_field_as_it_was) {
  Shop shop = shop_with_checkout();
  const Json before = *shop.at(kCheckoutHpa, "/spec");
  shop.run_until(kStart);
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 40);
  EXPECT_EQ(shop.number(kCheckoutHpa, kMax), 60);
  EXPECT_EQ(shop.condition("Prepared"), "True Prepared");
  EXPECT_EQ(shop.sale.status.phase, "Live");
  EXPECT_EQ(shop.sale.status.targets_ready, "1/1");
  EXPECT_TRUE(shop.sale.has_finalizer);
  shop.set_load("checkout", 4);
  shop.run_until(shop.window.end - seconds(1));
  EXPECT_EQ(shop.floors["checkout"], 40);
  shop.run_until(shop.window.restored_by);
  EXPECT_EQ(*shop.at(kCheckoutHpa, "/spec"), before);
  EXPECT_FALSE(shop.at(kCheckoutHpa, "/metadata/annotations/doorbuster.dev~1holds"));
  EXPECT_FALSE(shop.at(kCheckoutHpa, "/metadata/labels/doorbuster.dev~1held"));
  EXPECT_EQ(shop.condition("Restored"), "True Restored");
  EXPECT_EQ(shop.sale.status.phase, "Completed");
  EXPECT_FALSE(shop.sale.has_finalizer);
  EXPECT_TRUE(shop.plan_now().done);
  EXPECT_THAT(shop.told, Contains("Completed"));
}

struct LateCase {
  const char* sentence;
  Duration created;  ///< after preparation should have begun
  std::int64_t floor;
  bool told;
};

TEST(Life, a_window_whose_preparation_should_have_begun_is_caught_up_with_at_once_and_told) {
  // From 4 to 40 in four steps, due 0, 5, 10 and 15 minutes after preparation begins.
  const LateCase cases[] = {
      {"in time", Duration(0), 13, false},
      {"a few seconds late", seconds(20), 13, false},
      {"at the third step", minutes(13), 31, true},
      {"at the last instant from which all fits before the start", minutes(25), 40, true},
      {"in mid-sale", hours(1), 40, true},
  };
  for (const LateCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    Shop shop = shop_with_checkout();
    shop.sale.spec->capacity.targets[0].ramp.up.steps = 4;
    shop.sale.spec->capacity.targets[0].ramp.up.over = {"20m", minutes(20)};
    shop.clock = shop.window.prepare + one.created;
    shop.round();
    EXPECT_EQ(shop.number(kCheckoutHpa, kMin), one.floor);
    shop.settle();
    EXPECT_EQ(shop.condition("Accepted"), "True Accepted");
    const auto& accepted = shop.sale.status.conditions.front();
    EXPECT_EQ(accepted.message.find("should have begun at") != std::string::npos, one.told)
        << accepted.message;
    EXPECT_EQ(shop.told.contains("PreparationLate"), one.told);
    shop.run_until(shop.window.end - minutes(1));
    EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 40);
    EXPECT_EQ(
        shop.sale.status.conditions.front().message.find("should have begun") != std::string::npos,
        one.told)
        << "it stays said";
  }
}

TEST(Life, in_mid_sale_nothing_is_written_while_nothing_is_due) {
  Shop shop = shop_with_checkout();
  shop.run_until(kStart + minutes(1));
  const int writes = shop.writes, publishes = shop.publishes;
  for (int i = 1; i <= 60; ++i) {
    shop.set_load("checkout", 4 + i % 30);
    shop.clock += minutes(1);
    shop.settle();
  }
  EXPECT_EQ(shop.writes, writes);
  EXPECT_EQ(shop.publishes, publishes);
}

TEST(Life, an_event_made_after_its_end_completes_without_a_write) {
  Shop shop = shop_with_checkout();
  shop.clock = shop.window.restored_by + hours(1);
  EXPECT_EQ(shop.settle(), 0);
  EXPECT_EQ(shop.sale.status.phase, "Completed");
  EXPECT_TRUE(shop.plan_now().done);
}

TEST(Life, a_late_event_writes_the_full_floor_first) {
  Shop shop = shop_with_checkout();
  shop.clock = kStart - minutes(4);
  shop.settle();
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 40);
}

TEST(Life, a_window_moved_ahead_after_the_sale_is_the_next_run) {
  Shop shop = shop_with_checkout();
  shop.set_load("checkout", 4);
  shop.run_until(shop.window.restored_by);
  EXPECT_EQ(shop.sale.status.run, 0);
  for (Instant* one :
       {&shop.window.prepare, &shop.window.start, &shop.window.end, &shop.window.restored_by})
    *one += hours(24);
  ++shop.sale.generation;
  shop.settle();
  EXPECT_EQ(shop.sale.status.run, 1);
  EXPECT_EQ(shop.sale.status.phase, "Scheduled");
  shop.run_until(shop.window.start);
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 40);
}

TEST(Life, an_event_of_another_install_is_left_alone) {
  Shop shop = shop_with_checkout();
  shop.sale.status.install = "there";
  shop.clock = kStart;
  EXPECT_EQ(shop.settle(), 0);
  EXPECT_EQ(shop.publishes, 0);
}

struct Ending {
  const char* sentence;
  api::DeletionPolicy policy;
  std::int64_t min_at_once, min_later;
};

class Deleted : public testing::TestWithParam<Ending> {};

TEST_P(Deleted, in_mid_sale) {
  Shop shop = shop_with_checkout();
  shop.sale.spec->deletion_policy = GetParam().policy;
  shop.run_until(kStart + minutes(10));
  shop.set_load("checkout", 4);
  shop.sale.deleting = true;
  shop.settle();
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), GetParam().min_at_once);
  if (shop.sale.has_finalizer) shop.run_until(kStart + minutes(40));
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), GetParam().min_later);
  EXPECT_FALSE(shop.sale.has_finalizer);
  EXPECT_FALSE(shop.at(kCheckoutHpa, "/metadata/annotations/doorbuster.dev~1holds"));
}

INSTANTIATE_TEST_SUITE_P(
    Policies,
    Deleted,
    testing::Values(Ending{"Ramp goes down step by step", api::DeletionPolicy::Ramp, 36, 3},
                    Ending{"Immediate goes down at once", api::DeletionPolicy::Immediate, 3, 3},
                    Ending{"Orphan leaves the values", api::DeletionPolicy::Orphan, 40, 40}),
    [](const auto& one) { return std::string(api::to_string(one.param.policy)); });

struct VanishedCase {
  const char* sentence;
  const char* kind;
  bool autoscaler;
  std::optional<std::string> api_version;
};

class Vanished : public testing::TestWithParam<VanishedCase> {
 protected:
  Vanished() {
    shop_.add_workload("checkout", 4);
    if (GetParam().autoscaler) shop_.add_autoscaler("checkout", json_of(std::int64_t{4}), 50);
    shop_.sale.spec->capacity.targets = {target_times("checkout", "3")};
    shop_.sale.spec->capacity.targets[0].ref->api_version = GetParam().api_version;
    shop_.sale.spec->deletion_policy = api::DeletionPolicy::Immediate;
    shop_.run_until(kStart + minutes(10));
  }
  std::int64_t floor() const {
    return GetParam().autoscaler ? shop_.number(kCheckoutHpa, kMin)
                                 : shop_.number(kCheckout, "/spec/replicas");
  }
  Shop shop_;
};

TEST_P(Vanished, in_mid_sale_what_is_held_stays_and_means_the_same_when_it_is_back) {
  ASSERT_EQ(floor(), 12);
  shop_.unread = {GetParam().kind};
  shop_.run_until(kStart + minutes(15));
  EXPECT_EQ(shop_.condition("Accepted"), "True Accepted");
  EXPECT_EQ(shop_.target("checkout")->state, "Unknown");
  EXPECT_EQ(floor(), 12);
  shop_.unread.clear();
  shop_.run_until(kStart + minutes(20));
  EXPECT_EQ(shop_.target("checkout")->state, "Held");
  EXPECT_EQ(shop_.target("checkout")->usual, 4);
  EXPECT_EQ(floor(), 12) << "three times what ran before the sale, not three times what runs now";
}

TEST_P(Vanished, a_deleted_event_waits_for_it_and_then_puts_everything_back) {
  shop_.unread = {GetParam().kind};
  shop_.sale.deleting = true;
  shop_.run_until(kStart + minutes(15));
  EXPECT_TRUE(shop_.sale.has_finalizer);
  EXPECT_EQ(floor(), 12);
  EXPECT_FALSE(shop_.sale.status.holds.empty());
  shop_.unread.clear();
  shop_.run_until(kStart + minutes(20));
  EXPECT_EQ(floor(), 4);
  EXPECT_FALSE(shop_.sale.has_finalizer);
}

INSTANTIATE_TEST_SUITE_P(
    Kinds,
    Vanished,
    testing::Values(VanishedCase{"TheWorkloads", "Deployment", false, "apps/v1"},
                    VanishedCase{
                        "TheWorkloadsNamedWithoutGroup", "Deployment", false, std::nullopt},
                    VanishedCase{"TheWorkloadsUnderAnAutoscaler", "Deployment", true, std::nullopt},
                    VanishedCase{"TheAutoscalers", "HorizontalPodAutoscaler", true, "apps/v1"}),
    [](const auto& one) { return std::string(one.param.sentence); });

TEST(Life, deleted_before_anything_was_held_nothing_keeps_it) {
  Shop shop = shop_with_checkout();
  shop.settle();
  shop.sale.deleting = true;
  EXPECT_EQ(shop.settle(), 0);
  EXPECT_FALSE(shop.sale.has_finalizer);
}

TEST(Life, suspended_nothing_changes_and_resumed_late_the_full_floor_comes_first) {
  Shop shop = shop_with_checkout();
  shop.run_until(shop.window.prepare + seconds(1));
  const std::int64_t held = shop.number(kCheckoutHpa, kMin);
  EXPECT_GT(held, 3);
  EXPECT_LT(held, 40);
  shop.sale.spec->suspend = true;
  const int writes = shop.writes;
  shop.run_until(kStart + minutes(5));
  EXPECT_EQ(shop.writes, writes);
  EXPECT_EQ(shop.sale.status.phase, "Suspended");
  shop.sale.spec->suspend = false;
  shop.settle();
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 40);
}

TEST(Life, suspended_past_the_end_keeps_capacity_until_resumed) {
  Shop shop = shop_with_checkout();
  shop.run_until(kStart + minutes(5));
  shop.sale.spec->suspend = true;
  shop.set_load("checkout", 4);
  shop.run_until(shop.window.restored_by + hours(3));
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 40);
  shop.sale.spec->suspend = false;
  shop.run_until(shop.window.restored_by + hours(4));
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 3);
  EXPECT_EQ(shop.sale.status.phase, "Completed");
}

TEST(Life, a_dry_run_computes_and_writes_nothing) {
  Shop shop = shop_with_checkout();
  shop.sale.spec->mode = api::Mode::DryRun;
  shop.run_until(kStart + minutes(5));
  EXPECT_EQ(shop.writes, 0);
  EXPECT_FALSE(shop.sale.has_finalizer);
  ASSERT_NE(shop.hold("checkout", kMin), nullptr);
  EXPECT_EQ(shop.hold("checkout", kMin)->state, "Planned");
  EXPECT_EQ(shop.hold("checkout", kMin)->requested, Value(Json{"40"}));
  EXPECT_EQ(shop.hold("checkout", kMin)->copy, "");
  shop.run_until(shop.window.restored_by);
  EXPECT_EQ(shop.writes, 0);
}

TEST(Life, a_dry_run_in_mid_ramp_does_not_change_status_while_nothing_changes) {
  Shop shop = shop_with_checkout();
  shop.sale.spec->mode = api::Mode::DryRun;
  shop.run_until(shop.window.prepare + seconds(1));
  const int publishes = shop.publishes;
  for (int i = 0; i < 3; ++i) {
    shop.clock += std::chrono::milliseconds(55);
    shop.round();
  }
  EXPECT_EQ(shop.publishes, publishes);
  ASSERT_NE(shop.target("checkout"), nullptr);
  EXPECT_FALSE(shop.target("checkout")->stepped_at) << "no step was made";
}

TEST(Life, a_removed_target_whose_workload_is_gone_lets_go_of_its_ceiling_too) {
  Shop shop = shop_with_checkout();
  const Json before = *shop.at(kCheckoutHpa, "/spec");
  shop.run_until(kStart + minutes(1));
  ASSERT_EQ(shop.number(kCheckoutHpa, kMin), 40);
  shop.remove(kCheckout);
  shop.settle();
  shop.sale.spec->capacity.targets.clear();
  shop.run_until(shop.window.restored_by + hours(3));
  EXPECT_EQ(*shop.at(kCheckoutHpa, "/spec"), before);
  EXPECT_EQ(shop.sale.status.phase, "Completed");
  EXPECT_FALSE(shop.sale.has_finalizer);
}

TEST(Life, a_dry_run_switched_on_in_mid_sale_is_a_suspend) {
  Shop shop = shop_with_checkout();
  shop.run_until(kStart + minutes(5));
  shop.sale.spec->mode = api::Mode::DryRun;
  shop.run_until(shop.window.restored_by);
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 40);
  EXPECT_EQ(shop.sale.status.phase, "Suspended");
}

TEST(Life, a_spec_that_breaks_in_mid_sale_keeps_everything_held) {
  Shop shop = shop_with_checkout();
  shop.run_until(kStart + minutes(5));
  shop.sale.spec = Error{.kind = ErrorKind::Invalid,
                         .message = "bad",
                         .causes = {{"spec.window.end", "must be later"}}};
  const int writes = shop.writes;
  shop.run_until(shop.window.restored_by + hours(3));
  EXPECT_EQ(shop.writes, writes);
  EXPECT_EQ(shop.condition("Accepted"), "False InvalidSpec");
  EXPECT_EQ(shop.condition("Stalled"), "True InvalidSpec");
  EXPECT_TRUE(shop.sale.has_finalizer);
}

TEST(Life, lost_answers_change_nothing_about_the_end) {
  Shop shop = shop_with_checkout();
  shop.set_load("checkout", 4);
  const Json before = *shop.at(kCheckoutHpa, "/spec");
  shop.lose_answers = true;
  shop.clock = kStart - minutes(4);
  for (int i = 0; i < 5; ++i) shop.round();
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 40);
  shop.lose_answers = false;
  shop.run_until(shop.window.restored_by);
  EXPECT_EQ(*shop.at(kCheckoutHpa, "/spec"), before);
}

TEST(Life, a_write_that_fails_again_and_again_does_not_change_status_each_time) {
  Shop shop = shop_with_checkout();
  shop.change(kCheckoutHpa, kMin, Json{"3"}, "helm");
  shop.change(kCheckoutHpa, kMax, Json{"20"}, "kubectl");
  shop.set_load("checkout", 2);
  shop.refuse_writes = true;
  shop.clock = kStart;
  for (int i = 0; i < 3; ++i) shop.round();
  const int publishes = shop.publishes;
  for (int i = 0; i < 5; ++i) shop.round();
  EXPECT_EQ(shop.publishes, publishes);
  shop.refuse_writes = false;
  shop.settle();
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 40);
  shop.sale.deleting = true;
  shop.sale.spec->deletion_policy = api::DeletionPolicy::Immediate;
  shop.refuse_writes = true;
  for (int i = 0; i < 3; ++i) shop.round();
  const int later = shop.publishes;
  for (int i = 0; i < 5; ++i) shop.round();
  EXPECT_EQ(shop.publishes, later) << "the same of what is put back";
}

TEST(Life, a_raise_that_never_reached_the_object_is_not_made_after_the_end) {
  Shop shop = shop_with_checkout();
  shop.refuse_writes = true;
  shop.clock = kStart;
  shop.round();
  shop.round();
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 3);
  shop.refuse_writes = false;
  shop.clock = shop.window.end + minutes(1);
  shop.settle();
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 3);
  EXPECT_FALSE(shop.at(kCheckoutHpa, "/metadata/annotations/doorbuster.dev~1holds"));
}

TEST(Life, what_comes_into_sight_after_a_sale_changes_nothing_that_was_told) {
  Shop shop;
  shop.add_workload("checkout", 4);
  shop.add_autoscaler("checkout", json_of(std::int64_t{2}), 10);
  shop.sale.spec->capacity.targets = {target_of("checkout", 8)};
  shop.instead[kCheckoutHpa] = Unread{.why = "the cache is not full yet"};
  shop.sale.spec->suspend = true;
  shop.run_until(shop.window.restored_by - minutes(1));
  shop.sale.spec->suspend = false;
  shop.run_until(shop.window.restored_by + minutes(1));
  ASSERT_EQ(shop.sale.status.phase, "Completed");
  const api::SaleEventStatus told = shop.sale.status;
  shop.instead.clear();
  shop.settle();
  EXPECT_TRUE(shop.sale.status == told);
}

}  // namespace
}  // namespace doorbuster::planner
