// Replicas lie where a kind says they do (scale.specReplicasPath), and are floors there as
// anywhere.
#include "controllers/products/law.h"
#include "tests/planner/shop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace doorbuster::planner {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::HasSubstr;
using testing::Not;

const ObjectRef kRing{"example.com", "Ring", "shop", "ring"};
constexpr const char* kSize = "/spec/size";
constexpr const char* kRecord = "/metadata/annotations/doorbuster.dev~1holds";

/// A custom resource with three members, a sale that wants forty.
Shop shop_with_ring() {
  Shop shop;
  shop.scaled = {{"Ring", kSize}};
  shop.setup.allow.kinds.push_back({"example.com", "Ring", {kSize}});
  shop.add(kRing, R"({"spec":{"size":3}})");
  shop.sale.spec->capacity.targets = {target_of("ring", 40)};
  shop.sale.spec->capacity.targets[0].ref = {
      .api_version = "example.com/v1", .kind = "Ring", .name = "ring"};
  return shop;
}

Present ring_of(const Shop& shop) {
  auto parsed = Document::parse(shop.objects.at(kRing).text).value();
  return {.uid = parsed->string("/metadata/uid"),
          .version = parsed->string("/metadata/resourceVersion"),
          .as_of = shop.clock,
          .deleting = false,
          .api_version = "example.com/v1",
          .object = parsed};
}

/// Another sale asks for a size, knowing or not knowing that it is the kind's replicas.
void second_sale(Shop& shop, std::int64_t size, bool knows) {
  ObjectWants wants;
  wants.wants.push_back({"capacity",
                         HoldWant{.field = {kRing, kSize, ""},
                                  .ask = {.op = Ask::Op::Max, .operand = json_of(size)},
                                  .name = "ring",
                                  .reason = {"Raising", "test"},
                                  .baseline = std::nullopt,
                                  .replicas = knows}});
  const Settled made = settle_object(
      kRing, ring_of(shop), {}, wants, Who{"shop/second", "event-2", "here"}, shop.clock);
  ASSERT_TRUE(made.write);
  ASSERT_TRUE(shop.perform(shop.sale, *made.write).ok());
}

TEST(Replicas, of_a_custom_kind_are_a_floor_wherever_the_kind_says_they_are) {
  struct Case {
    const char* sentence;
    FieldRef field;
    bool replicas;
    products::Law law;
  };
  const Case cases[] = {
      {"where the kind says so", {kRing, kSize, ""}, true, products::Law::Highest},
      {"where nobody says so", {kRing, kSize, ""}, false, products::Law::Pick},
      {"where all kinds have them", {kRing, "/spec/replicas", ""}, false, products::Law::Highest},
      {"spare room that a sale also takes away",
       {{"autoscaling.x-k8s.io", "CapacityBuffer", "shop", "x"}, "/spec/replicas", ""},
       true,
       products::Law::Pick},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(static_cast<int>(products::law_of(one.field, one.replicas)),
              static_cast<int>(one.law))
        << one.sentence;
  }
}

TEST(Replicas, two_sales_get_the_greater_of_what_they_ask_for) {
  for (const std::int64_t other : {20, 60}) {
    SCOPED_TRACE(other);
    Shop shop = shop_with_ring();
    shop.run_until(kStart);
    EXPECT_EQ(shop.number(kRing, kSize), 40);
    // The record on the object says what the field is: the other sale need not know.
    second_sale(shop, other, false);
    EXPECT_EQ(shop.number(kRing, kSize), std::max<std::int64_t>(40, other));
    EXPECT_EQ(shop.settle(), 0) << "and neither takes back what the other asks for";
    EXPECT_EQ(shop.number(kRing, kSize), std::max<std::int64_t>(40, other));
  }
}

TEST(Replicas, a_person_above_us_is_not_fought) {
  Shop shop = shop_with_ring();
  shop.run_until(kStart);
  shop.change(kRing, kSize, json_of(std::int64_t{55}), "kubectl-edit");
  EXPECT_EQ(shop.settle(), 0);
  EXPECT_EQ(shop.number(kRing, kSize), 55);
  EXPECT_EQ(shop.hold("ring", kSize)->state, "Held");
}

TEST(Replicas, of_an_orphan_go_down_step_by_step) {
  Shop shop = shop_with_ring();
  shop.run_until(kStart);
  std::vector<std::int64_t> sizes;
  for (int i = 0; i < 200; ++i) {
    shop.clock += minutes(2);
    const Settled made = settle_orphan(kRing,
                                       ring_of(shop),
                                       {{"shop/flash", "event-1", "here", "capacity", "ring"}},
                                       "here",
                                       shop.clock);
    if (!made.write) break;
    ASSERT_TRUE(shop.perform(shop.sale, *made.write).ok());
    sizes.push_back(shop.number(kRing, kSize));
  }
  ASSERT_GE(sizes.size(), 10U);
  EXPECT_EQ(sizes.front(), 36);
  EXPECT_EQ(sizes.back(), 3);
  EXPECT_FALSE(shop.at(kRing, kRecord));
}

TEST(Replicas, held_by_name_in_holds_are_a_floor_too) {
  Shop shop = shop_with_ring();
  shop.sale.spec->capacity.targets.clear();
  shop.sale.spec->holds = {hold_of("ring", kRing, kSize, api::HoldMax{*api::parse_quantity("40")})};
  shop.run_until(kStart);
  EXPECT_EQ(shop.number(kRing, kSize), 40);
  second_sale(shop, 20, false);
  EXPECT_EQ(shop.number(kRing, kSize), 40);
}

TEST(Replicas, are_noted_in_the_record_only_where_the_path_does_not_tell) {
  Shop shop = shop_with_ring();
  shop.add_workload("checkout", 4);
  shop.sale.spec->capacity.targets.push_back(target_of("checkout", 9));
  shop.run_until(kStart);
  EXPECT_THAT(shop.at(kRing, kRecord)->text, HasSubstr(R"(\"v\":2)"));
  EXPECT_THAT(shop.at(kRing, kRecord)->text, HasSubstr(R"(\"replicas\":true)"));
  EXPECT_THAT(shop.at(kCheckout, kRecord)->text, HasSubstr(R"(\"v\":1)"));
  EXPECT_THAT(shop.at(kCheckout, kRecord)->text, Not(HasSubstr(R"(\"replicas\":true)")));
}

TEST(Replicas, an_old_record_that_somebody_brings_along_raises_nothing) {
  Shop shop;
  shop.add_workload("checkout", 4);
  shop.sale.spec->capacity.targets = {target_of("checkout", 20)};
  shop.run_until(kStart);
  ASSERT_EQ(shop.number(kCheckout, "/spec/replicas"), 20);
  constexpr const char* kRecord = "/metadata/annotations/doorbuster.dev~1holds";
  const Value record = shop.at(kCheckout, kRecord);
  shop.run_until(shop.window.restored_by + hours(1));
  ASSERT_EQ(shop.number(kCheckout, "/spec/replicas"), 4);
  shop.change(kCheckout, kRecord, record, "kubectl-rollout");
  shop.round();
  EXPECT_EQ(shop.number(kCheckout, "/spec/replicas"), 4);
  shop.run_until(shop.clock + minutes(5));
  EXPECT_EQ(shop.number(kCheckout, "/spec/replicas"), 4);
  EXPECT_FALSE(shop.at(kCheckout, kRecord));
}

}  // namespace
}  // namespace doorbuster::planner
