#pragma once

#include "controllers/simulator/tree.h"

namespace doorbuster::simulator {

/// A strategic merge patch as far as this simulation needs one: the containers of a pod template
/// are merged by name, an object with `$patch: replace` is replaced, all else as RFC 7396 has it.
void strategic_merge(Tree& object, const Tree& patch);

}  // namespace doorbuster::simulator
