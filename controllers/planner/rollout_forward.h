#pragma once

#include "controllers/planner/rollout_draft.h"

#include <memory>
#include <string>

namespace doorbuster::planner {

// The way forward, in three parts: how a rollout begins (rollout_begin.cpp), what it wants of its
// candidate and its route (rollout_forward.cpp), and when a step is over (rollout_ends.cpp).

/// Steps are counted from 1.
const RolloutStep& step_of(const RolloutDraft&, int step);
int last_step(const RolloutDraft&);
/// The one that is under way or comes next; after the last, that.
const RolloutStep& now_step(const RolloutDraft&);

/// It is refused or waits for somebody, with a warning.
void cannot(RolloutDraft&, const char* state, std::string why);
/// What the API server makes of the target with the patch. Null: asked now, or not known, or
/// refused, and said so.
std::shared_ptr<const Document> rendered(RolloutDraft&);
/// As its author wrote it; nothing of a Service that is not there.
JsonView selector_in(const RolloutFacts&);

/// The first round of it: what is wanted is asked first, so that it is refused before anything is
/// made. kStarted is decided when it has begun.
void begin(RolloutDraft&);

/// What a server has said of the step since the last round becomes a decision, as what people say
/// does. True: it goes back for that.
bool hear_webhook(RolloutDraft&);
/// What has gone wrong while the candidate has traffic or is waited for; empty: nothing.
std::string failure(RolloutDraft&, int step);
/// Does it stand still: paused by a person, by a failure, or because somebody else changes the
/// route?
bool stands_still(RolloutDraft&, int step);
/// The step has its weight: is it over?
void end_step(RolloutDraft&, int step, const api::Decision& entered);
/// All steps are over: is the rest of the time?
void bake(RolloutDraft&, const api::Decision& passed);

}  // namespace doorbuster::planner
