#include "controllers/reconciler/side_by_side.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace doorbuster::reconciler {
namespace {

TEST(SideBySide, RunsEachOnceAndReturnsWhenAllHaveEnded) {
  SideBySide beside;
  beside.run({});
  for (const std::size_t count : {1U, 3U, 300U}) {
    std::vector<std::atomic<int>> ran(count);
    std::vector<std::function<void()>> tasks;
    for (auto& one : ran) tasks.emplace_back([&one] { ++one; });
    beside.run(tasks);
    for (const auto& one : ran) EXPECT_EQ(one, 1);
  }
}

TEST(SideBySide, RunsAsManyAtOneTimeAsItHasHandsBesideTheCallers) {
  SideBySide beside;
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t present = 0;
  // Each waits until all are there: it ends only where they are beside each other.
  std::vector<std::function<void()>> tasks(SideBySide::kHands + 1, [&] {
    std::unique_lock lock(mutex);
    ++present;
    changed.notify_all();
    changed.wait(lock, [&] { return present == SideBySide::kHands + 1; });
  });
  beside.run(tasks);
  EXPECT_EQ(present, SideBySide::kHands + 1);
}

TEST(SideBySide, ManyCallersAtOnceAllComeToTheirEnd) {
  SideBySide beside;
  std::atomic<int> ran = 0;
  std::vector<std::thread> callers;
  for (int i = 0; i < 16; ++i) {
    callers.emplace_back([&] {
      for (int round = 0; round < 20; ++round)
        beside.run(std::vector<std::function<void()>>(12, [&ran] { ++ran; }));
    });
  }
  for (std::thread& one : callers) one.join();
  EXPECT_EQ(ran, 16 * 20 * 12);
}

}  // namespace
}  // namespace doorbuster::reconciler
