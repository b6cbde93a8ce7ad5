#pragma once

#include "controllers/planner/plan.h"

#include <optional>

namespace doorbuster::planner {

/// So long before a hold becomes due everything that its first write depends on is made ready: the
/// access reviews are asked, the finalizer is put on, the second copy is stored. When it is due the
/// object's write is then the first request (hack/decisions/0011).
inline constexpr Duration kAhead{10'000};

/// The state of a row whose copy speaks of a write that is not due yet; `stepped_at` says when.
inline constexpr const char* kDue = "Due";

/// The event as if nothing had been made ready: without the rows of writes that were not made.
/// Nothing: there are none, the event is what it is. A row stays where it is not certain that its
/// write was not made: then it is a second copy like any other.
std::optional<Event> without_intents(const Event&, const Observation&, Instant now);

/// Adds to a status what the first writes of a coming plan depend on, for objects on which nothing
/// is held yet. False: there is nothing to add.
bool add_intents(const Plan& coming, Instant due, api::SaleEventStatus&);

/// May the writes that go with `next` be made before it is stored? Only just after the instant for
/// which something was made ready (a write that never shows must not keep status back for ever),
/// and only where `stored` remembers all that they depend on. What only people read (phase,
/// conditions, states) is no such thing.
bool writes_go_first(const api::SaleEventStatus& stored,
                     const api::SaleEventStatus& next,
                     Instant now);

}  // namespace doorbuster::planner
