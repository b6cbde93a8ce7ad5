#pragma once

#include "controllers/planner/serving_child.h"
#include "controllers/planner/sweeping.h"
#include "controllers/reconciler/cluster_world.h"
#include "controllers/reconciler/meter.h"

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace doorbuster::reconciler {

/// Bounds of a sweep.
inline constexpr std::size_t kOrphans = 10'000;  ///< objects under watch for dead holders at once
inline constexpr int kSweepPage = 500;
/// A kind that could not be listed is tried again after this, ever later, at most the interval.
inline constexpr Duration kSweepAgain{2'000};
inline constexpr std::size_t kSweptKinds = 2'000;  ///< beyond the allow-list's own
inline constexpr Duration kOrphanAgain{1'000};     ///< between two requests to one object
inline constexpr Duration kOrphanLater{60'000};    ///< after an answer that does not help
/// A candidate whose event is gone is left standing so long: its share of a route is given back
/// first, and what is under way on it comes to its end.
inline constexpr Duration kOrphanDrain{60'000};

/// Finds everything that carries our label, of every kind that the operator may list: shows it to
/// the living events whose holds it carries, and lets go of holders whose event is gone. One
/// thread; works only between lead() and the end of leadership.
class Sweep {
 public:
  struct Parts {
    std::shared_ptr<kube::Client> client;
    std::shared_ptr<Kinds> kinds;
    std::shared_ptr<EventStore> events;
    std::shared_ptr<ClusterWorld> world;
    std::shared_ptr<kube::AccessReviewer> access;
    planner::Setup setup;
    std::vector<std::string> namespaces;  ///< empty: all
    Duration every{3'600'000};
    std::function<Instant()> now;
    std::function<bool()> leading;
    std::function<void(const kube::Key&)> look_again;  ///< at this event
    std::shared_ptr<Meter> meter;
    Log log;
  };
  explicit Sweep(Parts parts);
  ~Sweep();  ///< stops

  void start();
  void stop();
  /// We lead now: sweep at once.
  void lead();
  /// An event is gone that had held this object: see what is left on it, not before `after`.
  void suspect(const ObjectRef& object, Duration after = Duration{});

 private:
  using KindName = std::pair<std::string, std::string>;  ///< group and kind; "*": all of a group
  struct Turn {
    Instant at;
    int failures = 0;      ///< in a row
    std::size_t held = 0;  ///< objects found last
  };
  /// What is to be done now.
  struct Due {
    std::vector<ObjectRef> objects;
    std::set<KindName> kinds;
    bool look = false;  ///< which kinds there are beyond the allow-list
  };
  void run();
  void sweep(const std::set<KindName>& kinds);
  /// How many objects are held; nothing: not all could be listed.
  std::optional<std::size_t> sweep_named(const KindName& name);
  std::optional<std::size_t> sweep_kind(const kube::Resource& resource);
  /// Selects what carries a label of ours with the id of this install.
  std::string ours_by(const char* label) const;
  std::vector<std::string> child_scopes(const KindName& name) const;
  void not_swept(const std::string& group, const std::string& kind, const Error& error) const;
  void set_turn(const KindName& name, std::optional<std::size_t> held);
  void inspect(const kube::Resource& resource, const kube::Object& object);
  using Documents = std::vector<std::shared_ptr<const planner::Document>>;
  /// All of a kind in a namespace, by a consistent read, page by page.
  Result<Documents> documents_of(const kube::Resource& resource, const std::string& ns) const;
  /// All routes of a namespace.
  planner::RoutesFact routes_of(const std::string& ns) const;
  /// All Deployments of a namespace.
  planner::DeploymentsFact deployments_of(const std::string& ns) const;
  /// Objects of our own; false: not all could be listed.
  bool sweep_children(const kube::Resource& resource, const std::vector<std::string>& namespaces);
  void inspect_child(const kube::Resource& resource, const kube::Object& object);
  std::optional<Duration> settle_child(const ObjectRef& ref,
                                       const kube::Resource& resource,
                                       const planner::Present& present,
                                       const planner::Holder& parent);
  /// Shows an object to the living events that hold something on it; how many do.
  std::size_t show(const ObjectRef& ref, const planner::Present& present);
  /// Lets go of dead holders; when to look at it again, nothing when it needs us no more.
  std::optional<Duration> tend(const ObjectRef& object);
  /// Nothing: it does not exist.
  Result<std::optional<planner::Present>> read_one(const ObjectRef& object) const;
  std::optional<Duration> settle(const ObjectRef& ref,
                                 const kube::Resource& resource,
                                 const planner::Present& present);
  /// Of the event of that name, by a consistent read.
  Result<std::string> uid_of(const std::string& event) const;
  bool is_listed(const kube::Resource& resource) const;
  bool may_list(const kube::Resource& resource) const;
  /// Kinds beyond the allow-list that something may be held of: a target's own, or one that was
  /// taken off the list.
  Result<std::set<KindName>> other_kinds() const;
  /// Gives those a turn; which ones are due at once.
  std::set<KindName> look_for_kinds();
  bool wait_until_due(Due& due);

  Parts parts_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::map<KindName, Turn> turns_;  ///< when each kind is swept next; empty before lead()
  std::optional<Instant> look_at_;  ///< when kinds beyond the allow-list are looked for next
  Instant blind_until_;             ///< then it sweeps whether or not all events are known
  std::map<ObjectRef, Instant> orphans_;
  std::thread thread_;
};

}  // namespace doorbuster::reconciler
