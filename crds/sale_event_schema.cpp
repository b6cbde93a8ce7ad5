// Made by hack/generate from crds/doorbuster.dev_saleevents.yaml; do not edit.
#include "crds/patterns.h"
#include "crds/schema.h"
#include "crds/twins.h"

namespace doorbuster::api {
namespace {

constexpr Schema kSpecWindowStartSchema = {
    .type = SchemaType::String,
    .pattern =
        {patterns::window_time,
         "a time such as `2026-11-27T09:00:00` (with `timeZone`) or `2026-11-27T09:00:00+01:00`, "
         "on a day that exists",
         R"re(^(2[0-9]{3}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))|(2[048]00|2[0-9](0[48]|[2468][048]|[13579][26]))-02-29)T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])?$)re"},
    .at_most = 32};

constexpr Schema kSpecWindowEndSchema = {
    .type = SchemaType::String,
    .pattern =
        {patterns::window_time,
         "a time such as `2026-11-27T09:00:00` (with `timeZone`) or `2026-11-27T09:00:00+01:00`, "
         "on a day that exists",
         R"re(^(2[0-9]{3}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))|(2[048]00|2[0-9](0[48]|[2468][048]|[13579][26]))-02-29)T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])?$)re"},
    .at_most = 32};

constexpr Schema kSpecWindowTimeZoneSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::zone_name,
                "the name of a time zone such as `Europe/Berlin`",
                R"re(^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$)re"},
    .at_least = 1,
    .at_most = 64};

constexpr Rule kSpecWindowPrepareRules[] = {
    {twins::at_most_30_days,
     "",
     "must be at most `720h` (30 days)",
     R"re(duration(self) <= duration('720h'))re"},
};
}  // namespace
extern const Schema kSpecWindowPrepareSchema;
constinit const Schema kSpecWindowPrepareSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::duration_text,
                "a duration such as `90m`, `1h30m` or `0s`",
                R"re(^([0-9]{1,5}(\.[0-9]{1,3})?(ms|s|m|h))+$)re"},
    .at_most = 32,
    .rules = kSpecWindowPrepareRules};

namespace {

constexpr Rule kSpecWindowCooldownRules[] = {
    {twins::at_most_30_days,
     "",
     "must be at most `720h` (30 days)",
     R"re(duration(self) <= duration('720h'))re"},
};
}  // namespace
extern const Schema kSpecWindowCooldownSchema;
constinit const Schema kSpecWindowCooldownSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::duration_text,
                "a duration such as `90m`, `1h30m` or `0s`",
                R"re(^([0-9]{1,5}(\.[0-9]{1,3})?(ms|s|m|h))+$)re"},
    .at_most = 32,
    .rules = kSpecWindowCooldownRules};

namespace {

constexpr std::string_view kSpecWindowOnNotReadyAllowed[] = {"Block", "Warn", "Proceed"};
}  // namespace
extern const Schema kSpecWindowOnNotReadySchema;
constinit const Schema kSpecWindowOnNotReadySchema = {.type = SchemaType::String,
                                                      .allowed = kSpecWindowOnNotReadyAllowed};

namespace {

constexpr Field kSpecWindowFields[] = {
    {"start",
     &kSpecWindowStartSchema,
     true,
     "",
     "When the sale begins: a local time read in `timeZone` (`2026-11-27T09:00:00`), or RFC 3339 "
     "with an offset (`2026-11-27T09:00:00+01:00`). A local time that the zone skips is refused; "
     "one that comes twice needs an offset."},
    {"end",
     &kSpecWindowEndSchema,
     true,
     "",
     "When the sale is over; written like `start` and later than it."},
    {"timeZone",
     &kSpecWindowTimeZoneSchema,
     false,
     "",
     "IANA name of the zone in which times without an offset are read, such as `Europe/Berlin`."},
    {"prepare",
     &kSpecWindowPrepareSchema,
     false,
     R"("30m")",
     "How long before `start` the ramps and the holds of the Prepare phase begin."},
    {"cooldown",
     &kSpecWindowCooldownSchema,
     false,
     R"("30m")",
     "How long after `end` restoration may take until it is complete."},
    {"onNotReady",
     &kSpecWindowOnNotReadySchema,
     false,
     R"("Warn")",
     "What happens at `start` while targets are not ready. `Block` keeps the holds of the Live "
     "phase back, `Warn` goes on and says so, `Proceed` goes on. Capacity never waits."},
};
constexpr Rule kSpecWindowRules[] = {
    {twins::local_time_has_zone,
     ".timeZone",
     "must be set when `start` or `end` has no offset, for example `Europe/Berlin`",
     R"re(has(self.timeZone) || (self.start.matches('(Z|[+-][0-9]{2}:[0-9]{2})$') && self.end.matches('(Z|[+-][0-9]{2}:[0-9]{2})$')))re"},
    {twins::offsets_have_no_zone,
     ".timeZone",
     "must not be set when `start` and `end` both have an offset",
     R"re(!has(self.timeZone) || !(self.start.matches('(Z|[+-][0-9]{2}:[0-9]{2})$') && self.end.matches('(Z|[+-][0-9]{2}:[0-9]{2})$')))re"},
    {twins::end_after_start,
     ".end",
     "must be later than `start`",
     R"re(!self.start.matches('^(2[0-9]{3}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))|(2[048]00|2[0-9](0[48]|[2468][048]|[13579][26]))-02-29)T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])?$') || !self.end.matches('^(2[0-9]{3}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))|(2[048]00|2[0-9](0[48]|[2468][048]|[13579][26]))-02-29)T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])?$') || self.start.matches('(Z|[+-][0-9]{2}:[0-9]{2})$') != self.end.matches('(Z|[+-][0-9]{2}:[0-9]{2})$') || (self.start.matches('(Z|[+-][0-9]{2}:[0-9]{2})$') ? timestamp(self.end) > timestamp(self.start) : self.end > self.start))re"},
};
constexpr Schema kSpecWindowSchema = {
    .type = SchemaType::Object, .fields = kSpecWindowFields, .rules = kSpecWindowRules};

}  // namespace
extern const Schema kSpecServiceAccountNameSchema;
constinit const Schema kSpecServiceAccountNameSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::dns_subdomain,
                "a name of lower-case letters, digits, `-` and `.`, such as `checkout`",
                R"re(^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$)re"},
    .at_least = 1,
    .at_most = 253};

namespace {

constexpr Rule kSpecFreezeFromRules[] = {
    {twins::instant_in_range,
     "",
     "must be at most `720h` (30 days) before or after the start",
     R"re(self in ['start', 'end'] || (duration(self) >= duration('-720h') && duration(self) <= duration('720h')))re"},
};
constexpr Schema kSpecFreezeFromSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::window_instant,
                "`start`, `end` or a time before or after the start such as `-2h` or `30m`",
                R"re(^(start|end|[+-]?([0-9]{1,5}(\.[0-9]{1,3})?(ms|s|m|h))+)$)re"},
    .at_most = 32,
    .rules = kSpecFreezeFromRules};

constexpr Rule kSpecFreezeUntilRules[] = {
    {twins::instant_in_range,
     "",
     "must be at most `720h` (30 days) before or after the start",
     R"re(self in ['start', 'end'] || (duration(self) >= duration('-720h') && duration(self) <= duration('720h')))re"},
};
constexpr Schema kSpecFreezeUntilSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::window_instant,
                "`start`, `end` or a time before or after the start such as `-2h` or `30m`",
                R"re(^(start|end|[+-]?([0-9]{1,5}(\.[0-9]{1,3})?(ms|s|m|h))+)$)re"},
    .at_most = 32,
    .rules = kSpecFreezeUntilRules};

constexpr Schema kSpecFreezeTemplatesSchema = {.type = SchemaType::Boolean};

constexpr Schema kSpecFreezeConfigMapsItemSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::dns_subdomain,
                "a name of lower-case letters, digits, `-` and `.`, such as `checkout`",
                R"re(^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$)re"},
    .at_least = 1,
    .at_most = 253};

constexpr Schema kSpecFreezeConfigMapsSchema = {.type = SchemaType::Array,
                                                .items = &kSpecFreezeConfigMapsItemSchema,
                                                .list_type = ListType::Set,
                                                .at_most = 32};

constexpr Field kSpecFreezeFields[] = {
    {"from",
     &kSpecFreezeFromSchema,
     false,
     R"("start")",
     "When it begins: `start`, or so long after the start, before it with `-`, such as `-2h`."},
    {"until",
     &kSpecFreezeUntilSchema,
     false,
     R"("end")",
     "When it is over, written like `from`; `end` is the end of the sale, also where that is "
     "moved."},
    {"templates",
     &kSpecFreezeTemplatesSchema,
     false,
     R"(true)",
     "Pod templates of Deployments, StatefulSets and DaemonSets."},
    {"configMaps",
     &kSpecFreezeConfigMapsSchema,
     false,
     R"([])",
     "Names of ConfigMaps whose data stays as it is."},
};
constexpr Rule kSpecFreezeRules[] = {
    {twins::freeze_names_something,
     "",
     "must freeze `templates` or some `configMaps`",
     R"re(self.templates || size(self.configMaps) > 0)re"},
};
}  // namespace
extern const Schema kSpecFreezeSchema;
constinit const Schema kSpecFreezeSchema = {
    .type = SchemaType::Object, .fields = kSpecFreezeFields, .rules = kSpecFreezeRules};

namespace {

constexpr std::string_view kSpecDeletionPolicyAllowed[] = {"Ramp", "Immediate", "Orphan"};
}  // namespace
extern const Schema kSpecDeletionPolicySchema;
constinit const Schema kSpecDeletionPolicySchema = {.type = SchemaType::String,
                                                    .allowed = kSpecDeletionPolicyAllowed};

namespace {}  // namespace
extern const Schema kSpecSuspendSchema;
constinit const Schema kSpecSuspendSchema = {.type = SchemaType::Boolean};

namespace {

constexpr std::string_view kSpecModeAllowed[] = {"Live", "DryRun"};
}  // namespace
extern const Schema kSpecModeSchema;
constinit const Schema kSpecModeSchema = {.type = SchemaType::String, .allowed = kSpecModeAllowed};

namespace {

constexpr Schema kSpecCapacityTargetsItemNameSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::dns_label,
                "lower-case letters, digits and `-`, such as `order-worker`",
                R"re(^[a-z0-9]([-a-z0-9]*[a-z0-9])?$)re"},
    .at_least = 1,
    .at_most = 63};

constexpr Schema kSpecCapacityTargetsItemRefApiVersionSchema = {
    .type = SchemaType::String,
    .pattern =
        {patterns::api_version,
         "a group and version such as `apps/v1`, or `v1`",
         R"re(^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[a-z]([-a-z0-9]*[a-z0-9])?$)re"},
    .at_least = 1,
    .at_most = 300};

constexpr Schema kSpecCapacityTargetsItemRefKindSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::kind_name, "a kind such as `Deployment`", R"re(^[A-Z][A-Za-z0-9]*$)re"},
    .at_least = 1,
    .at_most = 63};

constexpr Schema kSpecCapacityTargetsItemRefNameSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::dns_subdomain,
                "a name of lower-case letters, digits, `-` and `.`, such as `checkout`",
                R"re(^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$)re"},
    .at_least = 1,
    .at_most = 253};

constexpr Schema kSpecCapacityTargetsItemRefNamespaceSchema = {.type = SchemaType::String,
                                                               .at_most = 63};

constexpr Field kSpecCapacityTargetsItemRefFields[] = {
    {"apiVersion",
     &kSpecCapacityTargetsItemRefApiVersionSchema,
     false,
     "",
     "Group and version, such as `apps/v1`. May be left out when only one group serves the kind."},
    {"kind",
     &kSpecCapacityTargetsItemRefKindSchema,
     true,
     "",
     "Kind of the workload, such as `Deployment`."},
    {"name", &kSpecCapacityTargetsItemRefNameSchema, true, "", "Name of the workload."},
    {"namespace",
     &kSpecCapacityTargetsItemRefNamespaceSchema,
     false,
     "",
     "Not to be set: a target is in the event's own namespace. It is here so that another one is "
     "refused instead of being dropped."},
};
constexpr Rule kSpecCapacityTargetsItemRefRules[] = {
    {twins::target_is_a_workload,
     ".kind",
     "must be a workload with replicas such as `Deployment` or `StatefulSet`; its autoscaler is "
     "found by itself",
     R"re(!(self.kind in ['HorizontalPodAutoscaler', 'VerticalPodAutoscaler', 'ScaledObject', 'Pod', 'DaemonSet', 'Job', 'CronJob', 'Service']))re"},
    {twins::target_is_in_own_namespace,
     ".namespace",
     "must be left out, for a target is in the event's own namespace; write a SaleEvent in that "
     "namespace for its workloads",
     R"re(!has(self.namespace))re"},
};
constexpr Schema kSpecCapacityTargetsItemRefSchema = {.type = SchemaType::Object,
                                                      .fields = kSpecCapacityTargetsItemRefFields,
                                                      .rules = kSpecCapacityTargetsItemRefRules};

constexpr Schema kSpecCapacityTargetsItemSelectorMatchLabelsValueSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::label_value,
                "the value of a label: letters, digits, `-`, `_` and `.`, such as `front-end`",
                R"re(^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$)re"},
    .at_most = 63};

constexpr Schema kSpecCapacityTargetsItemSelectorMatchLabelsSchema = {
    .type = SchemaType::Object,
    .values = &kSpecCapacityTargetsItemSelectorMatchLabelsValueSchema,
    .at_most = 16};

constexpr Schema kSpecCapacityTargetsItemSelectorMatchExpressionsItemKeySchema = {
    .type = SchemaType::String,
    .pattern =
        {patterns::label_key,
         "the key of a label such as `tier` or `app.kubernetes.io/part-of`",
         R"re(^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$)re"},
    .at_least = 1,
    .at_most = 317};

constexpr std::string_view kSpecCapacityTargetsItemSelectorMatchExpressionsItemOperatorAllowed[] = {
    "In", "NotIn", "Exists", "DoesNotExist"};
constexpr Schema kSpecCapacityTargetsItemSelectorMatchExpressionsItemOperatorSchema = {
    .type = SchemaType::String,
    .allowed = kSpecCapacityTargetsItemSelectorMatchExpressionsItemOperatorAllowed};

constexpr Schema kSpecCapacityTargetsItemSelectorMatchExpressionsItemValuesItemSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::label_value,
                "the value of a label: letters, digits, `-`, `_` and `.`, such as `front-end`",
                R"re(^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$)re"},
    .at_most = 63};

constexpr Schema kSpecCapacityTargetsItemSelectorMatchExpressionsItemValuesSchema = {
    .type = SchemaType::Array,
    .items = &kSpecCapacityTargetsItemSelectorMatchExpressionsItemValuesItemSchema,
    .list_type = ListType::Set,
    .at_most = 16};

constexpr Field kSpecCapacityTargetsItemSelectorMatchExpressionsItemFields[] = {
    {"key",
     &kSpecCapacityTargetsItemSelectorMatchExpressionsItemKeySchema,
     true,
     "",
     "Key of the label."},
    {"operator",
     &kSpecCapacityTargetsItemSelectorMatchExpressionsItemOperatorSchema,
     true,
     "",
     "How `values` are meant; `NotIn` holds without the label too."},
    {"values",
     &kSpecCapacityTargetsItemSelectorMatchExpressionsItemValuesSchema,
     false,
     "",
     "Values of the label."},
};
constexpr Rule kSpecCapacityTargetsItemSelectorMatchExpressionsItemRules[] = {
    {twins::values_of_operator,
     ".values",
     "must be set beside `In` and `NotIn` and left out beside `Exists` and `DoesNotExist`",
     R"re((self.operator == 'In' || self.operator == 'NotIn') == (has(self.values) && self.values.size() > 0))re"},
};
constexpr Schema kSpecCapacityTargetsItemSelectorMatchExpressionsItemSchema = {
    .type = SchemaType::Object,
    .fields = kSpecCapacityTargetsItemSelectorMatchExpressionsItemFields,
    .rules = kSpecCapacityTargetsItemSelectorMatchExpressionsItemRules};

constexpr Schema kSpecCapacityTargetsItemSelectorMatchExpressionsSchema = {
    .type = SchemaType::Array,
    .items = &kSpecCapacityTargetsItemSelectorMatchExpressionsItemSchema,
    .list_type = ListType::Atomic,
    .at_most = 16};

constexpr Field kSpecCapacityTargetsItemSelectorFields[] = {
    {"matchLabels",
     &kSpecCapacityTargetsItemSelectorMatchLabelsSchema,
     false,
     "",
     "Labels that must all have these values."},
    {"matchExpressions",
     &kSpecCapacityTargetsItemSelectorMatchExpressionsSchema,
     false,
     "",
     "Requirements that must all hold, as in a Deployment's selector."},
};
constexpr Rule kSpecCapacityTargetsItemSelectorRules[] = {
    {twins::selector_says_something,
     "",
     "must have a label in `matchLabels` or an entry in `matchExpressions`, for an empty one would "
     "match everything",
     R"re((has(self.matchLabels) && self.matchLabels.size() > 0) || (has(self.matchExpressions) && self.matchExpressions.size() > 0))re"},
};
constexpr Schema kSpecCapacityTargetsItemSelectorSchema = {
    .type = SchemaType::Object,
    .fields = kSpecCapacityTargetsItemSelectorFields,
    .rules = kSpecCapacityTargetsItemSelectorRules};

constexpr Schema kSpecCapacityTargetsItemKindsItemSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::kind_name, "a kind such as `Deployment`", R"re(^[A-Z][A-Za-z0-9]*$)re"},
    .at_least = 1,
    .at_most = 63};

constexpr Schema kSpecCapacityTargetsItemKindsSchema = {
    .type = SchemaType::Array,
    .items = &kSpecCapacityTargetsItemKindsItemSchema,
    .list_type = ListType::Set,
    .at_most = 8};

constexpr Schema kSpecCapacityTargetsItemNeedReplicasSchema = {
    .type = SchemaType::Integer, .format = Format::Int32, .minimum = 1, .maximum = 100000};

constexpr Rule kSpecCapacityTargetsItemNeedMultiplierRules[] = {
    {twins::multiplier_in_range,
     "",
     "must be at least `1` and at most `1000`",
     R"re(type(self) == int ? self >= 1 && self <= 1000 : quantity(string(self)).compareTo(quantity('1')) >= 0 && quantity(string(self)).compareTo(quantity('1000')) <= 0)re"},
};
constexpr Schema kSpecCapacityTargetsItemNeedMultiplierSchema = {
    .type = SchemaType::IntOrString,
    .pattern = {patterns::quantity_text,
                "a positive number or quantity such as `2`, `\"2.5\"` or `\"500m\"`",
                R"re(^[0-9]{1,9}(\.[0-9]{1,9})?([numkMGTPE]|[KMGTPE]i)?$)re"},
    .at_most = 24,
    .rules = kSpecCapacityTargetsItemNeedMultiplierRules};

constexpr std::string_view kSpecCapacityTargetsItemNeedOfAllowed[] = {"Current", "Minimum"};
constexpr Schema kSpecCapacityTargetsItemNeedOfSchema = {
    .type = SchemaType::String, .allowed = kSpecCapacityTargetsItemNeedOfAllowed};

constexpr Rule kSpecCapacityTargetsItemNeedRpsRules[] = {
    {twins::rate_in_range,
     "",
     "must be more than `0` and at most `1000000000`",
     R"re(type(self) == int ? self >= 1 && self <= 1000000000 : quantity(string(self)).compareTo(quantity('0')) > 0 && quantity(string(self)).compareTo(quantity('1G')) <= 0)re"},
};
constexpr Schema kSpecCapacityTargetsItemNeedRpsSchema = {
    .type = SchemaType::IntOrString,
    .pattern = {patterns::quantity_text,
                "a positive number or quantity such as `2`, `\"2.5\"` or `\"500m\"`",
                R"re(^[0-9]{1,9}(\.[0-9]{1,9})?([numkMGTPE]|[KMGTPE]i)?$)re"},
    .at_most = 24,
    .rules = kSpecCapacityTargetsItemNeedRpsRules};

constexpr Rule kSpecCapacityTargetsItemNeedRpsPerPodRules[] = {
    {twins::rate_in_range,
     "",
     "must be more than `0` and at most `1000000000`",
     R"re(type(self) == int ? self >= 1 && self <= 1000000000 : quantity(string(self)).compareTo(quantity('0')) > 0 && quantity(string(self)).compareTo(quantity('1G')) <= 0)re"},
};
constexpr Schema kSpecCapacityTargetsItemNeedRpsPerPodSchema = {
    .type = SchemaType::IntOrString,
    .pattern = {patterns::quantity_text,
                "a positive number or quantity such as `2`, `\"2.5\"` or `\"500m\"`",
                R"re(^[0-9]{1,9}(\.[0-9]{1,9})?([numkMGTPE]|[KMGTPE]i)?$)re"},
    .at_most = 24,
    .rules = kSpecCapacityTargetsItemNeedRpsPerPodRules};

constexpr Schema kSpecCapacityTargetsItemNeedUtilizationPercentSchema = {
    .type = SchemaType::Integer, .format = Format::Int32, .minimum = 1, .maximum = 100};

constexpr Schema kSpecCapacityTargetsItemNeedSurviveZoneLossSchema = {.type = SchemaType::Boolean};

constexpr Schema kSpecCapacityTargetsItemNeedZonesSchema = {
    .type = SchemaType::Integer, .format = Format::Int32, .minimum = 2, .maximum = 100};

constexpr Field kSpecCapacityTargetsItemNeedFields[] = {
    {"replicas",
     &kSpecCapacityTargetsItemNeedReplicasSchema,
     false,
     "",
     "This many replicas at least."},
    {"multiplier",
     &kSpecCapacityTargetsItemNeedMultiplierSchema,
     false,
     "",
     "This many times what `of` says, rounded up: an integer or a quantity such as `\"2.5\"`."},
    {"of",
     &kSpecCapacityTargetsItemNeedOfSchema,
     false,
     R"("Current")",
     "What `multiplier` multiplies. `Current`: the replicas when preparation begins, at least the "
     "autoscaler's minimum. `Minimum`: the autoscaler's minimum, or the replicas of a workload "
     "that has no autoscaler. Ignored beside `replicas` and `rps`."},
    {"rps",
     &kSpecCapacityTargetsItemNeedRpsSchema,
     false,
     "",
     "So many requests a second: ceil(`rps` / (`rpsPerPod` x `utilizationPercent` / 100)) "
     "replicas; an integer or a quantity such as `\"60k\"`."},
    {"rpsPerPod",
     &kSpecCapacityTargetsItemNeedRpsPerPodSchema,
     false,
     "",
     "How many requests a second one pod carries at its limit, as a load test of one pod tells."},
    {"utilizationPercent",
     &kSpecCapacityTargetsItemNeedUtilizationPercentSchema,
     false,
     "",
     "How much of `rpsPerPod` a pod is to carry; absent: all of it. Waiting grows as 1 / (1 - "
     "utilization): four times at 80."},
    {"surviveZoneLoss",
     &kSpecCapacityTargetsItemNeedSurviveZoneLossSchema,
     false,
     "",
     "As many replicas more that those left carry `rps` when any one zone is lost: the smallest N "
     "with N - ceil(N / zones) >= the replicas needed. Holds where the pods are spread evenly "
     "(`topologySpreadConstraints` with `maxSkew: 1`), which is not looked at."},
    {"zones",
     &kSpecCapacityTargetsItemNeedZonesSchema,
     false,
     "",
     "Over how many zones the pods are spread. Absent: over as many as the nodes are in, counted "
     "once when preparation begins."},
};
constexpr Rule kSpecCapacityTargetsItemNeedRules[] = {
    {twins::one_need,
     "",
     "must have exactly one of `replicas`, `multiplier` and `rps`",
     R"re([has(self.replicas), has(self.multiplier), has(self.rps)].filter(one, one).size() == 1)re"},
    {twins::rps_has_rps_per_pod,
     ".rpsPerPod",
     "must be set beside `rps`; a load test of one pod tells it",
     R"re(!has(self.rps) || has(self.rpsPerPod))re"},
    {twins::margins_are_of_rps,
     ".rps",
     "must be set where `rpsPerPod`, `utilizationPercent`, `surviveZoneLoss` or `zones` is",
     R"re(has(self.rps) || !(has(self.rpsPerPod) || has(self.utilizationPercent) || has(self.surviveZoneLoss) || has(self.zones)))re"},
    {twins::zones_are_of_zone_loss,
     ".zones",
     "must only be set beside `surviveZoneLoss: true`",
     R"re(!has(self.zones) || (has(self.surviveZoneLoss) && self.surviveZoneLoss))re"},
};
constexpr Schema kSpecCapacityTargetsItemNeedSchema = {.type = SchemaType::Object,
                                                       .fields = kSpecCapacityTargetsItemNeedFields,
                                                       .rules = kSpecCapacityTargetsItemNeedRules};

