#include "operator/commands/wait_goal.h"

#include "operator/base/lower.h"
#include "operator/commands/sale_words.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace doorbuster::commands {
namespace {

using Is = Standing::Is;

constexpr std::string_view kConditionPrefix = "condition=";

Error invalid(std::string message) {
  return {
      .kind = ErrorKind::Invalid, .message = std::move(message), .causes = {}, .retry_after = {}};
}

Result<Goal> condition_goal(std::string_view text) {
  const std::size_t equals = text.find('=');
  Goal out{.is = Goal::Is::Condition,
           .condition = std::string(text.substr(0, equals)),
           .status = api::ConditionStatus::True};
  if (out.condition.empty()) return invalid("condition= needs a type");
  if (equals == std::string_view::npos) return out;
  const std::string value = lower(text.substr(equals + 1));
  for (const auto one :
       {api::ConditionStatus::True, api::ConditionStatus::False, api::ConditionStatus::Unknown}) {
    if (lower(api::to_string(one)) != value) continue;
    out.status = one;
    return out;
  }
  return invalid("a condition is True, False or Unknown");
}

bool is_past_the_end(const api::SaleEventStatus& status) {
  return status.phase == "CoolingDown" || status.phase == "Completed";
}

bool is_reached(const api::SaleEventStatus& status, const Goal& goal) {
  switch (goal.is) {
    case Goal::Is::Prepared:
      return is_true(condition_in(status, "Prepared"));
    case Goal::Is::Live:
      return status.phase == "Live";
    case Goal::Is::Completed:
      return status.phase == "Completed" && abort_of(status) == nullptr;
    case Goal::Is::Restored:
      return is_true(condition_in(status, "Restored"));
    case Goal::Is::Condition: {
      const api::Condition* one = condition_in(status, goal.condition);
      return one != nullptr && one->status == goal.status;
    }
  }
  return false;
}

std::string said_by(const api::Condition* condition) {
  return condition == nullptr ? "" : " (" + condition->reason + "): " + condition->message;
}

/// Why it cannot be reached any more; empty: it can.
std::string lost_by(const api::SaleEvent& event, const Goal& goal) {
  const api::SaleEventStatus& status = event.status;
  if (goal.is == Goal::Is::Condition) return "";  // of those nothing is known
  const api::Condition* stalled = condition_in(status, "Stalled");
  if (status.phase == "Failed") return "the sale is refused" + said_by(stalled);
  const bool restores = goal.is == Goal::Is::Restored;
  if (is_true(stalled)) return "people must look at it" + said_by(stalled);
  const api::Condition* restored = condition_in(status, "Restored");
  const bool left = restored != nullptr &&
                    (restored->reason == "RestoreForbidden" || restored->reason == "NotRestored");
  if (restores && left) return "not everything is put back" + said_by(restored);
  if (restores) return "";
  if (abort_of(status) != nullptr) return "the sale is aborted";
  if (event.metadata.deleted) return "the sale is being deleted";
  if (goal.is == Goal::Is::Completed) return "";
  return is_past_the_end(status) ? "the sale is over" : "";
}

}  // namespace

Result<Goal> goal_of(const std::string& text) {
  if (text.substr(0, kConditionPrefix.size()) == kConditionPrefix)
    return condition_goal(std::string_view(text).substr(kConditionPrefix.size()));
  static constexpr std::array kStates = {
      std::pair<std::string_view, Goal::Is>{"prepared", Goal::Is::Prepared},
      std::pair<std::string_view, Goal::Is>{"ready", Goal::Is::Prepared},
      std::pair<std::string_view, Goal::Is>{"live", Goal::Is::Live},
      std::pair<std::string_view, Goal::Is>{"completed", Goal::Is::Completed},
      std::pair<std::string_view, Goal::Is>{"restored", Goal::Is::Restored}};
  const std::string word = lower(text);
  for (const auto& [name, is] : kStates) {
    if (name == word) return Goal{.is = is, .condition = "", .status = api::ConditionStatus::True};
  }
  return invalid(
      "--for must be prepared, ready, live, completed, restored or condition=TYPE[=VALUE]");
}

Standing standing_of(const api::SaleEvent& event, const Goal& goal) {
  const api::SaleEventStatus& status = event.status;
  if (status.observed_generation.value_or(-1) < event.metadata.generation)
    return {Is::Open, "the operator has not looked at the latest edit"};
  if (is_reached(status, goal)) return {Is::Reached, ""};
  std::string why = lost_by(event, goal);
  return {why.empty() ? Is::Open : Is::Lost, std::move(why)};
}

Standing standing_when_gone(const api::SaleEvent& last, const Goal& goal) {
  const bool let_go = last.spec.deletion_policy != api::DeletionPolicy::Orphan;
  if (goal.is == Goal::Is::Restored && let_go)
    return {Is::Reached, "the sale is gone, and with it everything that it held"};
  return {Is::Lost, "the sale is gone"};
}

}  // namespace doorbuster::commands
