#pragma once

#include "operator/commands/scenario.h"
#include "operator/kube/client.h"

#include <functional>
#include <memory>
#include <string>

namespace doorbuster::commands {

/// Bounds of what is read of a cluster for one plan.
inline constexpr int kPodPage = 500;
inline constexpr std::size_t kMaxPodsRead = 50'000;

/// The event of that name as the API server has it.
Result<api::SaleEvent> event_of_cluster(kube::Client& client,
                                        const std::string& ns,
                                        const std::string& name);

/// The cluster as it is now, for a forecast of this event: workloads, their autoscalers, what is to
/// be held, nodes with what runs on them, how long the targets' pods took to become ready, what
/// load asks for. What the caller may not read is assumed, and said so. Unavailable, Denied: not
/// even the workloads could be read.
Result<Scenario> cluster_scenario(std::shared_ptr<kube::Client> client,
                                  const api::SaleEvent& event,
                                  const ScenarioFlags& flags,
                                  const std::function<Instant()>& now);

/// What the API server and its authorizer say of the writes of a forecast: may the event's service
/// account patch each object, and does a dry run of each object's first change pass? Findings with
/// NoGo where not; with Warn where the caller may not ask.
std::vector<simulator::ForecastFinding> check_writes(std::shared_ptr<kube::Client> client,
                                                     const api::SaleEvent& event,
                                                     const simulator::Forecast& forecast,
                                                     const std::function<Instant()>& now);

}  // namespace doorbuster::commands