constexpr Rule kSpecCapacityTargetsItemProfileItemAtRules[] = {
    {twins::at_most_30_days,
     "",
     "must be at most `720h` (30 days)",
     R"re(duration(self) <= duration('720h'))re"},
};
constexpr Schema kSpecCapacityTargetsItemProfileItemAtSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::offset_text,
                "a time after the start such as `45m`, `+1h30m` or `0m`",
                R"re(^\+?([0-9]{1,5}(\.[0-9]{1,3})?(ms|s|m|h))+$)re"},
    .at_most = 32,
    .rules = kSpecCapacityTargetsItemProfileItemAtRules};

constexpr Schema kSpecCapacityTargetsItemProfileItemReplicasSchema = {
    .type = SchemaType::Integer, .format = Format::Int32, .minimum = 1, .maximum = 100000};

constexpr Rule kSpecCapacityTargetsItemProfileItemMultiplierRules[] = {
    {twins::multiplier_in_range,
     "",
     "must be at least `1` and at most `1000`",
     R"re(type(self) == int ? self >= 1 && self <= 1000 : quantity(string(self)).compareTo(quantity('1')) >= 0 && quantity(string(self)).compareTo(quantity('1000')) <= 0)re"},
};
constexpr Schema kSpecCapacityTargetsItemProfileItemMultiplierSchema = {
    .type = SchemaType::IntOrString,
    .pattern = {patterns::quantity_text,
                "a positive number or quantity such as `2`, `\"2.5\"` or `\"500m\"`",
                R"re(^[0-9]{1,9}(\.[0-9]{1,9})?([numkMGTPE]|[KMGTPE]i)?$)re"},
    .at_most = 24,
    .rules = kSpecCapacityTargetsItemProfileItemMultiplierRules};

constexpr Rule kSpecCapacityTargetsItemProfileItemRpsRules[] = {
    {twins::rate_in_range,
     "",
     "must be more than `0` and at most `1000000000`",
     R"re(type(self) == int ? self >= 1 && self <= 1000000000 : quantity(string(self)).compareTo(quantity('0')) > 0 && quantity(string(self)).compareTo(quantity('1G')) <= 0)re"},
};
constexpr Schema kSpecCapacityTargetsItemProfileItemRpsSchema = {
    .type = SchemaType::IntOrString,
    .pattern = {patterns::quantity_text,
                "a positive number or quantity such as `2`, `\"2.5\"` or `\"500m\"`",
                R"re(^[0-9]{1,9}(\.[0-9]{1,9})?([numkMGTPE]|[KMGTPE]i)?$)re"},
    .at_most = 24,
    .rules = kSpecCapacityTargetsItemProfileItemRpsRules};

constexpr Field kSpecCapacityTargetsItemProfileItemFields[] = {
    {"at", &kSpecCapacityTargetsItemProfileItemAtSchema, true, "", "How long after the start."},
    {"replicas",
     &kSpecCapacityTargetsItemProfileItemReplicasSchema,
     false,
     "",
     "In place of `need.replicas`."},
    {"multiplier",
     &kSpecCapacityTargetsItemProfileItemMultiplierSchema,
     false,
     "",
     "In place of `need.multiplier`."},
    {"rps", &kSpecCapacityTargetsItemProfileItemRpsSchema, false, "", "In place of `need.rps`."},
};
constexpr Schema kSpecCapacityTargetsItemProfileItemSchema = {
    .type = SchemaType::Object, .fields = kSpecCapacityTargetsItemProfileItemFields};

constexpr Rule kSpecCapacityTargetsItemProfileRules[] = {
    {twins::profile_in_order,
     "",
     "must be in the order of `at`",
     R"re(!self.all(one, one.at.matches('^[+]?([0-9]{1,5}([.][0-9]{1,3})?(ms|s|m|h))+$')) || self.map(one, duration(one.at)).isSorted())re"},
};
constexpr Schema kSpecCapacityTargetsItemProfileSchema = {
    .type = SchemaType::Array,
    .items = &kSpecCapacityTargetsItemProfileItemSchema,
    .list_type = ListType::Map,
    .list_key = "at",
    .at_most = 48,
    .rules = kSpecCapacityTargetsItemProfileRules};

constexpr Schema kSpecCapacityTargetsItemCeilingSchema = {
    .type = SchemaType::Integer, .format = Format::Int32, .minimum = 1, .maximum = 100000};

constexpr Schema kSpecCapacityTargetsItemWakeFromZeroSchema = {.type = SchemaType::Boolean};

constexpr Schema kSpecCapacityTargetsItemDisruptionBudgetMinAvailablePercentSchema = {
    .type = SchemaType::Integer, .format = Format::Int32, .minimum = 1, .maximum = 100};

constexpr Field kSpecCapacityTargetsItemDisruptionBudgetFields[] = {
    {"minAvailablePercent",
     &kSpecCapacityTargetsItemDisruptionBudgetMinAvailablePercentSchema,
     true,
     "",
     "At least this share of the pods is kept from being evicted. Where that is all of them no "
     "node that runs one can be drained, which is warned of."},
};
constexpr Schema kSpecCapacityTargetsItemDisruptionBudgetSchema = {
    .type = SchemaType::Object, .fields = kSpecCapacityTargetsItemDisruptionBudgetFields};

constexpr std::string_view kSpecCapacityTargetsItemVerticalEvictionsAllowed[] = {"Allowed",
                                                                                 "Prevented"};
constexpr Schema kSpecCapacityTargetsItemVerticalEvictionsSchema = {
    .type = SchemaType::String, .allowed = kSpecCapacityTargetsItemVerticalEvictionsAllowed};

constexpr std::string_view kSpecCapacityTargetsItemScaleDownAllowed[] = {"Unchanged", "Disabled"};
constexpr Schema kSpecCapacityTargetsItemScaleDownSchema = {
    .type = SchemaType::String, .allowed = kSpecCapacityTargetsItemScaleDownAllowed};

constexpr Rule kSpecCapacityTargetsItemRampUpOverRules[] = {
    {twins::at_most_7_days,
     "",
     "must be at most `168h` (7 days)",
     R"re(duration(self) <= duration('168h'))re"},
};
constexpr Schema kSpecCapacityTargetsItemRampUpOverSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::duration_text,
                "a duration such as `90m`, `1h30m` or `0s`",
                R"re(^([0-9]{1,5}(\.[0-9]{1,3})?(ms|s|m|h))+$)re"},
    .at_most = 32,
    .rules = kSpecCapacityTargetsItemRampUpOverRules};

constexpr Schema kSpecCapacityTargetsItemRampUpStepsSchema = {
    .type = SchemaType::Integer, .format = Format::Int32, .minimum = 1, .maximum = 50};

constexpr Schema kSpecCapacityTargetsItemRampUpReadyPercentSchema = {
    .type = SchemaType::Integer, .format = Format::Int32, .minimum = 1, .maximum = 100};

constexpr Rule kSpecCapacityTargetsItemRampUpStepTimeoutRules[] = {
    {twins::at_most_24_hours,
     "",
     "must be at most `24h`",
     R"re(duration(self) <= duration('24h'))re"},
};
constexpr Schema kSpecCapacityTargetsItemRampUpStepTimeoutSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::duration_text,
                "a duration such as `90m`, `1h30m` or `0s`",
                R"re(^([0-9]{1,5}(\.[0-9]{1,3})?(ms|s|m|h))+$)re"},
    .at_most = 32,
    .rules = kSpecCapacityTargetsItemRampUpStepTimeoutRules};

constexpr std::string_view kSpecCapacityTargetsItemRampUpOnTimeoutAllowed[] = {"Proceed", "Hold"};
constexpr Schema kSpecCapacityTargetsItemRampUpOnTimeoutSchema = {
    .type = SchemaType::String, .allowed = kSpecCapacityTargetsItemRampUpOnTimeoutAllowed};

constexpr Field kSpecCapacityTargetsItemRampUpFields[] = {
    {"over",
     &kSpecCapacityTargetsItemRampUpOverSchema,
     false,
     R"("10m")",
     "How long the whole way up takes; `0s` is one jump."},
    {"steps", &kSpecCapacityTargetsItemRampUpStepsSchema, false, R"(4)", "In how many steps."},
    {"readyPercent",
     &kSpecCapacityTargetsItemRampUpReadyPercentSchema,
     false,
     R"(95)",
     "The next step waits until this share of the present one is ready."},
    {"stepTimeout",
     &kSpecCapacityTargetsItemRampUpStepTimeoutSchema,
     false,
     R"("5m")",
     "How long a step waits for readiness before `onTimeout` applies."},
    {"onTimeout",
     &kSpecCapacityTargetsItemRampUpOnTimeoutSchema,
     false,
     R"("Proceed")",
     "`Proceed` takes the next step; `Hold` waits on, until the last moment from which the rest "
     "still fits before the start. Capacity is delayed, never withheld: where all replicas of a "
     "step exist and are not ready, which may be because nodes are still being added for them, "
     "`Hold` goes on after twice `stepTimeout`."},
};
constexpr Schema kSpecCapacityTargetsItemRampUpSchema = {
    .type = SchemaType::Object, .fields = kSpecCapacityTargetsItemRampUpFields};

constexpr Rule kSpecCapacityTargetsItemRampDownOverRules[] = {
    {twins::at_most_7_days,
     "",
     "must be at most `168h` (7 days)",
     R"re(duration(self) <= duration('168h'))re"},
};
constexpr Schema kSpecCapacityTargetsItemRampDownOverSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::duration_text,
                "a duration such as `90m`, `1h30m` or `0s`",
                R"re(^([0-9]{1,5}(\.[0-9]{1,3})?(ms|s|m|h))+$)re"},
    .at_most = 32,
    .rules = kSpecCapacityTargetsItemRampDownOverRules};

constexpr Schema kSpecCapacityTargetsItemRampDownStepsSchema = {
    .type = SchemaType::Integer, .format = Format::Int32, .minimum = 1, .maximum = 50};

constexpr Schema kSpecCapacityTargetsItemRampDownMaxPercentPerMinuteSchema = {
    .type = SchemaType::Integer, .format = Format::Int32, .minimum = 1, .maximum = 100};

constexpr Field kSpecCapacityTargetsItemRampDownFields[] = {
    {"over",
     &kSpecCapacityTargetsItemRampDownOverSchema,
     false,
     R"("10m")",
     "How long the way down takes at least; `maxPercentPerMinute` may make it longer."},
    {"steps", &kSpecCapacityTargetsItemRampDownStepsSchema, false, R"(10)", "In how many steps."},
    {"maxPercentPerMinute",
     &kSpecCapacityTargetsItemRampDownMaxPercentPerMinuteSchema,
     false,
     R"(10)",
     "Never remove more than this share of the sale's replicas within a minute."},
};
constexpr Schema kSpecCapacityTargetsItemRampDownSchema = {
    .type = SchemaType::Object, .fields = kSpecCapacityTargetsItemRampDownFields};

constexpr Field kSpecCapacityTargetsItemRampFields[] = {
    {"up",
     &kSpecCapacityTargetsItemRampUpSchema,
     false,
     R"({})",
     "The way up; its last step is timed to be ready at `start`."},
    {"down",
     &kSpecCapacityTargetsItemRampDownSchema,
     false,
     R"({})",
     "The way down after the sale; never below what is wanted at the time."},
};
constexpr Schema kSpecCapacityTargetsItemRampSchema = {
    .type = SchemaType::Object, .fields = kSpecCapacityTargetsItemRampFields};

constexpr Field kSpecCapacityTargetsItemFields[] = {
    {"name",
     &kSpecCapacityTargetsItemNameSchema,
     true,
     "",
     "Name of this target within the event."},
    {"ref",
     &kSpecCapacityTargetsItemRefSchema,
     false,
     "",
     "The workload, in the event's namespace; anything with a scale subresource."},
    {"selector",
     &kSpecCapacityTargetsItemSelectorSchema,
     false,
     "",
     "In place of `ref`: every workload of the event's namespace that carries these labels is a "
     "target of its own, with this need, named `target/kind/name` in status. Looked for anew all "
     "the time: one that appears in mid-sale is raised, one that does not match any more is put "
     "back. At most 64; a workload that some target names is not taken again."},
    {"kinds",
     &kSpecCapacityTargetsItemKindsSchema,
     false,
     "",
     "Kinds among which `selector` looks; absent, Deployments and StatefulSets."},
    {"need",
     &kSpecCapacityTargetsItemNeedSchema,
     true,
     "",
     "What the workload needs; exactly one of `replicas`, `multiplier` and `rps`."},
    {"profile",
     &kSpecCapacityTargetsItemProfileSchema,
     false,
     "",
     "A need that changes during the sale: from each step on its amount takes the place of the one "
     "in `need`. A rise is ramped up to as the start is, to be ready when it comes; a fall begins "
     "when it comes, by `ramp.down`, and never goes below what load asks for. Steps that come "
     "after the end never count."},
    {"ceiling",
     &kSpecCapacityTargetsItemCeilingSchema,
     false,
     "",
     "Never more replicas than this, whatever the need; it also caps the autoscaler's maximum."},
    {"wakeFromZero",
     &kSpecCapacityTargetsItemWakeFromZeroSchema,
     false,
     R"(false)",
     "Also raise a workload that is scaled to zero on purpose. Zero under a KEDA ScaledObject that "
     "is not paused is no purpose but an idle workload: it is raised without this."},
    {"disruptionBudget",
     &kSpecCapacityTargetsItemDisruptionBudgetSchema,
     false,
     "",
     "Tightens the PodDisruptionBudgets that select its pods, from the beginning of the "
     "preparation to `end`. One that is stricter already stays as it is; none is made."},
    {"verticalEvictions",
     &kSpecCapacityTargetsItemVerticalEvictionsSchema,
     false,
     R"("Allowed")",
     "Whether a VerticalPodAutoscaler of the workload may evict its pods to give them other "
     "resources. `Prevented`: not from the beginning of the preparation to `end`; it holds "
     "`updatePolicy.updateMode` at `Initial`. `Allowed`: as its author says, with a warning where "
     "it may."},
    {"scaleDown",
     &kSpecCapacityTargetsItemScaleDownSchema,
     false,
     R"("Unchanged")",
     "Whether what scales the workload may scale it down during the sale. `Disabled`: never, from "
     "the beginning of the preparation to `end`, not even where a profile falls; it holds "
     "`behavior.scaleDown.selectPolicy`. `Unchanged`: as its author says. Without an autoscaler it "
     "says nothing."},
    {"ramp",
     &kSpecCapacityTargetsItemRampSchema,
     false,
     R"({})",
     "How replicas go up before the sale and down after it."},
};
constexpr Rule kSpecCapacityTargetsItemRules[] = {
    {twins::ref_or_selector,
     "",
     "must have exactly one of `ref` and `selector`",
     R"re(has(self.ref) != has(self.selector))re"},
    {twins::kinds_are_of_selector,
     ".kinds",
     "must only be set beside `selector`",
     R"re(has(self.selector) || !has(self.kinds))re"},
    {twins::ceiling_covers_replicas,
     ".ceiling",
     "must be at least `need.replicas`",
     R"re(!has(self.ceiling) || !has(self.need.replicas) || self.need.replicas <= self.ceiling)re"},
    {twins::ceiling_covers_profile,
     ".ceiling",
     "must be at least every `replicas` of `profile`",
     R"re(!has(self.ceiling) || !has(self.profile) || self.profile.all(one, !has(one.replicas) || one.replicas <= self.ceiling))re"},
    {twins::profile_is_of_need,
     ".profile",
     "must give in each step the one of `replicas`, `multiplier` and `rps` that `need` gives, and "
     "no other",
     R"re(!has(self.profile) || self.profile.all(one, has(one.replicas) == has(self.need.replicas) && has(one.multiplier) == has(self.need.multiplier) && has(one.rps) == has(self.need.rps)))re"},
};
constexpr Schema kSpecCapacityTargetsItemSchema = {.type = SchemaType::Object,
                                                   .fields = kSpecCapacityTargetsItemFields,
                                                   .rules = kSpecCapacityTargetsItemRules};

constexpr Rule kSpecCapacityTargetsRules[] = {
    {twins::one_target_per_workload,
     "",
     "must not name one workload in two targets",
     R"re(self.all(t, !has(t.ref) || self.exists_one(u, has(u.ref) && u.ref.kind == t.ref.kind && u.ref.name == t.ref.name)))re"},
};
constexpr Schema kSpecCapacityTargetsSchema = {.type = SchemaType::Array,
                                               .items = &kSpecCapacityTargetsItemSchema,
                                               .list_type = ListType::Map,
                                               .list_key = "name",
                                               .at_most = 64,
                                               .rules = kSpecCapacityTargetsRules};

constexpr Rule kSpecCapacityRestoreTimeoutRules[] = {
    {twins::at_most_30_days,
     "",
     "must be at most `720h` (30 days)",
     R"re(duration(self) <= duration('720h'))re"},
};
constexpr Schema kSpecCapacityRestoreTimeoutSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::duration_text,
                "a duration such as `90m`, `1h30m` or `0s`",
                R"re(^([0-9]{1,5}(\.[0-9]{1,3})?(ms|s|m|h))+$)re"},
    .at_most = 32,
    .rules = kSpecCapacityRestoreTimeoutRules};

constexpr Rule kSpecCapacityHeadroomLeadRules[] = {
    {twins::at_most_24_hours,
     "",
     "must be at most `24h`",
     R"re(duration(self) <= duration('24h'))re"},
};
constexpr Schema kSpecCapacityHeadroomLeadSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::duration_text,
                "a duration such as `90m`, `1h30m` or `0s`",
                R"re(^([0-9]{1,5}(\.[0-9]{1,3})?(ms|s|m|h))+$)re"},
    .at_most = 32,
    .rules = kSpecCapacityHeadroomLeadRules};

constexpr Schema kSpecCapacityHeadroomPercentSchema = {
    .type = SchemaType::Integer, .format = Format::Int32, .minimum = 1, .maximum = 200};

constexpr Field kSpecCapacityHeadroomFields[] = {
    {"lead",
     &kSpecCapacityHeadroomLeadSchema,
     false,
     R"("20m")",
     "How long before preparation begins (`window.prepare` before the start) the placeholders are "
     "created: the time that nodes need to come. Of an event that is late already, at once."},
    {"percent",
     &kSpecCapacityHeadroomPercentSchema,
     false,
     R"(110)",
     "So many placeholders for each hundred replicas that are still missing to the floor at the "
     "start, rounded up; more than 100 leaves room for what else the nodes will be asked for."},
};
constexpr Schema kSpecCapacityHeadroomSchema = {.type = SchemaType::Object,
                                                .fields = kSpecCapacityHeadroomFields};

constexpr Rule kSpecCapacityImagePrepullLeadRules[] = {
    {twins::at_most_24_hours,
     "",
     "must be at most `24h`",
     R"re(duration(self) <= duration('24h'))re"},
};
constexpr Schema kSpecCapacityImagePrepullLeadSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::duration_text,
                "a duration such as `90m`, `1h30m` or `0s`",
                R"re(^([0-9]{1,5}(\.[0-9]{1,3})?(ms|s|m|h))+$)re"},
    .at_most = 32,
    .rules = kSpecCapacityImagePrepullLeadRules};

constexpr Field kSpecCapacityImagePrepullFields[] = {
    {"lead",
     &kSpecCapacityImagePrepullLeadSchema,
     false,
     R"("60m")",
     "How long before preparation begins (`window.prepare` before the start) the pulls begin. Of "
     "an event that is late already, at once."},
};
constexpr Schema kSpecCapacityImagePrepullSchema = {.type = SchemaType::Object,
                                                    .fields = kSpecCapacityImagePrepullFields};

constexpr Field kSpecCapacityFields[] = {
    {"targets", &kSpecCapacityTargetsSchema, false, "", "The workloads, each with what it needs."},
    {"restoreTimeout",
     &kSpecCapacityRestoreTimeoutSchema,
     false,
     R"("2h")",
     "How long after the cooldown to go on waiting for demand to fit what was there before; then "
     "capacity is kept and reported."},
    {"headroom",
     &kSpecCapacityHeadroomSchema,
     false,
     "",
     "Node room before the pods exist. From `lead` before preparation begins, so that there is "
     "room for the first step of the ramp, placeholder pods stand for the replicas that each "
     "target's ramp will add: in the operator's own namespace, shaped and placed like the target's "
     "pods, below the priority of any of them. A cluster autoscaler adds nodes for them; a real "
     "pod takes their place. They are given up as the real pods come, and at the start at the "
     "latest. No ramp waits for them. Where CapacityBuffers are served and something acts on them, "
     "one in the target's namespace asks for the room instead. Absent: none."},
    {"imagePrepull",
     &kSpecCapacityImagePrepullSchema,
     false,
     "",
     "Container images on the nodes before the pods exist. From `lead` before preparation begins "
     "until the start, a DaemonSet in the target's namespace pulls the images of its pod template, "
     "with the pull secrets of that template, on every node where its pods may stand; on nodes "
     "that come in that time too. No process of an image is started. The event's service account "
     "must be allowed to create DaemonSets. No ramp waits for it. Absent: none."},
};
}  // namespace
extern const Schema kSpecCapacitySchema;
constinit const Schema kSpecCapacitySchema = {.type = SchemaType::Object,
                                              .fields = kSpecCapacityFields};

namespace {

constexpr Schema kSpecHoldsItemNameSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::dns_label,
                "lower-case letters, digits and `-`, such as `order-worker`",
                R"re(^[a-z0-9]([-a-z0-9]*[a-z0-9])?$)re"},
    .at_least = 1,
    .at_most = 63};

