// Why pods are not ready, in plain words, and what the ramp makes of it.
#include "controllers/planner/pending.h"

#include "controllers/planner/plan.h"
#include "tests/planner/shop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::planner {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;

struct TroubleCase {
  const char* sentence;
  const char* pod;
  const char* code;  ///< empty: none
  const char* message;
};

TEST(Pending, a_pod_says_what_it_waits_for) {
  const TroubleCase cases[] = {
      {"a ready pod waits for nothing",
       R"({"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}})",
       "",
       ""},
      {"one that goes does not count",
       R"({"metadata":{"deletionTimestamp":"2026-11-27T09:00:00Z"},"status":{"phase":"Pending"}})",
       "",
       ""},
      {"nor one that is done", R"({"status":{"phase":"Succeeded"}})", "", ""},
      {"no room",
       R"({"status":{"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","reason":"Unschedulable","message":"0/3 nodes are available: 3 Insufficient cpu."}]}})",
       "Unschedulable",
       "0/3 nodes are available: 3 Insufficient cpu."},
      {"held back",
       R"({"status":{"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","reason":"SchedulingGated"}]}})",
       "SchedulingGated",
       ""},
      {"not looked at by a scheduler yet", R"({"status":{"phase":"Pending"}})", "NotScheduled", ""},
      {"an image that cannot be pulled",
       R"({"spec":{"nodeName":"a"},"status":{"phase":"Pending","containerStatuses":[{"image":"shop/x:v2","state":{"waiting":{"reason":"ImagePullBackOff","message":"Back-off pulling image"}}}]}})",
       "ImageNotPulled",
       "shop/x:v2: ImagePullBackOff"},
      {"of an init container too",
       R"({"spec":{"nodeName":"a"},"status":{"phase":"Pending","initContainerStatuses":[{"image":"shop/migrate:v2","state":{"waiting":{"reason":"ErrImagePull"}}}],"containerStatuses":[{"state":{"waiting":{"reason":"PodInitializing"}}}]}})",
       "ImageNotPulled",
       "shop/migrate:v2: ErrImagePull"},
      {"a ConfigMap that is not there",
       R"({"spec":{"nodeName":"a"},"status":{"phase":"Pending","containerStatuses":[{"state":{"waiting":{"reason":"CreateContainerConfigError","message":"configmap \"edge\" not found"}}}]}})",
       "ConfigMissing",
       "configmap \"edge\" not found"},
      {"a crash",
       R"({"spec":{"nodeName":"a"},"status":{"phase":"Running","containerStatuses":[{"state":{"waiting":{"reason":"CrashLoopBackOff"}},"lastState":{"terminated":{"exitCode":3,"reason":"Error"}}}]}})",
       "Crashing",
       "CrashLoopBackOff: exit code 3"},
      {"out of memory",
       R"({"spec":{"nodeName":"a"},"status":{"phase":"Running","containerStatuses":[{"state":{"waiting":{"reason":"CrashLoopBackOff"}},"lastState":{"terminated":{"exitCode":137,"reason":"OOMKilled"}}}]}})",
       "Crashing",
       "CrashLoopBackOff: out of memory"},
      {"evicted", R"({"status":{"phase":"Failed","reason":"Evicted"}})", "PodFailed", "Evicted"},
      {"running past its startup probe",
       R"({"spec":{"nodeName":"a"},"status":{"phase":"Running","containerStatuses":[{"started":true,"ready":false,"state":{"running":{}}}]}})",
       "ReadinessProbe",
       ""},
      {"running, its startup probe not passed yet",
       R"({"spec":{"nodeName":"a"},"status":{"phase":"Running","containerStatuses":[{"started":false,"ready":false,"state":{"running":{}}}]}})",
       "Starting",
       ""},
      {"being made",
       R"({"spec":{"nodeName":"a"},"status":{"phase":"Pending","containerStatuses":[{"state":{"waiting":{"reason":"ContainerCreating"}}}]}})",
       "Starting",
       ""},
      {"nonsense", R"({"status":{"conditions":7,"containerStatuses":"x"}})", "NotScheduled", ""},
  };
  for (const TroubleCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    const auto pod = JsonView::parse(one.pod);
    ASSERT_TRUE(pod.ok());
    const auto trouble = trouble_of(*pod);
    EXPECT_EQ(trouble ? trouble->code : "", one.code);
    EXPECT_EQ(trouble ? trouble->message : "", one.message);
  }
}

