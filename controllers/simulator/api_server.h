#pragma once

#include "controllers/planner/seen.h"
#include "controllers/simulator/tree.h"
#include "crds/sale_event.h"
#include "operator/base/instant.h"
#include "operator/base/object_ref.h"
#include "operator/base/result.h"

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace doorbuster::simulator {

/// Who writes: what the server keeps in managedFields.
struct Writer {
  std::string manager;
  bool apply = false;       ///< Server-Side Apply, forced
  std::string subresource;  ///< "", "status", "scale"
  auto operator<=>(const Writer&) const = default;
};

/// What one writer owns of an object (metadata.managedFields).
struct Owned {
  Instant time;
  std::set<std::string> leaves;  ///< JSON Pointers
  bool operator==(const Owned&) const = default;
};
using Owners = std::map<Writer, Owned>;

/// One object at one resourceVersion; immutable.
struct Stored {
  ObjectRef ref;
  std::int64_t version = 0;
  Instant at;
  bool gone = false;  ///< a tombstone: deleted at this version
  Tree tree;          ///< without managedFields, which are kept as `owners`
  Owners owners;
  std::shared_ptr<const api::SaleEventStatus> status;  ///< of a SaleEvent; not in the tree

  std::string uid() const { return tree.text_at("/metadata/uid"); }
  bool deleting() const { return tree.at("/metadata/deletionTimestamp") != nullptr; }
  /// The object as a client reads it; made once.
  std::shared_ptr<const planner::Document> document() const;
  void forget_document() { document_.reset(); }  ///< of a copy that is about to differ

 private:
  mutable std::shared_ptr<const planner::Document> document_;
};
using StoredPtr = std::shared_ptr<const Stored>;

/// One change, as an audit log has it.
struct Commit {
  Writer writer;
  StoredPtr before, after;  ///< before is null for a new object
};

/// One kind and how it is served.
struct ServedKind {
  std::string group, kind, api_version;
  bool namespaced = true, has_scale = false;
  std::string spec_replicas_path = "/spec/replicas", status_replicas_path = "/status/replicas";
  std::string paths_unknown{};  ///< why these two are not known
};
/// What every simulated cluster serves.
const std::vector<ServedKind>& standard_kinds();

/// The part of a Kubernetes API server that the operator can tell apart: optimistic concurrency
/// over resourceVersion and uid, merge and JSON patches, managedFields, defaulting and validation
/// of autoscalers, finalizers, generations, tombstones. A write that changes nothing makes no new
/// version, as in etcd3 storage.
class ApiServer {
 public:
  explicit ApiServer(std::function<Instant()> now) : now_(std::move(now)) {}

  Result<StoredPtr> create(const ObjectRef&, Tree object, const Writer&);
  /// An object of a real cluster as its server showed it, uid and managedFields kept. A SaleEvent
  /// brings its status.
  StoredPtr adopt(const ObjectRef&,
                  Tree object,
                  std::shared_ptr<const api::SaleEventStatus> status = nullptr);
  /// RFC 7396; metadata.uid and metadata.resourceVersion in it are preconditions (Conflict).
  Result<StoredPtr> merge_patch(const ObjectRef&, const Json& patch, const Writer&);
  /// RFC 6902 with add, replace, remove, test. A failed test is Invalid, as the server answers it
  /// (422).
  Result<StoredPtr> json_patch(const ObjectRef&, const Json& patch, const Writer&);
  /// Read, change, replace at once, as a client without competition does it.
  Result<StoredPtr> edit(const ObjectRef&, const Writer&, const std::function<void(Tree&)>& change);
  /// Server-Side Apply with force: fields that this manager applied before and leaves out now are
  /// removed.
  Result<StoredPtr> apply(const ObjectRef&, const Tree& fields, const std::string& manager);
  /// The status subresource of a SaleEvent.
  Result<StoredPtr> set_status(const ObjectRef&,
                               const std::string& only_if_uid,
                               std::int64_t only_if_version,
                               std::shared_ptr<const api::SaleEventStatus> status);
  /// Deletes, or marks as deleting while there are finalizers.
  Outcome remove(const ObjectRef&);
  /// Everything in it goes, except what has finalizers; nothing can be created there any more.
  void terminate_namespace(const std::string& ns);
  bool terminating(const std::string& ns) const { return terminating_.contains(ns); }

  StoredPtr live(const ObjectRef&) const;  ///< null when there is none
  /// As a watcher that has seen everything up to a version knows it; null: does not exist then.
  StoredPtr as_of(const ObjectRef&, std::int64_t version) const;
  std::int64_t version_at(Instant) const;  ///< the newest version that had been made by then
  std::int64_t version() const { return version_; }
  std::vector<ObjectRef> objects(const std::string& group,
                                 const std::string& kind) const;  ///< ever known
  const std::vector<StoredPtr>& history(const ObjectRef&) const;

  std::vector<ServedKind> kinds = standard_kinds();
  const ServedKind* kind_of(const std::string& group, const std::string& kind) const;
  /// The same object with its group, where "*" stands for whichever group serves the kind.
  ObjectRef served(ObjectRef) const;

  /// Called for every change, before the writer gets its answer.
  std::function<void(const Commit&)> on_commit;
  /// Mutating admission: may change what is about to be stored.
  std::function<void(const ObjectRef&, Tree&)> admission;

 private:
  Result<StoredPtr> commit(const StoredPtr& before, Tree next, Owners owners, const Writer&);
  Result<StoredPtr> store(const StoredPtr& before, std::shared_ptr<Stored> next, const Writer&);
  StoredPtr bury(const StoredPtr& last, const Writer&);

  std::function<Instant()> now_;
  std::int64_t version_ = 1000;
  std::int64_t uids_ = 0;
  std::map<ObjectRef, std::vector<StoredPtr>> history_;
  std::vector<std::pair<Instant, std::int64_t>> made_;
  std::set<std::string> terminating_;
};

/// ApiServer::served() among the standard kinds.
ObjectRef served(ObjectRef);
ObjectRef autoscaler_ref(const std::string& ns, const std::string& name);
ObjectRef budget_ref(const std::string& ns, const std::string& name);
ObjectRef vertical_ref(const std::string& ns, const std::string& name);
ObjectRef scaled_ref(const std::string& ns, const std::string& name);
ObjectRef deployment_ref(const std::string& ns, const std::string& name);
ObjectRef policy_ref(const std::string& ns,
                     const std::string& name);  ///< an Envoy Gateway BackendTrafficPolicy
ObjectRef service_ref(const std::string& ns, const std::string& name);
/// Of the Gateway API.
ObjectRef route_ref(const std::string& ns,
                    const std::string& name,
                    const std::string& kind = "HTTPRoute");
ObjectRef action_ref(const std::string& ns, const std::string& name);
ObjectRef sale_ref(const std::string& ns, const std::string& name);

}  // namespace doorbuster::simulator
