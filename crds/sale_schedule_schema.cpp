// Made by hack/generate from crds/doorbuster.dev_saleschedules.yaml; do not edit.
#include "crds/patterns.h"
#include "crds/schema.h"
#include "crds/twins.h"

namespace doorbuster::api {
extern const Schema kSpecWindowPrepareSchema;
extern const Schema kSpecWindowCooldownSchema;
extern const Schema kSpecWindowOnNotReadySchema;
extern const Schema kSpecServiceAccountNameSchema;
extern const Schema kSpecFreezeSchema;
extern const Schema kSpecDeletionPolicySchema;
extern const Schema kSpecSuspendSchema;
extern const Schema kSpecModeSchema;
extern const Schema kSpecCapacitySchema;
extern const Schema kSpecHoldsSchema;
extern const Schema kSpecChecksSchema;
extern const Schema kSpecGatesSchema;
extern const Schema kSpecMaxConcurrentRolloutsSchema;
extern const Schema kSpecRolloutsSchema;
extern const Schema kStatusTargetsItemLastRunSchema;
extern const Schema kStatusConditionsSchema;
namespace {

constexpr Schema kScheduleSpecScheduleSchema = {
    .type = SchemaType::String,
    .pattern =
        {patterns::cron_text,
         "five fields as in a CronJob, such as `0 18 * * FRI`, one blank apart, or a macro such as "
         "`@weekly`",
         R"re(^(@(yearly|annually|monthly|weekly|daily|midnight|hourly)|[0-9A-Za-z*?/,-]+( [0-9A-Za-z*?/,-]+){4})$)re"},
    .at_least = 1,
    .at_most = 256};

constexpr Schema kScheduleSpecTimeZoneSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::zone_name,
                "the name of a time zone such as `Europe/Berlin`",
                R"re(^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$)re"},
    .at_least = 1,
    .at_most = 64};

constexpr Rule kScheduleSpecDurationRules[] = {
    {twins::at_least_1_minute,
     "",
     "must be at least `1m`",
     R"re(duration(self) >= duration('1m'))re"},
    {twins::at_most_30_days,
     "",
     "must be at most `720h` (30 days)",
     R"re(duration(self) <= duration('720h'))re"},
};
constexpr Schema kScheduleSpecDurationSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::duration_text,
                "a duration such as `90m`, `1h30m` or `0s`",
                R"re(^([0-9]{1,5}(\.[0-9]{1,3})?(ms|s|m|h))+$)re"},
    .at_most = 32,
    .rules = kScheduleSpecDurationRules};

constexpr Schema kScheduleSpecAlsoItemSchema = {
    .type = SchemaType::String,
    .pattern =
        {patterns::window_time,
         "a time such as `2026-11-27T09:00:00` (with `timeZone`) or `2026-11-27T09:00:00+01:00`, "
         "on a day that exists",
         R"re(^(2[0-9]{3}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))|(2[048]00|2[0-9](0[48]|[2468][048]|[13579][26]))-02-29)T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])?$)re"},
    .at_most = 32};

constexpr Schema kScheduleSpecAlsoSchema = {.type = SchemaType::Array,
                                            .items = &kScheduleSpecAlsoItemSchema,
                                            .list_type = ListType::Set,
                                            .at_most = 100};

constexpr Schema kScheduleSpecExceptItemSchema = {
    .type = SchemaType::String,
    .pattern =
        {patterns::calendar_day,
         "a day that exists, such as `2026-12-25`",
         R"re(^(2[0-9]{3}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))|(2[048]00|2[0-9](0[48]|[2468][048]|[13579][26]))-02-29)$)re"},
    .at_most = 10};

constexpr Schema kScheduleSpecExceptSchema = {.type = SchemaType::Array,
                                              .items = &kScheduleSpecExceptItemSchema,
                                              .list_type = ListType::Set,
                                              .at_most = 366};

