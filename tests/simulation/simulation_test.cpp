#include "tests/simulation/run.h"
#include "tests/simulation/situations.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <thread>

namespace doorbuster::simulation {
namespace {

/// How many histories: DOORBUSTER_HISTORIES, or as many as this build has time for.
std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  if (text == nullptr) return otherwise;
  std::uint64_t value = otherwise;
  const std::string_view view = text;
  const auto parsed = std::from_chars(view.data(), view.data() + view.size(), value);
  return parsed.ec == std::errc() ? value : otherwise;
}

constexpr std::uint64_t kWhole = 5'000;
#ifdef DOORBUSTER_SANITIZED
constexpr std::uint64_t kHistories = kWhole / 50;
#else
constexpr std::uint64_t kHistories = kWhole;
#endif
constexpr std::size_t kFailuresShown = 5, kSeedsShown = 100;

std::string replay_command(std::uint64_t seed) {
  return "DOORBUSTER_SEED=" + std::to_string(seed) +
         " simulation_test --gtest_filter=Simulation.Replay";
}

struct Sum {
  std::mutex mutex;
  std::map<std::string, int> situations;
  std::map<std::string, std::vector<std::uint64_t>> broken;
  std::map<std::uint64_t, Violation> failures;
  long rounds = 0, requests = 0;

  void add(std::uint64_t seed, const Report& report) {
    const std::lock_guard lock(mutex);
    for (const auto& [name, count] : report.situations) situations[name] += count;
    for (const std::string& name : report.oracles()) broken[name].push_back(seed);
    if (!report.violations.empty()) failures.emplace(seed, report.violations.front());
    rounds += report.rounds;
    requests += report.requests;
  }
};

TEST(Simulation, RandomHistoriesBreakNoSentence) {
  const std::uint64_t first = from_environment("DOORBUSTER_FIRST_SEED", 1);
  const std::uint64_t count = from_environment("DOORBUSTER_HISTORIES", kHistories);
  const std::uint64_t workers = from_environment("DOORBUSTER_WORKERS", 2);
  Sum sum;
  std::vector<std::thread> threads;
  for (std::uint64_t worker = 0; worker < workers; ++worker) {
    threads.emplace_back([&, worker] {
      for (std::uint64_t i = worker; i < count; i += workers)
        sum.add(first + i, play(make_history(first + i)));
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::cout << count << " histories, " << sum.rounds << " rounds, " << sum.requests
            << " requests\n";
  if (std::getenv("DOORBUSTER_SITUATIONS") != nullptr) {
    for (const auto& [name, times] : sum.situations)
      std::cout << "  " << times << "\t" << name << "\n";
  }
  for (auto& [oracle, seeds] : sum.broken) {
    std::sort(seeds.begin(), seeds.end());
    std::cout << "  broken: " << oracle << " in " << seeds.size() << " histories:";
    for (std::size_t i = 0; i < std::min(seeds.size(), kSeedsShown); ++i)
      std::cout << " " << seeds[i];
    std::cout << "\n";
  }
  std::size_t shown = 0;
  for (const auto& [seed, violation] : sum.failures) {
    if (++shown > kFailuresShown) break;
    ADD_FAILURE() << "seed " << seed << ": " << violation.oracle << ": " << violation.text
                  << "\n  replay: " << replay_command(seed);
  }
  EXPECT_TRUE(sum.failures.empty()) << sum.failures.size() << " histories break a sentence";
  // A fiftieth of them is for the sanitizers; what comes up seldom is counted over the whole.
  if (count < kWhole) return;
  for (const std::string& one : missed(sum.situations, static_cast<int>(count)))
    ADD_FAILURE() << "too rare: " << one;
}

/// DOORBUSTER_SEED: plays one history, shrinks it when it breaks a sentence, and prints what
/// happens.
TEST(Simulation, Replay) {
  const std::uint64_t seed = from_environment("DOORBUSTER_SEED", 0);
  if (seed == 0) GTEST_SKIP() << "DOORBUSTER_SEED is not set";
  History history = make_history(seed);
  if (std::getenv("DOORBUSTER_NO_SHRINK") == nullptr && !play(history).violations.empty())
    history = shrunk(history);
  const Report report = play(history, {}, true);
  std::cout << to_text(history);
  for (const std::string& line : report.trace) std::cout << line << "\n";
  for (const Violation& one : report.violations) {
    ADD_FAILURE() << one.oracle << " at " << to_rfc3339(one.at) << ": " << one.text;
  }
}

}  // namespace
}  // namespace doorbuster::simulation
