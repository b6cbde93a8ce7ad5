// A rollout's candidate whose event went without us.
#include "controllers/planner/ledger.h"
#include "controllers/planner/rollout_ingress.h"
#include "tests/reconciler/reconciler_run.h"

namespace doorbuster::reconciler {
namespace {

using std::chrono::seconds;

const ServedKind kServedDeployments{
    .group = "apps", .plural = "deployments", .kind = "Deployment", .scale = false};
const ServedKind kServedRoutes{.group = "gateway.networking.k8s.io",
                               .plural = "httproutes",
                               .kind = "HTTPRoute",
                               .scale = false};
const ServedKind kServedIngresses{
    .group = "networking.k8s.io", .plural = "ingresses", .kind = "Ingress", .scale = false};
const planner::Holder kParent{"shop/flash", "uid-gone", "here", "rollouts", "web"};
const std::string kCandidate = planner::child_name(kParent);
const std::string kRules = R"([{"backendRefs":[{"name":"web"}]}])";

std::string rules_with(int weight) {
  return R"([{"backendRefs":[{"name":"web","weight":80},{"name":")" + kCandidate +
         R"(","weight":)" + std::to_string(weight) + "}]}]";
}

/// `held`: by the event that is gone, with the rules before as its baseline.
std::string route(const std::string& rules, bool held) {
  planner::Ledger ledger{.state = planner::Ledger::State::Good,
                         .uid = "uid-web",
                         .serial = 1,
                         .fields = {},
                         .why = ""};
  planner::HeldField& field = ledger.fields[{"/spec/rules", ""}];
  field.baseline = Json{kRules};
  field.requested = Json{rules};
  field.holders[kParent] = {.op = planner::Ask::Op::Set, .operand = Json{rules}};
  const Json annotations =
      JsonObject()
          .add(planner::kHoldsAnnotation, std::string_view(planner::write_ledger(ledger)))
          .build();
  const std::string marks =
      R"({"labels":{"doorbuster.dev/held":"here"},"annotations":)" + annotations.text + "}";
  return R"({"kind":"HTTPRoute","metadata":)" + (held ? marks : "{}") + R"(,"spec":{"rules":)" +
         rules + "}}";
}

/// What makes it the candidate's route, with a weight that the event that is gone holds.
std::string canary_ingress() {
  const Json weight{R"("40")"};
  planner::Ledger ledger{.state = planner::Ledger::State::Good,
                         .uid = "uid-" + kCandidate,
                         .serial = 1,
                         .fields = {},
                         .why = ""};
  planner::HeldField& field = ledger.fields[{planner::kCanaryWeight, ""}];
  field.baseline = Json{R"("0")"};
  field.requested = weight;
  field.holders[kParent] = {.op = planner::Ask::Op::Set, .operand = weight};
  const Json record = json_of_string(planner::write_ledger(ledger));
  return R"({"kind":"Ingress","metadata":{"labels":{"doorbuster.dev/held":"here",)"
         R"("doorbuster.dev/child":"here","doorbuster.dev/event-uid":"uid-gone"},"annotations":{)"
         R"("doorbuster.dev/event":"shop/flash","doorbuster.dev/purpose":"rollouts/web",)"
         R"("nginx.ingress.kubernetes.io/canary":"true",)"
         R"("nginx.ingress.kubernetes.io/canary-weight":"40","doorbuster.dev/holds":)" +
         record.text + R"(}},"spec":{"rules":[{"http":{"paths":[{"backend":{"service":{"name":")" +
         kCandidate + R"("}}}]}}]}})";
}

std::string child(const char* kind) {
  return R"({"kind":")" + std::string(kind) +
         R"(","metadata":{"labels":{"doorbuster.dev/child":"here","doorbuster.dev/event-uid":)"
         R"("uid-gone"},"annotations":{"doorbuster.dev/event":"shop/flash",)"
         R"("doorbuster.dev/purpose":"rollouts/web"}},"spec":{}})";
}

