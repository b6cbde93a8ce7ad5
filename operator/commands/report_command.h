#pragma once

#include "operator/base/instant.h"

#include <functional>

namespace CLI {
class App;
}

namespace doorbuster::commands {

/// Adds `kubectl-sale report NAME`: what a SaleEvent of a cluster showed, over or not. One read, no
/// write.
void add_report_command(CLI::App& app, const std::function<Instant()>& now, int& exit_code);

}  // namespace doorbuster::commands
