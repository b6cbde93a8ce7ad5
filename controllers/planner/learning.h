#pragma once

#include "crds/sale_event.h"
#include "operator/base/instant.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace doorbuster::planner {

// What a run shows of one target, for the report after it and for the next one: arithmetic alone.

/// Of one run; the oldest go.
inline constexpr std::size_t kLearnedSteps = 50;

/// One look at a target that is raised.
struct TargetLook {
  Instant now;
  bool live = false;  ///< the sale is on: only then peaks count
  std::int64_t ready = 0, ready_percent = 100;
  std::optional<std::int64_t> held;    ///< the floor in force
  std::optional<std::int64_t> asked;   ///< the floor that we ask for
  std::optional<Instant> stepped_at;   ///< since when, if a rise asked for it and nobody looked yet
  std::optional<std::int64_t> wanted;  ///< by load, our own floor aside
};

/// Takes down what may not wait for another reason to write status: a step made before enough was
/// ready for it, a step that has become ready, and a peak that is passed by a tenth (and by two),
/// or by load that passes the floor.
void learn(api::LearnedStatus&, const TargetLook&);

/// The peaks as seen, where status is written anyway.
void learn_peaks(api::LearnedStatus&, const TargetLook&);

/// What its pods wait for now, besides their own start: the most of each reason, the first ones
/// where there are more reasons than the schema has room for.
void learn_pending(api::LearnedStatus&, const std::vector<api::PendingStatus>&);
inline constexpr std::size_t kLearnedReasons = 8;

/// How long steps took until they were ready. The value at rank ceil(p x n / 100) of n in ascending
/// order (nearest rank): one that occurred. Nothing: at that rank is a step that never was ready,
/// which counts as longer than any; or there is none.
struct ReadyAfter {
  std::size_t steps = 0, unready = 0;
  std::optional<std::int64_t> min, median, p95;  ///< in seconds
};
/// `over`: no step of them is still waited for. Else those that are not ready are not ranked.
ReadyAfter ready_after(const std::vector<api::LearnedStep>&, bool over);

/// What the next run keeps of this row's; nothing: it showed nothing.
std::optional<api::LastRun> last_run_of(const api::TargetStatus&);

}  // namespace doorbuster::planner