TEST(Pending, is_counted_and_what_more_pods_would_meet_too_comes_first) {
  PodTally tally;
  const auto add = [&tally](const std::string& text, int times) {
    for (int i = 0; i < times; ++i) tally.add(*JsonView::parse(text));
  };
  add(R"({"spec":{"nodeName":"a"},"status":{"phase":"Pending"}})", 3);
  add(R"({"spec":{"nodeName":"a"},"status":{"containerStatuses":[{"image":"x","state":{"waiting":{"reason":"InvalidImageName"}}}]}})",
      2);
  add(R"({"status":{"phase":"Succeeded"}})", 1);
  EXPECT_EQ(in_words(tally.reasons()),
            "2 cannot pull their image (x: InvalidImageName), 3 are starting");
}

std::shared_ptr<const Document> deployment(const std::string& message) {
  JsonObject condition;
  condition.add("type", std::string_view("ReplicaFailure"))
      .add("status", std::string_view("True"))
      .add("message", std::string_view(message));
  const Json status = JsonObject().add("conditions", json_array({condition.build()})).build();
  return *Document::parse(JsonObject().add("status", status).build().text);
}

TEST(Pending, pods_that_are_not_created_say_why) {
  const std::string forbidden = "pods \"checkout-6c-x\" is forbidden: ";
  const auto quota = deployment(forbidden + "exceeded quota: shop, requested: pods=1");
  EXPECT_EQ(in_words(pending_of(*quota, 9, 5, nullptr)),
            "4 are refused by a quota (exceeded quota: shop, requested: pods=1)");
  EXPECT_TRUE(pending_of(*quota, 5, 5, nullptr).empty()) << "all exist: the condition is stale";
  EXPECT_EQ(in_words(pending_of(*deployment(forbidden + "no such priority class"), 9, 5, nullptr)),
            "4 are not created (no such priority class)");
  const auto silent = *Document::parse("{}");
  EXPECT_TRUE(pending_of(*silent, 9, 5, nullptr).empty()) << "why is not known";
  const PodsSeen told{.reasons = {{"Starting", 5, ""}}, .not_created = "exceeded quota: pods"};
  EXPECT_EQ(in_words(pending_of(*silent, 9, 5, &told)),
            "4 are refused by a quota (exceeded quota: pods), 5 are starting");
}

