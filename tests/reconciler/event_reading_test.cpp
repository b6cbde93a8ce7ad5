#include "controllers/reconciler/event_reading.h"

#include <gtest/gtest.h>

namespace doorbuster::reconciler {
namespace {

std::string event_text(const std::string& spec, const std::string& status) {
  return R"({"apiVersion":"doorbuster.dev/v1alpha1","kind":"SaleEvent","metadata":{"name":"flash","namespace":"shop","uid":"u-1",)"
         R"("resourceVersion":"42","generation":3,"creationTimestamp":"2026-11-01T00:00:00Z","finalizers":["a/b","doorbuster.dev/restore"]},)"
         R"("spec":)" +
         spec + R"(,"status":)" + status + "}";
}

const std::string kSpec =
    R"({"window":{"start":"2026-11-27T09:00:00Z","end":"2026-11-27T10:00:00Z"}})";
const std::string kStatus =
    R"({"observedGeneration":3,"phase":"Live","holds":[{"object":{"kind":"ConfigMap","name":"flags"},"field":"/data/x"}]})";

TEST(EventReading, ReadsAllOfAGoodEvent) {
  const Result<planner::Event> event = read_event(event_text(kSpec, kStatus));
  ASSERT_TRUE(event.ok()) << event.error().message;
  EXPECT_EQ(event->ref, event_ref("shop", "flash"));
  EXPECT_EQ(event->uid, "u-1");
  EXPECT_EQ(event->version, "42");
  EXPECT_EQ(event->generation, 3);
  EXPECT_EQ(to_rfc3339(event->created), "2026-11-01T00:00:00Z");
  EXPECT_TRUE(event->has_finalizer);
  EXPECT_EQ(event->finalizers.size(), 2U);
  EXPECT_FALSE(event->deleting);
  ASSERT_TRUE(event->spec.ok()) << event->spec.error().message;
  EXPECT_EQ(event->status.phase, "Live");
  EXPECT_EQ(event->status.holds.size(), 1U);
}

TEST(EventReading, ABadSpecKeepsTheMemory) {
  const Result<planner::Event> event =
      read_event(event_text(R"({"window":{"start":"soon","end":"later"}})", kStatus));
  ASSERT_TRUE(event.ok()) << event.error().message;
  ASSERT_FALSE(event->spec.ok());
  EXPECT_EQ(event->spec.error().kind, ErrorKind::Invalid);
  ASSERT_FALSE(event->spec.error().causes.empty());
  EXPECT_EQ(event->spec.error().causes.front().field, "spec.window.start");
  EXPECT_EQ(event->status.holds.size(), 1U);
  EXPECT_TRUE(event->has_finalizer);
}

TEST(EventReading, ASpecThatContradictsItselfIsNoSpec) {
  const std::string hold =
      R"(,"object":{"apiVersion":"v1","kind":"ConfigMap","name":"flags"},"field":"/data/x","value":{"literal":)";
  const std::string spec =
      R"({"window":{"start":"2026-11-27T09:00:00Z","end":"2026-11-27T10:00:00Z"},"holds":[{"name":"a")" +
      hold + R"("1"}},{"name":"b")" + hold + R"("2"}}]})";
  const Result<planner::Event> event = read_event(event_text(spec, kStatus));
  ASSERT_TRUE(event.ok()) << event.error().message;
  ASSERT_FALSE(event->spec.ok());
  EXPECT_EQ(event->spec.error().kind, ErrorKind::Invalid);
}

TEST(EventReading, WithoutItsMemoryAnEventIsNotPlanned) {
  const Result<planner::Event> event = read_event(event_text(kSpec, R"({"holds":"gone"})"));
  ASSERT_FALSE(event.ok());
  EXPECT_EQ(event.error().kind, ErrorKind::Invalid);
  const Result<planner::Event> both =
      read_event(event_text(R"({"window":7})", R"({"holds":"gone"})"));
  EXPECT_FALSE(both.ok());
}

TEST(EventReading, SaysWhoseOccurrenceItIs) {
  const Result<planner::Event> event = read_event(
      R"({"apiVersion":"doorbuster.dev/v1alpha1","kind":"SaleEvent","metadata":{"name":"flash-1","namespace":"shop","uid":"u",)"
      R"("labels":{"doorbuster.dev/schedule":"flash"},"annotations":{"doorbuster.dev/template-hash":"abc"},)"
      R"("ownerReferences":[{"kind":"Other","uid":"u-0"},{"kind":"SaleSchedule","uid":"u-1"}]},"spec":)" +
      kSpec + "}");
  ASSERT_TRUE(event.ok()) << event.error().message;
  EXPECT_EQ(event->schedule, "flash");
  EXPECT_EQ(event->template_hash, "abc");
  ASSERT_EQ(event->owners.size(), 2U);
  EXPECT_EQ(event->owners[1].first, "u-1");
  EXPECT_EQ(event->owners[0].second.text, R"({"kind":"Other","uid":"u-0"})");
}

std::string schedule_text(const std::string& spec, const std::string& status) {
  return R"({"apiVersion":"doorbuster.dev/v1alpha1","kind":"SaleSchedule","metadata":{"name":"flash","namespace":"shop","uid":"u-1",)"
         R"("resourceVersion":"42","generation":3,"creationTimestamp":"2026-11-01T00:00:00Z"},"spec":)" +
         spec + R"(,"status":)" + status + "}";
}

TEST(ScheduleReading, ReadsAllOfAGoodSchedule) {
  const auto schedule = read_schedule(
      schedule_text(R"({"schedule":"0 18 * * FRI","duration":"3h","template":{"spec":{}}})",
                    R"({"observedGeneration":3,"next":"2026-11-27T18:00:00Z"})"));
  ASSERT_TRUE(schedule.ok()) << schedule.error().message;
  EXPECT_EQ(schedule->ref, schedule_ref("shop", "flash"));
  EXPECT_EQ(schedule->version, "42");
  EXPECT_EQ(to_rfc3339(schedule->created), "2026-11-01T00:00:00Z");
  ASSERT_TRUE(schedule->spec.ok()) << schedule->spec.error().message;
  EXPECT_EQ(schedule->spec->time_zone, "Etc/UTC");
  EXPECT_EQ(to_rfc3339(*schedule->status.next), "2026-11-27T18:00:00Z");
}

TEST(ScheduleReading, ABadSpecKeepsTheMemoryAndABadStatusIsRefused) {
  const std::string good = R"({"schedule":"0 18 * * FRI","duration":"3h","template":{"spec":{}}})";
  const std::string bad = R"({"schedule":"0 25 * * FRI","duration":"3h","template":{"spec":{}}})";
  const std::string none = R"({"duration":"3h"})";
  for (const std::string& spec : {bad, none}) {
    const auto schedule = read_schedule(schedule_text(spec, R"({"install":"here"})"));
    ASSERT_TRUE(schedule.ok()) << schedule.error().message;
    EXPECT_FALSE(schedule->spec.ok());
    EXPECT_EQ(schedule->status.install, "here");
  }
  EXPECT_FALSE(read_schedule(schedule_text(good, R"({"occurrences":"many"})")).ok());
}

}  // namespace
}  // namespace doorbuster::reconciler
