#pragma once

#include "controllers/planner/settle.h"
#include "tests/simulation/oracles.h"

#include <optional>
#include <string>

namespace doorbuster::simulation {

/// What shares out the traffic of the shop: of its kinds the one that there ever was.
ObjectRef shop_route(const simulator::Cluster&);
bool is_route(const ObjectRef&);
/// Where it says who gets what.
const char* field_of(const ObjectRef& route);

/// Percent of what the shop's route sends to its Services that a candidate gets; of several rules
/// the most. Of a Service all or nothing.
std::int64_t candidate_share(const Tree& route);
/// Does a candidate get requests by a header, or copies?
bool gets_requests(const Tree& route);
/// The Service of a candidate that the rules name, or whose pods are selected instead; empty: none.
std::string candidate_in(const simulator::Cluster&, const Tree& route);
/// The rules without any candidate, backends and weights alone, as shares of a rule in 1/10000; of
/// a Service its selector.
std::string stable_part(const Tree& route);
/// How many a write of a candidate's size asks for; nothing: it is none.
std::optional<std::int64_t> sized_to(const planner::Write&);
/// Was what the rules are written by others than us? By the version that brought them.
bool is_foreign(const simulator::Cluster&, const StoredPtr& route);
/// Does it run pods of a candidate that have the labels of the target's: without a router?
bool serves_by_pods(const simulator::Stored&);
/// The one that stands; null: none does.
StoredPtr candidate_by_pods(const simulator::Cluster&);

inline constexpr const char* kAvailable = "/status/availableReplicas";
/// As the last round saw it; 0 where it did not.
std::int64_t seen_available(const Scene&, const ObjectRef& deployment);
/// The greatest that a field has on what scales the target, as seen; nothing: it is not there.
std::optional<std::int64_t> seen_bound(const planner::Observation& seen,
                                       const char* (*field)(const ObjectRef&));
/// Pods that all of the traffic needed when the release began; no more than there may be now, or,
/// without an autoscaler, than are asked for.
std::int64_t needed_pods(const Scene&, const api::SaleEventStatus&);
/// What the first rollout of an event says.
Duration drain_of(const Scene&, const ObjectRef& event);
/// What a rollout of these histories has decided at its last attempt, in the event's present run.
const api::Decision* decided(const api::SaleEventStatus&, const std::string& kind);

}  // namespace doorbuster::simulation
