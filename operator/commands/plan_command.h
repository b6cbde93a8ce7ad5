#pragma once

#include "operator/base/instant.h"

#include <functional>

namespace CLI {
class App;
}

namespace doorbuster::commands {

/// Adds `kubectl-sale plan NAME | -f FILE`: what a SaleEvent will do to a real cluster, and whether
/// it holds. Only reads and dry runs are sent.
void add_plan_command(CLI::App& app, const std::function<Instant()>& now, int& exit_code);

}  // namespace doorbuster::commands
