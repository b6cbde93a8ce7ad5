#include "controllers/reconciler/caches.h"

#include "controllers/planner/canary.h"

#include <algorithm>
#include <utility>

namespace doorbuster::reconciler {
namespace {

planner::Fact no_kind(const Error& error, Instant now) {
  if (error.kind == ErrorKind::NotFound) return planner::Missing{now};
  return planner::Unread{error.message};
}

ObjectRef budget_kind(const std::string& ns) {
  return {.group = "policy", .kind = "PodDisruptionBudget", .ns = ns, .name = ""};
}

}  // namespace

ObjectRef canonical(const kube::Resource& resource, const ObjectRef& object) {
  return {.group = resource.group,
          .kind = resource.kind,
          .ns = resource.namespaced ? object.ns : "",
          .name = object.name};
}

ObjectRef namespace_ref(const std::string& ns) {
  return {.group = "", .kind = "Namespace", .ns = "", .name = ns};
}

Caches::Caches(World world) : world_(std::move(world)) {}

std::shared_ptr<KindCache> Caches::cache_of(const kube::Resource& resource) {
  kube::Resource what = resource;
  what.verbs.clear();
  what.subresources.clear();
  const std::lock_guard lock(mutex_);
  std::shared_ptr<KindCache>& cache = caches_[what];
  if (!cache) {
    cache = std::make_shared<KindCache>(
        resource,
        world_.client,
        interest_,
        [this](const ObjectRef& object, const Record* before, const Record* after) {
          on_change(object, before, after);
        },
        [this](const KindCache& one, kube::WatchState state) { on_watch(one, state); },
        [this] {
          // Taken once, so that whoever has just looked is waiting by now.
          { const std::lock_guard looked(settling_mutex_); }
          settling_.notify_all();
        });
  }
  return cache;
}

std::optional<std::string> Caches::scope_of(const kube::Resource& resource,
                                            const std::string& ns) const {
  if (world_.namespaces.empty()) return "";
  if (!resource.namespaced) return std::nullopt;
  const auto found = std::find(world_.namespaces.begin(), world_.namespaces.end(), ns);
  return found == world_.namespaces.end() ? std::nullopt : std::optional(ns);
}

std::set<Caches::Scope> Caches::scopes_of(const std::set<ObjectRef>& objects,
                                          const std::set<ObjectRef>& workloads,
                                          Claims& claims) {
  std::set<Scope> scopes;
  const auto add = [&](const ObjectRef& object) {
    const Result<kube::Resource> resource = world_.kinds->find(object.group, object.kind);
    if (!resource.ok()) {
      claims.kinds_lack = true;  // it may be served one day, and nothing would tell
      return;
    }
    const auto scope = scope_of(*resource, object.ns);
    const auto cache = cache_of(*resource);
    if (scope) scopes.insert({cache, *scope});
    if (!scope || cache->denied(*scope)) claims.polls = true;
    if (scope && cache->store().report(*scope).state == kube::WatchState::NotServed) {
      claims.kinds_lack = true;
      world_.kinds->doubt();
    }
  };
  for (const ObjectRef& one : objects) add(one);
  for (const ObjectRef& one : workloads) {
    add(one);
    for (const Naming* kind : kNamings) {
      const ObjectRef naming{std::string(kind->group), std::string(kind->kind), one.ns, ""};
      const bool always = kind == &kAutoscalers;
      if (always || !is_known_missing(naming)) add(naming);
    }
  }
  return scopes;
}

bool Caches::is_known_missing(const ObjectRef& kind) const {
  const Result<kube::Resource> resource = world_.kinds->find(kind.group, kind.kind);
  return !resource.ok() && resource.error().kind == ErrorKind::NotFound;
}

void Caches::ask(const kube::Key& event,
                 const std::set<ObjectRef>& objects,
                 const std::set<ObjectRef>& workloads,
                 bool budgets) {
  std::set<ObjectRef> known;
  for (const std::set<ObjectRef>* set : {&objects, &workloads}) {
    for (const ObjectRef& one : *set) {
      const Result<kube::Resource> resource = world_.kinds->find(one.group, one.kind);
      known.insert(resource.ok() ? canonical(*resource, one) : one);
    }
  }
  interest_->set(event, known, workloads, budgets);
  Claims next;
  std::set<ObjectRef> watched = objects;
  if (budgets) watched.insert(budget_kind(event.ns));
  const std::set<Scope> scopes = scopes_of(watched, workloads, next);
  Claims
      before;  // ends after the lock: ending a watch may wait for the I/O thread, and that for us
  const std::lock_guard lock(mutex_);
  Claims& now = claims_[event];
  if (next.kinds_lack) next.kinds_lack_since = now.kinds_lack ? now.kinds_lack_since : world_.now();
  for (const Scope& scope : scopes) {
    const auto had = now.held.find(scope);
    if (had != now.held.end()) {
      next.held.emplace(scope, std::move(had->second));
      continue;
    }
    next.held.emplace(
        scope, world_.watches->acquire(scope.cache->resource(), scope.ns, scope.cache->sink()));
  }
  before = std::move(now);
  now = std::move(next);
}

void Caches::forget(const kube::Key& event) {
  interest_->forget(event);
  Claims before;
  const std::lock_guard lock(mutex_);
  const auto found = claims_.find(event);
  if (found == claims_.end()) return;
  before = std::move(found->second);
  claims_.erase(found);
}

void Caches::await_first_lists(const kube::Key& event, Duration at_most) {
  std::vector<Scope> scopes;
  {
    const std::lock_guard lock(mutex_);
    const auto found = claims_.find(event);
    if (found == claims_.end()) return;
    for (const auto& [scope, claim] : found->second.held) scopes.push_back(scope);
  }
  std::unique_lock lock(settling_mutex_);
  settling_.wait_for(lock, at_most, [&scopes] {
    return std::all_of(scopes.begin(), scopes.end(), [](const Scope& scope) {
      return scope.cache->settled(scope.ns);
    });
  });
}

planner::Fact Caches::fact(const ObjectRef& object) {
  const Result<kube::Resource> resource = world_.kinds->find(object.group, object.kind);
  if (!resource.ok()) return no_kind(resource.error(), world_.now());
  return fact_of(*resource, canonical(*resource, object));
}

planner::Fact Caches::fact_of(const kube::Resource& resource, const ObjectRef& object) {
  const auto cache = cache_of(resource);
  const kube::Key key{object.ns, object.name};
  const auto scope = scope_of(resource, object.ns);
  if (!scope || cache->denied(*scope)) {
    planner::Fact fact = cache->polled(key, world_.now(), kPolledFresh);
    if (std::holds_alternative<planner::Unread>(fact)) world_.kinds->doubt();
    return fact;
  }
  return cache->watched(key, world_.now());
}

Result<std::vector<ObjectRef>> Caches::naming(const Naming& kind,
                                              const ObjectRef& workload,
                                              const std::string& group) {
  const auto unread = [](std::string why) {
    return Error{
        .kind = ErrorKind::Unavailable, .message = std::move(why), .causes = {}, .retry_after = {}};
  };
  std::vector<ObjectRef> found;
  const Result<kube::Resource> resource =
      world_.kinds->find(std::string(kind.group), std::string(kind.kind));
  if (!resource.ok()) {
    if (resource.error().kind == ErrorKind::NotFound) return found;
    return resource.error();
  }
  const auto scope = scope_of(*resource, workload.ns);
  if (!scope) return unread(resource->plural + " of " + workload.ns + " are not watched");
  const auto cache = cache_of(*resource);
  // Who may not list ScaledObjects learns of them by the autoscalers that were made from them.
  if (&kind != &kAutoscalers && cache->denied(*scope)) return found;
  if (std::string why = cache->not_believable(workload.ns, world_.now()); !why.empty())
    return unread(std::move(why));
  const std::string value = target_value(workload.ns, workload.kind, workload.name);
  for (const auto& [key, record] : cache->store().by_index(kTargetIndex, value)) {
    if (!means_group(record->target_api_version, group)) continue;
    found.push_back(
        {.group = resource->group, .kind = resource->kind, .ns = key.ns, .name = key.name});
  }
  std::sort(found.begin(), found.end());
  return found;
}

bool Caches::is_denied(const Naming& kind, const std::string& ns) {
  const Result<kube::Resource> resource =
      world_.kinds->find(std::string(kind.group), std::string(kind.kind));
  if (!resource.ok()) return false;
  const auto scope = scope_of(*resource, ns);
  return scope && cache_of(*resource)->denied(*scope);
}

planner::AutoscalersFact Caches::autoscalers(const ObjectRef& workload) {
  const Result<kube::Resource> kind = world_.kinds->find(workload.group, workload.kind);
  if (!kind.ok()) {
    if (kind.error().kind == ErrorKind::NotFound) return planner::Autoscalers{};
    return planner::Unread{kind.error().message};
  }
  Result<std::vector<ObjectRef>> objects = naming(kAutoscalers, workload, kind->group);
  if (!objects.ok()) return planner::Unread{objects.error().message};
  Result<std::vector<ObjectRef>> scaled_objects = naming(kScaledObjects, workload, kind->group);
  if (!scaled_objects.ok()) return planner::Unread{scaled_objects.error().message};
  Result<std::vector<ObjectRef>> verticals = naming(kVerticals, workload, kind->group);
  if (!verticals.ok()) return planner::Unread{verticals.error().message};
  Result<std::vector<ObjectRef>> canaries = naming(kCanaries, workload, kind->group);
  if (!canaries.ok()) return planner::Unread{canaries.error().message};
  return planner::Autoscalers{std::move(objects).value(),
                              std::move(scaled_objects).value(),
                              std::move(verticals).value(),
                              std::move(canaries).value(),
                              is_denied(kCanaries, workload.ns)};
}

std::set<ObjectRef> Caches::primaries(const std::set<ObjectRef>& workloads) {
  std::set<ObjectRef> out;
  if (!world_.kinds->find(std::string(kCanaries.group), std::string(kCanaries.kind)).ok())
    return out;
  for (const ObjectRef& workload : workloads) {
    const Result<kube::Resource> kind = world_.kinds->find(workload.group, workload.kind);
    if (!kind.ok()) continue;
    const auto found = naming(kCanaries, workload, kind->group);
    if (found.ok() && !found->empty()) out.insert(planner::primary_of(workload));
  }
  return out;
}

Caches::Budgets Caches::budgets(const std::string& ns) {
  const ObjectRef kind = budget_kind(ns);
  const Result<kube::Resource> resource = world_.kinds->find(kind.group, kind.kind);
  if (!resource.ok()) return planner::Unread{resource.error().message};
  const auto scope = scope_of(*resource, ns);
  if (!scope) return planner::Unread{"budgets of namespace " + ns + " are not watched"};
  const auto cache = cache_of(*resource);
  if (cache->denied(*scope)) return planner::Forbidden{"list"};
  if (std::string why = cache->not_believable(ns, world_.now()); !why.empty())
    return planner::Unread{std::move(why)};
  std::vector<ObjectRef> found;
  for (const auto& [key, record] : cache->store().by_index(kNamespaceIndex, ns))
    found.push_back({.group = kind.group, .kind = kind.kind, .ns = key.ns, .name = key.name});
  if (found.size() > kMaxBudgets)
    return planner::Unread{"more PodDisruptionBudgets than are looked at"};
  std::sort(found.begin(), found.end());
  return found;
}

bool Caches::namespace_terminating(const std::string& ns) {
  const planner::Fact fact = this->fact(namespace_ref(ns));
  const auto* seen = std::get_if<std::shared_ptr<const planner::Present>>(&fact);
  return seen != nullptr && (*seen)->deleting;
}

std::optional<Duration> Caches::polls(const kube::Key& event) const {
  const Instant now = world_.now();
  const std::lock_guard lock(mutex_);
  const auto found = claims_.find(event);
  if (found == claims_.end()) return std::nullopt;
  const Claims& claims = found->second;
  if (claims.kinds_lack)
    return std::clamp<Duration>(now - *claims.kinds_lack_since, kLookForKind, kPollEvery);
  return claims.polls ? std::optional(kPollEvery) : std::nullopt;
}

void Caches::wrote(const ObjectRef& object, kube::Object answer) {
  const Result<kube::Resource> resource = world_.kinds->find(object.group, object.kind);
  if (!resource.ok()) return;
  const ObjectRef known = canonical(*resource, object);
  cache_of(*resource)->wrote({known.ns, known.name}, std::move(answer), world_.now());
}

void Caches::reread(const ObjectRef& object) {
  const Result<kube::Resource> resource = world_.kinds->find(object.group, object.kind);
  if (!resource.ok()) return;
  const ObjectRef known = canonical(*resource, object);
  cache_of(*resource)->reread({known.ns, known.name}, world_.now());
}

void Caches::on_watch(const KindCache& cache, kube::WatchState state) const {
  std::vector<kube::Key> events;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [event, claims] : claims_) {
      const bool claimed =
          std::any_of(claims.held.begin(), claims.held.end(), [&](const auto& one) {
            return one.first.cache.get() == &cache;
          });
      if (claimed) events.push_back(event);
    }
  }
  if (events.empty()) return;
  if (state == kube::WatchState::NotServed) world_.kinds->doubt();
  world_.changed(events);
}

void Caches::on_change(const ObjectRef& object, const Record* before, const Record* after) const {
  std::set<kube::Key> events;
  for (kube::Key& one : interest_->events_of(object)) events.insert(std::move(one));
  if (is_budget(object.group, object.kind)) {
    for (kube::Key& one : interest_->events_of_budgets(object.ns)) events.insert(std::move(one));
  }
  for (const Record* side : {before, after}) {
    if (side == nullptr || !side->names_target) continue;
    for (kube::Key& one :
         interest_->events_of_workload(object.ns, side->target_kind, side->target_name)) {
      events.insert(std::move(one));
    }
  }
  if (!events.empty()) world_.changed({events.begin(), events.end()});
}

}  // namespace doorbuster::reconciler
