// That the comparison with the real controllers can fail, and on what; without a cluster: the
// simulator stands in for the real ones, and what it is compared with has a planted bug.
#include "tests/differential/compare.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

namespace doorbuster::differential {
namespace {

constexpr std::uint64_t kSeed = 1, kScenarios = 120;
/// The scenarios that show a bug must be so many that the few which are tried again do not hide it.
constexpr int kFewest = 3;

/// A record as the driver makes one, of the simulator itself.
Record played(std::uint64_t number) {
  Record out{.scenario = make_scenario(kSeed, number), .began_ms = 1'800'000'000'000};
  const std::vector<Duration> looks = regular_looks(out.scenario);
  const std::vector<Moment> trace = play(out.scenario, out.began_ms, looks);
  for (const Duration look : looks) {
    out.looks.push_back(*std::find_if(
        trace.begin(), trace.end(), [&](const Moment& one) { return one.at >= look; }));
  }
  out.looks.push_back(trace.back());
  return out;
}

const std::vector<Record>& records() {
  static const std::vector<Record> all = [] {
    std::vector<Record> out;
    for (std::uint64_t i = 0; i < kScenarios; ++i) out.push_back(played(i));
    return out;
  }();
  return all;
}

TEST(Differential, TheSimulatorAgreesWithItself) {
  for (const Record& one : records()) {
    const Comparison made = compare(one);
    EXPECT_TRUE(made.agrees()) << table_of(one, made);
    EXPECT_EQ(made.worst, 0);
  }
}

TEST(Differential, EveryPlantedBugIsFound) {
  for (const Planted& bug : planted_bugs()) {
    const auto found = std::count_if(records().begin(), records().end(), [&bug](const Record& one) {
      return !compare(one, &bug).agrees();
    });
    EXPECT_GE(found, kFewest) << bug.name;
    std::cout << found << " of " << kScenarios << " scenarios show: " << bug.name << "\n";
  }
}

TEST(Differential, ARecordReadsBackAsItWasWritten) {
  for (const Record& one : records()) {
    const std::string text = tree_of(one).print();
    EXPECT_EQ(tree_of(record_of(simulator::Tree::parse(text))).print(), text);
  }
}

TEST(Differential, TheReplicasMoveInMostScenarios) {
  const auto moving = std::count_if(records().begin(), records().end(), [](const Record& one) {
    return std::any_of(one.looks.begin(), one.looks.end(), [&](const Moment& look) {
      return look.replicas != one.scenario.replicas;
    });
  });
  EXPECT_GE(moving, static_cast<std::ptrdiff_t>(kScenarios * 9 / 10));
}

TEST(Differential, OneMoreOrLessIsAllowedAndMoreOnlyOfMany) {
  // One whose end is quiet: nothing else to be near to.
  const auto quiet = std::find_if(records().begin(), records().end(), [](const Record& one) {
    return std::all_of(one.looks.end() - 4, one.looks.end(), [&](const Moment& look) {
      return look.replicas == one.looks.back().replicas;
    });
  });
  ASSERT_NE(quiet, records().end());
  Record one = *quiet;
  one.looks.back().replicas += 1;
  EXPECT_TRUE(compare(one).agrees());
  one.looks.back().replicas += 1;
  EXPECT_FALSE(compare(one).agrees());
}

}  // namespace
}  // namespace doorbuster::differential
