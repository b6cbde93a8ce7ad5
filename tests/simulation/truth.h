#pragma once

#include "controllers/simulator/api_server.h"
#include "controllers/simulator/cluster.h"
#include "operator/base/json.h"
#include "operator/base/object_ref.h"
#include "tests/simulation/history.h"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace doorbuster::simulation {

using simulator::Commit;
using simulator::StoredPtr;
using simulator::Tree;

/// What an onlooker who saw every write knows of one field.
struct FieldTruth {
  std::string uid;  ///< of the object
  bool gone = false;
  Value live;
  std::string writer;          ///< who set what is there now
  std::vector<Value> allowed;  ///< what may be there when all is over
  std::vector<Value> legit;    ///< what may be recorded as a baseline
  std::set<std::string> ours;  ///< values that the operator wrote
  bool fought = false;         ///< somebody else wrote it while it was held
  bool touched = false;        ///< somebody else wrote it ever
};

/// Everything that oracles compare with: written down from the server's side, never from the
/// operator's.
class Truth {
 public:
  explicit Truth(const simulator::Cluster& cluster) : cluster_(cluster) {}

  void on_commit(const Commit&);
  /// The next writes re-apply something that was saved: their values are not anybody's new wish.
  bool copying = false;
  /// Objects whose record was spoilt by hand, or whose holders cannot be expected to come back.
  std::set<ObjectRef> spoilt;
  /// Until when something disturbs the operator (faults, edits), with time to recover.
  Instant calm_at{};
  /// Let go of with its values left as they are (deletionPolicy Orphan): what stands there is the
  /// author's from now on.
  void leave(const ObjectRef&);
  void disturb(Instant until) { calm_at = std::max(calm_at, until); }
  bool clock_stepped = false;
  /// Put back but for our managedFields entry, when the event that would have removed it as well
  /// was taken away by hand, or the process that swept it ended: nobody knows of it any more
  /// (hack/decisions/0008).
  std::set<ObjectRef> trace_left;
  void lose_traces();

  const std::map<FieldRef, FieldTruth>& fields() const { return fields_; }
  const FieldTruth* field(const ObjectRef&, const std::string& pointer) const;
  /// Is there a record of holds on the object, in either copy?
  bool held(const StoredPtr&) const;
  /// Is there a record on the object, all of whose events are gone?
  bool orphaned(const ObjectRef&) const;

 private:
  void note_trace(const Commit&);
  bool remembered(const ObjectRef&) const;
  void created(const Commit&, const FieldRef&, const Value&);
  void changed(const Commit&, const FieldRef&, const Value&);

  const simulator::Cluster& cluster_;
  std::map<FieldRef, FieldTruth> fields_;
};

/// What people decided about an event by SaleActions, as its stored status tells it, of the run and
/// of the window that it has there.
struct Decided {
  bool aborted = false, restored = false, thawed = false;
  Instant end;  ///< of the sale
};
Decided decided_on(const simulator::Cluster&, const ObjectRef& event, Instant start, Instant end);

/// Where an object says how many replicas there are to be at least, and at most; empty: nowhere.
const char* floor_field(const ObjectRef&);
const char* ceiling_field(const ObjectRef&);
/// Is it an autoscaler that KEDA makes, which is nobody else's to write?
bool is_made_by_keda(const ObjectRef&);
/// What scales the workload: a ScaledObject where there is one, else its autoscaler.
ObjectRef scaler_of(const simulator::Cluster&, const ObjectRef& workload);

/// Is it of the candidate of a release?
bool is_candidate(const ObjectRef&);

/// The fields of an object that events of these histories may hold.
std::vector<std::string> holdable(const ObjectRef&);
std::optional<std::int64_t> number(const Value&);
std::string shown(const Value&);
bool contains(const std::vector<Value>&, const Value&);
/// The lowest of the numbers among values; nothing when there is none, or when the field may as
/// well be absent, which bounds nothing.
std::optional<std::int64_t> lowest(const std::vector<Value>&);

inline constexpr const char* kMin = "/spec/minReplicas";
inline constexpr const char* kMax = "/spec/maxReplicas";
inline constexpr const char* kReplicas = "/spec/replicas";
inline constexpr const char* kKedaMin = "/spec/minReplicaCount";
inline constexpr const char* kKedaMax = "/spec/maxReplicaCount";
inline constexpr const char* kKedaSelectPolicy =
    "/spec/advanced/horizontalPodAutoscalerConfig/behavior/scaleDown/selectPolicy";
/// Every field that carries capacity.
inline constexpr const char* kCapacityFields[] = {kMin, kMax, kReplicas, kKedaMin, kKedaMax};
inline constexpr const char* kFloorFields[] = {kMin, kReplicas, kKedaMin};
inline constexpr const char* kMinAvailable = "/spec/minAvailable";
inline constexpr const char* kUpdateMode = "/spec/updatePolicy/updateMode";
inline constexpr const char* kRules = "/spec/rules";
inline constexpr const char* kRequests = "/spec/rateLimit/global/requests";
inline constexpr const char* kSelectPolicy = "/spec/behavior/scaleDown/selectPolicy";
inline constexpr const char* kAnnotation = "/metadata/annotations/doorbuster.dev~1holds";
inline constexpr const char* kLabel = "/metadata/labels/doorbuster.dev~1held";

}  // namespace doorbuster::simulation