constexpr Schema kSpecHoldsItemObjectApiVersionSchema = {
    .type = SchemaType::String,
    .pattern =
        {patterns::api_version,
         "a group and version such as `apps/v1`, or `v1`",
         R"re(^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[a-z]([-a-z0-9]*[a-z0-9])?$)re"},
    .at_least = 1,
    .at_most = 300};

constexpr Schema kSpecHoldsItemObjectKindSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::kind_name, "a kind such as `Deployment`", R"re(^[A-Z][A-Za-z0-9]*$)re"},
    .at_least = 1,
    .at_most = 63};

constexpr Schema kSpecHoldsItemObjectNameSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::dns_subdomain,
                "a name of lower-case letters, digits, `-` and `.`, such as `checkout`",
                R"re(^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$)re"},
    .at_least = 1,
    .at_most = 253};

constexpr Schema kSpecHoldsItemObjectNamespaceSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::dns_label,
                "lower-case letters, digits and `-`, such as `order-worker`",
                R"re(^[a-z0-9]([-a-z0-9]*[a-z0-9])?$)re"},
    .at_least = 1,
    .at_most = 63};

constexpr Field kSpecHoldsItemObjectFields[] = {
    {"apiVersion",
     &kSpecHoldsItemObjectApiVersionSchema,
     false,
     "",
     "Group and version, such as `autoscaling/v2`. May be left out when only one group serves the "
     "kind."},
    {"kind", &kSpecHoldsItemObjectKindSchema, true, "", "Kind of the object, such as `ConfigMap`."},
    {"name", &kSpecHoldsItemObjectNameSchema, true, "", "Name of the object."},
    {"namespace",
     &kSpecHoldsItemObjectNamespaceSchema,
     false,
     "",
     "Its namespace when that is not the event's own; ignored for a kind without namespaces."},
};
constexpr Rule kSpecHoldsItemObjectRules[] = {
    {twins::kind_may_be_held,
     ".kind",
     "must not be a kind that grants rights, guards the cluster or keeps secrets",
     R"re(!(self.kind in ['Secret', 'Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding', 'ServiceAccount', 'CustomResourceDefinition', 'APIService', 'ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration', 'ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding', 'MutatingAdmissionPolicy', 'MutatingAdmissionPolicyBinding', 'SaleEvent', 'SaleAction', 'SaleSchedule']))re"},
    {twins::group_may_be_held,
     ".apiVersion",
     "must not be a group that grants rights or guards the cluster",
     R"re(!has(self.apiVersion) || !self.apiVersion.matches('^(rbac[.]authorization[.]k8s[.]io|admissionregistration[.]k8s[.]io|apiextensions[.]k8s[.]io|apiregistration[.]k8s[.]io|certificates[.]k8s[.]io|doorbuster[.]dev)/'))re"},
};
constexpr Schema kSpecHoldsItemObjectSchema = {.type = SchemaType::Object,
                                               .fields = kSpecHoldsItemObjectFields,
                                               .rules = kSpecHoldsItemObjectRules};

constexpr Rule kSpecHoldsItemFieldRules[] = {
    {twins::field_may_be_held,
     "",
     "must lie outside `apiVersion`, `kind`, `status` and `metadata` (labels and annotations one "
     "by one are allowed)",
     R"re(!self.matches('^/(apiVersion|kind|status|metadata)(/|$)') || self.matches('^/metadata/(labels|annotations)/.'))re"},
    {twins::field_is_not_ours,
     "",
     "must not be a label or annotation of Doorbuster itself",
     R"re(!self.matches('^/metadata/(labels|annotations)/[^/]*doorbuster[.]dev~1'))re"},
};
constexpr Schema kSpecHoldsItemFieldSchema = {
    .type = SchemaType::String,
    .pattern =
        {patterns::field_pointer,
         "a JSON Pointer such as `/spec/maxReplicas` or `/spec/http/[name=default]/retries`",
         R"re(^(/(\[([^]/~=,]|~[01])+=([^]/~=,]|~[01])*(,([^]/~=,]|~[01])+=([^]/~=,]|~[01])*)*\]|([^]\[/~]|~[01])+))+$)re"},
    .at_least = 2,
    .at_most = 512,
    .rules = kSpecHoldsItemFieldRules};

constexpr Schema kSpecHoldsItemValueLiteralSchema = {.type = SchemaType::Any};

constexpr Rule kSpecHoldsItemValueMultiplyRules[] = {
    {twins::factor_in_range,
     "",
     "must be more than `0` and at most `1000000`",
     R"re(type(self) == int ? self >= 1 && self <= 1000000 : quantity(string(self)).compareTo(quantity('0')) > 0 && quantity(string(self)).compareTo(quantity('1000000')) <= 0)re"},
};
constexpr Schema kSpecHoldsItemValueMultiplySchema = {
    .type = SchemaType::IntOrString,
    .pattern = {patterns::quantity_text,
                "a positive number or quantity such as `2`, `\"2.5\"` or `\"500m\"`",
                R"re(^[0-9]{1,9}(\.[0-9]{1,9})?([numkMGTPE]|[KMGTPE]i)?$)re"},
    .at_most = 24,
    .rules = kSpecHoldsItemValueMultiplyRules};

constexpr Schema kSpecHoldsItemValueAddSchema = {
    .type = SchemaType::IntOrString,
    .pattern = {patterns::signed_quantity_text,
                "a number or quantity such as `25`, `\"-2.5\"` or `\"500m\"`",
                R"re(^-?[0-9]{1,9}(\.[0-9]{1,9})?([numkMGTPE]|[KMGTPE]i)?$)re"},
    .at_most = 24};

constexpr Schema kSpecHoldsItemValueMinSchema = {
    .type = SchemaType::IntOrString,
    .pattern = {patterns::signed_quantity_text,
                "a number or quantity such as `25`, `\"-2.5\"` or `\"500m\"`",
                R"re(^-?[0-9]{1,9}(\.[0-9]{1,9})?([numkMGTPE]|[KMGTPE]i)?$)re"},
    .at_most = 24};

constexpr Schema kSpecHoldsItemValueMaxSchema = {
    .type = SchemaType::IntOrString,
    .pattern = {patterns::signed_quantity_text,
                "a number or quantity such as `25`, `\"-2.5\"` or `\"500m\"`",
                R"re(^-?[0-9]{1,9}(\.[0-9]{1,9})?([numkMGTPE]|[KMGTPE]i)?$)re"},
    .at_most = 24};

constexpr Field kSpecHoldsItemValueFields[] = {
    {"literal",
     &kSpecHoldsItemValueLiteralSchema,
     false,
     "",
     "This JSON value, of the type that the field has (`\"300\"` is not `300`)."},
    {"multiply",
     &kSpecHoldsItemValueMultiplySchema,
     false,
     "",
     "So many times the value before, an integer or a quantity such as `\"2.5\"`; a whole number "
     "stays whole, rounded up."},
    {"add",
     &kSpecHoldsItemValueAddSchema,
     false,
     "",
     "This much more than the value before; less when negative."},
    {"min", &kSpecHoldsItemValueMinSchema, false, "", "The smaller of this and the value before."},
    {"max", &kSpecHoldsItemValueMaxSchema, false, "", "The larger of this and the value before."},
};
constexpr Schema kSpecHoldsItemValueSchema = {
    .type = SchemaType::Object, .fields = kSpecHoldsItemValueFields, .at_least = 1, .at_most = 1};

constexpr std::string_view kSpecHoldsItemDuringFromAllowed[] = {"Prepare", "Live", "Cooldown"};
constexpr Schema kSpecHoldsItemDuringFromSchema = {.type = SchemaType::String,
                                                   .allowed = kSpecHoldsItemDuringFromAllowed};

constexpr std::string_view kSpecHoldsItemDuringUntilAllowed[] = {"Prepare", "Live", "Cooldown"};
constexpr Schema kSpecHoldsItemDuringUntilSchema = {.type = SchemaType::String,
                                                    .allowed = kSpecHoldsItemDuringUntilAllowed};

constexpr Field kSpecHoldsItemDuringFields[] = {
    {"from",
     &kSpecHoldsItemDuringFromSchema,
     false,
     R"("Live")",
     "Kept from the beginning of this phase."},
    {"until",
     &kSpecHoldsItemDuringUntilSchema,
     false,
     R"("Live")",
     "Kept to the end of this phase."},
};
constexpr Rule kSpecHoldsItemDuringRules[] = {
    {twins::until_not_before_from,
     ".until",
     "must not be an earlier phase than `from`; the order is `Prepare`, `Live`, `Cooldown`",
     R"re(self.from == self.until || self.from == 'Prepare' || self.until == 'Cooldown')re"},
};
constexpr Schema kSpecHoldsItemDuringSchema = {.type = SchemaType::Object,
                                               .fields = kSpecHoldsItemDuringFields,
                                               .rules = kSpecHoldsItemDuringRules};

constexpr Schema kSpecHoldsItemAfterItemSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::dns_label,
                "lower-case letters, digits and `-`, such as `order-worker`",
                R"re(^[a-z0-9]([-a-z0-9]*[a-z0-9])?$)re"},
    .at_least = 1,
    .at_most = 63};

constexpr Schema kSpecHoldsItemAfterSchema = {.type = SchemaType::Array,
                                              .items = &kSpecHoldsItemAfterItemSchema,
                                              .list_type = ListType::Set,
                                              .at_most = 16};

constexpr Schema kSpecHoldsItemPrioritySchema = {
    .type = SchemaType::Integer, .format = Format::Int32, .minimum = -1000, .maximum = 1000};

constexpr Schema kSpecHoldsItemOneWaySchema = {.type = SchemaType::Boolean};

constexpr Schema kSpecHoldsItemAllowTemplateSchema = {.type = SchemaType::Boolean};

constexpr Field kSpecHoldsItemFields[] = {
    {"name", &kSpecHoldsItemNameSchema, true, "", "Name of this hold within the event."},
    {"object",
     &kSpecHoldsItemObjectSchema,
     true,
     "",
     "Whose field it is. Who reads a ConfigMap through the environment or a `subPath` takes up a "
     "new value only with a restart; that is not looked at."},
    {"field",
     &kSpecHoldsItemFieldSchema,
     true,
     "",
     "JSON Pointer of the field, such as `/spec/maxReplicas`. A step may choose an element of a "
     "list by key, as in `/spec/http/[name=default]/retries`; `~1` stands for a slash, `~0` for a "
     "tilde."},
    {"value",
     &kSpecHoldsItemValueSchema,
     true,
     "",
     "What the field is kept at; exactly one member. `literal` replaces the value; the others "
     "compute it from the value that was there before."},
    {"during",
     &kSpecHoldsItemDuringSchema,
     false,
     R"({"from":"Live","until":"Live"})",
     "The phases of the window through which it is kept, both included."},
    {"after",
     &kSpecHoldsItemAfterSchema,
     false,
     "",
     "Holds of this event that must be in force before this one is."},
    {"priority",
     &kSpecHoldsItemPrioritySchema,
     false,
     R"(0)",
     "Who wins where two events keep one field at different values; the higher one."},
    {"oneWay",
     &kSpecHoldsItemOneWaySchema,
     false,
     R"(false)",
     "The field can only grow (partitions, storage, shards), and that is known and accepted."},
    {"allowTemplate",
     &kSpecHoldsItemAllowTemplateSchema,
     false,
     R"(false)",
     "The field lies in a pod template, and that holding it restarts pods is accepted."},
};
constexpr Rule kSpecHoldsItemRules[] = {
    {twins::not_after_itself,
     ".after",
     "must not name the hold itself",
     R"re(!has(self.after) || !(self.name in self.after))re"},
    {twins::template_is_opt_in,
     ".allowTemplate",
     "must be `true` to hold a field of a pod template, because every change there restarts pods",
     R"re(self.allowTemplate || !(self.field == '/spec/template' || self.field.startsWith('/spec/template/')))re"},
};
constexpr Schema kSpecHoldsItemSchema = {
    .type = SchemaType::Object, .fields = kSpecHoldsItemFields, .rules = kSpecHoldsItemRules};

constexpr Rule kSpecHoldsRules[] = {
    {twins::after_names_holds,
     "",
     "must only name holds of this event in `after`",
     R"re(self.all(h, !has(h.after) || h.after.all(a, self.exists(o, o.name == a))))re"},
};
}  // namespace
extern const Schema kSpecHoldsSchema;
constinit const Schema kSpecHoldsSchema = {.type = SchemaType::Array,
                                           .items = &kSpecHoldsItemSchema,
                                           .list_type = ListType::Map,
                                           .list_key = "name",
                                           .at_most = 128,
                                           .rules = kSpecHoldsRules};

namespace {

constexpr Schema kSpecChecksItemNameSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::dns_label,
                "lower-case letters, digits and `-`, such as `order-worker`",
                R"re(^[a-z0-9]([-a-z0-9]*[a-z0-9])?$)re"},
    .at_least = 1,
    .at_most = 63};

constexpr Schema kSpecChecksItemPrometheusAddressSchema = {
    .type = SchemaType::String,
    .pattern =
        {patterns::server_address,
         "the address of a server such as `http://prometheus.monitoring.svc:9090`, without user, "
         "query and fragment",
         R"re(^https?://([a-z0-9]([-a-z0-9.]*[a-z0-9])?|\[[0-9a-f:.]{2,45}\])(:[1-9][0-9]{0,4})?(/[A-Za-z0-9._~/-]*)?$)re"},
    .at_most = 512};

constexpr Schema kSpecChecksItemPrometheusQuerySchema = {
    .type = SchemaType::String, .at_least = 1, .at_most = 2048};

constexpr Rule kSpecChecksItemPrometheusRangeDurationRules[] = {
    {twins::at_most_24_hours,
     "",
     "must be at most `24h`",
     R"re(duration(self) <= duration('24h'))re"},
};
constexpr Schema kSpecChecksItemPrometheusRangeDurationSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::duration_text,
                "a duration such as `90m`, `1h30m` or `0s`",
                R"re(^([0-9]{1,5}(\.[0-9]{1,3})?(ms|s|m|h))+$)re"},
    .at_most = 32,
    .rules = kSpecChecksItemPrometheusRangeDurationRules};

constexpr Rule kSpecChecksItemPrometheusRangeStepRules[] = {
    {twins::at_least_1_second,
     "",
     "must be at least `1s`",
     R"re(duration(self) >= duration('1s'))re"},
};
constexpr Schema kSpecChecksItemPrometheusRangeStepSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::duration_text,
                "a duration such as `90m`, `1h30m` or `0s`",
                R"re(^([0-9]{1,5}(\.[0-9]{1,3})?(ms|s|m|h))+$)re"},
    .at_most = 32,
    .rules = kSpecChecksItemPrometheusRangeStepRules};

constexpr Field kSpecChecksItemPrometheusRangeFields[] = {
    {"duration",
     &kSpecChecksItemPrometheusRangeDurationSchema,
     true,
     "",
     "How far back from now it reaches."},
    {"step",
     &kSpecChecksItemPrometheusRangeStepSchema,
     false,
     R"("15s")",
     "Time between two values; at most 1000 values in all."},
};
constexpr Schema kSpecChecksItemPrometheusRangeSchema = {
    .type = SchemaType::Object, .fields = kSpecChecksItemPrometheusRangeFields};

constexpr Field kSpecChecksItemPrometheusFields[] = {
    {"address",
     &kSpecChecksItemPrometheusAddressSchema,
     false,
     "",
     "Where it is, with a path in front of `/api/v1/query` where there is one. Absent: the "
     "operator's `--prometheus-address`. Only hosts that the operator's `--allow-check-hosts` "
     "names are asked."},
    {"query",
     &kSpecChecksItemPrometheusQuerySchema,
     true,
     "",
     "PromQL whose answer is a scalar or a vector of one sample; arithmetic belongs here."},
    {"range",
     &kSpecChecksItemPrometheusRangeSchema,
     false,
     "",
     "Asks for a span instead of an instant; the worst value of the span decides, the highest for "
     "`above`, the lowest for `below`."},
};
constexpr Schema kSpecChecksItemPrometheusSchema = {.type = SchemaType::Object,
                                                    .fields = kSpecChecksItemPrometheusFields};

constexpr Schema kSpecChecksItemHttpUrlSchema = {
    .type = SchemaType::String,
    .pattern =
        {patterns::web_url,
         "a URL such as `https://status.example/health?of=cart`, host in lower case, without user "
         "and fragment",
         R"re(^https?://([a-z0-9]([-a-z0-9.]*[a-z0-9])?|\[[0-9a-f:.]{2,45}\])(:[1-9][0-9]{0,4})?(/[!$-~]*)?$)re"},
    .at_least = 8,
    .at_most = 1024};

constexpr Schema kSpecChecksItemHttpPointerSchema = {
    .type = SchemaType::String,
    .pattern =
        {patterns::field_pointer,
         "a JSON Pointer such as `/spec/maxReplicas` or `/spec/http/[name=default]/retries`",
         R"re(^(/(\[([^]/~=,]|~[01])+=([^]/~=,]|~[01])*(,([^]/~=,]|~[01])+=([^]/~=,]|~[01])*)*\]|([^]\[/~]|~[01])+))+$)re"},
    .at_least = 2,
    .at_most = 512};

constexpr Schema kSpecChecksItemHttpTokenFromSecretSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::dns_subdomain,
                "a name of lower-case letters, digits, `-` and `.`, such as `checkout`",
                R"re(^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$)re"},
    .at_least = 1,
    .at_most = 253};

constexpr Schema kSpecChecksItemHttpTokenFromKeySchema = {
    .type = SchemaType::String,
    .pattern = {patterns::secret_key,
                "letters, digits, `-`, `_` and `.`, such as `token`",
                R"re(^[-._a-zA-Z0-9]+$)re"},
    .at_least = 1,
    .at_most = 253};

constexpr Field kSpecChecksItemHttpTokenFromFields[] = {
    {"secret", &kSpecChecksItemHttpTokenFromSecretSchema, true, "", "Name of the Secret."},
    {"key", &kSpecChecksItemHttpTokenFromKeySchema, true, "", "Which of its entries."},
};
constexpr Schema kSpecChecksItemHttpTokenFromSchema = {
    .type = SchemaType::Object, .fields = kSpecChecksItemHttpTokenFromFields};

constexpr Field kSpecChecksItemHttpFields[] = {
    {"url",
     &kSpecChecksItemHttpUrlSchema,
     true,
     "",
     "`http://` or `https://`, host in lower case, no user and no fragment. Only hosts that the "
     "operator's `--allow-check-hosts` names are asked."},
    {"pointer",
     &kSpecChecksItemHttpPointerSchema,
     true,
     "",
     "JSON Pointer (RFC 6901) of the number in the answer, such as `/errors/rate`; a step may "
     "choose an element of a list by key, as in `/services/[name=cart]/p99`. A number in quotes is "
     "read too; absent and null are missing data."},
    {"tokenFrom",
     &kSpecChecksItemHttpTokenFromSchema,
     false,
     "",
     "A bearer token out of a Secret of the event's namespace, which the event's service account "
     "and the operator must both be allowed to `get`."},
};
constexpr Rule kSpecChecksItemHttpRules[] = {
    {twins::token_over_https,
     ".tokenFrom",
     "must only be set for an `https://` URL, because a token is not sent in the clear",
     R"re(!has(self.tokenFrom) || self.url.startsWith('https://'))re"},
};
constexpr Schema kSpecChecksItemHttpSchema = {.type = SchemaType::Object,
                                              .fields = kSpecChecksItemHttpFields,
                                              .rules = kSpecChecksItemHttpRules};

constexpr Schema kSpecChecksItemConditionObjectApiVersionSchema = {
    .type = SchemaType::String,
    .pattern =
        {patterns::api_version,
         "a group and version such as `apps/v1`, or `v1`",
         R"re(^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[a-z]([-a-z0-9]*[a-z0-9])?$)re"},
    .at_least = 1,
    .at_most = 300};

constexpr Schema kSpecChecksItemConditionObjectKindSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::kind_name, "a kind such as `Deployment`", R"re(^[A-Z][A-Za-z0-9]*$)re"},
    .at_least = 1,
    .at_most = 63};

constexpr Schema kSpecChecksItemConditionObjectNameSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::dns_subdomain,
                "a name of lower-case letters, digits, `-` and `.`, such as `checkout`",
                R"re(^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$)re"},
    .at_least = 1,
    .at_most = 253};

constexpr Field kSpecChecksItemConditionObjectFields[] = {
    {"apiVersion",
     &kSpecChecksItemConditionObjectApiVersionSchema,
     false,
     "",
     "Group and version, such as `apps/v1`. May be left out when only one group serves the kind."},
    {"kind",
     &kSpecChecksItemConditionObjectKindSchema,
     true,
     "",
     "Kind of the object, such as `Deployment`."},
    {"name", &kSpecChecksItemConditionObjectNameSchema, true, "", "Name of the object."},
};
constexpr Schema kSpecChecksItemConditionObjectSchema = {
    .type = SchemaType::Object, .fields = kSpecChecksItemConditionObjectFields};

constexpr Schema kSpecChecksItemConditionTypeSchema = {
    .type = SchemaType::String,
    .pattern =
        {patterns::label_key,
         "the key of a label such as `tier` or `app.kubernetes.io/part-of`",
         R"re(^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$)re"},
    .at_least = 1,
    .at_most = 316};

constexpr std::string_view kSpecChecksItemConditionStatusAllowed[] = {"True", "False"};
constexpr Schema kSpecChecksItemConditionStatusSchema = {
    .type = SchemaType::String, .allowed = kSpecChecksItemConditionStatusAllowed};

constexpr Field kSpecChecksItemConditionFields[] = {
    {"object", &kSpecChecksItemConditionObjectSchema, true, "", "Whose condition."},
    {"type",
     &kSpecChecksItemConditionTypeSchema,
     true,
     "",
     "Type of the condition, such as `Available`."},
    {"status",
     &kSpecChecksItemConditionStatusSchema,
     false,
     R"("True")",
     "The status that is good."},
};
constexpr Schema kSpecChecksItemConditionSchema = {.type = SchemaType::Object,
                                                   .fields = kSpecChecksItemConditionFields};

constexpr Schema kSpecChecksItemPodsLabelsValueSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::label_value,
                "the value of a label: letters, digits, `-`, `_` and `.`, such as `front-end`",
                R"re(^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$)re"},
    .at_most = 63};

constexpr Schema kSpecChecksItemPodsLabelsSchema = {.type = SchemaType::Object,
                                                    .values = &kSpecChecksItemPodsLabelsValueSchema,
                                                    .at_least = 1,
                                                    .at_most = 16};

constexpr std::string_view kSpecChecksItemPodsCountAllowed[] = {
    "NotReady", "Restarts", "OOMKilled"};
constexpr Schema kSpecChecksItemPodsCountSchema = {.type = SchemaType::String,
                                                   .allowed = kSpecChecksItemPodsCountAllowed};

constexpr Rule kSpecChecksItemPodsWithinRules[] = {
    {twins::at_most_24_hours,
     "",
     "must be at most `24h`",
     R"re(duration(self) <= duration('24h'))re"},
};
constexpr Schema kSpecChecksItemPodsWithinSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::duration_text,
                "a duration such as `90m`, `1h30m` or `0s`",
                R"re(^([0-9]{1,5}(\.[0-9]{1,3})?(ms|s|m|h))+$)re"},
    .at_most = 32,
    .rules = kSpecChecksItemPodsWithinRules};

