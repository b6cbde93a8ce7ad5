#include "controllers/planner/need.h"

#include <algorithm>
#include <variant>

namespace doorbuster::planner {
namespace {

std::int64_t replicas_of(const api::NeedReplicas& need, const NeedBasis&) { return need.value; }

std::int64_t replicas_of(const api::NeedMultiplier& need, const NeedBasis& basis) {
  const std::int64_t of = need.of == api::NeedOf::Minimum ? basis.minimum : basis.usual;
  return api::times_rounded_up(of, need.value).value_or(kMostReplicas + 1);
}

std::int64_t replicas_of(const api::NeedRps& need, const NeedBasis&) {
  return replicas_for_rate(need);
}

}  // namespace

std::int64_t replicas_for_rate(const api::NeedRps& need) {
  // At most 10^18 x 100 on either side (twins::rate_in_range).
  const api::Int128 asked = need.value.nanos * 100;
  const api::Int128 carried = need.rps_per_pod.nanos * need.utilization_percent.value_or(100);
  if (carried <= 0) return kMostReplicas + 1;
  const api::Int128 count = (asked + carried - 1) / carried;
  return static_cast<std::int64_t>(std::min<api::Int128>(count, kMostReplicas + 1));
}

std::int64_t with_a_zone_to_lose(std::int64_t count, std::int64_t zones) {
  if (zones <= 1) return count;
  return count + (count + zones - 2) / (zones - 1);
}

std::optional<ZoneMargin> zone_margin_of(const api::TargetSpec& spec) {
  const auto* rps = std::get_if<api::NeedRps>(&spec.need);
  if (rps == nullptr || !rps->survive_zone_loss.value_or(false)) return std::nullopt;
  return ZoneMargin{rps->zones ? std::optional<std::int64_t>(*rps->zones) : std::nullopt};
}

std::int64_t busy_replicas(const api::TargetSpec& spec, const NeedBasis& basis) {
  const std::int64_t asked =
      std::visit([&basis](const auto& need) { return replicas_of(need, basis); }, spec.need);
  return std::clamp<std::int64_t>(asked, 1, kMostReplicas + 1);
}

Need need_of(const api::TargetSpec& spec, const NeedBasis& basis) {
  const std::int64_t most =
      std::min<std::int64_t>(spec.ceiling.value_or(kMostReplicas), kMostReplicas);
  std::int64_t asked = busy_replicas(spec, basis);
  if (const auto margin = zone_margin_of(spec)) {
    const std::int64_t seen = basis.zones.value_or(kZonesAssumed);
    asked = with_a_zone_to_lose(asked, margin->zones.value_or(seen));
  }
  Need out;
  out.capped = asked > most;
  out.floor = std::min(asked, most);
  const std::int64_t room = spec.ceiling.value_or(kMostReplicas * 2);
  out.ceiling = std::max(out.floor, std::min((out.floor * 3 + 1) / 2, room));
  return out;
}

}  // namespace doorbuster::planner
