// What `kubectl sale report` prints of a sale.
#include "operator/commands/report_text.h"

#include "operator/base/json.h"
#include "operator/commands/checked.h"
#include "operator/commands/sale_words.h"
#include "tests/commands/sale_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::commands {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

api::TargetStatus checkout() {
  api::TargetStatus row;
  row.name = "checkout";
  row.object = "Deployment.apps shop/checkout";
  row.autoscaler = "HorizontalPodAutoscaler.autoscaling shop/checkout";
  row.baseline = {.min = 3, .max = 20, .replicas = {}};
  row.usual = 4;
  row.floor = 40;
  row.state = "Restored";
  row.learned = {.floor = 40, .peak_ready = 42, .peak_wanted = 38, .steps = {}};
  for (const std::int64_t took : {30, 12, 95, 15}) {
    row.learned.steps.push_back(
        {.at = kStart, .from = 4, .floor = 13, .ready_after_seconds = took});
  }
  return row;
}

/// A sale that is over, at Berlin's offset.
SaleReport over() {
  SaleReport out;
  out.event.metadata.ns = "shop";
  out.event.metadata.name = "flash";
  api::SaleEventStatus& status = out.event.status;
  status.phase = "Completed";
  status.verdict = "Go";
  status.run = 2;
  status.window = api::WindowStatus{.prepare = kStart - minutes(45),
                                    .start = kStart,
                                    .end = kStart + hours(4),
                                    .restored_by = kStart + hours(5),
                                    .time_zone = "Europe/Berlin",
                                    .tzdata = "2026b"};
  status.targets = {checkout()};
  status.holds = {hold("Restored")};
  for (const char* kind : {"Began", "Completed"}) {
    api::Decision made;
    made.run = 2;
    made.kind = kind;
    made.at = status.decisions.empty() ? kStart - minutes(45) : kStart + hours(5);
    status.decisions.push_back(made);
  }
  status.conditions = {condition("Restored", api::ConditionStatus::True, "Restored")};
  out.now = kStart + hours(6);
  out.offset = [](Instant) -> Duration { return hours(1); };
  return out;
}

TEST(Report, a_sale_that_is_over) {
  EXPECT_EQ(as_text(over()),
            "shop/flash   Completed   verdict Go   run 2\n"
            "Window  Europe/Berlin (tzdata 2026b)\n"
            "  prepare      2026-11-27 08:15:00 +01:00  2026-11-27T07:15:00Z\n"
            "  start        2026-11-27 09:00:00 +01:00  2026-11-27T08:00:00Z\n"
            "  end          2026-11-27 13:00:00 +01:00  2026-11-27T12:00:00Z\n"
            "  restored by  2026-11-27 14:00:00 +01:00  2026-11-27T13:00:00Z\n"
            "\n"
            "TARGET    BASELINE  USUAL  FLOOR  PEAK READY  PEAK WANTED  READY AFTER min/median/p95 "
            " STATE\n"
            "checkout  3..20     4      40     42          38           12s / 15s / 1m35s of 4     "
            " Restored\n"
            "  checkout: Deployment.apps shop/checkout, HorizontalPodAutoscaler.autoscaling "
            "shop/checkout\n"
            "    load asked for up to 38, within the floor of 40\n"
            "\n"
            "HELD FOR  OBJECT                           FIELD           BEFORE  STATE\n"
            "limit     BackendTrafficPolicy shop/limit  /spec/requests  100     Restored\n"
            "  1 of 1 field is back\n"
            "\n"
            "DECIDED                     RUN  WHAT       BY\n"
            "2026-11-27 08:15:00 +01:00  2    Began      doorbuster\n"
            "2026-11-27 14:00:00 +01:00  2    Completed  doorbuster\n");
  EXPECT_EQ(exit_code_of(over(), true), kDone);
}

TEST(Report, shows_what_checks_say) {
  SaleReport report = over();
  report.event.status.checks = {
      {.name = "rate",
       .verdict = "Bad",
       .value = "0.03",
       .since = kStart,
       .message = "0.03 is above 0.01",
       .measured_at = kStart},
      {.name = "database", .verdict = "Unknown", .message = "not measured yet"}};
  EXPECT_THAT(as_text(report),
              testing::HasSubstr(
                  "CHECK     VERDICT  VALUE  SINCE                       WHY\n"
                  "rate      Bad      0.03   2026-11-27 09:00:00 +01:00  0.03 is above 0.01\n"
                  "database  Unknown  -      -                           not measured yet\n"));
  EXPECT_THAT(as_json(report), testing::HasSubstr(R"("checks":[{"name":"rate","verdict":"Bad")"));
}

struct LoadCase {
  const char* sentence;
  std::optional<std::int64_t> wanted;
  const char* autoscaler;
  const char* text;
};

TEST(Report, says_whether_the_floor_was_needed) {
  const LoadCase cases[] = {
      {"less than usual", 4, "hpa", "no more than the usual 4: the floor of 40 was not needed"},
      {"between", 39, "hpa", "load asked for up to 39, within the floor of 40"},
      {"more", 41, "hpa", "load asked for up to 41: more than the floor of 40"},
      {"unknown", {}, "hpa", "the autoscaler did not say what load asked for"},
      {"nobody to ask", {}, "", "no autoscaler says what load asked for"},
  };
  for (const LoadCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    SaleReport report = over();
    report.event.status.targets[0].learned.peak_wanted = one.wanted;
    report.event.status.targets[0].autoscaler = one.autoscaler;
    EXPECT_THAT(as_text(report), HasSubstr(one.text));
  }
}

