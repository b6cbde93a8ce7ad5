// What a sweep does about objects of our own.
#include "controllers/planner/router.h"
#include "controllers/reconciler/sweep.h"
#include "controllers/reconciler/swept.h"

#include <utility>

namespace doorbuster::reconciler {
namespace {

/// What stands beside the targets of events.
const std::set<std::pair<std::string, std::string>> kKindsBesideTargets{
    {"", "Service"},
    {"apps", "DaemonSet"},
    {"apps", "Deployment"},
    {"autoscaling", "HorizontalPodAutoscaler"},
    {"autoscaling.x-k8s.io", "CapacityBuffer"},
    {"networking.k8s.io", "Ingress"}};

}  // namespace

/// Where our own objects of a kind may stand.
std::vector<std::string> Sweep::child_scopes(const KindName& name) const {
  if (kKindsBesideTargets.contains(name) && parts_.namespaces.empty()) return {""};
  std::set<std::string> scopes;
  if (kKindsBesideTargets.contains(name))
    scopes.insert(parts_.namespaces.begin(), parts_.namespaces.end());
  if (name == kRoomKind && !parts_.setup.ns.empty()) scopes.insert(parts_.setup.ns);
  return {scopes.begin(), scopes.end()};
}

bool Sweep::sweep_children(const kube::Resource& resource,
                           const std::vector<std::string>& namespaces) {
  const std::string selector = ours_by(planner::kChildLabel);
  for (const std::string& ns : namespaces) {
    std::string token;
    do {
      Result<kube::Page> page = parts_.client->list(resource, ns, kSweepPage, token, selector);
      if (!page.ok()) {
        not_swept(resource.group, resource.kind, page.error());
        return false;
      }
      for (const kube::Object& one : page->items) inspect_child(resource, one);
      token = page->continue_token;
    } while (!token.empty() && parts_.leading());
    if (!token.empty()) return false;
  }
  return true;
}

/// A living event sees to it; what none answers for is looked at by itself in our own namespace,
/// and, but for what serves, left to the garbage collector beside the targets: there marks alone
/// make nothing ours.
void Sweep::inspect_child(const kube::Resource& resource, const kube::Object& object) {
  const Result<planner::Present> present = present_of(object, resource.api_version(), parts_.now());
  if (!present.ok()) return;
  const auto parent = planner::parent_of(*present->object);
  if (!parent) return;
  const ObjectRef ref{.group = resource.group,
                      .kind = resource.kind,
                      .ns = object.meta.ns,
                      .name = object.meta.name};
  const kube::Key key = event_key(parent->event);
  const auto entry = parts_.events->find(key);
  if (!entry || entry->uid != parent->uid) {
    if (planner::is_serving_child(ref, *present->object)) {
      suspect(ref, kOrphanDrain);
    } else if (ref.ns == parts_.setup.ns) {
      suspect(ref);
    }
    return;
  }
  parts_.world->also_look_at(key, ref);
  parts_.look_again(key);
}

Result<Sweep::Documents> Sweep::documents_of(const kube::Resource& resource,
                                             const std::string& ns) const {
  Documents out;
  std::string token;
  do {
    const Result<kube::Page> page = parts_.client->list(resource, ns, kSweepPage, token);
    if (!page.ok()) return page.error();
    for (const kube::Object& one : page->items) {
      auto document = planner::Document::parse(one.text);
      if (!document.ok()) return document.error();
      out.push_back(std::move(document).value());
    }
    token = page->continue_token;
  } while (!token.empty());
  return out;
}

planner::RoutesFact Sweep::routes_of(const std::string& ns) const {
  std::vector<planner::RouteSeen> out;
  for (const planner::Router& router : planner::routers()) {
    const Result<kube::Resource> resource = parts_.kinds->find(router.group, router.kind);
    if (!resource.ok() && resource.error().kind == ErrorKind::NotFound) continue;
    if (!resource.ok()) return planner::Unread{resource.error().message};
    Result<Documents> found = documents_of(*resource, ns);
    if (!found.ok()) return planner::Unread{found.error().message};
    for (auto& one : *found) out.push_back({&router, std::move(one)});
  }
  return out;
}

planner::DeploymentsFact Sweep::deployments_of(const std::string& ns) const {
  const Result<kube::Resource> resource = parts_.kinds->find("apps", "Deployment");
  if (!resource.ok()) return planner::Unread{resource.error().message};
  Result<Documents> found = documents_of(*resource, ns);
  if (!found.ok()) return planner::Unread{found.error().message};
  return std::move(found).value();
}

std::optional<Duration> Sweep::settle_child(const ObjectRef& ref,
                                            const kube::Resource& resource,
                                            const planner::Present& present,
                                            const planner::Holder& parent) {
  planner::ChildCare care =
      planner::care_for_child(ref, present, parts_.setup.install, uid_of(parent.event));
  if (care.life == planner::Life::Unknown) return kOrphanLater;
  if (care.remove && planner::is_serving_child(ref, *present.object))
    care = planner::unless_routed(std::move(care), ref, parent, routes_of(ref.ns));
  if (care.remove && ref.kind == "Deployment" && planner::is_serving_child(ref, *present.object))
    care = planner::unless_beside(std::move(care), *present.object, deployments_of(ref.ns));
  if (!care.kept.empty()) {
    parts_.log({LogLevel::Info,
                "orphaned child kept",
                {{"object", to_text(ref)}, {"event", parent.event}, {"why", care.kept}}});
    return kOrphanDrain;
  }
  if (!care.remove) return std::nullopt;
  if (!parts_.leading()) return kOrphanAgain;
  kube::DeleteOptions options;
  options.uid = care.remove->only_if_uid;
  options.propagation = "Background";
  const Outcome done = parts_.client->remove(resource, {ref.ns, ref.name}, options);
  parts_.log({done.ok() ? LogLevel::Info : LogLevel::Warn,
              done.ok() ? "orphaned child removed" : "orphaned child not removed",
              {{"object", to_text(ref)},
               {"event", parent.event},
               {"error", done.ok() ? "" : done.error().message}}});
  return kOrphanAgain;
}

}  // namespace doorbuster::reconciler
