#include "operator/kube/events.h"

#include "operator/base/json.h"
#include "tests/kube/fake_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace doorbuster::kube {
namespace {

class Events : public testing::Test {
 protected:
  void start() {
    recorder = std::make_unique<EventRecorder>(
        std::make_shared<Client>(transport_to(api)),
        settings,
        [this] { return Instant(Duration(ms.load())); },
        Log{});
  }
  static EventNote note(const std::string& reason, const std::string& text = "to 12") {
    return {.regarding = {"doorbuster.dev/v1alpha1", "SaleEvent", "shop", "flash", "uid-1"},
            .warning = false,
            .reason = reason,
            .action = "Scale",
            .note = text,
            .about = ""};
  }
  static bool eventually(const std::function<bool()>& check) {
    for (int i = 0; i < 2'000; ++i) {
      if (check()) return true;
      std::this_thread::sleep_for(Duration(5));
    }
    return false;
  }
  std::string only() const { return api->paths().size() == 1 ? api->paths()[0] : "not one"; }

  std::shared_ptr<FakeApi> api = std::make_shared<FakeApi>();
  EventSettings settings{.instance = "pod-1", .between_tries = Duration(10)};
  std::atomic<std::int64_t> ms = 1'000'000'000;
  std::unique_ptr<EventRecorder> recorder;
};

TEST_F(Events, OneIsWrittenWithEveryFieldThatTheApiAsksFor) {
  start();
  recorder->record(note("Raised"));
  ASSERT_TRUE(eventually([&] { return recorder->counts().created == 1; }));
  const std::string path = only();
  EXPECT_TRUE(path.starts_with("/apis/events.k8s.io/v1/namespaces/shop/events/flash.")) << path;
  EXPECT_EQ(api->value(path, "/regarding/uid"), "uid-1");
  EXPECT_EQ(api->value(path, "/regarding/kind"), "SaleEvent");
  EXPECT_EQ(api->value(path, "/type"), "Normal");
  EXPECT_EQ(api->value(path, "/reason"), "Raised");
  EXPECT_EQ(api->value(path, "/action"), "Scale");
  EXPECT_EQ(api->value(path, "/note"), "to 12");
  EXPECT_EQ(api->value(path, "/eventTime"), "1970-01-12T13:46:40.000000Z");
  EXPECT_EQ(api->value(path, "/reportingController"), "doorbuster.dev/doorbuster");
  EXPECT_EQ(api->value(path, "/reportingInstance"), "pod-1");
}

TEST_F(Events, ANewOneIsHeldBackAndWrittenAtOnceWhenItStops) {
  settings.hold_back = Duration(1'000);
  start();
  recorder->record(note("Raised"));
  ms += 999;
  std::this_thread::sleep_for(Duration(700));  // it looks at the clock twice a second
  EXPECT_EQ(recorder->counts().created, 0U);
  ms += 1;
  ASSERT_TRUE(eventually([&] { return recorder->counts().created == 1; }));
  recorder->record(note("Lowered"));
  recorder->stop(Duration(10'000));
  EXPECT_EQ(recorder->counts().created, 2U);
}

TEST_F(Events, TheSameAgainIsASeriesWrittenSeldom) {
  start();
  for (int i = 0; i < 50; ++i) {
    recorder->record(note("Raised", "to " + std::to_string(i)));
    ASSERT_TRUE(eventually([&] { return recorder->counts().created == 1; }));
  }
  EXPECT_EQ(api->paths().size(), 1U);
  EXPECT_EQ(recorder->counts().updated, 0U) << "not yet due";
  ms += 30'000;
  ASSERT_TRUE(eventually([&] { return recorder->counts().updated == 1; }));
  EXPECT_EQ(api->value(only(), "/series/count"), "50");
  EXPECT_EQ(api->value(only(), "/series/lastObservedTime"), "1970-01-12T13:46:40.000000Z");
  EXPECT_EQ(api->value(only(), "/note"), "to 0") << "the API lets only the series change";
  recorder->record(note("Raised"));
  std::this_thread::sleep_for(Duration(30));
  EXPECT_EQ(recorder->counts().updated, 1U);
  recorder->stop();
  EXPECT_EQ(api->value(only(), "/series/count"), "51") << "stopping writes what is left";
}

TEST_F(Events, AnotherReasonTypeObjectOrSubjectIsAnotherEvent) {
  start();
  EventNote warning = note("Raised"), other = note("Raised"), about = note("Raised");
  warning.warning = true;
  other.regarding.uid = "uid-2";
  about.about = "target web";
  for (const EventNote& one : {note("Raised"), note("Lowered"), warning, other, about}) {
    recorder->record(one);
  }
  ASSERT_TRUE(eventually([&] { return recorder->counts().created == 5; }));
  EXPECT_EQ(api->paths().size(), 5U);
}

TEST_F(Events, AfterALongSilenceASeriesIsOver) {
  start();
  recorder->record(note("Raised"));
  ASSERT_TRUE(eventually([&] { return recorder->counts().created == 1; }));
  ms += 360'000;
  recorder->record(note("Raised"));
  ASSERT_TRUE(eventually([&] { return recorder->counts().created == 2; }));
}

TEST_F(Events, AnEventThatTheServerHasForgottenBeginsAnew) {
  start();
  recorder->record(note("Raised"));
  ASSERT_TRUE(eventually([&] { return recorder->counts().created == 1; }));
  api->remove(only());
  recorder->record(note("Raised"));
  ms += 30'000;
  ASSERT_TRUE(eventually([&] { return recorder->counts().failed == 1; }));
  recorder->record(note("Raised"));
  ASSERT_TRUE(eventually([&] { return recorder->counts().created == 2; }));
}

TEST_F(Events, AClusterWideObjectsEventsLieInTheDefaultNamespace) {
  start();
  EventNote node = note("Raised");
  node.regarding = {"v1", "Node", "", "n1", "uid-n"};
  recorder->record(node);
  ASSERT_TRUE(eventually([&] { return recorder->counts().created == 1; }));
  EXPECT_TRUE(only().starts_with("/apis/events.k8s.io/v1/namespaces/default/events/n1."));
  EXPECT_EQ(api->value(only(), "/regarding/namespace"), "");
}

TEST_F(Events, AFailureIsTriedThreeTimesARefusalOnce) {
  std::atomic<int> requests = 0;
  api->fault_before([&](const Request&) -> std::optional<Result<Response>> {
    ++requests;
    return FakeApi::no_answer();
  });
  start();
  recorder->record(note("Raised"));
  ASSERT_TRUE(eventually([&] { return recorder->counts().failed == 1; }));
  EXPECT_EQ(requests, 3);
  api->fault_before([&](const Request&) -> std::optional<Result<Response>> {
    ++requests;
    return Result<Response>(FakeApi::status(403, "Forbidden"));
  });
  recorder->record(note("Lowered"));
  ASSERT_TRUE(eventually([&] { return recorder->counts().failed == 2; }));
  EXPECT_EQ(requests, 4);
}

TEST_F(Events, ALostAnswerDoesNotMakeTwo) {
  std::atomic<bool> lose = true;
  api->fault_after([&](const Request&) -> std::optional<Result<Response>> {
    if (!lose.exchange(false)) return std::nullopt;
    return FakeApi::no_answer();
  });
  start();
  recorder->record(note("Raised"));
  ASSERT_TRUE(eventually([&] { return recorder->counts().created == 1; }));
  EXPECT_EQ(api->paths().size(), 1U);
}

TEST_F(Events, BeyondTheQueueTheyAreDroppedAndCountedAndRecordingNeverWaits) {
  settings.queue = 10;
  std::atomic<bool> hang = true;
  api->fault_before([&](const Request&) -> std::optional<Result<Response>> {
    while (hang) std::this_thread::sleep_for(Duration(1));
    return std::nullopt;
  });
  start();
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 1'000; ++i) recorder->record(note("R" + std::to_string(i)));
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(1));
  EXPECT_GE(recorder->counts().dropped, 985U);
  hang = false;
  recorder->stop();
  const EventRecorder::Counts counts = recorder->counts();
  EXPECT_EQ(counts.created + counts.dropped, 1'000U);
  EXPECT_EQ(api->paths().size(), counts.created);
}

TEST_F(Events, LongWordsAreCutAtACharacter) {
  start();
  std::string text = "x";
  while (text.size() < 1'100) text += "é";
  recorder->record(note("Raised", text));
  ASSERT_TRUE(eventually([&] { return recorder->counts().created == 1; }));
  EXPECT_EQ(api->value(only(), "/note").size(), 1'023U);
}

TEST_F(Events, StoppingDoesNotHangOnAServerThatDoes) {
  api->fault_before([&](const Request&) -> std::optional<Result<Response>> {
    std::this_thread::sleep_for(Duration(50));
    return FakeApi::no_answer();
  });
  start();
  for (int i = 0; i < 500; ++i) recorder->record(note("R" + std::to_string(i)));
  const auto began = std::chrono::steady_clock::now();
  recorder->stop(Duration(100));
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(2));
  recorder->record(note("Late"));
  EXPECT_GT(recorder->counts().dropped, 400U);
}

TEST_F(Events, ManyThreadsMayRecord) {
  start();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) recorder->record(note("R" + std::to_string((i + t) % 20)));
    });
  }
  for (std::thread& thread : threads) thread.join();
  recorder->stop(Duration(10'000));
  EXPECT_EQ(recorder->counts().created, 20U);
  int total = 0;
  for (const std::string& path : api->paths()) {
    const std::string count = api->value(path, "/series/count");
    total += count.empty() ? 1 : std::stoi(count);
  }
  EXPECT_EQ(total, 800);
}

}  // namespace
}  // namespace doorbuster::kube
