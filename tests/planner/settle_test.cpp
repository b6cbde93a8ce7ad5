// One object at a time (DESIGN.md section 3): one write, values, overlap, and back. Each row a
// sentence.
#include "tests/planner/holding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::planner {
namespace {

TEST(Settle, OneWriteHoldsBothFieldsAndTheRecordAndASecondRoundDoesNothing) {
  Holding it;
  it.want(kMin, 40);
  it.want(kMax, 60);
  EXPECT_EQ(it.settle(), 1);
  EXPECT_EQ(it.cluster.number(kMin), 40);
  EXPECT_EQ(it.cluster.number(kMax), 60);
  EXPECT_EQ(it.cluster.document()->string("/metadata/labels/doorbuster.dev~1held"), "here");
  EXPECT_EQ(it.state(kMin), "Held");
}

TEST(Settle, AValueOfOurOwnIsHeldOnlyWhereItsBaselineIsSaid) {
  for (const bool said : {true, false}) {
    SCOPED_TRACE(said);
    Holding it;
    it.cluster.change(kMin, Json{"3"}, kFieldManager, "2027-01-15T07:00:00Z");
    it.want(kMin, 8);
    if (said) it.asked.wants.back().second.baseline = Value(Json{"3"});
    EXPECT_EQ(it.settle(), said ? 1 : 0);
    EXPECT_EQ(it.cluster.number(kMin), said ? 8 : 3);
    if (!said) continue;
    it.release();
    it.settle();
    EXPECT_EQ(it.cluster.number(kMin), 3);
  }
}

TEST(Settle, TheGuardsAreInThePatch) {
  Holding it;
  it.want(kMin, 5);
  const Settled made = settle_object(kHpa, it.cluster.present(), {}, it.asked, kWho, kNow);
  ASSERT_TRUE(made.write);
  const auto patch = JsonView::parse(made.write->patch.text).value();
  EXPECT_EQ(patch.at("/metadata/uid")->string(), "hpa-1");
  EXPECT_EQ(patch.at("/metadata/resourceVersion")->string(), "100");
}

TEST(Settle, RestoringTakesTwoRequestsAndLeavesNoTrace) {
  Holding it;
  it.want(kMin, 40);
  it.want(kMax, 60);
  it.settle();
  it.release();
  EXPECT_EQ(it.settle(), 2);
  EXPECT_EQ(it.cluster.number(kMin), 3);
  EXPECT_EQ(it.cluster.number(kMax), 10);
  EXPECT_EQ(it.cluster.annotation(), "");
  EXPECT_EQ(it.cluster.document()->string("/metadata/labels/doorbuster.dev~1held"), "");
  EXPECT_FALSE(it.cluster.document()->at("/metadata/managedFields"));
  EXPECT_TRUE(it.last.clean);
}

TEST(Settle, SilenceIsNotRelease) {
  Holding it;
  it.want(kMin, 8);
  it.settle();
  it.asked = {};
  EXPECT_EQ(it.settle(), 0);
  EXPECT_EQ(it.cluster.number(kMin), 8);
  EXPECT_FALSE(it.last.clean);
}

TEST(Settle, TwoEventsOnOneFieldAreTwoHoldersAndTheLastOneOutRestores) {
  Holding mine;
  mine.want(kMin, 8);
  mine.settle();
  const Who other{"shop/second", "event-2", "here"};
  ObjectWants theirs;
  theirs.wants.push_back({"capacity",
                          HoldWant{.field = {kHpa, kMin, ""},
                                   .ask = {.op = Ask::Op::Max, .operand = Json{"6"}},
                                   .name = "checkout"}});
  auto made = settle_object(kHpa, mine.cluster.present(), {}, theirs, other, kNow);
  ASSERT_TRUE(made.write);
  mine.cluster.apply(*made.write);
  EXPECT_EQ(mine.cluster.number(kMin), 8);
  mine.release();
  mine.settle();
  EXPECT_EQ(mine.cluster.number(kMin), 6);
  EXPECT_TRUE(mine.last.clean) << "nothing of this event is left";
  theirs.wants.clear();
  theirs.releases.push_back({"capacity", Release{.name = "checkout"}});
  made = settle_object(kHpa, mine.cluster.present(), {}, theirs, other, kNow);
  ASSERT_TRUE(made.write);
  mine.cluster.apply(*made.write);
  EXPECT_EQ(mine.cluster.number(kMin), 3);
}

TEST(Settle, TheLabelNamesAnInstallThatStillHoldsSomethingAndGoesWithTheLastOne) {
  Holding mine;
  mine.want(kMin, 8);
  mine.settle();
  const auto label = [&] {
    return mine.cluster.document()->string("/metadata/labels/doorbuster.dev~1held");
  };
  const Who other{"shop/second", "event-2", "elsewhere"};
  ObjectWants theirs;
  theirs.wants.push_back({"capacity",
                          HoldWant{.field = {kHpa, kMin, ""},
                                   .ask = {.op = Ask::Op::Max, .operand = Json{"6"}},
                                   .name = "checkout"}});
  const auto write_theirs = [&] {
    const auto made = settle_object(kHpa, mine.cluster.present(), {}, theirs, other, kNow);
    if (made.write) mine.cluster.apply(*made.write);
    return made.write.has_value();
  };
  ASSERT_TRUE(write_theirs());
  EXPECT_EQ(label(), "here") << "one label for two installs: the first one's";
  EXPECT_EQ(mine.settle(), 0) << "and they do not fight about it";
  mine.release();
  mine.settle();
  EXPECT_EQ(label(), "elsewhere") << "or their sweep would not find it";
  EXPECT_FALSE(write_theirs());
  theirs.wants.clear();
  theirs.releases.push_back({"capacity", Release{.name = "checkout"}});
  ASSERT_TRUE(write_theirs());
  EXPECT_EQ(label(), "");
  EXPECT_EQ(mine.cluster.annotation(), "");
}

TEST(Settle, AFieldThatWasAbsentIsRemovedAtItsShallowestAncestorWhenAllBelowIsOurs) {
  Holding it;
  it.asked.wants.push_back({"holds",
                            HoldWant{.field = {kHpa, "/spec/behavior/scaleDown/selectPolicy", ""},
                                     .ask = {.op = Ask::Op::Set, .operand = Json{"\"Disabled\""}},
                                     .name = "no-cut"}});
  it.settle();
  // The server fills the rest of `behavior`, in our name.
  it.cluster.set("/spec/behavior/scaleUp", Json{R"({"selectPolicy":"Max"})"});
  it.cluster.set(
      "/metadata/managedFields",
      Json{
          R"([{"manager":"doorbuster","operation":"Update","time":"2027-01-15T08:00:00Z",)"
          R"("fieldsV1":{"f:spec":{"f:behavior":{".":{},"f:scaleDown":{"f:selectPolicy":{}},"f:scaleUp":{}}}}}])"});
  it.asked = {};
  it.asked.releases.push_back({"holds", Release{.name = "no-cut"}});
  it.settle();
  EXPECT_FALSE(it.cluster.document()->at("/spec/behavior"));
}

TEST(Settle, OnlyTheLeafGoesWhereSomebodyElseAddedBesideIt) {
  Holding it;
  it.asked.wants.push_back({"holds",
                            HoldWant{.field = {kHpa, "/spec/behavior/scaleDown/selectPolicy", ""},
                                     .ask = {.op = Ask::Op::Set, .operand = Json{"\"Disabled\""}},
                                     .name = "no-cut"}});
  it.settle();
  it.cluster.set("/spec/behavior/scaleUp", Json{R"({"selectPolicy":"Min"})"});
  it.cluster.set(
      "/metadata/managedFields",
      Json{
          R"([{"manager":"doorbuster","time":"2027-01-15T08:00:00Z","fieldsV1":{"f:spec":{"f:behavior":{"f:scaleDown":{"f:selectPolicy":{}}}}}},)"
          R"({"manager":"kubectl-edit","time":"2027-01-15T08:01:00Z","fieldsV1":{"f:spec":{"f:behavior":{"f:scaleUp":{}}}}}])"});
  it.asked = {};
  it.asked.releases.push_back({"holds", Release{.name = "no-cut"}});
  it.last = settle_object(kHpa, it.cluster.present(), it.witness, it.asked, kWho, it.now);
  ASSERT_TRUE(it.last.write);
  it.cluster.apply(*it.last.write);
  EXPECT_FALSE(it.cluster.document()->at("/spec/behavior/scaleDown/selectPolicy"));
  EXPECT_TRUE(it.cluster.document()->at("/spec/behavior/scaleUp"));
}

TEST(Settle, TheServersOwnSpellingOfOurValueIsTheHold) {
  Holding it;
  it.asked.wants.push_back({"holds",
                            HoldWant{.field = {kHpa, "/spec/cpu", ""},
                                     .ask = {.op = Ask::Op::Set, .operand = Json{"\"4000m\""}},
                                     .name = "cpu"}});
  it.cluster.set("/spec/cpu", Json{"\"2\""});
  it.last = settle_object(kHpa, it.cluster.present(), it.witness, it.asked, kWho, it.now);
  it.remember();
  it.cluster.apply(*it.last.write);
  it.cluster.set("/spec/cpu", Json{"\"4\""});
  it.cluster.set(
      "/metadata/managedFields",
      Json{
          R"([{"manager":"doorbuster","time":"2027-01-15T08:00:00Z","fieldsV1":{"f:spec":{"f:cpu":{}}}}])"});
  EXPECT_LE(it.settle(), 1) << "its record only";
  EXPECT_EQ(it.settle(), 0);
  it.asked = {};
  it.asked.releases.push_back({"holds", Release{.name = "cpu"}});
  it.settle();
  EXPECT_EQ(it.cluster.document()->string("/spec/cpu"), "2");
}

TEST(Settle, AnIntentThatWasNeverWrittenIsNotMistakenForTheServersDoing) {
  Holding it;
  it.want(kMin, 5);
  it.settle();
  it.want(kMin, 8);
  it.last = settle_object(kHpa, it.cluster.present(), it.witness, it.asked, kWho, it.now);
  it.remember();  // status says 8, the process dies before the write, and somebody strips the
                  // annotation
  it.cluster.set("/metadata/annotations", std::nullopt);
  it.settle();
  EXPECT_EQ(it.cluster.number(kMin), 8);
  it.release();
  it.settle();
  EXPECT_EQ(it.cluster.number(kMin), 3);
}

TEST(Settle, OrphanForgetsTheHoldAndLeavesTheValue) {
  Holding it;
  it.want(kMin, 8);
  it.settle();
  it.release(true);
  it.settle();
  EXPECT_EQ(it.cluster.number(kMin), 8);
  EXPECT_EQ(it.cluster.annotation(), "");
  EXPECT_TRUE(it.last.clean);
}

TEST(Settle, WhatOrphanLeavesIsTheBaselineOfWhoHoldsOn) {
  Holding mine;
  mine.want(kMin, 8);
  mine.settle();
  const Who other{"shop/second", "event-2", "here"};
  ObjectWants theirs;
  theirs.wants.push_back({"capacity",
                          HoldWant{.field = {kHpa, kMin, ""},
                                   .ask = {.op = Ask::Op::Max, .operand = Json{"6"}},
                                   .name = "checkout"}});
  auto made = settle_object(kHpa, mine.cluster.present(), {}, theirs, other, kNow);
  ASSERT_TRUE(made.write);
  mine.cluster.apply(*made.write);
  mine.release(true);
  mine.asked.releases.back().second.for_good = true;
  mine.settle();
  EXPECT_EQ(mine.cluster.number(kMin), 8) << "not cut to what the other event asks for";
  theirs.wants.clear();
  theirs.releases.push_back({"capacity", Release{.name = "checkout"}});
  made = settle_object(kHpa, mine.cluster.present(), {}, theirs, other, kNow);
  ASSERT_TRUE(made.write);
  mine.cluster.apply(*made.write);
  EXPECT_EQ(mine.cluster.number(kMin), 8) << "the author of the first event left it so";
  EXPECT_EQ(mine.cluster.annotation(), "");
}

TEST(Settle, WhatWePutBackOurselvesMayBeHeldAgainBeforeOurTraceIsGone) {
  Holding it;
  it.want(kMin, 8);
  it.settle();
  it.release();
  it.last = settle_object(kHpa, it.cluster.present(), it.witness, it.asked, kWho, it.now);
  ASSERT_TRUE(it.last.write);
  it.cluster.apply(*it.last.write);
  EXPECT_EQ(it.cluster.number(kMin), 3);
  it.witness = {};
  it.want(kMin, 9);
  EXPECT_EQ(it.settle(2), 0) << "without a row that says so the value might be ours";
  EXPECT_FALSE(it.last.clean) << "our trace is still to be removed";
  it.asked.put_back[{kMin, ""}] = Json{"3"};
  EXPECT_EQ(it.settle(), 1);
  EXPECT_EQ(it.cluster.number(kMin), 9);
}

TEST(Settle, AValueOfOursWithoutAnyRecordIsNotTakenForABaseline) {
  Holding it;
  it.want(kMin, 8);
  it.settle();
  it.cluster.set("/metadata/annotations", std::nullopt);
  it.cluster.set("/metadata/labels", std::nullopt);
  it.witness = {};
  it.want(kMin, 9);
  EXPECT_EQ(it.settle(2), 0);
  EXPECT_EQ(it.cluster.number(kMin), 8);
}

TEST(Settle, AFloorNeverMakesTheServerRefuseTheWholeWrite) {
  Holding it;
  it.want(kMin, 40);
  it.settle();
  EXPECT_EQ(it.cluster.number(kMin), 10) << "as high as the ceiling, which nobody asked to raise";
  EXPECT_EQ(it.settle(), 0);
}

}  // namespace
}  // namespace doorbuster::planner
