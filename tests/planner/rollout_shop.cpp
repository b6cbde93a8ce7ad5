#include "tests/planner/rollout_shop.h"

#include "controllers/planner/rollout_candidate.h"
#include "controllers/planner/router.h"
#include "operator/base/json_read.h"

#include <gtest/gtest.h>

namespace doorbuster::planner {
namespace {

using std::chrono::minutes;

constexpr const char* kAccepted =
    R"([{"parentRef":{"name":"gw"},"conditions":[{"type":"Accepted","status":"True","observedGeneration":GEN},)"
    R"({"type":"ResolvedRefs","status":"True","observedGeneration":GEN}]}])";

/// The gateway takes routes up; Deployments run what they have.
void run_gateway(Shop& shop) {
  for (const auto& [ref, text] : std::map(shop.objects)) {
    if (ref.kind == "HTTPRoute" || ref.kind == "GRPCRoute") {
      std::string status = kAccepted;
      const std::string generation =
          std::to_string(std::max<std::int64_t>(0, shop.number(ref, "/metadata/generation")));
      for (std::size_t at = status.find("GEN"); at != std::string::npos; at = status.find("GEN"))
        status.replace(at, 3, generation);
      shop.say(ref, "/status/parents", Json{status});
    }
    if (ref.kind != "Deployment") continue;
    const std::int64_t count = shop.number(ref, "/status/replicas");
    shop.say(ref, "/status/updatedReplicas", json_of(count));
    shop.say(ref, "/status/availableReplicas", json_of(shop.number(ref, "/status/readyReplicas")));
    shop.say(ref,
             "/status/observedGeneration",
             json_of(std::max<std::int64_t>(0, shop.number(ref, "/metadata/generation"))));
  }
}

/// A strategic merge as far as these tests go: containers by name, labels by RFC 7396; a template
/// that is replaced differs by no more.
Json render_image(const Shop& shop, const Question& question) {
  Json out = shop.objects.at(question.about);
  if (question.about.kind != "Deployment") return *merge_patched(out, question.patch);
  const auto patch = JsonView::parse(question.patch.text);
  for (const JsonView& one : elements_at(*patch, "/spec/template/spec/containers")) {
    const std::string at =
        "/spec/template/spec/containers/[name=" + text_of(one, "name") + "]/image";
    out = *with_value(out, at, json_of_string(text_of(one, "image")));
  }
  if (const auto labels = patch->find("/spec/template/metadata")) {
    const Json more{R"({"spec":{"template":{"metadata":)" + std::string(labels->text()) + "}}}"};
    out = *merge_patched(out, more);
  }
  return out;
}

}  // namespace

api::RolloutSpec rollout_of(const std::string& image) {
  api::RolloutSpec out;
  out.name = "checkout-v2";
  out.target.name = "checkout";
  out.patch = Json{R"({"spec":{"containers":[{"name":"app","image":")" + image + R"("}]}})"};
  const api::DurationText minute{"1m", minutes(1)};
  out.strategy.canary =
      api::CanarySpec{{{.weight = 10, .pause = minute}, {.weight = 50, .pause = minute}}};
  out.traffic.http_route = api::RouteTraffic{.name = "shop", .backend = "checkout"};
  return out;
}

Shop rollout_shop() {
  Shop shop;
  shop.add(
      kCheckout,
      R"({"spec":{"replicas":10,"selector":{"matchLabels":{"app":"checkout"}},"template":{"metadata":{"labels":{"app":"checkout"}},)"
      R"("spec":{"containers":[{"name":"app","image":"shop:v1"}]}}},"status":{"replicas":10,"readyReplicas":10}})");
  shop.add(kBackend,
           R"({"spec":{"selector":{"app":"checkout"},"ports":[{"port":80,"targetPort":8080}]}})");
  shop.add(
      kRoute,
      R"({"spec":{"rules":[{"backendRefs":[{"name":"checkout","port":80,"weight":1}]}]},"status":{}})");
  shop.others = run_gateway;
  shop.render = render_image;
  shop.add_autoscaler("checkout", json_of(std::int64_t{4}), 30);
  shop.set_load("checkout", 10);
  shop.sale.spec->rollouts = {rollout_of("shop:v2")};
  return shop;
}

void measure(Shop& shop, double value) {
  shop.checks["errors"].push_back({.at = shop.clock,
                                   .says = Measurement::Says::Value,
                                   .value = value,
                                   .text = value > 0 ? "0.5" : "0"});
}

Shop shop_with_check() {
  Shop shop = rollout_shop();
  api::CheckSpec check;
  check.name = "errors";
  check.prometheus = api::PrometheusCheck{.query = "x"};
  check.bad = api::CheckBound{.above = api::parse_quantity("0.01")};
  shop.sale.spec->checks = {check};
  shop.sale.spec->rollouts[0].analysis.usual = api::AnalysisSpec{.checks = {"errors"}};
  return shop;
}

ObjectRef candidate_of(const Shop& shop) {
  return candidate_refs(shop.sale, shop.setup, "checkout-v2").deployment;
}
ObjectRef candidate_service_of(const Shop& shop) {
  return candidate_refs(shop.sale, shop.setup, "checkout-v2").service;
}

ObjectRef copy_of(const Shop& shop) {
  return candidate_refs(shop.sale, shop.setup, "checkout-v2").ingress;
}

const api::RolloutStatus& rollout_row(const Shop& shop) {
  static const api::RolloutStatus none;
  return shop.sale.status.rollouts.empty() ? none : shop.sale.status.rollouts.front();
}

std::string split_of(const Shop& shop) {
  const auto& rollouts = shop.sale.spec->rollouts;
  const RouterAsked asked =
      router_asked((rollouts.empty() ? rollout_of("") : rollouts.front()).traffic, "shop");
  const ObjectRef held = asked.router->by_copy ? copy_of(shop) : asked.object;
  const Value field = shop.at(held, asked.router->field);
  if (!field) return "100/0";
  const auto view = JsonView::parse(field->text);
  const int share =
      asked.router->shares(*view, {"shop", "checkout", candidate_service_of(shop).name}).candidate;
  return std::to_string(100 - share) + "/" + std::to_string(share);
}

std::string image_of(const Shop& shop, const ObjectRef& deployment) {
  const Value image = shop.at(deployment, "/spec/template/spec/containers/0/image");
  return image ? image->text : "";
}

bool stands(const Shop& shop) {
  const CandidateRefs refs = candidate_refs(shop.sale, shop.setup, "checkout-v2");
  return shop.objects.contains(refs.deployment) || shop.objects.contains(refs.service) ||
         shop.objects.contains(refs.autoscaler) || shop.objects.contains(refs.ingress);
}

std::vector<std::string> decided_in(const Shop& shop) {
  std::vector<std::string> out;
  for (const api::Decision& one : shop.sale.status.decisions) {
    if (one.subject == "checkout-v2")
      out.push_back(one.kind + (one.value.empty() ? "" : " " + one.value));
  }
  return out;
}

}  // namespace doorbuster::planner
