#pragma once

namespace CLI {
class App;
}

namespace doorbuster::commands {

/// Adds `doorbuster run`: the operator, until SIGTERM or SIGINT (0) or until it cannot go on (1).
void add_run_command(CLI::App& app, int& exit_code);

}  // namespace doorbuster::commands
