#include "controllers/planner/rollout_memory.h"

#include "controllers/planner/decisions.h"
#include "operator/base/content_hash.h"

#include <algorithm>
#include <sstream>

namespace doorbuster::planner {
namespace {

constexpr std::string_view kNoBackend = "-";  // no Service is called so

}  // namespace

std::string to_text(const StartedOn& one) {
  const std::string& backend = one.backend.empty() ? std::string(kNoBackend) : one.backend;
  const std::string on = one.template_hash + " " + one.target + " " + backend + " " + one.router;
  return one.source.empty() ? on : on + " " + one.source;
}

StartedOn started_on(const api::Decision& decision) {
  std::istringstream words(decision.detail);
  StartedOn out;
  words >> out.template_hash >> out.target >> out.backend >> out.router >> out.source;
  if (out.backend == kNoBackend) out.backend.clear();
  return out;
}

std::string patch_hash(const api::RolloutSpec& rollout) {
  const std::string what =
      rollout.template_from ? "from " + rollout.template_from->name : rollout.patch.text;
  return content_hash(rollout.target.name + "\n" + what).substr(0, 16);
}

std::string attempt_of(const api::RolloutSpec& rollout, const api::SaleEventStatus& status) {
  const std::string patch = patch_hash(rollout);
  const api::Decision* retry = decided_about(status, rollout_kind::kRetry, rollout.name, patch);
  return retry == nullptr ? patch : patch + "/" + retry->value;
}

const api::Decision* decided_about(const api::SaleEventStatus& status,
                                   std::string_view kind,
                                   std::string_view rollout,
                                   std::string_view attempt) {
  const api::Decision* out = nullptr;
  for (const api::Decision& one : status.decisions) {
    if (one.run == status.run.value_or(0) && one.kind == kind && one.subject == rollout &&
        one.hash == attempt)
      out = &one;
  }
  return out;
}

int step_in(const api::Decision* one) {
  return one == nullptr ? 0 : static_cast<int>(integer_of(Json{one->value}).value_or(0));
}

const api::RolloutStatus* row_of(const api::SaleEventStatus& status, const std::string& name) {
  const auto found = std::find_if(status.rollouts.begin(),
                                  status.rollouts.end(),
                                  [&name](const auto& one) { return one.name == name; });
  return found == status.rollouts.end() ? nullptr : &*found;
}

std::string last_attempt(const api::SaleEventStatus& status, std::string_view rollout) {
  std::string out;
  for (const api::Decision& one : status.decisions) {
    if (one.run == status.run.value_or(0) && one.kind == rollout_kind::kStarted &&
        one.subject == rollout)
      out = one.hash;
  }
  return out;
}

bool is_held_up(const api::SaleEventStatus& status,
                std::string_view rollout,
                std::string_view attempt) {
  const api::Decision* pause = decided_about(status, rollout_kind::kPause, rollout, attempt);
  const api::Decision* resume = decided_about(status, rollout_kind::kResume, rollout, attempt);
  // Equal instants: the later entry of the list.
  return pause != nullptr && (resume == nullptr || pause > resume);
}

}  // namespace doorbuster::planner
