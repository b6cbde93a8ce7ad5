#include "tests/simulation/situations.h"

namespace doorbuster::simulation {

const std::vector<Situation>& required_situations() {
  static const std::vector<Situation> kAll = {
      // the operator's own requests go wrong
      {"killed before adding the finalizer", 10},
      {"killed after adding the finalizer", 10},
      {"killed before a status update", 20},
      {"killed after a status update", 20},
      {"killed before a write", 20},  // between status and write
      {"killed after a write", 20},   // between write and its answer
      {"killed before removing the finalizer", 5},
      {"killed after removing the finalizer", 5},
      {"answer lost after success of a write", 20},
      {"answer lost after success of a status update", 20},
      {"answer lost after success of adding the finalizer", 10},
      {"time-out, undone, a write", 20},
      {"403 for a write", 20},
      {"500 for a write", 20},
      {"429 for a write", 20},
      {"conflict at a write", 20},
      {"conflict at a status update", 20},
      {"conflict at a window's edge", 10},
      {"a hold is made ready ahead of its time", 2'000},
      {"what was made ready is not wanted any more", 50},
      {"killed before the sale", 10},
      {"killed on the way up", 50},
      {"killed in mid-sale", 20},
      {"killed on the way down", 50},
      {"operator away across the start", 20},
      {"operator away across the end", 20},
      {"API server away across the start", 10},
      {"API server away across the end", 10},
      // what it sees and may do
      {"a fact is blanked to Unread", 100'000},
      {"a fact is unread by itself", 500},
      {"clock steps forward", 30},
      {"clock steps back", 50},
      {"Stall", 50},
      {"Lag", 50},
      {"DenyKind", 50},
      {"HideKind", 50},
      {"a kind vanishes while something of it is held", 20},
      {"a kind vanishes while its event is being deleted", 1},
      {"DenyAccount", 50},
      {"FailReviews", 50},
      // other people
      {"PersonSets while held", 100},
      {"a person's second change is yielded to", 10},
      {"GitSets while held", 50},
      {"GitReverts while held", 50},
      {"a field is contested", 10},
      {"HelmUpgrade while held", 50},
      {"GitApplies while held", 50},
      {"ScaleByHand while held", 50},
      {"ApplyCopy in mid-sale", 5},
      {"ApplyCopy on the way down", 20},
      {"RolloutUndo on the way up", 5},
      {"RolloutUndo in mid-sale", 5},
      {"RolloutUndo on the way down", 5},
      {"ReplaceWithOld while held", 50},
      {"CorruptAnnotation while held", 50},
      {"RemoveAnnotation while held", 50},
      {"RemoveLabel while held", 20},
      {"CopyAnnotation while held", 20},
      {"DeleteAutoscaler while held", 50},
      {"CreateAutoscaler", 50},
      {"RestoreAutoscaler", 20},
      {"DeleteWorkload", 50},
      {"DeleteNamespace", 50},
      // the author
      {"MoveEndLater", 50},
      {"MoveEndSooner", 50},
      {"RaiseNeed", 50},
      {"LowerNeed", 50},
      {"RemoveTarget", 50},
      {"RemoveHold", 50},
      {"Suspend", 50},
      {"DryRun", 50},
      {"deleted in mid-sale with Ramp", 10},
      {"deleted in mid-sale with Immediate", 5},
      {"deleted in mid-sale with Orphan", 5},
      {"RecreateEvent", 20},
      {"TakeFinalizer", 10},
      {"created after its end", 20},
      {"two events hold one field", 100},
      // what else
      {"the server changes what is written", 20},
      {"a field that was absent is held", 100},
      {"a target is missing", 20},
      {"a target is scaled to zero on purpose", 10},
      {"StickPods", 50},
      {"BreakMetrics", 50},
      {"demand stays above the baseline", 10},
      {"a floor goes down by a step", 1'000},
      {"our managedFields entry is removed", 1'000},
      {"a profile raises a floor in mid-sale", 1'000},
      {"a profile lowers a floor in mid-sale", 1'000},
      {"a need in requests a second", 1'000},
      {"zones are counted", 1'000},
      {"a target may not scale down", 500},
      {"ScaledObject is written", 5'000},
      {"PodDisruptionBudget is written", 1'000},
      {"VerticalPodAutoscaler is written", 500},
      {"placeholders are made", 1'000},
      {"placeholders are removed", 1'000},
      {"orphaned placeholders are removed", 5},
      {"pullers are made", 1'000},
      {"pullers are removed", 1'000},
      // people act
      {"EndNow in mid-sale", 50},
      {"Extend in mid-sale", 50},
      {"Extend on the way down", 50},
      {"Abort on the way up", 50},
      {"Abort in mid-sale", 50},
      {"Restore on the way down", 50},
      {"BreakGlass in mid-sale", 50},
      {"killed before beginning or ending a freeze", 5},
      {"killed after beginning or ending a freeze", 5},
      {"an action is Accepted", 100},
      {"an action is Complete", 500},
      {"an action is Refused", 500},
      {"answer lost after success of answering an action", 10},
      {"killed before answering an action", 10},
      {"killed after answering an action", 10},
      // releases
      {"a release is Running", 1'000},
      {"a release is Baking", 400},
      {"a release is Paused", 50},
      {"a release is Contested", 20},
      {"a release is Reporting", 200},
      {"a release is Promoting", 200},
      {"a release is Promoted", 400},
      {"a release is RollingBack", 1'500},
      {"an analysis is inconclusive", 500},
      {"a release is AwaitingApproval", 100},
      {"a gate's server decides Approve", 100},
      {"a gate's server decides Reject", 30},
      {"ServerTurns while held", 300},
      {"parts of candidates are made", 2'000},
      {"parts of candidates are removed", 2'000},
      {"CandidateSticks", 50},
      {"CandidateCrashes while held", 100},
      {"CheckTurns while held", 200},
      {"EditRoute while held", 50},
      {"EditTemplate while held", 50},
      {"ChangePatch while held", 50},
      {"DesireStable while held", 200},
  };
  return kAll;
}

std::vector<std::string> missed(const std::map<std::string, int>& seen, int histories) {
  std::vector<std::string> out;
  for (const Situation& one : required_situations()) {
    const auto found = seen.find(one.name);
    const long times = found == seen.end() ? 0 : found->second;

    const long wanted = static_cast<long>(one.at_least) * histories / 10'000;
    if (times >= wanted) continue;
    out.push_back(std::string(one.name) + ": " + std::to_string(times) + " times, at least " +
                  std::to_string(wanted) + " in " + std::to_string(histories) + " histories");
  }
  return out;
}

}  // namespace doorbuster::simulation
