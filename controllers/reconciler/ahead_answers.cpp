#include "controllers/reconciler/ahead_answers.h"

namespace doorbuster::reconciler {
namespace {

bool is_good(const planner::Answer& answer, Instant now) {
  const bool yes = answer.says == planner::Answer::Says::Yes;
  return now >= answer.at && now - answer.at < (yes ? kAheadFresh : kAheadRetry);
}

}  // namespace

std::optional<planner::Answer> AheadAnswers::find(const std::string& id, Instant now) {
  const std::lock_guard lock(mutex_);
  const auto found = answers_.find(id);
  if (found == answers_.end()) return std::nullopt;
  if (is_good(found->second, now)) return found->second;
  answers_.erase(found);
  return std::nullopt;
}

void AheadAnswers::keep(const std::string& id, const planner::Answer& answer) {
  const std::lock_guard lock(mutex_);
  if (answers_.size() >= kAheadAnswers)
    std::erase_if(answers_, [&answer](const auto& one) { return !is_good(one.second, answer.at); });
  if (answers_.size() < kAheadAnswers) answers_.insert_or_assign(id, answer);
}

}  // namespace doorbuster::reconciler
