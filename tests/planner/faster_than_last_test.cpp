// The warning that the way up asks for more than the last run showed.
#include "controllers/planner/faster_than_last.h"

#include "tests/planner/shop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::planner {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

api::RampUp ramp_of(Duration over, int steps) {
  api::RampUp out;
  out.over = {to_text(over), over};
  out.steps = steps;
  out.step_timeout = {"5m", minutes(5)};
  return out;
}

struct RiseCase {
  const char* sentence;
  Duration over;
  int steps;
  Duration prepare;  ///< before the start
  std::int64_t added;
  Duration step;
};

TEST(FasterThanLast, what_each_step_adds_and_how_long_it_has) {
  const RiseCase cases[] = {
      {"in steps", minutes(20), 4, minutes(30), 9, minutes(5)},
      {"one step", minutes(20), 1, minutes(30), 36, minutes(20)},
      {"no later than the last call", minutes(40), 4, minutes(25), 9, minutes(5)},
      {"one jump has all the time until the start", minutes(0), 4, minutes(30), 36, minutes(30)},
      {"no room for steps is one jump", minutes(20), 4, minutes(4), 36, minutes(4)},
  };
  for (const RiseCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    const Need need{.stretches = {{kStart, 40}}, .ceiling = 60, .capped = false};
    const Instant prepare = kStart - one.prepare;
    const auto rises = planned_rises(need, 4, prepare, ramp_of(one.over, one.steps), prepare);
    ASSERT_EQ(rises.size(), 1U);
    EXPECT_EQ(rises[0].added, one.added);
    EXPECT_EQ(rises[0].step, one.step);
  }
}

TEST(FasterThanLast, only_rises_that_lie_ahead_count) {
  const Need need{.stretches = {{kStart, 40}, {kStart + hours(1), 10}, {kStart + hours(2), 50}},
                  .ceiling = 75,
                  .capped = false};
  const api::RampUp ramp = ramp_of(minutes(20), 4);
  const Instant prepare = kStart - minutes(30);
  EXPECT_EQ(planned_rises(need, 4, prepare, ramp, prepare).size(), 2U) << "a fall is none";
  const auto rises = planned_rises(need, 4, prepare, ramp, kStart);
  ASSERT_EQ(rises.size(), 1U);
  EXPECT_EQ(rises[0].added, 10);
  EXPECT_TRUE(planned_rises(need, 60, prepare, ramp, kStart + hours(3)).empty());
}

struct FasterCase {
  const char* sentence;
  PlannedRise rise;
  std::int32_t steps, never;
  std::optional<std::int64_t> took, brought;
  const char* text;  ///< part of it; empty: nothing is said
};

TEST(FasterThanLast, is_said_with_both_numbers_and_what_to_write) {
  const PlannedRise usual{.added = 9, .step = minutes(5), .steps = 4, .until = minutes(30)};
  const PlannedRise larger{.added = 90, .step = minutes(5), .steps = 4, .until = minutes(30)};
  const FasterCase cases[] = {
      {"nothing was shown", usual, 0, 0, {}, {}, ""},
      {"the same again", usual, 4, 0, 300, 9, ""},
      {"steps took longer",
       usual,
       4,
       0,
       360,
       9,
       "a step of the way up has 5m for 9 pods (1.8 a minute)"},
      {"the time for it",
       usual,
       4,
       0,
       360,
       9,
       "95 % of the steps took up to 6m for 9 pods (1.5 a minute)"},
      {"a longer way that fits", usual, 4, 0, 360, 9, "write ramp.up.over: 24m"},
      {"a longer way that does not fit",
       usual,
       4,
       0,
       420,
       9,
       "write ramp.up.over: 28m and window.prepare: 33m"},
      {"more pods, slowly enough", larger, 4, 0, 30, 9, ""},
      {"more pods a minute than ever", larger, 4, 0, 60, 9, "ramp.up.over: 40m"},
      {"steps that never were ready", usual, 4, 2, {}, 9, "2 of 4 steps were not ready"},
  };
  for (const FasterCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    const api::LastRun last{.usual = 4,
                            .steps = one.steps,
                            .never_ready = one.never,
                            .most_added = one.brought,
                            .ready_after_seconds = one.took};
    const auto why = why_faster(one.rise, ramp_of(minutes(20), 4), last);
    EXPECT_EQ(why.has_value(), *one.text != '\0');
    if (why) {
      EXPECT_THAT(*why, HasSubstr(one.text));
    }
  }
}

