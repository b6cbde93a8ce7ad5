#include "operator/commands/act_command.h"
#include "operator/commands/completion.h"
#include "operator/commands/look_command.h"
#include "operator/commands/plan_command.h"
#include "operator/commands/report_command.h"
#include "operator/commands/simulate.h"
#include "operator/commands/validate.h"
#include "operator/commands/version.h"
#include "operator/commands/wait_command.h"
#include "operator/commands/watch_command.h"

#include <CLI/CLI.hpp>

#include <chrono>
#include <csignal>

namespace {

doorbuster::Instant wall_now() {
  return std::chrono::time_point_cast<doorbuster::Duration>(std::chrono::system_clock::now());
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App app(
      "What a sale event says, will do and does. Also as `kubectl sale`. Nothing happens without a "
      "command: `kubectl sale NAME` is no command, so that a slip of `kubectl scale` changes "
      "nothing.",
      "kubectl-sale");
  app.require_subcommand(1);
  int exit_code = 0;
  namespace commands = doorbuster::commands;
  commands::add_validate_command(app, wall_now, exit_code);
  commands::add_plan_command(app, wall_now, exit_code);
  commands::add_simulate_command(app, wall_now, exit_code);
  commands::add_look_commands(app, wall_now, exit_code);
  commands::add_watch_command(app, wall_now, exit_code);
  commands::add_wait_command(app, wall_now, exit_code);
  commands::add_report_command(app, wall_now, exit_code);
  commands::add_act_commands(app, wall_now, exit_code);
  commands::add_version_command(app, exit_code);
  commands::add_completion_commands(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : 2;
  }
  return exit_code;
}
