#include "controllers/reconciler/schedules.h"

#include "tests/reconciler/small_reconciler.h"

#include <gtest/gtest.h>

#include <atomic>
#include <iostream>
#include <memory>
#include <thread>

namespace doorbuster::reconciler {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using Name = SmallCluster::Name;

const ServedKind kSchedules{.group = "doorbuster.dev",
                            .plural = "saleschedules",
                            .kind = "SaleSchedule",
                            .versions = {"v1alpha1"},
                            .scale = false};
const Name kNamespace{"", "namespaces", "", "shop"};
const Name kSchedule{"doorbuster.dev", "saleschedules", "shop", "flash"};
constexpr const char* kCreate = "POST /apis/doorbuster.dev/v1alpha1/namespaces/shop/saleevents";
constexpr const char* kStatusPut =
    "PUT /apis/doorbuster.dev/v1alpha1/namespaces/shop/saleschedules/flash/status";

/// A whole reconciler on a small cluster.
class SchedulesRun : public testing::Test {
 protected:
  explicit SchedulesRun(std::vector<ServedKind> kinds = {kServedSales, kSchedules})
      : cluster_(std::move(kinds)) {
    cluster_.put(kNamespace, R"({"kind":"Namespace"})");
  }
  ~SchedulesRun() override {
    if (reconciler_) reconciler_->stop(seconds(5));
    reconciler_.reset();
    if (HasFailure()) std::cerr << cluster_.story();
  }

  void start() {
    Reconciler::Settings settings;
    settings.setup = {.install = "here", .allow = products::AllowList::standard()};
    settings.workers = 1;
    settings.sweep_every = hours(1'000);
    auto parts = parts_of(cluster_, [this](const LogLine& line) {
      if (line.message.starts_with("SaleSchedules are not served")) ++told_;
    });
    reconciler_ = std::make_unique<Reconciler>(std::move(settings), std::move(parts));
    reconciler_->start();
    reconciler_->lead();
  }

  /// A start in two days, created a day before, that prepares for half an hour; its event's name.
  Name put_schedule() {
    start_ = std::chrono::floor<seconds>(cluster_.now() + hours(48));
    cluster_.put(
        kSchedule,
        R"({"kind":"SaleSchedule","metadata":{"generation":1,"creationTimestamp":")" +
            to_rfc3339(start_ - hours(100)) +
            R"("},"spec":{"schedule":"0 0 30 2 *","duration":"1h","createAhead":"24h","also":[")" +
            to_rfc3339(start_) + R"("],"template":{"spec":{}}}})");
    return {"doorbuster.dev", "saleevents", "shop", planner::occurrence_name("flash", start_)};
  }
  static testing::AssertionResult within(const std::function<bool()>& happens) {
    const auto until = std::chrono::steady_clock::now() + seconds(20);
    while (std::chrono::steady_clock::now() < until) {
      if (happens()) return testing::AssertionSuccess();
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return testing::AssertionFailure() << "did not happen";
  }
  testing::AssertionResult becomes(const Name& name,
                                   const std::string& pointer,
                                   const std::string& value) {
    return within([&] { return cluster_.value(name, pointer) == value; })
           << ": " << cluster_.value(name, pointer);
  }

  SmallCluster cluster_;
  std::atomic<int> told_{0};
  Instant start_;
  std::unique_ptr<Reconciler> reconciler_;
};

TEST_F(SchedulesRun, AnEventIsCreatedInTimeAndLetGoOfBeforeItPrepares) {
  const Name event = put_schedule();
  start();
  ASSERT_TRUE(becomes(kSchedule, "/status/conditions/1/reason", "Scheduled"));
  EXPECT_EQ(cluster_.value(kSchedule, "/status/nextDue"), to_rfc3339(start_ - hours(24)));
  EXPECT_EQ(cluster_.value(event, "/kind"), "gone");
  cluster_.move_clock(hours(24));
  ASSERT_TRUE(becomes(event, "/spec/window/start", to_rfc3339(start_)));
  EXPECT_EQ(cluster_.value(event, "/metadata/ownerReferences/0/uid"), "uid-flash");
  EXPECT_EQ(cluster_.value(event, "/metadata/labels/doorbuster.dev~1schedule"), "flash");
  ASSERT_TRUE(becomes(kSchedule, "/status/occurrences/0/state", "Created"));
  ASSERT_TRUE(becomes(event, "/status/phase", "Scheduled"));
  const int puts = cluster_.asked(kStatusPut);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_EQ(cluster_.asked(kStatusPut), puts) << "nothing is written while nothing is due";
  cluster_.move_clock(hours(23) + std::chrono::minutes(29));
  ASSERT_TRUE(becomes(event, "/metadata/ownerReferences", "absent"));
  EXPECT_EQ(cluster_.asked(kCreate), 1);
}

TEST_F(SchedulesRun, AnEventDeletedByHandStaysAway) {
  const Name event = put_schedule();
  cluster_.move_clock(hours(24));
  start();
  ASSERT_TRUE(becomes(kSchedule, "/status/occurrences/0/state", "Created"));
  ASSERT_TRUE(becomes(event, "/status/phase", "Scheduled"));
  cluster_.remove(event);
  ASSERT_TRUE(becomes(kSchedule, "/status/occurrences/0/state", "Deleted"));
  EXPECT_EQ(cluster_.value(event, "/kind"), "gone");
  EXPECT_EQ(cluster_.asked(kCreate), 1);
}

class WithoutSchedules : public SchedulesRun {
 protected:
  WithoutSchedules() : SchedulesRun({kServedSales}) {}
};

TEST_F(WithoutSchedules, EventsGoOnItIsToldOnceAndTheCrdMayComeLater) {
  // A window's instants have no fractions; the clock of the small cluster runs.
  const Instant now = std::chrono::floor<seconds>(cluster_.now());
  cluster_.put({"doorbuster.dev", "saleevents", "shop", "single"},
               R"({"kind":"SaleEvent","metadata":{"generation":1,"creationTimestamp":")" +
                   to_rfc3339(now) + R"("},"spec":{"window":{"start":")" +
                   to_rfc3339(now + hours(10)) + R"(","end":")" + to_rfc3339(now + hours(11)) +
                   R"("}}})");
  start();
  ASSERT_TRUE(
      becomes({"doorbuster.dev", "saleevents", "shop", "single"}, "/status/phase", "Scheduled"));
  ASSERT_TRUE(within(
      [&] { return cluster_.asked("STREAM /apis/doorbuster.dev/v1alpha1/saleschedules") > 2; }));
  EXPECT_EQ(told_, 1);
  EXPECT_TRUE(reconciler_->synced());
  cluster_.serve({kServedSales, kSchedules});
  const Name event = put_schedule();
  cluster_.move_clock(hours(24));
  EXPECT_TRUE(becomes(event, "/spec/window/start", to_rfc3339(start_)));
}

}  // namespace
}  // namespace doorbuster::reconciler
