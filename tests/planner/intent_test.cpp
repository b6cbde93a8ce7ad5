// What is due soon is made ready, so that at a window's edge the object's write is the first
// request.
#include "controllers/planner/intent.h"

#include "tests/planner/shop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::planner {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;

constexpr const char* kMin = "/spec/minReplicas";
constexpr const char* kHolds = "/metadata/annotations/doorbuster.dev~1holds";

Shop shop_with_checkout() {
  Shop shop;
  shop.add_workload("checkout", 4);
  shop.add_autoscaler("checkout", json_of(std::int64_t{3}), 20);
  shop.sale.spec->capacity.targets = {target_times("checkout", "10")};
  return shop;
}

/// Everything is made ready for preparation to begin.
Shop made_ready() {
  Shop shop = shop_with_checkout();
  shop.run_until(shop.window.prepare - kAhead / 2);
  EXPECT_EQ(shop.writes, 0);
  EXPECT_TRUE(shop.sale.has_finalizer);
  const api::HoldStatus* row = shop.hold("checkout", kMin);
  EXPECT_TRUE(row != nullptr && row->state == kDue && !row->copy.empty());
  EXPECT_EQ(shop.target("checkout")->state, kDue);
  EXPECT_EQ(shop.target("checkout")->usual, 4);
  return shop;
}

void expect_nothing_ready(const Shop& shop) {
  EXPECT_FALSE(shop.sale.has_finalizer);
  EXPECT_EQ(shop.target("checkout")->usual, std::nullopt);
  for (const api::HoldStatus& row : shop.sale.status.holds) EXPECT_TRUE(row.copy.empty());
  EXPECT_EQ(shop.writes, 0);
}

TEST(Intent, nothing_is_made_ready_before_its_time) {
  Shop shop = shop_with_checkout();
  shop.clock = shop.window.prepare - kAhead - seconds(1);
  shop.settle();
  EXPECT_EQ(shop.round().wake, shop.window.prepare - kAhead);
  expect_nothing_ready(shop);
}

TEST(Intent, a_status_that_is_ready_says_nothing_else_than_before) {
  const Shop shop = made_ready();
  EXPECT_EQ(shop.sale.status.phase, "Scheduled");
  EXPECT_EQ(shop.condition("Restored"), "False NotDue");
  EXPECT_EQ(shop.condition("Prepared"), "False NotDue");
  EXPECT_TRUE(shop.sale.status.decisions.empty());
}

TEST(Intent, at_the_edge_the_object_is_the_first_request_and_status_follows) {
  Shop shop = made_ready();
  shop.clock = shop.window.prepare + std::chrono::milliseconds(7);
  shop.requests.clear();
  shop.round();
  EXPECT_THAT(shop.requests, ElementsAre("HorizontalPodAutoscaler/checkout"));
  shop.settle();
  EXPECT_EQ(shop.requests.size(), 2U);
  EXPECT_EQ(shop.requests.back(), "status");
  EXPECT_EQ(shop.hold("checkout", kMin)->state, "Held");
  EXPECT_EQ(shop.target("checkout")->usual, 4);
}

TEST(Intent, a_hold_of_the_live_phase_is_ready_at_the_start) {
  Shop shop = shop_with_checkout();
  const ObjectRef policy{"gateway.envoyproxy.io", "BackendTrafficPolicy", "shop", "limit"};
  shop.add(policy, R"({"spec":{"rateLimit":{"local":{"rules":[{"limit":{"requests":100}}]}}}})");
  const std::string field = "/spec/rateLimit/local/rules/0/limit/requests";
  api::HoldSpec hold =
      hold_of("limit", policy, field, api::HoldMultiply{*api::parse_quantity("4")});
  hold.during = {.from = api::SalePhase::Live, .until = api::SalePhase::Live};
  shop.sale.spec->holds = {hold};
  shop.run_until(kStart - seconds(1));
  ASSERT_NE(shop.hold("limit", field), nullptr);
  EXPECT_EQ(shop.hold("limit", field)->state, kDue);
  EXPECT_EQ(shop.number(policy, field), 100);
  shop.clock = kStart;
  shop.requests.clear();
  shop.round();
  EXPECT_THAT(shop.requests, ElementsAre("BackendTrafficPolicy/limit"));
  shop.settle();
  EXPECT_EQ(shop.number(policy, field), 400);
  EXPECT_EQ(shop.hold("limit", field)->stepped_at, std::nullopt);
  shop.run_until(shop.window.restored_by);
  EXPECT_EQ(shop.number(policy, field), 100);
}