constexpr Rule kScheduleSpecCreateAheadRules[] = {
    {twins::at_most_60_days,
     "",
     "must be at most `1440h` (60 days)",
     R"re(duration(self) <= duration('1440h'))re"},
};
constexpr Schema kScheduleSpecCreateAheadSchema = {
    .type = SchemaType::String,
    .pattern = {patterns::duration_text,
                "a duration such as `90m`, `1h30m` or `0s`",
                R"re(^([0-9]{1,5}(\.[0-9]{1,3})?(ms|s|m|h))+$)re"},
    .at_most = 32,
    .rules = kScheduleSpecCreateAheadRules};

constexpr std::string_view kScheduleSpecConcurrencyAllowed[] = {"Allow", "Forbid", "Replace"};
constexpr Schema kScheduleSpecConcurrencySchema = {.type = SchemaType::String,
                                                   .allowed = kScheduleSpecConcurrencyAllowed};

constexpr Schema kScheduleSpecSuspendSchema = {.type = SchemaType::Boolean};

constexpr Schema kScheduleSpecHistoryCompletedSchema = {
    .type = SchemaType::Integer, .format = Format::Int32, .minimum = 0, .maximum = 100};

constexpr Schema kScheduleSpecHistoryFailedSchema = {
    .type = SchemaType::Integer, .format = Format::Int32, .minimum = 0, .maximum = 100};

constexpr Field kScheduleSpecHistoryFields[] = {
    {"completed",
     &kScheduleSpecHistoryCompletedSchema,
     false,
     R"(3)",
     "Of those that were carried out and have put everything back."},
    {"failed",
     &kScheduleSpecHistoryFailedSchema,
     false,
     R"(3)",
     "Of those that were not, or left something for people to look at."},
};
constexpr Schema kScheduleSpecHistorySchema = {.type = SchemaType::Object,
                                               .fields = kScheduleSpecHistoryFields};

