// The rules of DESIGN.md section 3, one object at a time: each row a sentence.
#include "controllers/planner/settle.h"

#include "controllers/planner/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::planner {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

const ObjectRef kHpa{"autoscaling", "HorizontalPodAutoscaler", "shop", "checkout"};
const Who kWho{"shop/flash", "event-1", "here"};
const Instant kNow{std::chrono::milliseconds(1'800'000'000'000)};
constexpr const char* kMin = "/spec/minReplicas";
constexpr const char* kMax = "/spec/maxReplicas";

/// An autoscaler as a server would show it; everything else is changed by merge patches, as in
/// life.
struct Cluster {
  Json object{
      R"({"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler","metadata":{"name":"checkout","namespace":"shop",)"
      R"("uid":"hpa-1","resourceVersion":"100"},"spec":{"minReplicas":3,"maxReplicas":10},"status":{}})"};
  int version = 100;

  std::shared_ptr<const Document> document() const { return Document::parse(object.text).value(); }
  Present present() const {
    auto parsed = document();
    return {.uid = parsed->string("/metadata/uid"),
            .version = parsed->string("/metadata/resourceVersion"),
            .as_of = kNow,
            .deleting = false,
            .api_version = "autoscaling/v2",
            .object = parsed};
  }
  void set(std::string_view pointer, const Value& value) {
    object = with_value(object, pointer, value).value();
  }
  /// Somebody else changes a field: value, and who owns it from now on.
  void change(const std::string& pointer,
              const Value& value,
              const std::string& manager,
              const std::string& time) {
    set(pointer, value);
    bump();
    std::string fields = "{}";
    for (std::size_t at = pointer.size(); at > 0;) {
      const std::size_t slash = pointer.rfind('/', at - 1);
      fields = "{\"f:" + pointer.substr(slash + 1, at - slash - 1) + "\":" + fields + "}";
      at = slash;
    }
    set("/metadata/managedFields",
        Json{"[{\"manager\":\"" + manager + "\",\"operation\":\"Update\",\"time\":\"" + time +
             "\",\"fieldsType\":\"FieldsV1\",\"fieldsV1\":" + fields + "}]"});
  }
  void bump() { set("/metadata/resourceVersion", json_of_string(std::to_string(++version))); }
  void apply(const Write& write) {
    ASSERT_EQ(write.only_if_uid, present().uid);
    ASSERT_EQ(write.only_if_version, present().version);
    if (write.type == Write::Type::Json) {
      set("/metadata/managedFields", std::nullopt);
    } else {
      const auto made = merge_patched(object, write.patch);
      ASSERT_TRUE(made.ok()) << made.error().message;
      object = *made;
      // A request owns the fields that it changes.
      if (JsonView::parse(write.patch.text)->at("/spec").ok())
        set("/metadata/managedFields",
            Json{
                R"([{"manager":"doorbuster","operation":"Update","time":"2027-01-15T08:00:00Z","fieldsV1":)"
                R"({"f:spec":{"f:minReplicas":{},"f:maxReplicas":{}}}}])"});
    }
    bump();
  }
  std::int64_t number(const char* pointer) const {
    return document()->integer(pointer).value_or(-1);
  }
  std::string annotation() const {
    return document()->string("/metadata/annotations/doorbuster.dev~1holds");
  }
};

/// Runs rounds against a cluster and remembers what a status would.
struct Holding {
  Cluster cluster;
  Witness witness;
  ObjectWants asked;
  Settled last;
  Instant now = kNow;

