#include "controllers/planner/serving_child.h"

#include "controllers/planner/rollout_candidate.h"

#include <utility>

namespace doorbuster::planner {
namespace {

/// A candidate's own Service selects it, and is none of the user's routers.
bool sends_to(const RouteSeen& route, const Sides& sides) {
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
  care.kept = needed_by({.ns = child.ns,
                         .stable = "",
                         .candidate = child.name,
                         .pods = {{kRolloutLabel, parent.name}}},
                        routes);
  if (!care.kept.empty()) care.remove.reset();
  return care;
}

}  // namespace doorbuster::planner
