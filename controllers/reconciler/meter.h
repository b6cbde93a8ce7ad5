#pragma once

#include "controllers/planner/plan.h"
#include "operator/base/instant.h"
#include "operator/kube/client.h"

namespace doorbuster::reconciler {

/// How one round ended, in controller-runtime's words.
enum class RoundEnd { Success, Error, Requeue, RequeueAfter };
const char* to_string(RoundEnd end);

/// Told what the reconciler does; commands turn it into metrics. Called from any thread: count and
/// return.
class Meter {
 public:
  virtual ~Meter() = default;
  virtual void on_round(RoundEnd end, Duration took) = 0;
  virtual void on_active_workers(int change) = 0;  ///< +1, -1
  /// An event as it is known now.
  virtual void on_event(const planner::Event& event, Instant now) = 0;
  virtual void on_event_gone(const kube::Key& event) = 0;
  virtual void on_sweep(std::size_t held, std::size_t orphans) = 0;
};

}  // namespace doorbuster::reconciler
