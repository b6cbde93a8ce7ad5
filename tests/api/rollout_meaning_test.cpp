// What is wrong with rollouts although every field is right, as a table.
#include "crds/reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>

namespace doorbuster::api {
namespace {

RolloutSpec rollout(const std::string& name) {
  RolloutSpec out;
  out.name = name;
  out.target.name = name;
  out.patch = Json{R"({"spec":{"containers":[{"name":"app","image":"shop:2"}]}})"};
  out.strategy.canary = CanarySpec{{{.weight = 10}, {.weight = 50}}};
  out.traffic.http_route = RouteTraffic{.name = name, .backend = name};
  return out;
}

SaleEventSpec two_rollouts() {
  SaleEventSpec out;
  CheckSpec check;
  check.name = "errors";
  check.prometheus = PrometheusCheck{.query = "up"};
  out.checks = {check};
  out.rollouts = {rollout("cart"), rollout("checkout")};
  return out;
}

struct Case {
  const char* sentence;
  std::function<void(RolloutSpec& first, RolloutSpec& second)> change;
  const char* path;  ///< empty: nothing is wrong
};

const Case kCases[] = {
    {"as they are", [](auto&, auto&) {}, ""},
    {"a patch of nothing", [](auto&, auto& b) { b.patch = Json{"{}"}; }, "spec.rollouts[1].patch"},
    {"a patch of a Deployment",
     [](auto&, auto& b) { b.patch = Json{R"({"replicas":3})"}; },
     "spec.rollouts[1].patch"},
    {"a patch that is a list",
     [](auto&, auto& b) { b.patch = Json{"[]"}; },
     "spec.rollouts[1].patch"},
    {"a patch too long to be remembered",
     [](auto&, auto& b) {
       b.patch = Json{R"({"metadata":{"annotations":{"a":")" + std::string(9000, 'x') + R"("}}})"};
     },
     "spec.rollouts[1].patch"},
    {"weights that do not grow",
     [](auto&, auto& b) { b.strategy.canary->steps[1].weight = 10; },
     "spec.rollouts[1].strategy.canary.steps[1].weight"},
    {"first steps without weight",
     [](auto&, auto& b) {
       b.strategy.canary->steps = {{.weight = 0, .mirror = 10}, {.weight = 0}, {.weight = 10}};
     },
     ""},
    {"a mirror beside a share",
     [](auto&, auto& b) { b.strategy.canary->steps[0].mirror = 10; },
     "spec.rollouts[1].strategy.canary.steps[0].mirror"},
    {"a mirror of what cannot",
     [](auto&, auto& b) {
       std::swap(b.traffic.http_route, b.traffic.grpc_route);
       b.strategy.canary->steps[0] = {.weight = 0, .mirror = 10};
     },
     "spec.rollouts[1].strategy.canary.steps[0].mirror"},
    {"requests told apart by what cannot",
     [](auto&, auto& b) {
       std::swap(b.traffic.http_route, b.traffic.traefik_service);
       b.strategy.canary->steps[0].match = {{.header = HeaderMatch{"x-beta", "1"}, .cookie = {}}};
     },
     "spec.rollouts[1].strategy.canary.steps[0].match"},
    {"requests told apart by a canary Ingress",
     [](auto&, auto& b) {
       std::swap(b.traffic.http_route, b.traffic.ingress);
       b.strategy.canary->steps[0].match = {{.header = HeaderMatch{"x-beta", "1"}, .cookie = {}}};
     },
     "spec.rollouts[1].strategy.canary.steps[0].match"},
    {"a mirror of a canary Ingress",
     [](auto&, auto& b) {
       std::swap(b.traffic.http_route, b.traffic.ingress);
       b.strategy.canary->steps[0] = {.weight = 0, .mirror = 10};
     },
     "spec.rollouts[1].strategy.canary.steps[0].mirror"},
    {"two Services of one Ingress",
     [](auto& a, auto& b) {
       a.traffic = {.ingress = RouteTraffic{.name = "shop", .backend = "a"}};
       b.traffic = {.ingress = RouteTraffic{.name = "shop", .backend = "b"}};
     },
     ""},
    {"one Service of one Ingress twice",
     [](auto& a, auto& b) {
       a.traffic = b.traffic = {.ingress = RouteTraffic{.name = "shop", .backend = "a"}};
     },
     "spec.rollouts[1].traffic"},
    {"calls by cookie",
     [](auto&, auto& b) {
       std::swap(b.traffic.http_route, b.traffic.grpc_route);
       b.strategy.canary->steps[0].match = {{.header = {}, .cookie = CookieMatch{"beta", "1"}}};
     },
     "spec.rollouts[1].strategy.canary.steps[0].match[0].cookie"},
    {"pods, and nothing that routes",
     [](auto& a, auto& b) { a.traffic = b.traffic = {.ready_pods = ReadyPodsTraffic{}}; },
     ""},
    {"more than half of the pods",
     [](auto&, auto& b) {
       b.traffic = {.ready_pods = ReadyPodsTraffic{.service = "b"}};
       b.strategy.canary->steps[1].weight = 51;
     },
     "spec.rollouts[1].strategy.canary.steps[1].weight"},
    {"half of the pods",
     [](auto&, auto& b) { b.traffic = {.ready_pods = ReadyPodsTraffic{.service = "b"}}; },
     ""},
    {"pods that would get nothing",
     [](auto&, auto& b) {
       b.traffic = {.ready_pods = ReadyPodsTraffic{.service = "b"}};
       b.strategy.canary->steps[0].weight = 0;
     },
     "spec.rollouts[1].strategy.canary.steps[0].weight"},
    {"the target's own template",
     [](auto&, auto& b) {
       b.patch = {};
       b.template_from = TemplateFrom{b.target.name};
     },
     "spec.rollouts[1].templateFrom.name"},
    {"an analysis that there is not",
     [](auto&, auto& b) { b.strategy.canary->steps[0].analysis = "default"; },
     "spec.rollouts[1].strategy.canary.steps[0].analysis"},
    {"an analysis by another name",
     [](auto&, auto& b) {
       b.analysis.usual = AnalysisSpec{.checks = {"errors"}};
       b.strategy.canary->steps[0].analysis = "strict";
     },
     "spec.rollouts[1].strategy.canary.steps[0].analysis"},
    {"an analysis of a preview that there is not",
     [](auto&, auto& b) {
       b.strategy = {.blue_green = BlueGreenSpec{.preview_analysis = "default"}};
     },
     "spec.rollouts[1].strategy.blueGreen.previewAnalysis"},
    {"an analysis after the switch by another name",
     [](auto&, auto& b) {
       b.analysis.usual = AnalysisSpec{.checks = {"errors"}};
       b.strategy = {.blue_green = BlueGreenSpec{.analysis = "strict"}};
     },
     "spec.rollouts[1].strategy.blueGreen.analysis"},
    {"all at once, analysed before and after",
     [](auto&, auto& b) {
       b.analysis.usual = AnalysisSpec{.checks = {"errors"}};
       b.strategy = {.blue_green =
                         BlueGreenSpec{.preview_analysis = "default", .analysis = "default"}};
     },
     ""},
    {"an analysis of a check of the event",
     [](auto&, auto& b) { b.analysis.usual = AnalysisSpec{.checks = {"errors"}}; },
     ""},
    {"an analysis of a check that there is not",
     [](auto&, auto& b) { b.analysis.usual = AnalysisSpec{.checks = {"latency"}}; },
     "spec.rollouts[1].analysis.default.checks"},
    {"two for one target",
     [](auto& a, auto& b) { b.target = a.target; },
     "spec.rollouts[1].target"},
    {"two of one Service of one route",
     [](auto& a, auto& b) { b.traffic = a.traffic; },
     "spec.rollouts[1].traffic"},
    {"two of one route",
     [](auto& a, auto& b) { b.traffic.http_route->name = a.traffic.http_route->name; },
     "spec.rollouts[1].traffic.httpRoute.name"},
    {"two routes of one name and two kinds",
     [](auto& a, auto& b) {
       b.traffic = {.grpc_route = RouteTraffic{.name = a.traffic.http_route->name, .backend = "b"}};
     },
     ""},
    {"a Service that is switched, and shared out by a route",
     [](auto& a, auto& b) {
       b.strategy = {.blue_green = BlueGreenSpec{}};
       b.traffic = {.service = ServiceTraffic{.name = a.traffic.http_route->backend}};
     },
     "spec.rollouts[1].traffic"},
    {"a Service that is switched",
     [](auto&, auto& b) {
       b.strategy = {.blue_green = BlueGreenSpec{}};
       b.traffic = {.service = ServiceTraffic{.name = "checkout"}};
     },
     ""},
    {"two of one GRPCRoute",
     [](auto& a, auto& b) {
       a.traffic = {.grpc_route = RouteTraffic{.name = "shop", .backend = "a"}};
       b.traffic = {.grpc_route = RouteTraffic{.name = "shop", .backend = "b"}};
     },
     "spec.rollouts[1].traffic.grpcRoute.name"},
    {"after another", [](auto&, auto& b) { b.depends_on = {"cart"}; }, ""},
    {"after one that there is not",
     [](auto&, auto& b) { b.depends_on = {"search"}; },
     "spec.rollouts[1].dependsOn"},
    {"each after the other",
     [](auto& a, auto& b) {
       a.depends_on = {"checkout"};
       b.depends_on = {"cart"};
     },
     "spec.rollouts[0].dependsOn"},
};

TEST(RolloutMeaning, SaysWhatIsWrongAndWhere) {
  for (const Case& one : kCases) {
    SCOPED_TRACE(one.sentence);
    SaleEventSpec spec = two_rollouts();
    one.change(spec.rollouts[0], spec.rollouts[1]);
    const std::vector<Finding> found = check_meaning(spec);
    const std::string path = one.path;
    if (path.empty()) {
      EXPECT_TRUE(found.empty());
      continue;
    }
    const bool told = std::any_of(found.begin(), found.end(), [&path](const Finding& finding) {
      return finding.path == path;
    });
    EXPECT_TRUE(told) << (found.empty() ? "nothing" : to_text(found.front()));
  }
}

}  // namespace
}  // namespace doorbuster::api
