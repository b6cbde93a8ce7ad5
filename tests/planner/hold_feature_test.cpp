// spec.holds[]: any allow-listed field of any kind, as sentences.
#include "controllers/planner/hold_feature.h"

#include "tests/planner/shop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::planner {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const ObjectRef kLimit{"gateway.envoyproxy.io", "BackendTrafficPolicy", "shop", "front"};
constexpr const char* kRequests = "/spec/rateLimit/global/requests";

Shop shop_with_limit() {
  Shop shop;
  shop.add(kLimit, R"({"spec":{"rateLimit":{"global":{"requests":100}}},"status":{}})");
  return shop;
}

api::HoldSpec limit_hold(api::HoldValue value,
                         api::SalePhase from = api::SalePhase::Live,
                         api::SalePhase until = api::SalePhase::Live) {
  api::HoldSpec out = hold_of("limit", kLimit, kRequests, std::move(value));
  out.during = {from, until};
  return out;
}

struct ValueCase {
  const char* sentence;
  api::HoldValue value;
  std::int64_t held;
};

TEST(Holds, a_value_is_literal_or_made_from_the_baseline) {
  const auto quantity = [](const char* text) { return *api::parse_quantity(text); };
  const ValueCase cases[] = {
      {"a literal replaces", api::HoldLiteral{Json{"500"}}, 500},
      {"a multiple", api::HoldMultiply{quantity("2.5")}, 250},
      {"more", api::HoldAdd{quantity("7")}, 107},
      {"less", api::HoldAdd{quantity("-40")}, 60},
      {"the smaller of the two", api::HoldMin{quantity("20")}, 20},
      {"the larger of the two", api::HoldMax{quantity("20")}, 100},
  };
  for (const ValueCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    Shop shop = shop_with_limit();
    shop.sale.spec->holds = {limit_hold(one.value)};
    const Json before = *shop.at(kLimit, "/spec");
    shop.run_until(kStart - seconds(1));
    EXPECT_EQ(shop.number(kLimit, kRequests), 100);
    shop.run_until(kStart);
    EXPECT_EQ(shop.number(kLimit, kRequests), one.held);
    shop.run_until(shop.window.end);
    EXPECT_EQ(*shop.at(kLimit, "/spec"), before);
    EXPECT_FALSE(shop.at(kLimit, "/metadata/annotations/doorbuster.dev~1holds"));
    EXPECT_EQ(
        shop.at(kLimit, "/metadata/managedFields").value_or(Json{"[]"}).text.find("doorbuster"),
        std::string::npos);
    EXPECT_EQ(shop.sale.status.phase, "Completed");
    EXPECT_FALSE(shop.sale.has_finalizer);
  }
}

TEST(Holds, of_two_in_what_was_not_there_the_one_that_ends_first_leaves_the_other) {
  constexpr const char* kLocal = "/spec/rateLimit/local/requests";
  constexpr const char* kBurst = "/spec/rateLimit/local/burst";
  Shop shop = shop_with_limit();
  shop.change(kLimit, kRequests, Json{"100"}, "kubectl");
  const Json before = *shop.at(kLimit, "/spec");
  api::HoldSpec first = hold_of("first", kLimit, kLocal, api::HoldLiteral{Json{"5"}});
  api::HoldSpec last = hold_of("last", kLimit, kBurst, api::HoldLiteral{Json{"9"}});
  last.during = {api::SalePhase::Live, api::SalePhase::Cooldown};
  shop.sale.spec->holds = {first, last};
  shop.run_until(kStart);
  EXPECT_EQ(shop.number(kLimit, kLocal), 5);
  const int writes = shop.writes;
  shop.run_until(shop.window.end);
  EXPECT_FALSE(shop.at(kLimit, kLocal));
  EXPECT_EQ(shop.number(kLimit, kBurst), 9);
  EXPECT_EQ(shop.writes, writes + 1) << "never gone, not even for a moment";
  shop.run_until(shop.window.restored_by);
  EXPECT_EQ(*shop.at(kLimit, "/spec"), before) << "and the last takes along what we made around it";
}

struct SpanCase {
  const char* sentence;
  api::SalePhase from, until;
  Duration first, after;  ///< relative to the start of the sale, which lasts four hours
};

