#pragma once

#include "controllers/simulator/forecast.h"
#include "operator/commands/checked.h"
#include "operator/commands/inputs.h"

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace doorbuster::commands {

/// The flags that describe what is not in the manifests.
struct ScenarioFlags {
  std::vector<std::string>
      load;  ///< `checkout=-30m:3,start:12,+45m:8,end:3`, or `@FILE` of such lines
  std::vector<std::string> startup;  ///< `90s` for all, `checkout=90s` for one
  std::string nodes;                 ///< a YAML file
  std::int64_t replicas = 2;         ///< of a target whose workload is in no file
};

/// Declares --load, --startup and --nodes.
void add_scenario_options(CLI::App& command, ScenarioFlags& flags);

/// A forecast's input, and what had to be assumed for it.
struct Scenario {
  simulator::ForecastInput input;
  std::vector<std::string> assumed;  ///< sentences
};

/// The load of each target as the flags say it, in pods; `at` is `start`, `end`, or an offset from
/// either (`-30m`, `+45m`, `end+10m`). Invalid names the flag's faulty part.
Result<std::map<std::string, std::map<Instant, std::int64_t>>> read_load(
    const std::vector<std::string>& flags, const planner::Window& window);

/// `nodes: [{count: 10, cpu: "8", memory: 32Gi, pods: 110}]` and
/// `pool: {cpu: "8", memory: 32Gi, pods: 110, most: 20, startup: 3m}`.
Result<simulator::Nodes> read_nodes(const std::string& yaml);
/// How many different `zone` such a file names; nothing: none.
std::optional<std::int64_t> zones_of(const std::string& yaml);

/// Where the operator is taken to run: as charts/manifests has it.
inline constexpr const char* kOperatorNamespace = "doorbuster-system";

/// Puts what the flags say of load, start-up and nodes into a scenario.
Outcome apply_flags(const ScenarioFlags& flags, const planner::Window& window, Scenario& scenario);

/// Where no flag speaks of a target's load: `usual` pods, and from start to end as many as four
/// fifths of what was asked for carry. Said as an assumption.
void assume_load(const api::TargetSpec& target,
                 std::int64_t usual,
                 const planner::Window& window,
                 Scenario& scenario);

/// The window with its local times made into UTC.
Result<planner::Window> fix_window(api::SaleEvent& event);

/// The one accepted event, or the one of that name. Invalid: there is none, or several.
Result<api::SaleEvent> choose_event(const CheckedFiles& checked, const std::string& name);

/// From files that hold one SaleEvent and whatever else they hold: workloads, autoscalers, objects
/// that are to be held. A workload or an autoscaler that is in no file is assumed, and said so.
Result<Scenario> scenario_of(const std::vector<InputFile>& files,
                             const CheckedFiles& checked,
                             const std::string& event_name,
                             const ScenarioFlags& flags,
                             Instant now);

}  // namespace doorbuster::commands
