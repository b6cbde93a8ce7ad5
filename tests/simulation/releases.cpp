#include "tests/simulation/releases.h"

#include "controllers/planner/rollout_candidate.h"
#include "controllers/planner/router.h"

#include <algorithm>
#include <map>

namespace doorbuster::simulation {
namespace {

constexpr const char* kStarted = "RolloutStarted";
const ObjectRef kTarget = simulator::deployment_ref(kShopNamespace, kReleased);

constexpr const char* kMirrored = "/requestMirror/backendRef/name";

/// No author of these histories asks for a header.
bool is_by_header(const Tree& rule) {
  const Tree* matches = rule.at("/matches");
  return matches != nullptr &&
         std::any_of(matches->elements().begin(), matches->elements().end(), [](const Tree& one) {
           return one.at("/headers") != nullptr;
         });
}

std::vector<std::string> mirrored_to(const Tree& rule) {
  std::vector<std::string> out;
  const Tree* filters = rule.at("/filters");
  if (filters == nullptr) return out;
  for (const Tree& one : filters->elements()) out.push_back(one.text_at(kMirrored));
  return out;
}

template <class Do>
void each_backend(const Tree& route, Do&& what) {
  const Tree* rules = route.at(kRules);
  if (rules == nullptr) return;
  for (std::size_t i = 0; i < rules->elements().size(); ++i) {
    const Tree* refs = rules->elements()[i].at("/backendRefs");
    if (refs == nullptr || is_by_header(rules->elements()[i])) continue;
    for (const Tree& one : refs->elements())
      what(i, one.text_at("/name"), one.number("/weight", 1));
  }
}

bool is_candidate_name(const std::string& name) {
  return is_candidate(simulator::service_ref(kShopNamespace, name));
}

constexpr std::string_view kSuffix = "-candidate";

/// What a Service selects by; empty of a route.
std::map<std::string, std::string> selected(const Tree& object) {
  std::map<std::string, std::string> out;
  const Tree* selector = object.at("/spec/selector");
  if (selector == nullptr) return out;
  for (const auto& [label, value] : selector->members())
    out[label] = selector->text_at("/" + simulator::escaped(label));
  return out;
}

}  // namespace

ObjectRef shop_route(const simulator::Cluster& cluster) {
  // The Service is there in any case, and the last of them.
  ObjectRef out;
  for (const planner::Router& one : planner::routers()) {
    out = {one.group, one.kind, kShopNamespace, kReleased};
    if (!cluster.api().history(out).empty()) break;
  }
  return out;
}

bool is_route(const ObjectRef& ref) {
  return planner::router_of(ref) != nullptr && !is_candidate(ref);
}

const char* field_of(const ObjectRef& route) { return planner::router_of(route)->field; }

std::int64_t candidate_share(const Tree& route) {
  for (const auto& [label, value] : selected(route)) {
    if (value.ends_with(kSuffix)) return 100;
  }
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

bool gets_requests(const Tree& route) {
  const Tree* rules = route.at(kRules);
  if (rules == nullptr) return false;
  return std::any_of(rules->elements().begin(), rules->elements().end(), [](const Tree& rule) {
    const std::vector<std::string> copies = mirrored_to(rule);
    return is_by_header(rule) || std::any_of(copies.begin(), copies.end(), is_candidate_name);
  });
}

std::string candidate_in(const simulator::Cluster& cluster, const Tree& route) {
  std::string out;
  if (candidate_share(route) > 0 && !selected(route).empty()) {
    for (const ObjectRef& ref : cluster.api().objects("", "Service")) {
      const auto& versions = cluster.api().history(ref);
      if (is_candidate(ref) && selected(versions.back()->tree) == selected(route)) out = ref.name;
    }
  }
  each_backend(route, [&](std::size_t, const std::string& name, std::int64_t) {
    if (is_candidate_name(name)) out = name;
  });
  const Tree* rules = route.at(kRules);
  if (rules == nullptr) return out;
  for (const Tree& rule : rules->elements()) {
    for (const std::string& name : mirrored_to(rule)) {
      if (is_candidate_name(name)) out = name;
    }
    if (is_by_header(rule)) out = rule.at("/backendRefs")->elements().front().text_at("/name");
  }
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
  for (const auto& [label, value] : selected(route)) {
    const std::string authors =
        value.ends_with(kSuffix) ? value.substr(0, value.size() - kSuffix.size()) : value;
    if (label != planner::kRolloutLabel) out += label + "=" + authors + "\n";
  }
  const Tree* rules = route.at(kRules);
  if (rules == nullptr) return out;
  for (std::size_t i = 0; i < rules->elements().size(); ++i) {
    Tree rest = rules->elements()[i];
    if (is_by_header(rest)) continue;
    rest.erase("/backendRefs");
    const std::vector<std::string> copies = mirrored_to(rest);
    if (std::any_of(copies.begin(), copies.end(), is_candidate_name)) rest.erase("/filters");
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
    const char* field = field_of(route->ref);
    if (!brought || !(brought->tree.value_at(field) == one->tree.value_at(field))) brought = one;
  }
  return std::none_of(brought->owners.begin(), brought->owners.end(), [&](const auto& one) {
    const auto& leaves = one.second.leaves;
    const std::string field = field_of(route->ref);
    return one.first.manager == planner::kFieldManager &&
           std::any_of(leaves.begin(), leaves.end(), [&field](const std::string& leaf) {
             return leaf.starts_with(field);
           });
  });
}

bool serves_by_pods(const simulator::Stored& object) {
  return is_candidate(object.ref) && object.ref.kind == "Deployment" &&
         object.tree.text_at("/spec/selector/matchLabels/app") == kReleased;
}

StoredPtr candidate_by_pods(const simulator::Cluster& cluster) {
  for (const ObjectRef& ref : cluster.api().objects("apps", "Deployment")) {
    const StoredPtr one = cluster.api().live(ref);
    if (one && serves_by_pods(*one)) return one;
  }
  return nullptr;
}

std::int64_t seen_available(const Scene& scene, const ObjectRef& deployment) {
  if (!scene.world.seen()) return 0;
  const auto* seen = seen_object(scene.world.seen()->observation, deployment);
  return seen == nullptr ? 0 : seen->object->integer(kAvailable).value_or(0);
}

std::optional<std::int64_t> seen_bound(const planner::Observation& seen,
                                       const char* (*field)(const ObjectRef&)) {
  std::optional<std::int64_t> out;
  for (const ObjectRef& ref : {simulator::autoscaler_ref(kShopNamespace, kReleased),
                               simulator::scaled_ref(kShopNamespace, kReleased)}) {
    const auto* scaler = seen_object(seen, ref);
    const auto one = scaler ? scaler->object->integer(field(ref)) : std::nullopt;
    if (one) out = std::max(out.value_or(0), *one);
  }
  return out;
}

std::int64_t needed_pods(const Scene& scene, const api::SaleEventStatus& status) {
  const api::Decision* began = decided(status, "RolloutStarted");
  const std::int64_t all = began == nullptr ? 0 : integer_of(Json{began->value}).value_or(0);
  if (!scene.world.seen()) return all;
  const auto most = seen_bound(scene.world.seen()->observation, ceiling_field);
  if (most) return std::min(all, *most);
  const auto* target = seen_object(scene.world.seen()->observation, kTarget);
  return target ? std::min(all, target->object->integer(kReplicas).value_or(1)) : all;
}

Duration drain_of(const Scene& scene, const ObjectRef& event) {
  const StoredPtr stored = scene.cluster.api().live(event);
  const auto drain = parse_duration(stored ? stored->tree.text_at("/spec/rollouts/0/drain") : "");
  return drain ? *drain : std::chrono::seconds(15);
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
