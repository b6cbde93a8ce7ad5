#pragma once

#include "crds/reader.h"
#include "operator/base/result.h"

#include <string>

namespace doorbuster::commands {

/// What `wait` waits for: a state that people know, or a condition with a status.
struct Goal {
  enum class Is { Prepared, Live, Completed, Restored, Condition } is = Is::Prepared;
  std::string condition;
  api::ConditionStatus status = api::ConditionStatus::True;
  bool operator==(const Goal&) const = default;
};

/// `prepared` (or `ready`), `live`, `completed`, `restored`, `condition=TYPE[=VALUE]`; letters in
/// any case but for TYPE. Invalid otherwise.
Result<Goal> goal_of(const std::string& text);

/// How a sale stands to a goal; `why` in words.
struct Standing {
  enum class Is { Open, Reached, Lost } is = Is::Open;
  std::string why;
};

/// Only a status that speaks of the spec as it is now counts. Lost: the sale was refused, people
/// must look at it, it was aborted before or went past the state.
Standing standing_of(const api::SaleEvent& event, const Goal& goal);
/// The same when the event is not there any more, as it was last seen. One that was let go of step
/// by step is gone only when everything is back.
Standing standing_when_gone(const api::SaleEvent& last, const Goal& goal);

}  // namespace doorbuster::commands
