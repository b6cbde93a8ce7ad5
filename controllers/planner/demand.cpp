#include "controllers/planner/demand.h"

#include "crds/fields.h"
#include "operator/base/json_read.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

namespace doorbuster::planner {
namespace {

constexpr std::int64_t kMostReplicas = 1'000'000;  ///< keeps the products below within 128 bits

struct Condition {
  std::string status, reason;
};

std::optional<Condition> condition(const Document& object, std::string_view type) {
  const auto list = object.root().at("/status/conditions");
  if (!list) return std::nullopt;
  for (const JsonView& one : list->elements()) {
    if (text_of(one, "type") == type)
      return Condition{text_of(one, "status"), text_of(one, "reason")};
  }
  return std::nullopt;
}

/// Metric types and the members that hold them.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kTypes{{
    {"Resource", "resource"},
    {"ContainerResource", "containerResource"},
    {"Pods", "pods"},
    {"Object", "object"},
    {"External", "external"},
}};

/// The part of a metric that says what it measures, as a key; and its source with target or
/// current.
struct Metric {
  std::string key;
  JsonView source;
};

std::optional<Metric> metric_of(const JsonView& one) {
  const auto type = one.member("type");
  if (!type) return std::nullopt;
  const std::string name = type->string().value_or("");
  for (const auto& [known, member] : kTypes) {
    if (name != known) continue;
    const auto source = one.member(member);
    if (!source) return std::nullopt;
    std::string key = name;
    for (const std::string_view pointer : {"/name",
                                           "/container",
                                           "/metric/name",
                                           "/metric/selector",
                                           "/describedObject/kind",
                                           "/describedObject/name"}) {
      const auto part = source->at(pointer);
      key += "|" + (part ? std::string(part->text()) : std::string());
    }
    return Metric{key, *source};
  }
  return std::nullopt;
}

std::optional<api::Int128> nanos_at(const JsonView& source, const std::string& pointer) {
  const auto found = source.at(pointer);
  if (!found) return std::nullopt;
  const auto quantity = api::quantity_of(Json{std::string(found->text())});
  if (!quantity) return std::nullopt;
  return quantity->nanos;
}

/// ceil(replicas x current / target) of one metric; nothing when its current value is not known.
std::optional<std::int64_t> replicas_for(const JsonView& spec,
                                         const JsonView& status,
                                         std::int64_t replicas) {
  for (const char* how : {"averageUtilization", "averageValue", "value"}) {
    const auto target = nanos_at(spec, std::string("/target/") + how);
    if (!target || *target <= 0) continue;
    const auto current = nanos_at(status, std::string("/current/") + how);
    if (!current || *current < 0) return std::nullopt;
    const api::Int128 product = *current * replicas;
    const api::Int128 wanted = (product + *target - 1) / *target;
    return static_cast<std::int64_t>(std::min<api::Int128>(wanted, kMostReplicas));
  }
  return std::nullopt;
}

/// The maximum over all metrics; nothing when one of them is not known, for that one might ask for
/// more.
std::optional<std::int64_t> by_metrics(const Document& object, std::int64_t replicas) {
  const auto wanted = object.root().at("/spec/metrics");
  const auto seen = object.root().at("/status/currentMetrics");
  if (!wanted || !seen || wanted->elements().empty()) return std::nullopt;
  std::int64_t most = 0;
  for (const JsonView& one : wanted->elements()) {
    const auto spec = metric_of(one);
    if (!spec) return std::nullopt;
    std::optional<std::int64_t> found;
    for (const JsonView& current : seen->elements()) {
      const auto status = metric_of(current);
      if (status && status->key == spec->key)
        found = replicas_for(spec->source, status->source, replicas);
    }
    if (!found) return std::nullopt;
    most = std::max(most, *found);
  }
  return most;
}

}  // namespace

std::int64_t current_replicas_of(const Document& autoscaler) {
  return std::clamp<std::int64_t>(
      autoscaler.integer("/status/currentReplicas").value_or(0), 0, kMostReplicas);
}

bool keeps_for_a_while(const Document& autoscaler) {
  const auto able = condition(autoscaler, "AbleToScale");
  return able && able->status == "True" && able->reason == "ScaleDownStabilized";
}

std::optional<Instant> last_scaled(const Document& autoscaler) {
  return parse_rfc3339(autoscaler.string("/status/lastScaleTime"));
}

std::string why_inactive(const Document& autoscaler) {
  const auto active = condition(autoscaler, "ScalingActive");
  if (!active || active->status != "False" || active->reason == "ScalingDisabled") return "";
  return active->reason.empty() ? "ScalingActive=False" : active->reason;
}

Demand demand_of(const Document& autoscaler) {
  const auto active = condition(autoscaler, "ScalingActive");
  if (active && active->status == "False") return {Demand::Says::Free, 0};
  const auto limited = condition(autoscaler, "ScalingLimited");
  const bool too_few = limited && limited->status == "True" && limited->reason == "TooFewReplicas";
  const auto wanted = by_metrics(autoscaler, current_replicas_of(autoscaler));
  const std::int64_t minimum = autoscaler.integer("/spec/minReplicas").value_or(1);
  if (too_few) {
    if (wanted && *wanted < minimum) return {Demand::Says::Number, *wanted};
    return {Demand::Says::Less, 0};
  }
  if (wanted) return {Demand::Says::Number, *wanted};
  return {Demand::Says::Unknown, 0};
}

}  // namespace doorbuster::planner
