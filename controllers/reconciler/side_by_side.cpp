#include "controllers/reconciler/side_by_side.h"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <atomic>
#include <latch>
#include <memory>

namespace doorbuster::reconciler {
namespace {

/// One run. A hand that comes to it late finds nothing left, and `tasks` gone: it looks at `next`
/// first.
struct Run {
  explicit Run(const std::vector<std::function<void()>>& all)
      : tasks(all), count(all.size()), open(static_cast<std::ptrdiff_t>(all.size())) {}

  void help() {
    for (std::size_t i = next++; i < count; i = next++) {
      tasks[i]();
      open.count_down();
    }
  }

  const std::vector<std::function<void()>>& tasks;
  const std::size_t count;
  std::atomic<std::size_t> next = 0;
  std::latch open;
};

}  // namespace

void SideBySide::run(const std::vector<std::function<void()>>& tasks) {
  if (tasks.empty()) return;
  const auto run = std::make_shared<Run>(tasks);
  for (std::size_t i = 1; i < std::min(tasks.size(), kHands + 1); ++i)
    boost::asio::post(pool_, [run] { run->help(); });
  run->help();
  run->open.wait();
}

}  // namespace doorbuster::reconciler
