// What runs is frozen while a sale asks for it, as sentences.
#include "controllers/planner/freeze.h"

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

Shop frozen_shop(const std::string& from = "-2h", const std::string& until = "end") {
  Shop shop;
  shop.sale.spec->freeze = api::FreezeSpec{.from = from, .until = until};
  return shop;
}

TEST(Freeze, BeginsAndEndsWhenItSays) {
  Shop shop = frozen_shop();
  shop.run_until(kStart - hours(2) - seconds(1));
  EXPECT_FALSE(shop.sale.frozen);
  EXPECT_EQ(shop.sale.status.freeze.state, "Waiting");
  shop.run_until(kStart - hours(2));
  EXPECT_TRUE(shop.sale.frozen);
  EXPECT_EQ(shop.sale.status.freeze.state, "Frozen");
  EXPECT_EQ(shop.sale.status.freeze.until, shop.window.end);
  shop.run_until(shop.window.end - seconds(1));
  EXPECT_TRUE(shop.sale.frozen);
  shop.run_until(shop.window.end);
  EXPECT_FALSE(shop.sale.frozen);
  EXPECT_EQ(shop.sale.status.freeze.state, "Over");
  EXPECT_THAT(shop.told, Contains("FreezeBegan"));
  EXPECT_THAT(shop.told, Contains("FreezeEnded"));
}

TEST(Freeze, MayBeWrittenByTheStartTheEndOrASpan) {
  const Window window{kStart - hours(1), kStart, kStart + hours(4), kStart + hours(5), "", ""};
  const auto span = [&window](const char* from, const char* until) {
    return span_of(api::FreezeSpec{.from = from, .until = until}, window);
  };
  EXPECT_EQ(span("start", "end").from, kStart);
  EXPECT_EQ(span("start", "end").until, kStart + hours(4));
  EXPECT_EQ(span("-1h30m", "+15m").from, kStart - minutes(90));
  EXPECT_EQ(span("-1h30m", "+15m").until, kStart + minutes(15));
  EXPECT_EQ(span("30m", "end").from, kStart + minutes(30));
}

TEST(Freeze, ThatWouldEndBeforeItBeginsIsNotAccepted) {
  Shop shop = frozen_shop("1h", "-1h");
  shop.settle();
  EXPECT_EQ(shop.condition("Accepted"), "False InvalidSpec");
  EXPECT_FALSE(shop.sale.frozen);
}

TEST(Freeze, LastsAsLongAsTheSaleIsExtended) {
  Shop shop = frozen_shop();
  shop.run_until(shop.window.end - minutes(1));
  api::SaleActionSpec longer;
  longer.action = api::ActionVerb::Extend;
  longer.by = api::DurationText{"1h", hours(1)};
  shop.act("longer", longer);
  shop.run_until(shop.window.end + minutes(59));
  EXPECT_TRUE(shop.sale.frozen);
  shop.run_until(shop.window.end + minutes(61));
  EXPECT_FALSE(shop.sale.frozen);
}

TEST(Freeze, IsLiftedByBreakingTheGlass) {
  Shop shop = frozen_shop();
  api::SaleActionSpec glass;
  glass.action = api::ActionVerb::BreakGlass;
  glass.requested_by = "ada";
  glass.reason = "the hotfix";
  shop.run_until(kStart - hours(3));
  shop.act("early", glass);
  shop.settle();
  EXPECT_EQ(shop.told_of("early").state, "Refused");
  shop.run_until(kStart + minutes(5));
  ASSERT_TRUE(shop.sale.frozen);
  shop.act("glass", glass);
  shop.settle();
  EXPECT_FALSE(shop.sale.frozen);
  EXPECT_EQ(shop.told_of("glass").state, "Complete");
  EXPECT_EQ(shop.sale.status.freeze.state, "Lifted");
  EXPECT_THAT(shop.sale.status.freeze.message, HasSubstr("by ada: the hotfix"));
  EXPECT_THAT(shop.told, Contains("FreezeLifted"));
  shop.run_until(shop.window.end - minutes(1));
  EXPECT_FALSE(shop.sale.frozen) << "until it would have been over";
}

TEST(Freeze, ADryRunOnlySaysSo) {
  Shop shop = frozen_shop();
  shop.sale.spec->mode = api::Mode::DryRun;
  shop.run_until(kStart + minutes(1));
  EXPECT_FALSE(shop.sale.frozen);
  EXPECT_EQ(shop.sale.status.freeze.state, "Planned");
}

TEST(Freeze, SuspendedItStaysAsItIsAndEndsAllTheSame) {
  Shop shop = frozen_shop();
  shop.run_until(kStart);
  shop.sale.spec->suspend = true;
  ++shop.sale.generation;
  shop.run_until(shop.window.end - minutes(1));
  EXPECT_TRUE(shop.sale.frozen);
  EXPECT_EQ(shop.sale.status.freeze.state, "Suspended");
  shop.run_until(shop.window.end + minutes(1));
  EXPECT_FALSE(shop.sale.frozen);
}

TEST(Freeze, OfASpecThatIsNotAcceptedAnyMoreEndsWhenItWasTold) {
  Shop shop = frozen_shop();
  shop.run_until(kStart);
  shop.sale.spec = Error{.kind = ErrorKind::Invalid, .message = "edited past validation"};
  ++shop.sale.generation;
  shop.run_until(shop.window.end - minutes(1));
  EXPECT_TRUE(shop.sale.frozen);
  shop.run_until(shop.window.end + minutes(2));
  EXPECT_FALSE(shop.sale.frozen);
}

TEST(Freeze, EndsWithTheEvent) {
  for (const bool deleted : {false, true}) {
    Shop shop = frozen_shop();
    shop.add_workload("checkout", 4);
    shop.add_autoscaler("checkout", json_of(std::int64_t{3}), 20);
    shop.sale.spec->capacity.targets = {target_of("checkout", 40)};
    shop.run_until(kStart + minutes(1));
    ASSERT_TRUE(shop.sale.frozen);
    if (deleted) {
      shop.sale.deleting = true;
    } else {
      api::SaleActionSpec abort;
      abort.action = api::ActionVerb::Abort;
      shop.act("abort", abort);
    }
    shop.settle();
    EXPECT_FALSE(shop.sale.frozen) << deleted;
  }
}

TEST(Freeze, ThatNobodyEnforcesIsAWarning) {
  Shop shop = frozen_shop();
  shop.freeze_enforced = false;
  shop.run_until(kStart);
  EXPECT_TRUE(shop.sale.frozen);
  EXPECT_EQ(shop.sale.status.freeze.state, "NotEnforced");
  EXPECT_EQ(shop.sale.status.verdict, "Warn");
  EXPECT_THAT(shop.told, Contains("FreezeNotEnforced"));
  shop.freeze_enforced = true;
  shop.run_until(kStart + minutes(2));
  EXPECT_EQ(shop.sale.status.freeze.state, "Frozen");
}

TEST(Freeze, AnEventWithoutOneTouchesNoLabel) {
  Shop shop;
  shop.run_until(shop.window.restored_by);
  EXPECT_THAT(shop.requests, Not(Contains("freeze")));
  EXPECT_THAT(shop.requests, Not(Contains("thaw")));
}

}  // namespace
}  // namespace doorbuster::planner
