// What pulls a pod template's images ahead, and that nothing of them is executed.
#include "controllers/planner/puller.h"

#include "operator/base/json_read.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::planner {
namespace {

using testing::ElementsAre;

std::shared_ptr<const Document> workload_with(const std::string& pod_spec) {
  return Document::parse(R"({"spec":{"template":{"spec":)" + pod_spec + "}}}").value();
}

std::vector<std::string> images(const std::string& pod_spec) {
  std::vector<std::string> out;
  const Json text{pod_spec};
  for (const auto& one : images_of(*JsonView::parse(text.text)).images)
    out.push_back(one.image + (one.always ? " always" : ""));
  return out;
}

std::shared_ptr<const Document> puller(const std::string& pod_spec) {
  const auto made = puller_for(
      *workload_with(pod_spec), "flash-checkout-1", {.tool = "tool:1", .pause = "pause:1"});
  return Document::parse(made->text).value();
}

struct ImageCase {
  const char* sentence;
  const char* pod_spec;
  std::vector<std::string> expected;
};

TEST(TemplateImages, are_those_that_a_kubelet_will_pull) {
  const ImageCase cases[] = {
      {"of init containers and containers",
       R"({"initContainers":[{"image":"migrate:1"}],"containers":[{"image":"shop:1"},{"image":"log:2"}]})",
       {"migrate:1", "shop:1", "log:2"}},
      {"each once", R"({"containers":[{"image":"shop:1"},{"image":"shop:1"}]})", {"shop:1"}},
      {"not one that is never pulled",
       R"({"containers":[{"image":"shop:1"},{"image":"local:1","imagePullPolicy":"Never"}]})",
       {"shop:1"}},
      {"looked up anew where one container wants that",
       R"({"containers":[{"image":"shop:1"},{"image":"shop:1","imagePullPolicy":"Always"}]})",
       {"shop:1 always"}},
      {"nothing of containers without one", R"({"containers":[{"name":"app"},7]})", {}},
  };
  for (const ImageCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    EXPECT_EQ(images(one.pod_spec), one.expected);
  }
}

TEST(TemplateImages, are_bounded) {
  std::string containers;
  for (std::size_t i = 0; i < kMostImages + 3; ++i)
    containers += (i == 0 ? "" : ",") + (R"({"image":"shop:)" + std::to_string(i) + "\"}");
  const std::string text = R"({"containers":[)" + containers + "]}";
  const TemplateImages found = images_of(*JsonView::parse(text));
  EXPECT_EQ(found.images.size(), kMostImages);
  EXPECT_EQ(found.left_out, 3U);
}

TEST(Puller, runs_in_each_image_what_it_brings_along_and_never_what_the_image_starts) {
  const auto made = puller(
      R"({"containers":[{"name":"app","image":"shop:1","command":["sell"],"args":["now"],
          "env":[{"name":"A"}],"volumeMounts":[{"name":"data","mountPath":"/data"}]}],
          "volumes":[{"name":"data","emptyDir":{}}]})");
  const auto containers = elements_at(made->root(), "/spec/template/spec/initContainers");
  ASSERT_EQ(containers.size(), 2U);
  EXPECT_EQ(text_of(containers[0], "image"), "tool:1");
  EXPECT_EQ(text_of(containers[1], "image"), "shop:1");
  EXPECT_THAT(texts_of(containers[1], "command"), ElementsAre("/doorbuster/busybox", "true"));
  EXPECT_EQ(text_at(containers[1], "/imagePullPolicy"), "IfNotPresent");
  for (const char* none : {"args", "env"}) EXPECT_FALSE(containers[1].member(none)) << none;
  EXPECT_EQ(made->string("/spec/template/spec/containers/0/image"), "pause:1");
  EXPECT_FALSE(made->at("/spec/template/spec/volumes/1"));
}

TEST(Puller, stands_where_the_pods_may_with_their_pull_secrets_and_gives_way_to_all) {
  const auto made = puller(
      R"({"containers":[{"image":"shop:1","resources":{"requests":{"cpu":"4"}}}],
          "nodeSelector":{"pool":"shop"},"tolerations":[{"key":"shop"}],"runtimeClassName":"kata",
          "affinity":{"nodeAffinity":{"a":1},"podAntiAffinity":{"b":1}},
          "topologySpreadConstraints":[{"maxSkew":1}],
          "imagePullSecrets":[{"name":"registry"}],"serviceAccountName":"shop"})");
  const std::string pod = "/spec/template/spec";
  EXPECT_EQ(made->string(pod + "/nodeSelector/pool"), "shop");
  EXPECT_EQ(made->string(pod + "/tolerations/0/key"), "shop");
  EXPECT_EQ(made->string(pod + "/runtimeClassName"), "kata");
  EXPECT_EQ(made->integer(pod + "/affinity/nodeAffinity/a"), 1);
  EXPECT_FALSE(made->at(pod + "/affinity/podAntiAffinity"));
  EXPECT_FALSE(made->at(pod + "/topologySpreadConstraints"));
  EXPECT_EQ(made->string(pod + "/imagePullSecrets/0/name"), "registry");
  EXPECT_EQ(made->string(pod + "/serviceAccountName"), "shop");
  EXPECT_EQ(made->at(pod + "/automountServiceAccountToken"), Value(Json{"false"}));
  EXPECT_EQ(made->string(pod + "/priorityClassName"), "doorbuster-headroom");
  EXPECT_EQ(made->string(pod + "/preemptionPolicy"), "Never");
  for (const JsonView& one : elements_at(made->root(), pod + "/initContainers")) {
    EXPECT_EQ(text_at(one, "/resources/requests/cpu"), "1m");
    EXPECT_EQ(text_at(one, "/securityContext/capabilities/drop/0"), "ALL");
  }
}

TEST(Puller, is_selected_by_a_label_of_its_own_and_by_no_service) {
  const auto made = puller(R"({"containers":[{"image":"shop:1"}]})");
  EXPECT_EQ(made->string("/spec/selector/matchLabels/doorbuster.dev~1image-prepull"),
            "flash-checkout-1");
  EXPECT_EQ(made->string("/spec/template/metadata/labels/doorbuster.dev~1image-prepull"),
            "flash-checkout-1");
  EXPECT_FALSE(made->at("/spec/template/metadata/labels/app"));
}

TEST(Puller, is_none_without_a_pod_template) {
  const PullerImages images{.tool = "tool:1", .pause = "pause:1"};
  EXPECT_FALSE(puller_for(*Document::parse(R"({"spec":{}})").value(), "x", images));
  EXPECT_FALSE(puller_for(*workload_with(R"({"containers":[]})"), "x", images));
}

}  // namespace
}  // namespace doorbuster::planner
