#pragma once

#include "controllers/planner/seen.h"

#include <optional>
#include <string>

namespace doorbuster::planner {

// Flagger's Canary, as of v1.36.1 and v1.43.0. The workload that it names runs only while a release
// is analysed and is scaled to zero otherwise; what serves is a copy of it, the primary
// (pkg/canary/deployment_controller.go). Of the autoscaler that it names Flagger makes the
// primary's own, and writes that anew only when it promotes a release (pkg/controller/scheduler.go,
// ReconcilePrimaryScaler): in between, whatever stands on the author's autoscaler or on the Canary
// reaches no pod.

bool is_canary(const ObjectRef&);

/// What a Canary makes of the workload that it names.
ObjectRef primary_of(const ObjectRef& workload);

/// What serves instead of a workload: its primary where a Canary names it, else itself.
ObjectRef serving(const Observation&, const ObjectRef& workload);

/// The Canary that an object was made by.
std::optional<ObjectRef> canary_of(const ObjectRef& made, const Document&);

/// The phase of a release that is under way; empty: there is none.
std::string release_under_way(const Document& canary);

/// What a promotion gives the primary's autoscaler instead of the bounds of the author's.
inline constexpr const char* kPrimaryMin = "/spec/autoscalerRef/primaryScalerReplicas/minReplicas";
inline constexpr const char* kPrimaryMax = "/spec/autoscalerRef/primaryScalerReplicas/maxReplicas";

}  // namespace doorbuster::planner
