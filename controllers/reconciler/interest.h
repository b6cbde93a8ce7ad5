#pragma once

#include "operator/base/object_ref.h"
#include "operator/kube/client.h"

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace doorbuster::reconciler {

/// Which events ask for which objects, and the other way round. Thread-safe.
class Interest {
 public:
  /// Replaces what an event asks for: objects, workloads whose autoscalers it wants to know, and
  /// whether it wants to know the PodDisruptionBudgets of its namespace.
  void set(const kube::Key& event,
           std::set<ObjectRef> objects,
           const std::set<ObjectRef>& workloads,
           bool budgets = false);
  void forget(const kube::Key& event);

  bool wants(const ObjectRef& object) const;
  /// Is this (namespace, kind, name) a workload whose autoscalers somebody wants to know?
  bool wants_autoscalers_of(const std::string& ns,
                            const std::string& kind,
                            const std::string& name) const;
  bool wants_budgets_of(const std::string& ns) const;
  std::vector<kube::Key> events_of_budgets(const std::string& ns) const;
  std::vector<kube::Key> events_of(const ObjectRef& object) const;
  std::vector<kube::Key> events_of_workload(const std::string& ns,
                                            const std::string& kind,
                                            const std::string& name) const;

 private:
  using Workload =
      std::string;  ///< target_value(): group left out, for autoscalers may leave it out
  struct Asked {
    std::set<ObjectRef> objects;
    std::set<Workload> workloads;
    std::set<std::string> budgets;  ///< namespaces
  };
  mutable std::mutex mutex_;
  std::map<kube::Key, Asked> asked_;
  std::map<ObjectRef, std::set<kube::Key>> by_object_;
  std::map<Workload, std::set<kube::Key>> by_workload_;
  std::map<std::string, std::set<kube::Key>> by_budgets_;
};

}  // namespace doorbuster::reconciler
