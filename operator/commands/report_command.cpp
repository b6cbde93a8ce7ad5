#include "operator/commands/report_command.h"

#include "controllers/reconciler/zones.h"
#include "operator/commands/checked.h"
#include "operator/commands/cluster_scenario.h"
#include "operator/commands/connection.h"
#include "operator/commands/report_text.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>
#include <string>
#include <utility>

namespace doorbuster::commands {
namespace {

struct ReportFlags {
  std::string name;
  ConnectionFlags connection;
  std::string output = "text", fail_on = "error";
};

int failed(const std::string& why) {
  std::fprintf(stderr, "kubectl-sale report: %s\n", why.c_str());
  return kCommandFailed;
}

int report(const ReportFlags& flags, const std::function<Instant()>& now) {
  const auto connected = connect(flags.connection, now);
  if (!connected.ok()) return failed(connected.error().message);
  auto event = event_of_cluster(*connected->client, connected->ns, flags.name);
  if (!event.ok()) return failed(event.error().message);
  const api::WindowSpec& window = event->spec.window;
  const SaleReport made{.event = *event, .now = now(), .offset = [&window](Instant at) {
                          return reconciler::offset_at(window, at);
                        }};
  const std::string text = flags.output == "json" ? as_json(made) : as_text(made);
  if (std::fputs(text.c_str(), stdout) < 0 || std::fflush(stdout) != 0) return kCommandFailed;
  return exit_code_of(made, flags.fail_on == "warn");
}

}  // namespace

void add_report_command(CLI::App& app, const std::function<Instant()>& now, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "report",
      "Say what a sale showed: floors, what was ready and what load asked for at most, how long "
      "pods took, what is back, warnings and decisions. Also of a sale that is on, so far. Only "
      "reads. Exit codes: 0 done, 1 the cluster could not be asked, 2 usage, 10 people must look "
      "at it (NoGo, Failed, Stalled, not restored), 11 warnings with --fail-on=warn.");
  auto flags = std::make_shared<ReportFlags>();
  command->add_option("name", flags->name, "a SaleEvent of the cluster")->required();
  add_connection_options(*command, flags->connection);
  command->add_option("-o,--output", flags->output, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command->add_option("--fail-on", flags->fail_on, "error, or warn: warnings end with 11")
      ->check(CLI::IsMember({"error", "warn"}))
      ->capture_default_str();
  command->callback([flags, now, &exit_code] { exit_code = report(*flags, now); });
}

}  // namespace doorbuster::commands
