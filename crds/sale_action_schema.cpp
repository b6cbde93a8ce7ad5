// Made by hack/generate from crds/doorbuster.dev_saleactions.yaml; do not edit.
#include "crds/patterns.h"
#include "crds/schema.h"
#include "crds/twins.h"

namespace doorbuster::api {
extern const Schema kStatusConditionsSchema;
namespace {

constexpr Schema kActionSpecEventSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::dns_subdomain,
                "a name of lower-case letters, digits, `-` and `.`, such as `checkout`",
                R"re(^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$)re"},
    .at_least = 1,
    .at_most = 63};

constexpr std::string_view kActionSpecActionAllowed[] = {"Start",
                                                         "Promote",
                                                         "Pause",
                                                         "Resume",
                                                         "Retry",
                                                         "RollBack",
                                                         "Approve",
                                                         "Reject",
                                                         "Abort",
                                                         "Extend",
                                                         "EndNow",
                                                         "Degrade",
                                                         "Recover",
                                                         "Restore",
                                                         "BreakGlass"};
constexpr Schema kActionSpecActionSchema = {.type = SchemaType::String,
                                            .allowed = kActionSpecActionAllowed};

constexpr Schema kActionSpecRolloutsItemSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::dns_label,
                "lower-case letters, digits and `-`, such as `order-worker`",
                R"re(^[a-z0-9]([-a-z0-9]*[a-z0-9])?$)re"},
    .at_least = 1,
    .at_most = 63};

constexpr Schema kActionSpecRolloutsSchema = {.type = SchemaType::Array,
                                              .items = &kActionSpecRolloutsItemSchema,
                                              .list_type = ListType::Set,
                                              .at_most = 32};

constexpr Schema kActionSpecGateSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::dns_label,
                "lower-case letters, digits and `-`, such as `order-worker`",
                R"re(^[a-z0-9]([-a-z0-9]*[a-z0-9])?$)re"},
    .at_least = 1,
    .at_most = 63};

constexpr Rule kActionSpecByRules[] = {
    {twins::at_least_1_minute,
     "",
     "must be at least `1m`",
     R"re(duration(self) >= duration('1m'))re"},
    {twins::at_most_7_days,
     "",
     "must be at most `168h` (7 days)",
     R"re(duration(self) <= duration('168h'))re"},
};
constexpr Schema kActionSpecBySchema = {
    .type = SchemaType::String,
    .pattern = {patterns::duration_text,
                "a duration such as `90m`, `1h30m` or `0s`",
                R"re(^([0-9]{1,5}(\.[0-9]{1,3})?(ms|s|m|h))+$)re"},
    .at_most = 32,
    .rules = kActionSpecByRules};

constexpr Schema kActionSpecReasonSchema = {.type = SchemaType::String, .at_most = 1024};

constexpr Schema kActionSpecRequestedBySchema = {
    .type = SchemaType::String, .at_least = 1, .at_most = 256};

constexpr Schema kActionSpecGroupsItemSchema = {
    .type = SchemaType::String, .at_least = 1, .at_most = 256};

constexpr Schema kActionSpecGroupsSchema = {.type = SchemaType::Array,
                                            .items = &kActionSpecGroupsItemSchema,
                                            .list_type = ListType::Set,
                                            .at_most = 64};

constexpr Schema kActionStatusObservedGenerationSchema = {.type = SchemaType::Integer,
                                                          .format = Format::Int64};

constexpr Schema kActionStatusStateSchema = {.type = SchemaType::String, .at_most = 32};

constexpr Schema kActionStatusMessageSchema = {.type = SchemaType::String, .at_most = 1024};

constexpr Schema kActionStatusRunSchema = {
    .type = SchemaType::Integer, .format = Format::Int32, .minimum = 0};

constexpr Schema kActionStatusAcceptedAtSchema = {
    .type = SchemaType::String, .format = Format::DateTime, .at_most = 40};

constexpr Schema kActionStatusFirstWriteAtSchema = {
    .type = SchemaType::String, .format = Format::DateTime, .at_most = 40};

constexpr Schema kActionStatusTrafficVerifiedAtSchema = {
    .type = SchemaType::String, .format = Format::DateTime, .at_most = 40};

constexpr Schema kActionStatusCompletedAtSchema = {
    .type = SchemaType::String, .format = Format::DateTime, .at_most = 40};