TEST(Report, what_pods_waited_for_and_the_room_that_was_made) {
  SaleReport report = over();
  report.event.status.targets[0].learned.pending = {{.reason = "QuotaExceeded", .count = 8},
                                                    {.reason = "Unschedulable", .count = 2}};
  report.event.status.headroom = {{.target = "checkout", .asked = 3, .released = 9}};
  EXPECT_THAT(as_text(report),
              AllOf(HasSubstr("pods that were late: up to 8 are refused by a quota, 2 find no room "
                              "on any node\n"),
                    HasSubstr("node room for 12 pods was made ready, 9 of it given up\n")));
}

TEST(Report, steps_that_never_were_ready_are_longer_than_any) {
  SaleReport report = over();
  report.event.status.targets[0].learned.steps[1].ready_after_seconds.reset();
  EXPECT_THAT(as_text(report),
              AllOf(HasSubstr("15s / 30s / - of 4"),
                    HasSubstr("1 of 4 steps were not ready before the floor went down")));
}

TEST(Report, of_a_sale_that_is_on_it_says_so_far) {
  SaleReport report = over();
  report.event.status.phase = "Live";
  report.event.status.targets[0].state = "Ramping";
  report.event.status.targets[0].learned.steps[1].ready_after_seconds.reset();
  report.now = kStart + minutes(10);
  EXPECT_THAT(as_text(report),
              AllOf(HasSubstr("so far, at 2026-11-27 09:10:00 +01:00"),
                    HasSubstr("15s / 30s / 1m35s of 4"),
                    HasSubstr("1 of 4 steps are not ready yet")));
}

TEST(Report, the_last_run_beside_this_one) {
  SaleReport report = over();
  report.event.status.targets[0].last_run = {.usual = 4,
                                             .floor = 30,
                                             .peak_ready = 31,
                                             .peak_wanted = {},
                                             .steps = 4,
                                             .never_ready = 0,
                                             .most_added = 9,
                                             .ready_after_seconds = 90};
  EXPECT_THAT(as_text(report),
              HasSubstr("the last run: floor 30, peak ready 31, peak wanted -, 95 % of 4 steps "
                        "ready after 1m30s"));
}

TEST(Report, a_sale_that_nobody_looked_at) {
  SaleReport report = over();
  report.event.status = {};
  EXPECT_EQ(as_text(report), "shop/flash   Unknown   run 0\nNo operator has looked at it yet.\n");
  EXPECT_EQ(exit_code_of(report, false), kDone);
}

struct CodeCase {
  const char* sentence;
  std::function<void(api::SaleEventStatus&)> change;
  int code, when_warnings_fail;
  const char* text;
};

TEST(Report, the_exit_code_says_whether_people_must_look) {
  const CodeCase cases[] = {
      {"a warning",
       [](auto& status) {
         status.verdict = "Warn";
         status.message = "checkout: the floor of 40 is the maximum too";
       },
       kDone,
       kWarned,
       "  - checkout: the floor of 40 is the maximum too\n"},
      {"targets that were not ready",
       [](auto& status) {
         status.conditions.push_back(
             condition("Prepared", api::ConditionStatus::False, "TargetsNotReady"));
       },
       kDone,
       kWarned,
       "  - Prepared (TargetsNotReady): because of TargetsNotReady\n"},
      {"refused", [](auto& status) { status.verdict = "NoGo"; }, kBad, kBad, "verdict NoGo"},
      {"stalled",
       [](auto& status) {
         status.conditions.push_back(
             condition("Stalled", api::ConditionStatus::True, "DemandAboveBaseline"));
       },
       kBad,
       kBad,
       "  - Stalled (DemandAboveBaseline)"},
      {"not restored",
       [](auto& status) {
         status.holds = {hold("Forbidden")};
         status.conditions = {
             condition("Restored", api::ConditionStatus::False, "RestoreForbidden")};
       },
       kBad,
       kBad,
       "  0 of 1 field is back\n"},
  };
  for (const CodeCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    SaleReport report = over();
    one.change(report.event.status);
    EXPECT_EQ(exit_code_of(report, false), one.code);
    EXPECT_EQ(exit_code_of(report, true), one.when_warnings_fail);
    EXPECT_THAT(as_text(report), HasSubstr(one.text));
  }
}

TEST(Report, as_json) {
  SaleReport report = over();
  const std::string text = as_json(report);
  EXPECT_THAT(
      text,
      AllOf(HasSubstr(
                R"("namespace":"shop","name":"flash","phase":"Completed","verdict":"Go","run":2)"),
            HasSubstr(R"("peakReady":42,"peakWanted":38,"readyAfter":{"steps":4,"notReady":0,)"
                      R"("minSeconds":12,"medianSeconds":15,"p95Seconds":95})"),
            HasSubstr(R"("baseline":100,"state":"Restored","back":true)"),
            HasSubstr(R"("warnings":[])"),
            HasSubstr(R"("kind":"Completed")")));
  EXPECT_THAT(text, Not(HasSubstr("+01:00"))) << "programs get UTC";
}

TEST(Report, local_time_by_any_offset) {
  EXPECT_EQ(local_text(kStart, hours(1)), "2026-11-27 09:00:00 +01:00");
  EXPECT_EQ(local_text(kStart, -(hours(3) + minutes(30))), "2026-11-27 04:30:00 -03:30");
  EXPECT_EQ(local_text(kStart + Duration(999), hours(0)), "2026-11-27 08:00:00 +00:00");
}

}  // namespace
}  // namespace doorbuster::commands
