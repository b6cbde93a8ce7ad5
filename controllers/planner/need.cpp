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

/// The need with the amount of the last step of the profile whose time has come.
api::Need in_force(const api::TargetSpec& spec, Duration since_start) {
  api::Need out = spec.need;
  for (const api::ProfileStep& step : spec.profile) {
    if (step.at.value > since_start) break;
    if (auto* need = std::get_if<api::NeedReplicas>(&out); need != nullptr && step.replicas)
      need->value = *step.replicas;
    if (auto* need = std::get_if<api::NeedMultiplier>(&out); need != nullptr && step.multiplier)
      need->value = *step.multiplier;
    if (auto* need = std::get_if<api::NeedRps>(&out); need != nullptr && step.rps)
      need->value = *step.rps;
  }
  return out;
}

std::int64_t with_margin(const api::TargetSpec& spec, const NeedBasis& basis, std::int64_t busy) {
  const auto margin = zone_margin_of(spec);
  if (!margin) return busy;
  const std::int64_t seen = basis.zones.value_or(kZonesAssumed);
  return with_a_zone_to_lose(busy, margin->zones.value_or(seen));
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

std::int64_t busy_replicas(const api::TargetSpec& spec,
                           const NeedBasis& basis,
                           Duration since_start) {
  const std::int64_t asked = std::visit(
      [&basis](const auto& need) { return replicas_of(need, basis); }, in_force(spec, since_start));
  return std::clamp<std::int64_t>(asked, 1, kMostReplicas + 1);
}

std::int64_t Need::floor_at(Instant at) const {
  std::int64_t out = stretches.front().floor;
  for (const Stretch& one : stretches) {
    if (one.from <= at) out = one.floor;
  }
  return out;
}

std::int64_t Need::peak() const {
  std::int64_t out = 0;
  for (const Stretch& one : stretches) out = std::max(out, one.floor);
  return out;
}

Need need_of(const api::TargetSpec& spec, const NeedBasis& basis, const Window& window) {
  const std::int64_t most =
      std::min<std::int64_t>(spec.ceiling.value_or(kMostReplicas), kMostReplicas);
  Need out;
  const auto add = [&](Duration since_start) {
    const std::int64_t asked = with_margin(spec, basis, busy_replicas(spec, basis, since_start));
    out.capped = out.capped || asked > most;
    out.stretches.push_back({window.start + since_start, std::min(asked, most)});
  };
  add(Duration(0));
  for (const api::ProfileStep& step : spec.profile) {
    if (step.at.value > Duration(0) && window.start + step.at.value < window.end)
      add(step.at.value);
  }
  const std::int64_t room = spec.ceiling.value_or(kMostReplicas * 2);
  out.ceiling = std::max(out.peak(), std::min((out.peak() * 3 + 1) / 2, room));
  return out;
}

}  // namespace doorbuster::planner
