// What people ask for by SaleActions (hack/decisions/0023), as sentences.
#include "controllers/planner/action.h"

#include "tests/planner/shop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::planner {
namespace {

using api::ActionVerb;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::Contains;
using testing::HasSubstr;

constexpr const char* kMin = "/spec/minReplicas";

Shop shop_with_checkout() {
  Shop shop;
  shop.add_workload("checkout", 4);
  shop.add_autoscaler("checkout", json_of(std::int64_t{3}), 20);
  shop.sale.spec->capacity.targets = {target_of("checkout", 40)};
  shop.set_load("checkout", 4);
  return shop;
}

api::SaleActionSpec asking(ActionVerb verb) {
  api::SaleActionSpec spec;
  spec.action = verb;
  return spec;
}

api::SaleActionSpec extending(const std::string& by, Duration span) {
  api::SaleActionSpec spec = asking(ActionVerb::Extend);
  spec.by = api::DurationText{by, span};
  return spec;
}

std::string condition_of_action(const Shop& shop, const std::string& action, const char* type) {
  for (const api::Condition& one : shop.told_of(action).conditions) {
    if (one.type == type) return std::string(api::to_string(one.status)) + " " + one.reason;
  }
  return "";
}

TEST(Action, EndNowEndsTheSaleAndTheWayDownBegins) {
  Shop shop = shop_with_checkout();
  shop.run_until(kStart + minutes(10));
  ASSERT_EQ(shop.number(kCheckoutHpa, kMin), 40);
  const Duration cooldown = shop.window.restored_by - shop.window.end;
  shop.act("end", asking(ActionVerb::EndNow));
  shop.settle();
  EXPECT_EQ(shop.told_of("end").state, "Complete");
  EXPECT_EQ(shop.sale.status.window->end, shop.clock);
  EXPECT_EQ(shop.sale.status.window->restored_by, shop.clock + cooldown);
  EXPECT_EQ(shop.sale.status.phase, "CoolingDown");
  EXPECT_THAT(shop.told, Contains("ActionAccepted"));
  shop.run_until(shop.clock + cooldown);
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 3);
  EXPECT_EQ(shop.sale.status.phase, "Completed");
}

TEST(Action, ExtendKeepsTheFloorPastTheEndAsWritten) {
  Shop shop = shop_with_checkout();
  shop.run_until(shop.window.end - minutes(1));
  shop.act("longer", extending("30m", minutes(30)));
  shop.run_until(shop.window.end + minutes(29));
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 40);
  EXPECT_EQ(shop.sale.status.phase, "Live");
  EXPECT_EQ(shop.sale.status.window->end, shop.window.end + minutes(30));
  shop.run_until(shop.window.restored_by + minutes(30));
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 3);
  EXPECT_EQ(shop.sale.status.phase, "Completed");
}

TEST(Action, ExtendOnTheWayDownRaisesAgain) {
  Shop shop = shop_with_checkout();
  shop.run_until(shop.window.end + minutes(2));
  ASSERT_LT(shop.number(kCheckoutHpa, kMin), 40);
  shop.act("longer", extending("1h", hours(1)));
  shop.run_until(shop.clock + minutes(20));
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 40);
}

TEST(Action, AnExtensionTakesBackAnEndThatCameTooEarly) {
  Shop shop = shop_with_checkout();
  shop.run_until(kStart + minutes(10));
  shop.act("end", asking(ActionVerb::EndNow));
  shop.run_until(kStart + minutes(12));
  shop.act("oh", extending("2h", hours(2)));
  shop.run_until(kStart + minutes(30));
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 40);
  EXPECT_EQ(shop.sale.status.window->end, kStart + minutes(10) + hours(2));
  EXPECT_EQ(shop.sale.status.window->start, kStart);
}

TEST(Action, AbortPutsEverythingBackWhateverSuspendSays) {
  for (const bool suspended : {false, true}) {
    Shop shop = shop_with_checkout();
    shop.run_until(kStart + minutes(10));
    shop.sale.spec->suspend = suspended;
    ++shop.sale.generation;
    shop.settle();
    api::SaleActionSpec spec = asking(ActionVerb::Abort);
    spec.reason = "the warehouse burns";
    spec.requested_by = "ada";
    shop.act("stop", spec);
    shop.settle();
    EXPECT_EQ(shop.told_of("stop").state, "Accepted");
    EXPECT_TRUE(shop.told_of("stop").first_write_at);
    EXPECT_LT(shop.number(kCheckoutHpa, kMin), 40) << "the way down has begun";
    EXPECT_GT(shop.number(kCheckoutHpa, kMin), 3) << "step by step";
    shop.run_until(shop.clock + hours(1));
    EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 3);
    EXPECT_FALSE(shop.at(kCheckoutHpa, "/metadata/annotations/doorbuster.dev~1holds"));
    EXPECT_EQ(shop.told_of("stop").state, "Complete");
    if (suspended) continue;
    EXPECT_EQ(shop.condition("Ready"), "True CompletedWithAbort");
    for (const auto& one : shop.sale.status.conditions) {
      if (one.type != "Ready") continue;
      EXPECT_THAT(one.message, HasSubstr("by ada: the warehouse burns"));
    }
  }
}

