#pragma once

#include "controllers/planner/room.h"
#include "controllers/simulator/api_server.h"
#include "controllers/simulator/nodes.h"
#include "controllers/simulator/scaling.h"
#include "controllers/simulator/tree.h"
#include "operator/base/instant.h"
#include "operator/base/object_ref.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace doorbuster::simulator {

/// Demand over time: from each instant on, so many percent of one pod's CPU request in all.
struct Load {
  std::map<Instant, std::int64_t> from;
  std::int64_t at(Instant) const;
};

struct Pod {
  Instant ready_at;
  int node = Nodes::kNowhere;
  bool old = false;  ///< of an earlier template
};

/// What a route makes of a workload's load: so many percent of that of all of these.
struct Routed {
  std::vector<ObjectRef> from;
  std::int64_t percent = 100;
};

/// A workload's pods: they are there at once and ready a while after they found a node; the newest
/// go first.
struct Workload {
  ObjectRef ref;
  Duration startup{};
  Load load;
  bool stuck = false;      ///< new pods do not become ready (no room on the nodes)
  std::int64_t asked = 0;  ///< the replicas for which pods were last made
  std::optional<Instant> refused_since = {};  ///< a quota refuses pods
  Instant retry_at = {};
  std::string uid = {};
  PodRequest request = {};  ///< of each pod
  std::vector<Pod> pods = {};
  bool gives_way = false;  ///< placeholders: real pods that find no room push them away
  std::int64_t ready = 0, waiting = 0;  ///< waiting: for a node
  Tree made_of = {};                    ///< the template of its pods that are not old
  std::optional<Routed> routed = {};
  std::int64_t settled_at = 0;  ///< version at which nothing more is to be done
};

/// One that the autoscaler controller looks at.
struct Autoscaler {
  ObjectRef ref;
  std::string uid = {};
  std::int64_t read_at = 0;  ///< the version whose `target` this is
  ObjectRef target = {};
  ScalingMemory memory = {};
  /// What it looked at when nothing was to be done: own version, target's version, load, metrics
  /// broken.
  std::tuple<std::int64_t, std::int64_t, std::int64_t, bool> settled_at = {};
};

/// How often the controllers look, and at what.
struct Pace {
  Duration pods = std::chrono::seconds(5);  ///< the Deployment controller and the scheduler
  /// --horizontal-pod-autoscaler-sync-period, a multiple of `pods`; zero: only when look() says so.
  Duration autoscalers = std::chrono::seconds(15);
  /// A pod's CPU counts once it has been ready for a whole window of its metrics
  /// (replica_calculator.go, groupPods), from the second on in which it became so.
  Duration metric_window{};
  Duration downscale_stabilisation = kDownscaleStabilisation;
};

/// The control plane besides us: the API server, the Deployment and the HorizontalPodAutoscaler
/// controllers, what DaemonSets and CapacityBuffers of ours need of theirs and of the garbage
/// collector, KEDA, and the clock. The autoscaler follows pkg/controller/podautoscaler: over the
/// maximum it cuts at once, under the minimum it jumps at once, both ignoring behaviour and
/// metrics; in between the highest proposal of its CPU metrics, stabilisation and rate policies.
/// tests/differential compares all of it with the real controllers.
class Cluster {
 public:
  explicit Cluster(Instant start, Pace pace = {});
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  Instant now() const { return now_; }
  ApiServer& api() { return api_; }
  const ApiServer& api() const { return api_; }

  /// In how many zones its nodes are; nothing: their labels do not tell.
  std::optional<std::int64_t> zones;
  /// What is known of its room, where a reading shows it to every round; null: none is made.
  std::shared_ptr<const planner::Room> room;

  /// What it starts with.
  struct Shop {
    std::string ns, name;
    std::int64_t replicas = 2;
    std::optional<std::int64_t> min, max;  ///< no max: without autoscaler
    bool keda = false;                     ///< its autoscaler is made from a ScaledObject
    Duration startup = std::chrono::seconds(20);
    std::int64_t demand = 120;  ///< see Load
    bool slow_scale_down = false;
    std::optional<std::string> min_available;  ///< of its budget (JSON text); nothing: none
    std::optional<std::string> update_mode;    ///< of its vertical autoscaler; nothing: none
    std::string owner = "kubectl";             ///< who applied the manifests
  };
  void deploy(const Shop&);
  /// Creates the autoscaler of a deployment anew, or the ScaledObject that it is made from.
  Result<StoredPtr> create_autoscaler(const Shop&);
  Result<StoredPtr> create_deployment(const Shop&);
  /// Its disruption budget and its vertical autoscaler, where it has them.
  void create_guards(const Shop&);
  void create_policy(const std::string& ns,
                     const std::string& name,
                     std::int64_t requests,
                     const std::string& owner);

