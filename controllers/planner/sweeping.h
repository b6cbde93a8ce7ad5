#pragma once

#include "controllers/planner/settle.h"

#include <map>
#include <optional>
#include <set>
#include <string>

namespace doorbuster::planner {

/// Does the event of a holder still exist?
enum class Life {
  Lives,
  Dead,
  Unknown,  ///< not ours to say, or not answered: its holds are never touched
};

/// What a consistent GET of a holder's event says of it (DESIGN.md section 3): dead only when the
/// answer is 404 or another uid, and only of our own install. `uid`: of the event of that name.
Life life_of(const Holder& holder, const std::string& install, const Result<std::string>& uid);

/// The holders of one install that an object's record names.
std::set<Holder> holders_of(const Present& object, const std::string& install);

/// What a sweep does about one object.
struct Care {
  enum class Next {
    None,   ///< it needs us no more: nothing of ours is on it, or living events answer for it
    Soon,   ///< after the write
    Timed,  ///< at `at`
    Later,  ///< nothing can be done now
  } next = Next::None;
  std::optional<Instant> at;
  std::optional<Write> write;
  std::set<Holder> dead;  ///< whom it lets go of
};

/// What a sweep must look at too, before it cares for an object: of a ScaledObject the
/// HorizontalPodAutoscaler through which it scales, of such an autoscaler the ScaledObject that
/// made it.
std::optional<ObjectRef> scales_through(const ObjectRef& ref, const Present& object);

/// Which holders are dead and what is done about them. A holder that `lives` does not name is
/// Unknown. `through`: what scales_through() names, where it exists.
Care care_for(const ObjectRef& ref,
              const Present& object,
              const std::map<Holder, Life>& lives,
              const std::string& install,
              Instant now,
              const Present* through = nullptr);

}  // namespace doorbuster::planner
