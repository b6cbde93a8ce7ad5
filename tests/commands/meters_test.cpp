#include "operator/commands/meters.h"

#include <gmock/gmock.h>

#include <set>

namespace doorbuster::commands {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

planner::Event sale() {
  planner::Event event;
  event.ref = {"doorbuster.dev", "SaleEvent", "shop", "flash"};
  event.status.phase = "Live";
  event.status.window = api::WindowStatus{};
  event.status.window->start = Instant(std::chrono::seconds(1'000));
  event.status.window->end = Instant(std::chrono::seconds(2'000));
  api::TargetStatus target;
  target.name = "checkout";
  target.baseline.min = 3;
  target.held = 9;
  target.ready = 8;
  target.desired = 9;
  target.ceiling = 14;
  event.status.targets.push_back(target);
  api::HoldStatus held, contested;
  held.name = "limit";
  held.copy = "{}";
  contested.name = "limit";
  contested.state = "Contested";
  event.status.holds = {held, contested};
  return event;
}

class Meters : public ::testing::Test {
 protected:
  std::string text() const { return metrics->text(); }
  std::shared_ptr<serve::Metrics> metrics = std::make_shared<serve::Metrics>(metric_specs());
};

TEST_F(Meters, EveryMetricIsDeclaredOnceWithAHelpText) {
  std::set<std::string> names;
  for (const serve::MetricSpec& one : metric_specs()) {
    EXPECT_TRUE(names.insert(one.name).second) << one.name;
    EXPECT_FALSE(one.help.empty()) << one.name;
    const bool counter = one.type == serve::MetricSpec::Type::Counter;
    EXPECT_EQ(counter, one.name.ends_with("_total")) << one.name;
    EXPECT_EQ(one.type == serve::MetricSpec::Type::Histogram, !one.buckets.empty()) << one.name;
    EXPECT_TRUE(std::is_sorted(one.buckets.begin(), one.buckets.end())) << one.name;
  }
}

TEST_F(Meters, RoundsAreCountedByHowTheyEnd) {
  EventMeter meter(metrics, 4);
  for (const char* result : {"success", "error", "requeue", "requeue_after"}) {
    EXPECT_THAT(text(),
                HasSubstr("controller_runtime_reconcile_total{controller=\"saleevent\",result=\"" +
                          std::string(result) + "\"} 0\n"))
        << "there before the first";
  }
  meter.on_round(reconciler::RoundEnd::Error, Duration(70));
  meter.on_round(reconciler::RoundEnd::Success, Duration(2));
  meter.on_active_workers(1);
  EXPECT_THAT(text(), HasSubstr(R"(result="error"} 1)"));
  EXPECT_THAT(text(),
              HasSubstr("controller_runtime_reconcile_errors_total{controller=\"saleevent\"} 1\n"));
  EXPECT_THAT(text(),
              HasSubstr("reconcile_time_seconds_bucket{controller=\"saleevent\",le=\"0.1\"} 2\n"));
  EXPECT_THAT(text(), HasSubstr("active_workers{controller=\"saleevent\"} 1\n"));
  EXPECT_THAT(text(), HasSubstr("max_concurrent_reconciles{controller=\"saleevent\"} 4\n"));
}

TEST_F(Meters, AnEventShowsItsPhaseTargetsAndHoldsUntilItIsGone) {
  EventMeter meter(metrics, 1);
  meter.on_event(sale(), Instant(std::chrono::seconds(1'500)));
  const std::string labels = R"(event="flash",)";
  EXPECT_THAT(text(),
              HasSubstr("doorbuster_event_info{" + labels + R"(namespace="shop",phase="Live"} 1)"));
  EXPECT_THAT(text(),
              HasSubstr("doorbuster_event_window_active{" + labels + R"(namespace="shop"} 1)"));
  EXPECT_THAT(text(),
              HasSubstr("doorbuster_event_start_timestamp_seconds{" + labels +
                        R"(namespace="shop"} 1000)"));
  const std::map<std::string, int> replicas{
      {"baseline", 3}, {"floor", 9}, {"ready", 8}, {"desired", 9}, {"ceiling", 14}};
  for (const auto& [kind, value] : replicas) {
    EXPECT_THAT(text(),
                HasSubstr("doorbuster_target_replicas{" + labels + "kind=\"" + kind +
                          R"(",namespace="shop",target="checkout"} )" + std::to_string(value)));
  }
  EXPECT_THAT(
      text(),
      HasSubstr("doorbuster_hold_active{" + labels + R"(hold="limit",namespace="shop"} 1)"));
  EXPECT_THAT(
      text(),
      HasSubstr("doorbuster_hold_contested{" + labels + R"(hold="limit",namespace="shop"} 1)"));
  meter.on_event_gone({"shop", "flash"});
  EXPECT_THAT(text(), Not(HasSubstr("flash"))) << "its series go with it";
}

TEST_F(Meters, ACheckShowsItsVerdictAlone) {
  EventMeter meter(metrics, 1);
  planner::Event event = sale();
  event.status.checks = {{.name = "rate", .verdict = "Good"}};
  meter.on_event(event, Instant(std::chrono::seconds(1'500)));
  event.status.checks[0].verdict = "Bad";
  meter.on_event(event, Instant(std::chrono::seconds(1'600)));
  EXPECT_THAT(
      text(),
      HasSubstr(
          R"(doorbuster_check{check="rate",event="flash",namespace="shop",verdict="Bad"} 1)"));
  EXPECT_THAT(text(), Not(HasSubstr(R"(verdict="Good")")));
}

TEST_F(Meters, TheWindowIsActiveFromItsStartUpToItsEnd) {
  EventMeter meter(metrics, 1);
  const std::map<int, std::string> active{{999, "0"}, {1'000, "1"}, {1'999, "1"}, {2'000, "0"}};
  for (const auto& [at, value] : active) {
    meter.on_event(sale(), Instant(std::chrono::seconds(at)));
    EXPECT_THAT(text(),
                HasSubstr(R"(window_active{event="flash",namespace="shop"} )" + value + "\n"))
        << at;
  }
}

TEST_F(Meters, TheQueueSpeaksAsClientGosDoes) {
  QueueMeter meter(metrics);
  EXPECT_THAT(text(), HasSubstr("workqueue_retries_total")) << "there before the first";
  meter.on_add();
  meter.on_taken(Duration(5));
  meter.on_done(Duration(20));
  meter.on_retry();
  meter.on_depth(7);
  const std::string labels = R"({controller="saleevent",name="saleevent")";
  EXPECT_THAT(text(), HasSubstr("workqueue_adds_total" + labels + "} 1\n"));
  EXPECT_THAT(text(), HasSubstr("workqueue_retries_total" + labels + "} 1\n"));
  EXPECT_THAT(text(), HasSubstr("workqueue_depth" + labels + ",priority=\"0\"} 7\n"));
  EXPECT_THAT(text(), HasSubstr("workqueue_queue_duration_seconds_count" + labels + "} 1\n"));
  EXPECT_THAT(text(), HasSubstr("workqueue_work_duration_seconds_count" + labels + "} 1\n"));
}

TEST_F(Meters, RequestsLeadingAndTheBuildAreShown) {
  show_request(*metrics, {.method = "GET", .code = "200", .host = "h:1", .seconds = 0.2});
  show_leading(*metrics, "doorbuster", true);
  show_build(*metrics);
  EXPECT_THAT(text(),
              HasSubstr(R"(rest_client_requests_total{code="200",host="h:1",method="GET"} 1)"));
  EXPECT_THAT(text(), HasSubstr(R"(leader_election_master_status{name="doorbuster"} 1)"));
  EXPECT_THAT(text(), HasSubstr("doorbuster_build_info{"));
}

}  // namespace
}  // namespace doorbuster::commands