constexpr Field kScheduleSpecTemplateSpecWindowFields[] = {
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
constexpr Schema kScheduleSpecTemplateSpecWindowSchema = {
    .type = SchemaType::Object, .fields = kScheduleSpecTemplateSpecWindowFields};

constexpr Field kScheduleSpecTemplateSpecFields[] = {
    {"window",
     &kScheduleSpecTemplateSpecWindowSchema,
     false,
     R"({})",
     "What surrounds the sale itself."},
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
constexpr Schema kScheduleSpecTemplateSpecSchema = {.type = SchemaType::Object,
                                                    .fields = kScheduleSpecTemplateSpecFields};

constexpr Field kScheduleSpecTemplateFields[] = {
    {"spec",
     &kScheduleSpecTemplateSpecSchema,
     true,
     "",
     "The spec of a SaleEvent, without the times, which come from the schedule."},
};
constexpr Schema kScheduleSpecTemplateSchema = {.type = SchemaType::Object,
                                                .fields = kScheduleSpecTemplateFields};

constexpr Schema kScheduleStatusObservedGenerationSchema = {.type = SchemaType::Integer,
                                                            .format = Format::Int64};

constexpr Schema kScheduleStatusAcceptedAtSchema = {
    .type = SchemaType::String, .format = Format::DateTime, .at_most = 40};

constexpr Schema kScheduleStatusMessageSchema = {.type = SchemaType::String, .at_most = 1024};

constexpr Schema kScheduleStatusInstallSchema = {.type = SchemaType::String, .at_most = 63};

constexpr Schema kScheduleStatusNextSchema = {
    .type = SchemaType::String, .format = Format::DateTime, .at_most = 40};

constexpr Schema kScheduleStatusNextDueSchema = {
    .type = SchemaType::String, .format = Format::DateTime, .at_most = 40};

constexpr Schema kScheduleStatusLastSchema = {
    .type = SchemaType::String, .format = Format::DateTime, .at_most = 40};

constexpr Schema kScheduleStatusActiveSchema = {
    .type = SchemaType::Integer, .format = Format::Int32, .minimum = 0};

constexpr Schema kScheduleStatusTzdataSchema = {.type = SchemaType::String, .at_most = 32};

constexpr Schema kScheduleStatusOccurrencesItemNameSchema = {
    .type = SchemaType::String, .at_least = 1, .at_most = 63};

constexpr Schema kScheduleStatusOccurrencesItemStartSchema = {
    .type = SchemaType::String, .format = Format::DateTime, .at_most = 40};

constexpr Schema kScheduleStatusOccurrencesItemStateSchema = {
    .type = SchemaType::String, .at_least = 1, .at_most = 32};

constexpr Schema kScheduleStatusOccurrencesItemMessageSchema = {.type = SchemaType::String,
                                                                .at_most = 512};

constexpr Field kScheduleStatusOccurrencesItemFields[] = {
    {"name", &kScheduleStatusOccurrencesItemNameSchema, true, "", "The name of its SaleEvent."},
    {"start", &kScheduleStatusOccurrencesItemStartSchema, true, "", "When the sale starts."},
    {"state",
     &kScheduleStatusOccurrencesItemStateSchema,
     true,
     "",
     "Created, Deleted (by somebody else: it is not created again), Replaced, Overlaps, Missed (no "
     "operator ran through all of it) or NameTaken."},
    {"message", &kScheduleStatusOccurrencesItemMessageSchema, false, "", "More, for people."},
};
constexpr Schema kScheduleStatusOccurrencesItemSchema = {
    .type = SchemaType::Object, .fields = kScheduleStatusOccurrencesItemFields};

constexpr Schema kScheduleStatusOccurrencesSchema = {.type = SchemaType::Array,
                                                     .items = &kScheduleStatusOccurrencesItemSchema,
                                                     .list_type = ListType::Atomic,
                                                     .at_most = 64};

constexpr Schema kScheduleStatusLastRunEventSchema = {.type = SchemaType::String, .at_most = 63};

constexpr Schema kScheduleStatusLastRunStartSchema = {
    .type = SchemaType::String, .format = Format::DateTime, .at_most = 40};

constexpr Schema kScheduleStatusLastRunTargetsItemNameSchema = {
    .type = SchemaType::String, .at_least = 1, .at_most = 63};

constexpr Schema kScheduleStatusLastRunTargetsItemObjectSchema = {.type = SchemaType::String,
                                                                  .at_most = 700};

constexpr Field kScheduleStatusLastRunTargetsItemFields[] = {
    {"name", &kScheduleStatusLastRunTargetsItemNameSchema, true, "", "Name of the target."},
    {"object", &kScheduleStatusLastRunTargetsItemObjectSchema, false, "", "The workload."},
    {"lastRun",
     &kStatusTargetsItemLastRunSchema,
     false,
     "",
     "What the run before this one showed, of the event or of the schedule that made it."},
};
constexpr Schema kScheduleStatusLastRunTargetsItemSchema = {
    .type = SchemaType::Object, .fields = kScheduleStatusLastRunTargetsItemFields};

constexpr Schema kScheduleStatusLastRunTargetsSchema = {
    .type = SchemaType::Array,
    .items = &kScheduleStatusLastRunTargetsItemSchema,
    .list_type = ListType::Atomic,
    .at_most = 64};

constexpr Field kScheduleStatusLastRunFields[] = {
    {"event", &kScheduleStatusLastRunEventSchema, false, "", "The name of its SaleEvent."},
    {"start", &kScheduleStatusLastRunStartSchema, false, "", "When it started."},
    {"targets",
     &kScheduleStatusLastRunTargetsSchema,
     false,
     "",
     "A row for each target that showed something."},
};
constexpr Schema kScheduleStatusLastRunSchema = {.type = SchemaType::Object,
                                                 .fields = kScheduleStatusLastRunFields};

constexpr Field kScheduleSpecFields[] = {
    {"schedule",
     &kScheduleSpecScheduleSchema,
     true,
     "",
     "When the sales start, as a CronJob writes it: minute, hour, day of month, month, day of week "
     "(`0 18 * * FRI`), or `@weekly` and its like. Where both days are given, either is enough. A "
     "local time that the zone skips is the time that follows after as long (02:30 becomes 03:30); "
     "one that comes twice is the first of the two."},
    {"timeZone",
     &kScheduleSpecTimeZoneSchema,
     false,
     R"("Etc/UTC")",
     "IANA name of the zone in which `schedule`, `also` and `except` are read, such as "
     "`Europe/Berlin`."},
    {"duration",
     &kScheduleSpecDurationSchema,
     true,
     "",
     "How long each sale lasts, by the clock that knows no daylight saving."},
    {"also",
     &kScheduleSpecAlsoSchema,
     false,
     "",
     "Further starts, written like the start of a SaleEvent: a local time that the zone skips is "
     "refused, one that comes twice needs an offset. `except` does not touch them."},
    {"except",
     &kScheduleSpecExceptSchema,
     false,
     "",
     "Local days, such as `2026-12-25`, on which `schedule` starts nothing."},
    {"createAhead",
     &kScheduleSpecCreateAheadSchema,
     false,
     R"("168h")",
     "How long before its start each event is created, so that it can be looked at and prepare."},
    {"concurrency",
     &kScheduleSpecConcurrencySchema,
     false,
     R"("Forbid")",
     "What happens where two events would overlap, from the beginning of their preparation to the "
     "end of their cooldown. `Forbid` leaves the later one out, `Allow` has both, `Replace` "
     "deletes the earlier one (which restores) when the later begins to prepare."},
    {"suspend",
     &kScheduleSpecSuspendSchema,
     false,
     R"(false)",
     "Create nothing further; events that exist stay as they are."},
    {"history",
     &kScheduleSpecHistorySchema,
     false,
     R"({})",
     "How many events that are over are kept, the newest."},
    {"template", &kScheduleSpecTemplateSchema, true, "", "What each event is."},
};
constexpr Rule kScheduleSpecRules[] = {
    {twins::created_before_prepared,
     ".createAhead",
     "must be at least `template.spec.window.prepare` + `1h`",
     R"re(duration(self.createAhead) >= duration(self.template.spec.window.prepare) + duration('1h'))re"},
};
constexpr Field kScheduleStatusFields[] = {
    {"observedGeneration",
     &kScheduleStatusObservedGenerationSchema,
     false,
     "",
     "The generation of the spec that this status speaks of; -1 before the first look."},
    {"acceptedAt",
     &kScheduleStatusAcceptedAtSchema,
     false,
     "",
     "When that generation was taken up. What an edit would have started before then is not "
     "started."},
    {"message", &kScheduleStatusMessageSchema, false, "", "The most important thing to know now."},
    {"install",
     &kScheduleStatusInstallSchema,
     false,
     "",
     "Which Doorbuster carries this schedule out; another one leaves it alone."},
    {"next", &kScheduleStatusNextSchema, false, "", "When the next sale starts."},
    {"nextDue",
     &kScheduleStatusNextDueSchema,
     false,
     "",
     "When this schedule has something to do next."},
    {"last",
     &kScheduleStatusLastSchema,
     false,
     "",
     "The latest start for which an event was created."},
    {"active",
     &kScheduleStatusActiveSchema,
     false,
     "",
     "Events of this schedule that exist and are not over."},
    {"tzdata",
     &kScheduleStatusTzdataSchema,
     false,
     "",
     "The version of the zone rules by which it was computed."},
    {"occurrences",
     &kScheduleStatusOccurrencesSchema,
     false,
     "",
     "What was decided about each start, the latest ones."},
    {"lastRun",
     &kScheduleStatusLastRunSchema,
     false,
     "",
     "What the latest sale that is over showed of its targets: the next ones take it over, whether "
     "or not its event is still kept."},
    {"conditions", &kStatusConditionsSchema, false, "", "The state of the event for programs."},
};

}  // namespace

constinit const Schema kSaleScheduleSpecSchema = {
    .type = SchemaType::Object, .fields = kScheduleSpecFields, .rules = kScheduleSpecRules};

constinit const Schema kSaleScheduleStatusSchema = {.type = SchemaType::Object,
                                                    .fields = kScheduleStatusFields};

}  // namespace doorbuster::api