  void want(const char* pointer,
            int value,
            Ask::Op op = Ask::Op::Max,
            const std::string& name = "checkout") {
    asked.releases.clear();
    std::erase_if(asked.wants, [&](const auto& one) {
      return one.second.field.pointer == pointer && one.second.name == name;
    });
    asked.wants.push_back({"capacity",
                           HoldWant{.field = {kHpa, pointer, ""},
                                    .ask = {.op = op, .operand = json_of(std::int64_t{value})},
                                    .name = name,
                                    .reason = {"CapacityHeld", "test"}}});
  }
  void release(bool leave = false) {
    asked.wants.clear();
    asked.releases.push_back(
        {"capacity",
         Release{.name = "checkout", .reason = {"Over", "test"}, .leave_value = leave}});
  }
  void remember() {
    std::map<FieldPath, HeldField> fields;
    for (const FieldReport& one : last.fields) {
      const FieldPath path{one.field.pointer, one.field.inside};
      witness.ledger.uid = one.uid;
      witness.ledger.serial = one.serial;
      witness.contests[path] = one.contest;
      if (one.entry) fields[path] = *one.entry;
    }
    witness.ledger.fields = fields;
    witness.ledger.state =
        fields.empty() && last.fields.empty() ? Ledger::State::None : Ledger::State::Good;
  }
  /// Decides and writes, at most `most` times; how many writes it took until nothing was left to
  /// do.
  int settle(int most = 5) {
    for (int writes = 0; writes <= most; ++writes) {
      last = settle_object(kHpa, cluster.present(), witness, asked, kWho, now);
      remember();
      if (!last.write) return writes;
      cluster.apply(*last.write);
    }
    return most + 1;
  }
  const FieldReport* report(const char* pointer) const {
    for (const FieldReport& one : last.fields) {
      if (one.field.pointer == pointer) return &one;
    }
    return nullptr;
  }
  std::string state(const char* pointer) const {
    return report(pointer) != nullptr ? report(pointer)->state : "none";
  }
};

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

TEST(Settle, AStrippedAnnotationIsWrittenAgainFromTheSecondCopy) {
  Holding it;
  it.want(kMin, 8);
  it.settle();
  it.cluster.set("/metadata/annotations", std::nullopt);
  it.cluster.set("/metadata/labels", std::nullopt);
  EXPECT_EQ(it.settle(), 1);
  EXPECT_EQ(it.cluster.number(kMin), 8);
  it.release();
  it.settle();
  EXPECT_EQ(it.cluster.number(kMin), 3) << "8 was ours and must never become the baseline";
}

TEST(Settle, AnOlderAnnotationYieldsToTheSecondCopy) {
  Holding it;
  it.want(kMin, 5);
  it.settle();
  const std::string older = it.cluster.annotation();
  it.want(kMin, 8);
  it.settle();
  it.cluster.set("/metadata/annotations/doorbuster.dev~1holds", json_of_string(older));
  it.cluster.bump();
  EXPECT_EQ(it.settle(), 1);
  EXPECT_EQ(it.cluster.number(kMin), 8);
  it.release();
  it.settle();
  EXPECT_EQ(it.cluster.number(kMin), 3);
}

TEST(Settle, ASavedYamlADayLaterIsPutBackWhereItsValuesAreOurs) {
  Holding it;
  it.want(kMin, 8);
  it.settle();
  const Json saved = it.cluster.object;
  it.release();
  it.settle();
  it.cluster.object = saved;
  it.cluster.version = 500;
  it.cluster.bump();
  it.settle();
  EXPECT_EQ(it.cluster.number(kMin), 3);
  EXPECT_EQ(it.cluster.annotation(), "");
}

TEST(Settle, ACopyOnAnotherObjectRestoresOnlyWhatIsOurs) {
  Holding it;
  it.want(kMin, 8);
  it.want(kMax, 20);
  it.settle();
  it.cluster.set("/metadata/uid", json_of_string("hpa-2"));
  it.cluster.change(kMax, json_of(std::int64_t{77}), "kubectl-edit", "2027-01-15T09:00:00Z");
  it.witness = {};
  it.release();
  it.settle();
  EXPECT_EQ(it.cluster.number(kMin), 3);
  EXPECT_EQ(it.cluster.number(kMax), 77);
  EXPECT_EQ(it.cluster.annotation(), "");
}

