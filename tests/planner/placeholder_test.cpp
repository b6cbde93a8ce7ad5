// What placeholder pods take up and where they may stand.
#include "controllers/planner/placeholder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::planner {
namespace {

using Requests = std::map<std::string, std::string>;

struct RequestCase {
  const char* sentence;
  const char* pod_spec;
  Requests expected;
};

TEST(PodRequests, are_what_the_scheduler_counts) {
  const RequestCase cases[] = {
      {"nothing asked for", R"({"containers":[{"name":"a"}]})", {}},
      {"the sum of the containers",
       R"({"containers":[{"resources":{"requests":{"cpu":"250m","memory":"64Mi"}}},
                         {"resources":{"requests":{"cpu":1,"memory":"1G"}}}]})",
       {{"cpu", "1250m"}, {"memory", "1067108864"}}},
      {"a limit without a request is one",
       R"({"containers":[{"resources":{"limits":{"cpu":"2","memory":"1Gi"},"requests":{"cpu":"500m"}}}]})",
       {{"cpu", "500m"}, {"memory", "1073741824"}}},
      {"a hungrier init container",
       R"({"containers":[{"resources":{"requests":{"cpu":"100m","memory":"1Gi"}}}],
           "initContainers":[{"resources":{"requests":{"cpu":"2"}}},{"resources":{"requests":{"cpu":"1"}}}]})",
       {{"cpu", "2000m"}, {"memory", "1073741824"}}},
      {"a sidecar runs beside the containers",
       R"({"containers":[{"resources":{"requests":{"cpu":"100m"}}}],
           "initContainers":[{"restartPolicy":"Always","resources":{"requests":{"cpu":"50m"}}}]})",
       {{"cpu", "150m"}}},
      {"and beside the init containers after it",
       R"({"containers":[{"resources":{"requests":{"cpu":"100m"}}}],
           "initContainers":[{"resources":{"requests":{"cpu":"290m"}}},
                             {"restartPolicy":"Always","resources":{"requests":{"cpu":"50m"}}},
                             {"resources":{"requests":{"cpu":"250m"}}}]})",
       {{"cpu", "300m"}}},
      {"what the pod as a whole asks for",
       R"({"containers":[{"resources":{"requests":{"cpu":"100m","memory":"1Gi"}}}],
           "resources":{"requests":{"cpu":"3"}}})",
       {{"cpu", "3000m"}, {"memory", "1073741824"}}},
      {"without what a RuntimeClass adds, which the server adds to a placeholder too",
       R"({"containers":[{"resources":{"requests":{"cpu":"1"}}}],"overhead":{"cpu":"250m"}})",
       {{"cpu", "1000m"}}},
      {"rounded up to whole units",
       R"({"containers":[{"resources":{"requests":{"cpu":"0.0001","memory":"1500m"}}}]})",
       {{"cpu", "1m"}, {"memory", "2"}}},
      {"devices",
       R"({"containers":[{"resources":{"limits":{"nvidia.com/gpu":"2"}}}]})",
       {{"nvidia.com/gpu", "2"}}},
      {"what cannot be read counts for nothing",
       R"({"containers":[{"resources":{"requests":{"cpu":"many","memory":"-1"}}},{"resources":7}]})",
       {}},
  };
  for (const RequestCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    EXPECT_EQ(pod_requests(*JsonView::parse(one.pod_spec)), one.expected);
  }
}

std::shared_ptr<const Document> workload(const std::string& pod_spec) {
  return Document::parse(R"({"spec":{"template":{"spec":)" + pod_spec + "}}}").value();
}

std::string part(const std::string& pod_spec, const std::string& pointer) {
  const auto made = placeholders_for(*workload(pod_spec), "room", "pause:1", 7);
  if (!made) return "none";
  const auto found = JsonView::parse(made->text)->at(pointer);
  return found.ok() ? std::string(found->text()) : "absent";
}

