// Made by hack/generate from crds/doorbuster.dev_saleevents.yaml; do not edit.
#include "crds/binding.h"
#include "crds/sale_event.h"

namespace doorbuster::api {

const char* to_string(OnNotReady value) {
  switch (value) {
    case OnNotReady::Block:
      return "Block";
    case OnNotReady::Warn:
      return "Warn";
    case OnNotReady::Proceed:
      return "Proceed";
  }
  return "Block";
}

static void bind(const Node& node, OnNotReady& out) {
  if (node.text == "Block") out = OnNotReady::Block;
  if (node.text == "Warn") out = OnNotReady::Warn;
  if (node.text == "Proceed") out = OnNotReady::Proceed;
}

const char* to_string(DeletionPolicy value) {
  switch (value) {
    case DeletionPolicy::Ramp:
      return "Ramp";
    case DeletionPolicy::Immediate:
      return "Immediate";
    case DeletionPolicy::Orphan:
      return "Orphan";
  }
  return "Ramp";
}

static void bind(const Node& node, DeletionPolicy& out) {
  if (node.text == "Ramp") out = DeletionPolicy::Ramp;
  if (node.text == "Immediate") out = DeletionPolicy::Immediate;
  if (node.text == "Orphan") out = DeletionPolicy::Orphan;
}

const char* to_string(Mode value) {
  switch (value) {
    case Mode::Live:
      return "Live";
    case Mode::DryRun:
      return "DryRun";
  }
  return "Live";
}

static void bind(const Node& node, Mode& out) {
  if (node.text == "Live") out = Mode::Live;
  if (node.text == "DryRun") out = Mode::DryRun;
}

const char* to_string(LabelOperator value) {
  switch (value) {
    case LabelOperator::In:
      return "In";
    case LabelOperator::NotIn:
      return "NotIn";
    case LabelOperator::Exists:
      return "Exists";
    case LabelOperator::DoesNotExist:
      return "DoesNotExist";
  }
  return "In";
}

static void bind(const Node& node, LabelOperator& out) {
  if (node.text == "In") out = LabelOperator::In;
  if (node.text == "NotIn") out = LabelOperator::NotIn;
  if (node.text == "Exists") out = LabelOperator::Exists;
  if (node.text == "DoesNotExist") out = LabelOperator::DoesNotExist;
}

const char* to_string(NeedOf value) {
  switch (value) {
    case NeedOf::Current:
      return "Current";
    case NeedOf::Minimum:
      return "Minimum";
  }
  return "Current";
}

static void bind(const Node& node, NeedOf& out) {
  if (node.text == "Current") out = NeedOf::Current;
  if (node.text == "Minimum") out = NeedOf::Minimum;
}

const char* to_string(VerticalEvictions value) {
  switch (value) {
    case VerticalEvictions::Allowed:
      return "Allowed";
    case VerticalEvictions::Prevented:
      return "Prevented";
  }
  return "Allowed";
}

static void bind(const Node& node, VerticalEvictions& out) {
  if (node.text == "Allowed") out = VerticalEvictions::Allowed;
  if (node.text == "Prevented") out = VerticalEvictions::Prevented;
}

const char* to_string(ScaleDown value) {
  switch (value) {
    case ScaleDown::Unchanged:
      return "Unchanged";
    case ScaleDown::Disabled:
      return "Disabled";
  }
  return "Unchanged";
}

static void bind(const Node& node, ScaleDown& out) {
  if (node.text == "Unchanged") out = ScaleDown::Unchanged;
  if (node.text == "Disabled") out = ScaleDown::Disabled;
}

const char* to_string(OnTimeout value) {
  switch (value) {
    case OnTimeout::Proceed:
      return "Proceed";
    case OnTimeout::Hold:
      return "Hold";
  }
  return "Proceed";
}

static void bind(const Node& node, OnTimeout& out) {
  if (node.text == "Proceed") out = OnTimeout::Proceed;
  if (node.text == "Hold") out = OnTimeout::Hold;
}

const char* to_string(SalePhase value) {
  switch (value) {
    case SalePhase::Prepare:
      return "Prepare";
    case SalePhase::Live:
      return "Live";
    case SalePhase::Cooldown:
      return "Cooldown";
  }
  return "Prepare";
}

static void bind(const Node& node, SalePhase& out) {
  if (node.text == "Prepare") out = SalePhase::Prepare;
  if (node.text == "Live") out = SalePhase::Live;
  if (node.text == "Cooldown") out = SalePhase::Cooldown;
}

const char* to_string(WantedStatus value) {
  switch (value) {
    case WantedStatus::True:
      return "True";
    case WantedStatus::False:
      return "False";
  }
  return "True";
}

static void bind(const Node& node, WantedStatus& out) {
  if (node.text == "True") out = WantedStatus::True;
  if (node.text == "False") out = WantedStatus::False;
}

const char* to_string(PodsCounted value) {
  switch (value) {
    case PodsCounted::NotReady:
      return "NotReady";
    case PodsCounted::Restarts:
      return "Restarts";
    case PodsCounted::OOMKilled:
      return "OOMKilled";
  }
  return "NotReady";
}

static void bind(const Node& node, PodsCounted& out) {
  if (node.text == "NotReady") out = PodsCounted::NotReady;
  if (node.text == "Restarts") out = PodsCounted::Restarts;
  if (node.text == "OOMKilled") out = PodsCounted::OOMKilled;
}

const char* to_string(OnMissing value) {
  switch (value) {
    case OnMissing::Unknown:
      return "Unknown";
    case OnMissing::Bad:
      return "Bad";
    case OnMissing::Good:
      return "Good";
  }
  return "Unknown";
}

static void bind(const Node& node, OnMissing& out) {
  if (node.text == "Unknown") out = OnMissing::Unknown;
  if (node.text == "Bad") out = OnMissing::Bad;
  if (node.text == "Good") out = OnMissing::Good;
}

const char* to_string(RolloutKind value) {
  switch (value) {
    case RolloutKind::Deployment:
      return "Deployment";
  }
  return "Deployment";
}

static void bind(const Node& node, RolloutKind& out) {
  if (node.text == "Deployment") out = RolloutKind::Deployment;
}

const char* to_string(ErrorPolicy value) {
  switch (value) {
    case ErrorPolicy::Hold:
      return "Hold";
    case ErrorPolicy::Proceed:
      return "Proceed";
  }
  return "Hold";
}

static void bind(const Node& node, ErrorPolicy& out) {
  if (node.text == "Hold") out = ErrorPolicy::Hold;
  if (node.text == "Proceed") out = ErrorPolicy::Proceed;
}

const char* to_string(OnFailure value) {
  switch (value) {
    case OnFailure::RollBack:
      return "RollBack";
    case OnFailure::Pause:
      return "Pause";
    case OnFailure::Alert:
      return "Alert";
  }
  return "RollBack";
}

static void bind(const Node& node, OnFailure& out) {
  if (node.text == "RollBack") out = OnFailure::RollBack;
  if (node.text == "Pause") out = OnFailure::Pause;
  if (node.text == "Alert") out = OnFailure::Alert;
}

const char* to_string(Promotion value) {
  switch (value) {
    case Promotion::Auto:
      return "Auto";
    case Promotion::Write:
      return "Write";
    case Promotion::Report:
      return "Report";
    case Promotion::AfterWindow:
      return "AfterWindow";
  }
  return "Auto";
}

static void bind(const Node& node, Promotion& out) {
  if (node.text == "Auto") out = Promotion::Auto;
  if (node.text == "Write") out = Promotion::Write;
  if (node.text == "Report") out = Promotion::Report;
  if (node.text == "AfterWindow") out = Promotion::AfterWindow;
}

const char* to_string(OnWindowEnd value) {
  switch (value) {
    case OnWindowEnd::RollBack:
      return "RollBack";
    case OnWindowEnd::Keep:
      return "Keep";
    case OnWindowEnd::Finish:
      return "Finish";
  }
  return "RollBack";
}

static void bind(const Node& node, OnWindowEnd& out) {
  if (node.text == "RollBack") out = OnWindowEnd::RollBack;
  if (node.text == "Keep") out = OnWindowEnd::Keep;
  if (node.text == "Finish") out = OnWindowEnd::Finish;
}

const char* to_string(DesiredRevision value) {
  switch (value) {
    case DesiredRevision::Candidate:
      return "Candidate";
    case DesiredRevision::Stable:
      return "Stable";
  }
  return "Candidate";
}

static void bind(const Node& node, DesiredRevision& out) {
  if (node.text == "Candidate") out = DesiredRevision::Candidate;
  if (node.text == "Stable") out = DesiredRevision::Stable;
}

const char* to_string(ConditionStatus value) {
  switch (value) {
    case ConditionStatus::True:
      return "True";
    case ConditionStatus::False:
      return "False";
    case ConditionStatus::Unknown:
      return "Unknown";
  }
  return "True";
}

static void bind(const Node& node, ConditionStatus& out) {
  if (node.text == "True") out = ConditionStatus::True;
  if (node.text == "False") out = ConditionStatus::False;
  if (node.text == "Unknown") out = ConditionStatus::Unknown;
}

void bind(const Node& node, WindowSpec& out) {
  bind_member(node, "start", out.start);
  bind_member(node, "end", out.end);
  bind_member(node, "timeZone", out.time_zone);
  bind_member(node, "prepare", out.prepare);
  bind_member(node, "cooldown", out.cooldown);
  bind_member(node, "onNotReady", out.on_not_ready);
}

Json to_json(const WindowSpec& in) {
  JsonObject json;
  write(json, "start", in.start);
  write(json, "end", in.end);
  write(json, "timeZone", in.time_zone);
  write(json, "prepare", in.prepare);
  write(json, "cooldown", in.cooldown);
  write(json, "onNotReady", in.on_not_ready);
  return json.build();
}

void bind(const Node& node, FreezeSpec& out) {
  bind_member(node, "from", out.from);
  bind_member(node, "until", out.until);
  bind_member(node, "templates", out.templates);
  bind_member(node, "configMaps", out.config_maps);
}

Json to_json(const FreezeSpec& in) {
  JsonObject json;
  write(json, "from", in.from);
  write(json, "until", in.until);
  write(json, "templates", in.templates);
  write_unless_empty(json, "configMaps", in.config_maps);
  return json.build();
}

void bind(const Node& node, TargetRef& out) {
  bind_member(node, "apiVersion", out.api_version);
  bind_member(node, "kind", out.kind);
  bind_member(node, "name", out.name);
  bind_member(node, "namespace", out.ns);
}

Json to_json(const TargetRef& in) {
  JsonObject json;
  write(json, "apiVersion", in.api_version);
  write(json, "kind", in.kind);
  write(json, "name", in.name);
  write(json, "namespace", in.ns);
  return json.build();
}

void bind(const Node& node, LabelRequirement& out) {
  bind_member(node, "key", out.key);
  bind_member(node, "operator", out.op);
  bind_member(node, "values", out.values);
}

Json to_json(const LabelRequirement& in) {
  JsonObject json;
  write(json, "key", in.key);
  write(json, "operator", in.op);
  write_unless_empty(json, "values", in.values);
  return json.build();
}

void bind(const Node& node, LabelSelector& out) {
  bind_member(node, "matchLabels", out.match_labels);
  bind_member(node, "matchExpressions", out.match_expressions);
}

Json to_json(const LabelSelector& in) {
  JsonObject json;
  write_unless_empty(json, "matchLabels", in.match_labels);
  write_unless_empty(json, "matchExpressions", in.match_expressions);
  return json.build();
}

void bind(const Node& node, Need& out) {
  if (node.has("replicas")) {
    NeedReplicas one;
    bind_member(node, "replicas", one.value);
    out = one;
    return;
  }
  if (node.has("multiplier")) {
    NeedMultiplier one;
    bind_member(node, "multiplier", one.value);
    bind_member(node, "of", one.of);
    out = one;
    return;
  }
  if (node.has("rps")) {
    NeedRps one;
    bind_member(node, "rps", one.value);
    bind_member(node, "rpsPerPod", one.rps_per_pod);
    bind_member(node, "utilizationPercent", one.utilization_percent);
    bind_member(node, "surviveZoneLoss", one.survive_zone_loss);
    bind_member(node, "zones", one.zones);
    out = one;
    return;
  }
}

static void write_members(JsonObject& json, const NeedReplicas& in) {
  write(json, "replicas", in.value);
}

static void write_members(JsonObject& json, const NeedMultiplier& in) {
  write(json, "multiplier", in.value);
  write(json, "of", in.of);
}

static void write_members(JsonObject& json, const NeedRps& in) {
  write(json, "rps", in.value);
  write(json, "rpsPerPod", in.rps_per_pod);
  write(json, "utilizationPercent", in.utilization_percent);
  write(json, "surviveZoneLoss", in.survive_zone_loss);
  write(json, "zones", in.zones);
}

Json to_json(const Need& in) {
  JsonObject json;
  std::visit([&json](const auto& one) { write_members(json, one); }, in);
  return json.build();
}

void bind(const Node& node, ProfileStep& out) {
  bind_member(node, "at", out.at);
  bind_member(node, "replicas", out.replicas);
  bind_member(node, "multiplier", out.multiplier);
  bind_member(node, "rps", out.rps);
}

Json to_json(const ProfileStep& in) {
  JsonObject json;
  write(json, "at", in.at);
  write(json, "replicas", in.replicas);
  write(json, "multiplier", in.multiplier);
  write(json, "rps", in.rps);
  return json.build();
}

void bind(const Node& node, DisruptionBudget& out) {
  bind_member(node, "minAvailablePercent", out.min_available_percent);
}

Json to_json(const DisruptionBudget& in) {
  JsonObject json;
  write(json, "minAvailablePercent", in.min_available_percent);
  return json.build();
}

void bind(const Node& node, RampUp& out) {
  bind_member(node, "over", out.over);
  bind_member(node, "steps", out.steps);
  bind_member(node, "readyPercent", out.ready_percent);
  bind_member(node, "stepTimeout", out.step_timeout);
  bind_member(node, "onTimeout", out.on_timeout);
}

Json to_json(const RampUp& in) {
  JsonObject json;
  write(json, "over", in.over);
  write(json, "steps", in.steps);
  write(json, "readyPercent", in.ready_percent);
  write(json, "stepTimeout", in.step_timeout);
  write(json, "onTimeout", in.on_timeout);
  return json.build();
}

void bind(const Node& node, RampDown& out) {
  bind_member(node, "over", out.over);
  bind_member(node, "steps", out.steps);
  bind_member(node, "maxPercentPerMinute", out.max_percent_per_minute);
}

Json to_json(const RampDown& in) {
  JsonObject json;
  write(json, "over", in.over);
  write(json, "steps", in.steps);
  write(json, "maxPercentPerMinute", in.max_percent_per_minute);
  return json.build();
}

void bind(const Node& node, RampSpec& out) {
  bind_member(node, "up", out.up);
  bind_member(node, "down", out.down);
}

Json to_json(const RampSpec& in) {
  JsonObject json;
  write(json, "up", in.up);
  write(json, "down", in.down);
  return json.build();
}

void bind(const Node& node, TargetSpec& out) {
  bind_member(node, "name", out.name);
  bind_member(node, "ref", out.ref);
  bind_member(node, "selector", out.selector);
  bind_member(node, "kinds", out.kinds);
  bind_member(node, "need", out.need);
  bind_member(node, "profile", out.profile);
  bind_member(node, "ceiling", out.ceiling);
  bind_member(node, "wakeFromZero", out.wake_from_zero);
  bind_member(node, "disruptionBudget", out.disruption_budget);
  bind_member(node, "verticalEvictions", out.vertical_evictions);
  bind_member(node, "scaleDown", out.scale_down);
  bind_member(node, "ramp", out.ramp);
}

Json to_json(const TargetSpec& in) {
  JsonObject json;
  write(json, "name", in.name);
  write(json, "ref", in.ref);
  write_unless_empty(json, "selector", in.selector);
  write_unless_empty(json, "kinds", in.kinds);
  write(json, "need", in.need);
  write_unless_empty(json, "profile", in.profile);
  write(json, "ceiling", in.ceiling);
  write(json, "wakeFromZero", in.wake_from_zero);
  write(json, "disruptionBudget", in.disruption_budget);
  write(json, "verticalEvictions", in.vertical_evictions);
  write(json, "scaleDown", in.scale_down);
  write(json, "ramp", in.ramp);
  return json.build();
}

void bind(const Node& node, HeadroomSpec& out) {
  bind_member(node, "lead", out.lead);
  bind_member(node, "percent", out.percent);
}

Json to_json(const HeadroomSpec& in) {
  JsonObject json;
  write(json, "lead", in.lead);
  write(json, "percent", in.percent);
  return json.build();
}

void bind(const Node& node, ImagePrepullSpec& out) { bind_member(node, "lead", out.lead); }

Json to_json(const ImagePrepullSpec& in) {
  JsonObject json;
  write(json, "lead", in.lead);
  return json.build();
}

void bind(const Node& node, CapacitySpec& out) {
  bind_member(node, "targets", out.targets);
  bind_member(node, "restoreTimeout", out.restore_timeout);
  bind_member(node, "headroom", out.headroom);
  bind_member(node, "imagePrepull", out.image_prepull);
}

Json to_json(const CapacitySpec& in) {
  JsonObject json;
  write_unless_empty(json, "targets", in.targets);
  write(json, "restoreTimeout", in.restore_timeout);
  write(json, "headroom", in.headroom);
  write(json, "imagePrepull", in.image_prepull);
  return json.build();
}

void bind(const Node& node, HoldObject& out) {
  bind_member(node, "apiVersion", out.api_version);
  bind_member(node, "kind", out.kind);
  bind_member(node, "name", out.name);
  bind_member(node, "namespace", out.ns);
}

Json to_json(const HoldObject& in) {
  JsonObject json;
  write(json, "apiVersion", in.api_version);
  write(json, "kind", in.kind);
  write(json, "name", in.name);
  write(json, "namespace", in.ns);
  return json.build();
}

void bind(const Node& node, HoldValue& out) {
  if (node.has("literal")) {
    HoldLiteral one;
    bind_member(node, "literal", one.value);
    out = one;
    return;
  }
  if (node.has("multiply")) {
    HoldMultiply one;
    bind_member(node, "multiply", one.value);
    out = one;
    return;
  }
  if (node.has("add")) {
    HoldAdd one;
    bind_member(node, "add", one.value);
    out = one;
    return;
  }
  if (node.has("min")) {
    HoldMin one;
    bind_member(node, "min", one.value);
    out = one;
    return;
  }
  if (node.has("max")) {
    HoldMax one;
    bind_member(node, "max", one.value);
    out = one;
    return;
  }
}

static void write_members(JsonObject& json, const HoldLiteral& in) {
  write(json, "literal", in.value);
}

static void write_members(JsonObject& json, const HoldMultiply& in) {
  write(json, "multiply", in.value);
}

static void write_members(JsonObject& json, const HoldAdd& in) { write(json, "add", in.value); }

static void write_members(JsonObject& json, const HoldMin& in) { write(json, "min", in.value); }

static void write_members(JsonObject& json, const HoldMax& in) { write(json, "max", in.value); }

Json to_json(const HoldValue& in) {
  JsonObject json;
  std::visit([&json](const auto& one) { write_members(json, one); }, in);
  return json.build();
}

void bind(const Node& node, HoldSpan& out) {
  bind_member(node, "from", out.from);
  bind_member(node, "until", out.until);
}

Json to_json(const HoldSpan& in) {
  JsonObject json;
  write(json, "from", in.from);
  write(json, "until", in.until);
  return json.build();
}

void bind(const Node& node, HoldSpec& out) {
  bind_member(node, "name", out.name);
  bind_member(node, "object", out.object);
  bind_member(node, "field", out.field);
  bind_member(node, "value", out.value);
  bind_member(node, "during", out.during);
  bind_member(node, "after", out.after);
  bind_member(node, "priority", out.priority);
  bind_member(node, "oneWay", out.one_way);
  bind_member(node, "allowTemplate", out.allow_template);
}

Json to_json(const HoldSpec& in) {
  JsonObject json;
  write(json, "name", in.name);
  write(json, "object", in.object);
  write(json, "field", in.field);
  write(json, "value", in.value);
  write(json, "during", in.during);
  write_unless_empty(json, "after", in.after);
  write(json, "priority", in.priority);
  write(json, "oneWay", in.one_way);
  write(json, "allowTemplate", in.allow_template);
  return json.build();
}

void bind(const Node& node, CheckRange& out) {
  bind_member(node, "duration", out.duration);
  bind_member(node, "step", out.step);
}

Json to_json(const CheckRange& in) {
  JsonObject json;
  write(json, "duration", in.duration);
  write(json, "step", in.step);
  return json.build();
}

void bind(const Node& node, PrometheusCheck& out) {
  bind_member(node, "address", out.address);
  bind_member(node, "query", out.query);
  bind_member(node, "range", out.range);
}

Json to_json(const PrometheusCheck& in) {
  JsonObject json;
  write(json, "address", in.address);
  write(json, "query", in.query);
  write(json, "range", in.range);
  return json.build();
}

void bind(const Node& node, CheckToken& out) {
  bind_member(node, "secret", out.secret);
  bind_member(node, "key", out.key);
}

Json to_json(const CheckToken& in) {
  JsonObject json;
  write(json, "secret", in.secret);
  write(json, "key", in.key);
  return json.build();
}

void bind(const Node& node, HttpCheck& out) {
  bind_member(node, "url", out.url);
  bind_member(node, "pointer", out.pointer);
  bind_member(node, "tokenFrom", out.token_from);
}

Json to_json(const HttpCheck& in) {
  JsonObject json;
  write(json, "url", in.url);
  write(json, "pointer", in.pointer);
  write(json, "tokenFrom", in.token_from);
  return json.build();
}

void bind(const Node& node, CheckObject& out) {
  bind_member(node, "apiVersion", out.api_version);
  bind_member(node, "kind", out.kind);
  bind_member(node, "name", out.name);
}

Json to_json(const CheckObject& in) {
  JsonObject json;
  write(json, "apiVersion", in.api_version);
  write(json, "kind", in.kind);
  write(json, "name", in.name);
  return json.build();
}

void bind(const Node& node, ConditionCheck& out) {
  bind_member(node, "object", out.object);
  bind_member(node, "type", out.type);
  bind_member(node, "status", out.status);
}

Json to_json(const ConditionCheck& in) {
  JsonObject json;
  write(json, "object", in.object);
  write(json, "type", in.type);
  write(json, "status", in.status);
  return json.build();
}

void bind(const Node& node, PodsCheck& out) {
  bind_member(node, "labels", out.labels);
  bind_member(node, "count", out.count);
  bind_member(node, "within", out.within);
}

Json to_json(const PodsCheck& in) {
  JsonObject json;
  write(json, "labels", in.labels);
  write(json, "count", in.count);
  write(json, "within", in.within);
  return json.build();
}

void bind(const Node& node, JobCheck& out) { bind_member(node, "name", out.name); }

Json to_json(const JobCheck& in) {
  JsonObject json;
  write(json, "name", in.name);
  return json.build();
}

void bind(const Node& node, CheckBound& out) {
  bind_member(node, "above", out.above);
  bind_member(node, "below", out.below);
  bind_member(node, "for", out.lasts);
}

Json to_json(const CheckBound& in) {
  JsonObject json;
  write(json, "above", in.above);
  write(json, "below", in.below);
  write(json, "for", in.lasts);
  return json.build();
}

void bind(const Node& node, CheckSpec& out) {
  bind_member(node, "name", out.name);
  bind_member(node, "prometheus", out.prometheus);
  bind_member(node, "http", out.http);
  bind_member(node, "condition", out.condition);
  bind_member(node, "pods", out.pods);
  bind_member(node, "job", out.job);
  bind_member(node, "bad", out.bad);
  bind_member(node, "interval", out.interval);
  bind_member(node, "staleAfter", out.stale_after);
  bind_member(node, "onMissing", out.on_missing);
}

Json to_json(const CheckSpec& in) {
  JsonObject json;
  write(json, "name", in.name);
  write(json, "prometheus", in.prometheus);
  write(json, "http", in.http);
  write(json, "condition", in.condition);
  write(json, "pods", in.pods);
  write(json, "job", in.job);
  write(json, "bad", in.bad);
  write(json, "interval", in.interval);
  write(json, "staleAfter", in.stale_after);
  write(json, "onMissing", in.on_missing);
  return json.build();
}

void bind(const Node& node, ApprovalSpec& out) {
  bind_member(node, "count", out.count);
  bind_member(node, "groups", out.groups);
  bind_member(node, "twoPeople", out.two_people);
  bind_member(node, "expires", out.expires);
}

Json to_json(const ApprovalSpec& in) {
  JsonObject json;
  write(json, "count", in.count);
  write_unless_empty(json, "groups", in.groups);
  write(json, "twoPeople", in.two_people);
  write(json, "expires", in.expires);
  return json.build();
}

void bind(const Node& node, SigningKey& out) {
  bind_member(node, "secret", out.secret);
  bind_member(node, "key", out.key);
}

Json to_json(const SigningKey& in) {
  JsonObject json;
  write(json, "secret", in.secret);
  write(json, "key", in.key);
  return json.build();
}

void bind(const Node& node, WebhookSpec& out) {
  bind_member(node, "url", out.url);
  bind_member(node, "signWith", out.sign_with);
  bind_member(node, "every", out.every);
}

Json to_json(const WebhookSpec& in) {
  JsonObject json;
  write(json, "url", in.url);
  write(json, "signWith", in.sign_with);
  write(json, "every", in.every);
  return json.build();
}

void bind(const Node& node, GateSpec& out) {
  bind_member(node, "name", out.name);
  bind_member(node, "approval", out.approval);
  bind_member(node, "webhook", out.webhook);
}

Json to_json(const GateSpec& in) {
  JsonObject json;
  write(json, "name", in.name);
  write(json, "approval", in.approval);
  write(json, "webhook", in.webhook);
  return json.build();
}

void bind(const Node& node, RolloutTarget& out) {
  bind_member(node, "kind", out.kind);
  bind_member(node, "name", out.name);
}

Json to_json(const RolloutTarget& in) {
  JsonObject json;
  write(json, "kind", in.kind);
  write(json, "name", in.name);
  return json.build();
}

void bind(const Node& node, TemplateFrom& out) { bind_member(node, "name", out.name); }

Json to_json(const TemplateFrom& in) {
  JsonObject json;
  write(json, "name", in.name);
  return json.build();
}

void bind(const Node& node, HeaderMatch& out) {
  bind_member(node, "name", out.name);
  bind_member(node, "value", out.value);
}

Json to_json(const HeaderMatch& in) {
  JsonObject json;
  write(json, "name", in.name);
  write(json, "value", in.value);
  return json.build();
}

void bind(const Node& node, CookieMatch& out) {
  bind_member(node, "name", out.name);
  bind_member(node, "value", out.value);
}

Json to_json(const CookieMatch& in) {
  JsonObject json;
  write(json, "name", in.name);
  write(json, "value", in.value);
  return json.build();
}

void bind(const Node& node, RequestMatch& out) {
  bind_member(node, "header", out.header);
  bind_member(node, "cookie", out.cookie);
}

Json to_json(const RequestMatch& in) {
  JsonObject json;
  write(json, "header", in.header);
  write(json, "cookie", in.cookie);
  return json.build();
}

void bind(const Node& node, CanaryStep& out) {
  bind_member(node, "weight", out.weight);
  bind_member(node, "match", out.match);
  bind_member(node, "mirror", out.mirror);
  bind_member(node, "replicas", out.replicas);
  bind_member(node, "approval", out.approval);
  bind_member(node, "pause", out.pause);
  bind_member(node, "analysis", out.analysis);
}

Json to_json(const CanaryStep& in) {
  JsonObject json;
  write(json, "weight", in.weight);
  write_unless_empty(json, "match", in.match);
  write(json, "mirror", in.mirror);
  write(json, "replicas", in.replicas);
  write(json, "approval", in.approval);
  write(json, "pause", in.pause);
  write(json, "analysis", in.analysis);
  return json.build();
}

void bind(const Node& node, CanarySpec& out) { bind_member(node, "steps", out.steps); }

Json to_json(const CanarySpec& in) {
  JsonObject json;
  write(json, "steps", in.steps);
  return json.build();
}

void bind(const Node& node, BlueGreenSpec& out) {
  bind_member(node, "preview", out.preview);
  bind_member(node, "previewAnalysis", out.preview_analysis);
  bind_member(node, "previewApproval", out.preview_approval);
  bind_member(node, "hold", out.hold);
  bind_member(node, "approval", out.approval);
  bind_member(node, "analysis", out.analysis);
}

Json to_json(const BlueGreenSpec& in) {
  JsonObject json;
  write(json, "preview", in.preview);
  write(json, "previewAnalysis", in.preview_analysis);
  write(json, "previewApproval", in.preview_approval);
  write(json, "hold", in.hold);
  write(json, "approval", in.approval);
  write(json, "analysis", in.analysis);
  return json.build();
}

void bind(const Node& node, RolloutStrategy& out) {
  bind_member(node, "canary", out.canary);
  bind_member(node, "blueGreen", out.blue_green);
}

Json to_json(const RolloutStrategy& in) {
  JsonObject json;
  write(json, "canary", in.canary);
  write(json, "blueGreen", in.blue_green);
  return json.build();
}

void bind(const Node& node, RouteTraffic& out) {
  bind_member(node, "name", out.name);
  bind_member(node, "backend", out.backend);
}

Json to_json(const RouteTraffic& in) {
  JsonObject json;
  write(json, "name", in.name);
  write(json, "backend", in.backend);
  return json.build();
}

void bind(const Node& node, ServiceTraffic& out) { bind_member(node, "name", out.name); }

Json to_json(const ServiceTraffic& in) {
  JsonObject json;
  write(json, "name", in.name);
  return json.build();
}

void bind(const Node& node, ReadyPodsTraffic& out) { bind_member(node, "service", out.service); }

Json to_json(const ReadyPodsTraffic& in) {
  JsonObject json;
  write(json, "service", in.service);
  return json.build();
}

void bind(const Node& node, RolloutTraffic& out) {
  bind_member(node, "httpRoute", out.http_route);
  bind_member(node, "grpcRoute", out.grpc_route);
  bind_member(node, "traefikService", out.traefik_service);
  bind_member(node, "virtualService", out.virtual_service);
  bind_member(node, "ingress", out.ingress);
  bind_member(node, "service", out.service);
  bind_member(node, "readyPods", out.ready_pods);
}

Json to_json(const RolloutTraffic& in) {
  JsonObject json;
  write(json, "httpRoute", in.http_route);
  write(json, "grpcRoute", in.grpc_route);
  write(json, "traefikService", in.traefik_service);
  write(json, "virtualService", in.virtual_service);
  write(json, "ingress", in.ingress);
  write(json, "service", in.service);
  write(json, "readyPods", in.ready_pods);
  return json.build();
}

void bind(const Node& node, CompareErrors& out) {
  bind_member(node, "counter", out.counter);
  bind_member(node, "bad", out.bad);
  bind_member(node, "minimumRequests", out.minimum_requests);
  bind_member(node, "tolerated", out.tolerated);
}

Json to_json(const CompareErrors& in) {
  JsonObject json;
  write(json, "counter", in.counter);
  write(json, "bad", in.bad);
  write(json, "minimumRequests", in.minimum_requests);
  write(json, "tolerated", in.tolerated);
  return json.build();
}

void bind(const Node& node, CompareLatency& out) {
  bind_member(node, "histogram", out.histogram);
  bind_member(node, "atLeast", out.at_least);
}

Json to_json(const CompareLatency& in) {
  JsonObject json;
  write(json, "histogram", in.histogram);
  write(json, "atLeast", in.at_least);
  return json.build();
}

void bind(const Node& node, CompareSpec& out) {
  bind_member(node, "address", out.address);
  bind_member(node, "podLabel", out.pod_label);
  bind_member(node, "where", out.where);
  bind_member(node, "errors", out.errors);
  bind_member(node, "latency", out.latency);
  bind_member(node, "falseAlarm", out.false_alarm);
  bind_member(node, "interval", out.interval);
}

Json to_json(const CompareSpec& in) {
  JsonObject json;
  write(json, "address", in.address);
  write(json, "podLabel", in.pod_label);
  write(json, "where", in.where);
  write(json, "errors", in.errors);
  write(json, "latency", in.latency);
  write(json, "falseAlarm", in.false_alarm);
  write(json, "interval", in.interval);
  return json.build();
}

void bind(const Node& node, AnalysisSpec& out) {
  bind_member(node, "checks", out.checks);
  bind_member(node, "failureLimit", out.failure_limit);
  bind_member(node, "consecutiveSuccessLimit", out.consecutive_success_limit);
  bind_member(node, "inconclusiveLimit", out.inconclusive_limit);
  bind_member(node, "initialDelay", out.initial_delay);
  bind_member(node, "dryRun", out.dry_run);
  bind_member(node, "compare", out.compare);
  bind_member(node, "errorPolicy", out.error_policy);
}

Json to_json(const AnalysisSpec& in) {
  JsonObject json;
  write_unless_empty(json, "checks", in.checks);
  write(json, "failureLimit", in.failure_limit);
  write(json, "consecutiveSuccessLimit", in.consecutive_success_limit);
  write(json, "inconclusiveLimit", in.inconclusive_limit);
  write(json, "initialDelay", in.initial_delay);
  write(json, "dryRun", in.dry_run);
  write(json, "compare", in.compare);
  write(json, "errorPolicy", in.error_policy);
  return json.build();
}

void bind(const Node& node, RolloutAnalysis& out) { bind_member(node, "default", out.usual); }

Json to_json(const RolloutAnalysis& in) {
  JsonObject json;
  write(json, "default", in.usual);
  return json.build();
}

void bind(const Node& node, RolloutSpec& out) {
  bind_member(node, "name", out.name);
  bind_member(node, "target", out.target);
  bind_member(node, "patch", out.patch);
  bind_member(node, "templateFrom", out.template_from);
  bind_member(node, "start", out.start);
  bind_member(node, "dependsOn", out.depends_on);
  bind_member(node, "wave", out.wave);
  bind_member(node, "strategy", out.strategy);
  bind_member(node, "traffic", out.traffic);
  bind_member(node, "analysis", out.analysis);
  bind_member(node, "onFailure", out.on_failure);
  bind_member(node, "deadline", out.deadline);
  bind_member(node, "bake", out.bake);
  bind_member(node, "drain", out.drain);
  bind_member(node, "promotion", out.promotion);
  bind_member(node, "onWindowEnd", out.on_window_end);
  bind_member(node, "desired", out.desired);
}

Json to_json(const RolloutSpec& in) {
  JsonObject json;
  write(json, "name", in.name);
  write(json, "target", in.target);
  write_unless_empty(json, "patch", in.patch);
  write(json, "templateFrom", in.template_from);
  write(json, "start", in.start);
  write_unless_empty(json, "dependsOn", in.depends_on);
  write(json, "wave", in.wave);
  write(json, "strategy", in.strategy);
  write(json, "traffic", in.traffic);
  write_unless_empty(json, "analysis", in.analysis);
  write(json, "onFailure", in.on_failure);
  write(json, "deadline", in.deadline);
  write(json, "bake", in.bake);
  write(json, "drain", in.drain);
  write(json, "promotion", in.promotion);
  write(json, "onWindowEnd", in.on_window_end);
  write(json, "desired", in.desired);
  return json.build();
}

void bind(const Node& node, SaleEventSpec& out) {
  bind_member(node, "window", out.window);
  bind_member(node, "serviceAccountName", out.service_account_name);
  bind_member(node, "freeze", out.freeze);
  bind_member(node, "deletionPolicy", out.deletion_policy);
  bind_member(node, "suspend", out.suspend);
  bind_member(node, "mode", out.mode);
  bind_member(node, "capacity", out.capacity);
  bind_member(node, "holds", out.holds);
  bind_member(node, "checks", out.checks);
  bind_member(node, "gates", out.gates);
  bind_member(node, "maxConcurrentRollouts", out.max_concurrent_rollouts);
  bind_member(node, "rollouts", out.rollouts);
}

Json to_json(const SaleEventSpec& in) {
  JsonObject json;
  write(json, "window", in.window);
  write(json, "serviceAccountName", in.service_account_name);
  write(json, "freeze", in.freeze);
  write(json, "deletionPolicy", in.deletion_policy);
  write(json, "suspend", in.suspend);
  write(json, "mode", in.mode);
  write(json, "capacity", in.capacity);
  write_unless_empty(json, "holds", in.holds);
  write_unless_empty(json, "checks", in.checks);
  write_unless_empty(json, "gates", in.gates);
  write(json, "maxConcurrentRollouts", in.max_concurrent_rollouts);
  write_unless_empty(json, "rollouts", in.rollouts);
  return json.build();
}

void bind(const Node& node, FeasibilityFinding& out) {
  bind_member(node, "level", out.level);
  bind_member(node, "code", out.code);
  bind_member(node, "subject", out.subject);
  bind_member(node, "message", out.message);
}

Json to_json(const FeasibilityFinding& in) {
  JsonObject json;
  write(json, "level", in.level);
  write(json, "code", in.code);
  write_unless_empty(json, "subject", in.subject);
  write(json, "message", in.message);
  return json.build();
}

void bind(const Node& node, FeasibleTarget& out) {
  bind_member(node, "name", out.name);
  bind_member(node, "needed", out.needed);
  bind_member(node, "achievable", out.achievable);
  bind_member(node, "withNewNodes", out.with_new_nodes);
  bind_member(node, "boundBy", out.bound_by);
}

Json to_json(const FeasibleTarget& in) {
  JsonObject json;
  write(json, "name", in.name);
  write(json, "needed", in.needed);
  write(json, "achievable", in.achievable);
  write(json, "withNewNodes", in.with_new_nodes);
  write_unless_empty(json, "boundBy", in.bound_by);
  return json.build();
}

void bind(const Node& node, FeasibilityStatus& out) {
  bind_member(node, "verdict", out.verdict);
  bind_member(node, "latestSafeStart", out.latest_safe_start);
  bind_member(node, "findings", out.findings);
  bind_member(node, "targets", out.targets);
}

Json to_json(const FeasibilityStatus& in) {
  JsonObject json;
  write(json, "verdict", in.verdict);
  write(json, "latestSafeStart", in.latest_safe_start);
  write_unless_empty(json, "findings", in.findings);
  write_unless_empty(json, "targets", in.targets);
  return json.build();
}

void bind(const Node& node, Condition& out) {
  bind_member(node, "type", out.type);
  bind_member(node, "status", out.status);
  bind_member(node, "observedGeneration", out.observed_generation);
  bind_member(node, "lastTransitionTime", out.last_transition_time);
  bind_member(node, "reason", out.reason);
  bind_member(node, "message", out.message);
}

Json to_json(const Condition& in) {
  JsonObject json;
  write(json, "type", in.type);
  write(json, "status", in.status);
  write(json, "observedGeneration", in.observed_generation);
  write(json, "lastTransitionTime", in.last_transition_time);
  write(json, "reason", in.reason);
  write(json, "message", in.message);
  return json.build();
}

void bind(const Node& node, WindowStatus& out) {
  bind_member(node, "prepare", out.prepare);
  bind_member(node, "start", out.start);
  bind_member(node, "end", out.end);
  bind_member(node, "restoredBy", out.restored_by);
  bind_member(node, "timeZone", out.time_zone);
  bind_member(node, "tzdata", out.tzdata);
}

Json to_json(const WindowStatus& in) {
  JsonObject json;
  write(json, "prepare", in.prepare);
  write(json, "start", in.start);
  write(json, "end", in.end);
  write(json, "restoredBy", in.restored_by);
  write_unless_empty(json, "timeZone", in.time_zone);
  write_unless_empty(json, "tzdata", in.tzdata);
  return json.build();
}

void bind(const Node& node, Decision& out) {
  bind_member(node, "run", out.run);
  bind_member(node, "kind", out.kind);
  bind_member(node, "subject", out.subject);
  bind_member(node, "hash", out.hash);
  bind_member(node, "at", out.at);
  bind_member(node, "by", out.by);
  bind_member(node, "actionUID", out.action_uid);
  bind_member(node, "value", out.value);
  bind_member(node, "detail", out.detail);
}

Json to_json(const Decision& in) {
  JsonObject json;
  write(json, "run", in.run);
  write(json, "kind", in.kind);
  write_unless_empty(json, "subject", in.subject);
  write_unless_empty(json, "hash", in.hash);
  write(json, "at", in.at);
  write_unless_empty(json, "by", in.by);
  write_unless_empty(json, "actionUID", in.action_uid);
  write_unless_empty(json, "value", in.value);
  write_unless_empty(json, "detail", in.detail);
  return json.build();
}

void bind(const Node& node, FreezeStatus& out) {
  bind_member(node, "state", out.state);
  bind_member(node, "from", out.from);
  bind_member(node, "until", out.until);
  bind_member(node, "message", out.message);
}

Json to_json(const FreezeStatus& in) {
  JsonObject json;
  write_unless_empty(json, "state", in.state);
  write(json, "from", in.from);
  write(json, "until", in.until);
  write_unless_empty(json, "message", in.message);
  return json.build();
}

void bind(const Node& node, HeadroomStatus& out) {
  bind_member(node, "target", out.target);
  bind_member(node, "object", out.object);
  bind_member(node, "state", out.state);
  bind_member(node, "floor", out.floor);
  bind_member(node, "asked", out.asked);
  bind_member(node, "placed", out.placed);
  bind_member(node, "released", out.released);
  bind_member(node, "message", out.message);
}

Json to_json(const HeadroomStatus& in) {
  JsonObject json;
  write(json, "target", in.target);
  write_unless_empty(json, "object", in.object);
  write_unless_empty(json, "state", in.state);
  write(json, "floor", in.floor);
  write(json, "asked", in.asked);
  write(json, "placed", in.placed);
  write(json, "released", in.released);
  write_unless_empty(json, "message", in.message);
  return json.build();
}

void bind(const Node& node, CheckStatus& out) {
  bind_member(node, "name", out.name);
  bind_member(node, "verdict", out.verdict);
  bind_member(node, "value", out.value);
  bind_member(node, "since", out.since);
  bind_member(node, "message", out.message);
  bind_member(node, "measuredAt", out.measured_at);
}

Json to_json(const CheckStatus& in) {
  JsonObject json;
  write(json, "name", in.name);
  write(json, "verdict", in.verdict);
  write_unless_empty(json, "value", in.value);
  write(json, "since", in.since);
  write_unless_empty(json, "message", in.message);
  write(json, "measuredAt", in.measured_at);
  return json.build();
}

void bind(const Node& node, RolloutStatus& out) {
  bind_member(node, "name", out.name);
  bind_member(node, "state", out.state);
  bind_member(node, "step", out.step);
  bind_member(node, "steps", out.steps);
  bind_member(node, "weight", out.weight);
  bind_member(node, "stepAt", out.step_at);
  bind_member(node, "candidate", out.candidate);
  bind_member(node, "replicas", out.replicas);
  bind_member(node, "ready", out.ready);
  bind_member(node, "stableReady", out.stable_ready);
  bind_member(node, "stableNeeded", out.stable_needed);
  bind_member(node, "analysis", out.analysis);
  bind_member(node, "message", out.message);
}

Json to_json(const RolloutStatus& in) {
  JsonObject json;
  write(json, "name", in.name);
  write(json, "state", in.state);
  write(json, "step", in.step);
  write(json, "steps", in.steps);
  write(json, "weight", in.weight);
  write(json, "stepAt", in.step_at);
  write_unless_empty(json, "candidate", in.candidate);
  write(json, "replicas", in.replicas);
  write(json, "ready", in.ready);
  write(json, "stableReady", in.stable_ready);
  write(json, "stableNeeded", in.stable_needed);
  write_unless_empty(json, "analysis", in.analysis);
  write_unless_empty(json, "message", in.message);
  return json.build();
}

void bind(const Node& node, ImagePrepullStatus& out) {
  bind_member(node, "target", out.target);
  bind_member(node, "object", out.object);
  bind_member(node, "state", out.state);
  bind_member(node, "images", out.images);
  bind_member(node, "nodes", out.nodes);
  bind_member(node, "pulled", out.pulled);
  bind_member(node, "message", out.message);
}

Json to_json(const ImagePrepullStatus& in) {
  JsonObject json;
  write(json, "target", in.target);
  write_unless_empty(json, "object", in.object);
  write_unless_empty(json, "state", in.state);
  write(json, "images", in.images);
  write(json, "nodes", in.nodes);
  write(json, "pulled", in.pulled);
  write_unless_empty(json, "message", in.message);
  return json.build();
}

void bind(const Node& node, TargetBaseline& out) {
  bind_member(node, "min", out.min);
  bind_member(node, "max", out.max);
  bind_member(node, "replicas", out.replicas);
}

Json to_json(const TargetBaseline& in) {
  JsonObject json;
  write(json, "min", in.min);
  write(json, "max", in.max);
  write(json, "replicas", in.replicas);
  return json.build();
}

void bind(const Node& node, LearnedPending& out) {
  bind_member(node, "reason", out.reason);
  bind_member(node, "count", out.count);
}

Json to_json(const LearnedPending& in) {
  JsonObject json;
  write(json, "reason", in.reason);
  write(json, "count", in.count);
  return json.build();
}

void bind(const Node& node, LearnedStep& out) {
  bind_member(node, "at", out.at);
  bind_member(node, "from", out.from);
  bind_member(node, "floor", out.floor);
  bind_member(node, "readyAfterSeconds", out.ready_after_seconds);
}

Json to_json(const LearnedStep& in) {
  JsonObject json;
  write(json, "at", in.at);
  write(json, "from", in.from);
  write(json, "floor", in.floor);
  write(json, "readyAfterSeconds", in.ready_after_seconds);
  return json.build();
}

void bind(const Node& node, LearnedStatus& out) {
  bind_member(node, "floor", out.floor);
  bind_member(node, "peakReady", out.peak_ready);
  bind_member(node, "peakWanted", out.peak_wanted);
  bind_member(node, "pending", out.pending);
  bind_member(node, "steps", out.steps);
}

Json to_json(const LearnedStatus& in) {
  JsonObject json;
  write(json, "floor", in.floor);
  write(json, "peakReady", in.peak_ready);
  write(json, "peakWanted", in.peak_wanted);
  write_unless_empty(json, "pending", in.pending);
  write_unless_empty(json, "steps", in.steps);
  return json.build();
}

void bind(const Node& node, LastRun& out) {
  bind_member(node, "usual", out.usual);
  bind_member(node, "floor", out.floor);
  bind_member(node, "peakReady", out.peak_ready);
  bind_member(node, "peakWanted", out.peak_wanted);
  bind_member(node, "steps", out.steps);
  bind_member(node, "neverReady", out.never_ready);
  bind_member(node, "mostAdded", out.most_added);
  bind_member(node, "readyAfterSeconds", out.ready_after_seconds);
}

Json to_json(const LastRun& in) {
  JsonObject json;
  write(json, "usual", in.usual);
  write(json, "floor", in.floor);
  write(json, "peakReady", in.peak_ready);
  write(json, "peakWanted", in.peak_wanted);
  write(json, "steps", in.steps);
  write(json, "neverReady", in.never_ready);
  write(json, "mostAdded", in.most_added);
  write(json, "readyAfterSeconds", in.ready_after_seconds);
  return json.build();
}

void bind(const Node& node, PendingStatus& out) {
  bind_member(node, "reason", out.reason);
  bind_member(node, "count", out.count);
  bind_member(node, "message", out.message);
}

Json to_json(const PendingStatus& in) {
  JsonObject json;
  write(json, "reason", in.reason);
  write(json, "count", in.count);
  write_unless_empty(json, "message", in.message);
  return json.build();
}

void bind(const Node& node, TargetStatus& out) {
  bind_member(node, "name", out.name);
  bind_member(node, "object", out.object);
  bind_member(node, "autoscaler", out.autoscaler);
  bind_member(node, "inCharge", out.in_charge);
  bind_member(node, "baseline", out.baseline);
  bind_member(node, "usual", out.usual);
  bind_member(node, "zones", out.zones);
  bind_member(node, "floor", out.floor);
  bind_member(node, "ceiling", out.ceiling);
  bind_member(node, "held", out.held);
  bind_member(node, "desired", out.desired);
  bind_member(node, "current", out.current);
  bind_member(node, "ready", out.ready);
  bind_member(node, "wanted", out.wanted);
  bind_member(node, "step", out.step);
  bind_member(node, "steps", out.steps);
  bind_member(node, "steppedAt", out.stepped_at);
  bind_member(node, "learned", out.learned);
  bind_member(node, "lastRun", out.last_run);
  bind_member(node, "state", out.state);
  bind_member(node, "pending", out.pending);
  bind_member(node, "message", out.message);
}

Json to_json(const TargetStatus& in) {
  JsonObject json;
  write(json, "name", in.name);
  write_unless_empty(json, "object", in.object);
  write_unless_empty(json, "autoscaler", in.autoscaler);
  write_unless_empty(json, "inCharge", in.in_charge);
  write_unless_empty(json, "baseline", in.baseline);
  write(json, "usual", in.usual);
  write(json, "zones", in.zones);
  write(json, "floor", in.floor);
  write(json, "ceiling", in.ceiling);
  write(json, "held", in.held);
  write(json, "desired", in.desired);
  write(json, "current", in.current);
  write(json, "ready", in.ready);
  write(json, "wanted", in.wanted);
  write(json, "step", in.step);
  write(json, "steps", in.steps);
  write(json, "steppedAt", in.stepped_at);
  write_unless_empty(json, "learned", in.learned);
  write_unless_empty(json, "lastRun", in.last_run);
  write_unless_empty(json, "state", in.state);
  write_unless_empty(json, "pending", in.pending);
  write_unless_empty(json, "message", in.message);
  return json.build();
}

void bind(const Node& node, HeldObject& out) {
  bind_member(node, "apiVersion", out.api_version);
  bind_member(node, "group", out.group);
  bind_member(node, "kind", out.kind);
  bind_member(node, "namespace", out.ns);
  bind_member(node, "name", out.name);
}

Json to_json(const HeldObject& in) {
  JsonObject json;
  write_unless_empty(json, "apiVersion", in.api_version);
  write_unless_empty(json, "group", in.group);
  write(json, "kind", in.kind);
  write_unless_empty(json, "namespace", in.ns);
  write(json, "name", in.name);
  return json.build();
}

void bind(const Node& node, ContestStatus& out) {
  bind_member(node, "reasserted", out.reasserted);
  bind_member(node, "at", out.at);
  bind_member(node, "by", out.by);
  bind_member(node, "change", out.change);
  bind_member(node, "yielded", out.yielded);
}

Json to_json(const ContestStatus& in) {
  JsonObject json;
  write(json, "reasserted", in.reasserted);
  write(json, "at", in.at);
  write_unless_empty(json, "by", in.by);
  write_unless_empty(json, "change", in.change);
  write(json, "yielded", in.yielded);
  return json.build();
}

void bind(const Node& node, HoldStatus& out) {
  bind_member(node, "name", out.name);
  bind_member(node, "object", out.object);
  bind_member(node, "uid", out.uid);
  bind_member(node, "serial", out.serial);
  bind_member(node, "field", out.field);
  bind_member(node, "inside", out.inside);
  bind_member(node, "copy", out.copy);
  bind_member(node, "baseline", out.baseline);
  bind_member(node, "requested", out.requested);
  bind_member(node, "applied", out.applied);
  bind_member(node, "live", out.live);
  bind_member(node, "steppedAt", out.stepped_at);
  bind_member(node, "peak", out.peak);
  bind_member(node, "contest", out.contest);
  bind_member(node, "holders", out.holders);
  bind_member(node, "state", out.state);
  bind_member(node, "message", out.message);
}

Json to_json(const HoldStatus& in) {
  JsonObject json;
  write_unless_empty(json, "name", in.name);
  write(json, "object", in.object);
  write_unless_empty(json, "uid", in.uid);
  write(json, "serial", in.serial);
  write(json, "field", in.field);
  write_unless_empty(json, "inside", in.inside);
  write_unless_empty(json, "copy", in.copy);
  write(json, "baseline", in.baseline);
  write(json, "requested", in.requested);
  write(json, "applied", in.applied);
  write(json, "live", in.live);
  write(json, "steppedAt", in.stepped_at);
  write(json, "peak", in.peak);
  write_unless_empty(json, "contest", in.contest);
  write_unless_empty(json, "holders", in.holders);
  write_unless_empty(json, "state", in.state);
  write_unless_empty(json, "message", in.message);
  return json.build();
}

void bind(const Node& node, SaleEventStatus& out) {
  bind_member(node, "observedGeneration", out.observed_generation);
  bind_member(node, "phase", out.phase);
  bind_member(node, "verdict", out.verdict);
  bind_member(node, "feasibility", out.feasibility);
  bind_member(node, "message", out.message);
  bind_member(node, "install", out.install);
  bind_member(node, "run", out.run);
  bind_member(node, "targetsReady", out.targets_ready);
  bind_member(node, "nextDue", out.next_due);
  bind_member(node, "nextReason", out.next_reason);
  bind_member(node, "conditions", out.conditions);
  bind_member(node, "window", out.window);
  bind_member(node, "decisions", out.decisions);
  bind_member(node, "freeze", out.freeze);
  bind_member(node, "headroom", out.headroom);
  bind_member(node, "checks", out.checks);
  bind_member(node, "rollouts", out.rollouts);
  bind_member(node, "imagePrepull", out.image_prepull);
  bind_member(node, "targets", out.targets);
  bind_member(node, "holds", out.holds);
}

Json to_json(const SaleEventStatus& in) {
  JsonObject json;
  write(json, "observedGeneration", in.observed_generation);
  write_unless_empty(json, "phase", in.phase);
  write_unless_empty(json, "verdict", in.verdict);
  write(json, "feasibility", in.feasibility);
  write_unless_empty(json, "message", in.message);
  write_unless_empty(json, "install", in.install);
  write(json, "run", in.run);
  write_unless_empty(json, "targetsReady", in.targets_ready);
  write(json, "nextDue", in.next_due);
  write_unless_empty(json, "nextReason", in.next_reason);
  write_unless_empty(json, "conditions", in.conditions);
  write(json, "window", in.window);
  write_unless_empty(json, "decisions", in.decisions);
  write_unless_empty(json, "freeze", in.freeze);
  write_unless_empty(json, "headroom", in.headroom);
  write_unless_empty(json, "checks", in.checks);
  write_unless_empty(json, "rollouts", in.rollouts);
  write_unless_empty(json, "imagePrepull", in.image_prepull);
  write_unless_empty(json, "targets", in.targets);
  write_unless_empty(json, "holds", in.holds);
  return json.build();
}

}  // namespace doorbuster::api