TEST(Settle, AnEditedAnnotationIsNeverGuessedAt) {
  Holding it;
  it.want(kMin, 8);
  it.settle();
  std::string edited = it.cluster.annotation();
  edited.replace(edited.find("\"baseline\":3"), 12, "\"baseline\":1");
  it.cluster.set("/metadata/annotations/doorbuster.dev~1holds", json_of_string(edited));
  it.release();
  EXPECT_EQ(it.settle(), 0);
  EXPECT_EQ(it.cluster.number(kMin), 8) << "capacity stays";
  ASSERT_FALSE(it.last.notices.empty());
  EXPECT_EQ(it.last.notices[0].code, "LedgerCorrupt");
  EXPECT_THAT(it.last.notices[0].text, testing::HasSubstr("kubectl annotate"));
  // The command it names repairs it.
  it.cluster.set("/metadata/annotations", std::nullopt);
  it.settle();
  EXPECT_EQ(it.cluster.number(kMin), 3);
}

TEST(Settle, ARecreatedObjectCarryingOurValueDoesNotMakeItTheBaseline) {
  Holding it;
  it.want(kMin, 8);
  it.settle();
  it.witness.former = it.witness.ledger;
  it.witness.ledger = {};
  it.cluster.set("/metadata/uid", json_of_string("hpa-2"));
  it.cluster.set("/metadata/annotations", std::nullopt);
  it.cluster.set("/metadata/labels", std::nullopt);
  it.cluster.set("/metadata/managedFields", std::nullopt);
  it.settle();
  it.release();
  it.settle();
  EXPECT_EQ(it.cluster.number(kMin), 3);
}

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

Holder dead_holder() { return {"shop/flash", "event-1", "here", "capacity", "checkout"}; }

TEST(SettleOrphan, LowersAFloorByATenthAMinuteAndNeverBelowDemandThenRestoresTheCeiling) {
  Holding it;
  it.want(kMin, 40);
  it.want(kMax, 60);
  it.settle();
  it.cluster.set(
      "/status",
      Json{R"({"currentReplicas":40,"conditions":[{"type":"ScalingActive","status":"True"},)"
           R"({"type":"ScalingLimited","status":"True","reason":"TooFewReplicas"}]})"});
  std::vector<std::int64_t> floors;
  for (int minute = 1; minute <= 60; ++minute) {
    it.now = kNow + minutes(2 * minute);
    const Settled made = settle_orphan(kHpa, it.cluster.present(), {dead_holder()}, "here", it.now);
    if (!made.write) break;
    it.cluster.apply(*made.write);
    it.cluster.set("/status/currentReplicas", json_of(it.cluster.number(kMin)));
    if (floors.empty() || floors.back() != it.cluster.number(kMin))
      floors.push_back(it.cluster.number(kMin));
  }
  ASSERT_GE(floors.size(), 3U);
  EXPECT_EQ(floors[0], 36);
  for (std::size_t i = 1; i < floors.size(); ++i) {
    EXPECT_LE(floors[i - 1] - floors[i], std::max<std::int64_t>(1, floors[i - 1] / 10))
        << "step " << i;
  }
  EXPECT_EQ(it.cluster.number(kMin), 3);
  EXPECT_EQ(it.cluster.number(kMax), 10);
  EXPECT_EQ(it.cluster.annotation(), "");
}

TEST(SettleOrphan, WaitsWhileDemandIsUnknownAndNeverTouchesOtherInstalls) {
  Holding it;
  it.want(kMin, 40);
  it.settle(0);
  it.settle();
  it.now = kNow + minutes(30);
  EXPECT_FALSE(settle_orphan(kHpa, it.cluster.present(), {dead_holder()}, "here", it.now).write)
      << "no status: unknown is not zero";
  it.cluster.set(
      "/status",
      Json{
          R"({"currentReplicas":10,"conditions":[{"type":"ScalingActive","status":"True"}],)"
          R"("currentMetrics":[{"type":"Resource","resource":{"name":"cpu","current":{"averageUtilization":90}}}]})"});
  it.cluster.set(
      "/spec/metrics",
      Json{
          R"([{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":70}}}])"});
  EXPECT_TRUE(settle_orphan(kHpa, it.cluster.present(), {dead_holder()}, "here", it.now).write)
      << "load needs more than the floor: the autoscaler keeps that by itself "
         "(hack/decisions/0005)";
  EXPECT_FALSE(
      settle_orphan(kHpa, it.cluster.present(), {dead_holder()}, "elsewhere", it.now).write);
}

