#pragma once

#include "tests/differential/play.h"

#include <optional>
#include <string>
#include <vector>

namespace doorbuster::differential {

/// One look of the real controller beside the simulator.
struct Row {
  Moment real, simulated;  ///< both as that look found things
  /// How far each number of `real` is from what the simulator shows within a look before and after.
  std::int64_t replicas_off = 0, pods_off = 0, ready_off = 0;
  /// By how much the worst of them is beyond max(1, 5 %); none is.
  std::int64_t beyond = 0;
};

struct Comparison {
  std::vector<Row> rows;
  /// The largest difference of all rows, and how many rows have one that is allowed to nobody.
  std::int64_t worst = 0, disagreeing = 0;
  bool agrees() const { return disagreeing == 0; }
};

/// What the simulator is told wrongly on purpose: each must be found by comparing.
struct Planted {
  const char* name;
  Scenario (*change)(Scenario);
};
const std::vector<Planted>& planted_bugs();

/// Plays what a record has played, and compares. Replicas must be a value that the simulator shows
/// within one look of the same look; pods and ready pods, which come and go one by one on a real
/// cluster and all at once here, must lie between such values.
Comparison compare(const Record& real, const Planted* planted = nullptr);

/// The comparison as a table for people: a line a look.
std::string table_of(const Record& real, const Comparison&);

}  // namespace doorbuster::differential
