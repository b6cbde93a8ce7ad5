#pragma once

#include "operator/base/instant.h"

#include <functional>

namespace CLI {
class App;
}

namespace doorbuster::commands {

/// Adds `kubectl-sale simulate -f FILE`: a SaleEvent on a simulated cluster, without a real one.
void add_simulate_command(CLI::App& app, const std::function<Instant()>& now, int& exit_code);

}  // namespace doorbuster::commands
