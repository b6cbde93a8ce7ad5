#include "controllers/simulator/cluster.h"

#include <algorithm>
#include <limits>

namespace doorbuster::simulator {

using std::chrono::seconds;

namespace {

/// The ReplicaSet controller's queue: 5 ms after the first failure, then ever twice as long
/// (client-go, DefaultTypedControllerRateLimiter).
constexpr Duration kFirstRetry = std::chrono::milliseconds(5), kLongestRetry = seconds(1000);

/// The pause image is small, and on most nodes already.
constexpr Duration kPlaceholderStartup = seconds(2);

/// The first of its retries after `now`.
Instant next_retry(Instant since, Instant now) {
  Duration wait = kFirstRetry;
  Instant at = since + wait;
  while (at <= now) {
    wait = std::min(wait * 2, kLongestRetry);
    at += wait;
  }
  return at;
}

}  // namespace

Cluster::Cluster(Instant start, Pace pace)
    : now_(start), next_tick_(start + pace.pods), pace_(pace), api_([this] { return now_; }) {}

std::int64_t Load::at(Instant when) const {
  const auto after = from.upper_bound(when);
  return after == from.begin() ? 0 : std::prev(after)->second;
}

Result<StoredPtr> Cluster::create_deployment(const Shop& shop) {
  Tree object = Tree::object();
  object.set("/metadata/labels/app", Tree::string(shop.name));
  object.set("/spec/replicas", Tree::integer(shop.replicas));
  object.set("/spec/selector/matchLabels/app", Tree::string(shop.name));
  object.set("/spec/template",
             Tree::parse(R"({"metadata":{"labels":{"app":")" + shop.name +
                         R"("}},"spec":{"containers":[{"name":"app","image":"shop:1"}]}})"));
  return api_.create(deployment_ref(shop.ns, shop.name),
                     std::move(object),
                     Writer{.manager = shop.owner, .apply = false, .subresource = {}});
}

Result<StoredPtr> Cluster::create_autoscaler(const Shop& shop) {
  if (shop.keda) return create_scaled_object(shop);
  Tree object = Tree::object();
  object.set("/metadata/labels/app", Tree::string(shop.name));
  object.set(
      "/spec/scaleTargetRef",
      Tree::parse(R"({"apiVersion":"apps/v1","kind":"Deployment","name":")" + shop.name + R"("})"));
  if (shop.min) object.set("/spec/minReplicas", Tree::integer(*shop.min));
  object.set("/spec/maxReplicas", Tree::integer(shop.max.value_or(10)));
  object.set(
      "/spec/metrics",
      Tree::parse(
          R"([{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":60}}}])"));
  if (shop.slow_scale_down) {
    object.set("/spec/behavior/scaleDown/policies",
               Tree::parse(R"([{"type":"Percent","value":10,"periodSeconds":60}])"));
  }
  return api_.create(autoscaler_ref(shop.ns, shop.name),
                     std::move(object),
                     Writer{.manager = shop.owner, .apply = false, .subresource = {}});
}

Result<StoredPtr> Cluster::create_scaled_object(const Shop& shop) {
  Tree object = Tree::object();
  object.set("/spec/scaleTargetRef/name", Tree::string(shop.name));
  if (shop.min) object.set("/spec/minReplicaCount", Tree::integer(*shop.min));
  object.set("/spec/maxReplicaCount", Tree::integer(shop.max.value_or(10)));
  return api_.create(scaled_ref(shop.ns, shop.name),
                     std::move(object),
                     Writer{.manager = shop.owner, .apply = false, .subresource = {}});
}

void Cluster::create_guards(const Shop& shop) {
  const Writer owner{.manager = shop.owner, .apply = false, .subresource = {}};
  if (shop.min_available) {
    Tree object = Tree::object();
    object.set("/spec/selector/matchLabels/app", Tree::string(shop.name));
    object.set("/spec/minAvailable", Tree::parse(*shop.min_available));
    static_cast<void>(api_.create(budget_ref(shop.ns, shop.name), std::move(object), owner));
  }
  if (shop.update_mode) {
    Tree object = Tree::object();
    object.set("/spec/targetRef/kind", Tree::string("Deployment"));
    object.set("/spec/targetRef/name", Tree::string(shop.name));
    object.set("/spec/updatePolicy/updateMode", Tree::string(*shop.update_mode));
    static_cast<void>(api_.create(vertical_ref(shop.ns, shop.name), std::move(object), owner));
  }
}

void Cluster::deploy(const Shop& shop) {
  if (!create_deployment(shop)) return;
  Workload pods{.ref = deployment_ref(shop.ns, shop.name), .startup = shop.startup, .load = {}};
  pods.load.from[now_] = shop.demand;
  pods.uid = api_.live(pods.ref)->uid();
  pods.pods.assign(static_cast<std::size_t>(shop.replicas),
                   Pod{now_ - std::chrono::hours(1), Nodes::kNowhere});
  workloads_.emplace(pods.ref, std::move(pods));
  create_guards(shop);
  const ObjectRef ref = autoscaler_ref(shop.ns, shop.name);
  autoscalers_.emplace(ref, Autoscaler{.ref = ref});
  if (shop.max && !create_autoscaler(shop)) return;
  run_keda();
  for (auto& [name, one] : workloads_) run_pods(one);
  for (auto& [name, one] : autoscalers_) run_autoscaler(one);
}

