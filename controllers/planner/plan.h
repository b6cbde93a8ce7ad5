#pragma once

#include "controllers/planner/check_hosts.h"
#include "controllers/planner/child.h"
#include "controllers/planner/seen.h"
#include "controllers/planner/settle.h"
#include "controllers/planner/wanted.h"
#include "controllers/products/allow_list.h"
#include "crds/sale_event.h"
#include "operator/base/instant.h"

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace doorbuster::planner {

/// A SaleEvent as read. `spec` is the reader's verdict; `status` is what we wrote last, our memory.
struct Event {
  ObjectRef ref;
  std::string uid, version;
  std::int64_t generation = 0;
  bool deleting = false, has_finalizer = false;
  std::vector<std::string> finalizers;
  bool frozen = false;  ///< it has the label of freeze.h
  Instant created;
  /// What a SaleSchedule wrote on it (sale_schedule.h): whose it is, and from what it was made.
  std::string schedule{}, template_hash{};
  /// metadata.ownerReferences: uid, and the whole entry.
  std::vector<std::pair<std::string, Json>> owners{};
  Result<api::SaleEventSpec> spec = Error{};
  api::SaleEventStatus status;
};

/// What the operator was started with.
struct Setup {
  std::string install;
  products::AllowList allow;
  std::string ns = {};  ///< its own namespace, for placeholder pods; empty: not known
  std::string placeholder_image = "registry.k8s.io/pause:3.10";
  /// Has a statically linked /bin/busybox, which runs in whatever image is pulled ahead.
  std::string prepull_image = "docker.io/library/busybox:1.37.0-musl";
  /// What checks may ask; nothing: not known here, so not judged.
  std::optional<CheckSetup> checks = {};
};

/// What a round must look at before it can plan. A reference whose author named no group has the
/// group "*"; the namespace is the event's (or the hold's) even for a kind that turns out to have
/// none. An observation may answer under the reference as asked, or as served, or both.
struct Needs {
  std::set<ObjectRef> objects;    ///< facts, whole
  std::set<ObjectRef> workloads;  ///< and which autoscalers name them (with their facts)
  std::set<std::pair<std::string, std::string>> kinds;  ///< group or "*", kind
  std::set<Selection> selections;                       ///< and what they find, as if named
  bool budgets = false;  ///< the PodDisruptionBudgets of the event's namespace
  bool zones = false;    ///< in how many there are nodes
  /// Workloads that are waited for: from this instant on it is worth asking why.
  std::map<ObjectRef, Instant> pods;
};
/// So long pods may take before anybody asks what keeps them.
inline constexpr Duration kPodsPatience = std::chrono::seconds(10);
Needs needs_of(const Event&, const Setup&);
/// What selections have found is looked at like what a spec names.
void add_found(Needs&, const std::map<Selection, SelectedFact>&);
/// What the objects that were looked at lead to and that is not among them yet: what made an
/// autoscaler, and the other way round. Looked at too, until there is nothing more.
std::set<ObjectRef> led_to(const Observation&);

/// Put our finalizer on the event, or take it off.
struct SetFinalizer {
  bool present;
};

/// Something worth telling people: becomes a Kubernetes Event about the SaleEvent.
struct Notice {
  enum class Type { Normal, Warning } type;
  Reason reason;
  bool operator==(const Notice&) const = default;
};

/// What is to be said of a SaleAction in its own status, after the event's has been stored.
struct ActionAnswer {
  std::shared_ptr<const Action> action;
  api::SaleActionStatus status;
};

struct Plan {
  std::vector<Question> questions;  ///< unanswered: nothing else of this plan may be carried out
  std::optional<SetFinalizer> finalizer;
  std::optional<bool> frozen;   ///< put the label of a freeze on the event, or take it off
  api::SaleEventStatus status;  ///< persisted before any write that depends on it
  /// Each of another object, by their `order`; those of one order side by side.
  std::vector<Write> writes;
  /// Objects whose writes do not wait for status (a rollback's: the record on the object says so).
  std::set<ObjectRef> at_once;
  std::vector<ChildEffect> children;  ///< after those; in order where their objects have one name
  std::vector<ActionAnswer> actions;  ///< at last
  std::vector<Notice> notices;
  std::optional<Instant> wake;
  bool done = false;      ///< nothing is held and nothing will be: the event is over
  bool all_back = false;  ///< nothing is held or on its way now
};

/// What to do about an event now, and what to make ready for what is due soon (intent.h). Pure: no
/// clock, no socket, no chance.
Plan plan(const Event&, const Observation&, const Setup&, Instant now);

/// None sees another's wants: any order of them gives the same plan.
enum class Feature { Capacity, Headroom, ImagePrepull, Holds, Safeguards, Freeze, Rollouts };
Plan plan_in_order(
    std::span<const Feature>, const Event&, const Observation&, const Setup&, Instant now);

}  // namespace doorbuster::planner
