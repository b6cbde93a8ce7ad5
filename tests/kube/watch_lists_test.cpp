// What the list+watch state machine does when a page does not come, cannot be read, or is too much.

#include "tests/kube/watch_drive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::kube {
namespace {

using namespace watch_drive;
using testing::ElementsAre;

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

}  // namespace
}  // namespace doorbuster::kube