constexpr Field kSpecChecksItemPodsFields[] = {
    {"labels",
     &kSpecChecksItemPodsLabelsSchema,
     true,
     "",
     "Labels that the pods have, such as `app` or `doorbuster.dev/rollout`, the name of a rollout, "
     "of its candidate."},
    {"count",
     &kSpecChecksItemPodsCountSchema,
     true,
     "",
     "Which are counted: `NotReady` those that are not ready now, `Restarts` restarts of their "
     "containers, and `OOMKilled` containers that were killed for want of memory, both in the time "
     "of `within`."},
    {"within",
     &kSpecChecksItemPodsWithinSchema,
     false,
     R"("10m")",
     "How long a restart counts, by the end of the container before it."},
};
constexpr Schema kSpecChecksItemPodsSchema = {.type = SchemaType::Object,
                                              .fields = kSpecChecksItemPodsFields};

constexpr Schema kSpecChecksItemJobNameSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::dns_subdomain,
                "a name of lower-case letters, digits, `-` and `.`, such as `checkout`",
                R"re(^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$)re"},
    .at_least = 1,
    .at_most = 253};

constexpr Field kSpecChecksItemJobFields[] = {
    {"name", &kSpecChecksItemJobNameSchema, true, "", "Its name."},
};
constexpr Schema kSpecChecksItemJobSchema = {.type = SchemaType::Object,
                                             .fields = kSpecChecksItemJobFields};

constexpr Schema kSpecChecksItemBadAboveSchema = {
    .type = SchemaType::IntOrString,
    .pattern = {patterns::signed_quantity_text,
                "a number or quantity such as `25`, `\"-2.5\"` or `\"500m\"`",
                R"re(^-?[0-9]{1,9}(\.[0-9]{1,9})?([numkMGTPE]|[KMGTPE]i)?$)re"},
    .at_most = 24};

constexpr Schema kSpecChecksItemBadBelowSchema = {
    .type = SchemaType::IntOrString,
    .pattern = {patterns::signed_quantity_text,
                "a number or quantity such as `25`, `\"-2.5\"` or `\"500m\"`",
                R"re(^-?[0-9]{1,9}(\.[0-9]{1,9})?([numkMGTPE]|[KMGTPE]i)?$)re"},
    .at_most = 24};

constexpr Rule kSpecChecksItemBadForRules[] = {
    {twins::at_most_24_hours,
     "",
     "must be at most `24h`",
     R"re(duration(self) <= duration('24h'))re"},
};
constexpr Schema kSpecChecksItemBadForSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::duration_text,
                "a duration such as `90m`, `1h30m` or `0s`",
                R"re(^([0-9]{1,5}(\.[0-9]{1,3})?(ms|s|m|h))+$)re"},
    .at_most = 32,
    .rules = kSpecChecksItemBadForRules};

constexpr Field kSpecChecksItemBadFields[] = {
    {"above", &kSpecChecksItemBadAboveSchema, false, "", "More than this is bad."},
    {"below", &kSpecChecksItemBadBelowSchema, false, "", "Less than this is bad."},
    {"for",
     &kSpecChecksItemBadForSchema,
     false,
     R"("0s")",
     "How long every measurement must have been bad before the check is; at most 240 intervals. "
     "One good measurement makes it good again."},
};
constexpr Rule kSpecChecksItemBadRules[] = {
    {twins::one_bound,
     "",
     "must have exactly one of `above` and `below`",
     R"re(has(self.above) != has(self.below))re"},
};
constexpr Schema kSpecChecksItemBadSchema = {.type = SchemaType::Object,
                                             .fields = kSpecChecksItemBadFields,
                                             .rules = kSpecChecksItemBadRules};

constexpr Rule kSpecChecksItemIntervalRules[] = {
    {twins::at_least_1_second,
     "",
     "must be at least `1s`",
     R"re(duration(self) >= duration('1s'))re"},
    {twins::at_most_1_hour, "", "must be at most `1h`", R"re(duration(self) <= duration('1h'))re"},
};
constexpr Schema kSpecChecksItemIntervalSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::duration_text,
                "a duration such as `90m`, `1h30m` or `0s`",
                R"re(^([0-9]{1,5}(\.[0-9]{1,3})?(ms|s|m|h))+$)re"},
    .at_most = 32,
    .rules = kSpecChecksItemIntervalRules};

constexpr Rule kSpecChecksItemStaleAfterRules[] = {
    {twins::at_most_24_hours,
     "",
     "must be at most `24h`",
     R"re(duration(self) <= duration('24h'))re"},
};
constexpr Schema kSpecChecksItemStaleAfterSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::duration_text,
                "a duration such as `90m`, `1h30m` or `0s`",
                R"re(^([0-9]{1,5}(\.[0-9]{1,3})?(ms|s|m|h))+$)re"},
    .at_most = 32,
    .rules = kSpecChecksItemStaleAfterRules};

constexpr std::string_view kSpecChecksItemOnMissingAllowed[] = {"Unknown", "Bad", "Good"};
constexpr Schema kSpecChecksItemOnMissingSchema = {.type = SchemaType::String,
                                                   .allowed = kSpecChecksItemOnMissingAllowed};

constexpr Field kSpecChecksItemFields[] = {
    {"name", &kSpecChecksItemNameSchema, true, "", "Name of this check within the event."},
    {"prometheus",
     &kSpecChecksItemPrometheusSchema,
     false,
     "",
     "A query that Prometheus, or what speaks its HTTP API, answers with one number. No sample and "
     "NaN are missing data; several series are an error that says so."},
    {"http",
     &kSpecChecksItemHttpSchema,
     false,
     "",
     "One value out of a JSON document that a GET of a URL answers with. No redirect is followed."},
    {"condition",
     &kSpecChecksItemConditionSchema,
     false,
     "",
     "A condition in the status of an object of the event's namespace (or of none): good while it "
     "has the wanted status, bad while it has the opposite, missing data while there is no such "
     "condition or it says Unknown. The event's service account and the operator must both be "
     "allowed to `get` the object."},
    {"pods",
     &kSpecChecksItemPodsSchema,
     false,
     "",
     "How many pods of the event's namespace are in trouble, of those with these labels. The "
     "event's service account and the operator must both be allowed to `list` pods. No pod with "
     "these labels is missing data."},
    {"job",
     &kSpecChecksItemJobSchema,
     false,
     "",
     "A Job of the event's namespace, a smoke test for one: good once it is complete, bad once it "
     "has failed, missing data while it runs or does not exist. The event's service account and "
     "the operator must both be allowed to `get` it."},
    {"bad",
     &kSpecChecksItemBadSchema,
     false,
     "",
     "Which numbers are bad; exactly one of `above` and `below`."},
    {"interval",
     &kSpecChecksItemIntervalSchema,
     false,
     R"("10s")",
     "Time between two measurements."},
    {"staleAfter",
     &kSpecChecksItemStaleAfterSchema,
     false,
     "",
     "How long a measurement stands when none follows it or the provider fails; then the check is "
     "Unknown. Absent: three times `interval`."},
    {"onMissing",
     &kSpecChecksItemOnMissingSchema,
     false,
     R"("Unknown")",
     "What an answer without data counts as. It does not speak of a provider that fails: that is "
     "Unknown, always."},
};
constexpr Rule kSpecChecksItemRules[] = {
    {twins::one_provider,
     "",
     "must have exactly one of `prometheus`, `http`, `condition`, `pods` and `job`",
     R"re([has(self.prometheus), has(self.http), has(self.condition), has(self.pods), has(self.job)].exists_one(p, p))re"},
    {twins::bad_is_of_numbers,
     ".bad",
     "must be set with `prometheus`, `http` and `pods`, and not with `condition` and `job`",
     R"re(has(self.bad) != (has(self.condition) || has(self.job)))re"},
    {twins::stale_after_three_intervals,
     ".staleAfter",
     "must be at least three times `interval`",
     R"re(!has(self.staleAfter) || duration(self.staleAfter) >= duration(self.interval) + duration(self.interval) + duration(self.interval))re"},
};
constexpr Schema kSpecChecksItemSchema = {
    .type = SchemaType::Object, .fields = kSpecChecksItemFields, .rules = kSpecChecksItemRules};

}  // namespace
extern const Schema kSpecChecksSchema;
constinit const Schema kSpecChecksSchema = {.type = SchemaType::Array,
                                            .items = &kSpecChecksItemSchema,
                                            .list_type = ListType::Map,
                                            .list_key = "name",
                                            .at_most = 32};

namespace {

constexpr Schema kSpecGatesItemNameSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::dns_label,
                "lower-case letters, digits and `-`, such as `order-worker`",
                R"re(^[a-z0-9]([-a-z0-9]*[a-z0-9])?$)re"},
    .at_least = 1,
    .at_most = 63};

constexpr Schema kSpecGatesItemApprovalCountSchema = {
    .type = SchemaType::Integer, .format = Format::Int32, .minimum = 1, .maximum = 16};

constexpr Schema kSpecGatesItemApprovalGroupsItemSchema = {
    .type = SchemaType::String, .at_least = 1, .at_most = 256};

constexpr Schema kSpecGatesItemApprovalGroupsSchema = {
    .type = SchemaType::Array,
    .items = &kSpecGatesItemApprovalGroupsItemSchema,
    .list_type = ListType::Set,
    .at_most = 16};

constexpr Schema kSpecGatesItemApprovalTwoPeopleSchema = {.type = SchemaType::Boolean};

constexpr Rule kSpecGatesItemApprovalExpiresRules[] = {
    {twins::at_least_1_minute,
     "",
     "must be at least `1m`",
     R"re(duration(self) >= duration('1m'))re"},
    {twins::at_most_7_days,
     "",
     "must be at most `168h` (7 days)",
     R"re(duration(self) <= duration('168h'))re"},
};
constexpr Schema kSpecGatesItemApprovalExpiresSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::duration_text,
                "a duration such as `90m`, `1h30m` or `0s`",
                R"re(^([0-9]{1,5}(\.[0-9]{1,3})?(ms|s|m|h))+$)re"},
    .at_most = 32,
    .rules = kSpecGatesItemApprovalExpiresRules};

constexpr Field kSpecGatesItemApprovalFields[] = {
    {"count", &kSpecGatesItemApprovalCountSchema, false, R"(1)", "How many people must approve."},
    {"groups",
     &kSpecGatesItemApprovalGroupsSchema,
     false,
     R"([])",
     "Whoever approves is in one of these groups; empty, anybody who has the verb may."},
    {"twoPeople",
     &kSpecGatesItemApprovalTwoPeopleSchema,
     false,
     R"(false)",
     "Nobody lets his own release pass: whoever told the rollout to begin (`Start`, `Retry`) does "
     "not count. Where nobody is known to have, one more person must approve than `count` says."},
    {"expires",
     &kSpecGatesItemApprovalExpiresSchema,
     false,
     R"("24h")",
     "How long an approval counts that the rollout has not come to yet, or that others are missing "
     "beside."},
};
constexpr Schema kSpecGatesItemApprovalSchema = {.type = SchemaType::Object,
                                                 .fields = kSpecGatesItemApprovalFields};

constexpr Schema kSpecGatesItemWebhookUrlSchema = {
    .type = SchemaType::String,
    .pattern =
        {patterns::web_url,
         "a URL such as `https://status.example/health?of=cart`, host in lower case, without user "
         "and fragment",
         R"re(^https?://([a-z0-9]([-a-z0-9.]*[a-z0-9])?|\[[0-9a-f:.]{2,45}\])(:[1-9][0-9]{0,4})?(/[!$-~]*)?$)re"},
    .at_least = 9,
    .at_most = 1024};

constexpr Schema kSpecGatesItemWebhookSignWithSecretSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::dns_subdomain,
                "a name of lower-case letters, digits, `-` and `.`, such as `checkout`",
                R"re(^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$)re"},
    .at_least = 1,
    .at_most = 253};

constexpr Schema kSpecGatesItemWebhookSignWithKeySchema = {
    .type = SchemaType::String,
    .pattern = {patterns::secret_key,
                "letters, digits, `-`, `_` and `.`, such as `token`",
                R"re(^[-._a-zA-Z0-9]+$)re"},
    .at_least = 1,
    .at_most = 253};

constexpr Field kSpecGatesItemWebhookSignWithFields[] = {
    {"secret", &kSpecGatesItemWebhookSignWithSecretSchema, true, "", "Name of the Secret."},
    {"key", &kSpecGatesItemWebhookSignWithKeySchema, true, "", "Which of its entries."},
};
constexpr Schema kSpecGatesItemWebhookSignWithSchema = {
    .type = SchemaType::Object, .fields = kSpecGatesItemWebhookSignWithFields};

constexpr Rule kSpecGatesItemWebhookEveryRules[] = {
    {twins::at_least_1_second,
     "",
     "must be at least `1s`",
     R"re(duration(self) >= duration('1s'))re"},
    {twins::at_most_1_hour, "", "must be at most `1h`", R"re(duration(self) <= duration('1h'))re"},
};
constexpr Schema kSpecGatesItemWebhookEverySchema = {
    .type = SchemaType::String,
    .pattern = {patterns::duration_text,
                "a duration such as `90m`, `1h30m` or `0s`",
                R"re(^([0-9]{1,5}(\.[0-9]{1,3})?(ms|s|m|h))+$)re"},
    .at_most = 32,
    .rules = kSpecGatesItemWebhookEveryRules};

constexpr Field kSpecGatesItemWebhookFields[] = {
    {"url",
     &kSpecGatesItemWebhookUrlSchema,
     true,
     "",
     "`https://`, host in lower case, no user and no fragment. Only hosts that the operator's "
     "`--allow-check-hosts` names are asked."},
    {"signWith",
     &kSpecGatesItemWebhookSignWithSchema,
     false,
     "",
     "The key that the body is signed with (HMAC with SHA-256, in the header "
     "`Doorbuster-Signature`), out of a Secret of the event's namespace, which the event's service "
     "account and the operator must both be allowed to `get`."},
    {"every",
     &kSpecGatesItemWebhookEverySchema,
     false,
     R"("15s")",
     "How long after an answer that neither opens nor fails it, it is asked again."},
};
constexpr Rule kSpecGatesItemWebhookRules[] = {
    {twins::asked_over_https,
     ".url",
     "must be an `https://` URL, because whoever answers in between would open the gate",
     R"re(self.url.startsWith('https://'))re"},
};
constexpr Schema kSpecGatesItemWebhookSchema = {.type = SchemaType::Object,
                                                .fields = kSpecGatesItemWebhookFields,
                                                .rules = kSpecGatesItemWebhookRules};

constexpr Field kSpecGatesItemFields[] = {
    {"name", &kSpecGatesItemNameSchema, true, "", "Name of this gate within the event."},
    {"approval",
     &kSpecGatesItemApprovalSchema,
     false,
     "",
     "It opens for a step of a rollout once people have approved that by a SaleAction `Approve`: "
     "only verified ones count, and a person counts once. A `Reject` of whoever has that verb "
     "fails the rollout."},
    {"webhook",
     &kSpecGatesItemWebhookSchema,
     false,
     "",
     "It opens for a step of a rollout once a server of yours says so: 2xx to a POST of what the "
     "step is. 403 fails the rollout, as a `Reject` does; any other answer, or none, is asked for "
     "again. No redirect is followed."},
};
constexpr Rule kSpecGatesItemRules[] = {
    {twins::one_gate,
     "",
     "must have exactly one of `approval` and `webhook`",
     R"re(has(self.approval) != has(self.webhook))re"},
};
constexpr Schema kSpecGatesItemSchema = {
    .type = SchemaType::Object, .fields = kSpecGatesItemFields, .rules = kSpecGatesItemRules};

}  // namespace
extern const Schema kSpecGatesSchema;
constinit const Schema kSpecGatesSchema = {.type = SchemaType::Array,
                                           .items = &kSpecGatesItemSchema,
                                           .list_type = ListType::Map,
                                           .list_key = "name",
                                           .at_most = 16};

namespace {}  // namespace
extern const Schema kSpecMaxConcurrentRolloutsSchema;
constinit const Schema kSpecMaxConcurrentRolloutsSchema = {
    .type = SchemaType::Integer, .format = Format::Int32, .minimum = 1, .maximum = 32};

namespace {

constexpr Schema kSpecRolloutsItemNameSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::dns_label,
                "lower-case letters, digits and `-`, such as `order-worker`",
                R"re(^[a-z0-9]([-a-z0-9]*[a-z0-9])?$)re"},
    .at_least = 1,
    .at_most = 63};

constexpr std::string_view kSpecRolloutsItemTargetKindAllowed[] = {"Deployment"};
constexpr Schema kSpecRolloutsItemTargetKindSchema = {
    .type = SchemaType::String, .allowed = kSpecRolloutsItemTargetKindAllowed};

constexpr Schema kSpecRolloutsItemTargetNameSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::dns_subdomain,
                "a name of lower-case letters, digits, `-` and `.`, such as `checkout`",
                R"re(^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$)re"},
    .at_least = 1,
    .at_most = 253};

constexpr Field kSpecRolloutsItemTargetFields[] = {
    {"kind",
     &kSpecRolloutsItemTargetKindSchema,
     false,
     R"("Deployment")",
     "Its kind; only Deployments are released."},
    {"name", &kSpecRolloutsItemTargetNameSchema, true, "", "Its name."},
};
constexpr Schema kSpecRolloutsItemTargetSchema = {.type = SchemaType::Object,
                                                  .fields = kSpecRolloutsItemTargetFields};

constexpr Schema kSpecRolloutsItemPatchSchema = {.type = SchemaType::FreeObject};

constexpr Schema kSpecRolloutsItemTemplateFromNameSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::dns_subdomain,
                "a name of lower-case letters, digits, `-` and `.`, such as `checkout`",
                R"re(^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$)re"},
    .at_least = 1,
    .at_most = 253};

constexpr Field kSpecRolloutsItemTemplateFromFields[] = {
    {"name", &kSpecRolloutsItemTemplateFromNameSchema, true, "", "Its name."},
};
constexpr Schema kSpecRolloutsItemTemplateFromSchema = {
    .type = SchemaType::Object, .fields = kSpecRolloutsItemTemplateFromFields};

constexpr Rule kSpecRolloutsItemStartRules[] = {
    {twins::begin_in_range,
     "",
     "must be at most `720h` (30 days) before or after the start",
     R"re(self in ['manual', 'start', 'end'] || (duration(self) >= duration('-720h') && duration(self) <= duration('720h')))re"},
};
constexpr Schema kSpecRolloutsItemStartSchema = {
    .type = SchemaType::String,
    .pattern =
        {patterns::rollout_start,
         "`manual`, `start`, `end` or a time before or after the start such as `-6h` or `30m`",
         R"re(^(manual|start|end|[+-]?([0-9]{1,5}(\.[0-9]{1,3})?(ms|s|m|h))+)$)re"},
    .at_most = 32,
    .rules = kSpecRolloutsItemStartRules};

constexpr Schema kSpecRolloutsItemDependsOnItemSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::dns_label,
                "lower-case letters, digits and `-`, such as `order-worker`",
                R"re(^[a-z0-9]([-a-z0-9]*[a-z0-9])?$)re"},
    .at_least = 1,
    .at_most = 63};

constexpr Schema kSpecRolloutsItemDependsOnSchema = {.type = SchemaType::Array,
                                                     .items = &kSpecRolloutsItemDependsOnItemSchema,
                                                     .list_type = ListType::Set,
                                                     .at_most = 31};

constexpr Schema kSpecRolloutsItemWaveSchema = {
    .type = SchemaType::Integer, .format = Format::Int32, .minimum = 0, .maximum = 1000};

constexpr Schema kSpecRolloutsItemStrategyCanaryStepsItemWeightSchema = {
    .type = SchemaType::Integer, .format = Format::Int32, .minimum = 0, .maximum = 100};

constexpr Schema kSpecRolloutsItemStrategyCanaryStepsItemMatchItemHeaderNameSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::secret_key,
                "letters, digits, `-`, `_` and `.`, such as `token`",
                R"re(^[-._a-zA-Z0-9]+$)re"},
    .at_least = 1,
    .at_most = 128};

constexpr Schema kSpecRolloutsItemStrategyCanaryStepsItemMatchItemHeaderValueSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::secret_key,
                "letters, digits, `-`, `_` and `.`, such as `token`",
                R"re(^[-._a-zA-Z0-9]+$)re"},
    .at_least = 1,
    .at_most = 256};

constexpr Field kSpecRolloutsItemStrategyCanaryStepsItemMatchItemHeaderFields[] = {
    {"name",
     &kSpecRolloutsItemStrategyCanaryStepsItemMatchItemHeaderNameSchema,
     true,
     "",
     "Its name."},
    {"value",
     &kSpecRolloutsItemStrategyCanaryStepsItemMatchItemHeaderValueSchema,
     true,
     "",
     "The value, to the letter."},
};
constexpr Schema kSpecRolloutsItemStrategyCanaryStepsItemMatchItemHeaderSchema = {
    .type = SchemaType::Object,
    .fields = kSpecRolloutsItemStrategyCanaryStepsItemMatchItemHeaderFields};

constexpr Schema kSpecRolloutsItemStrategyCanaryStepsItemMatchItemCookieNameSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::secret_key,
                "letters, digits, `-`, `_` and `.`, such as `token`",
                R"re(^[-._a-zA-Z0-9]+$)re"},
    .at_least = 1,
    .at_most = 128};

constexpr Schema kSpecRolloutsItemStrategyCanaryStepsItemMatchItemCookieValueSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::secret_key,
                "letters, digits, `-`, `_` and `.`, such as `token`",
                R"re(^[-._a-zA-Z0-9]+$)re"},
    .at_least = 1,
    .at_most = 256};

constexpr Field kSpecRolloutsItemStrategyCanaryStepsItemMatchItemCookieFields[] = {
    {"name",
     &kSpecRolloutsItemStrategyCanaryStepsItemMatchItemCookieNameSchema,
     true,
     "",
     "Its name."},
    {"value",
     &kSpecRolloutsItemStrategyCanaryStepsItemMatchItemCookieValueSchema,
     true,
     "",
     "The value, to the letter."},
};
constexpr Schema kSpecRolloutsItemStrategyCanaryStepsItemMatchItemCookieSchema = {
    .type = SchemaType::Object,
    .fields = kSpecRolloutsItemStrategyCanaryStepsItemMatchItemCookieFields};

constexpr Field kSpecRolloutsItemStrategyCanaryStepsItemMatchItemFields[] = {
    {"header",
     &kSpecRolloutsItemStrategyCanaryStepsItemMatchItemHeaderSchema,
     false,
     "",
     "A header has this value."},
    {"cookie",
     &kSpecRolloutsItemStrategyCanaryStepsItemMatchItemCookieSchema,
     false,
     "",
     "A cookie has this value. Not with `grpcRoute`."},
};
constexpr Rule kSpecRolloutsItemStrategyCanaryStepsItemMatchItemRules[] = {
    {twins::one_match,
     "",
     "must have exactly one of `header` and `cookie`",
     R"re(has(self.header) != has(self.cookie))re"},
};
constexpr Schema kSpecRolloutsItemStrategyCanaryStepsItemMatchItemSchema = {
    .type = SchemaType::Object,
    .fields = kSpecRolloutsItemStrategyCanaryStepsItemMatchItemFields,
    .rules = kSpecRolloutsItemStrategyCanaryStepsItemMatchItemRules};

