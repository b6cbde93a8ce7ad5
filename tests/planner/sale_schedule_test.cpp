#include "controllers/planner/sale_schedule.h"

#include "tests/planner/schedule_stage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::planner {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

Instant at(const char* text) { return *parse_rfc3339(text); }

constexpr const char* kFriday = "flash-20261127t180000z";
constexpr const char* kNextFriday = "flash-20261204t180000z";
const Instant kMonday = at("2026-11-23T08:00:00Z");

api::SaleScheduleSpec fridays() {
  api::SaleScheduleSpec spec;
  spec.schedule = "0 18 * * FRI";
  spec.duration = {"3h", hours(3)};
  spec.create_ahead = {"48h", hours(48)};
  return spec;
}

/// Every two hours for three: each overlaps the next.
api::SaleScheduleSpec overlapping(api::Concurrency concurrency) {
  api::SaleScheduleSpec spec = fridays();
  spec.schedule = "0 10,12 * * FRI";
  spec.concurrency = concurrency;
  return spec;
}

class SaleSchedules : public testing::Test {
 protected:
  SaleSchedules() { stage.apply(fridays()); }
  ScheduleStage stage{"flash", kMonday};
};

TEST_F(SaleSchedules, AnEventIsCreatedAheadAndNotBefore) {
  const RoundResult first = stage.round();
  EXPECT_THAT(stage.names(), IsEmpty());
  EXPECT_EQ(first.wake, at("2026-11-25T18:00:00Z"));
  EXPECT_EQ(stage.status().next, at("2026-11-27T18:00:00Z"));
  stage.clock = at("2026-11-25T17:59:59.999Z");
  stage.round();
  EXPECT_THAT(stage.names(), IsEmpty());
  stage.clock = at("2026-11-25T18:00:00Z");
  stage.round();
  EXPECT_THAT(stage.names(), ElementsAre(kFriday));
  EXPECT_THAT(stage.told, ElementsAre("OccurrenceCreated"));
  const Event& event = *stage.events.at(kFriday);
  EXPECT_EQ(event.schedule, "flash");
  EXPECT_EQ(event.owners.front().first, "uid-of-flash");
  EXPECT_EQ(event.spec->window.start, "2026-11-27T18:00:00Z");
  EXPECT_EQ(event.spec->window.end, "2026-11-27T21:00:00Z");
  EXPECT_EQ(stage.status().last, at("2026-11-27T18:00:00Z"));
}

TEST_F(SaleSchedules, ARoundAfterOnesOwnWritesWritesNothing) {
  stage.clock = at("2026-11-26T00:00:00Z");
  EXPECT_TRUE(stage.round().wrote);
  const RoundResult second = stage.round();
  EXPECT_FALSE(stage.round().wrote);
  EXPECT_EQ(stage.writes, 0);
  EXPECT_EQ(second.wake, at("2026-11-27T17:29:00Z"));  // when it lets go
}

TEST_F(SaleSchedules, ItLetsGoOfAnEventBeforeThatPrepares) {
  stage.run(at("2026-11-27T17:28:59Z"));
  EXPECT_FALSE(stage.events.at(kFriday)->owners.empty());
  stage.run(at("2026-11-27T17:29:00Z"));
  EXPECT_TRUE(stage.events.at(kFriday)->owners.empty());
}

TEST_F(SaleSchedules, AfterAnOutageALiveSaleIsCreatedLateAndOwnedByNobody) {
  stage.round();
  stage.clock = at("2026-11-27T19:00:00Z");
  stage.round();
  EXPECT_THAT(stage.names(), ElementsAre(kFriday));
  EXPECT_THAT(stage.told, ElementsAre("OccurrenceLate"));
  EXPECT_TRUE(stage.events.at(kFriday)->owners.empty());
}

TEST_F(SaleSchedules, AfterAnOutageWhatIsOverIsMissedAndToldOnce) {
  stage.round();
  stage.clock = at("2026-12-15T00:00:00Z");
  stage.round();
  EXPECT_THAT(stage.names(), IsEmpty());
  EXPECT_THAT(stage.told, ElementsAre("OccurrenceMissed"));
  EXPECT_EQ(stage.state(kFriday), "Missed");
  EXPECT_EQ(stage.status().occurrences.size(), 3U);
  stage.round();
  EXPECT_THAT(stage.told, IsEmpty());
  EXPECT_EQ(stage.writes, 0);
}

