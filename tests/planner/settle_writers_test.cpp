// Against others who write the same field (DESIGN.md section 3, "Fighting writers").
#include "tests/planner/holding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::planner {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

TEST(Settle, APersonAboveUsIsTheEffectiveValueAndKeepsItAfterwards) {
  Holding it;
  it.want(kMin, 8);
  it.want(kMax, 20);
  it.settle();
  it.cluster.change(kMin, json_of(std::int64_t{12}), "kubectl-edit", "2027-01-15T09:00:00Z");
  EXPECT_EQ(it.settle(), 0);
  EXPECT_EQ(it.cluster.number(kMin), 12);
  it.want(kMin, 15);
  it.settle();
  EXPECT_EQ(it.cluster.number(kMin), 15) << "a later step may still rise above them";
}

TEST(Settle, APersonBelowUsIsWrittenOverOnceAndThenWins) {
  Holding it;
  it.want(kMin, 8);
  it.settle();
  it.cluster.change(kMin, json_of(std::int64_t{4}), "kubectl-edit", "2027-01-15T09:00:00Z");
  EXPECT_EQ(it.settle(), 1);
  EXPECT_EQ(it.cluster.number(kMin), 8);
  it.now += minutes(5);
  it.cluster.change(kMin, json_of(std::int64_t{4}), "kubectl-edit", "2027-01-15T09:05:00Z");
  EXPECT_EQ(it.settle(), 0);
  EXPECT_EQ(it.cluster.number(kMin), 4);
  EXPECT_EQ(it.state(kMin), "Yielded");
  it.want(kMin, 9);
  it.settle();
  EXPECT_EQ(it.cluster.number(kMin), 4) << "a further step does not take it back";
  it.release();
  it.settle();
  EXPECT_EQ(it.cluster.number(kMin), 4) << "nor does the end";
}

TEST(Settle, ElevenMinutesLaterAPersonIsNewAgain) {
  Holding it;
  it.want(kMin, 8);
  it.settle();
  it.cluster.change(kMin, json_of(std::int64_t{4}), "kubectl-edit", "2027-01-15T09:00:00Z");
  it.settle();
  it.now += minutes(11);
  it.cluster.change(kMin, json_of(std::int64_t{4}), "kubectl-edit", "2027-01-15T09:11:00Z");
  EXPECT_EQ(it.settle(), 1);
  EXPECT_EQ(it.cluster.number(kMin), 8);
}

TEST(Settle, ACrashBetweenStatusAndWriteDoesNotCountAPersonTwice) {
  Holding it;
  it.want(kMin, 8);
  it.settle();
  it.cluster.change(kMin, json_of(std::int64_t{4}), "kubectl-edit", "2027-01-15T09:00:00Z");
  it.last = settle_object(kHpa, it.cluster.present(), it.witness, it.asked, kWho, it.now);
  it.remember();  // the status was written, the process died, the write was not made
  it.now += seconds(30);
  EXPECT_EQ(it.settle(), 1);
  EXPECT_EQ(it.cluster.number(kMin), 8);
}

TEST(Settle, WhatSomebodySetBeforeOurFirstWriteCameToBeIsTheBaseline) {
  Holding it;
  it.want(kMin, 8);
  it.last = settle_object(kHpa, it.cluster.present(), it.witness, it.asked, kWho, it.now);
  it.remember();  // the status was written; the write met a conflict
  it.cluster.change(kMin, json_of(std::int64_t{5}), "kubectl-edit", "2027-01-15T08:00:00Z");
  EXPECT_EQ(it.settle(), 1);
  EXPECT_EQ(it.cluster.number(kMin), 8);
  EXPECT_EQ(it.report(kMin)->contest.reasserted, 0) << "nobody fought us";
  it.release();
  it.settle();
  EXPECT_EQ(it.cluster.number(kMin), 5);
}

TEST(Settle, AToolThatRevertsIsWrittenOverEverMoreSlowlyAndNamed) {
  Holding it;
  it.want(kMin, 8);
  it.settle();
  const auto revert = [&](const char* time) {
    it.cluster.change(kMin, json_of(std::int64_t{3}), "argocd-controller", time);
  };
  revert("2027-01-15T09:00:00Z");
  EXPECT_EQ(it.settle(), 1) << "the first time at once";
  revert("2027-01-15T09:00:05Z");
  EXPECT_EQ(it.settle(), 0) << "then with patience";
  EXPECT_EQ(it.state(kMin), "Contested");
  EXPECT_EQ(it.last.wake, it.now + seconds(10));
  it.now += seconds(10);
  EXPECT_EQ(it.settle(), 1);
  revert("2027-01-15T09:01:00Z");
  it.now += seconds(20);
  EXPECT_EQ(it.settle(), 1);
  revert("2027-01-15T09:02:00Z");
  it.settle();
  ASSERT_FALSE(it.last.notices.empty());
  EXPECT_EQ(it.last.notices[0].code, "FieldContested");
  EXPECT_THAT(it.last.notices[0].text, testing::HasSubstr("argocd-controller"));
}

TEST(Settle, WhatGitSaysAnewIsTheBaselineForTheEndAndTheFirstIsKept) {
  Holding it;
  it.want(kMin, 8);
  it.settle();
  it.cluster.change(kMin, json_of(std::int64_t{5}), "argocd-controller", "2027-01-15T09:00:00Z");
  EXPECT_EQ(it.settle(), 1);
  EXPECT_EQ(it.cluster.number(kMin), 8);
  ASSERT_TRUE(it.report(kMin)->entry->first);
  EXPECT_EQ(it.report(kMin)->entry->first->text, "3");
  it.release();
  it.settle();
  EXPECT_EQ(it.cluster.number(kMin), 5);
}

}  // namespace
}  // namespace doorbuster::planner
