#include "operator/commands/run.h"
#include "operator/commands/version.h"

#include <CLI/CLI.hpp>

#include <csignal>

int main(int argc, char** argv) {
  // A peer that has gone is an error of that write, not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App app(
      "Doorbuster carries a shop through a sale event and puts every field back afterwards.",
      "doorbuster");
  app.require_subcommand(1);
  int exit_code = 0;
  doorbuster::commands::add_run_command(app, exit_code);
  doorbuster::commands::add_version_command(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : 2;
  }
  return exit_code;
}