TEST(Intent, a_window_moved_away_leaves_nothing_ready) {
  Shop shop = made_ready();
  for (Instant* one :
       {&shop.window.prepare, &shop.window.start, &shop.window.end, &shop.window.restored_by})
    *one += hours(24);
  ++shop.sale.generation;
  shop.settle();
  expect_nothing_ready(shop);
  shop.run_until(shop.window.start);
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 40);
}

TEST(Intent, an_event_deleted_before_its_edge_goes_at_once) {
  Shop shop = made_ready();
  shop.sale.deleting = true;
  shop.settle();
  EXPECT_FALSE(shop.sale.has_finalizer);
  EXPECT_EQ(shop.writes, 0);
}

TEST(Intent, an_event_deleted_just_after_its_edge_and_before_its_write_goes_at_once) {
  Shop shop = made_ready();
  shop.sale.deleting = true;
  shop.clock = shop.window.prepare + seconds(1);
  shop.settle();
  EXPECT_FALSE(shop.sale.has_finalizer);
  EXPECT_EQ(shop.writes, 0);
}

TEST(Intent, a_suspended_event_has_nothing_ready) {
  Shop shop = made_ready();
  shop.sale.spec->suspend = true;
  ++shop.sale.generation;
  shop.settle();
  expect_nothing_ready(shop);
  shop.clock = shop.window.prepare + minutes(1);
  shop.settle();
  expect_nothing_ready(shop);
}

TEST(Intent, a_dry_run_has_nothing_ready) {
  Shop shop = shop_with_checkout();
  shop.sale.spec->mode = api::Mode::DryRun;
  shop.run_until(shop.window.prepare - seconds(1));
  expect_nothing_ready(shop);
}

TEST(Intent, what_the_account_may_not_write_is_not_made_ready) {
  Shop shop = shop_with_checkout();
  shop.denied.insert("HorizontalPodAutoscaler");
  shop.run_until(shop.window.prepare - seconds(1));
  expect_nothing_ready(shop);
}

TEST(Intent, a_value_changed_before_the_edge_is_the_baseline) {
  Shop shop = made_ready();
  shop.change(kCheckoutHpa, kMin, json_of(std::int64_t{5}), "kubectl-edit");
  shop.set_load("checkout", 4);
  shop.run_until(kStart);
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 50) << "ten times of what normally runs by now";
  shop.run_until(shop.window.restored_by);
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 5);
}

TEST(Intent, a_value_changed_at_the_very_edge_is_the_baseline) {
  Shop shop = made_ready();
  shop.clock = shop.window.prepare;
  shop.change(kCheckoutHpa, kMin, json_of(std::int64_t{5}), "kubectl-edit");
  shop.requests.clear();
  shop.round();
  EXPECT_THAT(shop.requests, ElementsAre("status", "HorizontalPodAutoscaler/checkout"))
      << "what was made ready is not what is written";
  shop.set_load("checkout", 4);
  shop.run_until(shop.window.restored_by);
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 5);
}

TEST(Intent, a_record_removed_before_status_was_told_costs_no_baseline) {
  Shop shop = made_ready();
  shop.clock = shop.window.prepare;
  shop.round();  // the process ends here; then somebody removes the annotation
  shop.change(kCheckoutHpa, kHolds, std::nullopt, "kubectl-annotate");
  EXPECT_EQ(shop.hold("checkout", kMin)->state, kDue);
  shop.set_load("checkout", 4);
  shop.clock += seconds(5);
  shop.settle();
  EXPECT_TRUE(shop.at(kCheckoutHpa, kHolds)) << "written again from the second copy";
  EXPECT_EQ(shop.target("checkout")->usual, 4) << "not what our own floor made of it";
  shop.run_until(shop.window.restored_by);
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 3);
}

TEST(Intent, an_object_out_of_sight_keeps_what_may_have_been_written_to_it) {
  Shop shop = made_ready();
  shop.clock = shop.window.prepare;
  shop.round();
  shop.instead[kCheckoutHpa] = Unread{.why = "away"};
  shop.sale.deleting = true;
  shop.settle();
  EXPECT_TRUE(shop.sale.has_finalizer);
  shop.instead.clear();
  shop.set_load("checkout", 4);
  shop.run_until(shop.window.restored_by);
  EXPECT_FALSE(shop.sale.has_finalizer);
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 3);
}

TEST(Intent, a_write_that_fails_is_told_in_the_same_round) {
  Shop shop = made_ready();
  shop.clock = shop.window.prepare;
  shop.refuse_writes = true;
  shop.round();
  EXPECT_EQ(shop.hold("checkout", kMin)->state, "Pending");
  shop.refuse_writes = false;
  shop.settle();
  EXPECT_EQ(shop.hold("checkout", kMin)->state, "Held");
}

}  // namespace
}  // namespace doorbuster::planner