TEST(FasterThanLast, a_jump_is_told_to_begin_earlier) {
  const api::LastRun last{.steps = 1, .most_added = 36, .ready_after_seconds = 1'200};
  const PlannedRise jump{.added = 36, .step = minutes(10), .steps = 1, .until = minutes(10)};
  EXPECT_THAT(*why_faster(jump, ramp_of(minutes(0), 4), last),
              HasSubstr("write window.prepare: 25m"));
}

// ---- in the life of a sale

/// Of the next run, a day ahead, of a sale whose last steps took so long.
Shop next_run(std::int64_t took) {
  Shop shop;
  shop.add_workload("checkout", 4);
  shop.add_autoscaler("checkout", json_of(std::int64_t{3}), 20);
  shop.set_load("checkout", 4);
  shop.sale.spec->capacity.targets = {target_of("checkout", 40)};
  shop.run_until(shop.window.restored_by + hours(1));
  api::TargetStatus& row = shop.sale.status.targets.at(0);
  row.learned.steps = {{.at = kStart, .from = 4, .floor = 13, .ready_after_seconds = took}};
  for (Instant* one :
       {&shop.window.prepare, &shop.window.start, &shop.window.end, &shop.window.restored_by})
    *one += hours(30);
  ++shop.sale.generation;
  shop.told.clear();
  shop.settle();
  return shop;
}

TEST(FasterThanLast, is_seen_days_ahead_and_until_the_start) {
  Shop shop = next_run(900);
  EXPECT_EQ(shop.sale.status.phase, "Scheduled");
  EXPECT_EQ(shop.sale.status.verdict, "Warn");
  EXPECT_THAT(shop.sale.status.message, HasSubstr("checkout: a step of the way up has 2m30s"));
  EXPECT_THAT(shop.told, testing::Contains("RampFasterThanLast"));
  EXPECT_EQ(shop.condition("Ready"), "True Scheduled") << "a warning keeps nothing back";
  const int before = shop.publishes;
  for (const std::int64_t load : {5, 9, 7}) {
    shop.set_load("checkout", load);
    shop.clock += hours(1);
    shop.settle();
  }
  EXPECT_EQ(shop.publishes, before) << "pods come and go, nothing is written";
  shop.run_until(shop.window.start - seconds(1));
  EXPECT_EQ(shop.sale.status.verdict, "Warn");
  shop.run_until(shop.window.start + minutes(1));
  EXPECT_EQ(shop.sale.status.verdict, "Go");
}

TEST(FasterThanLast, is_not_said_where_the_last_run_was_as_fast) {
  EXPECT_EQ(next_run(60).sale.status.verdict, "Go");
}

TEST(FasterThanLast, goes_when_the_author_writes_what_it_says) {
  Shop shop = next_run(900);
  shop.window.prepare -= minutes(35);
  shop.sale.spec->capacity.targets[0].ramp.up.over = {"1h", hours(1)};
  ++shop.sale.generation;
  shop.settle();
  EXPECT_EQ(shop.sale.status.verdict, "Go");
}

TEST(FasterThanLast, says_nothing_of_another_workload) {
  Shop shop = next_run(900);
  shop.add_workload("search", 2);
  shop.sale.spec->capacity.targets[0].ref->name = "search";
  ++shop.sale.generation;
  shop.settle();
  EXPECT_EQ(shop.sale.status.verdict, "Go");
}

}  // namespace
}  // namespace doorbuster::planner