constexpr Field kActionSpecFields[] = {
    {"event",
     &kActionSpecEventSchema,
     true,
     "",
     "Name of the SaleEvent, in the namespace of the action."},
    {"action",
     &kActionSpecActionSchema,
     true,
     "",
     "What to do. `EndNow` ends the sale now: its cooldown begins. `Extend` moves its end by `by`. "
     "`Abort` ends it now and puts everything back on the way down that a deletion takes, whatever "
     "`suspend` says. `Restore` puts back at once, after the end or an abort, what is still held, "
     "though load asks for it. `RollBack` sends all traffic of a rollout back to its target, "
     "whatever else there is, and keeps it from beginning; `Start` begins one, `Promote` ends the "
     "step under way, `Pause` and `Resume` hold it there and let it go on, `Retry` begins again "
     "what was rolled back or has failed. `Approve` opens a gate for rollouts that wait at it or "
     "are to come to it, `Reject` fails them. The others are of freezes and degrade levels. What "
     "the event has none of is refused."},
    {"rollouts",
     &kActionSpecRolloutsSchema,
     false,
     "",
     "Names of the rollouts that are meant; all of the event when absent or empty."},
    {"gate", &kActionSpecGateSchema, false, "", "The gate that is approved or rejected."},
    {"by", &kActionSpecBySchema, false, "", "How much later the sale ends, such as `30m`."},
    {"reason", &kActionSpecReasonSchema, false, "", "Why, for whoever reads it later."},
    {"requestedBy",
     &kActionSpecRequestedBySchema,
     false,
     "",
     "Who asks. The shipped admission policy lets only the user's own name pass; without the "
     "policy it is unverified."},
    {"groups",
     &kActionSpecGroupsSchema,
     false,
     "",
     "Groups of whoever asks; the shipped admission policy lets only the user's own pass."},
};
constexpr Rule kActionSpecRules[] = {
    {twins::is_not_changed,
     "",
     "must not be changed; create another SaleAction",
     R"re(self == oldSelf)re"},
    {twins::extension_says_by,
     ".by",
     "must be there with `Extend` and with no other action",
     R"re((self.action == 'Extend') == has(self.by))re"},
    {twins::approval_names_gate,
     ".gate",
     "must be there with `Approve` and `Reject` and with no other action",
     R"re((self.action in ['Approve', 'Reject']) == has(self.gate))re"},
    {twins::approval_says_who,
     ".requestedBy",
     "must be there with `Approve` and `BreakGlass`",
     R"re(!(self.action in ['Approve', 'BreakGlass']) || has(self.requestedBy))re"},
    {twins::rollouts_are_of_a_rollout,
     ".rollouts",
     "must be absent with an action on the whole event",
     R"re(!has(self.rollouts) || self.action in ['Start', 'Promote', 'Pause', 'Resume', 'Retry', 'RollBack', 'Approve', 'Reject'])re"},
};
constexpr Field kActionStatusFields[] = {
    {"observedGeneration",
     &kActionStatusObservedGenerationSchema,
     false,
     "",
     "The generation of the spec that this status speaks of; -1 before the first look."},
    {"state", &kActionStatusStateSchema, false, "", "Accepted, Complete or Refused; for people."},
    {"message", &kActionStatusMessageSchema, false, "", "What happened, or why not."},
    {"run", &kActionStatusRunSchema, false, "", "The run of the event that it was decided in."},
    {"acceptedAt",
     &kActionStatusAcceptedAtSchema,
     false,
     "",
     "When it was accepted; from then on its decision stands in the event's status."},
    {"firstWriteAt",
     &kActionStatusFirstWriteAtSchema,
     false,
     "",
     "When the first object had been written that it led to."},
    {"trafficVerifiedAt",
     &kActionStatusTrafficVerifiedAtSchema,
     false,
     "",
     "Of a `RollBack`, when no candidate got traffic any more, by a route or by pods that are "
     "ready."},
    {"completedAt",
     &kActionStatusCompletedAtSchema,
     false,
     "",
     "When all of it was done, or it was refused."},
    {"conditions", &kStatusConditionsSchema, false, "", "The state of the event for programs."},
};

}  // namespace

constinit const Schema kSaleActionSpecSchema = {
    .type = SchemaType::Object, .fields = kActionSpecFields, .rules = kActionSpecRules};

constinit const Schema kSaleActionStatusSchema = {.type = SchemaType::Object,
                                                  .fields = kActionStatusFields};

}  // namespace doorbuster::api
