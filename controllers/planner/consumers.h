#pragma once

#include "controllers/planner/seen.h"
#include "controllers/planner/wanted.h"

#include <string>
#include <vector>

namespace doorbuster::planner {

/// What can be told from an object itself of those who read it: that a change of this field never
/// reaches them, or that it restarts them. Of ConfigMaps. Who reads one through the environment or
/// a subPath is not seen: that stands in pods, which are not looked at.
struct ConsumerFindings {
  std::string refused;           ///< why the field cannot be held at all; empty: it can
  std::vector<Reason> warnings;  ///< ConsumersRestart, HashedName
};
ConsumerFindings consumer_findings(const FieldRef&, const Document& object);

}  // namespace doorbuster::planner
