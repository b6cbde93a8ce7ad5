#include "operator/commands/simulate.h"

#include "operator/commands/forecast_text.h"
#include "operator/commands/scenario.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace doorbuster::commands {
namespace {

struct SimulateFlags {
  std::vector<std::string> files;
  bool recursive = false;
  std::string event;
  ScenarioFlags scenario;
  ShowFlags show;
};

int failed(const std::string& why, int code) {
  std::fprintf(stderr, "kubectl-sale simulate: %s\n", why.c_str());
  return code;
}

int simulate(const SimulateFlags& flags, Instant now) {
  const auto files = read_inputs(flags.files, flags.recursive, std::cin);
  if (!files.ok()) return failed(files.error().message, kUsage);
  const CheckedFiles checked = check_files(*files, Allowed{}, now);
  if (checked.count(Level::Error) > 0) {
    std::fputs(as_text(checked).c_str(), stderr);
    return exit_code_of(checked, false);
  }
  auto scenario = scenario_of(*files, checked, flags.event, flags.scenario, now);
  if (!scenario.ok()) return failed(scenario.error().message, kUsage);
  const api::Metadata& meta = scenario->input.event.metadata;
  Outlook outlook{.title = meta.ns + "/" + meta.name,
                  .forecast = simulator::forecast(scenario->input),
                  .assumed = scenario->assumed,
                  .latest_safe = simulator::latest_safe_creation(scenario->input)};
  assume_unplayed(scenario->input.event.spec, outlook);
  return show(outlook, flags.show, "simulate");
}

}  // namespace

void add_simulate_command(CLI::App& app, const std::function<Instant()>& now, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "simulate",
      "Play a SaleEvent on a simulated cluster: what is written when, how pods follow, and whether "
      "it holds. Workloads and autoscalers are taken from the files, or assumed. Exit codes: 0 Go "
      "or Warn, 2 not readable, 10 NoGo, 11 Warn with --fail-on=warn.");
  auto flags = std::make_shared<SimulateFlags>();
  command->add_option("-f,--filename", flags->files, "a file, a folder, or - for standard input")
      ->required()
      ->allow_extra_args(false);
  command->add_flag("-R,--recursive", flags->recursive, "folders with all that is below them");
  command->add_option("--event", flags->event, "which SaleEvent, where the files hold several");
  add_scenario_options(*command, flags->scenario);
  command
      ->add_option(
          "--replicas", flags->scenario.replicas, "of a target whose workload is in no file")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  add_show_options(*command, flags->show);
  command->callback([flags, now, &exit_code] { exit_code = simulate(*flags, now()); });
}

}  // namespace doorbuster::commands
