// When a schedule starts something: cron as robfig/cron v3.0.1 has it, and local times that a zone
// skips or has twice.
#include "controllers/planner/recurrence.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace doorbuster::planner {
namespace {

Instant at(const char* text) { return *parse_rfc3339(text); }
Instant local(const char* text) { return *parse_local_time(text); }

api::SaleScheduleSpec spec_of(std::string schedule, std::vector<std::string> also = {}) {
  api::SaleScheduleSpec spec;
  spec.schedule = std::move(schedule);
  spec.duration = {"3h", std::chrono::hours(3)};
  spec.also = std::move(also);
  return spec;
}

/// The first starts after `from`, as UTC would have them.
std::vector<Instant> first_after(const std::string& schedule, Instant from, std::size_t count) {
  std::vector<Instant> out;
  for (const Instant one : local_starts(spec_of(schedule), from)) {
    if (one > from && out.size() < count) out.push_back(one);
  }
  return out;
}

TEST(Cron, IsWhatRobfigsIs) {
  // tests/planner/robfig.txt was written by robfig/cron v3.0.1: expression|error, or its next four
  // starts after 2026-01-31T23:59.
  std::ifstream file(std::string(DOORBUSTER_SOURCE_DIR) + "/tests/planner/robfig.txt");
  int good = 0, refused = 0;
  for (std::string line; std::getline(file, line);) {
    SCOPED_TRACE(line);
    const std::string schedule = line.substr(0, line.find('|'));
    std::istringstream rest(line.substr(line.find('|') + 1));
    std::vector<std::string> words;
    for (std::string word; rest >> word;) words.push_back(word);
    const bool error = words.size() == 1 && words.front() == "error";
    ASSERT_EQ(api::parse_cron(schedule).ok(), !error);
    ++(error ? refused : good);
    if (error) continue;
    Instant from = local("2026-01-31T23:59:00");
    for (const std::string& word : words) {
      const std::vector<Instant> next = first_after(schedule, from, 1);
      // It looks further ahead than robfig's five years, and no further than nine.
      ASSERT_EQ(next.size(), 1U);
      ASSERT_EQ(to_rfc3339(next.front()), word + "Z");
      from = next.front();
    }
  }
  EXPECT_GT(good, 150);
  EXPECT_GT(refused, 15);
}

TEST(Cron, SaysWhichFieldIsWrong) {
  struct Case {
    const char *schedule, *says;
  };
  for (const Case& one : {Case{"60 * * * *", "the minute"},
                          Case{"0 24 * * *", "the hour"},
                          Case{"0 0 32 * *", "the day of the month"},
                          Case{"0 0 1 FEBR *", "the month"},
                          Case{"0 0 * * 7", "the day of the week"},
                          Case{"0 0 1,, * *", "the day of the month"},
                          Case{"0 18 * *", "has 4"},
                          Case{"@every 1h", "macro"}}) {
    const auto read = api::parse_cron(one.schedule);
    ASSERT_FALSE(read.ok()) << one.schedule;
    EXPECT_NE(read.error().message.find(one.says), std::string::npos) << read.error().message;
  }
}

TEST(Starts, AreFoundYearsAhead) {
  EXPECT_EQ(first_after("0 0 29 2 *", at("2028-03-01T00:00:00Z"), 1),
            std::vector{local("2032-02-29T00:00:00")});
  EXPECT_EQ(first_after("0 0 29 2 *", at("2096-03-01T00:00:00Z"), 1),
            std::vector{local("2104-02-29T00:00:00")});
  EXPECT_TRUE(first_after("0 0 30 2 *", at("2026-01-01T00:00:00Z"), 1).empty());
}

TEST(Starts, AreBoundedEachWay) {
  const auto starts = local_starts(spec_of("* * * * *"), at("2026-01-01T00:00:00Z"));
  EXPECT_GE(starts.size(), 2 * kStartsEachWay);
  EXPECT_LE(starts.size(), 3 * 1440U + 2 * kStartsEachWay);
}

TEST(Starts, DaysLeftOutAreLocalDaysAndDoNotTouchWhatIsAdded) {
  api::SaleScheduleSpec spec = spec_of("0 18 * * *", {"2026-12-25T10:00:00"});
  spec.except = {"2026-12-25"};
  const auto starts = local_starts(spec, at("2026-12-23T00:00:00Z"));
  EXPECT_TRUE(starts.contains(local("2026-12-24T18:00:00")));
  EXPECT_FALSE(starts.contains(local("2026-12-25T18:00:00")));
  EXPECT_TRUE(starts.contains(local("2026-12-25T10:00:00")));
  EXPECT_TRUE(starts.contains(local("2026-12-26T18:00:00")));
}

TEST(Occurrences, WhatAGapMovesOntoAnotherStartIsOneSale) {
  // Berlin, 29 March 2027: 02:30 is 03:30, which is a start of its own.
  const api::SaleScheduleSpec spec = spec_of("30 2,3 * * *");
  const LocalTimes times{
      {local("2027-03-28T02:30:00"), {LocalTime::Is::Skipped, at("2027-03-28T01:30:00Z")}},
      {local("2027-03-28T03:30:00"), {LocalTime::Is::Once, at("2027-03-28T01:30:00Z")}}};
  EXPECT_EQ(occurrences("night", spec, times).size(), 1U);
}

TEST(Occurrences, AnAddedTimeThatIsNoneOrTwoIsRefused) {
  const api::SaleScheduleSpec spec =
      spec_of("0 18 * * *", {"2027-03-28T02:30:00", "2026-10-25T02:30:00", "2040-01-01T00:00:00"});
  const LocalTimes times{
      {local("2027-03-28T02:30:00"), {LocalTime::Is::Skipped, at("2027-03-28T01:30:00Z")}},
      {local("2026-10-25T02:30:00"), {LocalTime::Is::Twice, at("2026-10-25T00:30:00Z")}}};
  const auto causes = why_not_resolved(spec, times);
  ASSERT_EQ(causes.size(), 3U);
  EXPECT_EQ(causes[0].field, "spec.also[0]");
  EXPECT_NE(causes[0].message.find("does not exist"), std::string::npos);
  EXPECT_NE(causes[1].message.find("comes twice"), std::string::npos);
  EXPECT_NE(causes[2].message.find("end"), std::string::npos);
  EXPECT_TRUE(occurrences("night", spec, times).empty());
}

TEST(Names, AreLabelsAndTellStartsAndSchedulesApart) {
  const Instant start = at("2026-11-27T21:00:00Z");
  EXPECT_EQ(occurrence_name("friday-flash", start), "friday-flash-20261127t210000z");
  const std::string longest(46, 'a'), longer(47, 'a'), other = longer + "b";
  EXPECT_EQ(occurrence_name(longest, start), longest + "-20261127t210000z");
  for (const std::string& name : {longest, longer, other, std::string("a.b"), std::string("a-b")}) {
    EXPECT_LE(occurrence_name(name, start).size(), 63U) << name;
    EXPECT_EQ(occurrence_name(name, start).find('.'), std::string::npos);
  }
  EXPECT_NE(occurrence_name(longer, start), occurrence_name(other, start));
  EXPECT_NE(occurrence_name("a.b", start), occurrence_name("a-b", start));
}

}  // namespace
}  // namespace doorbuster::planner