constexpr Schema kSpecRolloutsItemStrategyCanaryStepsItemMatchSchema = {
    .type = SchemaType::Array,
    .items = &kSpecRolloutsItemStrategyCanaryStepsItemMatchItemSchema,
    .list_type = ListType::Atomic,
    .at_most = 4};

constexpr Schema kSpecRolloutsItemStrategyCanaryStepsItemMirrorSchema = {
    .type = SchemaType::Integer, .format = Format::Int32, .minimum = 1, .maximum = 100};

constexpr Schema kSpecRolloutsItemStrategyCanaryStepsItemReplicasSchema = {
    .type = SchemaType::Integer, .format = Format::Int32, .minimum = 1, .maximum = 100000};

constexpr Schema kSpecRolloutsItemStrategyCanaryStepsItemApprovalSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::dns_label,
                "lower-case letters, digits and `-`, such as `order-worker`",
                R"re(^[a-z0-9]([-a-z0-9]*[a-z0-9])?$)re"},
    .at_least = 1,
    .at_most = 63};

constexpr Rule kSpecRolloutsItemStrategyCanaryStepsItemPauseRules[] = {
    {twins::at_most_24_hours,
     "",
     "must be at most `24h`",
     R"re(duration(self) <= duration('24h'))re"},
};
constexpr Schema kSpecRolloutsItemStrategyCanaryStepsItemPauseSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::duration_text,
                "a duration such as `90m`, `1h30m` or `0s`",
                R"re(^([0-9]{1,5}(\.[0-9]{1,3})?(ms|s|m|h))+$)re"},
    .at_most = 32,
    .rules = kSpecRolloutsItemStrategyCanaryStepsItemPauseRules};

constexpr Schema kSpecRolloutsItemStrategyCanaryStepsItemAnalysisSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::dns_label,
                "lower-case letters, digits and `-`, such as `order-worker`",
                R"re(^[a-z0-9]([-a-z0-9]*[a-z0-9])?$)re"},
    .at_least = 1,
    .at_most = 63};

constexpr Field kSpecRolloutsItemStrategyCanaryStepsItemFields[] = {
    {"weight",
     &kSpecRolloutsItemStrategyCanaryStepsItemWeightSchema,
     true,
     "",
     "Percent of the traffic that the candidate gets; more than at the step before. 0, of the "
     "first steps: its pods alone, to be tried at its own Service, by `match` or by `mirror`."},
    {"match",
     &kSpecRolloutsItemStrategyCanaryStepsItemMatchSchema,
     false,
     R"([])",
     "Requests that one of these is true of go to the candidate, all of them, besides its weight "
     "of the others. Only with `httpRoute`, `grpcRoute` and `virtualService`."},
    {"mirror",
     &kSpecRolloutsItemStrategyCanaryStepsItemMirrorSchema,
     false,
     "",
     "So many percent of the requests go to the candidate too, and nobody gets what it answers. "
     "Only of steps with weight 0, and with `httpRoute` and `virtualService`."},
    {"replicas",
     &kSpecRolloutsItemStrategyCanaryStepsItemReplicasSchema,
     false,
     "",
     "The candidate has at least so many pods, though its share needs fewer."},
    {"approval",
     &kSpecRolloutsItemStrategyCanaryStepsItemApprovalSchema,
     false,
     "",
     "The step ends only once this gate of the event is open. Until then its deadline does not "
     "run."},
    {"pause",
     &kSpecRolloutsItemStrategyCanaryStepsItemPauseSchema,
     false,
     R"("0s")",
     "How long the step lasts at least."},
    {"analysis",
     &kSpecRolloutsItemStrategyCanaryStepsItemAnalysisSchema,
     false,
     "",
     "The step ends only once this analysis, `default`, has passed since it began."},
};
constexpr Schema kSpecRolloutsItemStrategyCanaryStepsItemSchema = {
    .type = SchemaType::Object, .fields = kSpecRolloutsItemStrategyCanaryStepsItemFields};

constexpr Schema kSpecRolloutsItemStrategyCanaryStepsSchema = {
    .type = SchemaType::Array,
    .items = &kSpecRolloutsItemStrategyCanaryStepsItemSchema,
    .list_type = ListType::Atomic,
    .at_least = 1,
    .at_most = 16};

constexpr Field kSpecRolloutsItemStrategyCanaryFields[] = {
    {"steps",
     &kSpecRolloutsItemStrategyCanaryStepsSchema,
     true,
     "",
     "One after the other; the candidate's pods are ready before it gets their weight."},
};
constexpr Schema kSpecRolloutsItemStrategyCanarySchema = {
    .type = SchemaType::Object, .fields = kSpecRolloutsItemStrategyCanaryFields};

constexpr Rule kSpecRolloutsItemStrategyBlueGreenPreviewRules[] = {
    {twins::at_most_24_hours,
     "",
     "must be at most `24h`",
     R"re(duration(self) <= duration('24h'))re"},
};
constexpr Schema kSpecRolloutsItemStrategyBlueGreenPreviewSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::duration_text,
                "a duration such as `90m`, `1h30m` or `0s`",
                R"re(^([0-9]{1,5}(\.[0-9]{1,3})?(ms|s|m|h))+$)re"},
    .at_most = 32,
    .rules = kSpecRolloutsItemStrategyBlueGreenPreviewRules};

constexpr Schema kSpecRolloutsItemStrategyBlueGreenPreviewAnalysisSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::dns_label,
                "lower-case letters, digits and `-`, such as `order-worker`",
                R"re(^[a-z0-9]([-a-z0-9]*[a-z0-9])?$)re"},
    .at_least = 1,
    .at_most = 63};

constexpr Schema kSpecRolloutsItemStrategyBlueGreenPreviewApprovalSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::dns_label,
                "lower-case letters, digits and `-`, such as `order-worker`",
                R"re(^[a-z0-9]([-a-z0-9]*[a-z0-9])?$)re"},
    .at_least = 1,
    .at_most = 63};

constexpr Rule kSpecRolloutsItemStrategyBlueGreenHoldRules[] = {
    {twins::at_most_24_hours,
     "",
     "must be at most `24h`",
     R"re(duration(self) <= duration('24h'))re"},
};
constexpr Schema kSpecRolloutsItemStrategyBlueGreenHoldSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::duration_text,
                "a duration such as `90m`, `1h30m` or `0s`",
                R"re(^([0-9]{1,5}(\.[0-9]{1,3})?(ms|s|m|h))+$)re"},
    .at_most = 32,
    .rules = kSpecRolloutsItemStrategyBlueGreenHoldRules};

constexpr Schema kSpecRolloutsItemStrategyBlueGreenApprovalSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::dns_label,
                "lower-case letters, digits and `-`, such as `order-worker`",
                R"re(^[a-z0-9]([-a-z0-9]*[a-z0-9])?$)re"},
    .at_least = 1,
    .at_most = 63};

constexpr Schema kSpecRolloutsItemStrategyBlueGreenAnalysisSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::dns_label,
                "lower-case letters, digits and `-`, such as `order-worker`",
                R"re(^[a-z0-9]([-a-z0-9]*[a-z0-9])?$)re"},
    .at_least = 1,
    .at_most = 63};

constexpr Field kSpecRolloutsItemStrategyBlueGreenFields[] = {
    {"preview",
     &kSpecRolloutsItemStrategyBlueGreenPreviewSchema,
     false,
     R"("0s")",
     "How long the candidate stands without traffic before the switch, to be tried at its own "
     "Service."},
    {"previewAnalysis",
     &kSpecRolloutsItemStrategyBlueGreenPreviewAnalysisSchema,
     false,
     "",
     "The switch waits until this analysis, `default`, has passed during the preview."},
    {"previewApproval",
     &kSpecRolloutsItemStrategyBlueGreenPreviewApprovalSchema,
     false,
     "",
     "The switch waits until this gate of the event is open."},
    {"hold",
     &kSpecRolloutsItemStrategyBlueGreenHoldSchema,
     false,
     R"("5m")",
     "How long the target stands ready, with all its pods, after the switch; then `bake` begins."},
    {"approval",
     &kSpecRolloutsItemStrategyBlueGreenApprovalSchema,
     false,
     "",
     "The hold ends only once this gate of the event is open."},
    {"analysis",
     &kSpecRolloutsItemStrategyBlueGreenAnalysisSchema,
     false,
     "",
     "The hold ends only once this analysis, `default`, has passed since the switch."},
};
constexpr Schema kSpecRolloutsItemStrategyBlueGreenSchema = {
    .type = SchemaType::Object, .fields = kSpecRolloutsItemStrategyBlueGreenFields};

constexpr Field kSpecRolloutsItemStrategyFields[] = {
    {"canary",
     &kSpecRolloutsItemStrategyCanarySchema,
     false,
     "",
     "By growing shares of the traffic."},
    {"blueGreen",
     &kSpecRolloutsItemStrategyBlueGreenSchema,
     false,
     "",
     "All at once, by a candidate of full size."},
};
constexpr Rule kSpecRolloutsItemStrategyRules[] = {
    {twins::one_strategy,
     "",
     "must have exactly one of `canary` and `blueGreen`",
     R"re(has(self.canary) != has(self.blueGreen))re"},
};
constexpr Schema kSpecRolloutsItemStrategySchema = {.type = SchemaType::Object,
                                                    .fields = kSpecRolloutsItemStrategyFields,
                                                    .rules = kSpecRolloutsItemStrategyRules};

constexpr Schema kSpecRolloutsItemTrafficHttpRouteNameSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::dns_subdomain,
                "a name of lower-case letters, digits, `-` and `.`, such as `checkout`",
                R"re(^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$)re"},
    .at_least = 1,
    .at_most = 253};

constexpr Schema kSpecRolloutsItemTrafficHttpRouteBackendSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::dns_label,
                "lower-case letters, digits and `-`, such as `order-worker`",
                R"re(^[a-z0-9]([-a-z0-9]*[a-z0-9])?$)re"},
    .at_least = 1,
    .at_most = 63};

constexpr Field kSpecRolloutsItemTrafficHttpRouteFields[] = {
    {"name", &kSpecRolloutsItemTrafficHttpRouteNameSchema, true, "", "Its name."},
    {"backend",
     &kSpecRolloutsItemTrafficHttpRouteBackendSchema,
     true,
     "",
     "The Service that selects the target's pods; wherever the route names it, its weight is "
     "shared out."},
};
constexpr Schema kSpecRolloutsItemTrafficHttpRouteSchema = {
    .type = SchemaType::Object, .fields = kSpecRolloutsItemTrafficHttpRouteFields};

constexpr Schema kSpecRolloutsItemTrafficGrpcRouteNameSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::dns_subdomain,
                "a name of lower-case letters, digits, `-` and `.`, such as `checkout`",
                R"re(^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$)re"},
    .at_least = 1,
    .at_most = 253};

constexpr Schema kSpecRolloutsItemTrafficGrpcRouteBackendSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::dns_label,
                "lower-case letters, digits and `-`, such as `order-worker`",
                R"re(^[a-z0-9]([-a-z0-9]*[a-z0-9])?$)re"},
    .at_least = 1,
    .at_most = 63};

constexpr Field kSpecRolloutsItemTrafficGrpcRouteFields[] = {
    {"name", &kSpecRolloutsItemTrafficGrpcRouteNameSchema, true, "", "Its name."},
    {"backend",
     &kSpecRolloutsItemTrafficGrpcRouteBackendSchema,
     true,
     "",
     "The Service that selects the target's pods; wherever the route names it, its weight is "
     "shared out."},
};
constexpr Schema kSpecRolloutsItemTrafficGrpcRouteSchema = {
    .type = SchemaType::Object, .fields = kSpecRolloutsItemTrafficGrpcRouteFields};

constexpr Schema kSpecRolloutsItemTrafficTraefikServiceNameSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::dns_subdomain,
                "a name of lower-case letters, digits, `-` and `.`, such as `checkout`",
                R"re(^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$)re"},
    .at_least = 1,
    .at_most = 253};

constexpr Schema kSpecRolloutsItemTrafficTraefikServiceBackendSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::dns_label,
                "lower-case letters, digits and `-`, such as `order-worker`",
                R"re(^[a-z0-9]([-a-z0-9]*[a-z0-9])?$)re"},
    .at_least = 1,
    .at_most = 63};

constexpr Field kSpecRolloutsItemTrafficTraefikServiceFields[] = {
    {"name", &kSpecRolloutsItemTrafficTraefikServiceNameSchema, true, "", "Its name."},
    {"backend",
     &kSpecRolloutsItemTrafficTraefikServiceBackendSchema,
     true,
     "",
     "The Service that selects the target's pods; wherever the route names it, its weight is "
     "shared out."},
};
constexpr Schema kSpecRolloutsItemTrafficTraefikServiceSchema = {
    .type = SchemaType::Object, .fields = kSpecRolloutsItemTrafficTraefikServiceFields};

constexpr Schema kSpecRolloutsItemTrafficVirtualServiceNameSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::dns_subdomain,
                "a name of lower-case letters, digits, `-` and `.`, such as `checkout`",
                R"re(^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$)re"},
    .at_least = 1,
    .at_most = 253};

constexpr Schema kSpecRolloutsItemTrafficVirtualServiceBackendSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::dns_label,
                "lower-case letters, digits and `-`, such as `order-worker`",
                R"re(^[a-z0-9]([-a-z0-9]*[a-z0-9])?$)re"},
    .at_least = 1,
    .at_most = 63};

constexpr Field kSpecRolloutsItemTrafficVirtualServiceFields[] = {
    {"name", &kSpecRolloutsItemTrafficVirtualServiceNameSchema, true, "", "Its name."},
    {"backend",
     &kSpecRolloutsItemTrafficVirtualServiceBackendSchema,
     true,
     "",
     "The Service that selects the target's pods; wherever the route names it, its weight is "
     "shared out."},
};
constexpr Schema kSpecRolloutsItemTrafficVirtualServiceSchema = {
    .type = SchemaType::Object, .fields = kSpecRolloutsItemTrafficVirtualServiceFields};

constexpr Schema kSpecRolloutsItemTrafficIngressNameSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::dns_subdomain,
                "a name of lower-case letters, digits, `-` and `.`, such as `checkout`",
                R"re(^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$)re"},
    .at_least = 1,
    .at_most = 253};

constexpr Schema kSpecRolloutsItemTrafficIngressBackendSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::dns_label,
                "lower-case letters, digits and `-`, such as `order-worker`",
                R"re(^[a-z0-9]([-a-z0-9]*[a-z0-9])?$)re"},
    .at_least = 1,
    .at_most = 63};

constexpr Field kSpecRolloutsItemTrafficIngressFields[] = {
    {"name", &kSpecRolloutsItemTrafficIngressNameSchema, true, "", "Its name."},
    {"backend",
     &kSpecRolloutsItemTrafficIngressBackendSchema,
     true,
     "",
     "The Service that selects the target's pods; every path that names it is shared out."},
};
constexpr Schema kSpecRolloutsItemTrafficIngressSchema = {
    .type = SchemaType::Object, .fields = kSpecRolloutsItemTrafficIngressFields};

constexpr Schema kSpecRolloutsItemTrafficServiceNameSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::dns_label,
                "lower-case letters, digits and `-`, such as `order-worker`",
                R"re(^[a-z0-9]([-a-z0-9]*[a-z0-9])?$)re"},
    .at_least = 1,
    .at_most = 63};

constexpr Field kSpecRolloutsItemTrafficServiceFields[] = {
    {"name",
     &kSpecRolloutsItemTrafficServiceNameSchema,
     true,
     "",
     "The Service that selects the target's pods."},
};
constexpr Schema kSpecRolloutsItemTrafficServiceSchema = {
    .type = SchemaType::Object, .fields = kSpecRolloutsItemTrafficServiceFields};

constexpr Schema kSpecRolloutsItemTrafficReadyPodsServiceSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::dns_label,
                "lower-case letters, digits and `-`, such as `order-worker`",
                R"re(^[a-z0-9]([-a-z0-9]*[a-z0-9])?$)re"},
    .at_least = 1,
    .at_most = 63};

constexpr Field kSpecRolloutsItemTrafficReadyPodsFields[] = {
    {"service",
     &kSpecRolloutsItemTrafficReadyPodsServiceSchema,
     false,
     "",
     "The Service that selects the pods of both. Absent where none does, as of workers that take "
     "from a queue."},
};
constexpr Schema kSpecRolloutsItemTrafficReadyPodsSchema = {
    .type = SchemaType::Object, .fields = kSpecRolloutsItemTrafficReadyPodsFields};

constexpr Field kSpecRolloutsItemTrafficFields[] = {
    {"httpRoute",
     &kSpecRolloutsItemTrafficHttpRouteSchema,
     false,
     "",
     "An HTTPRoute of the Gateway API in the event's namespace. Doorbuster holds its "
     "`/spec/rules`, and yields to whoever else changes them in the meantime."},
    {"grpcRoute",
     &kSpecRolloutsItemTrafficGrpcRouteSchema,
     false,
     "",
     "A GRPCRoute of the Gateway API in the event's namespace, in the same way."},
    {"traefikService",
     &kSpecRolloutsItemTrafficTraefikServiceSchema,
     false,
     "",
     "A TraefikService of the event's namespace with `weighted`, whose `/spec/weighted/services` "
     "are held in the same way."},
    {"virtualService",
     &kSpecRolloutsItemTrafficVirtualServiceSchema,
     false,
     "",
     "A VirtualService of Istio in the event's namespace, whose `/spec/http` is held in the same "
     "way. The candidate is a host of its own, not a subset."},
    {"ingress",
     &kSpecRolloutsItemTrafficIngressSchema,
     false,
     "",
     "An Ingress of ingress-nginx in the event's namespace, which stays as it is: an Ingress of "
     "ours is its canary, whose `canary-weight` is held."},
    {"service",
     &kSpecRolloutsItemTrafficServiceSchema,
     false,
     "",
     "The Service itself, without any route: at the switch of `blueGreen` its whole "
     "`/spec/selector` is held, and it selects the candidate's pods instead of the target's."},
    {"readyPods",
     &kSpecRolloutsItemTrafficReadyPodsSchema,
     false,
     "",
     "Nobody: the candidate's pods have the target's labels, and its share is that of ready pods. "
     "Steps weigh 50 at the most, because the target keeps all of its own; it has no autoscaler of "
     "its own."},
};
constexpr Rule kSpecRolloutsItemTrafficRules[] = {
    {twins::one_router,
     "",
     "must have exactly one of `httpRoute`, `grpcRoute`, `traefikService`, `virtualService`, "
     "`ingress`, `service` and `readyPods`",
     R"re([has(self.httpRoute), has(self.grpcRoute), has(self.traefikService), has(self.virtualService), has(self.ingress), has(self.service), has(self.readyPods)].exists_one(r, r))re"},
};
constexpr Schema kSpecRolloutsItemTrafficSchema = {.type = SchemaType::Object,
                                                   .fields = kSpecRolloutsItemTrafficFields,
                                                   .rules = kSpecRolloutsItemTrafficRules};

constexpr Schema kSpecRolloutsItemAnalysisDefaultChecksItemSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::dns_label,
                "lower-case letters, digits and `-`, such as `order-worker`",
                R"re(^[a-z0-9]([-a-z0-9]*[a-z0-9])?$)re"},
    .at_least = 1,
    .at_most = 63};

constexpr Schema kSpecRolloutsItemAnalysisDefaultChecksSchema = {
    .type = SchemaType::Array,
    .items = &kSpecRolloutsItemAnalysisDefaultChecksItemSchema,
    .list_type = ListType::Set,
    .at_most = 16};

constexpr Schema kSpecRolloutsItemAnalysisDefaultFailureLimitSchema = {
    .type = SchemaType::Integer, .format = Format::Int32, .minimum = 0, .maximum = 100};

constexpr Schema kSpecRolloutsItemAnalysisDefaultConsecutiveSuccessLimitSchema = {
    .type = SchemaType::Integer, .format = Format::Int32, .minimum = 1, .maximum = 100};

constexpr Schema kSpecRolloutsItemAnalysisDefaultInconclusiveLimitSchema = {
    .type = SchemaType::Integer, .format = Format::Int32, .minimum = 0, .maximum = 100};

constexpr Rule kSpecRolloutsItemAnalysisDefaultInitialDelayRules[] = {
    {twins::at_most_24_hours,
     "",
     "must be at most `24h`",
     R"re(duration(self) <= duration('24h'))re"},
};
constexpr Schema kSpecRolloutsItemAnalysisDefaultInitialDelaySchema = {
    .type = SchemaType::String,
    .pattern = {patterns::duration_text,
                "a duration such as `90m`, `1h30m` or `0s`",
                R"re(^([0-9]{1,5}(\.[0-9]{1,3})?(ms|s|m|h))+$)re"},
    .at_most = 32,
    .rules = kSpecRolloutsItemAnalysisDefaultInitialDelayRules};

constexpr Schema kSpecRolloutsItemAnalysisDefaultDryRunSchema = {.type = SchemaType::Boolean};

constexpr Schema kSpecRolloutsItemAnalysisDefaultCompareAddressSchema = {
    .type = SchemaType::String,
    .pattern =
        {patterns::server_address,
         "the address of a server such as `http://prometheus.monitoring.svc:9090`, without user, "
         "query and fragment",
         R"re(^https?://([a-z0-9]([-a-z0-9.]*[a-z0-9])?|\[[0-9a-f:.]{2,45}\])(:[1-9][0-9]{0,4})?(/[A-Za-z0-9._~/-]*)?$)re"},
    .at_most = 512};

constexpr Schema kSpecRolloutsItemAnalysisDefaultComparePodLabelSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::metric_name,
                "the name of a metric or a label such as `http_requests_total`",
                R"re(^[a-zA-Z_:][a-zA-Z0-9_:]*$)re"},
    .at_least = 1,
    .at_most = 128};

constexpr Schema kSpecRolloutsItemAnalysisDefaultCompareWhereSchema = {.type = SchemaType::String,
                                                                       .at_most = 512};

constexpr Schema kSpecRolloutsItemAnalysisDefaultCompareErrorsCounterSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::metric_name,
                "the name of a metric or a label such as `http_requests_total`",
                R"re(^[a-zA-Z_:][a-zA-Z0-9_:]*$)re"},
    .at_least = 1,
    .at_most = 256};

constexpr Schema kSpecRolloutsItemAnalysisDefaultCompareErrorsBadSchema = {
    .type = SchemaType::String, .at_least = 1, .at_most = 512};

constexpr Schema kSpecRolloutsItemAnalysisDefaultCompareErrorsMinimumRequestsSchema = {
    .type = SchemaType::Integer, .format = Format::Int64, .minimum = 1, .maximum = 1000000000};

