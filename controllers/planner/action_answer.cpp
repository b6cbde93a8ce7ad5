#include "controllers/planner/action_answer.h"

#include "controllers/planner/conditions.h"

#include <algorithm>
#include <utility>

namespace doorbuster::planner {
namespace {

using api::ConditionStatus;

void put(ActionAnswer& answer,
         const char* type,
         ConditionStatus status,
         std::string reason,
         std::string message,
         Instant now) {
  auto& all = answer.status.conditions;
  api::Condition next = moved_on(all,
                                 {.type = type,
                                  .status = status,
                                  .observed_generation = answer.action->generation,
                                  .last_transition_time = now,
                                  .reason = std::move(reason),
                                  .message = std::move(message)});
  const auto there = std::find_if(
      all.begin(), all.end(), [type](const api::Condition& one) { return one.type == type; });
  if (there == all.end()) {
    all.push_back(std::move(next));
  } else {
    *there = std::move(next);
  }
}

}  // namespace

Judgement accepted(std::string reason, std::string message, std::string value) {
  return {Judgement::Is::Accepted, std::move(reason), std::move(message), std::move(value)};
}

Judgement refused(std::string reason, std::string message) {
  return {Judgement::Is::Refused, std::move(reason), std::move(message), {}};
}

Judgement nothing_to_do(std::string message) {
  return {Judgement::Is::NothingToDo, "NothingToDo", std::move(message), {}};
}

void verify(ActionAnswer& answer, const std::optional<Instant>& policy, Instant now) {
  const Action& action = *answer.action;
  if (!policy)
    return put(
        answer,
        "Verified",
        ConditionStatus::False,
        "PolicyMissing",
        "no admission policy of Doorbuster is known to be in force: who asks was not checked",
        now);
  if (action.created <= *policy)
    return put(answer,
               "Verified",
               ConditionStatus::False,
               "OlderThanPolicy",
               "the admission policy came after this action: who asks was not checked",
               now);
  if (!action.spec || !action.spec->requested_by)
    return put(answer,
               "Verified",
               ConditionStatus::False,
               "NotStated",
               "requestedBy does not say who asks; the audit log does",
               now);
  put(answer,
      "Verified",
      ConditionStatus::True,
      "Verified",
      "requested by " + *action.spec->requested_by,
      now);
}

bool is_verified(const ActionAnswer& answer) {
  const api::Condition* one = condition_of(answer.status.conditions, "Verified");
  return one != nullptr && one->status == ConditionStatus::True;
}

ActionAnswer begun(std::shared_ptr<const Action> action) {
  ActionAnswer answer{.action = std::move(action), .status = {}};
  answer.status = answer.action->status;
  answer.status.observed_generation = answer.action->generation;
  return answer;
}

void refuse(ActionAnswer& answer, const Judgement& why, Instant now) {
  answer.status.state = "Refused";
  answer.status.message = why.message;
  answer.status.completed_at = now;
  put(answer, "Accepted", ConditionStatus::False, why.reason, why.message, now);
  put(answer, "Ready", ConditionStatus::False, why.reason, why.message, now);
  put(answer, "Stalled", ConditionStatus::True, why.reason, why.message, now);
}

void accept(ActionAnswer& answer, const Judgement& as, Instant at, Instant now) {
  answer.status.state = "Accepted";
  answer.status.message = as.message;
  answer.status.accepted_at = at;
  put(answer, "Accepted", ConditionStatus::True, as.reason, as.message, now);
  put(answer, "Ready", ConditionStatus::False, "InProgress", as.message, now);
}

void complete(ActionAnswer& answer, std::string message, Instant now) {
  answer.status.state = "Complete";
  answer.status.message = message;
  answer.status.completed_at = now;
  put(answer, "Ready", ConditionStatus::True, "Complete", std::move(message), now);
}

std::string who_asks(const Action& action) {
  return action.spec && action.spec->requested_by ? *action.spec->requested_by : "";
}

std::string since(const api::Decision& one) {
  return to_rfc3339(one.at) + (one.by.empty() ? "" : " by " + one.by);
}

}  // namespace doorbuster::planner