TEST(Holds, are_kept_through_their_phases_both_included) {
  const SpanCase cases[] = {
      {"Prepare to Prepare",
       api::SalePhase::Prepare,
       api::SalePhase::Prepare,
       -minutes(30),
       minutes(0)},
      {"Prepare to Live", api::SalePhase::Prepare, api::SalePhase::Live, -minutes(30), hours(4)},
      {"Live to Live", api::SalePhase::Live, api::SalePhase::Live, minutes(0), hours(4)},
      {"Live to Cooldown", api::SalePhase::Live, api::SalePhase::Cooldown, minutes(0), hours(5)},
      {"Cooldown to Cooldown",
       api::SalePhase::Cooldown,
       api::SalePhase::Cooldown,
       hours(4),
       hours(5)},
  };
  for (const SpanCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    Shop shop = shop_with_limit();
    shop.sale.spec->holds = {limit_hold(api::HoldLiteral{Json{"500"}}, one.from, one.until)};
    shop.run_until(kStart + one.first - seconds(1));
    EXPECT_EQ(shop.number(kLimit, kRequests), 100);
    shop.run_until(kStart + one.first);
    EXPECT_EQ(shop.number(kLimit, kRequests), 500);
    shop.run_until(kStart + one.after - seconds(1));
    EXPECT_EQ(shop.number(kLimit, kRequests), 500);
    shop.run_until(kStart + one.after);
    EXPECT_EQ(shop.number(kLimit, kRequests), 100);
    shop.run_until(shop.window.restored_by);
    EXPECT_EQ(shop.sale.status.phase, "Completed");
  }
}

TEST(Holds, wait_for_the_holds_they_come_after) {
  Shop shop = shop_with_limit();
  const ObjectRef flags{"", "ConfigMap", "shop", "flags"};
  shop.sale.spec->holds = {limit_hold(api::HoldLiteral{Json{"500"}}),
                           hold_of("flag", flags, "/data/lite", api::HoldLiteral{Json{"\"on\""}})};
  shop.sale.spec->holds[0].after = {"flag"};
  shop.run_until(kStart + minutes(1));
  EXPECT_EQ(shop.number(kLimit, kRequests), 100)
      << "the flag's object is missing: it is not in force";
  EXPECT_EQ(shop.hold("front", kRequests)->state, "Blocked");
  EXPECT_EQ(shop.hold("flags", "/data/lite")->state, "Missing");
  shop.add(flags, R"({"data":{"lite":"off"}})");
  shop.settle();
  EXPECT_EQ(shop.at(flags, "/data/lite"), Value(Json{"\"on\""}));
  EXPECT_EQ(shop.number(kLimit, kRequests), 500);
}

TEST(Holds, of_the_live_phase_wait_for_unready_targets_only_where_the_window_says_block) {
  for (const auto policy :
       {api::OnNotReady::Block, api::OnNotReady::Warn, api::OnNotReady::Proceed}) {
    SCOPED_TRACE(api::to_string(policy));
    Shop shop = shop_with_limit();
    shop.add_workload("checkout", 4);
    shop.add_autoscaler("checkout", json_of(std::int64_t{3}), 20);
    shop.unready = {"checkout"};
    shop.sale.spec->capacity.targets = {target_of("checkout", 40)};
    shop.sale.spec->window.on_not_ready = policy;
    shop.sale.spec->holds = {limit_hold(api::HoldLiteral{Json{"500"}})};
    shop.run_until(kStart + minutes(1));
    EXPECT_EQ(shop.number(kCheckoutHpa, "/spec/minReplicas"), 40) << "capacity never waits";
    EXPECT_EQ(shop.number(kLimit, kRequests), policy == api::OnNotReady::Block ? 100 : 500);
    shop.unready.clear();
    shop.settle();
    EXPECT_EQ(shop.number(kLimit, kRequests), 500);
  }
}

TEST(Holds, taken_out_of_the_spec_are_put_back) {
  Shop shop = shop_with_limit();
  shop.sale.spec->holds = {limit_hold(api::HoldLiteral{Json{"500"}})};
  shop.run_until(kStart + minutes(1));
  shop.sale.spec->holds.clear();
  ++shop.sale.generation;
  shop.settle();
  EXPECT_EQ(shop.number(kLimit, kRequests), 100);
  EXPECT_FALSE(shop.sale.has_finalizer);
}

