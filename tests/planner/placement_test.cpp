// How many pods of a shape find a node, and what keeps the others from one.
#include "controllers/planner/placement.h"

#include <gtest/gtest.h>

namespace doorbuster::planner {
namespace {

const PodOwner kOwner{"shop", "Deployment", "checkout"};
constexpr std::int64_t kGi = 1LL << 30;

PodShape shape(const std::string& text) {
  const auto view = JsonView::parse(text);
  EXPECT_TRUE(view.ok()) << text;
  return shape_of(*view);
}

/// A template with one container of these requests, and more of its spec.
std::string pod(const std::string& requests, const std::string& more = "") {
  return R"({"metadata":{"labels":{"app":"checkout"}},"spec":{"containers":[{"name":"c","resources":{"requests":{)" +
         requests + "}}}]" + (more.empty() ? "" : "," + more) + "}}";
}

NodeRoom node(const std::string& name, const std::string& zone, Labels labels = {}) {
  labels["topology.kubernetes.io/zone"] = zone;
  labels["kubernetes.io/hostname"] = labels["metadata.name"] = name;
  return {.name = name,
          .labels = labels,
          .taints = {},
          .allocatable = {{"cpu", 4000}, {"memory", 16 * kGi}, {"pods", 10}},
          .requested = {},
          .pods = {}};
}

/// Two nodes in each of the zones a, b and c.
std::vector<NodeRoom> six() {
  std::vector<NodeRoom> out;
  for (const char* zone : {"a", "b", "c"}) {
    for (const char* number : {"1", "2"}) out.push_back(node(std::string(zone) + number, zone));
  }
  return out;
}

struct PlacementCase {
  const char* sentence;
  std::string pod;
  void (*change)(std::vector<NodeRoom>&);
  std::int64_t count, placed;
  const char* bound;
};

constexpr const char* kSpread =
    R"("topologySpreadConstraints":[{"maxSkew":1,"topologyKey":"topology.kubernetes.io/zone","whenUnsatisfiable":"DoNotSchedule","labelSelector":{"matchLabels":{"app":"checkout"}})";
constexpr const char* kApartByHost =
    R"("affinity":{"podAntiAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":"kubernetes.io/hostname","labelSelector":{"matchLabels":{"app":"checkout"}}}]}})";

void nothing(std::vector<NodeRoom>&) {}
void taint_c(std::vector<NodeRoom>& nodes) {
  for (NodeRoom& one : nodes) {
    if (one.name[0] == 'c') one.taints.push_back({"dedicated", "batch", "NoSchedule"});
  }
}
void fill_c(std::vector<NodeRoom>& nodes) {
  for (NodeRoom& one : nodes) {
    if (one.name[0] == 'c') one.requested = {{"cpu", 4000}};
  }
}

TEST(Placement, as_many_find_a_node_as_the_scheduler_would_place_and_what_bound_is_named) {
  const PlacementCase cases[] = {
      {"all fit", pod(R"("cpu":"1")"), nothing, 24, 24, ""},
      {"cpu binds", pod(R"("cpu":"1500m")"), nothing, 20, 12, "cpu on 6 of 6 nodes"},
      {"memory binds",
       pod(R"("cpu":"100m","memory":"6Gi")"),
       nothing,
       20,
       12,
       "memory on 6 of 6 nodes"},
      {"pods per node bind",
       pod(R"("cpu":"1m")"),
       nothing,
       100,
       60,
       "its limit of pods on 6 of 6 nodes"},
      {"what runs there is not free",
       pod(R"("cpu":"2")"),
       [](std::vector<NodeRoom>& nodes) {
         nodes[0].requested = {{"cpu", 2500}};
       },
       12,
       10,
       "cpu on 6 of 6 nodes"},
      {"a device that no node has",
       pod(R"("nvidia.com/gpu":"1")"),
       nothing,
       1,
       0,
       "nvidia.com/gpu on 6 of 6 nodes"},
      {"a device that one node has",
       pod(R"("nvidia.com/gpu":"1")"),
       [](std::vector<NodeRoom>& nodes) { nodes[0].allocatable["nvidia.com/gpu"] = 2; },
       3,
       2,
       "nvidia.com/gpu on 6 of 6 nodes"},
      {"a cordoned node takes nothing",
       pod(R"("cpu":"2")"),
       [](std::vector<NodeRoom>& nodes) { nodes[0].unschedulable = true; },
       12,
       10,
       "cpu on 5 of 6 nodes, a cordon on 1"},
      {"a taint keeps away",
       pod(R"("cpu":"2")"),
       taint_c,
       12,
       8,
       "cpu on 4 of 6 nodes, a taint that it does not tolerate on 2"},
      {"a toleration of the key lets in",
       pod(R"("cpu":"2")", R"("tolerations":[{"key":"dedicated","operator":"Exists"}])"),
       taint_c,
       12,
       12,
       ""},
      {"a taint that only prefers keeps nobody away",
       pod(R"("cpu":"2")"),
       [](std::vector<NodeRoom>& nodes) {
         nodes[0].taints = {{"a", "b", "PreferNoSchedule"}};
       },
       12,
       12,
       ""},
      {"a node selector chooses",
       pod(R"("cpu":"2")", R"("nodeSelector":{"disk":"ssd"})"),
       [](std::vector<NodeRoom>& nodes) { nodes[3].labels["disk"] = "ssd"; },
       3,
       2,
       "cpu on 1 of 6 nodes, its node selector or affinity on 5"},
      {"required node affinity chooses, any one term",
       pod(R"("cpu":"2")",
           R"("affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"topology.kubernetes.io/zone","operator":"In","values":["a"]}]},{"matchFields":[{"key":"metadata.name","operator":"In","values":["c1"]}]}]}}})"),
       nothing,
       12,
       6,
       "cpu on 3 of 6 nodes, its node selector or affinity on 3"},
      {"anti-affinity by host: one a node",
       pod(R"("cpu":"1m")", kApartByHost),
       nothing,
       8,
       6,
       "its own anti-affinity on 6 of 6 nodes"},
      {"one that runs there counts",
       pod(R"("cpu":"1m")", kApartByHost),
       [](std::vector<NodeRoom>& nodes) { nodes[0].pods[kOwner] = 1; },
       6,
       5,
       "its own anti-affinity on 6 of 6 nodes"},
      {"a host port is taken once a node",
       R"({"spec":{"containers":[{"ports":[{"hostPort":80}]}]}})",
       nothing,
       8,
       6,
       "its own anti-affinity on 6 of 6 nodes"},
      {"a zone that is full keeps the others back",
       pod(R"("cpu":"1")", std::string(kSpread) + "}]"),
       fill_c,
       12,
       2,
       "its topology spread on 4 of 6 nodes, cpu on 2"},
      {"a tainted zone counts as one that stays empty, as the scheduler has it",
       pod(R"("cpu":"1")", std::string(kSpread) + "}]"),
       taint_c,
       12,
       2,
       "its topology spread on 4 of 6 nodes, a taint that it does not tolerate on 2"},
      {"unless the constraint honours taints",
       pod(R"("cpu":"1")", std::string(kSpread) + R"(,"nodeTaintsPolicy":"Honor"}])"),
       taint_c,
       12,
       12,
       ""},
      {"fewer zones than minDomains: one skew a zone",
       pod(R"("cpu":"1")", std::string(kSpread) + R"(,"minDomains":4}])"),
       nothing,
       12,
       3,
       "its topology spread on 6 of 6 nodes"},
      {"a node without the label of the spread takes none",
       pod(R"("cpu":"1")", std::string(kSpread) + "}]"),
       [](std::vector<NodeRoom>& nodes) { nodes[0].labels.clear(); },
       24,
       14,
       "its topology spread on 4 of 6 nodes, cpu on 1, no label of its topology spread on 1"},
  };
  for (const PlacementCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    std::vector<NodeRoom> nodes = six();
    one.change(nodes);
    Placement placement(nodes);
    const Fit fit = placement.place(shape(one.pod), kOwner, one.count);
    EXPECT_EQ(fit.placed, one.placed);
    EXPECT_EQ(to_text(fit.bound), one.bound);
  }
}

