// The list+watch state machine, every transition as a sentence. No socket, no clock.

#include "operator/kube/watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace doorbuster::kube {
namespace {

Resource deployments() {
  return {.group = "apps",
          .version = "v1",
          .plural = "deployments",
          .kind = "Deployment",
          .verbs = {},
          .subresources = {}};
}

const std::string kPath = "/apis/apps/v1/namespaces/shop/deployments";
const std::string kFirstPage = "open " + kPath + "?limit=500";
/// With jitter 0.5: 195 s, half-way between 170 and 220.
std::string watch_from(const std::string& version) {
  return "open " + kPath + "?allowWatchBookmarks=true&resourceVersion=" + version +
         "&timeoutSeconds=195&watch=true";
}

std::string object(const std::string& name, const std::string& version) {
  return R"({"metadata":{"name":")" + name + R"(","namespace":"shop","uid":"u-)" + name +
         R"(","resourceVersion":")" + version + R"("},"spec":{"note":"naïve } ] \" ☂"}})";
}
std::string list(const std::string& version,
                 const std::vector<std::string>& items,
                 const std::string& token = "") {
  std::string text =
      R"({"kind":"DeploymentList","apiVersion":"apps/v1","metadata":{"resourceVersion":")" +
      version + '"';
  if (!token.empty()) text += R"(,"continue":")" + token + '"';
  text += R"(},"items":[)";
  for (const std::string& item : items) text += (item == items.front() ? "" : ",") + item;
  return text + "]}\n";
}
std::string event(const std::string& type, const std::string& object) {
  return R"({"type":")" + type + R"(","object":)" + object + "}\n";
}
std::string bookmark(const std::string& version) {
  return event("BOOKMARK",
               R"({"kind":"Deployment","metadata":{"resourceVersion":")" + version + R"("}})");
}
std::string status(int code, const std::string& message, const std::string& details = "{}") {
  return R"({"kind":"Status","apiVersion":"v1","status":"Failure","message":")" + message +
         R"(","details":)" + details + R"(,"code":)" + std::to_string(code) + "}";
}

/// Drives a machine and writes down what it says, a line an output.
class Drive {
 public:
  explicit Drive(WatchSettings settings = {}) : machine(deployments(), "shop", settings) {}

  using Lines = std::vector<std::string>;
  Lines begin() { return take(Begin{}); }
  Lines answers(int code, std::optional<Duration> retry_after = {}) {
    return take(AnswerBegan{answer, code, retry_after});
  }
  Lines bytes(std::string_view text) { return take(AnswerBytes{answer, text}); }
  Lines ends() { return take(AnswerEnded{answer, true, "end of stream"}); }
  Lines breaks(const std::string& why = "reset") { return take(AnswerEnded{answer, false, why}); }
  Lines timer() { return take(TimerFired{timer_ticket}); }
  Lines page(const std::string& body) {
    answers(200);
    bytes(body);
    return ends();
  }
  Lines refusal(int code, const std::string& body = "", std::optional<Duration> retry_after = {}) {
    answers(code, retry_after);
    bytes(body);
    return ends();
  }
  void wait(Duration span) { now += span; }
  /// To an open watch that has seen version 10.
  Drive& watching() {
    begin();
    page(list("10", {object("a", "7")}));
    answers(200);
    return *this;
  }

  WatchMachine machine;
  Instant now = Instant(std::chrono::hours(1));
  double jitter = 0.5;
  std::uint64_t answer = 0, timer_ticket = 0;
  Duration timer_after{};

 private:
  Lines take(const WatchInput& input) {
    Lines lines;
    for (const WatchOutput& output : machine.step(input, now, jitter)) {
      std::visit([&](const auto& what) { lines.push_back(line(what)); }, output);
    }
    return lines;
  }
  std::string line(const OpenAnswer& what) {
    answer = what.ticket;
    return "open " + what.target;
  }
  static std::string line(const CloseAnswer&) { return "close"; }
  std::string line(const SetTimer& what) {
    timer_ticket = what.ticket;
    timer_after = what.after;
    return "timer " + to_text(what.after);
  }
  static std::string line(const DeliverPage& what) {
    std::string text = std::string("page") + (what.page.first ? " first" : "") +
                       (what.page.last ? " last" : "") + ":";
    for (const ObjectView& item : what.page.items) {
      EXPECT_TRUE(item.text.starts_with('{') && item.text.ends_with('}')) << item.text;
      text += " " + item.meta.ns + "/" + item.meta.name + "@" + item.meta.resource_version;
    }
    return text + " v" + what.page.version;
  }
  static std::string line(const DeliverUpsert& what) {
    EXPECT_EQ(what.text, object(what.meta.name, what.meta.resource_version));
    return "upsert " + what.meta.name + "@" + what.meta.resource_version;
  }
  static std::string line(const DeliverDelete& what) {
    return "delete " + what.meta.name + "@" + what.meta.resource_version;
  }
  static std::string line(const DeliverBookmark& what) { return "bookmark " + what.version; }
  static std::string line(const DeliverUndecodable& what) { return "undecodable: " + what.why; }
  static std::string line(const DeliverState& what) {
    return std::string("state ") + to_string(what.report.state) +
           (what.report.why.empty() ? "" : ": " + what.report.why);
  }
};

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

// ---- refusals, as an HTTP status or as an ERROR frame in a 200

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

// ---- failures of a list

TEST(WatchMachine, AConnectionThatBreaksInAPageRepeatsThatPage) {
  Drive drive;
  drive.begin();
  drive.page(list("10", {object("a", "7")}, "next"));
  drive.answers(200);
  drive.bytes(R"({"metadata":{"resourceVer)");
  EXPECT_THAT(drive.breaks("connection reset"),
              ElementsAre("state Retrying: connection reset", "timer 400ms"));
  EXPECT_THAT(drive.timer(), ElementsAre(kFirstPage + "&continue=next", "timer 1m"));
  EXPECT_THAT(drive.page(list("10", {object("b", "8")})),
              ElementsAre(watch_from("10"), "timer 3m25s", "page last: shop/b@8 v10"));
}