TEST_F(SaleSchedules, WhatBeganBeforeTheScheduleWasCreatedIsNotStarted) {
  ScheduleStage late("flash", at("2026-11-27T19:00:00Z"));
  late.apply(fridays());
  late.round();
  EXPECT_THAT(late.names(), IsEmpty());
  EXPECT_THAT(late.status().occurrences, IsEmpty());
}

TEST_F(SaleSchedules, WhatAnEditWouldHaveBegunBeforeItIsNotStarted) {
  stage.clock = at("2026-11-25T11:00:00Z");
  stage.round();
  api::SaleScheduleSpec spec = fridays();
  spec.schedule = "0 10 * * WED";
  stage.apply(spec);
  stage.round();
  EXPECT_THAT(stage.names(), IsEmpty());
  EXPECT_EQ(stage.status().next, at("2026-12-02T10:00:00Z"));
}

TEST_F(SaleSchedules, ADayLeftOutAndATimeAdded) {
  api::SaleScheduleSpec spec = fridays();
  spec.except = {"2026-11-27"};
  spec.also = {"2026-11-27T10:00:00+01:00"};
  stage.apply(spec);
  stage.run(at("2026-11-26T00:00:00Z"));
  EXPECT_THAT(stage.names(), ElementsAre("flash-20261127t090000z"));
}

TEST_F(SaleSchedules, ForbidLeavesTheLaterOutAndSaysSoOnce) {
  stage.apply(overlapping(api::Concurrency::Forbid));
  stage.clock = at("2026-11-26T00:00:00Z");
  stage.round();
  EXPECT_THAT(stage.names(), ElementsAre("flash-20261127t100000z"));
  EXPECT_THAT(stage.told, ElementsAre("OccurrenceCreated", "OccurrenceOverlaps"));
  EXPECT_EQ(stage.state("flash-20261127t120000z"), "Overlaps");
  stage.round();
  EXPECT_THAT(stage.told, IsEmpty());
  // The earlier one is gone before the later starts: what was decided stays.
  stage.clock = at("2026-11-27T11:00:00Z");
  stage.round();
  stage.complete("flash-20261127t100000z");
  stage.events.clear();
  stage.round();
  EXPECT_THAT(stage.names(), Not(Contains("flash-20261127t120000z")));
}

TEST_F(SaleSchedules, SalesThatOverlapOnlyInPreparationOverlap) {
  api::SaleScheduleSpec spec = overlapping(api::Concurrency::Forbid);
  spec.duration = {"1h", hours(1)};
  for (const auto& [prepare, expected] : {std::pair{minutes(30), 2U}, std::pair{minutes(31), 1U}}) {
    ScheduleStage one("flash", kMonday);
    spec.template_.spec.window.prepare = {to_text(prepare), prepare};
    one.apply(spec);
    one.clock = at("2026-11-26T00:00:00Z");
    one.round();
    EXPECT_EQ(one.names().size(), expected);
  }
}

TEST_F(SaleSchedules, AllowHasBoth) {
  stage.apply(overlapping(api::Concurrency::Allow));
  stage.clock = at("2026-11-26T00:00:00Z");
  stage.round();
  EXPECT_EQ(stage.names().size(), 2U);
}

TEST_F(SaleSchedules, ReplaceDeletesTheEarlierWhenTheLaterPrepares) {
  stage.apply(overlapping(api::Concurrency::Replace));
  stage.run(at("2026-11-27T11:29:59Z"));
  stage.edit("flash-20261127t100000z", [](Event& event) { event.has_finalizer = true; });
  stage.round();
  EXPECT_EQ(stage.names().size(), 2U);
  EXPECT_FALSE(stage.events.at("flash-20261127t100000z")->deleting);
  stage.run(at("2026-11-27T11:30:00Z"));
  EXPECT_TRUE(stage.events.at("flash-20261127t100000z")->deleting);
  EXPECT_EQ(stage.state("flash-20261127t100000z"), "Replaced");
  stage.events.erase("flash-20261127t100000z");
  stage.run(at("2026-11-27T12:30:00Z"));
  EXPECT_THAT(stage.names(), ElementsAre("flash-20261127t120000z"));
}

