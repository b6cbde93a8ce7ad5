// An event that is deleted and created anew under its name takes over what the dead one holds
// (DESIGN.md section 3, "Orphans").
#include "tests/planner/shop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::planner {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::HasSubstr;
using testing::Not;

const ObjectRef kFlags{"", "ConfigMap", "shop", "flags"};
constexpr const char* kMin = "/spec/minReplicas";
constexpr const char* kMax = "/spec/maxReplicas";
constexpr const char* kLite = "/data/lite";
constexpr const char* kRecord = "/metadata/annotations/doorbuster.dev~1holds";

/// In mid-sale: a floor of forty on the autoscaler, a flag switched on.
Shop shop_in_sale() {
  Shop shop;
  shop.add_workload("checkout", 4);
  shop.add_autoscaler("checkout", json_of(std::int64_t{3}), 20);
  shop.set_load("checkout", 4);
  shop.add(kFlags, R"({"data":{"lite":"off"}})");
  shop.sale.spec->capacity.targets = {target_of("checkout", 40)};
  shop.sale.spec->holds = {hold_of("flag", kFlags, kLite, api::HoldLiteral{Json{"\"on\""}})};
  shop.run_until(kStart + minutes(1));
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 40);
  EXPECT_EQ(shop.at(kFlags, kLite)->text, "\"on\"");
  return shop;
}

/// Somebody takes the finalizer off by hand and creates the event anew.
void create_anew(Shop& shop) {
  shop.sale.uid = "event-2";
  shop.sale.status = {};
  shop.sale.has_finalizer = false;
  shop.sale.generation = 1;
}

void expect_only_the_successor(const Shop& shop, const ObjectRef& object) {
  EXPECT_THAT(shop.at(object, kRecord)->text, HasSubstr("event-2"));
  EXPECT_THAT(shop.at(object, kRecord)->text, Not(HasSubstr("event-1")));
}

TEST(Successor, takes_over_floors_and_picks_and_puts_back_the_first_baseline) {
  Shop shop = shop_in_sale();
  create_anew(shop);
  shop.settle();
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 40);
  expect_only_the_successor(shop, kCheckoutHpa);
  expect_only_the_successor(shop, kFlags);
  EXPECT_TRUE(shop.sale.has_finalizer);
  EXPECT_EQ(shop.target("checkout")->baseline.min, 3);
  EXPECT_EQ(shop.target("checkout")->baseline.max, 20);
  shop.run_until(shop.window.restored_by + hours(1));
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 3);
  EXPECT_EQ(shop.number(kCheckoutHpa, kMax), 20);
  EXPECT_EQ(shop.at(kFlags, kLite)->text, "\"off\"");
  EXPECT_FALSE(shop.at(kFlags, kRecord));
  EXPECT_FALSE(shop.at(kCheckoutHpa, kRecord));
}

TEST(Successor, that_asks_for_another_value_has_its_way) {
  Shop shop = shop_in_sale();
  create_anew(shop);
  shop.sale.spec->holds[0].value = api::HoldLiteral{Json{"\"half\""}};
  shop.sale.spec->capacity.targets = {target_of("checkout", 60)};
  shop.settle();
  EXPECT_EQ(shop.at(kFlags, kLite)->text, "\"half\"");
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 60);
  expect_only_the_successor(shop, kFlags);
  shop.run_until(shop.window.restored_by + hours(1));
  EXPECT_EQ(shop.at(kFlags, kLite)->text, "\"off\"");
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 3);
}

TEST(Successor, that_needs_less_comes_down_in_steps) {
  Shop shop = shop_in_sale();
  create_anew(shop);
  shop.sale.spec->capacity.targets = {target_of("checkout", 10)};
  shop.settle();
  EXPECT_GE(shop.number(kCheckoutHpa, kMin), 36);
  shop.run_until(kStart + hours(2));
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 10);
}

TEST(Successor, that_multiplies_does_not_multiply_what_the_dead_one_raised) {
  Shop shop = shop_in_sale();
  create_anew(shop);
  shop.sale.spec->capacity.targets = {target_times("checkout", "5")};
  shop.settle();
  EXPECT_EQ(shop.target("checkout")->usual, 4) << "what load asks for";
  EXPECT_EQ(shop.target("checkout")->floor, 20);
}

TEST(Successor, lets_go_of_names_that_it_does_not_have) {
  Shop shop = shop_in_sale();
  create_anew(shop);
  shop.sale.spec->holds[0].name = "lights";
  shop.settle();
  expect_only_the_successor(shop, kFlags);
  EXPECT_EQ(shop.at(kFlags, kLite)->text, "\"on\"") << "held under the new name all along";
  EXPECT_THAT(shop.at(kFlags, kRecord)->text, Not(HasSubstr("flag\\\",\\\"op")));
  shop.run_until(shop.window.restored_by + hours(1));
  EXPECT_EQ(shop.at(kFlags, kLite)->text, "\"off\"");
}

TEST(Successor, created_for_a_later_day_puts_back_now) {
  Shop shop = shop_in_sale();
  create_anew(shop);
  const Duration later = hours(24 * 7);
  shop.window.prepare += later;
  shop.window.start += later;
  shop.window.end += later;
  shop.window.restored_by += later;
  shop.run_until(kStart + hours(4));
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 3);
  EXPECT_EQ(shop.at(kFlags, kLite)->text, "\"off\"");
  EXPECT_FALSE(shop.sale.has_finalizer);
}

struct AdoptCase {
  const char* sentence;
  Holder holder;
  bool exists, adopted;
};

TEST(Successor, adopts_only_from_the_dead_of_its_own_name_and_install) {
  const AdoptCase cases[] = {
      {"the dead one of its name", {"shop/flash", "event-1", "here", "holds", "x"}, true, true},
      {"one that may still be there",
       {"shop/flash", "event-1", "here", "holds", "x"},
       false,
       false},
      {"another name", {"shop/other", "event-1", "here", "holds", "x"}, true, false},
      {"another namespace", {"bar/flash", "event-1", "here", "holds", "x"}, true, false},
      {"another install", {"shop/flash", "event-1", "there", "holds", "x"}, true, false},
      {"itself", {"shop/flash", "event-2", "here", "holds", "x"}, true, false},
  };
  for (const AdoptCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    Ledger ledger;
    ledger.fields[{"/data/x", ""}].holders[one.holder] = Ask{.op = Ask::Op::Set, .operand = {"1"}};
    const Who who{.event = "shop/flash", .uid = "event-2", .install = "here", .exists = one.exists};
    EXPECT_EQ(adopt(ledger, who), one.adopted);
    const auto& holders = ledger.fields.begin()->second.holders;
    ASSERT_EQ(holders.size(), 1U);
    EXPECT_EQ(holders.begin()->first.uid, one.adopted ? "event-2" : one.holder.uid);
  }
}

TEST(Successor, keeps_its_own_where_both_hold) {
  Ledger ledger;
  auto& holders = ledger.fields[{"/data/x", ""}].holders;
  holders[{"shop/flash", "event-1", "here", "holds", "x"}] = {.op = Ask::Op::Set, .operand = {"1"}};
  holders[{"shop/flash", "event-2", "here", "holds", "x"}] = {.op = Ask::Op::Set, .operand = {"2"}};
  EXPECT_TRUE(adopt(ledger, {"shop/flash", "event-2", "here", true}));
  ASSERT_EQ(holders.size(), 1U);
  EXPECT_EQ(holders.begin()->second.operand.text, "2");
}

}  // namespace
}  // namespace doorbuster::planner
