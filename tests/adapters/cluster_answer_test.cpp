// What is made of pods and Jobs as the API server shows them, as tables.
#include "controllers/adapters/cluster_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::adapters {
namespace {

using testing::HasSubstr;
using Says = Reading::Says;

/// Ten minutes before now, which is 09:10.
const Instant kSince = *parse_rfc3339("2026-11-27T09:00:00Z");
const std::string kOldPod = "2026-11-26T12:00:00Z", kYoungPod = "2026-11-27T09:02:00Z";

std::string pod(const std::string& status,
                const std::string& metadata = R"("creationTimestamp":")" + kOldPod + "\"") {
  return R"({"metadata":{"name":"a",)" + metadata + R"(},"status":{)" + status + "}}";
}
std::string young_pod(const std::string& status) {
  return pod(status, R"("creationTimestamp":")" + kYoungPod + "\"");
}
std::string leaving_pod(const std::string& status) {
  return pod(status, R"("deletionTimestamp":"2026-11-27T09:05:00Z")");
}
std::string ready(const std::string& status, const std::string& phase = "Running") {
  return R"("phase":")" + phase + R"(","conditions":[{"type":"PodScheduled","status":"True"},)" +
         R"({"type":"Ready","status":")" + status + "\"}]";
}
std::string containers(const std::string& all, const std::string& list = "containerStatuses") {
  return "\"" + list + "\":[" + all + "]";
}
/// A container whose `state`, "state" or "lastState", ended at this time of that day.
std::string ended(const std::string& state,
                  const std::string& at,
                  const std::string& reason = "Error",
                  int restarts = 3) {
  return R"({"name":"c","restartCount":)" + std::to_string(restarts) + ",\"" + state +
         R"(":{"terminated":{"exitCode":1,"reason":")" + reason + R"(","finishedAt":"2026-11-27T)" +
         at + R"(Z"}}})";
}

kube::Page page_of(const std::vector<std::string>& pods) {
  kube::Page out;
  out.resource_version = "7";
  for (const std::string& one : pods) out.items.push_back({.meta = {}, .text = one});
  return out;
}

struct Case {
  const char* sentence;
  std::vector<std::string> pods;
  Says says;
  double value;
  const char* text;
};

void expect(const Case& one, const Reading& reading) {
  SCOPED_TRACE(one.sentence);
  EXPECT_EQ(reading.says, one.says) << reading.text;
  EXPECT_EQ(reading.value, one.value);
  EXPECT_THAT(reading.text, HasSubstr(one.text));
}

void expect_all(PodTrouble what, const std::vector<Case>& cases) {
  for (const Case& one : cases) expect(one, read_pods(page_of(one.pods), what, kSince));
}

TEST(Pods, that_are_not_ready_are_counted) {
  expect_all(
      PodTrouble::NotReady,
      {
          {"none has the labels", {}, Says::Missing, 0, "no pod has these labels"},
          {"all are ready", {pod(ready("True")), pod(ready("True"))}, Says::Value, 0, "0"},
          {"one is not", {pod(ready("True")), pod(ready("False"))}, Says::Value, 1, "1"},
          {"of one its node says nothing any more", {pod(ready("Unknown"))}, Says::Value, 1, "1"},
          {"one has no conditions yet", {pod(R"("phase":"Pending")")}, Says::Value, 1, "1"},
          {"one has failed", {pod(ready("False", "Failed"))}, Says::Value, 1, "1"},
          {"one has done its work", {pod(ready("False", "Succeeded"))}, Says::Value, 0, "0"},
          {"one is on its way out",
           {pod(ready("True")), leaving_pod(ready("False"))},
           Says::Value,
           0,
           "0"},
          {"all are on their way out",
           {leaving_pod(ready("False"))},
           Says::Missing,
           0,
           "all on their way out"},
          {"one cannot be read", {pod(ready("True")), "{"}, Says::Error, 0, "cannot be read"},
      });
}

TEST(Pods, restarts_are_counted_by_the_end_of_the_container_before) {
  const std::string recent = ended("lastState", "09:04:00");
  expect_all(
      PodTrouble::Restarts,
      {
          {"none ever",
           {pod(containers(R"({"restartCount":0,"state":{"running":{}}})"))},
           Says::Value,
           0,
           "0"},
          {"within the span, of an older pod: the last one",
           {pod(containers(recent))},
           Says::Value,
           1,
           "1"},
          {"at its beginning",
           {pod(containers(ended("lastState", "09:00:00")))},
           Says::Value,
           1,
           "1"},
          {"before it", {pod(containers(ended("lastState", "08:59:59")))}, Says::Value, 0, "0"},
          {"by a node whose clock is ahead",
           {pod(containers(ended("lastState", "09:11:00")))},
           Says::Value,
           1,
           "1"},
          {"of a young pod: all of them", {young_pod(containers(recent))}, Says::Value, 3, "3"},
          {"of a young pod that waits for its first",
           {young_pod(containers(ended("lastState", "09:04:00", "Error", 0)))},
           Says::Value,
           1,
           "1"},
          {"of init containers and sidecars too",
           {pod(containers(recent, "initContainerStatuses") + "," +
                containers(recent + "," + recent))},
           Says::Value,
           3,
           "3"},
          {"of several pods",
           {pod(containers(recent)), young_pod(containers(recent))},
           Says::Value,
           4,
           "4"},
          {"a container that has ended has not been started again",
           {pod(containers(ended("state", "09:04:00")))},
           Says::Value,
           0,
           "0"},
          {"an end that nobody saw",
           {pod(
               containers(R"({"restartCount":1,"lastState":{"terminated":{"finishedAt":null}}})"))},
           Says::Value,
           0,
           "0"},
          {"a count that is none",
           {young_pod(containers(R"({"restartCount":-5},{"restartCount":"x"},{}, 7)"))},
           Says::Value,
           0,
           "0"},
          {"of a pod on its way out",
           {leaving_pod(containers(recent)), pod("")},
           Says::Value,
           0,
           "0"},
      });
}

