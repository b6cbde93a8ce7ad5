// The HorizontalPodAutoscaler controller of the simulated cluster (Kubernetes:
// pkg/controller/podautoscaler/horizontal.go): what it looks at and what it writes. Its arithmetic
// is in scaling.h.
#include "controllers/simulator/cluster.h"
#include "crds/fields.h"

#include <algorithm>

namespace doorbuster::simulator {
namespace {

/// What one metric wants the average pod to use: per cent of its request, or milli-cores.
struct Aim {
  bool millis = false;
  std::int64_t value = kTargetUtilisation;
};

/// What a pod without a request of its own counts as asking for.
constexpr std::int64_t kSupposedMillis = 100;

std::optional<Aim> cpu_aim(const Tree& metric) {
  for (const char* source : {"/resource", "/containerResource"}) {
    const Tree* found = metric.at(source);
    if (found == nullptr || found->text_at("/name") != "cpu") continue;
    if (const Value average = found->value_at("/target/averageValue")) {
      const auto quantity = api::quantity_of(*average);
      if (!quantity || quantity->nanos <= 0) return std::nullopt;
      return Aim{true, static_cast<std::int64_t>(quantity->nanos * 1000 / api::kNanosPerUnit)};
    }
    return Aim{false, found->number("/target/averageUtilization", kTargetUtilisation)};
  }
  return std::nullopt;
}

/// Of all its CPU metrics. The load is not known in any other unit: without one the first metric
/// stands for all, as if it were CPU.
std::vector<Aim> aims_of(const Tree& spec) {
  std::vector<Aim> out;
  if (const Tree* metrics = spec.member("metrics")) {
    for (const Tree& one : metrics->elements()) {
      if (const auto aim = cpu_aim(one)) out.push_back(*aim);
    }
  }
  if (out.empty()) {
    out.push_back(
        {false, spec.number("/metrics/0/resource/target/averageUtilization", kTargetUtilisation)});
  }
  return out;
}

struct Metrics {
  struct Row {
    Aim aim;
    std::int64_t usage = 0;  ///< of each counted pod, in the aim's unit
    std::int64_t millis = 0;
  };
  std::vector<Row> rows = {};  ///< none: no metrics
  std::int64_t proposal = 0;
};

Metrics measure(const Workload& own,
                const MeasuredPods& pods,
                const Tree& spec,
                const ScalingBehavior& behavior,
                std::int64_t current,
                std::int64_t load) {
  Metrics out;
  if (pods.counted == 0 || own.ready == 0) return out;
  const std::int64_t percent = load / own.ready;
  const std::int64_t request =
      own.request.cpu_millis == 0 ? kSupposedMillis : own.request.cpu_millis;
  const std::int64_t millis = load * request / 100 / own.ready;
  for (const Aim& aim : aims_of(spec)) {
    out.rows.push_back({aim, aim.millis ? millis : percent, millis});
    const std::int64_t proposal =
        proposed(out.rows.back().usage, aim.value, pods, current, behavior);
    out.proposal = std::max(out.proposal, proposal);
  }
  return out;
}

struct Conditions {
  bool active = true;
  std::string active_reason = "ValidMetricFound";
  std::optional<Limited> limited = {};  ///< none: what was there stays
};

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

Tree current_metrics(const Metrics& metrics) {
  std::string text;
  for (const Metrics::Row& one : metrics.rows) {
    text += text.empty() ? "[" : ",";
    text += R"({"type":"Resource","resource":{"name":"cpu","current":{)";
    if (!one.aim.millis) text += R"("averageUtilization":)" + json_of(one.usage).text + ",";
    text += R"("averageValue":")" + json_of(one.millis).text + R"(m"}}})";
  }
  return Tree::parse(text + "]");
}

Tree status_of(const Tree& old,
               std::int64_t current,
               std::int64_t desired,
               const Metrics& metrics,
               const Conditions& conditions,
               Instant now) {
  Tree status = old;
  status.set("/currentReplicas", Tree::integer(current));
  status.set("/desiredReplicas", Tree::integer(desired));
  // A look that only cuts or jumps measures nothing and leaves no metrics behind.
  status.erase("/currentMetrics");
  if (!metrics.rows.empty()) status.set("/currentMetrics", current_metrics(metrics));
  const bool changed = desired != current;
  const bool kept = conditions.limited && conditions.limited->kept;
  set_condition(status,
                "AbleToScale",
                true,
                changed ? "SucceededRescale"
                : kept  ? "ScaleDownStabilized"
                        : "ReadyForNewScale");
  if (changed) {
    const auto at = std::chrono::floor<std::chrono::seconds>(now);
    status.set("/lastScaleTime", Tree::string(to_rfc3339(at)));
  }
  set_condition(status, "ScalingActive", conditions.active, conditions.active_reason);
  if (conditions.limited) {
    set_condition(
        status, "ScalingLimited", conditions.limited->limited, conditions.limited->reason);
  }
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

MeasuredPods Cluster::measured(const Workload& own) const {
  MeasuredPods out{.counted = own.ready};
  if (pace_.metric_window != Duration{}) {
    out.counted = std::count_if(own.pods.begin(), own.pods.end(), [&](const Pod& one) {
      return one.ready_at <= now_ &&
             std::chrono::floor<std::chrono::seconds>(one.ready_at) + pace_.metric_window <= now_;
    });
  }
  out.others = static_cast<std::int64_t>(own.pods.size()) - out.counted;
  return out;
}

void Cluster::run_autoscaler(Autoscaler& own) {
  const StoredPtr object = api_.live(own.ref);
  if (!object) return;
  if (object->uid() != own.uid) own = Autoscaler{.ref = own.ref, .uid = object->uid()};
  if (own.read_at != object->version) {
    own.target = scaled_by(*object);
    own.read_at = object->version;
  }
  const ObjectRef& target = own.target;
  const StoredPtr scaled = api_.live(target);
  const Workload* pods = workload(target);
  if (!scaled || pods == nullptr) return;
  const std::int64_t load = load_of(*pods);
  const std::tuple seen{object->version, scaled->version, load, metrics_broken};
  if (seen == own.settled_at) {
    own.memory.repeat(now_);
    return;
  }
  const Tree& spec = *object->tree.at("/spec");
  const ScalingBehavior behavior = behavior_of(spec, pace_.downscale_stabilisation);
  const std::int64_t current = scaled->tree.number("/spec/replicas", 1);
  const std::int64_t min = spec.number("/minReplicas", 1), max = spec.number("/maxReplicas", 1);
  const MeasuredPods counts = measured(*pods);
  own.memory.begin(now_, current);
  std::int64_t desired = current;
  Metrics metrics;
  Conditions conditions{};
  if (current == 0) {
    conditions.active = false;
    conditions.active_reason = "ScalingDisabled";
  } else if (current > max || current < min) {
    desired = current > max ? max : min;
  } else {
    if (!metrics_broken) metrics = measure(*pods, counts, spec, behavior, current, load);
    if (metrics.rows.empty()) {
      conditions.active = false;
      conditions.active_reason = "FailedGetResourceMetric";
    } else {
      conditions.limited = limited(own.memory, behavior, current, metrics.proposal, min, max, now_);
      desired = conditions.limited->desired;
    }
  }
  if (desired != current) {
    own.memory.note_change(now_, current, desired, behavior);
    const auto scale = api_.edit(
        target,
        Writer{.manager = "kube-controller-manager", .apply = false, .subresource = "scale"},
        [&](Tree& tree) { tree.set("/spec/replicas", Tree::integer(desired)); });
    if (!scale) return;
  }
  const Tree* old = object->tree.at("/status");
  Tree status = status_of(
      old == nullptr ? Tree::object() : *old, current, desired, metrics, conditions, now_);
  if (old != nullptr && *old == status) {
    const bool all_count = counts.others == 0 && counts.counted == current;
    if (all_count && desired == current && own.memory.settled(now_, metrics.proposal, behavior))
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