TEST(Holds, whose_field_is_edited_put_the_old_field_back) {
  Shop shop = shop_with_limit();
  shop.sale.spec->holds = {limit_hold(api::HoldLiteral{Json{"500"}})};
  shop.run_until(kStart + minutes(1));
  shop.sale.spec->holds[0].field = "/spec/rateLimit/local/requests";
  ++shop.sale.generation;
  shop.settle();
  EXPECT_EQ(shop.number(kLimit, kRequests), 100);
  EXPECT_EQ(shop.number(kLimit, "/spec/rateLimit/local/requests"), 500);
  shop.run_until(shop.window.end);
  EXPECT_EQ(shop.at(kLimit, "/spec"), Value(Json{R"({"rateLimit":{"global":{"requests":100}}})"}));
}

TEST(Holds, of_an_owned_object_are_refused_with_the_owners_name) {
  Shop shop = shop_with_limit();
  shop.change(kLimit,
              "/metadata/ownerReferences",
              Json{R"([{"kind":"ScaledObject","name":"workers","controller":true,"uid":"x"}])"},
              "keda");
  shop.sale.spec->holds = {limit_hold(api::HoldLiteral{Json{"500"}})};
  shop.run_until(kStart + minutes(1));
  EXPECT_EQ(shop.number(kLimit, kRequests), 100);
  EXPECT_EQ(shop.hold("front", kRequests)->state, "Refused");
  EXPECT_THAT(shop.hold("front", kRequests)->message, testing::HasSubstr("ScaledObject workers"));
}

TEST(Holds, of_a_revision_that_a_configuration_made_the_bounds_are_held) {
  const ObjectRef revision{"serving.knative.dev", "Revision", "shop", "checkout-00003"};
  const std::string annotations = "/metadata/annotations";
  const std::string min = annotations + "/autoscaling.knative.dev~1min-scale";
  Shop shop;
  shop.add(revision, R"({"spec":{},"status":{}})");
  shop.change(
      revision,
      "/metadata/ownerReferences",
      Json{
          R"([{"apiVersion":"serving.knative.dev/v1","kind":"Configuration","name":"checkout","controller":true,"uid":"x"}])"},
      "controller");
  shop.change(revision, annotations, Json{R"({"serving.knative.dev/creator":"ci"})"}, "controller");
  api::HoldSpec hold = hold_of("floor", revision, min, api::HoldLiteral{json_of_string("40")});
  hold.during = {api::SalePhase::Live, api::SalePhase::Live};
  shop.sale.spec->holds = {hold};
  shop.run_until(kStart + minutes(1));
  EXPECT_EQ(shop.at(revision, min), Value(json_of_string("40")));
  EXPECT_EQ(shop.hold("checkout-00003", min)->state, "Held");
  shop.run_until(shop.window.end);
  EXPECT_EQ(shop.at(revision, annotations), Value(Json{R"({"serving.knative.dev/creator":"ci"})"}));
}

TEST(Holds, two_events_on_one_field_and_the_last_one_out_restores) {
  Shop shop = shop_with_limit();
  shop.sale.spec->holds = {limit_hold(api::HoldLiteral{Json{"500"}})};
  shop.run_until(kStart + minutes(1));
  Shop second = shop;  // the same cluster through another event's eyes
  second.sale.uid = "event-2";
  second.sale.ref.name = "other";
  second.sale.status = {};
  second.sale.spec->holds[0].priority = 5;
  second.sale.spec->holds[0].value = api::HoldLiteral{Json{"900"}};
  second.settle();
  EXPECT_EQ(second.number(kLimit, kRequests), 900) << "the higher priority wins";
  shop.objects = second.objects;
  shop.clock = shop.window.end;
  shop.settle();
  EXPECT_EQ(shop.number(kLimit, kRequests), 900) << "the other event still holds it";
  EXPECT_EQ(shop.sale.status.phase, "Completed");
  second.objects = shop.objects;
  second.clock = shop.window.end;
  second.settle();
  EXPECT_EQ(second.number(kLimit, kRequests), 100);
}

