#pragma once

#include "controllers/planner/capacity.h"
#include "controllers/planner/hold_feature.h"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace doorbuster::planner {

/// What became of one object this round.
struct ObjectOutcome {
  Settled settled;
  /// Why a write that settling asks for is not made; empty: it is made, or none is asked for.
  /// Suspended, Planned (DryRun), NotAccepted, Forbidden, Unknown.
  std::string dropped;
  std::string why;  ///< for people, with `dropped`
  /// Why the API server did not take such a write when it was last tried; empty: it may.
  std::string refused;
  bool withheld = false;  ///< with `refused`: it is not tried in this round
};
using Outcomes = std::map<ObjectRef, ObjectOutcome>;

/// What the rows of status are made from.
struct RowSources {
  const Event& event;
  const Observation& seen;
  const Outcomes& outcomes;
  const std::map<FieldRef, RampMemory>& moved;  ///< ramps that moved this round
  const std::vector<HoldNote>& notes;
  const std::set<ObjectRef>& gone;  ///< of our own making, and let go of
  bool new_run = false;
  bool over = false;  ///< what is missing need not be remembered any more
};

/// status.holds[]: the second copy of everything held (with what is about to be asked for), and
/// rows that are only for people. Never drops a copy that is not known to be done with.
std::vector<api::HoldStatus> hold_rows(const RowSources&);

/// status.targets[].
std::vector<api::TargetStatus> target_rows(const std::vector<TargetReport>&);

/// Does a row's record name this event among its holders?
bool holds_for(const api::HoldStatus&, const std::string& uid);

/// At most so many bytes, cut at a character.
std::string cut(std::string text, std::size_t bytes);

}  // namespace doorbuster::planner