TEST(WatchMachine, AContinueTokenThatExpiredListsOnceWithoutLimit) {
  Drive drive;
  drive.begin();
  drive.page(list("10", {object("a", "7")}, "next"));
  EXPECT_THAT(drive.refusal(410, status(410, "continue expired")),
              ElementsAre("open " + kPath, "timer 1m"));
  EXPECT_THAT(
      drive.page(list("11", {object("a", "7"), object("b", "8")})),
      ElementsAre(watch_from("11"), "timer 3m25s", "page first last: shop/a@7 shop/b@8 v11"));
}

TEST(WatchMachine, EvenThatListExpiringWaitsAndIsPagedAgain) {
  Drive drive;
  drive.begin();
  drive.page(list("10", {object("a", "7")}, "next"));
  drive.refusal(410, status(410, "continue expired"));
  EXPECT_THAT(drive.refusal(410, status(410, "again")),
              ElementsAre("state Retrying: again", "timer 400ms"));
  EXPECT_THAT(drive.timer(), ElementsAre(kFirstPage, "timer 1m"));
}

struct BadPage {
  const char* sentence;
  std::string body;
};

TEST(WatchMachine, ABodyThatIsNoListIsAskedForAgainFromTheStart) {
  const std::vector<BadPage> cases = {
      {"empty", ""},
      {"cut off", list("10", {object("a", "7")}).substr(0, 150)},
      {"not JSON", "<html>503</html>"},
      {"an array", "[]"},
      {"no items", R"({"metadata":{"resourceVersion":"10"}})"},
      {"no version", R"({"metadata":{},"items":[]})"},
      {"items is an object", R"({"metadata":{"resourceVersion":"10"},"items":{}})"},
      {"items begins like null", R"({"metadata":{"resourceVersion":"10"},"items":nqll})"},
      {"items is text", R"({"metadata":{"resourceVersion":"10"},"items":"x"})"},
      {"version is a number", R"({"metadata":{"resourceVersion":10},"items":[]})"},
  };
  for (const BadPage& bad : cases) {
    Drive drive;
    drive.begin();
    drive.page(list("9", {object("a", "7")}, "next"));
    const Drive::Lines lines = drive.page(bad.body);
    ASSERT_EQ(lines.size(), 2U) << bad.sentence;
    EXPECT_TRUE(lines.front().starts_with("state Retrying: ")) << bad.sentence;
    EXPECT_THAT(drive.timer(), ElementsAre(kFirstPage, "timer 1m")) << bad.sentence;
  }
}

TEST(WatchMachine, OneBadItemDoesNotPoisonTheList) {
  const std::vector<std::pair<const char*, std::string>> cases = {
      {"null", "null"},
      {"a number", "17"},
      {"text", R"("},{")"},
      {"no metadata", R"({"spec":{}})"},
      {"no name", R"({"metadata":{"uid":"u"}})"},
      {"a name that is a number", R"({"metadata":{"name":5}})"},
      {"metadata that is a list", R"({"metadata":[]})"},
      {"a generation that is text", R"({"metadata":{"name":"x","generation":"1"}})"},
      {"invalid UTF-8", "{\"metadata\":{\"name\":\"x\xff\"}}"},
      {"a raw control character", "{\"metadata\":{\"name\":\"x\n\"}}"},
  };
  for (const auto& [sentence, item] : cases) {
    Drive drive;
    drive.begin();
    const Drive::Lines lines = drive.page(list("10", {object("a", "7"), item, object("b", "8")}));
    ASSERT_EQ(lines.size(), 4U) << sentence;
    EXPECT_EQ(lines[2], "page first last: shop/a@7 shop/b@8 v10") << sentence;
    EXPECT_TRUE(lines[3].starts_with("undecodable: ")) << sentence;
    EXPECT_EQ(drive.machine.undecodable(), 1U) << sentence;
  }
}

TEST(WatchMachine, APageThatNeverComesIsGivenUp) {
  Drive drive;
  drive.begin();
  drive.answers(200);
  drive.bytes("{");
  EXPECT_THAT(drive.timer(),
              ElementsAre("close", "state Retrying: a page took too long", "timer 400ms"));
}

TEST(WatchMachine, TooMuchIsReportedAndTriedAgainSlowly) {
  WatchSettings settings;
  settings.page_bytes = 400;
  settings.objects = 3;
  Drive bytes(settings);
  bytes.begin();
  bytes.answers(200);
  EXPECT_THAT(
      bytes.bytes(std::string(401, ' ')),
      ElementsAre("close", "state TooMany: a page exceeds its bound of bytes", "timer 37s500ms"));
  settings.page_bytes = 10'000;
  Drive objects(settings);
  objects.begin();
  const std::vector<std::string> two = {object("a", "1"), object("b", "2")};
  objects.page(list("10", two, "next"));
  EXPECT_THAT(objects.page(list("10", two)),
              ElementsAre("state TooMany: more objects than the bound", "timer 37s500ms"));
  EXPECT_THAT(objects.timer(), ElementsAre(kFirstPage, "timer 1m"));
  settings.pages = 3;
  Drive pages(settings);
  pages.begin();
  pages.page(list("10", {}, "x"));
  pages.page(list("10", {}, "x"));
  pages.page(list("10", {}, "x"));
  EXPECT_THAT(pages.page(list("10", {}, "x")),
              ElementsAre("state TooMany: more objects than the bound", "timer 37s500ms"));
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