TEST_F(SaleSchedules, HistoryKeepsTheNewestOfEachOutcome) {
  api::SaleScheduleSpec spec = fridays();
  spec.history = {.completed = 2, .failed = 1};
  stage.apply(spec);
  for (int week = 0; week < 6; ++week) {
    const std::set<std::string> before = stage.names();
    stage.run(kMonday + days(7 * week + 5));
    for (const std::string& name : stage.names()) {
      if (!before.contains(name)) stage.complete(name, week % 2 == 0);
    }
  }
  stage.run(stage.clock);
  EXPECT_THAT(
      stage.names(),
      ElementsAre("flash-20261211t180000z", "flash-20261225t180000z", "flash-20270101t180000z"));
}

TEST_F(SaleSchedules, AnEventThatHoldsSomethingIsNotPruned) {
  api::SaleScheduleSpec spec = fridays();
  spec.history = {.completed = 0, .failed = 0};
  stage.apply(spec);
  stage.run(at("2026-11-27T18:00:00Z"));
  stage.edit(kFriday, [](Event& event) { event.has_finalizer = true; });
  stage.run(at("2026-12-01T00:00:00Z"));
  EXPECT_THAT(stage.names(), Contains(kFriday));
  stage.complete(kFriday);
  stage.run(at("2026-12-01T00:00:01Z"));
  EXPECT_THAT(stage.names(), Not(Contains(kFriday)));
}

/// The event is over, and its target had this floor; 0: it showed nothing.
void show_and_complete(ScheduleStage& stage, const std::string& name, std::int64_t floor) {
  stage.edit(name, [floor](Event& event) {
    api::TargetStatus row;
    row.name = "checkout";
    row.object = "Deployment.apps shop/checkout";
    row.usual = 4;
    if (floor > 0) row.learned.floor = floor;
    event.status.targets = {row};
  });
  stage.complete(name);
}

TEST_F(SaleSchedules, WhatTheLastSaleShowedOutlivesItsEvent) {
  api::SaleScheduleSpec spec = fridays();
  spec.history = {.completed = 0, .failed = 0};
  stage.apply(spec);
  stage.run(at("2026-11-27T22:00:00Z"));
  EXPECT_EQ(stage.status().last_run, api::LastOccurrence{}) << "it is not over";
  show_and_complete(stage, kFriday, 40);
  stage.run(at("2026-11-28T00:00:00Z"));
  EXPECT_THAT(stage.names(), Not(Contains(kFriday)));
  EXPECT_EQ(stage.status().last_run.event, kFriday);
  EXPECT_EQ(stage.status().last_run.start, at("2026-11-27T18:00:00Z"));
  ASSERT_EQ(stage.status().last_run.targets.size(), 1U);
  EXPECT_EQ(stage.status().last_run.targets[0].last_run.floor, 40);
  EXPECT_EQ(stage.status().last_run.targets[0].last_run.usual, 4);
  stage.round();
  EXPECT_EQ(stage.writes, 0);
}

TEST_F(SaleSchedules, OfSalesThatAreOverTheLatestThatShowedSomethingCounts) {
  api::SaleScheduleSpec spec = fridays();
  spec.history = {.completed = 5, .failed = 5};
  stage.apply(spec);
  stage.run(at("2026-12-04T22:00:00Z"));
  show_and_complete(stage, kNextFriday, 50);
  stage.round();
  EXPECT_EQ(stage.status().last_run.event, kNextFriday);
  show_and_complete(stage, kFriday, 40);
  stage.round();
  EXPECT_EQ(stage.status().last_run.event, kNextFriday) << "the other one began earlier";
  stage.run(at("2026-12-11T22:00:00Z"));
  show_and_complete(stage, "flash-20261211t180000z", 0);
  stage.round();
  EXPECT_EQ(stage.status().last_run.event, kNextFriday);
}

