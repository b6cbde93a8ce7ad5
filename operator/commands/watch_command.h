#pragma once

#include "operator/base/instant.h"

#include <functional>

namespace CLI {
class App;
}

namespace doorbuster::commands {

/// Adds `kubectl-sale watch NAME`: a sale on a screen that follows it; where there is no terminal,
/// one line a change. Only reads.
void add_watch_command(CLI::App& app, const std::function<Instant()>& now, int& exit_code);

}  // namespace doorbuster::commands
