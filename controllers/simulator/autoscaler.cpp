// The HorizontalPodAutoscaler controller of the simulated cluster (Kubernetes:
// pkg/controller/podautoscaler/horizontal.go, replica_calculator.go), for one CPU utilisation
// metric.
#include "controllers/simulator/cluster.h"

#include <algorithm>

namespace doorbuster::simulator {
namespace {

constexpr Duration kStabilise = std::chrono::minutes(5);

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

struct Metric {
  bool known = false;
  std::int64_t utilisation = 0;
  std::int64_t proposal = 0;
};

/// The replica calculator: a tenth of tolerance; pods that are not ready count as idle on the way
/// up.
Metric measure(const Workload& pods, std::int64_t target, std::int64_t current, Instant now) {
  if (pods.ready == 0) return {};
  const std::int64_t load = pods.load.at(now);
  Metric out{.known = true, .utilisation = load / pods.ready, .proposal = current};
  const std::int64_t off = out.utilisation - target;
  if (off * 10 <= target && -off * 10 <= target) return out;
  const auto total = static_cast<std::int64_t>(pods.pods.size());
  if (off > 0 && pods.ready < total) {
    const std::int64_t needed = ceil_div(load, target);
    out.proposal = needed < current ? current : needed;
  } else {
    out.proposal = ceil_div(out.utilisation * pods.ready, target);
  }
  return out;
}

std::int64_t sum_since(std::vector<std::pair<Instant, std::int64_t>>& events, Instant since) {
  std::erase_if(events, [&](const auto& one) { return one.first <= since; });
  std::int64_t sum = 0;
  for (const auto& [at, count] : events) sum += count;
  return sum;
}

struct Conditions {
  bool active = true;
  std::string active_reason = "ValidMetricFound";
  bool limited = false;
  std::string limited_reason = "DesiredWithinRange";
  bool limited_known = true;  ///< else what was there stays
};

/// Stabilisation, rate policies, then the bounds; says which of them limited.
std::int64_t limit(Autoscaler& own,
                   const Tree& spec,
                   std::int64_t current,
                   std::int64_t proposal,
                   Instant now,
                   Conditions& conditions) {
  own.recommended.emplace_back(now, proposal);
  std::erase_if(own.recommended, [&](const auto& one) { return one.first <= now - kStabilise; });
  std::int64_t desired = proposal;
  if (desired < current) {
    for (const auto& [at, one] : own.recommended)
      desired = std::max(desired, std::min(one, current));
  }
  const std::int64_t min = spec.number("/minReplicas", 1), max = spec.number("/maxReplicas", 1);
  const std::int64_t start_up = current - sum_since(own.added, now - std::chrono::seconds(15));
  const std::int64_t up = std::max(start_up + 4, start_up * 2);
  const std::int64_t percent = spec.number("/behavior/scaleDown/policies/0/value", 100);
  const Duration period =
      std::chrono::seconds(spec.number("/behavior/scaleDown/policies/0/periodSeconds", 15));
  const std::int64_t start_down = current + sum_since(own.removed, now - period);
  const std::int64_t down = start_down * (100 - percent) / 100;
  conditions.limited = true;
  if (desired > std::min(max, std::max(up, current))) {
    conditions.limited_reason = desired > max && max <= up ? "TooManyReplicas" : "ScaleUpLimit";
    return std::min(max, std::max(up, current));
  }
  if (desired < std::max(min, std::min(down, current))) {
    conditions.limited_reason = desired < min && min >= down ? "TooFewReplicas" : "ScaleDownLimit";
    return std::max(min, std::min(down, current));
  }
  conditions.limited = false;
  return desired;
}

void set_condition(Tree& status, const char* type, bool value, const std::string& reason) {
  if (status.member("conditions") == nullptr) status.set_member("conditions", Tree::parse("[]"));
  Tree condition = Tree::object();
  condition.set_member("type", Tree::string(type));
  condition.set_member("status", Tree::string(value ? "True" : "False"));
  condition.set_member("reason", Tree::string(reason));
  for (Tree& one : status.member("conditions")->elements()) {
    if (one.text_at("/type") != type) continue;
    one = std::move(condition);
    return;
  }
  status.member("conditions")->elements().push_back(std::move(condition));
}

Tree status_of(const Tree& old,
               std::int64_t current,
               std::int64_t desired,
               const Metric& metric,
               const Conditions& conditions) {
  Tree status = old;
  status.set("/currentReplicas", Tree::integer(current));
  status.set("/desiredReplicas", Tree::integer(desired));
  // A look that only cuts or jumps measures nothing and leaves no metrics behind.
  status.erase("/currentMetrics");
  if (metric.known) {
    status.set(
        "/currentMetrics",
        Tree::parse(
            R"([{"type":"Resource","resource":{"name":"cpu","current":{"averageUtilization":)" +
            json_of(metric.utilisation).text + R"(,"averageValue":")" +
            json_of(metric.utilisation).text + R"(m"}}}])"));
  }
  set_condition(status, "AbleToScale", true, "ReadyForNewScale");
  set_condition(status, "ScalingActive", conditions.active, conditions.active_reason);
  if (conditions.limited_known)
    set_condition(status, "ScalingLimited", conditions.limited, conditions.limited_reason);
  return status;
}

