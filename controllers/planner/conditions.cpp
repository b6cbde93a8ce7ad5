#include "controllers/planner/conditions.h"

#include "controllers/planner/status_rows.h"

#include <utility>

namespace doorbuster::planner {

const api::Condition* condition_of(const std::vector<api::Condition>& conditions,
                                   std::string_view type) {
  for (const api::Condition& one : conditions) {
    if (one.type == type) return &one;
  }
  return nullptr;
}

api::Condition moved_on(const std::vector<api::Condition>& before, api::Condition next) {
  next.reason = cut(next.reason.empty() ? "Unknown" : std::move(next.reason), 128);
  next.message = cut(std::move(next.message), 4096);
  const api::Condition* old = condition_of(before, next.type);
  if (old != nullptr && old->status == next.status)
    next.last_transition_time = old->last_transition_time;
  return next;
}

}  // namespace doorbuster::planner