TEST(Placement, workloads_share_the_nodes) {
  const std::vector<NodeRoom> nodes = six();
  Placement placement(nodes);
  EXPECT_EQ(placement.place(shape(pod(R"("cpu":"3")")), kOwner, 6).placed, 6);
  const Placement before = placement;
  const Fit fit = placement.place(shape(pod(R"("cpu":"1")")), {"shop", "Deployment", "cart"}, 8);
  EXPECT_EQ(fit.placed, 6);
  EXPECT_EQ(before.free("cpu"), 6000) << "a copy is its own";
  EXPECT_EQ(placement.free("cpu"), 0);
}

TEST(Placement, the_emptiest_node_is_filled_first) {
  std::vector<NodeRoom> nodes = {node("full", "a"), node("empty", "a")};
  nodes[0].requested = {{"cpu", 2000}, {"memory", 8 * kGi}};
  Placement placement(nodes);
  placement.place(shape(pod(R"("cpu":"1","memory":"4Gi")")), kOwner, 2);
  // What needs a whole half of a node finds it only on the one that was left alone.
  EXPECT_EQ(placement.place(shape(pod(R"("cpu":"2")")), kOwner, 2).placed, 2);
}

TEST(Placement, addresses_of_a_node_are_counted) {
  std::vector<NodeRoom> nodes = {node("a1", "a")};
  nodes[0].addresses = 5;
  nodes[0].addresses_taken = 2;
  Placement placement(nodes);
  placement.place(shape(pod(R"("cpu":"1m")")), kOwner, 3);
  EXPECT_EQ(placement.short_of_addresses(), 0);
  placement.place(shape(pod(R"("cpu":"1m")", R"("hostNetwork":true)")), kOwner, 1);
  EXPECT_EQ(placement.short_of_addresses(), 0) << "the host's own network takes none";
  placement.place(shape(pod(R"("cpu":"1m")")), kOwner, 1);
  EXPECT_EQ(placement.short_of_addresses(), 1);
}

