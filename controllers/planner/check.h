#pragma once

#include "controllers/planner/plan.h"
#include "controllers/planner/seen.h"
#include "crds/sale_event.h"
#include "operator/base/instant.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace doorbuster::planner {

enum class CheckVerdict { Good, Bad, Unknown };
const char* to_string(CheckVerdict verdict);

/// What a check says, and from what.
struct CheckJudgement {
  CheckVerdict verdict = CheckVerdict::Unknown;
  std::optional<Instant> since;  ///< the verdict, as far as the measurements reach back
  /// The first of an unbroken series of bad measurements, also before `for` is over.
  std::optional<Instant> bad_since;
  std::string value;                   ///< of the last measurement that was one
  std::optional<Instant> measured_at;  ///< that, or the last try
  std::string message;                 ///< why, in words for people
};

double number_of(const api::Quantity&);

/// How long a measurement stands.
Duration stale_after(const api::CheckSpec& check);
/// `bad.for`; nothing of a condition or a Job.
Duration bad_for(const api::CheckSpec& check);

/// From measurements, oldest first. A failure of the provider is neither good nor bad: what was
/// measured before it stands until it is stale. `for` is over when every measurement across that
/// span was bad; two that lie further apart than staleAfter span nothing.
CheckJudgement judge(const api::CheckSpec& check,
                     std::span<const Measurement> history,
                     Instant now);

/// What the measurements since an instant come to, failures of the provider among them.
struct CheckTally {
  int bad = 0;           ///< at which the check was Bad, `for` included
  int inconclusive = 0;  ///< that say neither good nor bad
  int good_in_row = 0;   ///< the latest ones
};
CheckTally tally_since(const api::CheckSpec& check,
                       std::span<const Measurement> history,
                       Instant since);

/// How far back measurements of a check matter to anybody.
Duration remembered(const api::SaleEventSpec&, const api::CheckSpec&);

/// A row's numbers are written again this often at the most, its verdict at once.
inline constexpr Duration kCheckRowFresh = std::chrono::minutes(1);

/// From the beginning of preparation, or of a rollout that begins earlier.
Instant measured_from(const api::SaleEventSpec&, const Window&);

/// Has it anything that a provider is asked for: a check, a comparison, or a webhook?
bool asks_providers(const api::SaleEventSpec&);

/// Are webhooks of gates asked, where a step waits at one? While its spec is accepted and it is not
/// over.
bool asks_gates(const Event& event, const std::string& install);

/// Are the checks of this event measured now? From then until everything is back or complete, while
/// its spec is accepted.
bool measures_checks(const Event& event, const std::string& install, Instant now);

/// The rows of status: as they are where nothing new is to be told.
struct CheckRowsIn {
  const Event& event;
  const std::vector<api::CheckSpec>& checks;
  const Observation& seen;
  const Window& window;
  Instant measured_from;
  bool new_run = false;
  Instant now;
};
std::vector<api::CheckStatus> check_rows(const CheckRowsIn& in);

}  // namespace doorbuster::planner
