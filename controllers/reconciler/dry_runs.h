#pragma once

#include "controllers/planner/wanted.h"
#include "operator/kube/client.h"

namespace doorbuster::reconciler {

/// Asks the API server by a PATCH that changes nothing: Question::Kind::DryRun, and Render, whose
/// Yes has the object as it would be. No: it, or a policy or webhook of it, refuses; Unknown: it
/// did not answer, or a webhook cannot be tried.
planner::Answer answer_dry_run(const kube::Client&,
                               const kube::Resource&,
                               const planner::Question&,
                               Instant now);

}  // namespace doorbuster::reconciler
