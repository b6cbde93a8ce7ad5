#include "operator/kube/queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <random>
#include <set>
#include <thread>

namespace doorbuster::kube {
namespace {

using testing::ElementsAre;

Key key(const std::string& name) { return {"shop", name}; }

Duration real_steady() {
  return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch());
}
Instant real_wall() { return std::chrono::floor<Duration>(std::chrono::system_clock::now()); }

/// Time that only the test moves. A waiting take() is poked after each move.
struct Virtual {
  std::atomic<std::int64_t> wall{1'000'000}, steady{50'000};
  WorkQueue::Clocks clocks() {
    return {[this] { return Instant(Duration(wall.load())); },
            [this] { return Duration(steady.load()); }};
  }
  Instant in(int ms) const { return Instant(Duration(wall.load() + ms)); }
  void pass(int ms) {
    wall += ms;
    steady += ms;
  }
};

/// What take() gives now, without waiting. The marker makes take() return, and look at the clocks.
std::string next(WorkQueue& queue) {
  queue.add(key("~"));
  std::string given = "nothing";
  for (bool marker_seen = false; !marker_seen || queue.snapshot().waiting > 0;) {
    const auto taken = queue.take();
    if (!taken) return "shut down";
    if (taken->name == "~") {
      marker_seen = true;
      queue.done(*taken);
    } else {
      given = given == "nothing" ? taken->name : given + " and " + taken->name;
    }
  }
  return given;
}

class Queue : public testing::Test {
 protected:
  Virtual time;
  WorkQueue queue{time.clocks()};
};

TEST_F(Queue, GivesKeysInTheOrderTheyCame) {
  for (const char* name : {"b", "a", "c"}) queue.add(key(name));
  EXPECT_EQ(queue.take()->name, "b");
  EXPECT_EQ(queue.take()->name, "a");
  EXPECT_EQ(queue.take()->name, "c");
}

TEST_F(Queue, AKeyThatWaitsIsThereOnce) {
  queue.add(key("a"));
  queue.add(key("a"));
  EXPECT_EQ(next(queue), "a");
  queue.done(key("a"));
  EXPECT_EQ(next(queue), "nothing");
}

TEST_F(Queue, AKeyAddedWhileItIsWorkedOnComesAgainAfterwardsAndNotBefore) {
  queue.add(key("a"));
  EXPECT_EQ(next(queue), "a");
  queue.add(key("a"));
  queue.add(key("a"));
  EXPECT_EQ(next(queue), "nothing") << "one worker a key at a time";
  queue.done(key("a"));
  EXPECT_EQ(next(queue), "a");
  queue.done(key("a"));
  EXPECT_EQ(next(queue), "nothing");
}

TEST_F(Queue, APlannedKeyComesWhenItsInstantComes) {
  queue.add_at(key("a"), time.in(5'000));
  time.pass(4'999);
  EXPECT_EQ(next(queue), "nothing");
  time.pass(1);
  EXPECT_EQ(next(queue), "a");
}

TEST_F(Queue, OfSeveralInstantsTheEarliestCounts) {
  queue.add_at(key("a"), time.in(5'000));
  queue.add_at(key("a"), time.in(2'000));
  queue.add_at(key("a"), time.in(9'000));
  time.pass(2'000);
  EXPECT_EQ(next(queue), "a");
  queue.done(key("a"));
  time.pass(60'000);
  EXPECT_EQ(next(queue), "nothing");
}

TEST_F(Queue, ANewPlanReplacesTheOld) {
  queue.add_at(key("a"), time.in(2'000));
  queue.plan(key("a"), time.in(7'000));
  time.pass(6'999);
  EXPECT_EQ(next(queue), "nothing");
  time.pass(1);
  EXPECT_EQ(next(queue), "a");
  queue.done(key("a"));
  queue.plan(key("a"), time.in(1'000));
  queue.plan(key("a"), std::nullopt);
  time.pass(60'000);
  EXPECT_EQ(next(queue), "nothing");
  EXPECT_EQ(queue.snapshot().planned, 0U);
}

TEST_F(Queue, APlannedKeyThatIsWorkedOnComesAfterwards) {
  queue.add(key("a"));
  EXPECT_EQ(next(queue), "a");
  queue.plan(key("a"), time.in(10));
  time.pass(10);
  EXPECT_EQ(next(queue), "nothing");
  queue.done(key("a"));
  EXPECT_EQ(next(queue), "a");
}

TEST_F(Queue, AWallClockSetForwardMakesPlansDueSetBackItDelaysThem) {
  queue.add_at(key("a"), time.in(3'600'000));
  time.wall += 3'600'000;
  EXPECT_EQ(next(queue), "a");
  queue.done(key("a"));
  queue.add_at(key("a"), time.in(1'000));
  time.wall -= 10'000;
  time.steady += 1'000;
  EXPECT_EQ(next(queue), "nothing");
  time.wall += 11'000;
  EXPECT_EQ(next(queue), "a");
}

TEST_F(Queue, RetriesBackOffFromFiveMillisecondsToAMinuteAndForget) {
  std::vector<int> delays;
  for (int i = 0; i < 18; ++i) {
    queue.retry(key("a"));
    int waited = 0;
    while (next(queue) == "nothing") {
      time.pass(5);
      waited += 5;
    }
    delays.push_back(waited);
    queue.done(key("a"));
  }
  EXPECT_THAT(std::vector<int>(delays.begin(), delays.begin() + 6),
              ElementsAre(5, 10, 20, 40, 80, 160));
  EXPECT_EQ(delays[14], 60'000);
  EXPECT_EQ(delays[17], 60'000);
  EXPECT_EQ(queue.retries(key("a")), 18);
  queue.forget(key("a"));
  EXPECT_EQ(queue.retries(key("a")), 0);
  queue.retry(key("a"));
  time.pass(5);
  EXPECT_EQ(next(queue), "a");
}

TEST_F(Queue, ARetryDoesNotMindAStepOfTheWallClock) {
  queue.retry(key("a"));
  time.wall -= 3'600'000;
  time.steady += 5;
  EXPECT_EQ(next(queue), "a");
}

TEST_F(Queue, ShutDownEndsEveryWait) {
  std::vector<std::thread> workers;
  std::atomic<int> ended = 0;
  for (int i = 0; i < 3; ++i) {
    workers.emplace_back([&] {
      while (const auto taken = queue.take()) queue.done(*taken);
      ++ended;
    });
  }
  queue.add(key("a"));
  queue.shut_down();
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(ended, 3);
  EXPECT_FALSE(queue.add(key("b")));
  EXPECT_FALSE(queue.add_at(key("b"), time.in(1)));
  EXPECT_FALSE(queue.retry(key("b")));
}

TEST_F(Queue, WaitIdleWaitsForTheKeysAtWork) {
  queue.add(key("a"));
  queue.take();
  EXPECT_FALSE(queue.wait_idle(Duration(20)));
  std::thread worker([&] {
    std::this_thread::sleep_for(Duration(20));
    queue.done(key("a"));
  });
  EXPECT_TRUE(queue.wait_idle(Duration(10'000)));
  worker.join();
}

TEST(QueueBound, BeyondItKeysAreRefusedAndCountedAndKnownOnesAreNot) {
  Virtual time;
  WorkQueue queue(time.clocks(), nullptr, {.keys = 2});
  EXPECT_TRUE(queue.add(key("a")));
  EXPECT_TRUE(queue.add_at(key("b"), time.in(1'000)));
  EXPECT_FALSE(queue.add(key("c")));
  EXPECT_TRUE(queue.add(key("b")));
  EXPECT_EQ(queue.snapshot().refused, 1U);
  queue.done(*queue.take());
  EXPECT_TRUE(queue.add(key("c"))) << "a finished key leaves room";
}

struct Recorder final : QueueObserver {
  void on_depth(std::size_t waiting) override { log.push_back("depth " + std::to_string(waiting)); }
  void on_add() override { log.push_back("add"); }
  void on_taken(Duration in_queue) override { log.push_back("taken after " + to_text(in_queue)); }
  void on_done(Duration work) override { log.push_back("done after " + to_text(work)); }
  void on_retry() override { log.push_back("retry"); }
  std::vector<std::string> log;
};

TEST(QueueMetrics, TellWhatHappens) {
  Virtual time;
  const auto seen = std::make_shared<Recorder>();
  WorkQueue queue(time.clocks(), seen);
  queue.add(key("a"));
  time.pass(30);
  queue.take();
  time.pass(200);
  queue.add(key("a"));
  EXPECT_EQ(queue.snapshot().longest_running, Duration(200));
  EXPECT_EQ(queue.snapshot().unfinished, Duration(200));
  queue.retry(key("a"));
  queue.done(key("a"));
  EXPECT_THAT(seen->log,
              ElementsAre("add",
                          "depth 1",
                          "depth 0",
                          "taken after 30ms",
                          "add",
                          "retry",
                          "done after 200ms",
                          "depth 1"));
  EXPECT_EQ(queue.snapshot().waiting, 1U);
  EXPECT_EQ(queue.snapshot().planned, 1U);
}

TEST(QueueThreads, NoKeyIsLostNoneIsWorkedOnTwiceAtOnce) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    WorkQueue queue({real_wall, real_steady});
    constexpr int kKeys = 20, kAdds = 3'000;
    std::array<std::atomic<int>, kKeys> wanted{}, seen{}, at_work{};
    std::atomic<bool> twice = false;
    std::vector<std::thread> workers, producers;
    for (int w = 0; w < 4; ++w) {
      workers.emplace_back([&] {
        while (const auto taken = queue.take()) {
          const auto n = static_cast<std::size_t>(std::stoi(taken->name));
          if (at_work[n].fetch_add(1) != 0) twice = true;
          seen[n] = wanted[n].load();
          if (seen[n] % 17 == 3) queue.retry(*taken);
          at_work[n].fetch_sub(1);
          queue.done(*taken);
        }
      });
    }
    for (std::uint64_t p = 0; p < 3; ++p) {
      producers.emplace_back([&, p] {
        std::mt19937_64 random(seed * 10 + p);
        for (int i = 0; i < kAdds; ++i) {
          const std::size_t n = random() % kKeys;
          ++wanted[n];
          switch (random() % 4) {
            case 0:
              queue.add_at(key(std::to_string(n)), real_wall() + Duration(random() % 5));
              break;
            default:
              queue.add(key(std::to_string(n)));
          }
        }
      });
    }
    for (std::thread& producer : producers) producer.join();
    const auto settled = [&] {
      for (std::size_t n = 0; n < kKeys; ++n) {
        if (seen[n] != wanted[n]) return false;
      }
      return true;
    };
    for (int i = 0; i < 2'000 && !settled(); ++i) std::this_thread::sleep_for(Duration(5));
    EXPECT_TRUE(settled()) << "seed " << seed
                           << ": the last add of each key is followed by a round";
    EXPECT_FALSE(twice) << "seed " << seed;
    queue.shut_down();
    for (std::thread& worker : workers) worker.join();
  }
}

TEST(QueueThreads, TwoHundredKeysDueAtOnceAreTakenInTime) {
  WorkQueue queue({real_wall, real_steady});
  std::mutex mutex;
  std::vector<Duration> late;
  std::vector<std::thread> workers;
  const Instant due = real_wall() + Duration(1'200);  // further away than one recheck
  for (int i = 0; i < 200; ++i) queue.plan(key(std::to_string(i)), due);
  for (int w = 0; w < 4; ++w) {
    workers.emplace_back([&] {
      while (const auto taken = queue.take()) {
        const Duration by = std::chrono::duration_cast<Duration>(real_wall() - due);
        queue.done(*taken);
        const std::lock_guard lock(mutex);
        late.push_back(by);
      }
    });
  }
  for (int i = 0; i < 2'000; ++i) {
    std::this_thread::sleep_for(Duration(5));
    const std::lock_guard lock(mutex);
    if (late.size() == 200) break;
  }
  queue.shut_down();
  for (std::thread& worker : workers) worker.join();
  ASSERT_EQ(late.size(), 200U);
  std::sort(late.begin(), late.end());
  EXPECT_GE(late.front(), Duration(0)) << "never early";
  EXPECT_LE(late[197], Duration(100));
  RecordProperty("p99_ms", static_cast<int>(late[197].count()));
}

}  // namespace
}  // namespace doorbuster::kube