TEST(Action, AbortBeforePreparationCallsTheSaleOff) {
  Shop shop = shop_with_checkout();
  shop.act("off", asking(ActionVerb::Abort));
  shop.run_until(shop.window.restored_by + hours(3));
  EXPECT_EQ(shop.writes, 0);
  EXPECT_EQ(shop.told_of("off").state, "Complete");
  EXPECT_EQ(shop.sale.status.phase, "Completed");
}

TEST(Action, RestoreAfterTheEndDoesNotWaitForLoad) {
  Shop shop = shop_with_checkout();
  shop.run_until(kStart + minutes(10));
  shop.set_load("checkout", 38);
  shop.run_until(shop.window.restored_by);
  ASSERT_GE(shop.number(kCheckoutHpa, kMin), 38);
  shop.act("now", asking(ActionVerb::Restore));
  shop.settle();
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 3);
  EXPECT_EQ(shop.told_of("now").state, "Complete");
}

TEST(Action, ADecisionIsMadeOnceThoughItsAnswerIsLost) {
  Shop shop = shop_with_checkout();
  shop.run_until(kStart + minutes(10));
  shop.lose_action_answers = true;
  shop.act("longer", extending("30m", minutes(30)));
  for (int i = 0; i < 3; ++i) shop.round();
  EXPECT_EQ(shop.told_of("longer").state, "");
  shop.lose_action_answers = false;
  shop.settle();
  EXPECT_EQ(shop.told_of("longer").state, "Complete");
  EXPECT_THAT(shop.told_of("longer").message, HasSubstr("the sale ends at"));
  EXPECT_EQ(shop.sale.status.window->end, shop.window.end + minutes(30));
}

TEST(Action, AnEditOfTheWindowHasTheLastWord) {
  Shop shop = shop_with_checkout();
  shop.run_until(kStart + minutes(10));
  shop.act("end", asking(ActionVerb::EndNow));
  shop.settle();
  shop.window.end += minutes(5);
  shop.sale.spec->window.end = "five minutes later";
  ++shop.sale.generation;
  shop.run_until(shop.clock + minutes(10));
  EXPECT_EQ(shop.sale.status.window->end, shop.window.end);
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 40);
}

struct RefusalCase {
  const char* what;
  ActionVerb verb;
  Duration at;  ///< after the start
  const char *state, *reason;
};

TEST(Action, WhatCannotBeDoneIsSaid) {
  const std::vector<RefusalCase> cases{
      {"the end of a sale that has not begun to prepare",
       ActionVerb::EndNow,
       -hours(2),
       "Refused",
       "False NotBegun"},
      {"restoring in mid-sale", ActionVerb::Restore, minutes(10), "Refused", "False SaleIsOn"},
      {"restoring before the sale", ActionVerb::Restore, -hours(2), "Refused", "False SaleIsOn"},
      {"the end of a sale that is over",
       ActionVerb::EndNow,
       hours(30),
       "Complete",
       "True NothingToDo"},
      {"aborting what is back", ActionVerb::Abort, hours(30), "Complete", "True NothingToDo"},
      {"restoring what is back", ActionVerb::Restore, hours(30), "Complete", "True NothingToDo"},
      {"extending what is back", ActionVerb::Extend, hours(30), "Refused", "False Completed"},
      {"rolling back without rollouts",
       ActionVerb::RollBack,
       minutes(10),
       "Refused",
       "False NoRollouts"},
      {"approving without gates", ActionVerb::Approve, minutes(10), "Refused", "False NoGates"},
      {"degrading without levels",
       ActionVerb::Degrade,
       minutes(10),
       "Refused",
       "False NoDegradeLevels"},
      {"breaking a freeze that is none",
       ActionVerb::BreakGlass,
       minutes(10),
       "Refused",
       "False NotFrozen"},
  };
  for (const RefusalCase& one : cases) {
    Shop shop = shop_with_checkout();
    shop.run_until(kStart + one.at);
    const auto before = shop.at(kCheckoutHpa, kMin);
    shop.act("it",
             one.verb == ActionVerb::Extend ? extending("30m", minutes(30)) : asking(one.verb));
    shop.settle();
    EXPECT_EQ(shop.told_of("it").state, one.state) << one.what;
    EXPECT_EQ(condition_of_action(shop, "it", "Accepted"), one.reason) << one.what;
    EXPECT_EQ(shop.at(kCheckoutHpa, kMin), before) << one.what;
    EXPECT_TRUE(shop.told_of("it").completed_at) << one.what;
  }
}

