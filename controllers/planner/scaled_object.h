#pragma once

#include "controllers/planner/seen.h"

#include <optional>
#include <string>

namespace doorbuster::planner {

// KEDA's ScaledObject, as of v2.21: KEDA makes a HorizontalPodAutoscaler from it, writes that anew
// whenever it differs, and deletes it while the ScaledObject is paused.

bool is_scaled_object(const ObjectRef&);

/// The HorizontalPodAutoscaler that KEDA makes from it (controllers/keda/hpa.go, getHPAName).
ObjectRef autoscaler_made_from(const ObjectRef& scaled_object, const Document&);

/// The ScaledObject that made an autoscaler.
std::optional<ObjectRef> maker_of(const ObjectRef& autoscaler, const Document&);

/// The annotation by which a person stopped all scaling, as `name: value`; empty: none.
/// `paused-scale-in` and `paused-scale-out` alone stop one direction only: a floor is raised all
/// the same.
std::string paused_by(const Document& scaled_object);

/// Does the author have it go to so many replicas while no trigger is active, whatever its minimum?
std::optional<std::int64_t> idle_replicas(const Document& scaled_object);

}  // namespace doorbuster::planner
