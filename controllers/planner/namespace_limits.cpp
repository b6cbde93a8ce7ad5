#include "controllers/planner/namespace_limits.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace doorbuster::planner {
namespace {

std::int64_t amount_in(const Amounts& amounts, const std::string& name) {
  const auto found = amounts.find(name);
  return found == amounts.end() ? 0 : found->second;
}

/// A quota's resource as the pod's side and name of it: "requests.cpu" and "cpu" are its request.
std::pair<Amounts PodShape::*, std::string> side_of(const std::string& resource) {
  if (resource.starts_with("limits.")) return {&PodShape::limits, resource.substr(7)};
  if (resource.starts_with("requests.")) return {&PodShape::requests, resource.substr(9)};
  if (resource == "count/pods") return {&PodShape::requests, "pods"};
  return {&PodShape::requests, resource};
}

/// A pod without it is refused where a quota counts it.
bool must_be_said(const std::string& name) { return name == "cpu" || name == "memory"; }

bool is_best_effort(const PodShape& shape) {
  return shape.limits.empty() && shape.requests.size() == 1;  // "pods"
}

bool in_scope(const QuotaRoom::Scope& scope, const PodShape& shape) {
  if (scope.name == "Terminating") return shape.ends;
  if (scope.name == "NotTerminating") return !shape.ends;
  if (scope.name == "BestEffort") return is_best_effort(shape);
  if (scope.name == "NotBestEffort") return !is_best_effort(shape);
  if (scope.name == "PriorityClass") {
    Labels of;
    if (!shape.priority_class.empty()) of["class"] = shape.priority_class;
    return holds({"class", scope.op, scope.values}, of);
  }
  return false;  // CrossNamespacePodAffinity
}

bool counts(const QuotaRoom& quota, const PodShape& shape) {
  return std::all_of(quota.scopes.begin(), quota.scopes.end(), [&shape](const auto& one) {
    return in_scope(one, shape);
  });
}

/// The resource that a quota counts and a container does not say; empty: none.
std::string unsaid(const QuotaRoom& quota, const PodShape& shape) {
  for (const auto& [resource, hard] : quota.hard) {
    const auto [side, name] = side_of(resource);
    if (!must_be_said(name)) continue;
    const bool limits = side == &PodShape::limits;
    for (const ContainerShape& one : shape.containers) {
      if (!(limits ? one.limits : one.requests).contains(name)) return resource;
    }
  }
  return "";
}

/// How many more pods there is room for, and what allows no more.
struct Left {
  std::int64_t pods;
  std::string resource;
};
Left room_for(const Amounts& left, const PodShape& shape, std::int64_t pods) {
  Left out{pods, ""};
  for (const auto& [resource, amount] : left) {
    const auto [side, name] = side_of(resource);
    const std::int64_t each = amount_in(shape.*side, name);
    if (each <= 0 || amount / each >= out.pods) continue;
    out = {std::max<std::int64_t>(amount, 0) / each, resource};
  }
  return out;
}

void take(Amounts& left, const PodShape& shape, std::int64_t pods) {
  for (auto& [resource, amount] : left) {
    const auto [side, name] = side_of(resource);
    amount -= pods * amount_in(shape.*side, name);
  }
}

/// What a resource would have to be for all targets.
std::int64_t wanted_of(const QuotaRoom& quota,
                       const std::string& resource,
                       const std::vector<Judged>& targets) {
  const auto [side, name] = side_of(resource);
  std::int64_t out = amount_in(quota.used, resource);
  for (const Judged& one : targets) {
    const std::int64_t more = std::max<std::int64_t>(one.need.needed - one.present, 0);
    if (counts(quota, one.shape)) out += more * amount_in(one.shape.*side, name);
  }
  return out;
}

Finding too_little(const QuotaRoom& quota,
                   const Judged& target,
                   const Left& room,
                   const std::vector<Judged>& targets) {
  const std::int64_t fits = target.present + room.pods;
  const bool baseline = fits < std::min(target.need.usual, target.need.needed);
  const std::string& what = room.resource;
  return {.level = Level::NoGo,
          .code = baseline ? "QuotaBelowBaseline" : "QuotaExceeded",
          .subject = target.need.target,
          .message = "ResourceQuota " + quota.name + " allows " + std::to_string(fits) + " of " +
                     std::to_string(target.need.needed) + " pods" +
                     (baseline ? ", fewer than the " + std::to_string(target.need.usual) +
                                     " that normally run"
                               : "") +
                     ": " + what + " is " + amount_text(what, amount_in(quota.used, what)) +
                     " of " + amount_text(what, amount_in(quota.hard, what)) +
                     " used. Raise it to " + amount_text(what, wanted_of(quota, what, targets)) +
                     ", or ask for " + std::to_string(fits)};
}

void judge_quota(const QuotaRoom& quota,
                 std::vector<Judged>& targets,
                 std::vector<Finding>& findings) {
  Amounts left = quota.hard;
  for (auto& [resource, amount] : left) amount -= amount_in(quota.used, resource);
  std::vector<const Judged*> whole;
  for (Judged& one : targets) {
    const std::int64_t more = one.need.needed - one.present;
    if (more <= 0 || !counts(quota, one.shape)) continue;
    if (const std::string what = unsaid(quota, one.shape); !what.empty()) {
      findings.push_back({Level::NoGo,
                          "QuotaNeedsRequests",
                          one.need.target,
                          "ResourceQuota " + quota.name + " counts " + what +
                              ", and a pod that does not say it is refused: write it into every "
                              "container, or a default into a LimitRange"});
      one.allowed = std::min(one.allowed, one.present);
      one.bound = "ResourceQuota " + quota.name;
      continue;
    }
    const Left room = room_for(left, one.shape, more);
    take(left, one.shape, room.pods);
    if (room.pods == more) {
      whole.push_back(&one);
      continue;
    }
    findings.push_back(too_little(quota, one, room, targets));
    if (one.present + room.pods >= one.allowed) continue;
    one.allowed = one.present + room.pods;
    one.bound = room.resource + " of ResourceQuota " + quota.name;
  }
  for (const Judged* one : whole) {
    const Left room = room_for(left, one->shape, one->need.surge);
    if (room.pods == one->need.surge) continue;
    findings.push_back({Level::Warn,
                        "SurgeExceedsQuota",
                        one->need.target,
                        "a rollout in the sale starts " + std::to_string(one->need.surge) +
                            " pods more, and ResourceQuota " + quota.name + " allows " +
                            std::to_string(room.pods) + " of them (" + room.resource +
                            "): roll out before or after, with a smaller maxSurge, or raise it"});
  }
}

/// Where one container, or the pod, is beyond a limit range; empty: nowhere.
std::string beyond(const LimitRoom& range, const Amounts& requests, const Amounts& limits) {
  for (const auto& [name, most] : range.max) {
    const auto limit = limits.find(name);
    if (limit == limits.end()) return "has no limit of " + name;
    if (limit->second > most)
      return "has a limit of " + name + " of " + amount_text(name, limit->second) + ", at most " +
             amount_text(name, most) + " is allowed";
    if (amount_in(requests, name) > most)
      return "asks for " + name + " " + amount_text(name, amount_in(requests, name)) +
             ", at most " + amount_text(name, most) + " is allowed";
  }
  for (const auto& [name, least] : range.min) {
    if (amount_in(requests, name) < least)
      return "asks for " + name + " " + amount_text(name, amount_in(requests, name)) +
             ", at least " + amount_text(name, least) + " has to be";
  }
  return "";
}

std::string refused_by(const LimitRoom& range, const PodShape& shape) {
  if (range.type == "Pod") {
    const std::string why = beyond(range, shape.requests, shape.limits);
    return why.empty() ? "" : "a pod " + why;
  }
  if (range.type != "Container") return "";
  for (const ContainerShape& one : shape.containers) {
    const std::string why = beyond(range, one.requests, one.limits);
    if (!why.empty()) return "container " + one.name + " " + why;
  }
  return "";
}

}  // namespace

void judge_quotas(const std::vector<QuotaRoom>& quotas,
                  std::vector<Judged>& targets,
                  std::vector<Finding>& findings) {
  for (const QuotaRoom& one : quotas) judge_quota(one, targets, findings);
}

void judge_limits(const std::vector<LimitRoom>& limits,
                  std::vector<Judged>& targets,
                  std::vector<Finding>& findings) {
  for (Judged& target : targets) {
    if (target.need.needed <= target.present) continue;
    for (const LimitRoom& range : limits) {
      const std::string why = refused_by(range, target.shape);
      if (why.empty()) continue;
      findings.push_back({Level::NoGo,
                          "LimitRangeRefuses",
                          target.need.target,
                          "LimitRange " + range.name + " refuses every new pod: " + why +
                              ". Change the template or the LimitRange"});
      target.allowed = std::min(target.allowed, target.present);
      target.bound = "LimitRange " + range.name;
      break;
    }
  }
}

}  // namespace doorbuster::planner
