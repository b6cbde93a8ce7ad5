// What the list+watch state machine does when the server refuses or sends what it should not.

#include "tests/kube/watch_drive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::kube {
namespace {

using namespace watch_drive;
using testing::ElementsAre;
using testing::IsEmpty;

struct Refusal {
  const char* sentence;
  int code;
  std::string body;
  std::optional<Duration> retry_after;
  std::string state;
  Duration delay;
  bool lists_again;
};

class RefusedWatch : public testing::TestWithParam<Refusal> {};

TEST_P(RefusedWatch, AsAStatus) {
  const Refusal& given = GetParam();
  Drive drive;
  drive.begin();
  drive.page(list("10", {}));
  const Drive::Lines lines = drive.refusal(given.code, given.body, given.retry_after);
  ASSERT_FALSE(lines.empty());
  EXPECT_EQ(lines.front(), given.state);
  EXPECT_EQ(drive.timer_after, given.delay);
  EXPECT_EQ(drive.timer().front(), given.lists_again ? kFirstPage : watch_from("10"));
}

INSTANTIATE_TEST_SUITE_P(
    Sentences,
    RefusedWatch,
    testing::Values(
        Refusal{"429 waits as long as it is asked to",
                429,
                status(429, "slow down"),
                Duration(7'000),
                "state Retrying: slow down",
                Duration(7'400),
                false},
        Refusal{"429 that asks for a year waits a minute",
                429,
                status(429, "slow down"),
                std::chrono::hours(8'760),
                "state Retrying: slow down",
                Duration(60'400),
                false},
        Refusal{"429 without a wish backs off",
                429,
                "",
                {},
                "state Retrying: HTTP status 429",
                Duration(400),
                false},
        Refusal{"500 keeps the version",
                500,
                status(500, "etcd"),
                {},
                "state Retrying: etcd",
                Duration(400),
                false},
        Refusal{"503 with the wish in the body",
                503,
                status(503, "starting", R"({"retryAfterSeconds":3})"),
                {},
                "state Retrying: starting",
                Duration(3'400),
                false},
        Refusal{
            "504 too large resource version is not listed at once",
            504,
            status(504,
                   "Timeout: Too large",
                   R"({"causes":[{"reason":"ResourceVersionTooLarge"}],"retryAfterSeconds":1})"),
            {},
            "state Retrying: Timeout: Too large",
            Duration(1'400),
            false},
        Refusal{"401 is tried again soon: the token may have been replaced",
                401,
                status(401, "Unauthorized"),
                {},
                "state Retrying: Unauthorized",
                Duration(400),
                false},
        Refusal{"403 is tried again soon: the API server may just have started",
                403,
                status(403, "no"),
                {},
                "state Retrying: no",
                Duration(400),
                false},
        Refusal{"404 is tried again soon: the API server may not have read its custom kinds",
                404,
                "404 page not found",
                {},
                "state Retrying: HTTP status 404",
                Duration(400),
                false},
        Refusal{"400 may be the version",
                400,
                status(400, "bad version"),
                {},
                "state Retrying: bad version",
                Duration(400),
                true},
        Refusal{"405 is tried again slowly",
                405,
                "",
                {},
                "state Retrying: HTTP status 405",
                Duration(37'500),
                false},
        Refusal{"a redirect is not followed",
                302,
                "",
                {},
                "state Retrying: HTTP status 302",
                Duration(37'500),
                false}),
    [](const auto& refusal) {
      std::string name;
      for (const char c : std::string(refusal.param.sentence))
        name += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
      return name;
    });

TEST(WatchMachine, TheFirst410ListsAtOnceTheNextWaits) {
  Drive drive;
  drive.begin();
  drive.page(list("10", {}));
  EXPECT_THAT(drive.refusal(410, status(410, "too old")), ElementsAre(kFirstPage, "timer 1m"));
  drive.page(list("30", {}));
  drive.answers(200);
  EXPECT_THAT(drive.bytes(event("ERROR", status(410, "too old"))),
              ElementsAre("close", "state Retrying: too old", "timer 400ms"));
  EXPECT_THAT(drive.timer(), ElementsAre(kFirstPage, "timer 1m"));
}

TEST(WatchMachine, A410InTheStreamOfAnOldWatchListsAtOnce) {
  Drive drive;
  drive.watching();
  for (int i = 0; i < 3; ++i) {
    drive.wait(Duration(30'000));
    EXPECT_THAT(drive.bytes(event("ERROR", status(410, "too old"))),
                ElementsAre("close", kFirstPage, "timer 1m"));
    drive.page(list("30", {object("z", "29")}));
    drive.answers(200);
  }
}

TEST(WatchMachine, EventsBeforeAnErrorFrameCountAndWhatFollowsItDoesNot) {
  Drive drive;
  drive.watching();
  drive.wait(Duration(30'000));
  EXPECT_THAT(
      drive.bytes(event("ADDED", object("b", "11")) +
                  event("ERROR", status(500, "unable to decode")) +
                  event("ADDED", object("c", "12"))),
      ElementsAre("upsert b@11", "close", "state Retrying: unable to decode", "timer 400ms"));
  EXPECT_THAT(drive.timer(), ElementsAre(watch_from("11"), "timer 3m25s"));
}

TEST(WatchMachine, AVersionThatTheServerNeverReachesIsGivenUp) {
  // An etcd restored from a backup: our version lies ahead of it for good.
  Drive drive;
  drive.begin();
  drive.page(list("900", {}));
  const std::string too_large = status(504, "Too large resource version: 900, current: 12");
  for (int i = 0; i < 3; ++i) {
    drive.refusal(504, too_large);
    EXPECT_THAT(drive.timer(), ElementsAre(watch_from("900"), "timer 3m25s"));
  }
  drive.refusal(504, too_large);
  EXPECT_THAT(drive.timer(), ElementsAre(kFirstPage, "timer 1m"));
  EXPECT_THAT(drive.page(list("12", {})),
              ElementsAre(watch_from("12"), "timer 3m25s", "page first last: v12"));
}

TEST(WatchMachine, GarbageIsResumedAndAfterSomeTriesListed) {
  Drive drive;
  drive.watching();
  for (int i = 0; i < 4; ++i) {
    drive.answers(200);
    const Drive::Lines lines = drive.bytes("<html>\n");
    ASSERT_FALSE(lines.empty());
    EXPECT_EQ(lines.front(), "close");
    EXPECT_THAT(drive.timer().front(), i < 3 ? watch_from("10") : kFirstPage);
  }
}

TEST(WatchMachine, AFrameBeyondItsBoundIsReportedAndListed) {
  WatchSettings settings;
  settings.frame_bytes = 1'000;
  Drive drive(settings);
  drive.watching();
  EXPECT_THAT(drive.bytes(std::string(900, ' ')), IsEmpty());
  EXPECT_THAT(drive.bytes(std::string(101, ' ')),
              ElementsAre("undecodable: a watch event exceeds its bound of bytes",
                          "close",
                          "state Retrying: a watch event exceeds its bound of bytes",
                          "timer 400ms"));
  EXPECT_THAT(drive.timer(), ElementsAre(kFirstPage, "timer 1m"));
}

TEST(WatchMachine, AnEventThatCannotBeReadIsSkippedAndCounted) {
  Drive drive;
  drive.watching();
  EXPECT_THAT(drive.bytes(event("ADDED", R"({"metadata":{"resourceVersion":"11"}})") +
                          event("ADDED", object("b", "12"))),
              ElementsAre("undecodable: metadata.name is missing", "upsert b@12"));
  EXPECT_THAT(drive.bytes(event("RENAMED", object("b", "13")) + event("ADDED", object("c", "14"))),
              ElementsAre("undecodable: an unknown type of watch event", "upsert c@14"));
  EXPECT_EQ(drive.machine.undecodable(), 2U);
}

TEST(WatchMachine, AnEndlessRefusalIsNotKept) {
  Drive drive;
  drive.begin();
  drive.answers(500);
  for (int i = 0; i < 100; ++i) EXPECT_THAT(drive.bytes(std::string(100'000, 'x')), IsEmpty());
  EXPECT_THAT(drive.ends(), ElementsAre("state Retrying: HTTP status 500", "timer 400ms"));
}

TEST(WatchMachine, ARefusalThatLastsIsToldAndTriedSlowly) {
  Drive drive;
  drive.begin();
  drive.page(list("10", {}));
  const int soon = WatchSettings{}.early_refusals;
  for (int i = 0; i < soon; ++i) {
    for (const std::string& line : drive.refusal(403))
      EXPECT_EQ(line.find("Denied"), std::string::npos) << "the view is still believed";
    drive.timer();
  }
  EXPECT_THAT(drive.refusal(403),
              ElementsAre(testing::HasSubstr("state Denied"), "timer 37s500ms"));
}

TEST(WatchMachine, AnApiServerThatHasJustStartedIsAskedAgainSoonHoweverLongItWasAway) {
  struct Answer {
    const char* sentence;
    int code;
    std::string body;
  };
  for (const Answer& one :
       {Answer{"it has not read the roles yet", 403, status(403, "no")},
        Answer{"it has not read its custom kinds yet", 404, "404 page not found"},
        Answer{"its caches are being filled", 429, status(429, "storage is (re)initializing")},
        Answer{"it is starting", 503, status(503, "not all paths are installed")}}) {
    for (const bool watched : {false, true}) {
      SCOPED_TRACE(std::string(one.sentence) + (watched ? ", while watching" : ", first list"));
      Drive drive;
      if (watched) {
        drive.watching();
      } else {
        drive.begin();
      }
      for (int i = 0; i < 40; ++i) {  // two minutes of refused connections
        drive.breaks("Connection refused");
        EXPECT_LE(drive.timer_after, WatchSettings{}.backoff_unreachable);
        drive.wait(drive.timer_after);
        drive.timer();
      }
      const int soon = WatchSettings{}.early_refusals;
      Duration waited{0};
      for (int i = 0; i < soon - 1; ++i) {
        drive.refusal(one.code, one.body);
        waited += drive.timer_after;
        drive.timer();
      }
      EXPECT_LT(waited, Duration(9'000)) << "so long it takes an API server to read its roles";
    }
  }
}

TEST(WatchMachine, AKindThatIsServedAgainIsListedAnew) {
  WatchSettings settings;
  settings.early_refusals = 0;
  Drive drive(settings);
  drive.begin();
  EXPECT_THAT(drive.refusal(404),
              ElementsAre("state NotServed: HTTP status 404", "timer 37s500ms"));
  EXPECT_THAT(drive.timer(), ElementsAre(kFirstPage, "timer 1m"));
  EXPECT_THAT(drive.refusal(404), ElementsAre("timer 37s500ms"))
      << "said once, not every half minute";
  drive.timer();
  drive.page(list("10", {}));
  EXPECT_THAT(drive.answers(200), ElementsAre("state Current"));
}

}  // namespace
}  // namespace doorbuster::kube
