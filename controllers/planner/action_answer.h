#pragma once

#include "controllers/planner/plan.h"

#include <memory>
#include <optional>
#include <string>

namespace doorbuster::planner {

// What a SaleAction is told in its own status.

/// What is said of an action before anything is done about it.
struct Judgement {
  enum class Is { Accepted, Refused, NothingToDo } is = Is::Accepted;
  std::string reason, message, value;
};
Judgement accepted(std::string reason, std::string message, std::string value = "");
Judgement refused(std::string reason, std::string message);
Judgement nothing_to_do(std::string message);

/// The answer as far as it was given before.
ActionAnswer begun(std::shared_ptr<const Action>);
/// Whether somebody has made sure who asks.
void verify(ActionAnswer&, const std::optional<Instant>& policy_since, Instant now);
bool is_verified(const ActionAnswer&);
void refuse(ActionAnswer&, const Judgement& why, Instant now);
void accept(ActionAnswer&, const Judgement& as, Instant at, Instant now);
void complete(ActionAnswer&, std::string message, Instant now);

/// Empty: nobody says.
std::string who_asks(const Action&);
/// When, and by whom, in words.
std::string since(const api::Decision&);

}  // namespace doorbuster::planner