TEST(Action, WhoAsksIsVerifiedOnlyUnderThePolicy) {
  struct Case {
    const char* what;
    bool policy, older, says;
    const char* verified;
  };
  const std::vector<Case> cases{
      {"without the policy", false, false, true, "False PolicyMissing"},
      {"older than the policy", true, true, true, "False OlderThanPolicy"},
      {"nobody named", true, false, false, "False NotStated"},
      {"named", true, false, true, "True Verified"}};
  for (const Case& one : cases) {
    Shop shop = shop_with_checkout();
    shop.run_until(kStart + minutes(10));
    if (one.policy) shop.policy_since = shop.clock + (one.older ? hours(1) : -hours(1));
    api::SaleActionSpec spec = asking(ActionVerb::EndNow);
    if (one.says) spec.requested_by = "ada";
    shop.act("end", spec);
    shop.settle();
    EXPECT_EQ(condition_of_action(shop, "end", "Verified"), one.verified) << one.what;
  }
}

TEST(Action, OneMeantForAnEarlierEventOfTheNameIsRefused) {
  Shop shop = shop_with_checkout();
  shop.run_until(kStart + minutes(10));
  shop.act("old", asking(ActionVerb::Abort));
  shop.actions["old"].created = shop.sale.created - hours(1);
  shop.settle();
  EXPECT_EQ(condition_of_action(shop, "old", "Accepted"), "False OlderThanEvent");
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 40);
}

TEST(Action, NewRulesOfAZoneDoNotUndoADecision) {
  Shop shop = shop_with_checkout();
  shop.run_until(kStart + minutes(10));
  shop.act("stop", asking(ActionVerb::Abort));
  shop.settle();
  ASSERT_LT(shop.number(kCheckoutHpa, kMin), 40);
  shop.window.start += hours(1);
  shop.window.end += hours(1);
  shop.run_until(shop.clock + hours(2));
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 3);
}

TEST(Action, OfAnEventWithoutAWindowItIsRefusedWithWhatToDo) {
  Shop shop = shop_with_checkout();
  shop.window_error = Error{.kind = ErrorKind::Invalid, .message = "no such zone"};
  shop.act("stop", asking(ActionVerb::Abort));
  shop.settle();
  EXPECT_EQ(condition_of_action(shop, "stop", "Accepted"), "False NotAccepted");
  EXPECT_THAT(shop.told_of("stop").message, HasSubstr("no such zone"));
}

TEST(Action, WhileTheWindowIsNotKnownItWaits) {
  Shop shop = shop_with_checkout();
  shop.window_error = Error{.kind = ErrorKind::Unavailable, .message = "not read yet"};
  shop.act("stop", asking(ActionVerb::Abort));
  shop.settle();
  EXPECT_EQ(shop.told_of("stop").state, "");
  shop.window_error.reset();
  shop.run_until(shop.clock + minutes(1));
  EXPECT_EQ(shop.told_of("stop").state, "Complete");
}

TEST(Action, WhatWasPutBackByARestoreIsNotExtended) {
  Shop shop = shop_with_checkout();
  shop.run_until(shop.window.end + minutes(2));
  shop.act("now", asking(ActionVerb::Restore));
  shop.round();
  shop.act("longer", extending("4h", hours(4)));
  shop.settle();
  EXPECT_EQ(shop.told_of("longer").state, "Refused");
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 3);
}

TEST(Action, WithoutItsEventItIsRefusedByName) {
  auto action = std::make_shared<Action>();
  action->spec = asking(ActionVerb::Abort);
  action->spec->event = "flash";
  const ActionAnswer answer = without_event(action, std::nullopt, kStart);
  EXPECT_EQ(answer.status.state, "Refused");
  EXPECT_THAT(answer.status.message, HasSubstr("flash"));
}

TEST(Action, ThereAreNoMoreThanABound) {
  Shop shop = shop_with_checkout();
  shop.run_until(kStart + minutes(10));
  for (std::size_t i = 0; i <= kActionsOfRun; ++i) {
    shop.act("a" + std::to_string(100 + i), extending("1m", minutes(1)));
    shop.settle();
  }
  EXPECT_EQ(condition_of_action(shop, "a" + std::to_string(100 + kActionsOfRun), "Accepted"),
            "False TooMany");
}

TEST(Action, ARollBackIsLookedAtBeforeThoseThatWait) {
  std::vector<std::shared_ptr<const Action>> all;
  for (std::size_t i = 0; i <= kActionsOfRound; ++i) {
    auto one = std::make_shared<Action>();
    one->created = kStart + seconds(kActionsOfRound - i);
    one->spec = asking(i == 0 ? ActionVerb::RollBack : ActionVerb::EndNow);
    all.push_back(one);
  }
  const auto chosen = of_one_round(all);
  ASSERT_EQ(chosen.size(), kActionsOfRound);
  EXPECT_EQ(chosen.back()->spec->action, ActionVerb::RollBack) << "in their order";
  EXPECT_EQ(chosen.front()->created, kStart);
}

}  // namespace
}  // namespace doorbuster::planner
