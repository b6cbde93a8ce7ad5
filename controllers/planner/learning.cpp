#include "controllers/planner/learning.h"

#include <algorithm>
#include <limits>

namespace doorbuster::planner {
namespace {

constexpr std::int64_t kLeastRise = 2;  ///< of a peak, in replicas, for a write of its own
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

bool is_ready(const TargetLook& look, std::int64_t floor) {
  return look.ready * 100 >= floor * look.ready_percent;
}

std::int64_t seconds_up(Duration span) {
  return std::chrono::ceil<std::chrono::seconds>(span).count();
}

void learn_steps(std::vector<api::LearnedStep>& steps, const TargetLook& look) {
  if (!look.asked) return;
  for (api::LearnedStep& one : steps) {
    if (one.ready_after_seconds || one.floor > *look.asked || !is_ready(look, one.floor)) continue;
    one.ready_after_seconds = seconds_up(std::max(Duration(0), look.now - one.at));
  }
  if (!look.stepped_at || is_ready(look, *look.asked)) return;
  if (steps.size() >= kLearnedSteps) steps.erase(steps.begin());
  steps.push_back({.at = *look.stepped_at, .from = look.ready, .floor = *look.asked});
}

bool is_far_above(const std::optional<std::int64_t>& peak, std::int64_t seen) {
  return !peak || seen >= *peak + std::max(kLeastRise, (*peak + 9) / 10);
}

bool passes(const std::optional<std::int64_t>& peak,
            std::int64_t seen,
            const std::optional<std::int64_t>& floor) {
  return floor && seen > *floor && peak.value_or(0) <= *floor;
}

/// The value at a rank, as ReadyAfter says.
std::optional<std::int64_t> at_percent(const std::vector<std::int64_t>& ascending,
                                       std::size_t percent) {
  if (ascending.empty()) return std::nullopt;
  const std::size_t rank = std::max<std::size_t>(1, (percent * ascending.size() + 99) / 100);
  const std::int64_t value = ascending[rank - 1];
  return value == kNever ? std::nullopt : std::optional(value);
}

}  // namespace

void learn(api::LearnedStatus& learned, const TargetLook& look) {
  learn_steps(learned.steps, look);
  if (look.held) learned.floor = std::max(learned.floor.value_or(0), *look.held);
  if (!look.live) return;
  if (is_far_above(learned.peak_ready, look.ready)) learned.peak_ready = look.ready;
  if (!look.wanted) return;
  if (is_far_above(learned.peak_wanted, *look.wanted) ||
      passes(learned.peak_wanted, *look.wanted, learned.floor)) {
    learned.peak_wanted = look.wanted;
  }
}

void learn_peaks(api::LearnedStatus& learned, const TargetLook& look) {
  if (!look.live) return;
  learned.peak_ready = std::max(learned.peak_ready.value_or(0), look.ready);
  if (look.wanted) learned.peak_wanted = std::max(learned.peak_wanted.value_or(0), *look.wanted);
}

void learn_pending(api::LearnedStatus& learned, const std::vector<api::PendingStatus>& pending) {
  for (const api::PendingStatus& one : pending) {
    if (one.reason == "Starting" || one.reason == "NotScheduled") continue;
    auto& known = learned.pending;
    const auto found = std::find_if(
        known.begin(), known.end(), [&one](const auto& old) { return old.reason == one.reason; });
    if (found != known.end()) {
      found->count = std::max(found->count, one.count);
    } else if (known.size() < kLearnedReasons) {
      known.push_back({.reason = one.reason, .count = one.count});
    }
  }
}

ReadyAfter ready_after(const std::vector<api::LearnedStep>& steps, bool over) {
  ReadyAfter out{.steps = steps.size()};
  std::vector<std::int64_t> took;
  for (const api::LearnedStep& one : steps) {
    if (!one.ready_after_seconds) ++out.unready;
    if (one.ready_after_seconds || over) took.push_back(one.ready_after_seconds.value_or(kNever));
  }
  std::sort(took.begin(), took.end());
  out.min = at_percent(took, 0);
  out.median = at_percent(took, 50);
  out.p95 = at_percent(took, 95);
  return out;
}

std::optional<api::LastRun> last_run_of(const api::TargetStatus& row) {
  const api::LearnedStatus& learned = row.learned;
  if (learned == api::LearnedStatus{}) return std::nullopt;
  const ReadyAfter took = ready_after(learned.steps, true);
  api::LastRun out{.usual = row.usual,
                   .floor = learned.floor,
                   .peak_ready = learned.peak_ready,
                   .peak_wanted = learned.peak_wanted,
                   .steps = static_cast<std::int32_t>(took.steps),
                   .never_ready = static_cast<std::int32_t>(took.unready),
                   .ready_after_seconds = took.p95};
  for (const api::LearnedStep& one : learned.steps) {
    if (one.ready_after_seconds)
      out.most_added = std::max(out.most_added.value_or(0), one.floor - one.from);
  }
  return out;
}

}  // namespace doorbuster::planner
