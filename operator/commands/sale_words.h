#pragma once

#include "crds/reader.h"
#include "operator/base/instant.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace doorbuster::commands {

// What several commands say of a sale, each rule once.

/// Null when there is none of this type.
const api::Condition* condition_in(const api::SaleEventStatus&, std::string_view type);
bool is_true(const api::Condition* condition);

/// The decision by which this run was called off; null: it was not, or the window was edited since.
const api::Decision* abort_of(const api::SaleEventStatus&);

/// What people should know of: the event's own message, and conditions that are not as they should
/// be.
std::vector<std::string> warnings_of(const api::SaleEventStatus&);

/// It was refused, or people must look at it.
bool needs_people(const api::SaleEventStatus&);

/// The phase, or `Unknown` where no operator has looked.
std::string phase_text(const api::SaleEventStatus&);
std::string or_dash(const std::optional<std::int64_t>& value);
/// `3..10`, or the replicas of a workload without autoscaler.
std::string baseline_text(const api::TargetBaseline&);
/// `HorizontalPodAutoscaler shop/checkout`.
std::string object_text(const api::HeldObject&);
/// The held field, and the path within the document that it holds.
std::string field_text(const api::HoldStatus&);
/// A held value, 40 bytes of it.
std::string shown(const Value& value);
/// What was decided, with subject, value and detail.
std::string decision_text(const api::Decision&);
/// `2026-11-27 09:00:00 +01:00`.
std::string local_text(Instant at, Duration offset);
/// A span in its two largest units, `23h17m`, `3d4h`, `42s`; of a negative one its size.
std::string short_span(Duration span);
/// `in 5m`, `42s ago`, `now`.
std::string relative_text(Instant at, Instant now);

}  // namespace doorbuster::commands
