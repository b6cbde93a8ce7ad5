#include "controllers/planner/serving_child.h"

#include "controllers/planner/rollout_candidate.h"
#include "controllers/planner/rollout_route.h"
#include "operator/base/json_read.h"

#include <algorithm>
#include <utility>

namespace doorbuster::planner {
namespace {

/// Does a backendRef (Gateway API, BackendRef: weight 1 where none is said) send it anything?
bool sends_to(const JsonView& ref, const ObjectRef& child) {
  const std::string kind = text_of(ref, "kind"), ns = text_of(ref, "namespace");
  const bool is_named = text_of(ref, "name") == child.name && text_of(ref, "group").empty() &&
                        (kind.empty() || kind == "Service") && (ns.empty() || ns == child.ns);
  const auto weight = ref.member("weight");
  return is_named && (!weight || weight->integer().value_or(1) > 0);
}

bool sends_to(const Document& route, const ObjectRef& child) {
  for (const JsonView& rule : elements_at(route.root(), kRules)) {
    const auto refs = elements_of(rule, "backendRefs");
    if (std::any_of(
            refs.begin(), refs.end(), [&](const auto& ref) { return sends_to(ref, child); }))
      return true;
  }
  return false;
}

/// Why it stays; empty: it may go.
std::string needed_by(const ObjectRef& child, const RoutesFact& fact) {
  if (const auto* unread = std::get_if<Unread>(&fact))
    return "whether a route sends it traffic is not known: " + unread->why;
  for (const auto& route : std::get<std::vector<std::shared_ptr<const Document>>>(fact)) {
    if (sends_to(*route, child))
      return "route " + child.ns + "/" + route->string("/metadata/name") + " sends it traffic";
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
