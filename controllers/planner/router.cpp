#include "controllers/planner/router.h"

#include "controllers/planner/rollout_ingress.h"
#include "controllers/planner/rollout_switch.h"
#include "controllers/planner/rollout_virtual_service.h"

#include <algorithm>
#include <array>
#include <utility>

namespace doorbuster::planner {
namespace {

/// One that says who gets what by weights.
template <const WeightedForm& kForm>
constexpr Router by_weights(Router out) {
  out.whole = false;
  out.shares = [](const JsonView& field, const Sides& sides) {
    return shares_of(kForm, field, sides);
  };
  out.share_out = [](const JsonView& field, const Sides& sides, const Split& split) {
    return with_split(kForm, field, sides, split);
  };
  out.take_out = [](const JsonView& field, const JsonView&, const Sides& sides) {
    return without_candidate(kForm, field, sides);
  };
  return out;
}

template <const WeightedForm& kForm>
constexpr Router gateway_route(const char* kind, const char* member) {
  Router out{};
  out.group = "gateway.networking.k8s.io";
  out.kind = kind;
  out.member = member;
  out.field = "/spec/rules";
  out.what = "rules";
  out.why_not_in_force = why_not_accepted;
  return by_weights<kForm>(out);
}

std::string needs_nothing(const Document&) { return ""; }

constexpr Router traefik_service() {
  Router out{};
  out.group = "traefik.io";
  out.kind = "TraefikService";
  out.member = "traefikService";
  out.field = "/spec/weighted/services";
  out.what = "weighted services";
  out.why_not_in_force = needs_nothing;
  return by_weights<kTraefikForm>(out);
}

constexpr Router virtual_service() {
  Router out{};
  out.group = "networking.istio.io";
  out.kind = "VirtualService";
  out.member = "virtualService";
  out.field = "/spec/http";
  out.what = "http routes";
  out.why_not_in_force = needs_nothing;
  out.why_not_shared = why_not_shared;
  return by_weights<kVirtualServiceForm>(out);
}

constexpr Router ingress() {
  return {.group = kIngressGroup,
          .kind = "Ingress",
          .member = "ingress",
          .field = kCanaryWeight,
          .what = "canary weight",
          .whole = false,
          .by_copy = true,
          .shares = shares_of_weight,
          .share_out = shared_by_weight,
          .take_out = without_weight,
          .why_not_in_force = needs_nothing,
          .sends = ingress_sends_to};
}

constexpr Router service() {
  return {.group = "",
          .kind = "Service",
          .member = "service",
          .field = kSelector,
          .what = "selector",
          .whole = true,
          .shares = shares_of_selector,
          .share_out = switched,
          .take_out = switched_back,
          .why_not_in_force = needs_nothing};
}

constexpr Router kHttpRoute = gateway_route<kGatewayForm>("HTTPRoute", "httpRoute"),
                 kGrpcRoute = gateway_route<kGrpcForm>("GRPCRoute", "grpcRoute"),
                 kTraefikService = traefik_service(), kVirtualService = virtual_service(),
                 kIngress = ingress(), kService = service();
constexpr std::array kRouters = {
    kHttpRoute, kGrpcRoute, kTraefikService, kVirtualService, kIngress, kService};

RouterAsked asked(const Router& router, const std::string& name, const std::string& backend) {
  return {.router = &router, .object = {router.group, router.kind, "", name}, .backend = backend};
}

}  // namespace

std::span<const Router> routers() { return kRouters; }

const Router* router_of(const ObjectRef& object) {
  const auto found = std::find_if(kRouters.begin(), kRouters.end(), [&](const Router& one) {
    return object.group == one.group && object.kind == one.kind;
  });
  return found == kRouters.end() ? nullptr : &*found;
}

bool shares_out(const FieldRef& field) {
  const Router* router = router_of(field.object);
  return router != nullptr && field.pointer == router->field && field.inside.empty();
}

RouterAsked router_asked(const api::RolloutTraffic& traffic, const std::string& ns) {
  RouterAsked out;
  for (const auto& [router, route] : {std::pair{&kHttpRoute, &traffic.http_route},
                                      std::pair{&kGrpcRoute, &traffic.grpc_route},
                                      std::pair{&kTraefikService, &traffic.traefik_service},
                                      std::pair{&kVirtualService, &traffic.virtual_service},
                                      std::pair{&kIngress, &traffic.ingress}}) {
    if (*route) out = asked(*router, (*route)->name, (*route)->backend);
  }
  if (traffic.service) out = asked(kService, traffic.service->name, traffic.service->name);
  if (out.router != nullptr) out.object.ns = ns;
  if (traffic.ready_pods)
    out = {.object = kByPods, .backend = traffic.ready_pods->service.value_or("")};
  return out;
}

std::string router_text(const ObjectRef& router) { return router.kind + "/" + router.name; }

std::optional<ObjectRef> router_told(const std::string& text, const std::string& ns) {
  if (text == router_text(kByPods)) return kByPods;
  for (const Router& one : kRouters) {
    const std::string prefix = std::string(one.kind) + "/";
    if (text.starts_with(prefix))
      return ObjectRef{one.group, one.kind, ns, text.substr(prefix.size())};
  }
  return std::nullopt;
}

}  // namespace doorbuster::planner