constexpr Rule kSpecRolloutsItemAnalysisDefaultCompareErrorsToleratedRules[] = {
    {twins::factor_in_range,
     "",
     "must be more than `0` and at most `1000000`",
     R"re(type(self) == int ? self >= 1 && self <= 1000000 : quantity(string(self)).compareTo(quantity('0')) > 0 && quantity(string(self)).compareTo(quantity('1000000')) <= 0)re"},
};
constexpr Schema kSpecRolloutsItemAnalysisDefaultCompareErrorsToleratedSchema = {
    .type = SchemaType::IntOrString,
    .pattern = {patterns::quantity_text,
                "a positive number or quantity such as `2`, `\"2.5\"` or `\"500m\"`",
                R"re(^[0-9]{1,9}(\.[0-9]{1,9})?([numkMGTPE]|[KMGTPE]i)?$)re"},
    .at_most = 24,
    .rules = kSpecRolloutsItemAnalysisDefaultCompareErrorsToleratedRules};

constexpr Field kSpecRolloutsItemAnalysisDefaultCompareErrorsFields[] = {
    {"counter",
     &kSpecRolloutsItemAnalysisDefaultCompareErrorsCounterSchema,
     true,
     "",
     "Name of the counter of all requests."},
    {"bad",
     &kSpecRolloutsItemAnalysisDefaultCompareErrorsBadSchema,
     true,
     "",
     "Matchers that choose its errors, such as `code=~\"5..\"`."},
    {"minimumRequests",
     &kSpecRolloutsItemAnalysisDefaultCompareErrorsMinimumRequestsSchema,
     false,
     R"(100)",
     "After fewer requests to either side nothing is said, and no step passes."},
    {"tolerated",
     &kSpecRolloutsItemAnalysisDefaultCompareErrorsToleratedSchema,
     false,
     R"(2)",
     "So many times the share of errors that the target has is no worse. Errors of real shops come "
     "in bursts, which at 1 are taken for evidence (docs/reference/analysis-statistics.md)."},
};
constexpr Schema kSpecRolloutsItemAnalysisDefaultCompareErrorsSchema = {
    .type = SchemaType::Object, .fields = kSpecRolloutsItemAnalysisDefaultCompareErrorsFields};

constexpr Schema kSpecRolloutsItemAnalysisDefaultCompareLatencyHistogramSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::metric_name,
                "the name of a metric or a label such as `http_requests_total`",
                R"re(^[a-zA-Z_:][a-zA-Z0-9_:]*$)re"},
    .at_least = 1,
    .at_most = 256};

constexpr Rule kSpecRolloutsItemAnalysisDefaultCompareLatencyAtLeastRules[] = {
    {twins::share_above_half,
     "",
     "must be at least `0.5` and less than `1`",
     R"re(type(self) == int ? false : quantity(string(self)).compareTo(quantity('0.5')) >= 0 && quantity(string(self)).compareTo(quantity('1')) < 0)re"},
};
constexpr Schema kSpecRolloutsItemAnalysisDefaultCompareLatencyAtLeastSchema = {
    .type = SchemaType::IntOrString,
    .pattern = {patterns::quantity_text,
                "a positive number or quantity such as `2`, `\"2.5\"` or `\"500m\"`",
                R"re(^[0-9]{1,9}(\.[0-9]{1,9})?([numkMGTPE]|[KMGTPE]i)?$)re"},
    .at_most = 24,
    .rules = kSpecRolloutsItemAnalysisDefaultCompareLatencyAtLeastRules};

constexpr Field kSpecRolloutsItemAnalysisDefaultCompareLatencyFields[] = {
    {"histogram",
     &kSpecRolloutsItemAnalysisDefaultCompareLatencyHistogramSchema,
     true,
     "",
     "Name of its buckets, such as `http_request_duration_seconds_bucket`."},
    {"atLeast",
     &kSpecRolloutsItemAnalysisDefaultCompareLatencyAtLeastSchema,
     false,
     R"("0.6")",
     "How often an answer of the candidate must take longer than one of the target, ties by half, "
     "to be worse: of equals it is 0.5, and what is less than this is let pass though it be "
     "significant."},
};
constexpr Schema kSpecRolloutsItemAnalysisDefaultCompareLatencySchema = {
    .type = SchemaType::Object, .fields = kSpecRolloutsItemAnalysisDefaultCompareLatencyFields};

constexpr Rule kSpecRolloutsItemAnalysisDefaultCompareFalseAlarmRules[] = {
    {twins::alarm_in_range,
     "",
     "must be more than `0` and at most `0.5`",
     R"re(type(self) == int ? false : quantity(string(self)).compareTo(quantity('0')) > 0 && quantity(string(self)).compareTo(quantity('0.5')) <= 0)re"},
};
constexpr Schema kSpecRolloutsItemAnalysisDefaultCompareFalseAlarmSchema = {
    .type = SchemaType::IntOrString,
    .pattern = {patterns::quantity_text,
                "a positive number or quantity such as `2`, `\"2.5\"` or `\"500m\"`",
                R"re(^[0-9]{1,9}(\.[0-9]{1,9})?([numkMGTPE]|[KMGTPE]i)?$)re"},
    .at_most = 24,
    .rules = kSpecRolloutsItemAnalysisDefaultCompareFalseAlarmRules};

constexpr Rule kSpecRolloutsItemAnalysisDefaultCompareIntervalRules[] = {
    {twins::at_least_1_second,
     "",
     "must be at least `1s`",
     R"re(duration(self) >= duration('1s'))re"},
    {twins::at_most_1_hour, "", "must be at most `1h`", R"re(duration(self) <= duration('1h'))re"},
};
constexpr Schema kSpecRolloutsItemAnalysisDefaultCompareIntervalSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::duration_text,
                "a duration such as `90m`, `1h30m` or `0s`",
                R"re(^([0-9]{1,5}(\.[0-9]{1,3})?(ms|s|m|h))+$)re"},
    .at_most = 32,
    .rules = kSpecRolloutsItemAnalysisDefaultCompareIntervalRules};

constexpr Field kSpecRolloutsItemAnalysisDefaultCompareFields[] = {
    {"address",
     &kSpecRolloutsItemAnalysisDefaultCompareAddressSchema,
     false,
     "",
     "Where Prometheus is; as in a check."},
    {"podLabel",
     &kSpecRolloutsItemAnalysisDefaultComparePodLabelSchema,
     false,
     R"("pod")",
     "The label of the series that has the name of the pod."},
    {"where",
     &kSpecRolloutsItemAnalysisDefaultCompareWhereSchema,
     false,
     "",
     "Matchers that choose the series of both; absent, `namespace` with the event's."},
    {"errors",
     &kSpecRolloutsItemAnalysisDefaultCompareErrorsSchema,
     true,
     "",
     "Errors among requests: a mixture sequential test, valid however often one looks "
     "(docs/reference/analysis-statistics.md)."},
    {"latency",
     &kSpecRolloutsItemAnalysisDefaultCompareLatencySchema,
     false,
     "",
     "How long answers take: Mann and Whitney's test on the buckets of a histogram, made once a "
     "step, when it would pass."},
    {"falseAlarm",
     &kSpecRolloutsItemAnalysisDefaultCompareFalseAlarmSchema,
     false,
     R"("0.05")",
     "Of releases that are no worse than the target, at most this share is taken for worse."},
    {"interval",
     &kSpecRolloutsItemAnalysisDefaultCompareIntervalSchema,
     false,
     R"("5s")",
     "Time between two looks."},
};
constexpr Schema kSpecRolloutsItemAnalysisDefaultCompareSchema = {
    .type = SchemaType::Object, .fields = kSpecRolloutsItemAnalysisDefaultCompareFields};

constexpr std::string_view kSpecRolloutsItemAnalysisDefaultErrorPolicyAllowed[] = {"Hold",
                                                                                   "Proceed"};
constexpr Schema kSpecRolloutsItemAnalysisDefaultErrorPolicySchema = {
    .type = SchemaType::String, .allowed = kSpecRolloutsItemAnalysisDefaultErrorPolicyAllowed};

constexpr Field kSpecRolloutsItemAnalysisDefaultFields[] = {
    {"checks",
     &kSpecRolloutsItemAnalysisDefaultChecksSchema,
     false,
     R"([])",
     "Names of checks of this event; all must be good."},
    {"failureLimit",
     &kSpecRolloutsItemAnalysisDefaultFailureLimitSchema,
     false,
     R"(0)",
     "So many measurements of a step at which a check is bad are let pass; the next one fails the "
     "rollout."},
    {"consecutiveSuccessLimit",
     &kSpecRolloutsItemAnalysisDefaultConsecutiveSuccessLimitSchema,
     false,
     R"(1)",
     "A step passes only once each check was good at so many measurements in a row."},
    {"inconclusiveLimit",
     &kSpecRolloutsItemAnalysisDefaultInconclusiveLimitSchema,
     false,
     "",
     "After more than so many measurements of a step that say neither good nor bad, failures of "
     "the provider among them, the rollout stands still until somebody decides. Absent: until the "
     "step's deadline."},
    {"initialDelay",
     &kSpecRolloutsItemAnalysisDefaultInitialDelaySchema,
     false,
     R"("0s")",
     "So long after a step has begun nothing that was measured counts, for caches to warm."},
    {"dryRun",
     &kSpecRolloutsItemAnalysisDefaultDryRunSchema,
     false,
     R"(false)",
     "Says what it finds, and decides nothing."},
    {"compare",
     &kSpecRolloutsItemAnalysisDefaultCompareSchema,
     false,
     "",
     "The candidate against the target, from counters that Prometheus has of both since the step "
     "began. Evidence that the candidate is worse fails the rollout; without it a step passes. How "
     "strong the evidence is stands in the row."},
    {"errorPolicy",
     &kSpecRolloutsItemAnalysisDefaultErrorPolicySchema,
     false,
     R"("Hold")",
     "While a check is Unknown, the provider being down for one: `Hold` stays at the step, "
     "`Proceed` goes on without it. Neither calls the release bad."},
};
constexpr Rule kSpecRolloutsItemAnalysisDefaultRules[] = {
    {twins::analysis_asks_something,
     "",
     "must have `checks` or `compare`",
     R"re(size(self.checks) > 0 || has(self.compare))re"},
};
constexpr Schema kSpecRolloutsItemAnalysisDefaultSchema = {
    .type = SchemaType::Object,
    .fields = kSpecRolloutsItemAnalysisDefaultFields,
    .rules = kSpecRolloutsItemAnalysisDefaultRules};

constexpr Field kSpecRolloutsItemAnalysisFields[] = {
    {"default",
     &kSpecRolloutsItemAnalysisDefaultSchema,
     false,
     "",
     "The analysis that steps name."},
};
constexpr Schema kSpecRolloutsItemAnalysisSchema = {.type = SchemaType::Object,
                                                    .fields = kSpecRolloutsItemAnalysisFields};

constexpr std::string_view kSpecRolloutsItemOnFailureAllowed[] = {"RollBack", "Pause", "Alert"};
constexpr Schema kSpecRolloutsItemOnFailureSchema = {.type = SchemaType::String,
                                                     .allowed = kSpecRolloutsItemOnFailureAllowed};

constexpr Rule kSpecRolloutsItemDeadlineRules[] = {
    {twins::at_most_24_hours,
     "",
     "must be at most `24h`",
     R"re(duration(self) <= duration('24h'))re"},
};
constexpr Schema kSpecRolloutsItemDeadlineSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::duration_text,
                "a duration such as `90m`, `1h30m` or `0s`",
                R"re(^([0-9]{1,5}(\.[0-9]{1,3})?(ms|s|m|h))+$)re"},
    .at_most = 32,
    .rules = kSpecRolloutsItemDeadlineRules};

constexpr Rule kSpecRolloutsItemBakeRules[] = {
    {twins::at_most_24_hours,
     "",
     "must be at most `24h`",
     R"re(duration(self) <= duration('24h'))re"},
};
constexpr Schema kSpecRolloutsItemBakeSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::duration_text,
                "a duration such as `90m`, `1h30m` or `0s`",
                R"re(^([0-9]{1,5}(\.[0-9]{1,3})?(ms|s|m|h))+$)re"},
    .at_most = 32,
    .rules = kSpecRolloutsItemBakeRules};

constexpr Rule kSpecRolloutsItemDrainRules[] = {
    {twins::at_most_24_hours,
     "",
     "must be at most `24h`",
     R"re(duration(self) <= duration('24h'))re"},
};
constexpr Schema kSpecRolloutsItemDrainSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::duration_text,
                "a duration such as `90m`, `1h30m` or `0s`",
                R"re(^([0-9]{1,5}(\.[0-9]{1,3})?(ms|s|m|h))+$)re"},
    .at_most = 32,
    .rules = kSpecRolloutsItemDrainRules};

constexpr std::string_view kSpecRolloutsItemPromotionAllowed[] = {
    "Auto", "Write", "Report", "AfterWindow"};
constexpr Schema kSpecRolloutsItemPromotionSchema = {.type = SchemaType::String,
                                                     .allowed = kSpecRolloutsItemPromotionAllowed};

constexpr std::string_view kSpecRolloutsItemOnWindowEndAllowed[] = {"RollBack", "Keep", "Finish"};
constexpr Schema kSpecRolloutsItemOnWindowEndSchema = {
    .type = SchemaType::String, .allowed = kSpecRolloutsItemOnWindowEndAllowed};

constexpr std::string_view kSpecRolloutsItemDesiredAllowed[] = {"Candidate", "Stable"};
constexpr Schema kSpecRolloutsItemDesiredSchema = {.type = SchemaType::String,
                                                   .allowed = kSpecRolloutsItemDesiredAllowed};

constexpr Field kSpecRolloutsItemFields[] = {
    {"name", &kSpecRolloutsItemNameSchema, true, "", "Name of this rollout within the event."},
    {"target",
     &kSpecRolloutsItemTargetSchema,
     true,
     "",
     "The workload that is released, in the event's namespace. It is the stable side."},
    {"patch",
     &kSpecRolloutsItemPatchSchema,
     false,
     "",
     "What the candidate's pod template has that the target's has not: a strategic merge patch of "
     "the template, such as `{spec: {containers: [{name: app, image: \"shop:v43\"}]}}`; at most "
     "8192 bytes. The API server applies it."},
    {"templateFrom",
     &kSpecRolloutsItemTemplateFromSchema,
     false,
     "",
     "Another Deployment of the namespace, most often without pods, whose pod template the "
     "candidate gets, by the labels of the target's. Another template there supersedes the "
     "rollout."},
    {"start",
     &kSpecRolloutsItemStartSchema,
     false,
     R"("start")",
     "When it begins: `start`, so long after the start, before it with `-`, or `manual`: a "
     "SaleAction Start begins it."},
    {"dependsOn",
     &kSpecRolloutsItemDependsOnSchema,
     false,
     R"([])",
     "Rollouts of this event that must be promoted before this one begins."},
    {"wave",
     &kSpecRolloutsItemWaveSchema,
     false,
     R"(0)",
     "Rollouts of lower waves are promoted before this one begins."},
    {"strategy",
     &kSpecRolloutsItemStrategySchema,
     true,
     "",
     "How the candidate takes over; exactly one member."},
    {"traffic",
     &kSpecRolloutsItemTrafficSchema,
     true,
     "",
     "Who shares out the traffic; exactly one member."},
    {"analysis",
     &kSpecRolloutsItemAnalysisSchema,
     false,
     "",
     "What decides. A bad check fails the rollout whenever the candidate has traffic."},
    {"onFailure",
     &kSpecRolloutsItemOnFailureSchema,
     false,
     R"("RollBack")",
     "What a failed analysis, a crash-looping candidate and the deadline do: `RollBack` sends all "
     "traffic back to the target, `Pause` stays where it is, `Alert` only says so."},
    {"deadline",
     &kSpecRolloutsItemDeadlineSchema,
     false,
     R"("20m")",
     "How long a step may wait for its pods or for an analysis, beyond its pause; a crash loop "
     "does not stop the clock."},
    {"bake",
     &kSpecRolloutsItemBakeSchema,
     false,
     R"("10m")",
     "How long the candidate is watched at the last weight before it is promoted."},
    {"drain",
     &kSpecRolloutsItemDrainSchema,
     false,
     R"("15s")",
     "How long the candidate stays after the last traffic was sent its way."},
    {"promotion",
     &kSpecRolloutsItemPromotionSchema,
     false,
     R"("Auto")",
     "What becomes of a candidate that has passed. `Write`: the target gets its template, the "
     "candidate goes when the target runs it. `Report`: says so and waits until somebody else, Git "
     "for one, has given the target that template. `Auto`: `Report` where a GitOps tool owns the "
     "template, else `Write`. `AfterWindow`: `Auto`, once the sale is over."},
    {"onWindowEnd",
     &kSpecRolloutsItemOnWindowEndSchema,
     false,
     R"("RollBack")",
     "What the end of the sale does to a rollout that is not promoted: `RollBack`; `Keep` leaves "
     "it where it is until it is decided; `Finish` lets it go on."},
    {"desired",
     &kSpecRolloutsItemDesiredSchema,
     false,
     R"("Candidate")",
     "`Stable` rolls back, or does not begin."},
};
constexpr Rule kSpecRolloutsItemRules[] = {
    {twins::one_template,
     "",
     "must have exactly one of `patch` and `templateFrom`",
     R"re(has(self.patch) != has(self.templateFrom))re"},
    {twins::pods_are_shared,
     ".traffic.readyPods",
     "must be only with `canary`; a share of the pods is never all of them",
     R"re(!has(self.traffic.readyPods) || has(self.strategy.canary))re"},
    {twins::service_is_switched,
     ".traffic.service",
     "must be only with `blueGreen`; a Service gives all of the traffic or nothing",
     R"re(!has(self.traffic.service) || has(self.strategy.blueGreen))re"},
};
constexpr Schema kSpecRolloutsItemSchema = {
    .type = SchemaType::Object, .fields = kSpecRolloutsItemFields, .rules = kSpecRolloutsItemRules};

}  // namespace
extern const Schema kSpecRolloutsSchema;
constinit const Schema kSpecRolloutsSchema = {.type = SchemaType::Array,
                                              .items = &kSpecRolloutsItemSchema,
                                              .list_type = ListType::Map,
                                              .list_key = "name",
                                              .at_most = 32};

namespace {

constexpr Schema kStatusObservedGenerationSchema = {.type = SchemaType::Integer,
                                                    .format = Format::Int64};

constexpr Schema kStatusPhaseSchema = {.type = SchemaType::String, .at_most = 32};

constexpr Schema kStatusVerdictSchema = {.type = SchemaType::String, .at_most = 32};

constexpr Schema kStatusFeasibilityVerdictSchema = {.type = SchemaType::String, .at_most = 32};

constexpr Schema kStatusFeasibilityLatestSafeStartSchema = {
    .type = SchemaType::String, .format = Format::DateTime, .at_most = 40};

constexpr Schema kStatusFeasibilityFindingsItemLevelSchema = {.type = SchemaType::String,
                                                              .at_most = 32};

constexpr Schema kStatusFeasibilityFindingsItemCodeSchema = {
    .type = SchemaType::String, .at_least = 1, .at_most = 64};

constexpr Schema kStatusFeasibilityFindingsItemSubjectSchema = {.type = SchemaType::String,
                                                                .at_most = 253};

constexpr Schema kStatusFeasibilityFindingsItemMessageSchema = {.type = SchemaType::String,
                                                                .at_most = 1024};

constexpr Field kStatusFeasibilityFindingsItemFields[] = {
    {"level", &kStatusFeasibilityFindingsItemLevelSchema, true, "", "Warn or NoGo."},
    {"code", &kStatusFeasibilityFindingsItemCodeSchema, true, "", "A stable CamelCase word."},
    {"subject",
     &kStatusFeasibilityFindingsItemSubjectSchema,
     false,
     "",
     "The target, or the object, that it is about."},
    {"message",
     &kStatusFeasibilityFindingsItemMessageSchema,
     true,
     "",
     "What would happen, why, and what to do instead."},
};
constexpr Schema kStatusFeasibilityFindingsItemSchema = {
    .type = SchemaType::Object, .fields = kStatusFeasibilityFindingsItemFields};

constexpr Schema kStatusFeasibilityFindingsSchema = {.type = SchemaType::Array,
                                                     .items = &kStatusFeasibilityFindingsItemSchema,
                                                     .list_type = ListType::Atomic,
                                                     .at_most = 32};

constexpr Schema kStatusFeasibilityTargetsItemNameSchema = {
    .type = SchemaType::String, .at_least = 1, .at_most = 400};

constexpr Schema kStatusFeasibilityTargetsItemNeededSchema = {.type = SchemaType::Integer,
                                                              .format = Format::Int64};

constexpr Schema kStatusFeasibilityTargetsItemAchievableSchema = {.type = SchemaType::Integer,
                                                                  .format = Format::Int64};

constexpr Schema kStatusFeasibilityTargetsItemWithNewNodesSchema = {.type = SchemaType::Integer,
                                                                    .format = Format::Int64};

constexpr Schema kStatusFeasibilityTargetsItemBoundBySchema = {.type = SchemaType::String,
                                                               .at_most = 512};

constexpr Field kStatusFeasibilityTargetsItemFields[] = {
    {"name", &kStatusFeasibilityTargetsItemNameSchema, true, "", "Name of the target."},
    {"needed",
     &kStatusFeasibilityTargetsItemNeededSchema,
     true,
     "",
     "Pods at the peak of its need."},
    {"achievable",
     &kStatusFeasibilityTargetsItemAchievableSchema,
     false,
     "",
     "How many of them can run on the nodes that there are; absent where that is not known."},
    {"withNewNodes",
     &kStatusFeasibilityTargetsItemWithNewNodesSchema,
     false,
     "",
     "How many can when the node autoscaler adds what it may; absent where it adds nothing."},
    {"boundBy",
     &kStatusFeasibilityTargetsItemBoundBySchema,
     false,
     "",
     "What keeps the others from running."},
};
constexpr Schema kStatusFeasibilityTargetsItemSchema = {
    .type = SchemaType::Object, .fields = kStatusFeasibilityTargetsItemFields};

constexpr Schema kStatusFeasibilityTargetsSchema = {.type = SchemaType::Array,
                                                    .items = &kStatusFeasibilityTargetsItemSchema,
                                                    .list_type = ListType::Map,
                                                    .list_key = "name",
                                                    .at_most = 128};

constexpr Field kStatusFeasibilityFields[] = {
    {"verdict",
     &kStatusFeasibilityVerdictSchema,
     true,
     "",
     "Go, Warn or NoGo; the worst of the findings."},
    {"latestSafeStart",
     &kStatusFeasibilityLatestSafeStartSchema,
     false,
     "",
     "The last instant at which preparation may begin and the pods still be ready at the start, in "
     "UTC; absent where they do not fit at all."},
    {"findings",
     &kStatusFeasibilityFindingsSchema,
     false,
     "",
     "What speaks against it, the worst first."},
    {"targets", &kStatusFeasibilityTargetsSchema, false, "", "What each target can have."},
};
constexpr Schema kStatusFeasibilitySchema = {.type = SchemaType::Object,
                                             .fields = kStatusFeasibilityFields};

constexpr Schema kStatusMessageSchema = {.type = SchemaType::String, .at_most = 1024};

constexpr Schema kStatusInstallSchema = {.type = SchemaType::String, .at_most = 63};

constexpr Schema kStatusRunSchema = {
    .type = SchemaType::Integer, .format = Format::Int32, .minimum = 0};

constexpr Schema kStatusTargetsReadySchema = {.type = SchemaType::String, .at_most = 16};

constexpr Schema kStatusNextDueSchema = {
    .type = SchemaType::String, .format = Format::DateTime, .at_most = 40};

constexpr Schema kStatusNextReasonSchema = {.type = SchemaType::String, .at_most = 256};

constexpr Schema kStatusConditionsItemTypeSchema = {
    .type = SchemaType::String, .at_least = 1, .at_most = 64};

constexpr std::string_view kStatusConditionsItemStatusAllowed[] = {"True", "False", "Unknown"};
constexpr Schema kStatusConditionsItemStatusSchema = {
    .type = SchemaType::String, .allowed = kStatusConditionsItemStatusAllowed};

constexpr Schema kStatusConditionsItemObservedGenerationSchema = {
    .type = SchemaType::Integer, .format = Format::Int64, .minimum = 0};

constexpr Schema kStatusConditionsItemLastTransitionTimeSchema = {
    .type = SchemaType::String, .format = Format::DateTime, .at_most = 40};

constexpr Schema kStatusConditionsItemReasonSchema = {
    .type = SchemaType::String, .at_least = 1, .at_most = 128};

constexpr Schema kStatusConditionsItemMessageSchema = {.type = SchemaType::String, .at_most = 4096};

constexpr Field kStatusConditionsItemFields[] = {
    {"type", &kStatusConditionsItemTypeSchema, true, "", "What it is about."},
    {"status", &kStatusConditionsItemStatusSchema, true, "", "Whether it is so."},
    {"observedGeneration",
     &kStatusConditionsItemObservedGenerationSchema,
     false,
     "",
     "The generation of the spec that it speaks of."},
    {"lastTransitionTime",
     &kStatusConditionsItemLastTransitionTimeSchema,
     true,
     "",
     "When `status` last changed."},
    {"reason", &kStatusConditionsItemReasonSchema, true, "", "Why, in one CamelCase word."},
    {"message", &kStatusConditionsItemMessageSchema, true, "", "Why, for people."},
};
constexpr Schema kStatusConditionsItemSchema = {.type = SchemaType::Object,
                                                .fields = kStatusConditionsItemFields};

}  // namespace
extern const Schema kStatusConditionsSchema;
constinit const Schema kStatusConditionsSchema = {.type = SchemaType::Array,
                                                  .items = &kStatusConditionsItemSchema,
                                                  .list_type = ListType::Map,
                                                  .list_key = "type",
                                                  .at_most = 16};

