#include "controllers/reconciler/interest.h"

#include <gtest/gtest.h>

namespace doorbuster::reconciler {
namespace {

const ObjectRef kDeployment{
    .group = "apps", .kind = "Deployment", .ns = "shop", .name = "checkout"};
const ObjectRef kMap{.group = "", .kind = "ConfigMap", .ns = "shop", .name = "flags"};
const kube::Key kFirst{"shop", "first"}, kSecond{"shop", "second"};

TEST(Interest, KnowsWhoAsksForAnObject) {
  Interest interest;
  interest.set(kFirst, {kDeployment, kMap}, {kDeployment});
  interest.set(kSecond, {kMap}, {});
  EXPECT_EQ(interest.events_of(kMap), (std::vector{kFirst, kSecond}));
  EXPECT_EQ(interest.events_of(kDeployment), std::vector{kFirst});
  EXPECT_TRUE(interest.wants(kMap));
  EXPECT_TRUE(interest.wants_autoscalers_of("shop", "Deployment", "checkout"));
  EXPECT_FALSE(interest.wants_autoscalers_of("other", "Deployment", "checkout"));
  EXPECT_EQ(interest.events_of_workload("shop", "Deployment", "checkout"), std::vector{kFirst});
}

TEST(Interest, FollowsAnEventThatChangesItsMind) {
  Interest interest;
  interest.set(kFirst, {kDeployment}, {kDeployment});
  interest.set(kFirst, {kMap}, {});
  EXPECT_FALSE(interest.wants(kDeployment));
  EXPECT_FALSE(interest.wants_autoscalers_of("shop", "Deployment", "checkout"));
  EXPECT_TRUE(interest.wants(kMap));
}

TEST(Interest, OneEventLeavingTakesNothingFromAnother) {
  Interest interest;
  interest.set(kFirst, {kMap}, {});
  interest.set(kSecond, {kMap}, {});
  interest.forget(kFirst);
  EXPECT_TRUE(interest.wants(kMap));
  EXPECT_EQ(interest.events_of(kMap), std::vector{kSecond});
  interest.forget(kSecond);
  EXPECT_FALSE(interest.wants(kMap));
}

}  // namespace
}  // namespace doorbuster::reconciler