void Cluster::create_policy(const std::string& ns,
                            const std::string& name,
                            std::int64_t requests,
                            const std::string& owner) {
  Tree object = Tree::object();
  object.set("/spec/rateLimit/type", Tree::string("Global"));
  object.set("/spec/rateLimit/global/requests", Tree::integer(requests));
  object.set("/spec/rateLimit/global/unit", Tree::string("Second"));
  if (!api_.create(policy_ref(ns, name),
                   std::move(object),
                   Writer{.manager = owner, .apply = false, .subresource = {}}))
    return;
}

void Cluster::run(const ObjectRef& workload,
                  Duration startup,
                  const PodRequest& request,
                  Load load) {
  const StoredPtr object = api_.live(workload);
  if (!object) return;
  Workload pods{.ref = workload, .startup = startup, .load = std::move(load)};
  pods.uid = object->uid();
  pods.request = request;
  const std::int64_t count = std::max<std::int64_t>(0, object->tree.number("/spec/replicas", 1));
  for (std::int64_t i = 0; i < count; ++i)
    pods.pods.push_back({now_ - std::chrono::hours(1), nodes.place(request)});
  Workload& placed = workloads_.insert_or_assign(workload, std::move(pods)).first->second;
  run_pods(placed);
}

void Cluster::run(const ObjectRef& autoscaler) {
  Autoscaler& own =
      autoscalers_.insert_or_assign(autoscaler, Autoscaler{.ref = autoscaler}).first->second;
  if (pace_.autoscalers != Duration{}) run_autoscaler(own);
}

void Cluster::look(const ObjectRef& autoscaler) {
  if (const auto found = autoscalers_.find(autoscaler); found != autoscalers_.end())
    run_autoscaler(found->second);
}

void Cluster::set_pod_quota(const std::string& ns, std::optional<std::int64_t> pods) {
  if (pods)
    pod_quotas_[ns] = *pods;
  else
    pod_quotas_.erase(ns);
}

std::size_t Cluster::room_in_quota(const std::string& ns) const {
  const auto quota = pod_quotas_.find(ns);
  if (quota == pod_quotas_.end()) return std::numeric_limits<std::size_t>::max();
  std::size_t used = 0;
  for (const auto& [ref, one] : workloads_) used += ref.ns == ns ? one.pods.size() : 0;
  const auto hard = static_cast<std::size_t>(std::max<std::int64_t>(0, quota->second));
  return hard > used ? hard - used : 0;
}

Workload* Cluster::workload(const ObjectRef& ref) {
  const auto found = workloads_.find(ref);
  return found == workloads_.end() ? nullptr : &found->second;
}

void Cluster::advance(Instant to) {
  while (next_tick_ <= to) {
    now_ = next_tick_;
    next_tick_ += pace_.pods;
    tick();
  }
  now_ = std::max(now_, to);
}

void Cluster::tick() {
  ++ticks_;
  nodes.advance(now_);
  run_keda();
  run_children();
  run_routes();
  std::vector<PodRequest> waiting;
  for (auto& [ref, one] : workloads_) {
    run_pods(one);
    waiting.insert(waiting.end(), static_cast<std::size_t>(one.waiting), one.request);
  }
  nodes.ask_for_room(waiting, now_);
  if (pace_.autoscalers != Duration{} && ticks_ % (pace_.autoscalers / pace_.pods) == 0) {
    for (auto& [ref, one] : autoscalers_) run_autoscaler(one);
  }
}

/// New pods, as far as a quota lets them in: when the number asked for changes, else at a retry.
void Cluster::make_pods(Workload& own, std::size_t wanted) {
  const bool asked_anew = own.asked != static_cast<std::int64_t>(wanted);
  own.asked = static_cast<std::int64_t>(wanted);
  if (own.pods.size() >= wanted) {
    own.refused_since.reset();
    return;
  }
  if (own.refused_since && !asked_anew && now_ < own.retry_at) return;
  const std::size_t made = std::min(wanted - own.pods.size(), room_in_quota(own.ref.ns));
  own.pods.insert(own.pods.end(), made, {Instant::max(), Nodes::kNowhere});
  if (own.pods.size() == wanted) {
    own.refused_since.reset();
    return;
  }
  if (!own.refused_since) own.refused_since = now_;
  own.retry_at = next_retry(*own.refused_since, now_);
}

void Cluster::run_placeholders(const ObjectRef& deployment) {
  const StoredPtr object = api_.live(deployment);
  if (!object) return;
  Workload pods{.ref = deployment, .startup = kPlaceholderStartup, .load = {}};
  pods.uid = object->uid();
  pods.gives_way = true;
  if (const Tree* containers = object->tree.at("/spec/template/spec/containers")) {
    const std::string text = containers->print();
    if (const auto view = JsonView::parse(text)) pods.request = request_of(*view);
  }
  run_pods(workloads_.insert_or_assign(deployment, std::move(pods)).first->second);
}

