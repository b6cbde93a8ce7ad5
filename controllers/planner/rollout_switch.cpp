#include "controllers/planner/rollout_switch.h"

#include "controllers/planner/rollout_candidate.h"
#include "controllers/planner/rollout_requests.h"

#include <algorithm>

namespace doorbuster::planner {
namespace {

Json text(const JsonView& view) { return Json{std::string(view.text())}; }

/// By the mark of this rollout, or because its pods have every label that is asked for.
bool selects_candidate(const JsonView& selector, const Sides& sides) {
  const auto has = [&sides](const auto& wanted) {
    const auto found = sides.pods.find(wanted.first);
    return found != sides.pods.end() && wanted.second.string() == found->second;
  };
  const auto labels = selector.members();
  return std::any_of(labels.begin(),
                     labels.end(),
                     [&](const auto& one) { return one.first == kRolloutLabel && has(one); }) ||
         (!labels.empty() && std::all_of(labels.begin(), labels.end(), has));
}

}  // namespace

Shares shares_of_selector(const JsonView& selector, const Sides& sides) {
  const bool ours = selects_candidate(selector, sides);
  return {.names_stable = !ours, .names_candidate = ours, .candidate = ours ? 100 : 0};
}

Result<Json> switched(const JsonView& selector, const Sides& sides, const Split& split) {
  if (split.has_requests())
    return Error{.kind = ErrorKind::Invalid, .message = "a Service knows nothing of requests"};
  if (split.percent <= 0) return text(selector);
  JsonObject out;
  for (const auto& [label, value] : selector.members()) {
    const auto found = sides.pods.find(label);
    if (found == sides.pods.end())
      return Error{.kind = ErrorKind::Invalid,
                   .message = "the candidate's pods do not have the label " + label +
                              ", by which the Service selects"};
    if (label != kRolloutLabel) out.add(label, std::string_view(found->second));
  }
  const auto mark = sides.pods.find(kRolloutLabel);
  if (mark != sides.pods.end()) out.add(kRolloutLabel, std::string_view(mark->second));
  return out.build();
}

Json switched_back(const JsonView& selector, const JsonView& written, const Sides& sides) {
  return text(selects_candidate(selector, sides) ? written : selector);
}

}  // namespace doorbuster::planner
