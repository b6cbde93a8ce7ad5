#pragma once

#include "controllers/planner/wanted.h"
#include "operator/kube/client.h"

namespace doorbuster::reconciler {

/// The most objects of one kind and namespace that a question is answered with; where there are
/// more it is not.
inline constexpr std::size_t kLookedUp = 5'000;

/// Asks the API server once, past all caches: Question::Kind::Read. Of a list the names,
/// annotations and specs. No: there is no such object; Unknown: it did not answer, or may not.
planner::Answer answer_look_up(const kube::Client&,
                               const kube::Resource&,
                               const planner::Question&,
                               Instant now);

}  // namespace doorbuster::reconciler
