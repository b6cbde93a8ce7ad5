#pragma once

#include "controllers/planner/seen.h"
#include "controllers/reconciler/interest.h"
#include "controllers/reconciler/kind_cache.h"
#include "controllers/reconciler/kinds.h"
#include "operator/kube/watch_set.h"

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace doorbuster::reconciler {

/// A round waits so long at most for the first list of a kind that it is the first to need.
inline constexpr Duration kFirstList{3'000};
/// Where nothing can be watched, objects are read one by one; a reading is good for so long.
inline constexpr Duration kPolledFresh{5'000};
/// And such objects are looked at again so often.
inline constexpr Duration kPollEvery{15'000};
/// A kind that is not served is looked for again so soon; then more and more rarely, down to the
/// above.
inline constexpr Duration kLookForKind{2'000};

/// PodDisruptionBudgets of one namespace that are looked at; more of them are not known at all.
inline constexpr std::size_t kMaxBudgets = 256;

/// What the operator sees of everybody else's objects: only of kinds that some event needs, and
/// only there. Thread-safe.
class Caches {
 public:
  struct World {
    std::shared_ptr<kube::Client> client;
    std::shared_ptr<Kinds> kinds;
    std::shared_ptr<kube::WatchSet> watches;
    std::vector<std::string> namespaces;  ///< watched ones; empty: all
    std::function<Instant()> now;
    /// These events should look again; called on the I/O thread.
    std::function<void(const std::vector<kube::Key>&)> changed;
  };
  explicit Caches(World world);

  /// What an event asks for from now on: keeps the watches it needs and the texts it reads.
  void ask(const kube::Key& event,
           const std::set<ObjectRef>& objects,
           const std::set<ObjectRef>& workloads,
           bool budgets = false);
  void forget(const kube::Key& event);
  /// Waits until every watch of an event has its first list or is known not to get one.
  void await_first_lists(const kube::Key& event, Duration at_most);

  planner::Fact fact(const ObjectRef& object);
  planner::AutoscalersFact autoscalers(const ObjectRef& workload);
  /// What serves instead of those that a Canary names (planner/canary.h), as far as that is known.
  std::set<ObjectRef> primaries(const std::set<ObjectRef>& workloads);
  /// The PodDisruptionBudgets of a namespace, sorted; kMaxBudgets at most.
  using Budgets = std::variant<std::vector<ObjectRef>, planner::Unread, planner::Forbidden>;
  Budgets budgets(const std::string& ns);
  /// True only when it is known to be going.
  bool namespace_terminating(const std::string& ns);
  /// When to look again for an event that looks at something that no watch tells of.
  std::optional<Duration> polls(const kube::Key& event) const;

  void wrote(const ObjectRef& object, kube::Object answer);
  void reread(const ObjectRef& object);

 private:
  struct Scope {
    std::shared_ptr<KindCache> cache;
    std::string ns;
    auto operator<=>(const Scope&) const = default;
  };
  struct Claims {
    std::map<Scope, kube::WatchClaim> held;
    bool polls = false;
    bool kinds_lack = false;  ///< some kind is not served, or not known to be
    std::optional<Instant> kinds_lack_since;
  };
  std::shared_ptr<KindCache> cache_of(const kube::Resource& resource);
  /// The scope whose watch shows an object; nothing where there is none.
  std::optional<std::string> scope_of(const kube::Resource& resource, const std::string& ns) const;
  std::set<Scope> scopes_of(const std::set<ObjectRef>& objects,
                            const std::set<ObjectRef>& workloads,
                            Claims& claims);
  void on_change(const ObjectRef& object, const Record* before, const Record* after) const;
  /// The watch of a cache is up to date again, or its kind turns out not to be served.
  void on_watch(const KindCache& cache, kube::WatchState state) const;
  bool is_known_missing(const ObjectRef& kind) const;
  /// The objects of one kind that name a workload of that group, sorted.
  Result<std::vector<ObjectRef>> naming(const Naming& kind,
                                        const ObjectRef& workload,
                                        const std::string& group);
  /// Is the kind served, and its list refused to the operator?
  bool is_denied(const Naming& kind, const std::string& ns);
  planner::Fact fact_of(const kube::Resource& resource, const ObjectRef& object);

  World world_;
  std::shared_ptr<Interest> interest_ = std::make_shared<Interest>();
  /// Between a round that waits for first lists and the I/O thread that brings them. Taken before a
  /// store's lock, never while one is held.
  std::mutex settling_mutex_;
  std::condition_variable settling_;
  mutable std::mutex mutex_;
  /// By what matters of it: a kind that is served in another version from now on gets another
  /// cache. As many as versions of kinds were ever named by events.
  std::map<kube::Resource, std::shared_ptr<KindCache>> caches_;
  std::map<kube::Key, Claims> claims_;
};

/// The object as the cluster knows it: its group found out, no namespace where its kind has none.
ObjectRef canonical(const kube::Resource& resource, const ObjectRef& object);
ObjectRef namespace_ref(const std::string& ns);

}  // namespace doorbuster::reconciler
