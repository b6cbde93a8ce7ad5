#pragma once

#include "controllers/planner/rollout_pods.h"
#include "controllers/planner/rollout_requests.h"
#include "controllers/planner/rollout_route.h"
#include "crds/sale_event.h"
#include "operator/base/object_ref.h"

#include <optional>
#include <span>
#include <string>

namespace doorbuster::planner {

/// A kind of object that shares out the traffic of a release: which field of it is held, whole, and
/// how that is read and written. The steps of a rollout know none of this.
struct Router {
  const char *group, *kind;
  const char* member;  ///< of `traffic` in the API
  const char* field;   ///< JSON Pointer
  const char* what;    ///< the field, in words
  bool whole;          ///< the candidate gets all of the traffic or nothing
  /// What is held is one of ours, made beside the object that the spec names and like it.
  bool by_copy = false;

  Shares (*shares)(const JsonView& field, const Sides&);
  /// The author's field with this for the candidate: nothing gives it as it is. Invalid where the
  /// kind cannot say so.
  Result<Json> (*share_out)(const JsonView& field, const Sides&, const Split&);
  /// A field that somebody else wrote, without the candidate: what it got goes to the target.
  /// `written`: the author's.
  Json (*take_out)(const JsonView& field, const JsonView& written, const Sides&);
  /// Empty: what is written is what happens; else what is still waited for.
  std::string (*why_not_in_force)(const Document&);
  /// What else of it sends to the target and cannot be shared out; empty: nothing does. Null where
  /// there is nothing else.
  std::string (*why_not_shared)(const Document&, const Sides&) = nullptr;
  /// Does any object of the kind send something to the candidate? Null: as `shares` says.
  bool (*sends)(const Document&, const Sides&) = nullptr;
};

std::span<const Router> routers();
/// Null: no router.
const Router* router_of(const ObjectRef&);
/// Is it what a router shares out traffic by?
bool shares_out(const FieldRef&);

/// What a rollout asks for.
struct RouterAsked {
  const Router* router = nullptr;  ///< null: nothing is asked for, or nothing is held
  ObjectRef object;                ///< as the spec names it; or kByPods
  std::string backend;             ///< the target's Service; empty: none is looked at
};
RouterAsked router_asked(const api::RolloutTraffic&, const std::string& ns);

/// "HTTPRoute/shop", as a decision remembers a router of the event's namespace.
std::string router_text(const ObjectRef&);
/// The same back; nothing where that is no router.
std::optional<ObjectRef> router_told(const std::string& text, const std::string& ns);

}  // namespace doorbuster::planner