/// The workload that an autoscaler's scaleTargetRef names.
ObjectRef scaled_by(const Stored& autoscaler) {
  const std::string version = autoscaler.tree.text_at("/spec/scaleTargetRef/apiVersion");
  const std::size_t slash = version.find('/');
  return {.group = slash == std::string::npos ? "" : version.substr(0, slash),
          .kind = autoscaler.tree.text_at("/spec/scaleTargetRef/kind"),
          .ns = autoscaler.ref.ns,
          .name = autoscaler.tree.text_at("/spec/scaleTargetRef/name")};
}

}  // namespace

void Cluster::run_autoscaler(Autoscaler& own) {
  const StoredPtr object = api_.live(own.ref);
  if (!object) return;
  if (object->uid() != own.uid) own = Autoscaler{.ref = own.ref, .uid = object->uid()};
  const ObjectRef target = scaled_by(*object);
  const StoredPtr scaled = api_.live(target);
  const Workload* pods = workload(target);
  if (!scaled || pods == nullptr) return;
  const std::tuple seen{object->version, scaled->version, pods->load.at(now_), metrics_broken};
  if (seen == own.settled_at) return;
  const Tree& spec = *object->tree.at("/spec");
  const std::int64_t current = scaled->tree.number("/spec/replicas", 1);
  std::int64_t desired = current;
  Metric metric;
  Conditions conditions{};
  if (current == 0) {
    conditions.active = false;
    conditions.active_reason = "ScalingDisabled";
    conditions.limited_known = false;
  } else if (current > spec.number("/maxReplicas", 1)) {
    desired = spec.number("/maxReplicas", 1);
    conditions.limited_known = false;
  } else if (current < spec.number("/minReplicas", 1)) {
    desired = spec.number("/minReplicas", 1);
    conditions.limited_known = false;
  } else {
    const std::int64_t aim =
        spec.number("/metrics/0/resource/target/averageUtilization", kTargetUtilisation);
    if (!metrics_broken) metric = measure(*pods, aim, current, now_);
    if (metric.known) {
      desired = limit(own, spec, current, metric.proposal, now_, conditions);
    } else {
      conditions.active = false;
      conditions.active_reason = "FailedGetResourceMetric";
      conditions.limited_known = false;
    }
  }
  if (desired != current) {
    if (desired > current) own.added.emplace_back(now_, desired - current);
    if (desired < current) own.removed.emplace_back(now_, current - desired);
    const auto scale = api_.edit(
        target,
        Writer{.manager = "kube-controller-manager", .apply = false, .subresource = "scale"},
        [&](Tree& tree) { tree.set("/spec/replicas", Tree::integer(desired)); });
    if (!scale) return;
  }
  const Tree* old = object->tree.at("/status");
  Tree status =
      status_of(old == nullptr ? Tree::object() : *old, current, desired, metric, conditions);
  if (old != nullptr && *old == status) {
    // A recommendation that leaves the window can still change the answer.
    const bool steady = std::all_of(own.recommended.begin(),
                                    own.recommended.end(),
                                    [&](const auto& one) { return one.second == metric.proposal; });
    const bool ready = pods->ready == current;
    if (steady && ready && desired == current && own.added.empty() && own.removed.empty())
      own.settled_at = seen;
    return;
  }
  const auto written = api_.edit(
      own.ref,
      Writer{.manager = "kube-controller-manager", .apply = false, .subresource = "status"},
      [&](Tree& tree) { tree.set("/status", std::move(status)); });
  if (!written) return;
}

}  // namespace doorbuster::simulator