TEST_F(SaleSchedules, AnEventDeletedByHandIsNotCreatedAgain) {
  stage.run(at("2026-11-26T00:00:00Z"));
  stage.events.clear();
  stage.round();
  EXPECT_THAT(stage.told, ElementsAre("OccurrenceDeleted"));
  stage.run(at("2026-11-27T20:00:00Z"));
  EXPECT_THAT(stage.names(), IsEmpty());
  EXPECT_EQ(stage.state(kFriday), "Deleted");
  stage.run(at("2026-12-03T00:00:00Z"));
  EXPECT_THAT(stage.names(), ElementsAre(kNextFriday));
}

TEST_F(SaleSchedules, AViewThatLacksAnEventIsNoProofThatItIsGone) {
  stage.run(at("2026-11-26T00:00:00Z"));
  stage.not_in_view = {kFriday};
  const RoundResult result = stage.round();
  ASSERT_TRUE(result.failed);
  EXPECT_EQ(result.failed->kind, ErrorKind::Unavailable);
  EXPECT_EQ(stage.writes, 0);
  EXPECT_EQ(stage.state(kFriday), "Created");
}

TEST_F(SaleSchedules, AnotherTemplateMakesAnewOnlyWhatHasNotBegun) {
  stage.run(at("2026-11-26T00:00:00Z"));
  api::SaleScheduleSpec spec = fridays();
  spec.template_.spec.service_account_name = "sale";
  stage.apply(spec);
  stage.run(at("2026-11-26T00:00:01Z"));
  ASSERT_THAT(stage.names(), ElementsAre(kFriday));
  EXPECT_EQ(stage.events.at(kFriday)->spec->service_account_name, "sale");
  stage.run(at("2026-11-27T17:30:00Z"));
  spec.template_.spec.service_account_name = "other";
  stage.apply(spec);
  stage.run(at("2026-11-27T17:30:01Z"));
  EXPECT_EQ(stage.events.at(kFriday)->spec->service_account_name, "sale");
}

TEST_F(SaleSchedules, AnEditOfAnEventStaysUntilTheTemplateChanges) {
  stage.run(at("2026-11-26T00:00:00Z"));
  stage.edit(kFriday, [](Event& event) { event.spec.value().window.end = "2026-11-27T23:00:00Z"; });
  stage.run(at("2026-11-27T00:00:00Z"));
  EXPECT_EQ(stage.events.at(kFriday)->spec->window.end, "2026-11-27T23:00:00Z");
}

TEST_F(SaleSchedules, AnotherScheduleRemovesWhatItDoesNotStartAnyMore) {
  stage.run(at("2026-11-26T00:00:00Z"));
  api::SaleScheduleSpec spec = fridays();
  spec.schedule = "0 19 * * FRI";
  stage.apply(spec);
  stage.run(at("2026-11-26T00:00:01Z"));
  EXPECT_THAT(stage.names(), ElementsAre("flash-20261127t190000z"));
}

TEST_F(SaleSchedules, SuspendedNothingIsCreatedAndNothingIsMadeUpForAfterwards) {
  api::SaleScheduleSpec spec = fridays();
  spec.suspend = true;
  stage.apply(spec);
  stage.run(at("2026-11-27T19:00:00Z"));
  EXPECT_THAT(stage.names(), IsEmpty());
  EXPECT_EQ(stage.ready(), "Suspended");
  stage.apply(fridays());
  stage.run(at("2026-11-27T19:00:01Z"));
  EXPECT_THAT(stage.names(), IsEmpty());
  stage.run(at("2026-12-03T00:00:00Z"));
  EXPECT_THAT(stage.names(), ElementsAre(kNextFriday));
}

TEST_F(SaleSchedules, SuspendedWhatExistsStaysAsItIs) {
  stage.run(at("2026-11-26T00:00:00Z"));
  api::SaleScheduleSpec spec = fridays();
  spec.suspend = true;
  spec.schedule = "0 19 * * FRI";
  stage.apply(spec);
  stage.run(at("2026-11-27T00:00:00Z"));
  EXPECT_THAT(stage.names(), ElementsAre(kFriday));
}

