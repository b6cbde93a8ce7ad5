#include "controllers/planner/serving_child.h"

#include "controllers/planner/rollout_candidate.h"

#include <utility>

namespace doorbuster::planner {
namespace {

/// A candidate's own Service selects it, and is none of the user's routers.
bool sends_to(const RouteSeen& route, const Sides& sides) {
  if (route.router->sends != nullptr) return route.router->sends(*route.object, sides);
  const ObjectRef ref{
      route.router->group, route.router->kind, sides.ns, route.object->string("/metadata/name")};
  if (is_serving_child(ref, *route.object)) return false;
  const auto field = route.object->root().find(route.router->field);
  return field && route.router->shares(*field, sides).sends_to_candidate();
}

/// Why it stays; empty: it may go.
std::string needed_by(const Sides& sides, const RoutesFact& fact) {
  if (const auto* unread = std::get_if<Unread>(&fact))
    return "whether a route sends it traffic is not known: " + unread->why;
  for (const RouteSeen& route : std::get<std::vector<RouteSeen>>(fact)) {
    if (sends_to(route, sides))
      return std::string(route.router->kind) + " " + sides.ns + "/" +
             route.object->string("/metadata/name") + " sends it traffic";
  }
  return "";
}

/// What a Deployment selects by; of a candidate without its mark.
Json selected_by(const Document& deployment) {
  const auto selector = deployment.root().find("/spec/selector");
  JsonObject labels, out;
  if (selector) {
    if (const auto matched = selector->member("matchLabels")) {
      for (const auto& [name, value] : matched->members())
        if (name != kRolloutLabel) labels.add(name, Json{std::string(value.text())});
    }
    if (const auto rest = selector->member("matchExpressions"))
      out.add("matchExpressions", Json{std::string(rest->text())});
  }
  return out.add("matchLabels", labels.build()).build();
}

bool is_marked(const Document& deployment) {
  const auto labels = deployment.root().find("/spec/selector/matchLabels");
  return labels && labels->member(kRolloutLabel).has_value();
}

/// Why its target cannot do without it; empty: it can, or there is none.
std::string missed_by(const Document& candidate, const DeploymentsFact& fact) {
  if (const auto* unread = std::get_if<Unread>(&fact))
    return "whether its target has its pods is not known: " + unread->why;
  const Json selected = selected_by(candidate);
  for (const auto& one : std::get<std::vector<std::shared_ptr<const Document>>>(fact)) {
    if (is_marked(*one) || !equal_values(selected_by(*one), selected)) continue;
    const std::int64_t asked = one->integer("/spec/replicas").value_or(1);
    const std::int64_t has = one->integer("/status/availableReplicas").value_or(0);
    if (has < asked)
      return "of its target " + one->string("/metadata/name") + " " + std::to_string(has) + " of " +
             std::to_string(asked) + " pods are ready";
  }
  return "";
}

}  // namespace

bool is_serving_child(const ObjectRef& ref, const Document& object) {
  const auto parent = parent_of(object);
  return parent && parent->feature == kRollouts && is_beside(ref, *parent) &&
         ref.name == child_name(*parent);
}

ChildCare unless_routed(ChildCare care,
                        const ObjectRef& child,
                        const Holder& parent,
                        const RoutesFact& routes) {
  if (!care.remove) return care;
  // With a canary Ingress all of the traffic goes to the target.
  if (const Router* router = router_of(child); router != nullptr && router->by_copy) return care;
  care.kept = needed_by({.ns = child.ns,
                         .stable = "",
                         .candidate = child.name,
                         .pods = {{kRolloutLabel, parent.name}}},
                        routes);
  if (!care.kept.empty()) care.remove.reset();
  return care;
}

ChildCare unless_beside(ChildCare care, const Document& child, const DeploymentsFact& deployments) {
  const bool serves = is_marked(child) && child.integer("/status/readyReplicas").value_or(0) > 0;
  if (!care.remove || !serves) return care;
  care.kept = missed_by(child, deployments);
  if (!care.kept.empty()) care.remove.reset();
  return care;
}

}  // namespace doorbuster::planner
