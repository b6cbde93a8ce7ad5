// A release of another Deployment's template (templateFrom).
#include "controllers/planner/rollout_source.h"

#include "tests/planner/rollout_shop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::planner {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

const ObjectRef kNext{"apps", "Deployment", "shop", "checkout-next"};

std::string next_of(const std::string& image) {
  return R"({"spec":{"replicas":0,"selector":{"matchLabels":{"app":"next"}},"template":{"metadata":{"labels":{"app":"next"}},)"
         R"("spec":{"containers":[{"name":"app","image":")" +
         image + R"("}]}}},"status":{}})";
}

Shop shop_with_source() {
  Shop shop = rollout_shop();
  shop.add(kNext, next_of("shop:v2"));
  shop.sale.spec->rollouts[0].patch = {};
  shop.sale.spec->rollouts[0].template_from = api::TemplateFrom{.name = "checkout-next"};
  return shop;
}

TEST(RolloutSource, TheWholeTemplateIsReplacedAndLabelsOfTheTargetStay) {
  const auto document = [](const char* text) { return Document::parse(text).value(); };
  const auto target = document(
      R"({"spec":{"template":{"metadata":{"labels":{"app":"shop","tier":"web"},"annotations":{"a":"old"}},)"
      R"("spec":{"containers":[{"name":"app","image":"shop:1","env":[{"name":"A","value":"1"}]}]}}}})");
  const auto source = document(
      R"({"spec":{"template":{"metadata":{"creationTimestamp":null,"labels":{"app":"next","tier":"web","track":"new"}},)"
      R"("spec":{"containers":[{"name":"app","image":"shop:2"}]}}}})");
  EXPECT_TRUE(equal_values(
      template_patch(*target, *source),
      Json{
          R"({"$patch":"replace","metadata":{"labels":{"app":"shop","tier":"web","track":"new"}},"spec":{"containers":[{"name":"app","image":"shop:2"}]}})"}));
}

TEST(RolloutSource, IsReleasedLikeAPatchAndGivenToTheTarget) {
  Shop shop = shop_with_source();
  shop.run_until(kStart + seconds(1));
  EXPECT_EQ(image_of(shop, candidate_of(shop)), "\"shop:v2\"");
  EXPECT_EQ(shop.at(candidate_of(shop), "/spec/template/metadata/labels/app")->text,
            "\"checkout-candidate\"");
  shop.run_until(kStart + minutes(20));
  EXPECT_EQ(rollout_row(shop).state, "Promoted");
  EXPECT_EQ(image_of(shop, kCheckout), "\"shop:v2\"");
  EXPECT_EQ(shop.number(kNext, "/spec/replicas"), 0) << "it is only read";
}

TEST(RolloutSource, AnotherTemplateThereSupersedesIt) {
  Shop shop = shop_with_source();
  shop.run_until(kStart + seconds(1));
  shop.add(kNext, next_of("shop:v3"));
  shop.settle();
  EXPECT_EQ(split_of(shop), "100/0");
  EXPECT_THAT(rollout_row(shop).message, HasSubstr("superseded"));
  EXPECT_THAT(rollout_row(shop).message, HasSubstr("checkout-next"));
}

TEST(RolloutSource, WhatWasTriedIsWhatIsPromoted) {
  Shop shop = shop_with_source();
  shop.run_until(kStart + minutes(3));
  ASSERT_EQ(rollout_row(shop).state, "Baking");
  shop.sale.spec->rollouts[0].promotion = api::Promotion::AfterWindow;
  shop.run_until(kStart + minutes(20));
  ASSERT_EQ(image_of(shop, kCheckout), "\"shop:v1\"");
  shop.add(kNext, next_of("shop:v3"));
  shop.run_until(shop.window.end + minutes(1));
  EXPECT_EQ(image_of(shop, kCheckout), "\"shop:v1\"") << "nobody has tried shop:v3";
  EXPECT_EQ(split_of(shop), "100/0") << "nor is it waited for";
  EXPECT_THAT(rollout_row(shop).message, HasSubstr("superseded"));
}

TEST(RolloutSource, WhatIsPromotedShipsAgainOnceTheSourceHasAnother) {
  Shop shop = shop_with_source();
  shop.run_until(kStart + minutes(20));
  ASSERT_EQ(rollout_row(shop).state, "Promoted");
  shop.add(kNext, next_of("shop:v3"));
  shop.run_until(kStart + minutes(25));
  ASSERT_EQ(image_of(shop, kCheckout), "\"shop:v2\"") << "not by itself";
  api::SaleActionSpec again;
  again.event = shop.sale.ref.name;
  again.action = api::ActionVerb::Retry;
  again.requested_by = "ada";
  again.reason = "v3 is ready";
  shop.act("again", again);
  shop.run_until(kStart + minutes(45));
  EXPECT_EQ(rollout_row(shop).state, "Promoted");
  EXPECT_EQ(image_of(shop, kCheckout), "\"shop:v3\"");
  EXPECT_FALSE(stands(shop));
}

TEST(RolloutSource, OneThatIsGoneWhenItIsToBePromotedSendsItBack) {
  Shop shop = shop_with_source();
  shop.sale.spec->rollouts[0].promotion = api::Promotion::AfterWindow;
  shop.run_until(kStart + minutes(20));
  ASSERT_EQ(split_of(shop), "50/50");
  shop.remove(kNext);
  shop.settle();
  EXPECT_EQ(split_of(shop), "100/0");
  EXPECT_THAT(rollout_row(shop).message, HasSubstr("does not exist any more"));
}

TEST(RolloutSource, OneThatIsGoneKeepsItFromBeginningAndFromNoWayBack) {
  Shop shop = shop_with_source();
  shop.remove(kNext);
  shop.run_until(kStart + seconds(1));
  EXPECT_EQ(rollout_row(shop).state, "Refused");
  EXPECT_THAT(rollout_row(shop).message, HasSubstr("checkout-next"));
  shop.add(kNext, next_of("shop:v2"));
  shop.run_until(kStart + minutes(2));
  ASSERT_TRUE(stands(shop));
  shop.instead[kNext] = Unread{"not listed yet"};
  shop.sale.spec->rollouts[0].desired = api::DesiredRevision::Stable;
  ++shop.sale.generation;
  shop.settle();
  EXPECT_EQ(split_of(shop), "100/0");
}

}  // namespace
}  // namespace doorbuster::planner
