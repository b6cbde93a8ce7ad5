// Before the day: would a floor come into the way of what Git says (DESIGN.md section 3, "GitOps")?
#include "controllers/planner/gitops.h"

#include "tests/planner/shop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::planner {
namespace {

using std::chrono::hours;
using testing::HasSubstr;

constexpr const char* kMin = "/spec/minReplicas";
constexpr const char* kMax = "/spec/maxReplicas";
constexpr const char* kLastApplied =
    "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration";

struct ConflictCase {
  const char* sentence;
  std::set<std::string> max, min;  ///< managers
  std::string applied;             ///< the last-applied spec; empty: no annotation
  api::TargetSpec target;
  const char* told;  ///< empty: nothing
};

Json managed_by(const ConflictCase& one) {
  std::vector<Json> entries;
  std::set<std::string> all = one.max;
  all.insert(one.min.begin(), one.min.end());
  for (const std::string& manager : all) {
    JsonObject fields;
    if (one.max.contains(manager)) fields.add("f:maxReplicas", JsonObject().build());
    if (one.min.contains(manager)) fields.add("f:minReplicas", JsonObject().build());
    entries.push_back(JsonObject()
                          .add("manager", manager)
                          .add("operation", "Apply")
                          .add("time", "2027-01-01T00:00:00Z")
                          .add("fieldsV1", JsonObject().add("f:spec", fields.build()).build())
                          .build());
  }
  return json_array(entries);
}

TEST(GitOps, a_sync_that_our_floor_would_break_is_told_before_the_day_with_what_to_write) {
  const api::TargetSpec forty = target_of("checkout", 40);
  const ConflictCase cases[] = {
      {"Argo CD owns the maximum alone",
       {"argocd-controller"},
       {},
       "",
       forty,
       "spec: {ignoreDifferences: [{group: autoscaling, kind: HorizontalPodAutoscaler, name: "
       "checkout, namespace: shop, managedFieldsManagers: [doorbuster]}], syncPolicy: "
       "{syncOptions: [RespectIgnoreDifferences=true]}}"},
      {"Flux owns the maximum alone",
       {"kustomize-controller"},
       {"kubectl-edit"},
       "",
       forty,
       "spec: {ignore: [{paths: [/spec/minReplicas, /spec/maxReplicas], target: {kind: "
       "HorizontalPodAutoscaler, name: checkout, namespace: shop}}]}"},
      {"Helm owns the maximum alone", {"helm"}, {}, "", forty, "suspend the HelmRelease"},
      {"what kubectl last applied names the maximum alone",
       {"kubectl-client-side-apply"},
       {},
       R"({"spec":{"maxReplicas":20}})",
       forty,
       "Write minReplicas into that manifest too"},
      {"Argo CD owns both", {"argocd-controller"}, {"argocd-controller"}, "", forty, ""},
      {"what kubectl last applied names both",
       {"kubectl-client-side-apply"},
       {"kubectl-client-side-apply"},
       R"({"spec":{"maxReplicas":20,"minReplicas":3}})",
       forty,
       ""},
      {"a person owns the maximum", {"kubectl-edit"}, {}, "", forty, ""},
      {"the floor fits under the maximum of Git",
       {"argocd-controller"},
       {},
       "",
       target_of("checkout", 20),
       ""},
      {"a multiple of what runs may not fit",
       {"argocd-controller"},
       {},
       "",
       target_times("checkout", "5"),
       "RespectIgnoreDifferences"},
      {"an annotation that is no JSON", {}, {}, "{", forty, ""},
  };
  for (const ConflictCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    Shop shop;
    shop.add_workload("checkout", 4);
    shop.add_autoscaler("checkout", json_of(std::int64_t{3}), 20);
    Json& object = shop.objects[kCheckoutHpa];
    object = *with_value(object, "/metadata/managedFields", managed_by(one));
    if (!one.applied.empty())
      object = *with_value(object, kLastApplied, json_of_string(one.applied));
    shop.sale.spec->capacity.targets = {one.target};
    shop.clock = shop.window.prepare - hours(24 * 14);
    EXPECT_EQ(shop.settle(), 0);
    EXPECT_EQ(shop.told.contains("GitOpsConflict"), *one.told != '\0');
    EXPECT_THAT(shop.sale.status.message, HasSubstr(one.told));
    EXPECT_EQ(shop.sale.status.verdict, *one.told == '\0' ? "Go" : "Warn");
    EXPECT_EQ(shop.condition("Ready"), "True Scheduled");
    // What a pod more or less does not change.
    const int published = shop.publishes;
    shop.change({"apps", "Deployment", "shop", "checkout"},
                "/spec/replicas",
                json_of(std::int64_t{7}),
                "kube-controller-manager");
    shop.settle();
    EXPECT_EQ(shop.publishes, published);
  }
}

TEST(GitOps, the_floor_is_raised_all_the_same) {
  Shop shop;
  shop.add_workload("checkout", 4);
  shop.add_autoscaler("checkout", std::nullopt, 20);
  shop.change(kCheckoutHpa, kMax, json_of(std::int64_t{20}), "argocd-controller");
  shop.sale.spec->capacity.targets = {target_of("checkout", 40)};
  shop.run_until(kStart);
  EXPECT_TRUE(shop.told.contains("GitOpsConflict"));
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 40);
}

}  // namespace
}  // namespace doorbuster::planner
