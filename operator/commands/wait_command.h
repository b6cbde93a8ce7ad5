#pragma once

#include "operator/base/instant.h"

#include <functional>

namespace CLI {
class App;
}

namespace doorbuster::commands {

/// Adds `kubectl-sale wait NAME --for=STATE`: for scripts and pipelines. Only reads.
void add_wait_command(CLI::App& app, const std::function<Instant()>& now, int& exit_code);

}  // namespace doorbuster::commands
