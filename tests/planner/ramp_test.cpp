// The arithmetic of the ramps and of demand, as tables.
#include "controllers/planner/ramp.h"

#include "controllers/planner/demand.h"
#include "controllers/planner/schedule.h"

#include <gtest/gtest.h>

namespace doorbuster::planner {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const Instant kStart{std::chrono::milliseconds(1'800'000'000'000)};

/// From 10 to 50 in four steps over twelve minutes, prepared half an hour ahead, five minutes a
/// step.
WayUp way() {
  WayUp out{.usual = 10, .full = 50, .prepare = kStart - minutes(30), .start = kStart, .ramp = {}};
  out.ramp.steps = 4;
  out.ramp.over = {"12m", minutes(12)};
  out.ramp.step_timeout = {"5m", minutes(5)};
  out.ramp.ready_percent = 95;
  return out;
}

struct UpCase {
  const char* sentence;
  Duration at;  ///< relative to prepare
  std::optional<std::int64_t> asked;
  std::int64_t ready;
  std::optional<Duration> stepped;  ///< relative to prepare
  std::int64_t floor;
  bool waits = false;
};

TEST(RampUp, goes_in_gated_steps_and_is_never_withheld) {
  const UpCase cases[] = {
      {"nothing is due before preparation", -seconds(1), {}, 10, {}, 0},
      {"the first step begins preparation", minutes(0), {}, 10, {}, 20},
      {"a late event starts where it should be by now", minutes(7), {}, 10, {}, 40},
      {"a later one at the full floor", minutes(10), {}, 10, {}, 50},
      {"the second step is not due yet", minutes(2), 20, 20, minutes(0), 20},
      {"the second step follows when the first is ready", minutes(3), 20, 19, minutes(0), 30},
      {"it waits while fewer than 95 % are ready", minutes(3), 20, 18, minutes(0), 20, true},
      {"it waits no longer than stepTimeout", minutes(5), 20, 0, minutes(0), 30},
      {"one step at a time, however late", minutes(12), 20, 20, minutes(0), 30},
      {"at the last call all remaining steps are one", minutes(25), 20, 0, minutes(24), 50},
      {"an odd height goes on to the next step", minutes(6), 25, 25, minutes(0), 30},
      {"more than the full floor is not this way's business", minutes(6), 60, 60, minutes(0), 50},
  };
  for (const UpCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    const WayUp up = way();
    OnTheWayUp at{.asked = one.asked, .stepped_at = {}, .ready = one.ready};
    if (one.stepped) at.stepped_at = up.prepare + *one.stepped;
    const StepUp step = step_up(up, at, up.prepare + one.at);
    EXPECT_EQ(step.floor, one.floor);
    EXPECT_EQ(step.waits, one.waits);
    EXPECT_TRUE(!step.wake || *step.wake > up.prepare + one.at);
  }
}

TEST(RampUp, with_on_timeout_hold_waits_until_the_last_call) {
  WayUp up = way();
  up.ramp.on_timeout = api::OnTimeout::Hold;
  const OnTheWayUp at{.asked = 20, .stepped_at = up.prepare, .ready = 0};
  EXPECT_EQ(step_up(up, at, up.prepare + minutes(24)).floor, 20);
  EXPECT_EQ(step_up(up, at, up.prepare + minutes(25)).floor, 50);
}

struct PendingCase {
  const char* sentence;
  api::OnTimeout on_timeout;
  std::int64_t existing, ready;
  Duration at;  ///< after the step from 10 to 20 was made
  std::int64_t floor;
};

TEST(RampUp, pods_that_exist_and_are_not_ready_count_as_progress_after_a_while) {
  using api::OnTimeout;
  const PendingCase cases[] = {
      {"not at once", OnTimeout::Hold, 20, 10, minutes(9), 20},
      {"after two step timeouts, under Hold too", OnTimeout::Hold, 20, 10, minutes(10), 30},
      {"none of them ready", OnTimeout::Hold, 20, 0, minutes(10), 30},
      {"one that does not exist waits, whatever the time",
       OnTimeout::Hold,
       19,
       10,
       minutes(20),
       20},
      {"Proceed does not wait for that", OnTimeout::Proceed, 19, 10, minutes(5), 30},
      {"ready ones wait for nothing", OnTimeout::Hold, 20, 19, minutes(4), 30},
      {"the last call waits for nothing", OnTimeout::Hold, 10, 10, minutes(25), 50},
  };
  for (const PendingCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    WayUp up = way();
    up.ramp.on_timeout = one.on_timeout;
    const OnTheWayUp at{
        .asked = 20, .stepped_at = up.prepare, .ready = one.ready, .existing = one.existing};
    const StepUp step = step_up(up, at, up.prepare + one.at);
    EXPECT_EQ(step.floor, one.floor);
    if (step.waits && step.wake) {
      EXPECT_GT(*step.wake, up.prepare + one.at);
    }
  }
}

struct KnownCase {
  const char* sentence;
  api::OnTimeout on_timeout;
  std::int64_t ready, no_room;
  bool stuck;
  Duration at;  ///< after the step from 10 to 20 was made
  std::int64_t floor;
};

TEST(RampUp, where_it_is_known_what_pods_wait_for) {
  using api::OnTimeout;
  const KnownCase cases[] = {
      {"no room is progress as soon as the next step is due",
       OnTimeout::Hold,
       12,
       8,
       false,
       minutes(3),
       30},
      {"not before it is due", OnTimeout::Hold, 12, 8, false, minutes(2), 20},
      {"some without room and some that start: it waits",
       OnTimeout::Hold,
       12,
       4,
       false,
       minutes(3),
       20},
      {"what more pods would meet too waits twice as long",
       OnTimeout::Proceed,
       10,
       0,
       true,
       minutes(9),
       20},
      {"and then goes on", OnTimeout::Proceed, 10, 0, true, minutes(10), 30},
      {"under Hold it waits", OnTimeout::Hold, 10, 0, true, minutes(20), 20},
      {"until the last call", OnTimeout::Hold, 10, 0, true, minutes(25), 50},
  };
  for (const KnownCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    WayUp up = way();
    up.ramp.on_timeout = one.on_timeout;
    const OnTheWayUp at{.asked = 20,
                        .stepped_at = up.prepare,
                        .ready = one.ready,
                        .existing = 20,
                        .no_room = one.no_room,
                        .stuck = one.stuck};
    EXPECT_EQ(step_up(up, at, up.prepare + one.at).floor, one.floor);
  }
}

TEST(RampUp, in_a_window_too_short_for_it_is_one_step) {
  WayUp up = way();
  up.prepare = kStart - minutes(2);
  EXPECT_EQ(step_up(up, {}, up.prepare).floor, 50);
}

struct PaceCase {
  const char* sentence;
  Duration over;
  int steps, percent;
  std::int64_t peak, goal;
  std::int64_t by;
  Duration every;
};

TEST(RampDown, takes_as_long_as_asked_and_never_more_than_its_share_a_minute) {
  const PaceCase cases[] = {
      {"ten steps in ten minutes", minutes(10), 10, 10, 100, 0, 10, minutes(1)},
      {"the share a minute makes two steps of half into ten",
       minutes(10),
       2,
       10,
       100,
       0,
       10,
       minutes(1)},
      {"a longer way keeps its time", minutes(100), 10, 10, 100, 0, 10, minutes(10)},
      {"many small steps fit into a minute", minutes(1), 50, 10, 100, 0, 2, seconds(12)},
      {"less than one a minute is one every two",
       minutes(10),
       10,
       10,
       5,
       1,
       1,
       minutes(2) + seconds(30)},
      {"all may go within a minute where the share says so",
       seconds(20),
       4,
       100,
       12,
       2,
       3,
       seconds(5)},
      {"one jump", Duration(0), 1, 100, 40, 3, 37, Duration(0)},
  };
  for (const PaceCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    api::RampDown ramp;
    ramp.over = {"", one.over};
    ramp.steps = one.steps;
    ramp.max_percent_per_minute = one.percent;
    const Pace pace = pace_of(ramp, one.peak, one.goal);
    EXPECT_EQ(pace.by, one.by);
    EXPECT_EQ(pace.every, one.every);
  }
}

TEST(RampDown, keeps_its_share_within_every_minute_whatever_is_asked) {
  for (const std::int64_t peak : {2, 7, 10, 33, 100, 999, 40'000}) {
    for (const int percent : {1, 5, 10, 33, 90, 100}) {
      for (const int steps : {1, 3, 10, 50}) {
        for (const Duration over :
             {Duration(0), Duration(seconds(45)), Duration(minutes(10)), Duration(hours(2))}) {
          api::RampDown ramp;
          ramp.over = {"", over};
          ramp.steps = steps;
          ramp.max_percent_per_minute = percent;
          const Pace pace = pace_of(ramp, peak, 1);
          ASSERT_GE(pace.by, 1);
          // Steps at 0, every, 2 every... within [0, 60 s).
          const std::int64_t total = peak - 1;
          const std::int64_t fall = pace.every.count() == 0
                                        ? total / pace.by + 1
                                        : (60'000 + pace.every.count() - 1) / pace.every.count();
          const std::int64_t gone = std::min(total, fall * pace.by);
          const bool one_in_a_while = pace.by == 1 && pace.every >= minutes(1);
          EXPECT_TRUE(gone * 100 <= peak * percent || one_in_a_while)
              << "peak " << peak << ", " << percent << " %, " << steps << " steps, over "
              << over.count() << " ms: by " << pace.by << " every " << pace.every.count() << " ms";
        }
      }
    }
  }
}

struct DemandCase {
  const char* sentence;
  const char* spec;
  const char* status;
  Demand::Says says;
  std::int64_t replicas;
};

TEST(DemandOf, is_what_load_asks_for_our_own_floor_aside) {
  const char* cpu =
      R"([{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":50}}}])";
  const char* two =
      R"([{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":50}}},)"
      R"({"type":"External","external":{"metric":{"name":"queue"},"target":{"type":"AverageValue","averageValue":"500m"}}}])";
  const DemandCase cases[] = {
      {"ceil(current x ratio)",
       cpu,
       R"({"currentReplicas":7,"currentMetrics":[{"type":"Resource","resource":{"name":"cpu","current":{"averageUtilization":60}}}]})",
       Demand::Says::Number,
       9},
      {"the greatest of several metrics, quantities exact",
       two,
       R"({"currentReplicas":4,"currentMetrics":[{"type":"Resource","resource":{"name":"cpu","current":{"averageUtilization":10}}},{"type":"External","external":{"metric":{"name":"queue"},"current":{"averageValue":"1"}}}]})",
       Demand::Says::Number,
       8},
      {"whatever their order",
       two,
       R"({"currentReplicas":4,"currentMetrics":[{"type":"External","external":{"metric":{"name":"queue"},"current":{"averageValue":"1"}}},{"type":"Resource","resource":{"name":"cpu","current":{"averageUtilization":10}}}]})",
       Demand::Says::Number,
       8},
      {"one metric without a value: that one might ask for more",
       two,
       R"({"currentReplicas":4,"currentMetrics":[{"type":"Resource","resource":{"name":"cpu","current":{"averageUtilization":10}}}]})",
       Demand::Says::Unknown,
       0},
      {"an idle autoscaler",
       cpu,
       R"({"currentReplicas":4,"currentMetrics":[{"type":"Resource","resource":{"name":"cpu","current":{"averageUtilization":0}}}]})",
       Demand::Says::Number,
       0},
      {"fewer than the minimum, how many not known",
       cpu,
       R"({"currentReplicas":4,"conditions":[{"type":"ScalingLimited","status":"True","reason":"TooFewReplicas"}]})",
       Demand::Says::Less,
       0},
      {"fewer than the minimum, by metrics that lag behind",
       cpu,
       R"({"currentReplicas":9,"conditions":[{"type":"ScalingLimited","status":"True","reason":"TooFewReplicas"}],"currentMetrics":[{"type":"Resource","resource":{"name":"cpu","current":{"averageUtilization":90}}}]})",
       Demand::Says::Less,
       0},
      {"an autoscaler that does not scale",
       cpu,
       R"({"currentReplicas":4,"conditions":[{"type":"ScalingActive","status":"False","reason":"FailedGetResourceMetric"}]})",
       Demand::Says::Free,
       0},
      {"an autoscaler that never looked", cpu, "{}", Demand::Says::Unknown, 0},
      {"garbage in the status",
       cpu,
       R"({"currentReplicas":"many","currentMetrics":[7],"conditions":{}})",
       Demand::Says::Unknown,
       0},
  };
  for (const DemandCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    const auto object = Document::parse(std::string(R"({"spec":{"minReplicas":9,"metrics":)") +
                                        one.spec + R"(},"status":)" + one.status + "}")
                            .value();
    const Demand demand = demand_of(*object);
    EXPECT_EQ(static_cast<int>(demand.says), static_cast<int>(one.says));
    EXPECT_EQ(demand.replicas, one.replicas);
  }
}

TEST(Schedule, a_stage_includes_its_first_instant_and_not_its_last) {
  const Window window{kStart - hours(1), kStart, kStart + hours(1), kStart + hours(2), "", ""};
  const std::pair<Duration, Stage> cases[] = {
      {-hours(1) - seconds(1), Stage::Before},
      {-hours(1), Stage::Prepare},
      {-seconds(1), Stage::Prepare},
      {seconds(0), Stage::Live},
      {hours(1), Stage::Cooldown},
      {hours(2), Stage::Over},
  };
  for (const auto& [at, stage] : cases)
    EXPECT_EQ(static_cast<int>(stage_at(window, kStart + at)), static_cast<int>(stage));
  EXPECT_EQ(next_edge(window, kStart)->at, window.end);
  EXPECT_EQ(next_edge(window, kStart - hours(3))->at, window.prepare);
  EXPECT_FALSE(next_edge(window, kStart + hours(2)));
}

}  // namespace
}  // namespace doorbuster::planner
