#include "tests/simulation/needed.h"

#include <algorithm>

namespace doorbuster::simulation {
namespace {

using simulator::Tree;

std::int64_t pods_for(std::int64_t rps, std::int64_t per_pod, std::int64_t percent) {
  std::int64_t pods = 1;
  while (pods * per_pod * percent < rps * 100) ++pods;
  return pods;
}

/// Pods are dealt out to the zones in turn; the first has the most.
std::int64_t left_without_fullest(std::int64_t pods, std::int64_t zones) {
  std::int64_t fullest = 0;
  for (std::int64_t pod = 0; pod < pods; pod += zones) ++fullest;
  return pods - fullest;
}

std::int64_t with_margin(const Tree& target, const api::TargetStatus* row, std::int64_t pods) {
  const Tree* survive = target.at("/need/surviveZoneLoss");
  if (survive == nullptr || survive->print() != "true") return pods;
  std::int64_t zones = target.number("/need/zones", 0);
  if (zones == 0) zones = row != nullptr && row->zones ? *row->zones : 2;
  if (zones == 1) return pods;
  std::int64_t all = pods;
  while (left_without_fullest(all, zones) < pods) ++all;
  return all;
}

/// What `need` says under this name, or the last step of the profile whose time has come.
Value in_force(const Tree& target, const std::string& name, Instant start, Instant now) {
  Value out = target.value_at("/need/" + name);
  if (const Tree* profile = target.at("/profile")) {
    for (const Tree& step : profile->elements()) {
      if (start + *api::parse_offset(step.text_at("/at")) > std::max(now, start)) continue;
      if (const Value amount = step.value_at("/" + name)) out = amount;
    }
  }
  return out;
}

}  // namespace

std::optional<std::int64_t> needed_at(const Tree& target,
                                      const api::TargetStatus* row,
                                      Instant start,
                                      Instant now) {
  std::int64_t out = 0;
  if (const auto fixed = in_force(target, "replicas", start, now)) {
    out = *integer_of(*fixed);
  } else if (const auto rate = in_force(target, "rps", start, now)) {
    const std::int64_t pods = pods_for(*integer_of(*rate),
                                       std::stoll(target.text_at("/need/rpsPerPod")),
                                       target.number("/need/utilizationPercent", 100));
    out = with_margin(target, row, pods);
  } else if (const auto times = in_force(target, "multiplier", start, now)) {
    if (row == nullptr || !row->usual) return std::nullopt;
    out = *api::times_rounded_up(*row->usual, *api::quantity_of(*times));
  }
  return std::min(out, target.number("/ceiling", out));
}

}  // namespace doorbuster::simulation
