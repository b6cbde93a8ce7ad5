// What a run shows of its targets, as sentences.
#include "controllers/planner/learning.h"

#include "tests/planner/shop.h"

#include <gtest/gtest.h>

namespace doorbuster::planner {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

using Number = std::optional<std::int64_t>;

std::vector<api::LearnedStep> steps_of(const std::vector<Number>& took) {
  std::vector<api::LearnedStep> out;
  for (const Number& one : took)
    out.push_back({.at = kStart, .from = 0, .floor = 10, .ready_after_seconds = one});
  return out;
}

struct RankCase {
  const char* sentence;
  std::vector<Number> took;
  bool over;
  Number min, median, p95;
};

TEST(Learning, the_time_until_a_step_was_ready_by_nearest_rank) {
  std::vector<Number> twenty, nineteen_of_twenty;
  for (std::int64_t i = 20; i > 0; --i) twenty.emplace_back(i);
  nineteen_of_twenty = twenty;
  nineteen_of_twenty[0].reset();
  const RankCase cases[] = {
      {"no step, no figure", {}, true, {}, {}, {}},
      {"one step is all of them", {7}, true, 7, 7, 7},
      {"of two the lower one is the median", {9, 3}, true, 3, 3, 9},
      {"of five the third is", {50, 10, 30, 20, 40}, true, 10, 30, 50},
      {"95 % of twenty are nineteen", twenty, true, 1, 10, 19},
      {"one of twenty that never was ready leaves the nineteenth",
       nineteen_of_twenty,
       true,
       1,
       10,
       19},
      {"one of four that never was ready is longer than any", {4, {}, 2, 3}, true, 2, 3, {}},
      {"all of them never", {{}, {}}, true, {}, {}, {}},
      {"one that is still waited for is not ranked", {4, {}, 2, 3}, false, 2, 3, 4},
  };
  for (const RankCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    const ReadyAfter out = ready_after(steps_of(one.took), one.over);
    EXPECT_EQ(out.steps, one.took.size());
    EXPECT_EQ(out.min, one.min);
    EXPECT_EQ(out.median, one.median);
    EXPECT_EQ(out.p95, one.p95);
  }
}

TargetLook look_of(Instant now, std::int64_t ready, std::int64_t asked) {
  return {.now = now, .live = false, .ready = ready, .ready_percent = 95, .asked = asked};
}

TEST(Learning, a_step_counts_from_when_it_was_asked_for_until_enough_of_it_is_seen_ready) {
  api::LearnedStatus learned;
  TargetLook look = look_of(kStart, 10, 20);
  look.stepped_at = kStart;
  learn(learned, look);
  ASSERT_EQ(learned.steps.size(), 1U);
  EXPECT_EQ(learned.steps[0].from, 10);
  learn(learned, look_of(kStart + seconds(20), 18, 20));
  EXPECT_FALSE(learned.steps[0].ready_after_seconds);
  learn(learned, look_of(kStart + milliseconds(30'001), 19, 20));
  EXPECT_EQ(learned.steps[0].ready_after_seconds, 31) << "rounded up, at 95 %";
  learn(learned, look_of(kStart + seconds(90), 20, 20));
  EXPECT_EQ(learned.steps[0].ready_after_seconds, 31);
}

TEST(Learning, a_step_that_found_its_pods_ready_shows_nothing) {
  api::LearnedStatus learned;
  TargetLook look = look_of(kStart, 19, 20);
  look.stepped_at = kStart;
  learn(learned, look);
  EXPECT_TRUE(learned.steps.empty());
}

TEST(Learning, a_step_that_the_next_one_overtakes_is_still_waited_for) {
  api::LearnedStatus learned;
  for (const std::int64_t floor : {20, 30}) {
    TargetLook look = look_of(kStart + seconds(floor), 10, floor);
    look.stepped_at = look.now;
    learn(learned, look);
  }
  learn(learned, look_of(kStart + seconds(100), 20, 30));
  ASSERT_EQ(learned.steps.size(), 2U);
  EXPECT_EQ(learned.steps[0].ready_after_seconds, 80);
  EXPECT_FALSE(learned.steps[1].ready_after_seconds);
  learn(learned, look_of(kStart + seconds(200), 30, 25));
  EXPECT_FALSE(learned.steps[1].ready_after_seconds) << "its floor is not asked for any more";
}

TEST(Learning, the_latest_steps_are_kept) {
  api::LearnedStatus learned;
  for (int i = 0; i < 60; ++i) {
    TargetLook look = look_of(kStart + seconds(i), 0, 100 + i);
    look.stepped_at = look.now;
    learn(learned, look);
  }
  ASSERT_EQ(learned.steps.size(), kLearnedSteps);
  EXPECT_EQ(learned.steps.front().floor, 110);
}

struct PeakCase {
  const char* sentence;
  Number peak;
  std::int64_t seen;
  Number written;
};

TEST(Learning, a_peak_is_written_for_itself_only_when_it_is_passed_by_far) {
  const PeakCase cases[] = {
      {"the first look", {}, 3, 3},
      {"a tenth more", 40, 44, 44},
      {"less than a tenth more", 40, 43, 40},
      {"a tenth of an odd number is rounded up", 41, 45, 41},
      {"one of few more", 4, 5, 4},
      {"two of few more", 4, 6, 6},
      {"less", 40, 10, 40},
  };
  for (const PeakCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    api::LearnedStatus learned{.peak_ready = one.peak, .peak_wanted = one.peak};
    TargetLook look = look_of(kStart, one.seen, 0);
    look.wanted = one.seen;
    learn(learned, look);
    EXPECT_EQ(learned.peak_ready, one.peak) << "the sale is not on";
    look.live = true;
    learn(learned, look);
    EXPECT_EQ(learned.peak_ready, one.written);
    EXPECT_EQ(learned.peak_wanted, one.written);
    learn_peaks(learned, look);
    EXPECT_EQ(learned.peak_ready, std::max(one.peak.value_or(0), one.seen));
    EXPECT_EQ(learned.peak_wanted, std::max(one.peak.value_or(0), one.seen));
  }
}

TEST(Learning, load_that_passes_the_floor_is_written_at_once) {
  api::LearnedStatus learned{.floor = 40, .peak_wanted = 40};
  TargetLook look = look_of(kStart, 40, 40);
  look.live = true;
  look.wanted = 41;
  learn(learned, look);
  EXPECT_EQ(learned.peak_wanted, 41);
  look.wanted = 42;
  learn(learned, look);
  EXPECT_EQ(learned.peak_wanted, 41) << "once";
}

TEST(Learning, what_the_next_run_keeps) {
  api::TargetStatus row{.usual = 4};
  EXPECT_EQ(last_run_of(row), std::nullopt) << "nothing was shown";
  row.learned = {.floor = 40, .peak_ready = 42, .peak_wanted = 38, .steps = steps_of({10, 30, {}})};
  row.learned.steps[1].from = 4;
  EXPECT_EQ(last_run_of(row),
            (api::LastRun{.usual = 4,
                          .floor = 40,
                          .peak_ready = 42,
                          .peak_wanted = 38,
                          .steps = 3,
                          .never_ready = 1,
                          .most_added = 10,
                          .ready_after_seconds = {}}));
}

// ---- in the life of a sale

Shop usual_shop() {
  Shop shop;
  shop.add_workload("checkout", 4);
  shop.add_autoscaler("checkout", json_of(std::int64_t{3}), 20);
  shop.sale.spec->capacity.targets = {target_of("checkout", 40)};
  shop.set_load("checkout", 4);
  return shop;
}

/// Until `until`, with pods that are ready so long after the step that brought them.
void run_slowly(Shop& shop, Duration took, Instant until) {
  shop.unready = {"checkout"};
  std::int64_t before = shop.number(kCheckoutHpa, "/spec/minReplicas");
  for (std::optional<Instant> due; shop.clock < until; shop.clock += seconds(10)) {
    if (due && shop.clock >= *due) {
      shop.unready.clear();
      due.reset();
    }
    shop.settle();
    shop.unready = {"checkout"};
    const std::int64_t floor = shop.number(kCheckoutHpa, "/spec/minReplicas");
    if (floor > before) due = shop.clock + took;
    before = floor;
  }
  shop.unready.clear();
}

TEST(Learning, the_ramp_of_a_sale_is_taken_down_and_stays) {
  Shop shop = usual_shop();
  shop.run_until(shop.window.prepare - seconds(10));
  run_slowly(shop, seconds(40), kStart);
  const api::LearnedStatus learned = shop.target("checkout")->learned;
  ASSERT_EQ(learned.steps.size(), 4U);
  for (const api::LearnedStep& one : learned.steps) EXPECT_EQ(one.ready_after_seconds, 40);
  EXPECT_EQ(learned.floor, 40);
  EXPECT_EQ(learned.peak_ready, std::nullopt) << "the sale is not on yet";
  shop.run_until(shop.window.restored_by + hours(1));
  EXPECT_EQ(shop.sale.status.phase, "Completed");
  EXPECT_EQ(shop.target("checkout")->learned.steps, learned.steps);
  EXPECT_EQ(shop.target("checkout")->learned.peak_ready, 40);
  EXPECT_EQ(shop.target("checkout")->learned.peak_wanted, 4);
}

TEST(Learning, a_quiet_sale_writes_nothing_although_pods_come_and_go) {
  Shop shop = usual_shop();
  shop.run_until(kStart + minutes(1));
  const int before = shop.publishes;
  for (const std::int64_t load : {41, 42, 43, 40, 43, 42}) {
    shop.set_load("checkout", load);
    shop.clock += seconds(30);
    shop.settle();
  }
  EXPECT_EQ(shop.publishes, before + 1) << "that load passed the floor, once";
  shop.set_load("checkout", 48);
  shop.settle();
  EXPECT_EQ(shop.publishes, before + 2);
  EXPECT_EQ(shop.target("checkout")->learned.peak_wanted, 48);
}

TEST(Learning, the_next_run_remembers_the_last_one) {
  Shop shop = usual_shop();
  shop.run_until(shop.window.restored_by + hours(1));
  const api::LearnedStatus learned = shop.target("checkout")->learned;
  for (Instant* one :
       {&shop.window.prepare, &shop.window.start, &shop.window.end, &shop.window.restored_by})
    *one += hours(48);
  ++shop.sale.generation;
  shop.settle();
  EXPECT_EQ(shop.target("checkout")->learned, api::LearnedStatus{});
  EXPECT_EQ(shop.target("checkout")->last_run.floor, 40);
  EXPECT_EQ(shop.target("checkout")->last_run.usual, 4);
  EXPECT_EQ(shop.target("checkout")->last_run.steps,
            static_cast<std::int32_t>(learned.steps.size()));
  shop.run_until(shop.window.start + minutes(1));
  EXPECT_EQ(shop.target("checkout")->last_run.floor, 40);
  EXPECT_EQ(shop.target("checkout")->learned.floor, 40);
}

TEST(Learning, a_dry_run_shows_nothing) {
  Shop shop = usual_shop();
  shop.sale.spec->mode = api::Mode::DryRun;
  shop.run_until(shop.window.restored_by + hours(1));
  EXPECT_EQ(shop.target("checkout")->learned, api::LearnedStatus{});
}

TEST(Learning, an_event_of_a_schedule_takes_over_what_the_last_one_showed) {
  Shop shop = usual_shop();
  shop.sale.schedule = "flash";
  shop.settle();
  const std::string object = shop.target("checkout")->object;
  const api::LastRun shown{
      .usual = 4, .floor = 30, .steps = 1, .most_added = 9, .ready_after_seconds = 900};
  shop.last_occurrence =
      api::LastOccurrence{.event = "before",
                          .start = kStart - hours(168),
                          .targets = {{.name = "checkout", .object = object, .last_run = shown}}};
  shop.settle();
  EXPECT_EQ(shop.target("checkout")->last_run, shown);
  EXPECT_EQ(shop.sale.status.verdict, "Warn") << "faster than that one";
  const int before = shop.publishes;
  shop.last_occurrence.reset();
  shop.settle();
  EXPECT_EQ(shop.target("checkout")->last_run, shown) << "kept when the schedule is not known";
  EXPECT_EQ(shop.publishes, before);
  shop.run_until(kStart + minutes(1));
  shop.last_occurrence = api::LastOccurrence{
      .event = "other",
      .start = kStart - hours(24),
      .targets = {{.name = "checkout", .object = object, .last_run = {.floor = 1}}}};
  shop.settle();
  EXPECT_EQ(shop.target("checkout")->last_run, shown) << "not after it has begun";
}

TEST(Learning, nothing_is_taken_over_from_a_later_sale_or_another_workload) {
  for (const bool later : {false, true}) {
    SCOPED_TRACE(later);
    Shop shop = usual_shop();
    shop.sale.schedule = "flash";
    shop.settle();
    shop.last_occurrence =
        api::LastOccurrence{.event = "other",
                            .start = later ? kStart + hours(24) : kStart - hours(24),
                            .targets = {{.name = "checkout",
                                         .object = later ? shop.target("checkout")->object
                                                         : "Deployment.apps shop/search",
                                         .last_run = {.floor = 30}}}};
    shop.settle();
    EXPECT_EQ(shop.target("checkout")->last_run, api::LastRun{});
  }
}

TEST(Learning, another_workload_under_the_name_begins_anew) {
  Shop shop = usual_shop();
  shop.add_workload("search", 2);
  shop.run_until(kStart + minutes(1));
  EXPECT_EQ(shop.target("checkout")->learned.floor, 40);
  shop.sale.spec->capacity.targets[0].ref->name = "search";
  shop.sale.spec->capacity.targets[0].need = api::NeedReplicas{8};
  ++shop.sale.generation;
  shop.settle();
  EXPECT_EQ(shop.target("checkout")->learned.floor, 8);
}

TEST(Learning, what_pods_waited_for_at_its_worst) {
  api::LearnedStatus learned;
  learn_pending(learned,
                {{.reason = "QuotaExceeded", .count = 3}, {.reason = "Starting", .count = 9}});
  learn_pending(learned, {{.reason = "QuotaExceeded", .count = 8}});
  learn_pending(learned,
                {{.reason = "QuotaExceeded", .count = 1}, {.reason = "Crashing", .count = 2}});
  const std::vector<api::LearnedPending> expected{{"QuotaExceeded", 8}, {"Crashing", 2}};
  EXPECT_EQ(learned.pending, expected);
}

}  // namespace
}  // namespace doorbuster::planner
