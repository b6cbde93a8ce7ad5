#pragma once

#include "controllers/planner/settle.h"
#include "controllers/planner/sweeping.h"
#include "controllers/planner/wanted.h"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace doorbuster::planner {

// Objects of our own (DESIGN.md section 1): made for an event, named so that two tries make one,
// marked so that they are found when nothing remembers them, and removed with whatever they were
// for. Those in their event's namespace have it as owner; for those elsewhere an ownerReference
// would not do (the garbage collector takes it for one that is gone), and a sweep looks after them.

inline constexpr const char* kChildLabel = "doorbuster.dev/child";         ///< the install id
inline constexpr const char* kChildUidLabel = "doorbuster.dev/event-uid";  ///< of its event
inline constexpr const char* kChildEvent = "doorbuster.dev/event";         ///< "shop/flash-sale"
inline constexpr const char* kChildPurpose = "doorbuster.dev/purpose";     ///< "headroom/checkout"
inline constexpr const char* kChildMadeOf = "doorbuster.dev/made-of";      ///< a hash

/// For whom an object of ours was made, by its marks; nothing: it is none.
std::optional<Holder> parent_of(const Document&);

/// Does it stand in its event's namespace?
bool is_beside(const ObjectRef& child, const Holder& parent);

/// The children of one event that were seen, by feature and name. Those that are going already are
/// not among them.
using OurChildren = std::map<std::pair<std::string, std::string>, std::vector<ObjectRef>>;
OurChildren our_children(const Observation&, const Who& event);

/// `<event>-<target>-<hash>`, a DNS label: the same whenever it is made anew, and never that of a
/// namesake of the event.
std::string child_name(const Holder& parent);

struct Create {
  ObjectRef object;
  std::string api_version;
  Json manifest;
  Reason why;
};
/// By uid alone: what was done to it since makes it no less ours.
struct Remove {
  ObjectRef object;
  std::string api_version;
  std::string only_if_uid;
  Reason why;
};
using ChildEffect = std::variant<Create, Write, Remove>;

/// What is done about one child, and what stands there.
struct ChildVerdict {
  std::optional<ChildEffect> effect;
  enum class There {
    No,
    Ours,
    Going,  ///< on its way out: made anew once it is gone
    Taken,  ///< somebody else's object has its name
    Forbidden,
    Unknown
  } there = There::Unknown;
  const Present* seen = nullptr;  ///< with Ours
};
ChildVerdict settle_child(const Observation&, const ChildWant&, const Holder& parent);
std::vector<ChildEffect> remove_children(const Observation&,
                                         const std::vector<ObjectRef>&,
                                         const Reason&);

/// What a sweep does about an object of our own: nothing while its event lives, or is not known not
/// to. `uid`: what a consistent GET of that event says.
struct ChildCare {
  Life life = Life::Unknown;
  std::optional<Remove> remove;
  std::string kept{};  ///< why it stays although its event is gone (serving_child.h)
};
ChildCare care_for_child(const ObjectRef&,
                         const Present&,
                         const std::string& install,
                         const Result<std::string>& uid);

}  // namespace doorbuster::planner
