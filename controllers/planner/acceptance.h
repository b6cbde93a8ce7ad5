#pragma once

#include "controllers/planner/view.h"

namespace doorbuster::planner {

/// What of a spec that fits the schema cannot be carried out here, by field path and with what to
/// write instead.
struct Acceptance {
  std::vector<FieldCause> findings;
  std::string reason;               ///< with findings: a stable word
  std::vector<std::string> unread;  ///< what must be known before this can be told
  bool accepted() const { return findings.empty() && unread.empty(); }
};

Acceptance check_spec(const Event&, const Observation&, const Setup&, const OurHolds&);

}  // namespace doorbuster::planner