TEST_F(SaleSchedules, AnEventOfSomebodyElseIsNotTouched) {
  stage.run(at("2026-11-26T00:00:00Z"));
  stage.edit(kFriday, [](Event& event) {
    event.schedule.clear();
    event.owners.clear();
  });
  stage.round();
  EXPECT_EQ(stage.ready(), "NameTaken");
  EXPECT_THAT(stage.told, ElementsAre("NameTaken"));
  stage.run(at("2026-11-28T00:00:00Z"));
  EXPECT_THAT(stage.names(), ElementsAre(kFriday));
  EXPECT_EQ(stage.ready(), "Scheduled");
}

TEST_F(SaleSchedules, ACreationThatFailsIsToldAndMadeUpFor) {
  stage.create_fails = Error{.kind = ErrorKind::Denied, .message = "exceeded quota"};
  stage.clock = at("2026-11-26T00:00:00Z");
  const RoundResult result = stage.round();
  EXPECT_TRUE(result.failed);
  EXPECT_EQ(stage.ready(), "CreateFailed");
  EXPECT_THAT(stage.status().message, testing::HasSubstr("exceeded quota"));
  EXPECT_THAT(stage.status().occurrences, IsEmpty());
  stage.round();
  EXPECT_EQ(stage.writes, 0);
  stage.create_fails.reset();
  stage.round();
  EXPECT_EQ(stage.ready(), "Scheduled");
  EXPECT_THAT(stage.names(), ElementsAre(kFriday));
}

TEST_F(SaleSchedules, WhatCannotBeAcceptedRemovesNothing) {
  stage.run(at("2026-11-26T00:00:00Z"));
  stage.zone_fails = Error{.kind = ErrorKind::Invalid, .message = "spec.timeZone is no zone"};
  stage.round();
  EXPECT_EQ(stage.ready(), "Invalid");
  EXPECT_THAT(stage.told, ElementsAre("Invalid"));
  EXPECT_THAT(stage.names(), ElementsAre(kFriday));
  stage.round();
  EXPECT_EQ(stage.writes, 0);
}

TEST_F(SaleSchedules, AnotherInstallLeavesItAlone) {
  stage.round();
  stage.install = "elsewhere";
  stage.clock = at("2026-11-26T00:00:00Z");
  stage.round();
  EXPECT_EQ(stage.writes, 0);
}

TEST_F(SaleSchedules, ADeletedScheduleDoesNothing) {
  stage.raw().deleting = true;
  stage.clock = at("2026-11-26T00:00:00Z");
  stage.round();
  EXPECT_EQ(stage.writes, 0);
}

TEST_F(SaleSchedules, EventsAndRowsAreBounded) {
  api::SaleScheduleSpec spec = fridays();
  spec.schedule = "* * * * *";
  spec.concurrency = api::Concurrency::Allow;
  stage.apply(spec);
  stage.round();
  EXPECT_EQ(stage.names().size(), kActiveEvents);
  EXPECT_EQ(stage.ready(), "TooManyEvents");
  stage.run(stage.clock + hours(8));
  EXPECT_LE(stage.status().occurrences.size(), kOccurrenceRows);
  spec.concurrency = api::Concurrency::Forbid;
  ScheduleStage other("flash", kMonday);
  other.apply(spec);
  other.run(kMonday + hours(8));
  EXPECT_LE(other.status().occurrences.size(), kOccurrenceRows);
  EXPECT_GE(other.names().size(), 2U);
}

TEST_F(SaleSchedules, ASameNamedSuccessorTakesOver) {
  stage.run(at("2026-11-27T19:00:00Z"));
  ScheduleStage next("flash", stage.clock);
  next.events = stage.events;
  next.raw().uid = "another";
  next.apply(fridays());
  next.run(at("2026-12-03T00:00:00Z"));
  EXPECT_THAT(next.names(), ElementsAre(kFriday, kNextFriday));
  EXPECT_THAT(next.ready(), "Scheduled");
}

}  // namespace
}  // namespace doorbuster::planner
