#include "controllers/planner/decisions.h"

#include "operator/base/bounds.h"

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
  if (!made.subject.empty())
    std::erase_if(status.decisions, [&made](const api::Decision& one) {
      return one.run == made.run && one.kind == made.kind && one.subject == made.subject &&
             one.hash == made.hash;
    });
  if (status.decisions.size() >= bounds::kDecisions)
    status.decisions.erase(status.decisions.begin());
  status.decisions.push_back(std::move(made));
}

}  // namespace doorbuster::planner
