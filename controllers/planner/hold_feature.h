#pragma once

#include "controllers/planner/view.h"

namespace doorbuster::planner {

inline constexpr const char* kHolds = "holds";

/// A hold of the spec about which no object has anything to say yet: for its row in status.
struct HoldNote {
  std::string name;
  FieldRef field;
  std::string state;  ///< Waiting, Blocked, Missing, Forbidden, Refused, Unknown, Over
  std::string message;
};

struct HoldFeatureWants {
  Wants wants;
  std::vector<HoldNote> notes;
  bool prepared =
      true;  ///< every hold that is due by now is in force, missing and refused ones aside
};

/// spec.holds[]: which fields are to be kept now, which are let go, and which wait.
HoldFeatureWants hold_feature(const View&);

/// The field that a hold of the spec means, as served; nothing while its kind is not known.
std::optional<FieldRef> field_of(const View&, const api::HoldSpec&);

}  // namespace doorbuster::planner
