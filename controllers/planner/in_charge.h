#pragma once

#include "controllers/planner/view.h"

#include <optional>
#include <string>

namespace doorbuster::planner {

/// Who decides how many replicas a workload has: what a floor must be held on.
struct InCharge {
  enum class Who {
    Autoscaler,  ///< a HorizontalPodAutoscaler names it: that, or the ScaledObject that made it
    Workload,    ///< none does: its own replicas
    Paused,      ///< a person stopped what scales it: `code`, `why`
    Refused,     ///< it cannot be held: `code`, `why`
    Missing,
    Forbidden,
    Unknown,  ///< not known now
  } who = Who::Unknown;
  ObjectRef workload;
  ObjectRef object;                 ///< to be held
  KindFact kind;                    ///< of the workload
  const Present* seen = nullptr;    ///< the workload
  const Present* scaler = nullptr;  ///< with Autoscaler: `object`
  const Present* autoscaler =
      nullptr;                      ///< the HorizontalPodAutoscaler, whose status says what load
                                    ///< asks for; nullptr with a ScaledObject that has none now
  std::optional<ObjectRef> canary;  ///< Flagger's, whose primary the workload is
  bool rewritten = false;           ///< at a promotion Flagger writes the bounds of `object` anew
  /// The chain as it was found: `Deployment shop/checkout < HorizontalPodAutoscaler x < ...`.
  std::string chain;
  std::string code, why;

  /// Is there something to be held?
  bool found() const { return who == Who::Autoscaler || who == Who::Workload; }
};

InCharge in_charge(const View&, const api::TargetRef&);

/// The controller that owns an object (ownerReferences[controller=true]); without namespace.
std::optional<ObjectRef> controller_of(const Document&);
/// `Deployment checkout`; empty when nothing owns it.
std::string owner_of(const Document&);

/// The HorizontalPodAutoscaler through which a held object scales: itself, or what was made from
/// it. nullptr: none that is seen.
const Present* autoscaler_of(const View&, const ObjectRef& held);

inline constexpr const char* kMinReplicas = "/spec/minReplicas";
inline constexpr const char* kMaxReplicas = "/spec/maxReplicas";
bool is_autoscaler(const ObjectRef&);
/// Does it scale workloads, by bounds that can be held?
bool is_scaler(const ObjectRef&);

}  // namespace doorbuster::planner