namespace {

constexpr Schema kStatusWindowPrepareSchema = {
    .type = SchemaType::String, .format = Format::DateTime, .at_most = 40};

constexpr Schema kStatusWindowStartSchema = {
    .type = SchemaType::String, .format = Format::DateTime, .at_most = 40};

constexpr Schema kStatusWindowEndSchema = {
    .type = SchemaType::String, .format = Format::DateTime, .at_most = 40};

constexpr Schema kStatusWindowRestoredBySchema = {
    .type = SchemaType::String, .format = Format::DateTime, .at_most = 40};

constexpr Schema kStatusWindowTimeZoneSchema = {.type = SchemaType::String, .at_most = 64};

constexpr Schema kStatusWindowTzdataSchema = {.type = SchemaType::String, .at_most = 32};

constexpr Field kStatusWindowFields[] = {
    {"prepare", &kStatusWindowPrepareSchema, true, "", "When preparation begins."},
    {"start", &kStatusWindowStartSchema, true, "", "When the sale begins."},
    {"end", &kStatusWindowEndSchema, true, "", "When the sale is over."},
    {"restoredBy",
     &kStatusWindowRestoredBySchema,
     true,
     "",
     "By when everything is meant to be back."},
    {"timeZone",
     &kStatusWindowTimeZoneSchema,
     false,
     "",
     "The zone in which local times were read."},
    {"tzdata",
     &kStatusWindowTzdataSchema,
     false,
     "",
     "The version of the time zone rules that were used."},
};
constexpr Schema kStatusWindowSchema = {.type = SchemaType::Object, .fields = kStatusWindowFields};

constexpr Schema kStatusDecisionsItemRunSchema = {
    .type = SchemaType::Integer, .format = Format::Int32, .minimum = 0};

constexpr Schema kStatusDecisionsItemKindSchema = {
    .type = SchemaType::String, .at_least = 1, .at_most = 64};

constexpr Schema kStatusDecisionsItemSubjectSchema = {.type = SchemaType::String, .at_most = 253};

constexpr Schema kStatusDecisionsItemHashSchema = {.type = SchemaType::String, .at_most = 256};

constexpr Schema kStatusDecisionsItemAtSchema = {
    .type = SchemaType::String, .format = Format::DateTime, .at_most = 40};

constexpr Schema kStatusDecisionsItemBySchema = {.type = SchemaType::String, .at_most = 256};

constexpr Schema kStatusDecisionsItemActionUIDSchema = {.type = SchemaType::String, .at_most = 64};

constexpr Schema kStatusDecisionsItemValueSchema = {.type = SchemaType::String, .at_most = 256};

constexpr Schema kStatusDecisionsItemDetailSchema = {.type = SchemaType::String, .at_most = 1024};

constexpr Field kStatusDecisionsItemFields[] = {
    {"run", &kStatusDecisionsItemRunSchema, true, "", "The run of the event that it belongs to."},
    {"kind", &kStatusDecisionsItemKindSchema, true, "", "What was decided, such as `Began`."},
    {"subject",
     &kStatusDecisionsItemSubjectSchema,
     false,
     "",
     "About what, such as the name of a target."},
    {"hash",
     &kStatusDecisionsItemHashSchema,
     false,
     "",
     "The part of the spec that it holds for, or its hash; void when that changes."},
    {"at", &kStatusDecisionsItemAtSchema, true, "", "When."},
    {"by",
     &kStatusDecisionsItemBySchema,
     false,
     "",
     "Who decided; empty when the operator did by itself."},
    {"actionUID",
     &kStatusDecisionsItemActionUIDSchema,
     false,
     "",
     "UID of the SaleAction that asked for it."},
    {"value",
     &kStatusDecisionsItemValueSchema,
     false,
     "",
     "The number, word or time that was decided on, such as the new end of an `Extend`."},
    {"detail", &kStatusDecisionsItemDetailSchema, false, "", "More, for people."},
};
constexpr Schema kStatusDecisionsItemSchema = {.type = SchemaType::Object,
                                               .fields = kStatusDecisionsItemFields};

constexpr Schema kStatusDecisionsSchema = {.type = SchemaType::Array,
                                           .items = &kStatusDecisionsItemSchema,
                                           .list_type = ListType::Atomic,
                                           .at_most = 512};

constexpr Schema kStatusFreezeStateSchema = {.type = SchemaType::String, .at_most = 32};

constexpr Schema kStatusFreezeFromSchema = {
    .type = SchemaType::String, .format = Format::DateTime, .at_most = 40};

constexpr Schema kStatusFreezeUntilSchema = {
    .type = SchemaType::String, .format = Format::DateTime, .at_most = 40};

constexpr Schema kStatusFreezeMessageSchema = {.type = SchemaType::String, .at_most = 1024};

constexpr Field kStatusFreezeFields[] = {
    {"state",
     &kStatusFreezeStateSchema,
     false,
     "",
     "Waiting, Frozen, Lifted, NotEnforced, Planned, Suspended or Over."},
    {"from", &kStatusFreezeFromSchema, false, "", "When it begins."},
    {"until", &kStatusFreezeUntilSchema, false, "", "When it is over."},
    {"message", &kStatusFreezeMessageSchema, false, "", "More, for people."},
};
constexpr Schema kStatusFreezeSchema = {.type = SchemaType::Object, .fields = kStatusFreezeFields};

constexpr Schema kStatusHeadroomItemTargetSchema = {
    .type = SchemaType::String, .at_least = 1, .at_most = 400};

constexpr Schema kStatusHeadroomItemObjectSchema = {.type = SchemaType::String, .at_most = 700};

constexpr Schema kStatusHeadroomItemStateSchema = {.type = SchemaType::String, .at_most = 32};

constexpr Schema kStatusHeadroomItemFloorSchema = {.type = SchemaType::Integer,
                                                   .format = Format::Int64};

constexpr Schema kStatusHeadroomItemAskedSchema = {.type = SchemaType::Integer,
                                                   .format = Format::Int64};

constexpr Schema kStatusHeadroomItemPlacedSchema = {.type = SchemaType::Integer,
                                                    .format = Format::Int64};

constexpr Schema kStatusHeadroomItemReleasedSchema = {.type = SchemaType::Integer,
                                                      .format = Format::Int64};

constexpr Schema kStatusHeadroomItemMessageSchema = {.type = SchemaType::String, .at_most = 1024};

constexpr Field kStatusHeadroomItemFields[] = {
    {"target", &kStatusHeadroomItemTargetSchema, true, "", "Name of the target."},
    {"object",
     &kStatusHeadroomItemObjectSchema,
     false,
     "",
     "What asks for the room: a Deployment of placeholder pods in the operator's namespace, or a "
     "CapacityBuffer beside the target."},
    {"state",
     &kStatusHeadroomItemStateSchema,
     false,
     "",
     "Waiting, Placing, Placed, Released, NotNeeded, Suspended, Planned (a dry run), Refused, "
     "Forbidden, Unknown."},
    {"floor",
     &kStatusHeadroomItemFloorSchema,
     false,
     "",
     "The floor at the start that room is made for."},
    {"asked",
     &kStatusHeadroomItemAskedSchema,
     false,
     "",
     "For how many pods room is asked for now."},
    {"placed",
     &kStatusHeadroomItemPlacedSchema,
     false,
     "",
     "How many placeholder pods run on a node; what a CapacityBuffer says that there is room for."},
    {"released",
     &kStatusHeadroomItemReleasedSchema,
     false,
     "",
     "How many were given up for pods of the target that exist, or because the time was over."},
    {"message",
     &kStatusHeadroomItemMessageSchema,
     false,
     "",
     "Why some are not placed, or there are none, for people."},
};
constexpr Schema kStatusHeadroomItemSchema = {.type = SchemaType::Object,
                                              .fields = kStatusHeadroomItemFields};

constexpr Schema kStatusHeadroomSchema = {.type = SchemaType::Array,
                                          .items = &kStatusHeadroomItemSchema,
                                          .list_type = ListType::Map,
                                          .list_key = "target",
                                          .at_most = 128};

constexpr Schema kStatusChecksItemNameSchema = {
    .type = SchemaType::String, .at_least = 1, .at_most = 63};

constexpr Schema kStatusChecksItemVerdictSchema = {.type = SchemaType::String, .at_most = 16};

constexpr Schema kStatusChecksItemValueSchema = {.type = SchemaType::String, .at_most = 64};

constexpr Schema kStatusChecksItemSinceSchema = {
    .type = SchemaType::String, .format = Format::DateTime, .at_most = 40};

constexpr Schema kStatusChecksItemMessageSchema = {.type = SchemaType::String, .at_most = 512};

constexpr Schema kStatusChecksItemMeasuredAtSchema = {
    .type = SchemaType::String, .format = Format::DateTime, .at_most = 40};

constexpr Field kStatusChecksItemFields[] = {
    {"name", &kStatusChecksItemNameSchema, true, "", "Name of the check."},
    {"verdict", &kStatusChecksItemVerdictSchema, true, "", "Good, Bad or Unknown."},
    {"value",
     &kStatusChecksItemValueSchema,
     false,
     "",
     "What was measured last, as the provider wrote it."},
    {"since",
     &kStatusChecksItemSinceSchema,
     false,
     "",
     "When the verdict came about; absent where nothing was measured, also since a restart."},
    {"message", &kStatusChecksItemMessageSchema, false, "", "Why, for people."},
    {"measuredAt", &kStatusChecksItemMeasuredAtSchema, false, "", "When that value was measured."},
};
constexpr Schema kStatusChecksItemSchema = {.type = SchemaType::Object,
                                            .fields = kStatusChecksItemFields};

constexpr Schema kStatusChecksSchema = {.type = SchemaType::Array,
                                        .items = &kStatusChecksItemSchema,
                                        .list_type = ListType::Map,
                                        .list_key = "name",
                                        .at_most = 32};

constexpr Schema kStatusRolloutsItemNameSchema = {
    .type = SchemaType::String, .at_least = 1, .at_most = 63};

constexpr Schema kStatusRolloutsItemStateSchema = {.type = SchemaType::String, .at_most = 32};

constexpr Schema kStatusRolloutsItemStepSchema = {.type = SchemaType::Integer,
                                                  .format = Format::Int32};

constexpr Schema kStatusRolloutsItemStepsSchema = {.type = SchemaType::Integer,
                                                   .format = Format::Int32};

constexpr Schema kStatusRolloutsItemWeightSchema = {.type = SchemaType::Integer,
                                                    .format = Format::Int32};

constexpr Schema kStatusRolloutsItemStepAtSchema = {
    .type = SchemaType::String, .format = Format::DateTime, .at_most = 40};

constexpr Schema kStatusRolloutsItemCandidateSchema = {.type = SchemaType::String, .at_most = 400};

constexpr Schema kStatusRolloutsItemReplicasSchema = {.type = SchemaType::Integer,
                                                      .format = Format::Int64};

constexpr Schema kStatusRolloutsItemReadySchema = {.type = SchemaType::Integer,
                                                   .format = Format::Int64};

constexpr Schema kStatusRolloutsItemStableReadySchema = {.type = SchemaType::Integer,
                                                         .format = Format::Int64};

constexpr Schema kStatusRolloutsItemStableNeededSchema = {.type = SchemaType::Integer,
                                                          .format = Format::Int64};

constexpr Schema kStatusRolloutsItemAnalysisSchema = {.type = SchemaType::String, .at_most = 16};

constexpr Schema kStatusRolloutsItemMessageSchema = {.type = SchemaType::String, .at_most = 512};

constexpr Field kStatusRolloutsItemFields[] = {
    {"name", &kStatusRolloutsItemNameSchema, true, "", "Name of the rollout."},
    {"state",
     &kStatusRolloutsItemStateSchema,
     true,
     "",
     "Waiting, Scaling, Running, AwaitingApproval, Paused, Inconclusive, Baking, Promoting, "
     "Reporting, Promoted, RollingBack, RolledBack, Contested, Planned (a dry run), Suspended, "
     "Refused, Missing, Forbidden or Unknown."},
    {"step", &kStatusRolloutsItemStepSchema, false, "", "The step that is under way, from 1."},
    {"steps", &kStatusRolloutsItemStepsSchema, false, "", "How many there are."},
    {"weight",
     &kStatusRolloutsItemWeightSchema,
     false,
     "",
     "Percent of the traffic that the candidate gets now, by its route or as a part of all ready "
     "pods."},
    {"stepAt", &kStatusRolloutsItemStepAtSchema, false, "", "Since when the step lasts."},
    {"candidate", &kStatusRolloutsItemCandidateSchema, false, "", "The candidate's Deployment."},
    {"replicas", &kStatusRolloutsItemReplicasSchema, false, "", "How many pods it is to have."},
    {"ready", &kStatusRolloutsItemReadySchema, false, "", "How many of them are ready."},
    {"stableReady",
     &kStatusRolloutsItemStableReadySchema,
     false,
     "",
     "How many pods of the target are ready."},
    {"stableNeeded",
     &kStatusRolloutsItemStableNeededSchema,
     false,
     "",
     "How many of those take all the traffic back at once."},
    {"analysis",
     &kStatusRolloutsItemAnalysisSchema,
     false,
     "",
     "Passed, Failed or Inconclusive; absent before anything was measured."},
    {"message", &kStatusRolloutsItemMessageSchema, false, "", "More, for people."},
};
constexpr Schema kStatusRolloutsItemSchema = {.type = SchemaType::Object,
                                              .fields = kStatusRolloutsItemFields};

constexpr Schema kStatusRolloutsSchema = {.type = SchemaType::Array,
                                          .items = &kStatusRolloutsItemSchema,
                                          .list_type = ListType::Map,
                                          .list_key = "name",
                                          .at_most = 64};

constexpr Schema kStatusImagePrepullItemTargetSchema = {
    .type = SchemaType::String, .at_least = 1, .at_most = 400};

constexpr Schema kStatusImagePrepullItemObjectSchema = {.type = SchemaType::String, .at_most = 700};

constexpr Schema kStatusImagePrepullItemStateSchema = {.type = SchemaType::String, .at_most = 32};

constexpr Schema kStatusImagePrepullItemImagesSchema = {.type = SchemaType::Integer,
                                                        .format = Format::Int64};

constexpr Schema kStatusImagePrepullItemNodesSchema = {.type = SchemaType::Integer,
                                                       .format = Format::Int64};

constexpr Schema kStatusImagePrepullItemPulledSchema = {.type = SchemaType::Integer,
                                                        .format = Format::Int64};

constexpr Schema kStatusImagePrepullItemMessageSchema = {.type = SchemaType::String,
                                                         .at_most = 1024};

constexpr Field kStatusImagePrepullItemFields[] = {
    {"target", &kStatusImagePrepullItemTargetSchema, true, "", "Name of the target."},
    {"object",
     &kStatusImagePrepullItemObjectSchema,
     false,
     "",
     "The DaemonSet that pulls, in the target's namespace."},
    {"state",
     &kStatusImagePrepullItemStateSchema,
     false,
     "",
     "Waiting, Pulling, Pulled, Released, NotNeeded, Suspended, Planned (a dry run), Refused, "
     "Forbidden, Unknown."},
    {"images",
     &kStatusImagePrepullItemImagesSchema,
     false,
     "",
     "How many different images are pulled."},
    {"nodes",
     &kStatusImagePrepullItemNodesSchema,
     false,
     "",
     "On how many nodes they are wanted; after the release, as it was last seen."},
    {"pulled",
     &kStatusImagePrepullItemPulledSchema,
     false,
     "",
     "How many of those nodes have all of them; after the release, as it was last seen."},
    {"message",
     &kStatusImagePrepullItemMessageSchema,
     false,
     "",
     "What the pulls wait for, or why there are none, for people."},
};
constexpr Schema kStatusImagePrepullItemSchema = {.type = SchemaType::Object,
                                                  .fields = kStatusImagePrepullItemFields};

constexpr Schema kStatusImagePrepullSchema = {.type = SchemaType::Array,
                                              .items = &kStatusImagePrepullItemSchema,
                                              .list_type = ListType::Map,
                                              .list_key = "target",
                                              .at_most = 128};

constexpr Schema kStatusTargetsItemNameSchema = {
    .type = SchemaType::String, .at_least = 1, .at_most = 400};

constexpr Schema kStatusTargetsItemObjectSchema = {.type = SchemaType::String, .at_most = 700};

constexpr Schema kStatusTargetsItemAutoscalerSchema = {.type = SchemaType::String, .at_most = 700};

constexpr Schema kStatusTargetsItemInChargeSchema = {.type = SchemaType::String, .at_most = 1024};

constexpr Schema kStatusTargetsItemBaselineMinSchema = {.type = SchemaType::Integer,
                                                        .format = Format::Int64};

constexpr Schema kStatusTargetsItemBaselineMaxSchema = {.type = SchemaType::Integer,
                                                        .format = Format::Int64};

constexpr Schema kStatusTargetsItemBaselineReplicasSchema = {.type = SchemaType::Integer,
                                                             .format = Format::Int64};

constexpr Field kStatusTargetsItemBaselineFields[] = {
    {"min",
     &kStatusTargetsItemBaselineMinSchema,
     false,
     "",
     "The autoscaler's minimum; absent when it was not set."},
    {"max", &kStatusTargetsItemBaselineMaxSchema, false, "", "The autoscaler's maximum."},
    {"replicas",
     &kStatusTargetsItemBaselineReplicasSchema,
     false,
     "",
     "The replicas of a workload without autoscaler."},
};
constexpr Schema kStatusTargetsItemBaselineSchema = {.type = SchemaType::Object,
                                                     .fields = kStatusTargetsItemBaselineFields};

constexpr Schema kStatusTargetsItemUsualSchema = {.type = SchemaType::Integer,
                                                  .format = Format::Int64};

constexpr Schema kStatusTargetsItemZonesSchema = {.type = SchemaType::Integer,
                                                  .format = Format::Int64};

constexpr Schema kStatusTargetsItemFloorSchema = {.type = SchemaType::Integer,
                                                  .format = Format::Int64};

constexpr Schema kStatusTargetsItemCeilingSchema = {.type = SchemaType::Integer,
                                                    .format = Format::Int64};

constexpr Schema kStatusTargetsItemHeldSchema = {.type = SchemaType::Integer,
                                                 .format = Format::Int64};

constexpr Schema kStatusTargetsItemDesiredSchema = {.type = SchemaType::Integer,
                                                    .format = Format::Int64};

constexpr Schema kStatusTargetsItemCurrentSchema = {.type = SchemaType::Integer,
                                                    .format = Format::Int64};

constexpr Schema kStatusTargetsItemReadySchema = {.type = SchemaType::Integer,
                                                  .format = Format::Int64};

constexpr Schema kStatusTargetsItemWantedSchema = {.type = SchemaType::Integer,
                                                   .format = Format::Int64};

constexpr Schema kStatusTargetsItemStepSchema = {
    .type = SchemaType::Integer, .format = Format::Int32, .minimum = 0};

constexpr Schema kStatusTargetsItemStepsSchema = {
    .type = SchemaType::Integer, .format = Format::Int32, .minimum = 0};

constexpr Schema kStatusTargetsItemSteppedAtSchema = {
    .type = SchemaType::String, .format = Format::DateTime, .at_most = 40};

constexpr Schema kStatusTargetsItemLearnedFloorSchema = {.type = SchemaType::Integer,
                                                         .format = Format::Int64};

constexpr Schema kStatusTargetsItemLearnedPeakReadySchema = {.type = SchemaType::Integer,
                                                             .format = Format::Int64};

constexpr Schema kStatusTargetsItemLearnedPeakWantedSchema = {.type = SchemaType::Integer,
                                                              .format = Format::Int64};

constexpr Schema kStatusTargetsItemLearnedPendingItemReasonSchema = {
    .type = SchemaType::String, .at_least = 1, .at_most = 32};

constexpr Schema kStatusTargetsItemLearnedPendingItemCountSchema = {
    .type = SchemaType::Integer, .format = Format::Int64, .minimum = 0};

constexpr Field kStatusTargetsItemLearnedPendingItemFields[] = {
    {"reason",
     &kStatusTargetsItemLearnedPendingItemReasonSchema,
     true,
     "",
     "As in `pending` of the target."},
    {"count",
     &kStatusTargetsItemLearnedPendingItemCountSchema,
     true,
     "",
     "The most pods that waited for it at one look."},
};
constexpr Schema kStatusTargetsItemLearnedPendingItemSchema = {
    .type = SchemaType::Object, .fields = kStatusTargetsItemLearnedPendingItemFields};

constexpr Schema kStatusTargetsItemLearnedPendingSchema = {
    .type = SchemaType::Array,
    .items = &kStatusTargetsItemLearnedPendingItemSchema,
    .list_type = ListType::Atomic,
    .at_most = 8};

constexpr Schema kStatusTargetsItemLearnedStepsItemAtSchema = {
    .type = SchemaType::String, .format = Format::DateTime, .at_most = 40};

constexpr Schema kStatusTargetsItemLearnedStepsItemFromSchema = {
    .type = SchemaType::Integer, .format = Format::Int64, .minimum = 0};

constexpr Schema kStatusTargetsItemLearnedStepsItemFloorSchema = {
    .type = SchemaType::Integer, .format = Format::Int64, .minimum = 0};

constexpr Schema kStatusTargetsItemLearnedStepsItemReadyAfterSecondsSchema = {
    .type = SchemaType::Integer, .format = Format::Int64, .minimum = 0};

constexpr Field kStatusTargetsItemLearnedStepsItemFields[] = {
    {"at", &kStatusTargetsItemLearnedStepsItemAtSchema, true, "", "When its floor was asked for."},
    {"from",
     &kStatusTargetsItemLearnedStepsItemFromSchema,
     true,
     "",
     "Replicas that were ready then."},
    {"floor", &kStatusTargetsItemLearnedStepsItemFloorSchema, true, "", "Its floor."},
    {"readyAfterSeconds",
     &kStatusTargetsItemLearnedStepsItemReadyAfterSecondsSchema,
     false,
     "",
     "After how long `ramp.up.readyPercent` of it was first seen ready, rounded up; absent when it "
     "was not before the floor went down."},
};
constexpr Schema kStatusTargetsItemLearnedStepsItemSchema = {
    .type = SchemaType::Object, .fields = kStatusTargetsItemLearnedStepsItemFields};

constexpr Schema kStatusTargetsItemLearnedStepsSchema = {
    .type = SchemaType::Array,
    .items = &kStatusTargetsItemLearnedStepsItemSchema,
    .list_type = ListType::Atomic,
    .at_most = 50};

constexpr Field kStatusTargetsItemLearnedFields[] = {
    {"floor",
     &kStatusTargetsItemLearnedFloorSchema,
     false,
     "",
     "The highest floor that was in force."},
    {"peakReady",
     &kStatusTargetsItemLearnedPeakReadySchema,
     false,
     "",
     "The most replicas that were ready while the sale was on."},
    {"peakWanted",
     &kStatusTargetsItemLearnedPeakWantedSchema,
     false,
     "",
     "The most that load asked of the autoscaler while the sale was on, our own floor aside; "
     "absent where its metrics never told."},
    {"pending",
     &kStatusTargetsItemLearnedPendingSchema,
     false,
     "",
     "What its pods waited for, besides their own start; the most that waited at one look."},
    {"steps",
     &kStatusTargetsItemLearnedStepsSchema,
     false,
     "",
     "The latest steps of the way up that were made before enough replicas for them were ready: "
     "the others added none, and say nothing of how long pods take."},
};
constexpr Schema kStatusTargetsItemLearnedSchema = {.type = SchemaType::Object,
                                                    .fields = kStatusTargetsItemLearnedFields};

constexpr Schema kStatusTargetsItemLastRunUsualSchema = {.type = SchemaType::Integer,
                                                         .format = Format::Int64};

constexpr Schema kStatusTargetsItemLastRunFloorSchema = {.type = SchemaType::Integer,
                                                         .format = Format::Int64};

constexpr Schema kStatusTargetsItemLastRunPeakReadySchema = {.type = SchemaType::Integer,
                                                             .format = Format::Int64};

constexpr Schema kStatusTargetsItemLastRunPeakWantedSchema = {.type = SchemaType::Integer,
                                                              .format = Format::Int64};

constexpr Schema kStatusTargetsItemLastRunStepsSchema = {
    .type = SchemaType::Integer, .format = Format::Int32, .minimum = 0, .maximum = 50};

constexpr Schema kStatusTargetsItemLastRunNeverReadySchema = {
    .type = SchemaType::Integer, .format = Format::Int32, .minimum = 0, .maximum = 50};

constexpr Schema kStatusTargetsItemLastRunMostAddedSchema = {
    .type = SchemaType::Integer, .format = Format::Int64, .minimum = 0};

constexpr Schema kStatusTargetsItemLastRunReadyAfterSecondsSchema = {
    .type = SchemaType::Integer, .format = Format::Int64, .minimum = 0};

constexpr Field kStatusTargetsItemLastRunFields[] = {
    {"usual",
     &kStatusTargetsItemLastRunUsualSchema,
     false,
     "",
     "What normally ran when it prepared."},
    {"floor",
     &kStatusTargetsItemLastRunFloorSchema,
     false,
     "",
     "The highest floor that was in force."},
    {"peakReady",
     &kStatusTargetsItemLastRunPeakReadySchema,
     false,
     "",
     "The most replicas that were ready while the sale was on."},
    {"peakWanted",
     &kStatusTargetsItemLastRunPeakWantedSchema,
     false,
     "",
     "The most that load asked for while the sale was on; absent where it was not known."},
    {"steps",
     &kStatusTargetsItemLastRunStepsSchema,
     false,
     "",
     "Steps of its way up that had to wait for replicas."},
    {"neverReady",
     &kStatusTargetsItemLastRunNeverReadySchema,
     false,
     "",
     "Those of them that were not ready before the floor went down."},
    {"mostAdded",
     &kStatusTargetsItemLastRunMostAddedSchema,
     false,
     "",
     "The most replicas that one of those steps, of those that became ready, waited for."},
    {"readyAfterSeconds",
     &kStatusTargetsItemLastRunReadyAfterSecondsSchema,
     false,
     "",
     "After how long 95 % of those steps were ready (nearest rank); absent when that many never "
     "were."},
};
}  // namespace
extern const Schema kStatusTargetsItemLastRunSchema;
constinit const Schema kStatusTargetsItemLastRunSchema = {
    .type = SchemaType::Object, .fields = kStatusTargetsItemLastRunFields};

