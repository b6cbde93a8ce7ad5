#include "controllers/reconciler/pod_reasons.h"

#include "tests/reconciler/answering_transport.h"
#include "tests/reconciler/discovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::reconciler {
namespace {

using testing::HasSubstr;

const Instant kNow{std::chrono::seconds(1'800'000'000)};
const kube::Key kEvent{"shop", "flash"};
const ObjectRef kDeployment{"apps", "Deployment", "shop", "checkout"};
const ObjectRef kDaemonSet{"apps", "DaemonSet", "shop", "pull"};
const ObjectRef kStatefulSet{"apps", "StatefulSet", "shop", "search"};

/// An API server with one pod that cannot pull its image.
struct Pods {
  int pods_status = 200;
  std::string seen_last = "2027-01-15T07:58:00Z";  ///< two minutes before kNow
  AnsweringClient api{[this](const std::string& target) { return answer(target); }};
  PodReasons reasons{api.client,
                     std::make_shared<Kinds>(api.client, [] { return kNow; }),
                     std::make_shared<SideBySide>()};

  kube::Response answer(const std::string& target) {
    kube::Response out;
    out.status = 200;
    if (target == "/api") {
      out.body = core_discovery();
    } else if (target == "/apis") {
      out.body = discovery_of({{.group = "apps", .plural = "deployments", .kind = "Deployment"},
                               {.group = "apps", .plural = "daemonsets", .kind = "DaemonSet"},
                               {.group = "apps", .plural = "statefulsets", .kind = "StatefulSet"}});
    } else if (target.find("/daemonsets/") != std::string::npos) {
      out.body = R"({"metadata":{"name":"pull"},"spec":{"selector":{"matchLabels":{"a":"pull"}}}})";
    } else if (target.ends_with("/scale")) {
      out.body = R"({"metadata":{"name":"checkout"},"status":{"selector":"app=checkout"}})";
    } else if (target.find("/pods?") != std::string::npos) {
      out.status = pods_status;
      out.body =
          R"({"metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"a"},"spec":{"nodeName":"n"},"status":{"containerStatuses":[{"image":"x","state":{"waiting":{"reason":"ErrImagePull"}}}]}}]})";
      if (pods_status != 200) out.body = R"({"kind":"Status","code":403,"reason":"Forbidden"})";
    } else if (target.find("/events?") != std::string::npos) {
      out.body = R"({"items":[{"message":"old","lastTimestamp":"2027-01-15T07:00:00Z"},)"
                 R"({"message":"exceeded quota: pods","lastTimestamp":")" +
                 seen_last + R"("}]})";
    }
    return out;
  }
  int asked(const std::string& what) const { return api.asked(what); }
  std::map<ObjectRef, planner::PodsSeen> look(
      const ObjectRef& workload,
      Duration later = Duration(0),
      PodReasons::Reading reading = PodReasons::Reading::Fresh) {
    return reasons.look(kEvent, {{workload, kNow}}, kNow + later, reading);
  }
};

TEST(PodReasons, ArePodsThatTheScaleSubresourceSelects) {
  Pods it;
  const auto seen = it.look(kDeployment);
  ASSERT_TRUE(seen.contains(kDeployment));
  ASSERT_EQ(seen.at(kDeployment).reasons.size(), 1U);
  EXPECT_EQ(seen.at(kDeployment).reasons[0].code, "ImageNotPulled");
  EXPECT_EQ(it.asked("/namespaces/shop/pods?limit=500&labelSelector=app%3Dcheckout"), 1);
  EXPECT_EQ(it.asked("/events?"), 0) << "a Deployment says itself why pods are not created";
}

TEST(PodReasons, AreLookedAtAgainAfterAWhileAndNotBefore) {
  Pods it;
  EXPECT_EQ(it.reasons.again(kEvent, kNow), std::nullopt);
  EXPECT_TRUE(it.look(kDeployment, -Duration(1)).empty()) << "its time has not come";
  EXPECT_EQ(it.reasons.again(kEvent, kNow - Duration(1)), Duration(1));
  it.look(kDeployment);
  EXPECT_FALSE(it.look(kDeployment, kPodsFresh - Duration(1)).empty());
  EXPECT_EQ(it.asked("/pods?"), 1);
  EXPECT_FALSE(it.look(kDeployment, kPodsFresh, PodReasons::Reading::Remembered).empty());
  EXPECT_EQ(it.asked("/pods?"), 1) << "at an edge of the window nothing is read that can wait";
  it.look(kDeployment, kPodsFresh);
  EXPECT_EQ(it.asked("/pods?"), 2);
  EXPECT_EQ(it.reasons.again(kEvent, kNow + kPodsFresh), kPodsFresh);
  it.reasons.look(kEvent, {}, kNow + kPodsFresh, PodReasons::Reading::Fresh);
  EXPECT_EQ(it.reasons.again(kEvent, kNow + kPodsFresh), std::nullopt);
}

TEST(PodReasons, OfAStatefulSetEventsSayWhyPodsAreNotCreated) {
  Pods it;
  EXPECT_EQ(it.look(kStatefulSet).at(kStatefulSet).not_created, "exceeded quota: pods");
  EXPECT_EQ(it.asked("involvedObject.name%3Dsearch%2Creason%3DFailedCreate"), 1);
  it.seen_last = "2027-01-15T06:59:00Z";
  EXPECT_EQ(it.look(kStatefulSet, kPodsFresh).at(kStatefulSet).not_created, "")
      << "what was said an hour ago says nothing of now";
}

TEST(PodReasons, OfADaemonSetWhichDoesNotScaleItsOwnSelectorSaysWhichPods) {
  Pods it;
  const auto seen = it.look(kDaemonSet).at(kDaemonSet);
  ASSERT_EQ(seen.reasons.size(), 1U);
  EXPECT_EQ(seen.reasons[0].code, "ImageNotPulled");
  EXPECT_EQ(it.asked("/namespaces/shop/pods?limit=500&labelSelector=a%3Dpull"), 1);
  EXPECT_EQ(seen.not_created, "exceeded quota: pods");
  EXPECT_EQ(it.asked("/scale"), 0);
}

TEST(PodReasons, WhatCannotBeReadIsLeftOutAndNotAskedForAllTheTime) {
  Pods it;
  it.pods_status = 403;
  EXPECT_TRUE(it.look(kDeployment).empty());
  EXPECT_TRUE(it.look(kDeployment, Duration(1)).empty());
  EXPECT_EQ(it.asked("/pods?"), 1);
}

}  // namespace
}  // namespace doorbuster::reconciler
