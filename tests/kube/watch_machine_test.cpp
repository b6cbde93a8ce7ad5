// The list+watch state machine, every transition as a sentence. No socket, no clock.

#include "tests/kube/watch_drive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace doorbuster::kube {
namespace {

using namespace watch_drive;
using testing::ElementsAre;
using testing::IsEmpty;
using Stage = WatchMachine::Stage;

TEST(WatchMachine, BeginsWithAConsistentListInPages) {
  Drive drive;
  EXPECT_THAT(drive.begin(), ElementsAre("state Starting", kFirstPage, "timer 1m"));
  EXPECT_EQ(drive.machine.stage(), Stage::Paging);
  EXPECT_THAT(drive.begin(), IsEmpty()) << "beginning twice does nothing";
}

TEST(WatchMachine, AsksForTheNextPageBeforeItHandsOverThisOne) {
  Drive drive;
  drive.begin();
  EXPECT_THAT(
      drive.page(list("10", {object("a", "7"), object("b", "8")}, "to/ken=")),
      ElementsAre(
          kFirstPage + "&continue=to%2Fken%3D", "timer 1m", "page first: shop/a@7 shop/b@8 v10"));
  EXPECT_THAT(drive.page(list("10", {object("c", "9")})),
              ElementsAre(watch_from("10"), "timer 3m25s", "page last: shop/c@9 v10"));
  EXPECT_EQ(drive.machine.stage(), Stage::Watching);
}

TEST(WatchMachine, AnEmptyListIsAListToo) {
  for (const std::string& body :
       {list("10", {}), std::string(R"({"metadata":{"resourceVersion":"10"},"items":null})")}) {
    Drive drive;
    drive.begin();
    EXPECT_THAT(drive.page(body),
                ElementsAre(watch_from("10"), "timer 3m25s", "page first last: v10"));
  }
}

TEST(WatchMachine, PagesOfDifferentVersionsAreWatchedFromTheFirst) {
  Drive drive;
  drive.begin();
  drive.page(list("10", {object("a", "7")}, "next"));
  EXPECT_THAT(drive.page(list("14", {object("b", "12")})),
              ElementsAre(watch_from("10"), "timer 3m25s", "page last: shop/b@12 v10"));
}

TEST(WatchMachine, IsCurrentWhenTheWatchHasOpened) {
  Drive drive;
  drive.begin();
  drive.page(list("10", {}));
  EXPECT_THAT(drive.answers(200), ElementsAre("state Current"));
}

TEST(WatchMachine, DeliversEventsInOrderAndBookmarksAdvanceTheVersion) {
  Drive drive;
  drive.watching();
  EXPECT_THAT(drive.bytes(event("ADDED", object("b", "11")) + event("MODIFIED", object("a", "12")) +
                          bookmark("20") + event("DELETED", object("b", "21"))),
              ElementsAre("upsert b@11", "upsert a@12", "bookmark 20", "delete b@21"));
  EXPECT_EQ(drive.machine.version(), "21");
  drive.wait(Duration(200'000));
  EXPECT_THAT(drive.ends(), ElementsAre(watch_from("21"), "timer 3m25s"));
}

TEST(WatchMachine, FramesMayBeCutAnywhere) {
  const std::string stream = event("ADDED", object("b", "11")) + "\r\n" + bookmark("20") +
                             event("DELETED", object("b", "21"));
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    Drive drive;
    drive.watching();
    Drive::Lines lines = drive.bytes(std::string_view(stream).substr(0, cut));
    for (const std::string& line : drive.bytes(std::string_view(stream).substr(cut)))
      lines.push_back(line);
    ASSERT_THAT(lines, ElementsAre("upsert b@11", "bookmark 20", "delete b@21"))
        << "cut at " << cut;
  }
}

TEST(WatchMachine, AnyCuttingGivesTheSameEvents) {
  std::mt19937_64 random(20261124);
  for (int round = 0; round < 300; ++round) {
    std::string stream;
    Drive::Lines expected;
    for (int i = 0; i < 12; ++i) {
      const std::string version = std::to_string(11 + i);
      const std::string name = std::string(1 + random() % 40, static_cast<char>('a' + i));
      switch (random() % 4) {
        case 0:
          stream += bookmark(version);
          expected.push_back("bookmark " + version);
          break;
        case 1:
          stream += event("DELETED", object(name, version));
          expected.push_back("delete " + name + "@" + version);
          break;
        default:
          stream += event("MODIFIED", object(name, version));
          expected.push_back("upsert " + name + "@" + version);
      }
    }
    Drive drive;
    drive.watching();
    Drive::Lines lines;
    for (std::size_t at = 0; at < stream.size();) {
      const std::size_t size = 1 + random() % (round % 2 == 0 ? 7 : 700);
      for (std::string& line : drive.bytes(std::string_view(stream).substr(at, size)))
        lines.push_back(std::move(line));
      at += size;
    }
    ASSERT_EQ(lines, expected) << "round " << round;
  }
}

// ---- ends and failures of a watch

TEST(WatchMachine, ACleanEndOfALongWatchIsResumedAtOnceWithoutListing) {
  Drive drive;
  drive.watching();
  drive.wait(Duration(195'000));
  EXPECT_THAT(drive.ends(), ElementsAre(watch_from("10"), "timer 3m25s"));
}

TEST(WatchMachine, AWatchThatEndsAsSoonAsItOpensIsNotReopenedAtOnce) {
  Drive drive;
  drive.watching();
  EXPECT_THAT(drive.ends(), ElementsAre("state Retrying: end of stream", "timer 400ms"));
  EXPECT_EQ(drive.machine.stage(), Stage::Backoff);
  EXPECT_THAT(drive.timer(), ElementsAre(watch_from("10"), "timer 3m25s"));
  drive.answers(200);
  EXPECT_THAT(drive.ends(), ElementsAre("state Retrying: end of stream", "timer 800ms"));
}

TEST(WatchMachine, ABrokenConnectionIsResumedFromTheLastVersionAndHalfAFrameForgotten) {
  Drive drive;
  drive.watching();
  drive.bytes(event("ADDED", object("b", "11")) + R"({"type":"ADDED","obj)");
  drive.wait(Duration(60'000));
  EXPECT_THAT(drive.breaks("connection reset"),
              ElementsAre("state Retrying: connection reset", "timer 400ms"));
  EXPECT_THAT(drive.timer(), ElementsAre(watch_from("11"), "timer 3m25s"));
  EXPECT_THAT(drive.answers(200), ElementsAre("state Current"));
  EXPECT_THAT(drive.bytes(event("ADDED", object("c", "12"))), ElementsAre("upsert c@12"));
}

std::vector<Duration> delays_of(int code, int count) {
  Drive drive;
  drive.watching();
  drive.jitter = 1.0;
  std::vector<Duration> delays;
  for (int i = 0; i < count; ++i) {
    if (code == 0) {
      drive.breaks("connection refused");
    } else {
      drive.refusal(code);
    }
    delays.push_back(drive.timer_after);
    drive.timer();
  }
  return delays;
}

TEST(WatchMachine, TheBackOffDoublesUpToHalfAMinuteWhereTheServerIsInTrouble) {
  const auto ms = [](int count) { return Duration(count); };
  EXPECT_THAT(
      delays_of(500, 7),
      ElementsAre(ms(800), ms(1'600), ms(3'200), ms(6'400), ms(12'800), ms(25'600), ms(30'000)));
}

TEST(WatchMachine, AServerThatDoesNotAnswerIsAskedAgainEveryFewSeconds) {
  const auto ms = [](int count) { return Duration(count); };
  const std::vector<Duration> delays = delays_of(0, 6);
  EXPECT_EQ(delays.back(), ms(4'000)) << "a sale may begin in the second in which it is back";
}

TEST(WatchMachine, ARetryNeverComesSoonerThanAHundredMilliseconds) {
  Drive drive;
  drive.watching();
  drive.jitter = 0.0;
  for (int i = 0; i < 20; ++i) {
    drive.breaks("connection refused");
    EXPECT_EQ(drive.timer_after, Duration(100));
    drive.timer();
  }
}

TEST(WatchMachine, TwoHealthyMinutesForgetEarlierFailures) {
  for (const auto& [lived, expected] : {std::pair(Duration(119'999), Duration(1'600)),
                                        std::pair(Duration(120'000), Duration(400))}) {
    Drive drive;
    drive.watching();
    for (int i = 0; i < 2; ++i) {
      drive.breaks();
      drive.timer();
      drive.answers(200);
    }
    drive.wait(lived);
    drive.breaks();
    EXPECT_EQ(drive.timer_after, expected);
  }
}

TEST(WatchMachine, AWatchThatTheServerDoesNotEndIsEndedByUs) {
  Drive drive;
  drive.watching();
  drive.wait(Duration(205'000));
  EXPECT_THAT(drive.timer(),
              ElementsAre("close", "state Retrying: the watch did not end in time", "timer 400ms"));
  EXPECT_THAT(drive.timer(), ElementsAre(watch_from("10"), "timer 3m25s"));
}

TEST(WatchMachine, WhatIsLateIsIgnored) {
  Drive drive;
  drive.begin();
  const std::uint64_t page_answer = drive.answer, page_timer = drive.timer_ticket;
  drive.page(list("10", {}));
  drive.answers(200);
  const auto late = [&](const WatchInput& input) {
    return drive.machine.step(input, drive.now, 0.5).size();
  };
  EXPECT_EQ(late(AnswerBegan{page_answer, 500, {}}), 0U);
  EXPECT_EQ(late(AnswerBytes{page_answer, "{}\n"}), 0U);
  EXPECT_EQ(late(AnswerEnded{page_answer, false, "late"}), 0U);
  EXPECT_EQ(late(TimerFired{page_timer}), 0U);
  EXPECT_EQ(drive.machine.stage(), Stage::Watching);
}

TEST(WatchMachine, WhateverComesItNeverAsksTwiceWithoutWaiting) {
  // Random answers of every kind; time passes only while it waits for its own timers.
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    std::mt19937_64 random(seed);
    Drive drive;
    drive.begin();
    int opened_in_a_row = 0;
    for (int step = 0; step < 300; ++step) {
      const std::uint64_t before = drive.answer;
      if (drive.machine.stage() == Stage::Backoff) {
        drive.wait(drive.timer_after);
        ASSERT_GE(drive.timer_after, Duration(100));
        drive.timer();
        opened_in_a_row = 0;
        continue;
      }
      static constexpr int kCodes[] = {200, 400, 401, 403, 404, 410, 429, 500, 504};
      const int code = kCodes[random() % 9];
      const bool paging = drive.machine.stage() == Stage::Paging;
      drive.answers(code);
      if (code != 200) {
        drive.bytes(status(code, "x"));
      } else if (paging) {
        drive.bytes(random() % 4 == 0 ? "garbage" : list("10", {}));
      } else {
        drive.bytes(random() % 2 == 0 ? event("ERROR", status(kCodes[random() % 9], "x"))
                                      : bookmark("12"));
      }
      drive.ends();
      if (drive.answer != before && ++opened_in_a_row > 4)
        FAIL() << "seed " << seed << ": a busy loop";
    }
  }
}

}  // namespace
}  // namespace doorbuster::kube
