#include "controllers/reconciler/interest.h"

#include "controllers/reconciler/record.h"

#include <utility>

namespace doorbuster::reconciler {
namespace {

/// Brings a reverse index from one set of values to another.
template <class T>
void move_to(std::map<T, std::set<kube::Key>>& index,
             const kube::Key& event,
             const std::set<T>& from,
             const std::set<T>& to) {
  for (const T& one : from) {
    if (to.contains(one)) continue;
    const auto found = index.find(one);
    if (found == index.end()) continue;
    found->second.erase(event);
    if (found->second.empty()) index.erase(found);
  }
  for (const T& one : to) {
    if (!from.contains(one)) index[one].insert(event);
  }
}

template <class T>
std::vector<kube::Key> keys_of(const std::map<T, std::set<kube::Key>>& index, const T& value) {
  const auto found = index.find(value);
  if (found == index.end()) return {};
  return {found->second.begin(), found->second.end()};
}

}  // namespace

void Interest::set(const kube::Key& event,
                   std::set<ObjectRef> objects,
                   const std::set<ObjectRef>& workloads,
                   bool budgets) {
  Asked next{std::move(objects), {}, {}};
  if (budgets) next.budgets.insert(event.ns);
  for (const ObjectRef& one : workloads)
    next.workloads.insert(target_value(one.ns, one.kind, one.name));
  const std::lock_guard lock(mutex_);
  Asked& now = asked_[event];
  move_to(by_object_, event, now.objects, next.objects);
  move_to(by_workload_, event, now.workloads, next.workloads);
  move_to(by_budgets_, event, now.budgets, next.budgets);
  now = std::move(next);
}

void Interest::forget(const kube::Key& event) {
  set(event, {}, {});
  const std::lock_guard lock(mutex_);
  asked_.erase(event);
}

bool Interest::wants(const ObjectRef& object) const {
  const std::lock_guard lock(mutex_);
  return by_object_.contains(object);
}

bool Interest::wants_autoscalers_of(const std::string& ns,
                                    const std::string& kind,
                                    const std::string& name) const {
  const std::lock_guard lock(mutex_);
  return by_workload_.contains(target_value(ns, kind, name));
}

bool Interest::wants_budgets_of(const std::string& ns) const {
  const std::lock_guard lock(mutex_);
  return by_budgets_.contains(ns);
}

std::vector<kube::Key> Interest::events_of_budgets(const std::string& ns) const {
  const std::lock_guard lock(mutex_);
  return keys_of(by_budgets_, ns);
}

std::vector<kube::Key> Interest::events_of(const ObjectRef& object) const {
  const std::lock_guard lock(mutex_);
  return keys_of(by_object_, object);
}

std::vector<kube::Key> Interest::events_of_workload(const std::string& ns,
                                                    const std::string& kind,
                                                    const std::string& name) const {
  const std::lock_guard lock(mutex_);
  return keys_of(by_workload_, target_value(ns, kind, name));
}

}  // namespace doorbuster::reconciler
