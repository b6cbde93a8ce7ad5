#include "controllers/planner/router.h"

#include "controllers/planner/rollout_switch.h"

#include <algorithm>
#include <array>

namespace doorbuster::planner {
namespace {

constexpr Router gateway_route(const char* kind, const char* member) {
  return {.group = "gateway.networking.k8s.io",
          .kind = kind,
          .member = member,
          .field = "/spec/rules",
          .what = "rules",
          .whole = false,
          .shares = shares_of,
          .share_out = with_share,
          .take_out = without_candidate,
          .why_not_in_force = why_not_accepted};
}

std::string needs_nothing(const Document&) { return ""; }

constexpr std::array kRouters = {
    gateway_route("HTTPRoute", "httpRoute"),
    gateway_route("GRPCRoute", "grpcRoute"),
    Router{.group = "",
           .kind = "Service",
           .member = "service",
           .field = kSelector,
           .what = "selector",
           .whole = true,
           .shares = shares_of_selector,
           .share_out = switched,
           .take_out = switched_back,
           .why_not_in_force = needs_nothing},
};

RouterAsked asked(const Router& router, const api::RouteTraffic& traffic, const std::string& ns) {
  return {.router = &router,
          .object = {router.group, router.kind, ns, traffic.name},
          .backend = traffic.backend};
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
  if (traffic.http_route) return asked(kRouters[0], *traffic.http_route, ns);
  if (traffic.grpc_route) return asked(kRouters[1], *traffic.grpc_route, ns);
  if (traffic.service) {
    const std::string& name = traffic.service->name;
    return {.router = &kRouters[2], .object = {"", "Service", ns, name}, .backend = name};
  }
  return {};
}

std::string router_text(const ObjectRef& router) { return router.kind + "/" + router.name; }

std::optional<ObjectRef> router_told(const std::string& text, const std::string& ns) {
  for (const Router& one : kRouters) {
    const std::string prefix = std::string(one.kind) + "/";
    if (text.starts_with(prefix))
      return ObjectRef{one.group, one.kind, ns, text.substr(prefix.size())};
  }
  return std::nullopt;
}

}  // namespace doorbuster::planner