TEST(Holds, that_the_account_may_not_write_block_nothing) {
  Shop shop = shop_with_limit();
  shop.denied = {"BackendTrafficPolicy"};
  shop.add_workload("checkout", 4);
  shop.add_autoscaler("checkout", json_of(std::int64_t{3}), 20);
  shop.sale.spec->capacity.targets = {target_of("checkout", 40)};
  shop.sale.spec->holds = {limit_hold(api::HoldLiteral{Json{"500"}})};
  shop.clock = kStart + minutes(1);
  shop.settle();
  EXPECT_EQ(shop.number(kLimit, kRequests), 100);
  EXPECT_EQ(shop.hold("front", kRequests)->state, "Forbidden");
  EXPECT_EQ(shop.hold("front", kRequests)->copy, "");
  EXPECT_EQ(shop.number(kCheckoutHpa, "/spec/minReplicas"), 40);
  EXPECT_EQ(shop.condition("Accepted"), "True Accepted");
}

TEST(Holds, whose_account_loses_its_rights_in_mid_sale_do_not_bar_deletion) {
  Shop shop = shop_with_limit();
  shop.sale.spec->holds = {limit_hold(api::HoldLiteral{Json{"500"}})};
  shop.run_until(kStart + minutes(1));
  EXPECT_TRUE(shop.sale.has_finalizer);
  shop.denied = {"BackendTrafficPolicy"};
  shop.sale.deleting = true;
  shop.settle();
  EXPECT_EQ(shop.number(kLimit, kRequests), 500);
  EXPECT_FALSE(shop.sale.has_finalizer);
}

TEST(Holds, that_may_not_be_put_back_are_not_called_restored) {
  Shop shop = shop_with_limit();
  shop.sale.spec->holds = {limit_hold(api::HoldLiteral{Json{"500"}})};
  shop.run_until(kStart + minutes(1));
  shop.denied = {"BackendTrafficPolicy"};
  shop.clock = shop.window.restored_by;
  shop.settle();
  EXPECT_EQ(shop.condition("Restored"), "False RestoreForbidden");
  EXPECT_EQ(shop.hold("front", kRequests)->state, "Forbidden");
  shop.denied.clear();
  shop.clock += minutes(2);
  shop.settle();
  EXPECT_EQ(shop.number(kLimit, kRequests), 100);
  EXPECT_EQ(shop.condition("Restored"), "True Restored");
}

TEST(Holds, blanked_facts_release_nothing) {
  Shop shop = shop_with_limit();
  shop.sale.spec->holds = {limit_hold(api::HoldLiteral{Json{"500"}})};
  shop.run_until(kStart + minutes(1));
  shop.clock = shop.window.end + minutes(1);
  shop.instead[kLimit] = Unread{"older than our own write"};
  shop.settle();
  EXPECT_EQ(shop.number(kLimit, kRequests), 500);
  EXPECT_TRUE(shop.sale.has_finalizer);
  EXPECT_NE(shop.hold("front", kRequests)->copy, "");
  shop.instead.clear();
  shop.settle();
  EXPECT_EQ(shop.number(kLimit, kRequests), 100);
}

TEST(Holds, in_a_terminating_namespace_are_dropped_and_outside_it_put_back_at_once) {
  Shop shop = shop_with_limit();
  const ObjectRef pool{"karpenter.sh", "NodePool", "", "web"};
  shop.add(pool, R"({"spec":{"limits":{"cpu":"200"}}})");
  shop.sale.spec->holds = {
      limit_hold(api::HoldLiteral{Json{"500"}}),
      hold_of("nodes", pool, "/spec/limits/cpu", api::HoldMultiply{*api::parse_quantity("4")})};
  shop.run_until(kStart + minutes(1));
  EXPECT_EQ(shop.at(pool, "/spec/limits/cpu"), Value(Json{"\"800\""}));
  shop.sale.spec->deletion_policy = api::DeletionPolicy::Orphan;
  shop.namespace_terminating = true;
  shop.sale.deleting = true;
  shop.settle();
  EXPECT_EQ(shop.at(pool, "/spec/limits/cpu"), Value(Json{"\"200\""}));
  EXPECT_EQ(shop.number(kLimit, kRequests), 500);
  EXPECT_FALSE(shop.sale.has_finalizer);
}

}  // namespace
}  // namespace doorbuster::planner