struct FoldCase {
  const char* sentence;
  products::Law law;
  const char* baseline;
  std::vector<Ask> asks;
  const char* expected;  ///< nullptr: refused
};

Ask ask(Ask::Op op, const char* operand, int priority = 0) {
  return {.op = op, .operand = Json{operand}, .rank = Rank::Event, .priority = priority};
}

TEST(Effective, IsAFunctionOfBaselineAndHoldersInAnyOrder) {
  using Op = Ask::Op;
  const std::vector<FoldCase> cases{
      {"nobody: the baseline", products::Law::Highest, "3", {}, "3"},
      {"the highest floor",
       products::Law::Highest,
       "3",
       {ask(Op::Max, "40"), ask(Op::Max, "20")},
       "40"},
      {"a floor below the baseline lowers nothing",
       products::Law::Highest,
       "50",
       {ask(Op::Max, "40")},
       "50"},
      {"a multiple rounds up", products::Law::Pick, "7", {ask(Op::Multiply, "\"1.5\"")}, "11"},
      {"a string stays a string",
       products::Law::Pick,
       "\"300\"",
       {ask(Op::Multiply, "2")},
       "\"600\""},
      {"a suffix stays",
       products::Law::Pick,
       "\"10Gi\"",
       {ask(Op::Multiply, "\"2.5\"")},
       "\"25Gi\""},
      {"a sum", products::Law::Pick, "5", {ask(Op::Add, "-2")}, "3"},
      {"quantities compare by value",
       products::Law::Pick,
       "\"1Gi\"",
       {ask(Op::Max, "\"1500Mi\"")},
       "\"1500Mi\""},
      {"the higher priority picks",
       products::Law::Pick,
       "1",
       {ask(Op::Set, "2", 1), ask(Op::Set, "3", 5)},
       "3"},
      {"a multiple of words is refused",
       products::Law::Pick,
       "\"on\"",
       {ask(Op::Multiply, "2")},
       nullptr},
  };
  for (const FoldCase& one : cases) {
    for (int flip = 0; flip < 2; ++flip) {
      std::map<Holder, Ask> holders;
      int index = 0;
      for (const Ask& each : one.asks) {
        const int place = flip == 0 ? index : 9 - index;
        holders[{
            "shop/e", "u" + std::to_string(place), "here", "holds", "h" + std::to_string(place)}] =
            each;
        ++index;
      }
      const auto made = effective(one.law, Value(Json{one.baseline}), holders);
      if (one.expected == nullptr) {
        EXPECT_FALSE(made.ok()) << one.sentence;
      } else {
        ASSERT_TRUE(made.ok()) << one.sentence << ": " << made.error().message;
        EXPECT_TRUE(equal_values(*made, Value(Json{one.expected})))
            << one.sentence << ": " << (*made)->text;
      }
    }
  }
}

TEST(LedgerText, ReadsBackWhatItWroteAndSeesAnyEdit) {
  Ledger ledger{.state = Ledger::State::Good, .uid = "u", .serial = 7};
  HeldField held{.baseline = Json{"0.1"}, .requested = Json{"\"4000m\""}, .applied = Json{"\"4\""}};
  held.holders[{"shop/e", "uid", "here", "holds", "h"}] = ask(Ask::Op::Multiply, "\"1.50\"", -3);
  ledger.fields[{"/spec/a", ""}] = held;
  HeldField absent{.baseline = std::nullopt, .absent_at = "/spec/b"};
  absent.holders[{"shop/e", "uid", "here", "holds", "i"}] = ask(Ask::Op::Set, "null");
  ledger.fields[{"/spec/b/c", "/x"}] = absent;
  const std::string text = write_ledger(ledger);
  EXPECT_EQ(read_ledger(&text), ledger);
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string edited = text;
    edited[at] = edited[at] == '1' ? '2' : '1';
    const Ledger read = read_ledger(&edited);
    EXPECT_TRUE(read.state != Ledger::State::Good || read == ledger)
        << "an edit at byte " << at << " went unseen: " << edited;
  }
}

}  // namespace
}  // namespace doorbuster::planner
