#pragma once

#include "crds/sale_event.h"
#include "operator/base/instant.h"

#include <string>

namespace doorbuster::commands {

/// Parts of a status as the tests of what is printed have them.
inline const Instant kStart = *parse_rfc3339("2026-11-27T08:00:00Z");

inline api::Condition condition(const char* type,
                                api::ConditionStatus status,
                                const char* reason,
                                Instant since = kStart) {
  return {.type = type,
          .status = status,
          .observed_generation = 1,
          .last_transition_time = since,
          .reason = reason,
          .message = std::string("because of ") + reason};
}

inline api::HoldStatus hold(const char* state) {
  api::HoldStatus row;
  row.name = "limit";
  row.object = {.api_version = "",
                .group = "gateway.envoyproxy.io",
                .kind = "BackendTrafficPolicy",
                .ns = "shop",
                .name = "limit"};
  row.field = "/spec/requests";
  row.baseline = Json{"100"};
  row.state = state;
  return row;
}

inline api::RolloutStatus rollout(const char* state) {
  api::RolloutStatus row;
  row.name = "checkout-v43";
  row.state = state;
  row.step = 2;
  row.steps = 5;
  row.weight = 10;
  row.ready = 4;
  row.replicas = 5;
  row.stable_ready = 40;
  row.stable_needed = 38;
  row.analysis = "Inconclusive";
  row.message = "waits for a pod";
  return row;
}

}  // namespace doorbuster::commands