TEST(Pods, containers_that_ran_out_of_memory_are_counted) {
  const std::string killed = ended("lastState", "09:04:00", "OOMKilled");
  expect_all(
      PodTrouble::OutOfMemory,
      {
          {"none", {pod(containers(ended("lastState", "09:04:00")))}, Says::Value, 0, "0"},
          {"one that runs again", {pod(containers(killed))}, Says::Value, 1, "1"},
          {"one that does not yet",
           {pod(containers(ended("state", "09:04:00", "OOMKilled")))},
           Says::Value,
           1,
           "1"},
          {"one in both is one container, and a young pod makes no more of it",
           {young_pod(containers(
               R"({"restartCount":5,"state":{"terminated":{"reason":"OOMKilled","finishedAt":"2026-11-27T09:06:00Z"}},)"
               R"("lastState":{"terminated":{"reason":"OOMKilled","finishedAt":"2026-11-27T09:04:00Z"}}})"))},
           Says::Value,
           1,
           "1"},
          {"before the span",
           {pod(containers(ended("lastState", "08:30:00", "OOMKilled")))},
           Says::Value,
           0,
           "0"},
          {"an init container",
           {pod(containers(killed, "initContainerStatuses"))},
           Says::Value,
           1,
           "1"},
          {"two of a pod that is done",
           {pod(R"("phase":"Succeeded",)" + containers(killed + "," + killed))},
           Says::Value,
           2,
           "2"},
      });
}

TEST(Pods, that_are_too_many_have_no_number) {
  const std::vector<std::string> most(kPodsCounted, pod(ready("False")));
  EXPECT_EQ(read_pods(page_of(most), PodTrouble::NotReady, kSince).text, "500");
  std::vector<std::string> more = most;
  more.push_back(pod(ready("True")));
  kube::Page cut = page_of({pod(ready("True"))});
  cut.continue_token = "next";
  for (const kube::Page& page : {page_of(more), cut}) {
    const Reading reading = read_pods(page, PodTrouble::NotReady, kSince);
    EXPECT_EQ(reading.says, Says::Error);
    EXPECT_THAT(reading.text, HasSubstr("more than 500 pods"));
  }
}

TEST(Jobs, say_how_they_ended) {
  struct JobCase {
    const char *sentence, *conditions;
    Says says;
    double value;
    const char* text;
  };
  const JobCase cases[] = {
      {"not at all yet", "", Says::Missing, 0, "Job smoke still runs"},
      {"complete", R"({"type":"Complete","status":"True"})", Says::Value, 1, "complete"},
      {"failed, with a reason",
       R"({"type":"Failed","status":"True","reason":"BackoffLimitExceeded","message":"pod a-1"})",
       Says::Value,
       0,
       "failed: BackoffLimitExceeded"},
      {"failed, without", R"({"type":"Failed","status":"True"})", Says::Value, 0, "failed"},
      {"about to be complete",
       R"({"type":"SuccessCriteriaMet","status":"True"})",
       Says::Missing,
       0,
       "Job smoke still runs"},
      {"about to have failed",
       R"({"type":"FailureTarget","status":"True"})",
       Says::Missing,
       0,
       "Job smoke still runs"},
      {"failed after it was announced",
       R"({"type":"FailureTarget","status":"True"},{"type":"Failed","status":"True","reason":"PodFailurePolicy"})",
       Says::Value,
       0,
       "failed: PodFailurePolicy"},
      {"suspended", R"({"type":"Suspended","status":"True"})", Says::Missing, 0, "is suspended"},
      {"resumed", R"({"type":"Suspended","status":"False"})", Says::Missing, 0, "still runs"},
      {"not complete", R"({"type":"Complete","status":"False"})", Says::Missing, 0, "still runs"},
  };
  for (const JobCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    const Reading reading =
        read_job("smoke", R"({"status":{"conditions":[)" + std::string(one.conditions) + "]}}");
    EXPECT_EQ(reading.says, one.says);
    EXPECT_EQ(reading.value, one.value);
    EXPECT_THAT(reading.text, HasSubstr(one.text));
    EXPECT_THAT(reading.text, testing::Not(HasSubstr("pod a-1"))) << "messages may name anything";
  }
  EXPECT_EQ(read_job("smoke", "{}").says, Says::Missing);
  EXPECT_EQ(read_job("smoke", "nope").says, Says::Error);
}

}  // namespace
}  // namespace doorbuster::adapters
