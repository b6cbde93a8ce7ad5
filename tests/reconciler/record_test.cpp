#include "controllers/reconciler/record.h"

#include <gtest/gtest.h>

namespace doorbuster::reconciler {
namespace {

struct AutoscalerCase {
  const char* says;
  std::string spec;
  const char* target;  // "apiVersion kind name"; empty: unreadable
};

const AutoscalerCase kCases[] = {
    {"names its workload",
     R"({"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"checkout"}})",
     "apps/v1 Deployment checkout"},
    {"may leave out the group",
     R"({"maxReplicas":3,"scaleTargetRef":{"name":"checkout","kind":"Deployment"}})",
     " Deployment checkout"},
    {"may spell its names with escapes",
     R"({"scaleTargetRef":{"kin\u0064":"Deploymen\u0074","name":"a"}})",
     " Deployment a"},
    {"other members are passed over",
     R"({"scaleTargetRef":{"x":{"kind":"No"},"kind":"Deployment","name":"a"}})",
     " Deployment a"},
    {"without a name it is unreadable", R"({"scaleTargetRef":{"kind":"Deployment"}})", ""},
    {"without a target it is unreadable", R"({"maxReplicas":3})", ""},
    {"a target that is no object is unreadable", R"({"scaleTargetRef":"Deployment/checkout"})", ""},
};

TEST(Record, ReadsWhatAnAutoscalerNames) {
  for (const AutoscalerCase& one : kCases) {
    SCOPED_TRACE(one.says);
    kube::Meta meta;
    meta.uid = "u";
    meta.resource_version = "7";
    std::string text = R"({"metadata":{"name":"a"},"spec":)" + one.spec + "}";
    const std::size_t size = text.size();
    text.resize(size + kube::kTextPadding);
    const Result<Record> record =
        read_naming(kAutoscalers, meta, std::string_view(text).substr(0, size));
    const std::string expected = one.target;
    ASSERT_EQ(record.ok(), !expected.empty());
    if (!record.ok()) continue;
    EXPECT_EQ(record->target_api_version + " " + record->target_kind + " " + record->target_name,
              expected);
    EXPECT_TRUE(record->names_target);
    EXPECT_EQ(record->uid, "u");
    EXPECT_EQ(record->version, "7");
  }
}

TEST(Record, a_scaled_object_means_a_deployment_where_it_does_not_say) {
  kube::Meta meta;
  std::string text = R"({"spec":{"scaleTargetRef":{"name":"checkout"}}})";
  const std::size_t size = text.size();
  text.resize(size + kube::kTextPadding);
  const Result<Record> record =
      read_naming(kScaledObjects, meta, std::string_view(text).substr(0, size));
  ASSERT_TRUE(record.ok());
  EXPECT_EQ(record->target_api_version, "apps/v1");
  EXPECT_EQ(record->target_kind, "Deployment");
  EXPECT_EQ(record->target_name, "checkout");
}

TEST(Record, a_canary_names_what_its_primary_is_made_from) {
  kube::Meta meta;
  std::string text =
      R"({"spec":{"autoscalerRef":{"kind":"HorizontalPodAutoscaler","name":"other"},)"
      R"("targetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"checkout"}}})";
  const std::size_t size = text.size();
  text.resize(size + kube::kTextPadding);
  const Naming* naming = naming_of("flagger.app", "Canary");
  ASSERT_NE(naming, nullptr);
  const Result<Record> record = read_naming(*naming, meta, std::string_view(text).substr(0, size));
  ASSERT_TRUE(record.ok());
  EXPECT_EQ(record->target_api_version, "apps/v1");
  EXPECT_EQ(record->target_kind, "Deployment");
  EXPECT_EQ(record->target_name, "checkout");
}

struct GroupCase {
  const char* says;
  const char* api_version;
  const char* group;
  bool means;
};

TEST(Record, ComparesGroupsNotVersions) {
  const GroupCase cases[] = {
      {"the same group", "apps/v1", "apps", true},
      {"another version of it", "apps/v1beta1", "apps", true},
      {"another group", "argoproj.io/v1alpha1", "apps", false},
      {"the core group", "v1", "", true},
      {"the core group is no other", "v1", "apps", false},
      {"left out means any", "", "apps", true},
  };
  for (const GroupCase& one : cases)
    EXPECT_EQ(means_group(one.api_version, one.group), one.means) << one.says;
}

}  // namespace
}  // namespace doorbuster::reconciler