TEST(Placement, no_nodes_take_nothing) {
  const std::vector<NodeRoom> none;
  Placement placement(none);
  const Fit fit = placement.place(shape(pod(R"("cpu":"1")")), kOwner, 1);
  EXPECT_EQ(fit.placed, 0);
  EXPECT_EQ(to_text(fit.bound), "");
}

struct ShapeCase {
  const char* sentence;
  std::string spec;
  Amounts requests;
};

TEST(PodShape, what_a_pod_asks_for_is_summed_as_the_scheduler_sums_it) {
  const ShapeCase cases[] = {
      {"containers add up, a limit stands for a request",
       R"("containers":[{"resources":{"requests":{"cpu":"250m"}}},{"resources":{"limits":{"cpu":"0.5","memory":"1Gi"},"requests":{"memory":"512Mi"}}}])",
       {{"cpu", 750}, {"memory", kGi / 2}, {"pods", 1}}},
      {"an init container that needs more than all others decides",
       R"("containers":[{"resources":{"requests":{"cpu":"1"}}}],"initContainers":[{"resources":{"requests":{"cpu":"3"}}}])",
       {{"cpu", 3000}, {"pods", 1}}},
      {"sidecars run on, also beside later init containers",
       R"("containers":[{"resources":{"requests":{"cpu":"1"}}}],"initContainers":[{"restartPolicy":"Always","resources":{"requests":{"cpu":"1"}}},{"resources":{"requests":{"cpu":"2"}}}])",
       {{"cpu", 3000}, {"pods", 1}}},
      {"overhead comes on top",
       R"("containers":[{"resources":{"requests":{"cpu":"1"}}}],"overhead":{"cpu":"100m","memory":"1Gi"})",
       {{"cpu", 1100}, {"memory", kGi}, {"pods", 1}}},
      {"the pod's own resources come first",
       R"("containers":[{"resources":{"requests":{"cpu":"1"}}}],"resources":{"requests":{"cpu":"2"}})",
       {{"cpu", 2000}, {"pods", 1}}},
      {"less than a thousandth is one",
       R"("containers":[{"resources":{"requests":{"cpu":"1n"}}}])",
       {{"cpu", 1}, {"pods", 1}}},
      {"nothing asked for", R"("containers":[{}])", {{"pods", 1}}},
  };
  for (const ShapeCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    EXPECT_EQ(shape(R"({"spec":{)" + one.spec + "}}").requests, one.requests);
  }
}

TEST(PodShape, a_limit_range_fills_in_what_is_absent) {
  const LimitRoom range{.name = "defaults",
                        .type = "Container",
                        .min = {},
                        .max = {},
                        .otherwise = {{"cpu", 1000}},
                        .otherwise_requested = {{"cpu", 200}, {"memory", kGi}}};
  const PodShape filled = with_defaults(shape(pod(R"("cpu":"500m")")), {range});
  EXPECT_EQ(filled.requests, (Amounts{{"cpu", 500}, {"memory", kGi}, {"pods", 1}}));
  EXPECT_EQ(filled.limits, (Amounts{{"cpu", 1000}}));
}

TEST(PodShape, what_is_not_looked_at_is_named) {
  const PodShape other = shape(pod(
      "",
      R"("affinity":{"podAntiAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":"kubernetes.io/hostname","labelSelector":{"matchLabels":{"app":"db"}}}]}})"));
  EXPECT_TRUE(other.apart.empty());
  EXPECT_EQ(other.not_looked_at, std::vector<std::string>{"anti-affinity against other pods"});
}

}  // namespace
}  // namespace doorbuster::planner