  /// Runs the controllers for objects that the API server has already; its pods are ready.
  void run(const ObjectRef& workload, Duration startup, const PodRequest& request, Load load);
  void run(const ObjectRef& autoscaler);
  /// Runs the Deployment controller for placeholder pods: they are placed as others are, and give
  /// way to others.
  void run_placeholders(const ObjectRef& deployment);
  /// Runs it for pods that were not there before and serve what a route sends to them.
  void run_candidate(const ObjectRef& deployment);
  struct Candidates {
    Duration startup = std::chrono::seconds(20);
    bool stuck = false;  ///< their pods never become ready
  } candidates;
  /// The pods of a workload crash: none is ready, nor becomes so any more.
  void crash(const ObjectRef& workload);
  /// A Service that selects a Deployment's pods, and a route to it, both of its name.
  /// What shares out its traffic, and the Service; of kind Service that alone.
  void create_route(const Shop&, const std::string& kind = "HTTPRoute");
  /// How long a gateway takes to take up a route.
  Duration route_delay = std::chrono::seconds(2);
  /// Of one pod's CPU request in all, now: its own, or what routes give it.
  std::int64_t load_of(const Workload&) const;
  Nodes nodes;
  /// A ResourceQuota's `pods` of one namespace, or none: what is refused is tried again as the
  /// ReplicaSet controller does.
  void set_pod_quota(const std::string& ns, std::optional<std::int64_t> pods);
  /// KEDA looks at every ScaledObject, as it also does of itself.
  void run_keda();
  /// The autoscaler's controller looks at it now, whatever its period.
  void look(const ObjectRef& autoscaler);

  Workload* workload(const ObjectRef&);
  const std::map<ObjectRef, Workload>& workloads() const { return workloads_; }
  bool metrics_broken = false;
  bool acts_on_buffers = false;  ///< a node autoscaler takes up CapacityBuffers, where served

  /// When its controllers look next.
  Instant next_tick() const { return next_tick_; }
  /// Moves the clock; the controllers' work due by then is done on the way.
  void advance(Instant to);

 private:
  Result<StoredPtr> create_scaled_object(const Shop&);
  void collect_keda();
  void tick();
  void run_pods(Workload&);
  void change_pods(Workload&, std::size_t wanted);
  void place_pods(Workload&);
  void note_template(Workload&, const Tree& deployment);
  void replace_pods(Workload&, std::size_t wanted);
  void write_status(Workload&, const StoredPtr&);
  void make_pods(Workload&, std::size_t wanted);
  int find_node(const Workload&);
  bool push_away(const PodRequest&);
  std::size_t room_in_quota(const std::string& ns) const;
  MeasuredPods measured(const Workload&) const;
  void run_autoscaler(Autoscaler&);
  void run_children();
  void run_puller(const ObjectRef&);
  void run_buffer(const ObjectRef&);
  void run_routes();
  void run_route(const ObjectRef&);
  void share_load(const std::map<Workload*, std::int64_t>& weights);
  void split_load(const Tree& route);
  Workload* selected_by(const ObjectRef& service);

  Instant now_, next_tick_;
  Pace pace_;
  int ticks_ = 0;
  ApiServer api_;
  std::map<ObjectRef, Workload> workloads_;
  std::map<ObjectRef, ObjectRef> made_;  ///< autoscalers, and the ScaledObjects of each
  std::map<ObjectRef, Autoscaler> autoscalers_;
  std::map<std::string, std::int64_t> pod_quotas_;
  /// DaemonSets that pull images: since when they pull, by uid and generation.
  std::map<std::pair<std::string, std::int64_t>, Instant> pulling_since_;
  /// Since when routes have what they have, by uid and generation.
  std::map<std::pair<std::string, std::int64_t>, Instant> routed_since_;
  std::map<ObjectRef, ObjectRef> fronts_;  ///< Services without a route: whose load they get
};

/// Utilisation that an autoscaler aims at, in percent, unless its first metric says another.
inline constexpr std::int64_t kTargetUtilisation = 60;

}  // namespace doorbuster::simulator
