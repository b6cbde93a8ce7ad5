#pragma once

#include "controllers/planner/child.h"
#include "controllers/planner/router.h"
#include "controllers/planner/seen.h"

#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace doorbuster::planner {

/// Is it of a rollout's candidate? Those stand beside the target without an owner, lest the garbage
/// collector removes them under traffic (ChildWant::serves); a sweep looks after them there. Marks
/// alone do not say so, they may have been copied: the name and the namespace must fit too.
bool is_serving_child(const ObjectRef&, const Document&);

struct RouteSeen {
  const Router* router;
  std::shared_ptr<const Document> object;
};
/// All routers of a child's namespace.
using RoutesFact = std::variant<std::vector<RouteSeen>, Unread>;

/// What a sweep does about such a child whose event is gone: it stays as long as a route sends
/// something to the Service of its name, or that is not known. One that is such a route goes.
ChildCare unless_routed(ChildCare, const ObjectRef& child, const Holder& parent, const RoutesFact&);

/// All Deployments of a child's namespace.
using DeploymentsFact = std::variant<std::vector<std::shared_ptr<const Document>>, Unread>;

/// The same of a candidate that serves without a router, by the labels of its target
/// (rollout_pods.h): its Deployment stays as long as pods of it are ready and its target lacks
/// some, or that is not known. Of another child, and of one whose target is gone, nothing is said.
ChildCare unless_beside(ChildCare, const Document& child, const DeploymentsFact&);

}  // namespace doorbuster::planner
