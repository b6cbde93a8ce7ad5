// SaleActions against a small cluster: answered once, owned by their event, refused without one.
#include "controllers/reconciler/actions.h"

#include "tests/reconciler/reconciler_run.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace doorbuster::reconciler {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using Name = SmallCluster::Name;

const ServedKind kActions{.group = "doorbuster.dev",
                          .plural = "saleactions",
                          .kind = "SaleAction",
                          .versions = {"v1alpha1"},
                          .scale = false};
const ServedKind kPolicies{.group = "admissionregistration.k8s.io",
                           .plural = "validatingadmissionpolicies",
                           .kind = "ValidatingAdmissionPolicy",
                           .versions = {"v1"},
                           .scale = false};
const ServedKind kBindings{.group = "admissionregistration.k8s.io",
                           .plural = "validatingadmissionpolicybindings",
                           .kind = "ValidatingAdmissionPolicyBinding",
                           .versions = {"v1"},
                           .scale = false};
const Name kSale{"doorbuster.dev", "saleevents", "shop", "flash"};
const Name kAction{"doorbuster.dev", "saleactions", "shop", "act"};
constexpr const char* kStatusPut =
    "PUT /apis/doorbuster.dev/v1alpha1/namespaces/shop/saleactions/act/status";

class ActionsRun : public ReconcilerRun {
 protected:
  explicit ActionsRun(
      std::vector<ServedKind> kinds = {kServedSales, kActions, kPolicies, kBindings})
      : ReconcilerRun(std::move(kinds), "SaleActions are not served") {}

  /// A sale that is on, or will be.
  void put_sale(Duration begins) {
    const Instant now = std::chrono::floor<seconds>(cluster_.now());
    cluster_.put(kSale,
                 R"({"kind":"SaleEvent","metadata":{"generation":1,"creationTimestamp":")" +
                     to_rfc3339(now - hours(1)) + R"("},"spec":{"window":{"start":")" +
                     to_rfc3339(now + begins) + R"(","end":")" +
                     to_rfc3339(now + begins + hours(2)) + R"("}}})");
  }
  void put_action(const std::string& spec) {
    cluster_.put(kAction,
                 R"({"kind":"SaleAction","metadata":{"generation":1,"creationTimestamp":")" +
                     to_rfc3339(std::chrono::floor<seconds>(cluster_.now())) +
                     R"("},"spec":{"event":"flash",)" + spec + "}}");
  }
  void put_policy(const ServedKind& kind, Duration ago) {
    cluster_.put({kind.group, kind.plural, "", "saleactions.doorbuster.dev"},
                 R"({"metadata":{"creationTimestamp":")" +
                     to_rfc3339(std::chrono::floor<seconds>(cluster_.now()) - ago) + R"("}})");
  }
  /// Whether its run or the action was seen first is the watches' matter.
  int decisions(const std::string& text) {
    const std::string all = cluster_.value(kSale, "/status/decisions");
    int count = 0;
    for (auto at = all.find(text); at != std::string::npos; at = all.find(text, at + 1)) ++count;
    return count;
  }
};

TEST_F(ActionsRun, OneIsAnsweredOnceAndGoesWithItsEvent) {
  put_sale(-minutes(30));
  put_action(R"("action":"Extend","by":"1h")");
  start();
  ASSERT_TRUE(becomes(kAction, "/status/state", "Complete"));
  EXPECT_EQ(decisions(R"("kind":"Extend")"), 1);
  EXPECT_EQ(decisions(R"("actionUID":"uid-act")"), 1);
  EXPECT_TRUE(becomes(kAction, "/metadata/ownerReferences/0/uid", "uid-flash"));
  EXPECT_EQ(cluster_.value(kAction, "/status/conditions/0/reason"), "PolicyMissing");
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_EQ(cluster_.asked(kStatusPut), 1);
}

TEST_F(ActionsRun, WhoAsksIsVerifiedWherePolicyAndBindingCameFirst) {
  put_sale(-minutes(30));
  put_policy(kPolicies, hours(1));
  put_policy(kBindings, minutes(5));
  put_action(R"("action":"EndNow","requestedBy":"ada")");
  start();
  ASSERT_TRUE(becomes(kAction, "/status/state", "Complete"));
  EXPECT_EQ(cluster_.value(kAction, "/status/conditions/0/type"), "Verified");
  EXPECT_EQ(cluster_.value(kAction, "/status/conditions/0/status"), "True");
  EXPECT_EQ(decisions(R"("by":"ada")"), 1);
}

TEST_F(ActionsRun, APolicyWithoutItsBindingVerifiesNobody) {
  put_sale(-minutes(30));
  put_policy(kPolicies, hours(1));
  put_action(R"("action":"EndNow","requestedBy":"ada")");
  start();
  ASSERT_TRUE(becomes(kAction, "/status/state", "Complete"));
  EXPECT_EQ(cluster_.value(kAction, "/status/conditions/0/reason"), "PolicyMissing");
}

TEST_F(ActionsRun, WithoutItsEventItWaitsAWhileAndIsRefused) {
  put_action(R"("action":"Abort")");
  start();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_EQ(cluster_.value(kAction, "/status"), "absent");
  cluster_.move_clock(seconds(11));
  ASSERT_TRUE(becomes(kAction, "/status/state", "Refused"));
  EXPECT_EQ(cluster_.value(kAction, "/metadata/ownerReferences"), "absent");
}

TEST_F(ActionsRun, AnEventThatComesLaterIsStillMeant) {
  put_action(R"("action":"Abort")");
  start();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  put_sale(hours(5));
  ASSERT_TRUE(becomes(kAction, "/status/state", "Complete"));
  EXPECT_EQ(decisions(R"("kind":"Abort")"), 1);
}

TEST_F(ActionsRun, AnAnswerThatWasLostIsGivenAgain) {
  put_sale(-minutes(30));
  put_action(R"("action":"Extend","by":"1h")");
  std::atomic<int> lost{0};
  cluster_.fault([&lost](const kube::Request& request) -> std::optional<kube::Response> {
    if (request.target.find("saleactions/act/status") == std::string::npos || lost++ > 0)
      return std::nullopt;
    return kube::Response{.status = 503, .body = "{}"};
  });
  start();
  ASSERT_TRUE(becomes(kAction, "/status/state", "Complete"));
  EXPECT_GE(lost, 2);
  EXPECT_EQ(decisions(R"("kind":"Extend")"), 1);
  cluster_.fault({});
}

class WithoutActions : public ActionsRun {
 protected:
  WithoutActions() : ActionsRun({kServedSales}) {}
};

TEST_F(WithoutActions, EventsGoOnAndItIsToldOnce) {
  put_sale(hours(5));
  start();
  ASSERT_TRUE(becomes(kSale, "/status/phase", "Scheduled"));
  ASSERT_TRUE(within(
      [&] { return cluster_.asked("STREAM /apis/doorbuster.dev/v1alpha1/saleactions") > 2; }));
  EXPECT_EQ(told_, 1);
  EXPECT_TRUE(reconciler_->synced());
}

}  // namespace
}  // namespace doorbuster::reconciler
