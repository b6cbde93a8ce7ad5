#include "controllers/reconciler/schedules.h"

#include "tests/reconciler/reconciler_run.h"

#include <gtest/gtest.h>

#include <atomic>
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

class SchedulesRun : public ReconcilerRun {
 protected:
  explicit SchedulesRun(std::vector<ServedKind> kinds = {kServedSales, kSchedules})
      : ReconcilerRun(std::move(kinds), "SaleSchedules are not served") {}

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
  Instant start_;
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
