#pragma once

#include "controllers/planner/view.h"

#include <string>

namespace doorbuster::planner {

/// Who decides how many replicas a workload has: what a floor must be held on.
struct InCharge {
  enum class Who {
    Autoscaler,  ///< one HorizontalPodAutoscaler names it
    Workload,    ///< none does: its own replicas
    Refused,     ///< it cannot be held: `code`, `why`
    Missing,
    Forbidden,
    Unknown,  ///< not known now
  } who = Who::Unknown;
  ObjectRef workload;
  ObjectRef object;                     ///< to be held
  KindFact kind;                        ///< of the workload
  const Present* seen = nullptr;        ///< the workload
  const Present* autoscaler = nullptr;  ///< with Autoscaler
  std::string code, why;
};

InCharge in_charge(const View&, const api::TargetRef&);

/// `apps/Deployment checkout`: the controller that owns an object
/// (ownerReferences[controller=true]); empty when nothing does.
std::string owner_of(const Document&);

inline constexpr const char* kMinReplicas = "/spec/minReplicas";
inline constexpr const char* kMaxReplicas = "/spec/maxReplicas";
bool is_autoscaler(const ObjectRef&);

}  // namespace doorbuster::planner
