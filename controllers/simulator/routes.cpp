// Releases in the simulated cluster: gateways that take up routes and share out load by their
// weights, pods of candidates, and the Deployment controller's rolling update.
#include "controllers/simulator/cluster.h"

#include <algorithm>

namespace doorbuster::simulator {
namespace {

constexpr const char* kRouteGroup = "gateway.networking.k8s.io";

struct Backend {
  std::string service;
  std::int64_t weight = 0;
};

std::vector<Backend> backends_of(const Tree& rule) {
  std::vector<Backend> out;
  const Tree* refs = rule.at("/backendRefs");
  if (refs == nullptr) return out;
  for (const Tree& one : refs->elements())
    out.push_back({one.text_at("/name"), one.number("/weight", 1)});
  return out;
}

/// Services that a rule sends copies to; they have to be there as well.
std::vector<std::string> mirrors_of(const Tree& rule) {
  std::vector<std::string> out;
  const Tree* filters = rule.at("/filters");
  if (filters == nullptr) return out;
  for (const Tree& one : filters->elements()) {
    const std::string to = one.text_at("/requestMirror/backendRef/name");
    if (!to.empty()) out.push_back(to);
  }
  return out;
}

/// Is the rule of some requests only, those with a header? They are few: the load knows none.
bool is_by_header(const Tree& rule) {
  const Tree* matches = rule.at("/matches");
  return matches != nullptr && !matches->elements().empty() &&
         matches->elements().front().at("/headers") != nullptr;
}

/// Does every label of the selector stand on the pods of the template?
bool selects(const Tree& service, const Tree& deployment) {
  const Tree* selector = service.at("/spec/selector");
  if (selector == nullptr || selector->members().empty()) return false;
  const Tree* labels = deployment.at("/spec/template/metadata/labels");
  return std::all_of(
      selector->members().begin(), selector->members().end(), [&](const auto& wanted) {
        const Tree* has = labels == nullptr ? nullptr : labels->member(wanted.first);
        return has != nullptr && *has == wanted.second;
      });
}

Tree condition(const char* type, bool value, std::int64_t generation) {
  Tree out = Tree::object();
  out.set("/type", Tree::string(type));
  out.set("/status", Tree::string(value ? "True" : "False"));
  out.set("/reason", Tree::string(value ? type : "BackendNotFound"));
  out.set("/observedGeneration", Tree::integer(generation));
  return out;
}

}  // namespace

void Cluster::create_route(const Shop& shop, const std::string& kind) {
  const Writer owner{.manager = shop.owner, .apply = false, .subresource = {}};
  Tree service = Tree::object();
  service.set("/spec/selector/app", Tree::string(shop.name));
  service.set("/spec/ports", Tree::parse(R"([{"name":"http","port":80,"targetPort":8080}])"));
  static_cast<void>(api_.create(service_ref(shop.ns, shop.name), std::move(service), owner));
  // Of neither the load is shared out: who is autoscaled by it is sized for all of it.
  if (kind == "ReadyPods") return;
  if (kind == "Service") {
    fronts_.emplace(service_ref(shop.ns, shop.name), deployment_ref(shop.ns, shop.name));
    return;
  }
  Tree route = Tree::object();
  route.set("/spec/parentRefs", Tree::parse(R"([{"name":"front"}])"));
  route.set("/spec/rules",
            Tree::parse(R"([{"matches":[{"path":{"type":"PathPrefix","value":"/"}}],)"
                        R"("backendRefs":[{"name":")" +
                        shop.name + R"(","port":80,"weight":1}]}])"));
  static_cast<void>(api_.create(route_ref(shop.ns, shop.name, kind), std::move(route), owner));
  run_routes();
}

Workload* Cluster::selected_by(const ObjectRef& service) {
  const StoredPtr front = api_.live(service);
  if (!front) return nullptr;
  for (auto& [ref, one] : workloads_) {
    if (ref.ns != service.ns || ref.kind != "Deployment") continue;
    const StoredPtr object = api_.live(ref);
    if (object && selects(front->tree, object->tree)) return &one;
  }
  return nullptr;
}

/// By the weights of the first rule that asks for no header, of whatever runs behind them.
void Cluster::split_load(const Tree& route) {
  const Tree* rules = route.at("/spec/rules");
  if (rules == nullptr || rules->elements().empty()) return;
  const std::string ns = route.text_at("/metadata/namespace");
  std::map<Workload*, std::int64_t> weights;
  const auto& all = rules->elements();
  const auto first = std::find_if_not(all.begin(), all.end(), is_by_header);
  if (first == all.end()) return;
  for (const Backend& one : backends_of(*first)) {
    if (Workload* behind = selected_by(service_ref(ns, one.service))) weights[behind] += one.weight;
  }
  share_load(weights);
}