namespace {

constexpr Schema kStatusTargetsItemStateSchema = {.type = SchemaType::String, .at_most = 32};

constexpr Schema kStatusTargetsItemPendingItemReasonSchema = {
    .type = SchemaType::String, .at_least = 1, .at_most = 32};

constexpr Schema kStatusTargetsItemPendingItemCountSchema = {
    .type = SchemaType::Integer, .format = Format::Int64, .minimum = 0};

constexpr Schema kStatusTargetsItemPendingItemMessageSchema = {.type = SchemaType::String,
                                                               .at_most = 1024};

constexpr Field kStatusTargetsItemPendingItemFields[] = {
    {"reason",
     &kStatusTargetsItemPendingItemReasonSchema,
     true,
     "",
     "QuotaExceeded, NotCreated, ImageNotPulled, ConfigMissing, Crashing, PodFailed, "
     "Unschedulable, SchedulingGated, NotScheduled, ReadinessProbe or Starting."},
    {"count",
     &kStatusTargetsItemPendingItemCountSchema,
     true,
     "",
     "How many pods; of the first 500 that are looked at."},
    {"message",
     &kStatusTargetsItemPendingItemMessageSchema,
     false,
     "",
     "What the scheduler, the kubelet or a quota says of one of them."},
};
constexpr Schema kStatusTargetsItemPendingItemSchema = {
    .type = SchemaType::Object, .fields = kStatusTargetsItemPendingItemFields};

constexpr Schema kStatusTargetsItemPendingSchema = {.type = SchemaType::Array,
                                                    .items = &kStatusTargetsItemPendingItemSchema,
                                                    .list_type = ListType::Atomic,
                                                    .at_most = 8};

constexpr Schema kStatusTargetsItemMessageSchema = {.type = SchemaType::String, .at_most = 1024};

constexpr Field kStatusTargetsItemFields[] = {
    {"name",
     &kStatusTargetsItemNameSchema,
     true,
     "",
     "Name of the target; `target/kind/name` of one that a selector found."},
    {"object", &kStatusTargetsItemObjectSchema, false, "", "The workload."},
    {"autoscaler",
     &kStatusTargetsItemAutoscalerSchema,
     false,
     "",
     "What scales it and is held; absent when there is none."},
    {"inCharge",
     &kStatusTargetsItemInChargeSchema,
     false,
     "",
     "Who decides how many replicas it has, as far as was found: the workload < what scales it < "
     "what made that. The last one is held."},
    {"baseline",
     &kStatusTargetsItemBaselineSchema,
     false,
     "",
     "What was there before anything was held."},
    {"usual",
     &kStatusTargetsItemUsualSchema,
     false,
     "",
     "What normally runs, recorded once when preparation begins."},
    {"zones",
     &kStatusTargetsItemZonesSchema,
     false,
     "",
     "Zones in which there are nodes, recorded once when preparation begins; absent where the need "
     "does not ask."},
    {"floor",
     &kStatusTargetsItemFloorSchema,
     false,
     "",
     "What the spec asks for at the full floor."},
    {"ceiling", &kStatusTargetsItemCeilingSchema, false, "", "The maximum that goes with it."},
    {"held", &kStatusTargetsItemHeldSchema, false, "", "The floor in force now."},
    {"desired",
     &kStatusTargetsItemDesiredSchema,
     false,
     "",
     "What the autoscaler or the workload wants now."},
    {"current", &kStatusTargetsItemCurrentSchema, false, "", "Replicas that exist now."},
    {"ready", &kStatusTargetsItemReadySchema, false, "", "Replicas that are ready now."},
    {"wanted",
     &kStatusTargetsItemWantedSchema,
     false,
     "",
     "What demand asks for, our own floor aside."},
    {"step", &kStatusTargetsItemStepSchema, false, "", "The step of the ramp that is in force."},
    {"steps", &kStatusTargetsItemStepsSchema, false, "", "How many steps the ramp has."},
    {"steppedAt",
     &kStatusTargetsItemSteppedAtSchema,
     false,
     "",
     "When the floor was last changed by us."},
    {"learned",
     &kStatusTargetsItemLearnedSchema,
     false,
     "",
     "What this run showed. A peak is the highest that was seen when it was written down: when "
     "something else of the status changed, when a tenth more was seen (two replicas at least), or "
     "when load passed the floor. What was seen at other times is less than that above it."},
    {"lastRun",
     &kStatusTargetsItemLastRunSchema,
     false,
     "",
     "What the run before this one showed, of the event or of the schedule that made it."},
    {"state",
     &kStatusTargetsItemStateSchema,
     false,
     "",
     "For people, such as Ramping, Held, Lowering, Restored or Missing."},
    {"pending",
     &kStatusTargetsItemPendingSchema,
     false,
     "",
     "What its pods wait for while they are not ready, looked at every quarter of a minute."},
    {"message", &kStatusTargetsItemMessageSchema, false, "", "More, for people."},
};
constexpr Schema kStatusTargetsItemSchema = {.type = SchemaType::Object,
                                             .fields = kStatusTargetsItemFields};

constexpr Schema kStatusTargetsSchema = {.type = SchemaType::Array,
                                         .items = &kStatusTargetsItemSchema,
                                         .list_type = ListType::Map,
                                         .list_key = "name",
                                         .at_most = 128};

constexpr Schema kStatusHoldsItemNameSchema = {.type = SchemaType::String, .at_most = 400};

constexpr Schema kStatusHoldsItemObjectApiVersionSchema = {.type = SchemaType::String,
                                                           .at_most = 300};

constexpr Schema kStatusHoldsItemObjectGroupSchema = {.type = SchemaType::String, .at_most = 253};

constexpr Schema kStatusHoldsItemObjectKindSchema = {
    .type = SchemaType::String, .at_least = 1, .at_most = 63};

constexpr Schema kStatusHoldsItemObjectNamespaceSchema = {.type = SchemaType::String,
                                                          .at_most = 63};

constexpr Schema kStatusHoldsItemObjectNameSchema = {
    .type = SchemaType::String, .at_least = 1, .at_most = 253};

constexpr Field kStatusHoldsItemObjectFields[] = {
    {"apiVersion",
     &kStatusHoldsItemObjectApiVersionSchema,
     false,
     "",
     "Group and version under which it was written."},
    {"group",
     &kStatusHoldsItemObjectGroupSchema,
     false,
     "",
     "Its group; absent for the core group."},
    {"kind", &kStatusHoldsItemObjectKindSchema, true, "", "Its kind."},
    {"namespace",
     &kStatusHoldsItemObjectNamespaceSchema,
     false,
     "",
     "Its namespace; absent for a kind without namespaces."},
    {"name", &kStatusHoldsItemObjectNameSchema, true, "", "Its name."},
};
constexpr Schema kStatusHoldsItemObjectSchema = {.type = SchemaType::Object,
                                                 .fields = kStatusHoldsItemObjectFields};

constexpr Schema kStatusHoldsItemUidSchema = {.type = SchemaType::String, .at_most = 64};

constexpr Schema kStatusHoldsItemSerialSchema = {
    .type = SchemaType::Integer, .format = Format::Int64, .minimum = 0};

constexpr Schema kStatusHoldsItemFieldSchema = {
    .type = SchemaType::String, .at_least = 1, .at_most = 512};

constexpr Schema kStatusHoldsItemInsideSchema = {.type = SchemaType::String, .at_most = 512};

constexpr Schema kStatusHoldsItemCopySchema = {.type = SchemaType::String, .at_most = 16384};

constexpr Schema kStatusHoldsItemBaselineSchema = {.type = SchemaType::String, .at_most = 4096};

constexpr Schema kStatusHoldsItemRequestedSchema = {.type = SchemaType::String, .at_most = 4096};

constexpr Schema kStatusHoldsItemAppliedSchema = {.type = SchemaType::String, .at_most = 4096};

constexpr Schema kStatusHoldsItemLiveSchema = {.type = SchemaType::String, .at_most = 4096};

constexpr Schema kStatusHoldsItemSteppedAtSchema = {
    .type = SchemaType::String, .format = Format::DateTime, .at_most = 40};

constexpr Schema kStatusHoldsItemPeakSchema = {.type = SchemaType::Integer,
                                               .format = Format::Int64};

constexpr Schema kStatusHoldsItemContestReassertedSchema = {
    .type = SchemaType::Integer, .format = Format::Int32, .minimum = 0};

constexpr Schema kStatusHoldsItemContestAtSchema = {
    .type = SchemaType::String, .format = Format::DateTime, .at_most = 40};

constexpr Schema kStatusHoldsItemContestBySchema = {.type = SchemaType::String, .at_most = 256};

constexpr Schema kStatusHoldsItemContestChangeSchema = {.type = SchemaType::String, .at_most = 320};

constexpr Schema kStatusHoldsItemContestYieldedSchema = {.type = SchemaType::Boolean};

constexpr Field kStatusHoldsItemContestFields[] = {
    {"reasserted",
     &kStatusHoldsItemContestReassertedSchema,
     false,
     "",
     "How often our value was written again."},
    {"at", &kStatusHoldsItemContestAtSchema, false, "", "When last."},
    {"by", &kStatusHoldsItemContestBySchema, false, "", "The field manager that wrote last."},
    {"change", &kStatusHoldsItemContestChangeSchema, false, "", "Which of its changes that was."},
    {"yielded",
     &kStatusHoldsItemContestYieldedSchema,
     false,
     "",
     "The other writer's value stays."},
};
constexpr Schema kStatusHoldsItemContestSchema = {.type = SchemaType::Object,
                                                  .fields = kStatusHoldsItemContestFields};

constexpr Schema kStatusHoldsItemHoldersItemSchema = {.type = SchemaType::String, .at_most = 320};

constexpr Schema kStatusHoldsItemHoldersSchema = {.type = SchemaType::Array,
                                                  .items = &kStatusHoldsItemHoldersItemSchema,
                                                  .list_type = ListType::Atomic,
                                                  .at_most = 32};

constexpr Schema kStatusHoldsItemStateSchema = {.type = SchemaType::String, .at_most = 32};

constexpr Schema kStatusHoldsItemMessageSchema = {.type = SchemaType::String, .at_most = 1024};

constexpr Field kStatusHoldsItemFields[] = {
    {"name", &kStatusHoldsItemNameSchema, false, "", "The target or hold that wants it."},
    {"object", &kStatusHoldsItemObjectSchema, true, "", "Whose field it is."},
    {"uid", &kStatusHoldsItemUidSchema, false, "", "UID of the object when it was written."},
    {"serial",
     &kStatusHoldsItemSerialSchema,
     false,
     "",
     "Counts the writes of the object's record."},
    {"field", &kStatusHoldsItemFieldSchema, true, "", "JSON Pointer of the field."},
    {"inside",
     &kStatusHoldsItemInsideSchema,
     false,
     "",
     "The path within a document kept in that field."},
    {"copy",
     &kStatusHoldsItemCopySchema,
     false,
     "",
     "The record of this field as it stands in the object's annotation."},
    {"baseline",
     &kStatusHoldsItemBaselineSchema,
     false,
     "",
     "The value before, as JSON text; absent when the field was absent."},
    {"requested",
     &kStatusHoldsItemRequestedSchema,
     false,
     "",
     "The value asked for, as JSON text."},
    {"applied",
     &kStatusHoldsItemAppliedSchema,
     false,
     "",
     "What the server made of it, as JSON text."},
    {"live", &kStatusHoldsItemLiveSchema, false, "", "The value last seen, as JSON text."},
    {"steppedAt",
     &kStatusHoldsItemSteppedAtSchema,
     false,
     "",
     "When a ramp last changed what is asked for."},
    {"peak",
     &kStatusHoldsItemPeakSchema,
     false,
     "",
     "From what height the way down began; absent on the way up."},
    {"contest",
     &kStatusHoldsItemContestSchema,
     false,
     "",
     "What is remembered of another writer of the field."},
    {"holders",
     &kStatusHoldsItemHoldersSchema,
     false,
     "",
     "The events that keep it, as namespace/name."},
    {"state",
     &kStatusHoldsItemStateSchema,
     false,
     "",
     "For people, such as Held, Restored, Contested, Yielded or RouteContested."},
    {"message", &kStatusHoldsItemMessageSchema, false, "", "More, for people."},
};
constexpr Schema kStatusHoldsItemSchema = {.type = SchemaType::Object,
                                           .fields = kStatusHoldsItemFields};

constexpr Schema kStatusHoldsSchema = {.type = SchemaType::Array,
                                       .items = &kStatusHoldsItemSchema,
                                       .list_type = ListType::Atomic,
                                       .at_most = 256};

constexpr Field kSpecFields[] = {
    {"window", &kSpecWindowSchema, true, "", "When the sale is."},
    {"serviceAccountName",
     &kSpecServiceAccountNameSchema,
     false,
     R"("default")",
     "The ServiceAccount of this namespace on whose behalf objects are touched: what it may not "
     "change, this event does not change."},
    {"freeze",
     &kSpecFreezeSchema,
     false,
     "",
     "Nobody but Doorbuster changes what runs in the namespace while this lasts, unless they have "
     "the verb `breakglass` on the event. The admission policy `freeze.doorbuster.dev` refuses it, "
     "in the API server itself; scaling goes on, and a rollback is never barred."},
    {"deletionPolicy",
     &kSpecDeletionPolicySchema,
     false,
     R"("Ramp")",
     "What deleting this event in mid-sale does. `Ramp` restores step by step as at the end, "
     "`Immediate` restores at once, `Orphan` leaves every value as it is and forgets it."},
    {"suspend",
     &kSpecSuspendSchema,
     false,
     R"(false)",
     "Change nothing further; keep what is held."},
    {"mode",
     &kSpecModeSchema,
     false,
     R"("Live")",
     "`Live` acts. `DryRun` computes everything, reports it in status and writes nothing else."},
    {"capacity",
     &kSpecCapacitySchema,
     false,
     R"({})",
     "Workloads that need more replicas during the sale."},
    {"holds",
     &kSpecHoldsSchema,
     false,
     "",
     "Fields of other objects, each kept at a value for a part of the sale and then put back."},
    {"checks",
     &kSpecChecksSchema,
     false,
     "",
     "What says of the sale's health, event-wide, whether it is good, bad or not known. Each is "
     "measured from the beginning of preparation until everything is back. A provider that does "
     "not answer is never a bad check."},
    {"gates",
     &kSpecGatesSchema,
     false,
     "",
     "What a rollout waits for besides its checks, where a step of it names the gate."},
    {"maxConcurrentRollouts",
     &kSpecMaxConcurrentRolloutsSchema,
     false,
     "",
     "So many rollouts are under way at one time, at the most; further ones wait for their turn. "
     "Absent, all."},
    {"rollouts",
     &kSpecRolloutsSchema,
     false,
     "",
     "Releases inside the sale. A candidate, a Deployment of Doorbuster's own beside the user's, "
     "takes a growing share of the traffic; the user's Deployment stays as it is until the "
     "candidate has passed."},
};
constexpr Field kStatusFields[] = {
    {"observedGeneration",
     &kStatusObservedGenerationSchema,
     false,
     "",
     "The generation of the spec that this status speaks of; -1 before the first look."},
    {"phase",
     &kStatusPhaseSchema,
     false,
     "",
     "For people: Scheduled, Preparing, Ready, Live, CoolingDown, Completed, Suspended or Failed. "
     "Programs read the conditions."},
    {"verdict",
     &kStatusVerdictSchema,
     false,
     "",
     "Whether the sale can go ahead as asked, for people."},
    {"feasibility",
     &kStatusFeasibilitySchema,
     false,
     "",
     "Whether the floors will fit, as last looked at before the start."},
    {"message", &kStatusMessageSchema, false, "", "The most important thing to know now."},
    {"install",
     &kStatusInstallSchema,
     false,
     "",
     "Which Doorbuster carries this event out; another one leaves it alone."},
    {"run",
     &kStatusRunSchema,
     false,
     "",
     "Counts how often the window was begun anew by editing it after it was over."},
    {"targetsReady",
     &kStatusTargetsReadySchema,
     false,
     "",
     "Targets that are ready of those that there are, such as `12/12`."},
    {"nextDue",
     &kStatusNextDueSchema,
     false,
     "",
     "The next instant at which something is due, in UTC."},
    {"nextReason", &kStatusNextReasonSchema, false, "", "What is due then."},
    {"conditions", &kStatusConditionsSchema, false, "", "The state of the event for programs."},
    {"window", &kStatusWindowSchema, false, "", "The window as instants in UTC."},
    {"decisions",
     &kStatusDecisionsSchema,
     false,
     "",
     "What was decided and outlives a restart; of one kind about one subject the latest stands."},
    {"freeze", &kStatusFreezeSchema, false, "", "Whether what runs is frozen."},
    {"headroom",
     &kStatusHeadroomSchema,
     false,
     "",
     "One row for each target whose node room is prepared."},
    {"checks", &kStatusChecksSchema, false, "", "One row for each check."},
    {"rollouts", &kStatusRolloutsSchema, false, "", "One row for each rollout."},
    {"imagePrepull",
     &kStatusImagePrepullSchema,
     false,
     "",
     "One row for each target whose images are pulled ahead."},
    {"targets",
     &kStatusTargetsSchema,
     false,
     "",
     "One row for each target; for each workload that a selector found."},
    {"holds",
     &kStatusHoldsSchema,
     false,
     "",
     "The second copy of what is held: a row for each field. The first copy is the annotation "
     "`doorbuster.dev/holds` of the held object."},
};

}  // namespace

constinit const Schema kSaleEventSpecSchema = {.type = SchemaType::Object, .fields = kSpecFields};

constinit const Schema kSaleEventStatusSchema = {.type = SchemaType::Object,
                                                 .fields = kStatusFields};

}  // namespace doorbuster::api
