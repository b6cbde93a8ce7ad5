#include "operator/commands/rollout_rows.h"

#include "operator/commands/sale_words.h"

#include <optional>

namespace doorbuster::commands {
namespace {

/// `ready/of`; `-` where neither is known.
std::string share_text(const std::optional<std::int64_t>& ready,
                       const std::optional<std::int64_t>& of) {
  return ready || of ? or_dash(ready) + (of ? "/" + std::to_string(*of) : "") : "-";
}

std::string step_text(const api::RolloutStatus& row) {
  if (!row.step && !row.steps) return "-";
  return (row.step ? std::to_string(*row.step) : "-") +
         (row.steps ? "/" + std::to_string(*row.steps) : "");
}

std::string weight_text(const api::RolloutStatus& row) {
  return row.weight ? std::to_string(*row.weight) + "%" : "-";
}

}  // namespace

Tree rollout_tree(const api::SaleEventStatus& status) {
  Tree out{.heading = {"ROLLOUTS", "STEP", "WEIGHT", "CANDIDATE", "STABLE", "ANALYSIS", "STATUS"},
           .rows = {}};
  for (const api::RolloutStatus& row : status.rollouts) {
    out.rows.push_back(
        {.name = row.name,
         .cells = {step_text(row),
                   weight_text(row),
                   share_text(row.ready, row.replicas),
                   share_text(row.stable_ready, row.stable_needed),
                   row.analysis.empty() ? "-" : words_of(row.analysis)},
         .mark = mark_of(row.state),
         .words = words_of(row.state) + (row.message.empty() ? "" : ": " + row.message)});
  }
  return out;
}

std::string rollouts_text(const api::SaleEventStatus& status) {
  std::string out;
  for (const api::RolloutStatus& row : status.rollouts) {
    out += (out.empty() ? "" : ", ") + row.name + " " + words_of(row.state) +
           (row.step ? " " + step_text(row) : "") + (row.weight ? " " + weight_text(row) : "");
  }
  return out;
}

}  // namespace doorbuster::commands