void Cluster::share_load(const std::map<Workload*, std::int64_t>& weights) {
  std::vector<ObjectRef> from;
  std::int64_t sum = 0;
  for (const auto& [behind, weight] : weights) {
    sum += weight;
    if (!behind->load.from.empty()) from.push_back(behind->ref);
  }
  if (sum == 0 || from.empty()) return;
  for (auto& [ref, one] : workloads_) {
    if (!one.routed || one.routed->from != from) continue;
    one.routed->percent = 0;
  }
  for (const auto& [behind, weight] : weights)
    behind->routed = Routed{.from = from, .percent = 100 * weight / sum};
}

std::int64_t Cluster::load_of(const Workload& own) const {
  if (!own.routed) return own.load.at(now_);
  std::int64_t all = 0;
  for (const ObjectRef& ref : own.routed->from) {
    const auto found = workloads_.find(ref);
    if (found != workloads_.end()) all += found->second.load.at(now_);
  }
  return all * own.routed->percent / 100;
}

void Cluster::run_route(const ObjectRef& ref) {
  const StoredPtr object = api_.live(ref);
  if (!object) return;
  const std::int64_t generation = object->tree.number("/metadata/generation", 1);
  const Instant since = routed_since_.try_emplace({object->uid(), generation}, now_).first->second;
  if (now_ < since + route_delay) return;
  bool resolved = true;
  if (const Tree* rules = object->tree.at("/spec/rules")) {
    for (const Tree& rule : rules->elements()) {
      for (const Backend& one : backends_of(rule))
        resolved = resolved && (one.weight == 0 || api_.live(service_ref(ref.ns, one.service)));
      for (const std::string& one : mirrors_of(rule))
        resolved = resolved && api_.live(service_ref(ref.ns, one));
    }
  }
  split_load(object->tree);
  Tree parent = Tree::object();
  parent.set("/parentRef/name", Tree::string("front"));
  parent.set("/controllerName", Tree::string("example.com/gateway"));
  Tree conditions = Tree::parse("[]");
  conditions.elements().push_back(condition("Accepted", true, generation));
  conditions.elements().push_back(condition("ResolvedRefs", resolved, generation));
  parent.set("/conditions", std::move(conditions));
  Tree parents = Tree::parse("[]");
  parents.elements().push_back(std::move(parent));
  const auto written =
      api_.edit(ref,
                Writer{.manager = "gateway-controller", .apply = false, .subresource = "status"},
                [&](Tree& tree) { tree.set("/status/parents", std::move(parents)); });
  if (!written) return;
}

void Cluster::run_routes() {
  for (const char* kind : {"HTTPRoute", "GRPCRoute"}) {
    for (const ObjectRef& ref : api_.objects(kRouteGroup, kind)) run_route(ref);
  }
  for (const auto& [service, whose] : fronts_) {
    Workload *behind = selected_by(service), *owner = workload(whose);
    if (behind == nullptr || owner == nullptr) continue;
    std::map<Workload*, std::int64_t> weights{{owner, 0}};
    weights[behind] = 1;
    share_load(weights);
  }
}

void Cluster::run_candidate(const ObjectRef& deployment) {
  const StoredPtr object = api_.live(deployment);
  if (!object) return;
  Workload pods{.ref = deployment, .startup = candidates.startup, .load = {}};
  pods.uid = object->uid();
  pods.stuck = candidates.stuck;
  pods.routed = Routed{.from = {}, .percent = 0};
  run_pods(workloads_.insert_or_assign(deployment, std::move(pods)).first->second);
}

void Cluster::crash(const ObjectRef& ref) {
  Workload* own = workload(ref);
  if (own == nullptr) return;
  own->stuck = true;
  own->settled_at = 0;
  for (Pod& one : own->pods) one.ready_at = now_ + std::chrono::hours(24);
}

void Cluster::note_template(Workload& own, const Tree& deployment) {
  const Tree* now = deployment.at("/spec/template");
  if (now == nullptr || own.made_of == *now) return;
  for (Pod& one : own.pods) one.old = !own.made_of.is_null();
  own.made_of = *now;
}

/// A rolling update with maxUnavailable 0 and maxSurge 25%: an old pod that serves goes only for a
/// new one that does.
void Cluster::replace_pods(Workload& own, std::size_t wanted) {
  const auto is_ready = [&](const Pod& one) { return one.ready_at <= now_; };
  const auto ready =
      static_cast<std::size_t>(std::count_if(own.pods.begin(), own.pods.end(), is_ready));
  std::size_t spare = ready > wanted ? ready - wanted : 0;
  std::erase_if(own.pods, [&](const Pod& one) {
    if (!one.old || (is_ready(one) && spare == 0)) return false;
    if (is_ready(one)) --spare;
    nodes.free(one.node, own.request);
    return true;
  });
  const auto old = static_cast<std::size_t>(
      std::count_if(own.pods.begin(), own.pods.end(), [](const Pod& one) { return one.old; }));
  const std::size_t most = wanted + (wanted + 3) / 4;
  make_pods(own, old + std::min(wanted, most > old ? most - old : 0));
  place_pods(own);
}

}  // namespace doorbuster::simulator