class OrphanedCandidate : public ReconcilerRun {
 protected:
  OrphanedCandidate()
      : ReconcilerRun(
            {kServedSales, kServedAutoscalers, kServedDeployments, kServedRoutes, kServedIngresses},
            "-") {
    cluster_.put(deployment_, child("Deployment"));
    cluster_.put(service_, child("Service"));
    cluster_.put(autoscaler_, child("HorizontalPodAutoscaler"));
  }
  bool stands() const {
    return cluster_.value(deployment_, "/kind") != "gone" &&
           cluster_.value(service_, "/kind") != "gone" &&
           cluster_.value(autoscaler_, "/kind") != "gone";
  }
  bool is_gone() const {
    return cluster_.value(deployment_, "/kind") == "gone" &&
           cluster_.value(service_, "/kind") == "gone" &&
           cluster_.value(autoscaler_, "/kind") == "gone";
  }
  /// Until each of the three was looked at after its event was found to be gone.
  testing::AssertionResult looked_at(int times) {
    return within([&] {
      return cluster_.asked("GET /apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes?") >=
             3 * times;
    });
  }

  const Name deployment_{"apps", "deployments", "shop", kCandidate};
  const Name service_{"", "services", "shop", kCandidate};
  const Name autoscaler_{"autoscaling", "horizontalpodautoscalers", "shop", kCandidate};
  const Name route_{"gateway.networking.k8s.io", "httproutes", "shop", "web"};
};

TEST_F(OrphanedCandidate, GoesAfterItsShareOfTheRouteWasGivenBack) {
  cluster_.put(route_, route(rules_with(20), true));
  start();
  ASSERT_TRUE(becomes(route_, "/spec/rules", kRules));
  std::this_thread::sleep_for(seconds(2));
  EXPECT_TRUE(stands()) << "what is under way on it comes to its end";
  cluster_.move_clock(kOrphanDrain);
  EXPECT_TRUE(within([&] { return is_gone(); }));
}

TEST_F(OrphanedCandidate, GoesAfterTheCanaryIngressThatLedToIt) {
  const Name ingress{"networking.k8s.io", "ingresses", "shop", kCandidate};
  cluster_.put(ingress, canary_ingress());
  start();
  EXPECT_TRUE(within([&] { return cluster_.value(ingress, "/kind") == "gone"; }));
  std::this_thread::sleep_for(seconds(1));
  EXPECT_TRUE(stands()) << "what is under way on it comes to its end";
  cluster_.move_clock(kOrphanDrain);
  EXPECT_TRUE(within([&] { return is_gone(); }));
}

TEST_F(OrphanedCandidate, StaysAsLongAsARouteSendsItTraffic) {
  cluster_.put(route_, route(rules_with(20), false));
  start();
  ASSERT_TRUE(within([&] { return cluster_.asked("GET /api/v1/services?") > 0; }));
  std::this_thread::sleep_for(seconds(1));
  cluster_.move_clock(kOrphanDrain);
  ASSERT_TRUE(looked_at(1));
  EXPECT_TRUE(stands());
  cluster_.put(route_, route(rules_with(0), false));
  cluster_.move_clock(kOrphanDrain);
  EXPECT_TRUE(within([&] { return is_gone(); }));
}

TEST_F(OrphanedCandidate, StaysWhereItsEventOrItsRoutesCannotBeRead) {
  cluster_.fault([](const kube::Request& request) -> std::optional<kube::Response> {
    if (!request.target.ends_with("/saleevents/flash")) return std::nullopt;
    return kube::FakeApi::status(403, "Forbidden");
  });
  start();
  const std::string event = "GET /apis/doorbuster.dev/v1alpha1/namespaces/shop/saleevents/flash";
  ASSERT_TRUE(within([&] { return cluster_.asked("GET /api/v1/services?") > 0; }));
  std::this_thread::sleep_for(seconds(1));
  cluster_.move_clock(kOrphanDrain);
  ASSERT_TRUE(within([&] { return cluster_.asked(event) >= 3; }));
  EXPECT_TRUE(stands());
  cluster_.fault([](const kube::Request& request) -> std::optional<kube::Response> {
    if (request.target.find("shop/httproutes?") == std::string::npos) return std::nullopt;
    return kube::FakeApi::status(500, "InternalError");
  });
  cluster_.move_clock(kOrphanDrain);
  ASSERT_TRUE(looked_at(1));
  EXPECT_TRUE(stands());
  cluster_.fault({});
  cluster_.move_clock(kOrphanDrain);
  EXPECT_TRUE(within([&] { return is_gone(); }));
}

}  // namespace
}  // namespace doorbuster::reconciler
