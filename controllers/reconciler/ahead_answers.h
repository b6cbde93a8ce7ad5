#pragma once

#include "controllers/planner/seen.h"

#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace doorbuster::reconciler {

/// Answers to what is asked long before it matters are good for so long where they are yes, else
/// for the second; so many are remembered.
inline constexpr Duration kAheadFresh = std::chrono::minutes(30);
inline constexpr Duration kAheadRetry = std::chrono::minutes(1);
inline constexpr std::size_t kAheadAnswers = 20'000;

/// Remembers them, by what was asked. Thread-safe.
class AheadAnswers {
 public:
  std::optional<planner::Answer> find(const std::string& id, Instant now);
  void keep(const std::string& id, const planner::Answer& answer);

 private:
  std::mutex mutex_;
  std::map<std::string, planner::Answer> answers_;
};

}  // namespace doorbuster::reconciler
