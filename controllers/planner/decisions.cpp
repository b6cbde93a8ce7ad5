#include "controllers/planner/decisions.h"

#include "controllers/planner/rollout_memory.h"
#include "operator/base/bounds.h"

#include <algorithm>
#include <utility>

namespace doorbuster::planner {

const api::Decision* decision_of(const api::SaleEventStatus& status,
                                 std::int32_t run,
                                 std::string_view kind) {
  for (const api::Decision& one : status.decisions) {
    if (one.run == run && one.kind == kind) return &one;
  }
  return nullptr;
}

bool decided(const api::SaleEventStatus& status, std::string_view kind) {
  return decision_of(status, status.run.value_or(0), kind) != nullptr;
}

void add_decision(api::SaleEventStatus& status, api::Decision made) {
  auto& all = status.decisions;
  if (!made.subject.empty()) {
    // Of approvals every person has one of every step.
    const bool by_person = made.kind == rollout_kind::kApprove;
    std::erase_if(all, [&made, by_person](const api::Decision& one) {
      return one.run == made.run && one.kind == made.kind && one.subject == made.subject &&
             one.hash == made.hash &&
             (!by_person || (one.by == made.by && one.value == made.value));
    });
  }
  if (all.size() >= bounds::kDecisions) {
    auto gives_way = std::find_if(all.begin(), all.end(), [](const api::Decision& one) {
      return one.kind == rollout_kind::kApprove;
    });
    if (gives_way == all.end())
      gives_way = std::find_if(all.begin(), all.end(), [](const api::Decision& one) {
        return one.kind != rollout_kind::kRolledBack;
      });
    all.erase(gives_way == all.end() ? all.begin() : gives_way);
  }
  all.push_back(std::move(made));
}

}  // namespace doorbuster::planner