TEST(Pending, a_long_message_is_cut) {
  const auto long_one = deployment(std::string(2'000, 'x'));
  EXPECT_LE(pending_of(*long_one, 2, 1, nullptr).front().message.size(), kPendingMessage);
}

/// Half an hour before the start the floor has been raised by a step, and its pods do not come.
Shop waiting_shop() {
  Shop shop;
  shop.add_workload("checkout", 4);
  shop.add_autoscaler("checkout", json_of(std::int64_t{4}), 20);
  shop.sale.spec->capacity.targets = {target_of("checkout", 12)};
  shop.sale.spec->capacity.targets[0].ramp.up.over = {"20m", minutes(20)};
  shop.sale.spec->capacity.targets[0].ramp.up.steps = 4;
  shop.unready = {"checkout"};
  shop.clock = shop.window.prepare;
  shop.settle();
  return shop;
}

TEST(Pending, what_the_pods_wait_for_is_asked_only_where_they_are_late) {
  Shop shop = waiting_shop();
  const auto needs = needs_of(shop.sale, shop.setup).pods;
  ASSERT_EQ(needs.size(), 1U);
  EXPECT_EQ(needs.begin()->first, kCheckout);
  EXPECT_EQ(needs.begin()->second, shop.window.prepare + kPodsPatience);
  shop.unready.clear();
  shop.run_until(kStart + seconds(1));
  EXPECT_EQ(shop.target("checkout")->state, "Held");
  EXPECT_TRUE(needs_of(shop.sale, shop.setup).pods.empty());
}

TEST(Pending, is_told_in_the_row_and_warned_of_only_where_somebody_must_act) {
  Shop shop = waiting_shop();
  shop.pods[kCheckout] = {.reasons = {{"Unschedulable", 2, "0/3 nodes"}}, .not_created = ""};
  shop.clock += seconds(20);
  shop.settle();
  ASSERT_EQ(shop.target("checkout")->pending.size(), 1U);
  EXPECT_EQ(shop.target("checkout")->pending[0].reason, "Unschedulable");
  EXPECT_THAT(shop.target("checkout")->message,
              HasSubstr("2 find no room on any node (0/3 nodes)"));
  EXPECT_FALSE(shop.told.contains("Unschedulable")) << "nodes may be on their way";
  shop.pods[kCheckout] = {.reasons = {{"ImageNotPulled", 2, "x:v2"}}, .not_created = ""};
  shop.settle();
  EXPECT_THAT(shop.sale.status.message,
              AllOf(HasSubstr("checkout: pods cannot pull their image"), HasSubstr("x:v2")));
  EXPECT_TRUE(shop.told.contains("ImageNotPulled"));
  shop.pods.clear();
  shop.unready.clear();
  shop.run_until(kStart + seconds(1));
  EXPECT_TRUE(shop.target("checkout")->pending.empty());
  EXPECT_EQ(shop.sale.status.message, "");
}

TEST(Pending, the_ramp_backs_off_where_more_pods_would_fail_too_and_never_beyond_the_last_call) {
  for (const char* code : {"ImageNotPulled", "Unschedulable"}) {
    SCOPED_TRACE(code);
    Shop shop = waiting_shop();
    shop.pods[kCheckout] = {.reasons = {{code, 2, ""}}, .not_created = ""};
    shop.run_until(shop.window.prepare + minutes(7));
    const bool stuck = std::string(code) == "ImageNotPulled";
    EXPECT_EQ(shop.number(kCheckoutHpa, "/spec/minReplicas"), stuck ? 6 : 8);
    shop.run_until(kStart);
    EXPECT_EQ(shop.number(kCheckoutHpa, "/spec/minReplicas"), 12);
  }
}

TEST(Pending, one_bad_pod_in_twenty_does_not_hold_the_ramp_up) {
  Shop shop;
  shop.add_workload("checkout", 4);
  shop.add_autoscaler("checkout", json_of(std::int64_t{4}), 50);
  shop.sale.spec->capacity.targets = {target_of("checkout", 40)};
  shop.unready = {"checkout"};
  shop.pods[kCheckout] = {.reasons = {{"ImageNotPulled", 1, ""}}, .not_created = ""};
  shop.sale.spec->capacity.targets[0].ramp.up.over = {"20m", minutes(20)};
  shop.clock = shop.window.prepare;
  shop.settle();
  ASSERT_EQ(shop.number(kCheckoutHpa, "/spec/minReplicas"), 13);
  shop.run_until(shop.window.prepare + minutes(6));
  EXPECT_EQ(shop.number(kCheckoutHpa, "/spec/minReplicas"), 13) << "one of 13 is more than 5 %";
  shop.pods[kCheckout].reasons[0].code = "Starting";
  shop.run_until(shop.window.prepare + minutes(7));
  EXPECT_EQ(shop.number(kCheckoutHpa, "/spec/minReplicas"), 22) << "it goes on after stepTimeout";
}

}  // namespace
}  // namespace doorbuster::planner
