#pragma once

#include "controllers/planner/seen.h"
#include "controllers/planner/settle.h"

#include <map>
#include <string>

namespace doorbuster::planner {

// A write that the API server does not take, by validation, a policy or a webhook: status says why,
// and it is tried again ever more rarely until it is taken.

/// The state of a row whose write is refused.
inline constexpr const char* kRefused = "Refused";

inline constexpr Duration kFirstRetry = std::chrono::seconds(1);
/// Not longer: who mends a policy in mid-sale waits for it.
inline constexpr Duration kLongestRetry = std::chrono::seconds(30);
/// Refusals that are remembered of one event; of more the oldest is forgotten.
inline constexpr std::size_t kRefusals = 256;

/// Did the server say no to what was asked, and not merely not now?
bool is_refusal(const Error&);

/// The server's reason, field by field, and what to do about it.
std::string refusal_text(const Error&);

/// A patch for whatever version the object has by then.
Json without_version(const Json& patch);

/// What the API server said last to the writes of one event.
class Refusals {
 public:
  void note(const Write&, const Outcome&, Instant now);
  const std::map<ObjectRef, Refusal>& known() const { return known_; }

 private:
  std::map<ObjectRef, Refusal> known_;
};

/// When an object may be written to again after a refusal: ever later where it is the very write
/// that was refused, of an object whose spec is the same.
Instant tried_again(const Refusal&, const Write&);

}  // namespace doorbuster::planner
