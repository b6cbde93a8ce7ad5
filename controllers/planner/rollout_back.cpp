// The rollback invariant (DESIGN.md section 5), one way for every trigger: raise the target to what
// serves now, traffic back in proportion to what is available, in one step when it is full; then
// the candidate goes. Nothing gates it.
#include "controllers/planner/arithmetic.h"
#include "controllers/planner/rollout_draft.h"

namespace doorbuster::planner {
namespace {

/// So long the candidate keeps what the target has no pods for.
constexpr Duration kPatience = std::chrono::minutes(20);

/// Pods that the target lacks for what the candidate serves: 0 when all of that can go back.
std::int64_t lacking(const RolloutDraft& draft) {
  const RolloutFacts& facts = draft.facts;
  const std::int64_t needed = needed_of(draft);
  if (facts.ready == 0 || facts.stable_ready >= needed) return 0;
  // Nothing is sent where nothing is; but a target that is gone, or a pod that never comes, keeps
  // nothing of it for ever.
  const api::Decision* told = draft.decided(rollout_kind::kRolledBack);
  const bool gone = facts.stable == nullptr;
  if (gone && draft.view.ending != Ending::None) return 0;
  if (told != nullptr && draft.view.now >= told->at + kPatience && (gone || facts.stable_ready > 0))
    return 0;
  return gone ? needed : needed - facts.stable_ready;
}

/// Percent that the candidate keeps while the target is not full: what the target cannot take.
/// Never more than now.
int share_kept(const RolloutDraft& draft) {
  const auto lacks = static_cast<int>(ceil_div(100 * lacking(draft), needed_of(draft)));
  return possible_share(draft, std::min(draft.facts.weight.value_or(0), lacks));
}

/// What the target's least was raised to, also by a write whose status was never stored.
std::int64_t raised_to(const RolloutDraft& draft) {
  const OurHold* floor = draft.facts.floor;
  const bool there = floor != nullptr && floor->there;
  const std::int64_t written = there ? integer_of(floor->there->operand).value_or(0) : 0;
  return std::max(asked_floor(draft), written);
}

/// Is there nothing left that sends anything to the candidate?
bool is_drained(const RolloutDraft& draft) {
  const RolloutFacts& facts = draft.facts;
  if (facts.by_pods) return is_without_pods(facts);
  if (!facts.weight || facts.gets_any()) return false;
  if (facts.routing == nullptr) return true;  // no route
  // A route that no gateway takes up sends nothing anywhere.
  return facts.not_in_force.empty() || facts.traffic == nullptr;
}

/// The target can take more in a while, or has to.
void look_again_while_kept(RolloutDraft& draft) {
  if (const api::Decision* told = draft.decided(rollout_kind::kRolledBack))
    draft.wake =
        sooner(draft.wake, std::max(told->at + kPatience, draft.view.now + kPatience / 20));
}

/// The candidate keeps the pods that the target lacks, and never more than now.
void pods_back(RolloutDraft& draft) {
  const std::int64_t kept = std::min(draft.facts.asked, lacking(draft));
  want_pods(draft, kept, "RollingBack");
  if (kept == 0) return;
  look_again_while_kept(draft);
  draft.row.message += "; the candidate keeps " + std::to_string(kept) + " until " +
                       std::to_string(needed_of(draft)) + " pods of the target are ready";
}

void traffic_back(RolloutDraft& draft) {
  const RolloutFacts& facts = draft.facts;
  if (facts.by_pods) return pods_back(draft);
  if (facts.routing == nullptr) {
    draft.row.message += "; " + to_text(facts.route) + " may not be read";
    return;
  }
  const int kept = share_kept(draft);
  draft.at_once.insert(facts.route);
  // What is kept is a share alone: no request goes there by its headers any more.
  want_split(draft, {.percent = kept}, Rank::Rollback);
  if (kept == 0) return;
  look_again_while_kept(draft);
  draft.row.message += "; the target takes " + std::to_string(100 - kept) + " % until " +
                       std::to_string(needed_of(draft)) + " of its pods are ready";
}

void template_back(RolloutDraft& draft) {
  const bool promoted = draft.decided(rollout_kind::kPromoted) != nullptr;
  for (const OurHold* one : draft.facts.template_fields) {
    if (!promoted) draft.at_once.insert(one->field.object);
    let_go(draft, one->field, promoted ? "promoted" : "rolled back", promoted);
  }
}

/// The traffic is back: the records go at once, the candidate when what was under way is answered.
void clean_up(RolloutDraft& draft, const api::Decision& drained) {
  const RolloutFacts& facts = draft.facts;
  const Duration drain = draft.spec ? draft.spec->drain.value : std::chrono::seconds(15);
  // At rest nothing but this is written; else it waits for status like all that lets go.
  if (facts.traffic != nullptr && draft.mode == RolloutMode::Rest)
    draft.at_once.insert(facts.route);
  let_go_of_traffic(draft, "its traffic is back");
  if (draft.view.now < drained.at + drain) {
    draft.wake = sooner(draft.wake, drained.at + drain);
  } else {
    remove_candidate(draft, "its traffic is back");
  }
  lower_floor(draft, drained);
}

}  // namespace

void go_back(RolloutDraft& draft, const std::string& why) {
  const RolloutFacts& facts = draft.facts;
  if (!draft.decided(rollout_kind::kRolledBack) && !draft.decided(rollout_kind::kPromoted))
    draft.decide(rollout_kind::kRolledBack, "", why);
  draft.tell("RollingBack", why);
  const auto wait_for = [&draft](const std::string& unread) {
    draft.row.message += "; " + unread;
    keep_all(draft, unread);
  };
  if (!facts.back_unread.empty()) return wait_for(facts.back_unread);
  template_back(draft);
  const api::Decision* drained = draft.decided(rollout_kind::kDrained);
  // Somebody may send traffic there again.
  const bool again = drained != nullptr && facts.gets_any() && facts.deployment;
  const bool is_over = drained != nullptr && !again;
  // What is still to be put away has to be seen; for the traffic nothing but what carries it.
  if ((is_over || is_drained(draft)) && !facts.unread.empty()) return wait_for(facts.unread);
  if (is_over) {
    clean_up(draft, *drained);
    if (!facts.has_candidate() && !facts.traffic) draft.tell("RolledBack", why);
    return;
  }
  if (is_drained(draft)) {
    clean_up(draft, draft.decide(rollout_kind::kDrained, std::to_string(asked_floor(draft))));
    return;
  }
  if (facts.charge && facts.charge->found()) draft.at_once.insert(facts.charge->object);
  // By the first write of the way back: to the route, or without one to the target's least itself.
  const OurHold* first = facts.by_pods ? facts.floor : facts.traffic;
  const bool raised = first != nullptr && first->there && first->there->rank == Rank::Rollback &&
                      asked_floor(draft) >= needed_of(draft);
  const std::int64_t serving = raised ? raised_to(draft) : facts.stable_ready + facts.ready;
  if (facts.stable != nullptr)
    want_floor(draft, std::max(serving, needed_of(draft)), "RollingBack");
  traffic_back(draft);
}

}  // namespace doorbuster::planner
