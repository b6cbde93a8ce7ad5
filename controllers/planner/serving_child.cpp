#include "controllers/planner/serving_child.h"

#include "controllers/planner/rollout_candidate.h"

#include <utility>

namespace doorbuster::planner {
namespace {

bool sends_to(const RouteSeen& route, const ObjectRef& child) {
  const auto field = route.object->root().find(route.router->field);
  return field && route.router->shares(*field, {child.ns, "", child.name}).candidate > 0;
}

/// Why it stays; empty: it may go.
std::string needed_by(const ObjectRef& child, const RoutesFact& fact) {
  if (const auto* unread = std::get_if<Unread>(&fact))
    return "whether a route sends it traffic is not known: " + unread->why;
  for (const RouteSeen& route : std::get<std::vector<RouteSeen>>(fact)) {
    if (sends_to(route, child))
      return "route " + child.ns + "/" + route.object->string("/metadata/name") +
             " sends it traffic";
  }
  return "";
}

}  // namespace

bool is_serving_child(const ObjectRef& ref, const Document& object) {
  const auto parent = parent_of(object);
  return parent && parent->feature == kRollouts && is_beside(ref, *parent) &&
         ref.name == child_name(*parent);
}

ChildCare unless_routed(ChildCare care, const ObjectRef& child, const RoutesFact& routes) {
  if (!care.remove) return care;
  care.kept = needed_by(child, routes);
  if (!care.kept.empty()) care.remove.reset();
  return care;
}

}  // namespace doorbuster::planner
