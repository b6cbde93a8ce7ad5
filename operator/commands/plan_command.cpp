#include "operator/commands/plan_command.h"

#include "controllers/reconciler/cluster_world.h"
#include "operator/commands/cluster_scenario.h"
#include "operator/commands/connection.h"
#include "operator/commands/forecast_text.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace doorbuster::commands {
namespace {

struct PlanFlags {
  std::string name;
  std::vector<std::string> files;
  bool recursive = false, tell_changes = false;
  std::string event;
  ConnectionFlags connection;
  ScenarioFlags scenario;
  ShowFlags show;
};

int failed(const std::string& why, int code) {
  std::fprintf(stderr, "kubectl-sale plan: %s\n", why.c_str());
  return code;
}

std::string text_of(const Error& error) {
  std::string out = error.message;
  for (const FieldCause& one : error.causes) out += "\n  " + one.field + ": " + one.message;
  return out;
}

/// The event that the files hold, over what the cluster has of it already; the API server's own
/// verdict on it by a dry run.
Result<api::SaleEvent> event_of_files(kube::Client& client,
                                      const CheckedFiles& checked,
                                      const PlanFlags& flags,
                                      const std::string& ns) {
  auto chosen = choose_event(checked, flags.event);
  if (!chosen.ok()) return chosen.error();
  api::SaleEvent event = std::move(chosen).value();
  if (event.metadata.ns.empty()) event.metadata.ns = ns;
  const kube::Resource kind = reconciler::sale_events();
  const kube::WriteOptions dry{.field_manager = "kubectl-sale",
                               .subresource = "",
                               .dry_run = true,
                               .timeout = Duration(10'000)};
  const auto there = event_of_cluster(client, event.metadata.ns, event.metadata.name);
  const Json spec = api::to_json(event.spec);
  if (there.ok()) {
    const auto answer = client.patch(kind,
                                     {event.metadata.ns, event.metadata.name},
                                     kube::PatchType::Merge,
                                     JsonObject().add("spec", spec).build(),
                                     dry);
    if (!answer.ok()) return answer.error();
    api::SaleEvent merged = *there;
    merged.spec = event.spec;
    ++merged.metadata.generation;
    return merged;
  }
  if (there.error().kind != ErrorKind::NotFound) return there.error();
  const Json body = JsonObject()
                        .add("apiVersion", api::kApiVersion)
                        .add("kind", api::kSaleEventKind)
                        .add("metadata", JsonObject().add("name", event.metadata.name).build())
                        .add("spec", spec)
                        .build();
  const auto answer = client.create(kind, event.metadata.ns, body, dry);
  if (!answer.ok()) return answer.error();
  return event;
}

int plan(const PlanFlags& flags, const std::function<Instant()>& now) {
  if (flags.name.empty() == flags.files.empty())
    return failed("name one SaleEvent, or give files with -f", kUsage);
  CheckedFiles checked;
  if (!flags.files.empty()) {
    const auto files = read_inputs(flags.files, flags.recursive, std::cin);
    if (!files.ok()) return failed(files.error().message, kUsage);
    checked = check_files(*files, Allowed{}, now());
    if (checked.count(Level::Error) > 0) {
      std::fputs(as_text(checked).c_str(), stderr);
      return exit_code_of(checked, false);
    }
  }
  const auto connected = connect(flags.connection, now);
  if (!connected.ok()) return failed(text_of(connected.error()), kCommandFailed);
  kube::Client& client = *connected->client;
  const auto event = flags.files.empty() ? event_of_cluster(client, connected->ns, flags.name)
                                         : event_of_files(client, checked, flags, connected->ns);
  if (!event.ok()) {
    const bool refused = event.error().kind == ErrorKind::Invalid;
    return failed(text_of(event.error()), refused ? kBad : kCommandFailed);
  }
  auto scenario = cluster_scenario(connected->client, *event, flags.scenario, now);
  if (!scenario.ok()) {
    const bool refused = scenario.error().kind == ErrorKind::Invalid;
    return failed(text_of(scenario.error()), refused ? kBad : kCommandFailed);
  }
  Outlook outlook{.title = event->metadata.ns + "/" + event->metadata.name,
                  .forecast = simulator::forecast(scenario->input),
                  .assumed = scenario->assumed,
                  .latest_safe = std::nullopt};
  assume_unplayed(event->spec, outlook);
  if (now() < outlook.forecast.window.start && event->status.holds.empty())
    outlook.latest_safe = simulator::latest_safe_creation(scenario->input);
  outlook.forecast.add(check_writes(connected->client, *event, outlook.forecast, now));
  const int code = show(outlook, flags.show, "plan");
  if (code != kDone || !flags.tell_changes) return code;
  return outlook.forecast.timeline.empty() ? kDone : kChanges;
}

}  // namespace

void add_plan_command(CLI::App& app, const std::function<Instant()>& now, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "plan",
      "Say what a SaleEvent will do to this cluster, when, and whether it holds: played from the "
      "cluster as it is now, nothing is written. Exit codes: 0 Go or Warn, 1 the cluster could not "
      "be asked, 2 not readable, 10 NoGo, 11 Warn with --fail-on=warn, 12 changes with "
      "--exit-code.");
  auto flags = std::make_shared<PlanFlags>();
  command->add_option("name", flags->name, "a SaleEvent of the cluster");
  command->add_option("-f,--filename", flags->files, "a file, a folder, or - for standard input")
      ->allow_extra_args(false);
  command->add_flag("-R,--recursive", flags->recursive, "folders with all that is below them");
  command->add_option("--event", flags->event, "which SaleEvent, where the files hold several");
  add_connection_options(*command, flags->connection);
  add_scenario_options(*command, flags->scenario);
  add_show_options(*command, flags->show);
  command->add_flag("--exit-code", flags->tell_changes, "end with 12 where something would change");
  command->callback([flags, now, &exit_code] { exit_code = plan(*flags, now); });
}

}  // namespace doorbuster::commands
