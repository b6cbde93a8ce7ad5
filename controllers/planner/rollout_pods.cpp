#include "controllers/planner/rollout_pods.h"

#include "controllers/planner/arithmetic.h"
#include "controllers/planner/rollout_draft.h"

namespace doorbuster::planner {
namespace {

/// The most that a share can be: of all of the traffic the target never has nothing.
constexpr int kMostPercent = 99;

/// Which of its pods get traffic, whatever `minReadySeconds` says of them.
std::int64_t serving_in(const Present* deployment) {
  return deployment == nullptr ? 0
                               : deployment->object->integer("/status/readyReplicas").value_or(0);
}

bool is_observed(const Document& deployment) {
  return deployment.integer("/status/observedGeneration").value_or(0) >=
         deployment.integer("/metadata/generation").value_or(0);
}

}  // namespace

bool is_by_pods(const ObjectRef& router) {
  return router.group == kByPods.group && router.kind == kByPods.kind;
}

std::int64_t pods_beside(int percent, std::int64_t target) {
  const int share = std::min(percent, kMostPercent);
  return ceil_div(target * share, 100 - share);
}

std::int64_t pods_of_share(int percent, std::int64_t all, bool by_pods) {
  return by_pods ? pods_beside(percent, all) : percent_of(percent, all);
}

int share_of_pods(std::int64_t candidate, std::int64_t target) {
  return candidate <= 0 ? 0 : static_cast<int>(ceil_div(100 * candidate, candidate + target));
}

void look_at_pods(RolloutFacts& facts) {
  facts.weight = share_of_pods(serving_in(facts.deployment), serving_in(facts.stable));
  if (facts.deployment != nullptr && !is_observed(*facts.deployment->object))
    facts.not_in_force = "the size of the candidate is not observed yet";
}

bool is_without_pods(const RolloutFacts& facts) {
  return facts.weight == 0 && facts.asked == 0 && facts.not_in_force.empty();
}

void want_pods(RolloutDraft& draft, std::int64_t pods, const char* reason) {
  if (draft.facts.deployment == nullptr) return;
  draft.row.replicas = pods;
  draft.candidates.emplace_back(
      resized_candidate(draft.facts.candidate, draft.name, draft.attempt, pods, reason));
}

void grow_along(RolloutDraft& draft) {
  if (!draft.facts.by_pods || !draft.facts.serves() || draft.steps.empty()) return;
  want_pods(draft,
            std::max(draft.facts.asked, pods_of_step(draft, draft.steps.back())),
            "CandidateAsked");
}

}  // namespace doorbuster::planner
