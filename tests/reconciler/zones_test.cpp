#include "controllers/reconciler/zones.h"

#include <gtest/gtest.h>

#include <iterator>
#include <map>
#include <set>
#include <string>

namespace doorbuster::reconciler {
namespace {

struct WindowCase {
  const char* says;
  const char* start;
  const char* end;
  const char* zone;      // "": none
  const char* resolved;  // "start end", or "field: part of the message"
};

const WindowCase kWindows[] = {
    {"a winter day in Berlin is an hour ahead of UTC",
     "2026-11-27T09:00:00",
     "2026-11-27T13:00:00",
     "Europe/Berlin",
     "2026-11-27T08:00:00Z 2026-11-27T12:00:00Z"},
    {"a summer day in Berlin is two hours ahead",
     "2026-07-01T09:00:00",
     "2026-07-01T10:00:00",
     "Europe/Berlin",
     "2026-07-01T07:00:00Z 2026-07-01T08:00:00Z"},
    {"a sale across the end of summer time is an hour longer",
     "2026-10-25T00:00:00",
     "2026-10-25T12:00:00",
     "Europe/Berlin",
     "2026-10-24T22:00:00Z 2026-10-25T11:00:00Z"},
    {"Shanghai has one offset all year",
     "2026-11-11T00:00:00",
     "2026-11-11T23:59:59",
     "Asia/Shanghai",
     "2026-11-10T16:00:00Z 2026-11-11T15:59:59Z"},
    {"Sao Paulo has given up summer time",
     "2026-11-27T00:00:00",
     "2026-11-28T00:00:00",
     "America/Sao_Paulo",
     "2026-11-27T03:00:00Z 2026-11-28T03:00:00Z"},
    {"Sao Paulo still had it in 2018, from midnight on",
     "2018-11-04T01:00:00",
     "2018-11-05T00:00:00",
     "America/Sao_Paulo",
     "2018-11-04T03:00:00Z 2018-11-05T02:00:00Z"},
    {"that midnight did not exist",
     "2018-11-04T00:30:00",
     "2018-11-05T00:00:00",
     "America/Sao_Paulo",
     "spec.window.start: does not exist"},
    {"an offset needs no zone",
     "2026-11-27T09:00:00+01:00",
     "2026-11-27T13:00:00Z",
     "",
     "2026-11-27T08:00:00Z 2026-11-27T13:00:00Z"},
    {"one time may have an offset and the other a zone",
     "2026-10-25T02:30:00+02:00",
     "2026-10-25T12:00:00",
     "Europe/Berlin",
     "2026-10-25T00:30:00Z 2026-10-25T11:00:00Z"},
    {"a local time inside a gap is refused",
     "2026-03-29T02:30:00",
     "2026-03-29T12:00:00",
     "Europe/Berlin",
     "spec.window.start: does not exist"},
    {"the first instant after a gap exists",
     "2026-03-29T03:00:00",
     "2026-03-29T12:00:00",
     "Europe/Berlin",
     "2026-03-29T01:00:00Z 2026-03-29T10:00:00Z"},
    {"a local time inside an overlap needs an offset",
     "2026-10-25T02:30:00",
     "2026-10-25T12:00:00",
     "Europe/Berlin",
     "spec.window.start: +02:00 for the first or +01:00 for the second"},
    {"west of Greenwich the offsets are negative",
     "2026-11-01T01:30:00",
     "2026-11-02T12:00:00",
     "America/New_York",
     "spec.window.start: -04:00 for the first or -05:00 for the second"},
    {"an unknown zone is refused",
     "2026-11-27T09:00:00",
     "2026-11-27T13:00:00",
     "Europe/Atlantis",
     "spec.window.timeZone: is no zone"},
    {"a zone name is no path",
     "2026-11-27T09:00:00",
     "2026-11-27T13:00:00",
     "../../etc/passwd",
     "spec.window.timeZone: is no zone"},
    {"a zoned time after 2037 is refused",
     "2038-01-01T00:00:00",
     "2038-01-02T00:00:00",
     "Europe/Berlin",
     "spec.window.start: lies after 2037"},
    {"the last day of 2037 is not",
     "2037-12-31T00:00:00",
     "2037-12-31T23:00:00",
     "Europe/Berlin",
     "2037-12-30T23:00:00Z 2037-12-31T22:00:00Z"},
    {"with an offset any year will do",
     "2040-01-01T00:00:00Z",
     "2040-01-02T00:00:00Z",
     "",
     "2040-01-01T00:00:00Z 2040-01-02T00:00:00Z"},
    {"summer time of 2037 is still known",
     "2037-07-01T12:00:00",
     "2037-07-01T13:00:00",
     "Europe/Berlin",
     "2037-07-01T10:00:00Z 2037-07-01T11:00:00Z"},
    {"an end before the start is refused",
     "2026-11-27T09:00:00Z",
     "2026-11-27T09:00:00Z",
     "",
     "spec.window.end: must be later"},
    {"a local time without a zone is refused",
     "2026-11-27T09:00:00",
     "2026-11-27T13:00:00",
     "",
     "spec.window.timeZone: must be set"},
};

TEST(Zones, ResolvesWindowsOrSaysWhyNot) {
  for (const WindowCase& one : kWindows) {
    SCOPED_TRACE(one.says);
    api::WindowSpec spec;
    spec.start = one.start;
    spec.end = one.end;
    if (*one.zone != '\0') spec.time_zone = one.zone;
    const Result<planner::Window> window = resolve_window(spec);
    const std::string expected = one.resolved;
    if (expected.starts_with("spec.")) {
      ASSERT_FALSE(window.ok());
      EXPECT_EQ(window.error().kind, ErrorKind::Invalid);
      ASSERT_FALSE(window.error().causes.empty());
      EXPECT_EQ(window.error().causes.front().field, expected.substr(0, expected.find(':')));
      EXPECT_NE(window.error().causes.front().message.find(expected.substr(expected.find(':') + 2)),
                std::string::npos)
          << window.error().causes.front().message;
      continue;
    }
    ASSERT_TRUE(window.ok()) << window.error().message;
    EXPECT_EQ(to_rfc3339(window->start) + " " + to_rfc3339(window->end), expected);
  }
}

TEST(Zones, LeadAndTailAreCountedFromTheInstants) {
  api::WindowSpec spec;
  spec.start = "2026-03-29T03:30:00";  // half an hour after clocks went forward
  spec.end = "2026-03-29T04:30:00";
  spec.time_zone = "Europe/Berlin";
  spec.prepare.value = std::chrono::hours(1);
  spec.cooldown.value = std::chrono::minutes(20);
  const Result<planner::Window> window = resolve_window(spec);
  ASSERT_TRUE(window.ok());
  EXPECT_EQ(to_rfc3339(window->prepare), "2026-03-29T00:30:00Z");
  EXPECT_EQ(to_rfc3339(window->restored_by), "2026-03-29T02:50:00Z");
  EXPECT_EQ(window->zone, "Europe/Berlin");
  EXPECT_EQ(window->tzdata, tzdata_version());
  EXPECT_NE(window->tzdata, "unknown");
}

// ---- recurring sales

struct StartCase {
  const char* says;
  const char* zone;
  const char* schedule;
  const char* now;
  const char* first;  // after now
};

const StartCase kStarts[] = {
    {"Berlin in winter",
     "Europe/Berlin",
     "30 2 * * *",
     "2027-03-27T00:00:00Z",
     "2027-03-27T01:30:00Z"},
    {"Berlin skips 02:30: it is 03:30 that day",
     "Europe/Berlin",
     "30 2 * * *",
     "2027-03-27T12:00:00Z",
     "2027-03-28T01:30:00Z"},
    {"and 02:30 again the day after",
     "Europe/Berlin",
     "30 2 * * *",
     "2027-03-28T12:00:00Z",
     "2027-03-29T00:30:00Z"},
    {"Berlin has 02:30 twice: the first",
     "Europe/Berlin",
     "30 2 * * *",
     "2026-10-24T12:00:00Z",
     "2026-10-25T00:30:00Z"},
    {"and not the second",
     "Europe/Berlin",
     "30 2 * * *",
     "2026-10-25T00:30:00Z",
     "2026-10-26T01:30:00Z"},
    {"New York skips 02:30",
     "America/New_York",
     "30 2 * * *",
     "2027-03-13T12:00:00Z",
     "2027-03-14T07:30:00Z"},
    {"New York has 01:30 twice",
     "America/New_York",
     "30 1 * * *",
     "2026-10-31T12:00:00Z",
     "2026-11-01T05:30:00Z"},
    {"and the day after it is an hour later in UTC",
     "America/New_York",
     "30 1 * * *",
     "2026-11-01T05:30:00Z",
     "2026-11-02T06:30:00Z"},
    {"Lord Howe goes forward by half an hour: 02:15 is 02:45",
     "Australia/Lord_Howe",
     "15 2 * * *",
     "2026-10-03T00:00:00Z",
     "2026-10-03T15:45:00Z"},
    {"Lord Howe has 01:45 twice",
     "Australia/Lord_Howe",
     "45 1 * * *",
     "2027-04-03T00:00:00Z",
     "2027-04-03T14:45:00Z"},
    {"and not the second",
     "Australia/Lord_Howe",
     "45 1 * * *",
     "2027-04-03T14:45:00Z",
     "2027-04-04T15:15:00Z"},
    {"a shop's own Friday, not that of UTC",
     "Pacific/Auckland",
     "0 9 * * FRI",
     "2026-11-20T00:00:00Z",
     "2026-11-26T20:00:00Z"},
    {"UTC needs no files", "Etc/UTC", "30 2 * * *", "2027-03-27T12:00:00Z", "2027-03-28T02:30:00Z"},
};

api::SaleScheduleSpec schedule_of(const char* zone, const char* schedule) {
  api::SaleScheduleSpec spec;
  spec.schedule = schedule;
  spec.time_zone = zone;
  spec.duration = {"3h", std::chrono::hours(3)};
  return spec;
}

std::map<Instant, planner::Occurrence> around(const api::SaleScheduleSpec& spec, Instant now) {
  const auto times = resolve_local_times(spec.time_zone, planner::local_starts(spec, now));
  EXPECT_TRUE(times.ok()) << times.error().message;
  return planner::occurrences("night", spec, *times);
}

TEST(Zones, HowFarItsAuthorsClocksAreAheadOfUtc) {
  struct OffsetCase {
    const char *says, *start, *zone, *at;
    int minutes;
  };
  const OffsetCase cases[] = {
      {"its zone in winter", "2026-11-27T09:00:00", "Europe/Berlin", "2026-11-27T08:00:00Z", 60},
      {"its zone in summer", "2026-11-27T09:00:00", "Europe/Berlin", "2026-07-01T08:00:00Z", 120},
      {"the offset of its start", "2026-11-11T00:00:00+08:00", "", "2026-11-20T00:00:00Z", 480},
      {"an offset to the west", "2026-11-11T00:00:00-03:30", "", "2026-11-20T00:00:00Z", -210},
      {"UTC", "2026-11-11T00:00:00Z", "", "2026-11-20T00:00:00Z", 0},
      {"a zone that is not known here",
       "2026-11-11T00:00:00",
       "Mars/Base",
       "2026-11-20T00:00:00Z",
       0},
      {"a start that cannot be read", "soon", "", "2026-11-20T00:00:00Z", 0},
  };
  for (const OffsetCase& one : cases) {
    SCOPED_TRACE(one.says);
    api::WindowSpec window;
    window.start = one.start;
    if (*one.zone != '\0') window.time_zone = one.zone;
    EXPECT_EQ(offset_at(window, *parse_rfc3339(one.at)), std::chrono::minutes(one.minutes));
  }
}

TEST(Recurrence, AStartInAGapComesAfterItAndOneThatIsTwiceIsTheFirst) {
  for (const StartCase& one : kStarts) {
    SCOPED_TRACE(one.says);
    const Instant now = *parse_rfc3339(one.now);
    const auto all = around(schedule_of(one.zone, one.schedule), now);
    const auto first = all.upper_bound(now);
    ASSERT_NE(first, all.end());
    EXPECT_EQ(to_rfc3339(first->first), one.first);
    EXPECT_EQ(first->second.window.end - first->first, std::chrono::hours(3));
  }
}

/// Whatever the hour: through a whole year and both changes there is one sale a day.
TEST(Recurrence, ThereIsOneSaleADayAllYear) {
  for (const char* zone : {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe"}) {
    for (const char* schedule :
         {"0 0 * * *", "45 1 * * *", "0 2 * * *", "30 2 * * *", "59 2 * * *", "0 3 * * *"}) {
      SCOPED_TRACE(std::string(zone) + " " + schedule);
      const api::SaleScheduleSpec spec = schedule_of(zone, schedule);
      std::set<Instant> all;
      const Instant begin = *parse_rfc3339("2026-07-01T00:00:00Z");
      for (int day = 0; day < 365; day += 5) {
        for (const auto& [start, one] : around(spec, begin + std::chrono::days(day)))
          all.insert(start);
      }
      auto at = all.lower_bound(begin);
      int count = 0;
      for (; std::next(at) != all.end() && *at < begin + std::chrono::days(365); ++at, ++count) {
        const Duration gap = *std::next(at) - *at;
        EXPECT_GE(gap, std::chrono::hours(23)) << to_rfc3339(*at);
        EXPECT_LE(gap, std::chrono::hours(25)) << to_rfc3339(*at);
      }
      EXPECT_EQ(count, 365);
    }
  }
}

TEST(Recurrence, AnUnknownZoneIsRefusedAndTimesAfterTheRulesAreLeftOut) {
  const auto unknown = resolve_local_times("Europe/Atlantis", {});
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().causes.front().field, "spec.timeZone");
  const auto late =
      resolve_local_times("Europe/Berlin", {*parse_local_time("2038-01-01T00:00:00")});
  ASSERT_TRUE(late.ok());
  EXPECT_TRUE(late->empty());
}

}  // namespace
}  // namespace doorbuster::reconciler