TEST(Placeholders, may_stand_where_the_pods_may) {
  const std::string spec =
      R"({"containers":[{"name":"app","resources":{"requests":{"cpu":"1"},"limits":{"nvidia.com/gpu":1}}}],
          "serviceAccountName":"shop","priorityClassName":"high","hostNetwork":true,
          "volumes":[{"name":"data"}],"nodeSelector":{"pool":"shop"},"runtimeClassName":"kata",
          "schedulerName":"bin-packer","tolerations":[{"key":"shop","operator":"Exists"}],
          "affinity":{"nodeAffinity":{"x":1},"podAntiAffinity":{"y":2}},
          "topologySpreadConstraints":[{"maxSkew":1,"topologyKey":"topology.kubernetes.io/zone",
            "whenUnsatisfiable":"DoNotSchedule","labelSelector":{"matchLabels":{"app":"shop"}},
            "matchLabelKeys":["pod-template-hash"]}]})";
  const std::string pod = "/spec/template/spec";
  EXPECT_EQ(part(spec, "/spec/replicas"), "7");
  EXPECT_EQ(part(spec, pod + "/nodeSelector"), R"({"pool":"shop"})");
  EXPECT_EQ(part(spec, pod + "/tolerations"), R"([{"key":"shop","operator":"Exists"}])");
  EXPECT_EQ(part(spec, pod + "/runtimeClassName"), R"("kata")");
  EXPECT_EQ(part(spec, pod + "/schedulerName"), R"("bin-packer")");
  EXPECT_EQ(part(spec, pod + "/affinity"), R"({"nodeAffinity":{"x":1}})");
  EXPECT_EQ(
      part(spec, pod + "/topologySpreadConstraints"),
      R"([{"maxSkew":1,"topologyKey":"topology.kubernetes.io/zone","whenUnsatisfiable":"DoNotSchedule",)"
      R"("labelSelector":{"matchLabels":{"doorbuster.dev/placeholder":"room"}}}])");
  EXPECT_EQ(part(spec, pod + "/containers/0/resources"),
            R"({"requests":{"cpu":"1000m","nvidia.com/gpu":"1"},"limits":{"nvidia.com/gpu":"1"}})");
}

TEST(Placeholders, have_nothing_of_the_pods_that_is_not_about_room) {
  const std::string spec =
      R"({"containers":[{"name":"app","image":"shop:1","env":[],"ports":[{"hostPort":80}]}],
          "serviceAccountName":"shop","priorityClassName":"high","hostNetwork":true,"volumes":[{}]})";
  const std::string pod = "/spec/template/spec";
  for (const char* name : {"/serviceAccountName", "/hostNetwork", "/volumes", "/affinity"})
    EXPECT_EQ(part(spec, pod + name), "absent") << name;
  EXPECT_EQ(part(spec, pod + "/priorityClassName"), R"("doorbuster-headroom")");
  EXPECT_EQ(part(spec, pod + "/preemptionPolicy"), R"("Never")");
  EXPECT_EQ(part(spec, pod + "/terminationGracePeriodSeconds"), "0");
  EXPECT_EQ(part(spec, pod + "/automountServiceAccountToken"), "false");
  EXPECT_EQ(part(spec, pod + "/containers/0/image"), R"("pause:1")");
  EXPECT_EQ(part(spec, pod + "/containers/0/ports"), "absent");
  EXPECT_EQ(part(spec, "/spec/selector"), part(spec, "/spec/selector"));
}

TEST(Placeholders, are_none_without_a_pod_template) {
  EXPECT_FALSE(placeholders_for(*Document::parse(R"({"spec":{}})").value(), "room", "pause", 1));
  EXPECT_FALSE(placeholders_for(*workload(R"({"containers":[]})"), "room", "pause", 1));
  EXPECT_FALSE(placeholders_for(*workload("7"), "room", "pause", 1));
}

}  // namespace
}  // namespace doorbuster::planner