/// Preemption, reduced to placeholders: on the node where the fewest have to go.
bool Cluster::push_away(const PodRequest& request) {
  std::map<int, std::vector<std::pair<Workload*, Pod*>>> found;
  for (auto& [ref, one] : workloads_) {
    if (!one.gives_way) continue;
    for (Pod& pod : one.pods) {
      if (pod.node != Nodes::kNowhere) found[pod.node].emplace_back(&one, &pod);
    }
  }
  std::size_t fewest = std::numeric_limits<std::size_t>::max();
  int best = Nodes::kNowhere;
  for (const auto& [node, victims] : found) {
    std::vector<PodRequest> going;
    while (going.size() < victims.size() && !nodes.fits_without(node, request, going))
      going.push_back(victims[going.size()].first->request);
    if (!nodes.fits_without(node, request, going) || going.size() >= fewest) continue;
    fewest = going.size();
    best = node;
  }
  if (best == Nodes::kNowhere) return false;
  for (std::size_t i = 0; i < fewest; ++i) {
    auto& [owner, pod] = found[best][i];
    nodes.free(pod->node, owner->request);
    *pod = {Instant::max(), Nodes::kNowhere};
    owner->settled_at = 0;
  }
  return true;
}

int Cluster::find_node(const Workload& own) {
  const int node = nodes.place(own.request);
  if (node != Nodes::kNowhere || own.gives_way || !push_away(own.request)) return node;
  return nodes.place(own.request);
}

/// Those without a node go first, then the newest; new ones, and those that wait, look for a node.
void Cluster::change_pods(Workload& own, std::size_t wanted) {
  if (own.pods.size() > wanted) {
    std::sort(own.pods.begin(), own.pods.end(), [](const Pod& a, const Pod& b) {
      return a.ready_at < b.ready_at;
    });
    for (std::size_t i = wanted; i < own.pods.size(); ++i)
      nodes.free(own.pods[i].node, own.request);
    own.pods.resize(wanted);
  }
  make_pods(own, wanted);
  place_pods(own);
}

void Cluster::place_pods(Workload& own) {
  const Instant ready_at = own.stuck ? now_ + std::chrono::hours(24) : now_ + own.startup;
  own.waiting = 0;
  for (Pod& one : own.pods) {
    if (one.ready_at == Instant::max()) {
      one.node = find_node(own);
      if (one.node == Nodes::kNowhere) {
        ++own.waiting;
        continue;
      }
      one.ready_at = ready_at;
    }
    if (!own.stuck) one.ready_at = std::min(one.ready_at, now_ + own.startup);
  }
}

void Cluster::run_pods(Workload& pods) {
  const StoredPtr object = api_.live(pods.ref);
  if (!object) {
    change_pods(pods, 0);
    pods.ready = 0;
    return;
  }
  if (object->version == pods.settled_at && !pods.stuck) return;
  if (object->uid() != pods.uid) {
    pods.uid = object->uid();
    change_pods(pods, 0);
  }
  note_template(pods, object->tree);
  const auto wanted =
      static_cast<std::size_t>(std::max<std::int64_t>(0, object->tree.number("/spec/replicas", 1)));
  const bool rolls =
      std::any_of(pods.pods.begin(), pods.pods.end(), [](const Pod& one) { return one.old; });
  if (rolls)
    replace_pods(pods, wanted);
  else
    change_pods(pods, wanted);
  write_status(pods, object);
}

void Cluster::write_status(Workload& pods, const StoredPtr& object) {
  const auto count = [&](const auto& is) {
    return static_cast<std::int64_t>(std::count_if(pods.pods.begin(), pods.pods.end(), is));
  };
  pods.ready = count([&](const Pod& one) { return one.ready_at <= now_; });
  const std::int64_t updated = count([](const Pod& one) { return !one.old; });
  const auto total = static_cast<std::int64_t>(pods.pods.size());
  const std::int64_t generation = object->tree.number("/metadata/generation", 1);
  const auto told = [&](const char* field) {
    return object->tree.number("/status/" + std::string(field), -1);
  };
  if (told("replicas") == total && told("readyReplicas") == pods.ready &&
      told("updatedReplicas") == updated && told("observedGeneration") == generation) {
    const bool whole = pods.ready == object->tree.number("/spec/replicas", 1) && updated == total;
    if (whole && pods.ready == total) pods.settled_at = object->version;
    return;
  }
  const auto written = api_.edit(
      pods.ref,
      Writer{.manager = "kube-controller-manager", .apply = false, .subresource = "status"},
      [&](Tree& tree) {
        tree.set("/status/observedGeneration", Tree::integer(generation));
        tree.set("/status/replicas", Tree::integer(total));
        tree.set("/status/updatedReplicas", Tree::integer(updated));
        tree.set("/status/readyReplicas", Tree::integer(pods.ready));
        tree.set("/status/availableReplicas", Tree::integer(pods.ready));
      });
  if (!written) return;
}

}  // namespace doorbuster::simulator
