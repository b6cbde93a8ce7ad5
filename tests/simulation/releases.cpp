#include "tests/simulation/releases.h"

#include "controllers/planner/router.h"

#include <algorithm>
#include <map>

namespace doorbuster::simulation {
namespace {

constexpr const char* kStarted = "RolloutStarted";

template <class Do>
void each_backend(const Tree& route, Do&& what) {
  const Tree* rules = route.at(kRules);
  if (rules == nullptr) return;
  for (std::size_t i = 0; i < rules->elements().size(); ++i) {
    const Tree* refs = rules->elements()[i].at("/backendRefs");
    if (refs == nullptr) continue;
    for (const Tree& one : refs->elements())
      what(i, one.text_at("/name"), one.number("/weight", 1));
  }
}

bool is_candidate_name(const std::string& name) {
  return is_candidate(simulator::service_ref(kShopNamespace, name));
}

}  // namespace

ObjectRef shop_route(const simulator::Cluster& cluster) {
  ObjectRef out;
  for (const planner::Router& one : planner::routers()) {
    const ObjectRef ref{one.group, one.kind, kShopNamespace, kReleased};
    if (out.name.empty() || !cluster.api().history(ref).empty()) out = ref;
  }
  return out;
}

bool is_route(const ObjectRef& ref) { return planner::router_of(ref) != nullptr; }

std::int64_t candidate_share(const Tree& route) {
  std::map<std::size_t, std::pair<std::int64_t, std::int64_t>> weights;
  each_backend(route, [&](std::size_t rule, const std::string& name, std::int64_t weight) {
    if (is_candidate_name(name)) weights[rule].first += weight;
    if (name == kReleased) weights[rule].second += weight;
  });
  std::int64_t out = 0;
  for (const auto& [rule, weight] : weights) {
    const std::int64_t all = weight.first + weight.second;
    if (weight.first > 0) out = std::max(out, (100 * weight.first + all - 1) / all);
  }
  return out;
}

std::string candidate_in(const Tree& route) {
  std::string out;
  each_backend(route, [&](std::size_t, const std::string& name, std::int64_t) {
    if (is_candidate_name(name)) out = name;
  });
  return out;
}

std::string stable_part(const Tree& route) {
  std::map<std::size_t, std::map<std::string, std::int64_t>> weights;
  std::map<std::size_t, std::int64_t> sums;
  each_backend(route, [&](std::size_t rule, const std::string& name, std::int64_t weight) {
    weights[rule][is_candidate_name(name) ? kReleased : name] += weight;
    sums[rule] += weight;
  });
  std::string out;
  const Tree* rules = route.at(kRules);
  if (rules == nullptr) return out;
  for (std::size_t i = 0; i < rules->elements().size(); ++i) {
    Tree rest = rules->elements()[i];
    rest.erase("/backendRefs");
    out += rest.print();
    for (const auto& [name, weight] : weights[i])
      out += " " + name + "=" + std::to_string(sums[i] == 0 ? 0 : 10'000 * weight / sums[i]);
    out += "\n";
  }
  return out;
}

std::optional<std::int64_t> sized_to(const planner::Write& write) {
  if (write.type != planner::Write::Type::Json || !is_candidate(write.object)) return std::nullopt;
  const Tree patch = Tree::parse(write.patch.text);
  for (const Tree& one : patch.elements()) {
    const std::string path = one.text_at("/path");
    if (path == kReplicas || path == kMin) return one.number("/value", 0);
  }
  return std::nullopt;
}

bool is_foreign(const simulator::Cluster& cluster, const StoredPtr& route) {
  const auto& versions = cluster.api().history(route->ref);
  StoredPtr brought;
  for (const StoredPtr& one : versions) {
    if (one->version > route->version) break;
    if (!brought || !(brought->tree.value_at(kRules) == one->tree.value_at(kRules))) brought = one;
  }
  return std::none_of(brought->owners.begin(), brought->owners.end(), [](const auto& one) {
    return one.first.manager == planner::kFieldManager && one.second.leaves.contains(kRules);
  });
}

const api::Decision* decided(const api::SaleEventStatus& status, const std::string& kind) {
  const api::Decision* out = nullptr;
  for (const api::Decision& one : status.decisions) {
    const bool ours = one.run == status.run.value_or(0) && one.subject == kRollout;
    if (ours && one.kind == kStarted) out = nullptr;  // another attempt
    if (ours && one.kind == kind) out = &one;
  }
  return out;
}

}  // namespace doorbuster::simulation
