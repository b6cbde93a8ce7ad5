#pragma once

#include "controllers/planner/wanted.h"
#include "crds/sale_event.h"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace doorbuster::planner {

// Targets that are found by their labels: each workload that a selector matches becomes a target of
// its own, with the need and the ramp of the one that selects.

/// So many workloads may one selector match; targets of an event in all: bounds::kTargets.
inline constexpr std::size_t kSelected = 64;

/// As the API server reads it in a query: `tier=2,app in (a,b),!canary`. The order is fixed: equal
/// selectors have equal texts.
std::string selector_text(const api::LabelSelector&);
using Labels = std::map<std::string, std::string>;
Labels labels_at(const JsonView& value, std::string_view pointer);
Labels labels_of(const JsonView& object);  ///< in its metadata
/// Of somebody else's object, as its API has it (metav1.LabelSelector).
api::LabelSelector selector_of(const JsonView&);
/// Does a selector match these labels? As metav1.LabelSelector does
/// (https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/): all requirements
/// hold; NotIn and DoesNotExist hold where the key is absent. An empty selector matches everything.
bool selects(const api::LabelSelector&, const Labels&);

/// What a target asks to be looked for.
std::vector<Selection> selections_of(const api::TargetSpec&, const std::string& ns);

/// An object by its kind, and what labels it carries.
struct Labelled {
  std::string kind, name;
  Labels labels;
};
/// What the selectors of a spec find among the objects of its namespace, where no API server does
/// it.
std::map<Selection, SelectedFact> found_among(const api::SaleEventSpec&,
                                              const std::string& ns,
                                              const std::vector<Labelled>&);

/// `tier-2` and Deployment search -> `tier-2/deployment/search`.
std::string name_of_selected(const std::string& target, const ObjectRef& workload);
/// The target that a found one belongs to: `tier-2/deployment/search` -> `tier-2`; itself for
/// others.
std::string selecting_target(const std::string& name);

/// Is a target, by its name, one that a selector finds of which it is not known now what it finds?
bool is_out_of_sight(const std::vector<std::string>& unread, const std::string& name);

struct Expanded {
  std::vector<api::TargetSpec> targets;  ///< all with a `ref`
  std::vector<Reason> warnings;
  /// Selectors, by the target's name, of which it is not known now what they match: whatever is
  /// held for them stays.
  std::vector<std::string> unread;
};
/// The targets of a spec, found ones in their places. A workload that a target names is that one's;
/// one that several selectors match is the first one's. Of more than the bounds those that are not
/// held yet come last and are left out, and a warning says so. `held`: names of targets.
Expanded expand(const api::SaleEventSpec&,
                const std::string& ns,
                const Observation&,
                const std::set<std::string>& held);

}  // namespace doorbuster::planner
