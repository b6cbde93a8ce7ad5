#pragma once

// Made by hack/generate from crds/doorbuster.dev_saleevents.yaml; do not edit.

#include "crds/fields.h"
#include "operator/base/instant.h"
#include "operator/base/json.h"
#include "operator/base/node.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace doorbuster::api {

// Spec: std::optional is a field that may be absent; what has a default in the CRD has it here too.
// A Json without text is absent too.
// Status: an empty string, list or optional is absent and is not written.

enum class OnNotReady { Block, Warn, Proceed };
const char* to_string(OnNotReady);

enum class DeletionPolicy { Ramp, Immediate, Orphan };
const char* to_string(DeletionPolicy);

enum class Mode { Live, DryRun };
const char* to_string(Mode);

enum class LabelOperator { In, NotIn, Exists, DoesNotExist };
const char* to_string(LabelOperator);

enum class NeedOf { Current, Minimum };
const char* to_string(NeedOf);

enum class VerticalEvictions { Allowed, Prevented };
const char* to_string(VerticalEvictions);

enum class ScaleDown { Unchanged, Disabled };
const char* to_string(ScaleDown);

enum class OnTimeout { Proceed, Hold };
const char* to_string(OnTimeout);

enum class SalePhase { Prepare, Live, Cooldown };
const char* to_string(SalePhase);

enum class WantedStatus { True, False };
const char* to_string(WantedStatus);

enum class PodsCounted { NotReady, Restarts, OOMKilled };
const char* to_string(PodsCounted);

enum class OnMissing { Unknown, Bad, Good };
const char* to_string(OnMissing);

enum class RolloutKind { Deployment };
const char* to_string(RolloutKind);

enum class ErrorPolicy { Hold, Proceed };
const char* to_string(ErrorPolicy);

enum class OnFailure { RollBack, Pause, Alert };
const char* to_string(OnFailure);

enum class Promotion { Auto, Write, Report, AfterWindow };
const char* to_string(Promotion);

enum class OnWindowEnd { RollBack, Keep, Finish };
const char* to_string(OnWindowEnd);

enum class DesiredRevision { Candidate, Stable };
const char* to_string(DesiredRevision);

enum class ConditionStatus { True, False, Unknown };
const char* to_string(ConditionStatus);

/// When the sale is.
struct WindowSpec {
  /// When the sale begins: a local time read in `timeZone` (`2026-11-27T09:00:00`), or RFC 3339
  /// with an offset (`2026-11-27T09:00:00+01:00`). A local time that the zone skips is refused; one
  /// that comes twice needs an offset.
  std::string start{};
  /// When the sale is over; written like `start` and later than it.
  std::string end{};
  /// IANA name of the zone in which times without an offset are read, such as `Europe/Berlin`.
  std::optional<std::string> time_zone{};
  /// How long before `start` the ramps and the holds of the Prepare phase begin.
  DurationText prepare = {"30m", Duration(1800000)};
  /// How long after `end` restoration may take until it is complete.
  DurationText cooldown = {"30m", Duration(1800000)};
  /// What happens at `start` while targets are not ready. `Block` keeps the holds of the Live phase
  /// back, `Warn` goes on and says so, `Proceed` goes on. Capacity never waits.
  OnNotReady on_not_ready = OnNotReady::Warn;
  bool operator==(const WindowSpec&) const = default;
};

/// Nobody but Doorbuster changes what runs in the namespace while this lasts, unless they have the
/// verb `breakglass` on the event. The admission policy `freeze.doorbuster.dev` refuses it, in the
/// API server itself; scaling goes on, and a rollback is never barred.
struct FreezeSpec {
  /// When it begins: `start`, or so long after the start, before it with `-`, such as `-2h`.
  std::string from = "start";
  /// When it is over, written like `from`; `end` is the end of the sale, also where that is moved.
  std::string until = "end";
  /// Pod templates of Deployments, StatefulSets and DaemonSets.
  bool templates = true;
  /// Names of ConfigMaps whose data stays as it is.
  std::vector<std::string> config_maps{};
  bool operator==(const FreezeSpec&) const = default;
};

/// The workload, in the event's namespace; anything with a scale subresource.
struct TargetRef {
  /// Group and version, such as `apps/v1`. May be left out when only one group serves the kind.
  std::optional<std::string> api_version{};
  /// Kind of the workload, such as `Deployment`.
  std::string kind{};
  /// Name of the workload.
  std::string name{};
  /// Not to be set: a target is in the event's own namespace. It is here so that another one is
  /// refused instead of being dropped.
  std::optional<std::string> ns{};
  bool operator==(const TargetRef&) const = default;
};

/// One requirement.
struct LabelRequirement {
  /// Key of the label.
  std::string key{};
  /// How `values` are meant; `NotIn` holds without the label too.
  LabelOperator op = LabelOperator::In;
  /// Values of the label.
  std::vector<std::string> values{};
  bool operator==(const LabelRequirement&) const = default;
};

/// In place of `ref`: every workload of the event's namespace that carries these labels is a target
/// of its own, with this need, named `target/kind/name` in status. Looked for anew all the time:
/// one that appears in mid-sale is raised, one that does not match any more is put back. At most
/// 64; a workload that some target names is not taken again.
struct LabelSelector {
  /// Labels that must all have these values.
  std::map<std::string, std::string> match_labels{};
  /// Requirements that must all hold, as in a Deployment's selector.
  std::vector<LabelRequirement> match_expressions{};
  bool operator==(const LabelSelector&) const = default;
};

struct NeedReplicas {
  /// This many replicas at least.
  std::int32_t value = 0;
  bool operator==(const NeedReplicas&) const = default;
};
struct NeedMultiplier {
  /// This many times what `of` says, rounded up: an integer or a quantity such as `"2.5"`.
  Quantity value{};
  /// What `multiplier` multiplies. `Current`: the replicas when preparation begins, at least the
  /// autoscaler's minimum. `Minimum`: the autoscaler's minimum, or the replicas of a workload that
  /// has no autoscaler. Ignored beside `replicas` and `rps`.
  NeedOf of = NeedOf::Current;
  bool operator==(const NeedMultiplier&) const = default;
};
struct NeedRps {
  /// So many requests a second: ceil(`rps` / (`rpsPerPod` x `utilizationPercent` / 100)) replicas;
  /// an integer or a quantity such as `"60k"`.
  Quantity value{};
  /// How many requests a second one pod carries at its limit, as a load test of one pod tells.
  Quantity rps_per_pod{};
  /// How much of `rpsPerPod` a pod is to carry; absent: all of it. Waiting grows as 1 / (1 -
  /// utilization): four times at 80.
  std::optional<std::int32_t> utilization_percent{};
  /// As many replicas more that those left carry `rps` when any one zone is lost: the smallest N
  /// with N - ceil(N / zones) >= the replicas needed. Holds where the pods are spread evenly
  /// (`topologySpreadConstraints` with `maxSkew: 1`), which is not looked at.
  std::optional<bool> survive_zone_loss{};
  /// Over how many zones the pods are spread. Absent: over as many as the nodes are in, counted
  /// once when preparation begins.
  std::optional<std::int32_t> zones{};
  bool operator==(const NeedRps&) const = default;
};
/// What the workload needs; exactly one of `replicas`, `multiplier` and `rps`.
using Need = std::variant<NeedReplicas, NeedMultiplier, NeedRps>;

/// From so long after the start on, this amount.
struct ProfileStep {
  /// How long after the start.
  DurationText at = {"0s", Duration(0)};
  /// In place of `need.replicas`.
  std::optional<std::int32_t> replicas{};
  /// In place of `need.multiplier`.
  std::optional<Quantity> multiplier{};
  /// In place of `need.rps`.
  std::optional<Quantity> rps{};
  bool operator==(const ProfileStep&) const = default;
};

/// Tightens the PodDisruptionBudgets that select its pods, from the beginning of the preparation to
/// `end`. One that is stricter already stays as it is; none is made.
struct DisruptionBudget {
  /// At least this share of the pods is kept from being evicted. Where that is all of them no node
  /// that runs one can be drained, which is warned of.
  std::int32_t min_available_percent = 0;
  bool operator==(const DisruptionBudget&) const = default;
};

/// The way up; its last step is timed to be ready at `start`.
struct RampUp {
  /// How long the whole way up takes; `0s` is one jump.
  DurationText over = {"10m", Duration(600000)};
  /// In how many steps.
  std::int32_t steps = 4;
  /// The next step waits until this share of the present one is ready.
  std::int32_t ready_percent = 95;
  /// How long a step waits for readiness before `onTimeout` applies.
  DurationText step_timeout = {"5m", Duration(300000)};
  /// `Proceed` takes the next step; `Hold` waits on, until the last moment from which the rest
  /// still fits before the start. Capacity is delayed, never withheld: where all replicas of a step
  /// exist and are not ready, which may be because nodes are still being added for them, `Hold`
  /// goes on after twice `stepTimeout`.
  OnTimeout on_timeout = OnTimeout::Proceed;
  bool operator==(const RampUp&) const = default;
};

/// The way down after the sale; never below what is wanted at the time.
struct RampDown {
  /// How long the way down takes at least; `maxPercentPerMinute` may make it longer.
  DurationText over = {"10m", Duration(600000)};
  /// In how many steps.
  std::int32_t steps = 10;
  /// Never remove more than this share of the sale's replicas within a minute.
  std::int32_t max_percent_per_minute = 10;
  bool operator==(const RampDown&) const = default;
};

/// How replicas go up before the sale and down after it.
struct RampSpec {
  /// The way up; its last step is timed to be ready at `start`.
  RampUp up{};
  /// The way down after the sale; never below what is wanted at the time.
  RampDown down{};
  bool operator==(const RampSpec&) const = default;
};

/// One workload, or those that a selector finds, and what each needs.
struct TargetSpec {
  /// Name of this target within the event.
  std::string name{};
  /// The workload, in the event's namespace; anything with a scale subresource.
  std::optional<TargetRef> ref{};
  /// In place of `ref`: every workload of the event's namespace that carries these labels is a
  /// target of its own, with this need, named `target/kind/name` in status. Looked for anew all the
  /// time: one that appears in mid-sale is raised, one that does not match any more is put back. At
  /// most 64; a workload that some target names is not taken again.
  LabelSelector selector{};
  /// Kinds among which `selector` looks; absent, Deployments and StatefulSets.
  std::vector<std::string> kinds{};
  /// What the workload needs; exactly one of `replicas`, `multiplier` and `rps`.
  Need need{};
  /// A need that changes during the sale: from each step on its amount takes the place of the one
  /// in `need`. A rise is ramped up to as the start is, to be ready when it comes; a fall begins
  /// when it comes, by `ramp.down`, and never goes below what load asks for. Steps that come after
  /// the end never count.
  std::vector<ProfileStep> profile{};
  /// Never more replicas than this, whatever the need; it also caps the autoscaler's maximum.
  std::optional<std::int32_t> ceiling{};
  /// Also raise a workload that is scaled to zero on purpose. Zero under a KEDA ScaledObject that
  /// is not paused is no purpose but an idle workload: it is raised without this.
  bool wake_from_zero = false;
  /// Tightens the PodDisruptionBudgets that select its pods, from the beginning of the preparation
  /// to `end`. One that is stricter already stays as it is; none is made.
  std::optional<DisruptionBudget> disruption_budget{};
  /// Whether a VerticalPodAutoscaler of the workload may evict its pods to give them other
  /// resources. `Prevented`: not from the beginning of the preparation to `end`; it holds
  /// `updatePolicy.updateMode` at `Initial`. `Allowed`: as its author says, with a warning where it
  /// may.
  VerticalEvictions vertical_evictions = VerticalEvictions::Allowed;
  /// Whether what scales the workload may scale it down during the sale. `Disabled`: never, from
  /// the beginning of the preparation to `end`, not even where a profile falls; it holds
  /// `behavior.scaleDown.selectPolicy`. `Unchanged`: as its author says. Without an autoscaler it
  /// says nothing.
  ScaleDown scale_down = ScaleDown::Unchanged;
  /// How replicas go up before the sale and down after it.
  RampSpec ramp{};
  bool operator==(const TargetSpec&) const = default;
};

/// Node room before the pods exist. From `lead` before preparation begins, so that there is room
/// for the first step of the ramp, placeholder pods stand for the replicas that each target's ramp
/// will add: in the operator's own namespace, shaped and placed like the target's pods, below the
/// priority of any of them. A cluster autoscaler adds nodes for them; a real pod takes their place.
/// They are given up as the real pods come, and at the start at the latest. No ramp waits for them.
/// Where CapacityBuffers are served and something acts on them, one in the target's namespace asks
/// for the room instead. Absent: none.
struct HeadroomSpec {
  /// How long before preparation begins (`window.prepare` before the start) the placeholders are
  /// created: the time that nodes need to come. Of an event that is late already, at once.
  DurationText lead = {"20m", Duration(1200000)};
  /// So many placeholders for each hundred replicas that are still missing to the floor at the
  /// start, rounded up; more than 100 leaves room for what else the nodes will be asked for.
  std::int32_t percent = 110;
  bool operator==(const HeadroomSpec&) const = default;
};

/// Container images on the nodes before the pods exist. From `lead` before preparation begins until
/// the start, a DaemonSet in the target's namespace pulls the images of its pod template, with the
/// pull secrets of that template, on every node where its pods may stand; on nodes that come in
/// that time too. No process of an image is started. The event's service account must be allowed to
/// create DaemonSets. No ramp waits for it. Absent: none.
struct ImagePrepullSpec {
  /// How long before preparation begins (`window.prepare` before the start) the pulls begin. Of an
  /// event that is late already, at once.
  DurationText lead = {"60m", Duration(3600000)};
  bool operator==(const ImagePrepullSpec&) const = default;
};

/// Workloads that need more replicas during the sale.
struct CapacitySpec {
  /// The workloads, each with what it needs.
  std::vector<TargetSpec> targets{};
  /// How long after the cooldown to go on waiting for demand to fit what was there before; then
  /// capacity is kept and reported.
  DurationText restore_timeout = {"2h", Duration(7200000)};
  /// Node room before the pods exist. From `lead` before preparation begins, so that there is room
  /// for the first step of the ramp, placeholder pods stand for the replicas that each target's
  /// ramp will add: in the operator's own namespace, shaped and placed like the target's pods,
  /// below the priority of any of them. A cluster autoscaler adds nodes for them; a real pod takes
  /// their place. They are given up as the real pods come, and at the start at the latest. No ramp
  /// waits for them. Where CapacityBuffers are served and something acts on them, one in the
  /// target's namespace asks for the room instead. Absent: none.
  std::optional<HeadroomSpec> headroom{};
  /// Container images on the nodes before the pods exist. From `lead` before preparation begins
  /// until the start, a DaemonSet in the target's namespace pulls the images of its pod template,
  /// with the pull secrets of that template, on every node where its pods may stand; on nodes that
  /// come in that time too. No process of an image is started. The event's service account must be
  /// allowed to create DaemonSets. No ramp waits for it. Absent: none.
  std::optional<ImagePrepullSpec> image_prepull{};
  bool operator==(const CapacitySpec&) const = default;
};

/// Whose field it is. Who reads a ConfigMap through the environment or a `subPath` takes up a new
/// value only with a restart; that is not looked at.
struct HoldObject {
  /// Group and version, such as `autoscaling/v2`. May be left out when only one group serves the
  /// kind.
  std::optional<std::string> api_version{};
  /// Kind of the object, such as `ConfigMap`.
  std::string kind{};
  /// Name of the object.
  std::string name{};
  /// Its namespace when that is not the event's own; ignored for a kind without namespaces.
  std::optional<std::string> ns{};
  bool operator==(const HoldObject&) const = default;
};

struct HoldLiteral {
  /// This JSON value, of the type that the field has (`"300"` is not `300`).
  Json value{};
  bool operator==(const HoldLiteral&) const = default;
};
struct HoldMultiply {
  /// So many times the value before, an integer or a quantity such as `"2.5"`; a whole number stays
  /// whole, rounded up.
  Quantity value{};
  bool operator==(const HoldMultiply&) const = default;
};
struct HoldAdd {
  /// This much more than the value before; less when negative.
  Quantity value{};
  bool operator==(const HoldAdd&) const = default;
};
struct HoldMin {
  /// The smaller of this and the value before.
  Quantity value{};
  bool operator==(const HoldMin&) const = default;
};
struct HoldMax {
  /// The larger of this and the value before.
  Quantity value{};
  bool operator==(const HoldMax&) const = default;
};
/// What the field is kept at; exactly one member. `literal` replaces the value; the others compute
/// it from the value that was there before.
using HoldValue = std::variant<HoldLiteral, HoldMultiply, HoldAdd, HoldMin, HoldMax>;

/// The phases of the window through which it is kept, both included.
struct HoldSpan {
  /// Kept from the beginning of this phase.
  SalePhase from = SalePhase::Live;
  /// Kept to the end of this phase.
  SalePhase until = SalePhase::Live;
  bool operator==(const HoldSpan&) const = default;
};

/// One field kept at a value.
struct HoldSpec {
  /// Name of this hold within the event.
  std::string name{};
  /// Whose field it is. Who reads a ConfigMap through the environment or a `subPath` takes up a new
  /// value only with a restart; that is not looked at.
  HoldObject object{};
  /// JSON Pointer of the field, such as `/spec/maxReplicas`. A step may choose an element of a list
  /// by key, as in `/spec/http/[name=default]/retries`; `~1` stands for a slash, `~0` for a tilde.
  std::string field{};
  /// What the field is kept at; exactly one member. `literal` replaces the value; the others
  /// compute it from the value that was there before.
  HoldValue value{};
  /// The phases of the window through which it is kept, both included.
  HoldSpan during{};
  /// Holds of this event that must be in force before this one is.
  std::vector<std::string> after{};
  /// Who wins where two events keep one field at different values; the higher one.
  std::int32_t priority = 0;
  /// The field can only grow (partitions, storage, shards), and that is known and accepted.
  bool one_way = false;
  /// The field lies in a pod template, and that holding it restarts pods is accepted.
  bool allow_template = false;
  bool operator==(const HoldSpec&) const = default;
};

/// Asks for a span instead of an instant; the worst value of the span decides, the highest for
/// `above`, the lowest for `below`.
struct CheckRange {
  /// How far back from now it reaches.
  DurationText duration = {"0s", Duration(0)};
  /// Time between two values; at most 1000 values in all.
  DurationText step = {"15s", Duration(15000)};
  bool operator==(const CheckRange&) const = default;
};

/// A query that Prometheus, or what speaks its HTTP API, answers with one number. No sample and NaN
/// are missing data; several series are an error that says so.
struct PrometheusCheck {
  /// Where it is, with a path in front of `/api/v1/query` where there is one. Absent: the
  /// operator's `--prometheus-address`. Only hosts that the operator's `--allow-check-hosts` names
  /// are asked.
  std::optional<std::string> address{};
  /// PromQL whose answer is a scalar or a vector of one sample; arithmetic belongs here.
  std::string query{};
  /// Asks for a span instead of an instant; the worst value of the span decides, the highest for
  /// `above`, the lowest for `below`.
  std::optional<CheckRange> range{};
  bool operator==(const PrometheusCheck&) const = default;
};

/// A bearer token out of a Secret of the event's namespace, which the event's service account and
/// the operator must both be allowed to `get`.
struct CheckToken {
  /// Name of the Secret.
  std::string secret{};
  /// Which of its entries.
  std::string key{};
  bool operator==(const CheckToken&) const = default;
};

/// One value out of a JSON document that a GET of a URL answers with. No redirect is followed.
struct HttpCheck {
  /// `http://` or `https://`, host in lower case, no user and no fragment. Only hosts that the
  /// operator's `--allow-check-hosts` names are asked.
  std::string url{};
  /// JSON Pointer (RFC 6901) of the number in the answer, such as `/errors/rate`; a step may choose
  /// an element of a list by key, as in `/services/[name=cart]/p99`. A number in quotes is read
  /// too; absent and null are missing data.
  std::string pointer{};
  /// A bearer token out of a Secret of the event's namespace, which the event's service account and
  /// the operator must both be allowed to `get`.
  std::optional<CheckToken> token_from{};
  bool operator==(const HttpCheck&) const = default;
};

/// Whose condition.
struct CheckObject {
  /// Group and version, such as `apps/v1`. May be left out when only one group serves the kind.
  std::optional<std::string> api_version{};
  /// Kind of the object, such as `Deployment`.
  std::string kind{};
  /// Name of the object.
  std::string name{};
  bool operator==(const CheckObject&) const = default;
};

/// A condition in the status of an object of the event's namespace (or of none): good while it has
/// the wanted status, bad while it has the opposite, missing data while there is no such condition
/// or it says Unknown. The event's service account and the operator must both be allowed to `get`
/// the object.
struct ConditionCheck {
  /// Whose condition.
  CheckObject object{};
  /// Type of the condition, such as `Available`.
  std::string type{};
  /// The status that is good.
  WantedStatus status = WantedStatus::True;
  bool operator==(const ConditionCheck&) const = default;
};

/// How many pods of the event's namespace are in trouble, of those with these labels. The event's
/// service account and the operator must both be allowed to `list` pods. No pod with these labels
/// is missing data.
struct PodsCheck {
  /// Labels that the pods have, such as `app` or `doorbuster.dev/rollout`, the name of a rollout,
  /// of its candidate.
  std::map<std::string, std::string> labels{};
  /// Which are counted: `NotReady` those that are not ready now, `Restarts` restarts of their
  /// containers, and `OOMKilled` containers that were killed for want of memory, both in the time
  /// of `within`.
  PodsCounted count = PodsCounted::NotReady;
  /// How long a restart counts, by the end of the container before it.
  DurationText within = {"10m", Duration(600000)};
  bool operator==(const PodsCheck&) const = default;
};

/// A Job of the event's namespace, a smoke test for one: good once it is complete, bad once it has
/// failed, missing data while it runs or does not exist. The event's service account and the
/// operator must both be allowed to `get` it.
struct JobCheck {
  /// Its name.
  std::string name{};
  bool operator==(const JobCheck&) const = default;
};

/// Which numbers are bad; exactly one of `above` and `below`.
struct CheckBound {
  /// More than this is bad.
  std::optional<Quantity> above{};
  /// Less than this is bad.
  std::optional<Quantity> below{};
  /// How long every measurement must have been bad before the check is; at most 240 intervals. One
  /// good measurement makes it good again.
  DurationText lasts = {"0s", Duration(0)};
  bool operator==(const CheckBound&) const = default;
};

/// One check, measured by one provider.
struct CheckSpec {
  /// Name of this check within the event.
  std::string name{};
  /// A query that Prometheus, or what speaks its HTTP API, answers with one number. No sample and
  /// NaN are missing data; several series are an error that says so.
  std::optional<PrometheusCheck> prometheus{};
  /// One value out of a JSON document that a GET of a URL answers with. No redirect is followed.
  std::optional<HttpCheck> http{};
  /// A condition in the status of an object of the event's namespace (or of none): good while it
  /// has the wanted status, bad while it has the opposite, missing data while there is no such
  /// condition or it says Unknown. The event's service account and the operator must both be
  /// allowed to `get` the object.
  std::optional<ConditionCheck> condition{};
  /// How many pods of the event's namespace are in trouble, of those with these labels. The event's
  /// service account and the operator must both be allowed to `list` pods. No pod with these labels
  /// is missing data.
  std::optional<PodsCheck> pods{};
  /// A Job of the event's namespace, a smoke test for one: good once it is complete, bad once it
  /// has failed, missing data while it runs or does not exist. The event's service account and the
  /// operator must both be allowed to `get` it.
  std::optional<JobCheck> job{};
  /// Which numbers are bad; exactly one of `above` and `below`.
  std::optional<CheckBound> bad{};
  /// Time between two measurements.
  DurationText interval = {"10s", Duration(10000)};
  /// How long a measurement stands when none follows it or the provider fails; then the check is
  /// Unknown. Absent: three times `interval`.
  std::optional<DurationText> stale_after{};
  /// What an answer without data counts as. It does not speak of a provider that fails: that is
  /// Unknown, always.
  OnMissing on_missing = OnMissing::Unknown;
  bool operator==(const CheckSpec&) const = default;
};

/// It opens for a step of a rollout once people have approved that by a SaleAction `Approve`: only
/// verified ones count, and a person counts once. A `Reject` of whoever has that verb fails the
/// rollout.
struct ApprovalSpec {
  /// How many people must approve.
  std::int32_t count = 1;
  /// Whoever approves is in one of these groups; empty, anybody who has the verb may.
  std::vector<std::string> groups{};
  /// Nobody lets his own release pass: whoever told the rollout to begin (`Start`, `Retry`) does
  /// not count. Where nobody is known to have, one more person must approve than `count` says.
  bool two_people = false;
  /// How long an approval counts that the rollout has not come to yet, or that others are missing
  /// beside.
  DurationText expires = {"24h", Duration(86400000)};
  bool operator==(const ApprovalSpec&) const = default;
};

/// The key that the body is signed with (HMAC with SHA-256, in the header `Doorbuster-Signature`),
/// out of a Secret of the event's namespace, which the event's service account and the operator
/// must both be allowed to `get`.
struct SigningKey {
  /// Name of the Secret.
  std::string secret{};
  /// Which of its entries.
  std::string key{};
  bool operator==(const SigningKey&) const = default;
};

/// It opens for a step of a rollout once a server of yours says so: 2xx to a POST of what the step
/// is. 403 fails the rollout, as a `Reject` does; any other answer, or none, is asked for again. No
/// redirect is followed.
struct WebhookSpec {
  /// `https://`, host in lower case, no user and no fragment. Only hosts that the operator's
  /// `--allow-check-hosts` names are asked.
  std::string url{};
  /// The key that the body is signed with (HMAC with SHA-256, in the header
  /// `Doorbuster-Signature`), out of a Secret of the event's namespace, which the event's service
  /// account and the operator must both be allowed to `get`.
  std::optional<SigningKey> sign_with{};
  /// How long after an answer that neither opens nor fails it, it is asked again.
  DurationText every = {"15s", Duration(15000)};
  bool operator==(const WebhookSpec&) const = default;
};

/// One gate; exactly one of `approval` and `webhook`.
struct GateSpec {
  /// Name of this gate within the event.
  std::string name{};
  /// It opens for a step of a rollout once people have approved that by a SaleAction `Approve`:
  /// only verified ones count, and a person counts once. A `Reject` of whoever has that verb fails
  /// the rollout.
  std::optional<ApprovalSpec> approval{};
  /// It opens for a step of a rollout once a server of yours says so: 2xx to a POST of what the
  /// step is. 403 fails the rollout, as a `Reject` does; any other answer, or none, is asked for
  /// again. No redirect is followed.
  std::optional<WebhookSpec> webhook{};
  bool operator==(const GateSpec&) const = default;
};

/// The workload that is released, in the event's namespace. It is the stable side.
struct RolloutTarget {
  /// Its kind; only Deployments are released.
  RolloutKind kind = RolloutKind::Deployment;
  /// Its name.
  std::string name{};
  bool operator==(const RolloutTarget&) const = default;
};

/// Another Deployment of the namespace, most often without pods, whose pod template the candidate
/// gets, by the labels of the target's. Another template there supersedes the rollout.
struct TemplateFrom {
  /// Its name.
  std::string name{};
  bool operator==(const TemplateFrom&) const = default;
};

/// A header has this value.
struct HeaderMatch {
  /// Its name.
  std::string name{};
  /// The value, to the letter.
  std::string value{};
  bool operator==(const HeaderMatch&) const = default;
};

/// A cookie has this value. Not with `grpcRoute`.
struct CookieMatch {
  /// Its name.
  std::string name{};
  /// The value, to the letter.
  std::string value{};
  bool operator==(const CookieMatch&) const = default;
};

/// One of them; exactly one member.
struct RequestMatch {
  /// A header has this value.
  std::optional<HeaderMatch> header{};
  /// A cookie has this value. Not with `grpcRoute`.
  std::optional<CookieMatch> cookie{};
  bool operator==(const RequestMatch&) const = default;
};

/// One step.
struct CanaryStep {
  /// Percent of the traffic that the candidate gets; more than at the step before. 0, of the first
  /// steps: its pods alone, to be tried at its own Service, by `match` or by `mirror`.
  std::int32_t weight = 0;
  /// Requests that one of these is true of go to the candidate, all of them, besides its weight of
  /// the others. Only with `httpRoute`, `grpcRoute` and `virtualService`.
  std::vector<RequestMatch> match{};
  /// So many percent of the requests go to the candidate too, and nobody gets what it answers. Only
  /// of steps with weight 0, and with `httpRoute` and `virtualService`.
  std::optional<std::int32_t> mirror{};
  /// The candidate has at least so many pods, though its share needs fewer.
  std::optional<std::int32_t> replicas{};
  /// The step ends only once this gate of the event is open. Until then its deadline does not run.
  std::optional<std::string> approval{};
  /// How long the step lasts at least.
  DurationText pause = {"0s", Duration(0)};
  /// The step ends only once this analysis, `default`, has passed since it began.
  std::optional<std::string> analysis{};
  bool operator==(const CanaryStep&) const = default;
};

/// By growing shares of the traffic.
struct CanarySpec {
  /// One after the other; the candidate's pods are ready before it gets their weight.
  std::vector<CanaryStep> steps{};
  bool operator==(const CanarySpec&) const = default;
};

/// All at once, by a candidate of full size.
struct BlueGreenSpec {
  /// How long the candidate stands without traffic before the switch, to be tried at its own
  /// Service.
  DurationText preview = {"0s", Duration(0)};
  /// The switch waits until this analysis, `default`, has passed during the preview.
  std::optional<std::string> preview_analysis{};
  /// The switch waits until this gate of the event is open.
  std::optional<std::string> preview_approval{};
  /// How long the target stands ready, with all its pods, after the switch; then `bake` begins.
  DurationText hold = {"5m", Duration(300000)};
  /// The hold ends only once this gate of the event is open.
  std::optional<std::string> approval{};
  /// The hold ends only once this analysis, `default`, has passed since the switch.
  std::optional<std::string> analysis{};
  bool operator==(const BlueGreenSpec&) const = default;
};

/// How the candidate takes over; exactly one member.
struct RolloutStrategy {
  /// By growing shares of the traffic.
  std::optional<CanarySpec> canary{};
  /// All at once, by a candidate of full size.
  std::optional<BlueGreenSpec> blue_green{};
  bool operator==(const RolloutStrategy&) const = default;
};

/// An HTTPRoute of the Gateway API in the event's namespace. Doorbuster holds its `/spec/rules`,
/// and yields to whoever else changes them in the meantime.
struct RouteTraffic {
  /// Its name.
  std::string name{};
  /// The Service that selects the target's pods; wherever the route names it, its weight is shared
  /// out.
  std::string backend{};
  bool operator==(const RouteTraffic&) const = default;
};

/// The Service itself, without any route: at the switch of `blueGreen` its whole `/spec/selector`
/// is held, and it selects the candidate's pods instead of the target's.
struct ServiceTraffic {
  /// The Service that selects the target's pods.
  std::string name{};
  bool operator==(const ServiceTraffic&) const = default;
};

/// Nobody: the candidate's pods have the target's labels, and its share is that of ready pods.
/// Steps weigh 50 at the most, because the target keeps all of its own; it has no autoscaler of its
/// own.
struct ReadyPodsTraffic {
  /// The Service that selects the pods of both. Absent where none does, as of workers that take
  /// from a queue.
  std::optional<std::string> service{};
  bool operator==(const ReadyPodsTraffic&) const = default;
};

/// Who shares out the traffic; exactly one member.
struct RolloutTraffic {
  /// An HTTPRoute of the Gateway API in the event's namespace. Doorbuster holds its `/spec/rules`,
  /// and yields to whoever else changes them in the meantime.
  std::optional<RouteTraffic> http_route{};
  /// A GRPCRoute of the Gateway API in the event's namespace, in the same way.
  std::optional<RouteTraffic> grpc_route{};
  /// A TraefikService of the event's namespace with `weighted`, whose `/spec/weighted/services` are
  /// held in the same way.
  std::optional<RouteTraffic> traefik_service{};
  /// A VirtualService of Istio in the event's namespace, whose `/spec/http` is held in the same
  /// way. The candidate is a host of its own, not a subset.
  std::optional<RouteTraffic> virtual_service{};
  /// An Ingress of ingress-nginx in the event's namespace, which stays as it is: an Ingress of ours
  /// is its canary, whose `canary-weight` is held.
  std::optional<RouteTraffic> ingress{};
  /// The Service itself, without any route: at the switch of `blueGreen` its whole `/spec/selector`
  /// is held, and it selects the candidate's pods instead of the target's.
  std::optional<ServiceTraffic> service{};
  /// Nobody: the candidate's pods have the target's labels, and its share is that of ready pods.
  /// Steps weigh 50 at the most, because the target keeps all of its own; it has no autoscaler of
  /// its own.
  std::optional<ReadyPodsTraffic> ready_pods{};
  bool operator==(const RolloutTraffic&) const = default;
};

/// Errors among requests: a mixture sequential test, valid however often one looks
/// (docs/reference/analysis-statistics.md).
struct CompareErrors {
  /// Name of the counter of all requests.
  std::string counter{};
  /// Matchers that choose its errors, such as `code=~"5.."`.
  std::string bad{};
  /// After fewer requests to either side nothing is said, and no step passes.
  std::int64_t minimum_requests = 100;
  /// So many times the share of errors that the target has is no worse. Errors of real shops come
  /// in bursts, which at 1 are taken for evidence (docs/reference/analysis-statistics.md).
  Quantity tolerated{};
  bool operator==(const CompareErrors&) const = default;
};

/// How long answers take: Mann and Whitney's test on the buckets of a histogram, made once a step,
/// when it would pass.
struct CompareLatency {
  /// Name of its buckets, such as `http_request_duration_seconds_bucket`.
  std::string histogram{};
  /// How often an answer of the candidate must take longer than one of the target, ties by half, to
  /// be worse: of equals it is 0.5, and what is less than this is let pass though it be
  /// significant.
  Quantity at_least{};
  bool operator==(const CompareLatency&) const = default;
};

/// The candidate against the target, from counters that Prometheus has of both since the step
/// began. Evidence that the candidate is worse fails the rollout; without it a step passes. How
/// strong the evidence is stands in the row.
struct CompareSpec {
  /// Where Prometheus is; as in a check.
  std::optional<std::string> address{};
  /// The label of the series that has the name of the pod.
  std::string pod_label = "pod";
  /// Matchers that choose the series of both; absent, `namespace` with the event's.
  std::optional<std::string> where{};
  /// Errors among requests: a mixture sequential test, valid however often one looks
  /// (docs/reference/analysis-statistics.md).
  CompareErrors errors{};
  /// How long answers take: Mann and Whitney's test on the buckets of a histogram, made once a
  /// step, when it would pass.
  std::optional<CompareLatency> latency{};
  /// Of releases that are no worse than the target, at most this share is taken for worse.
  Quantity false_alarm{};
  /// Time between two looks.
  DurationText interval = {"5s", Duration(5000)};
  bool operator==(const CompareSpec&) const = default;
};

/// The analysis that steps name.
struct AnalysisSpec {
  /// Names of checks of this event; all must be good.
  std::vector<std::string> checks{};
  /// So many measurements of a step at which a check is bad are let pass; the next one fails the
  /// rollout.
  std::int32_t failure_limit = 0;
  /// A step passes only once each check was good at so many measurements in a row.
  std::int32_t consecutive_success_limit = 1;
  /// After more than so many measurements of a step that say neither good nor bad, failures of the
  /// provider among them, the rollout stands still until somebody decides. Absent: until the step's
  /// deadline.
  std::optional<std::int32_t> inconclusive_limit{};
  /// So long after a step has begun nothing that was measured counts, for caches to warm.
  DurationText initial_delay = {"0s", Duration(0)};
  /// Says what it finds, and decides nothing.
  bool dry_run = false;
  /// The candidate against the target, from counters that Prometheus has of both since the step
  /// began. Evidence that the candidate is worse fails the rollout; without it a step passes. How
  /// strong the evidence is stands in the row.
  std::optional<CompareSpec> compare{};
  /// While a check is Unknown, the provider being down for one: `Hold` stays at the step, `Proceed`
  /// goes on without it. Neither calls the release bad.
  ErrorPolicy error_policy = ErrorPolicy::Hold;
  bool operator==(const AnalysisSpec&) const = default;
};

/// What decides. A bad check fails the rollout whenever the candidate has traffic.
struct RolloutAnalysis {
  /// The analysis that steps name.
  std::optional<AnalysisSpec> usual{};
  bool operator==(const RolloutAnalysis&) const = default;
};

/// One release.
struct RolloutSpec {
  /// Name of this rollout within the event.
  std::string name{};
  /// The workload that is released, in the event's namespace. It is the stable side.
  RolloutTarget target{};
  /// What the candidate's pod template has that the target's has not: a strategic merge patch of
  /// the template, such as `{spec: {containers: [{name: app, image: "shop:v43"}]}}`; at most 8192
  /// bytes. The API server applies it.
  Json patch{};
  /// Another Deployment of the namespace, most often without pods, whose pod template the candidate
  /// gets, by the labels of the target's. Another template there supersedes the rollout.
  std::optional<TemplateFrom> template_from{};
  /// When it begins: `start`, so long after the start, before it with `-`, or `manual`: a
  /// SaleAction Start begins it.
  std::string start = "start";
  /// Rollouts of this event that must be promoted before this one begins.
  std::vector<std::string> depends_on{};
  /// Rollouts of lower waves are promoted before this one begins.
  std::int32_t wave = 0;
  /// How the candidate takes over; exactly one member.
  RolloutStrategy strategy{};
  /// Who shares out the traffic; exactly one member.
  RolloutTraffic traffic{};
  /// What decides. A bad check fails the rollout whenever the candidate has traffic.
  RolloutAnalysis analysis{};
  /// What a failed analysis, a crash-looping candidate and the deadline do: `RollBack` sends all
  /// traffic back to the target, `Pause` stays where it is, `Alert` only says so.
  OnFailure on_failure = OnFailure::RollBack;
  /// How long a step may wait for its pods or for an analysis, beyond its pause; a crash loop does
  /// not stop the clock.
  DurationText deadline = {"20m", Duration(1200000)};
  /// How long the candidate is watched at the last weight before it is promoted.
  DurationText bake = {"10m", Duration(600000)};
  /// How long the candidate stays after the last traffic was sent its way.
  DurationText drain = {"15s", Duration(15000)};
  /// What becomes of a candidate that has passed. `Write`: the target gets its template, the
  /// candidate goes when the target runs it. `Report`: says so and waits until somebody else, Git
  /// for one, has given the target that template. `Auto`: `Report` where a GitOps tool owns the
  /// template, else `Write`. `AfterWindow`: `Auto`, once the sale is over.
  Promotion promotion = Promotion::Auto;
  /// What the end of the sale does to a rollout that is not promoted: `RollBack`; `Keep` leaves it
  /// where it is until it is decided; `Finish` lets it go on.
  OnWindowEnd on_window_end = OnWindowEnd::RollBack;
  /// `Stable` rolls back, or does not begin.
  DesiredRevision desired = DesiredRevision::Candidate;
  bool operator==(const RolloutSpec&) const = default;
};

/// What the release manager wants.
struct SaleEventSpec {
  /// When the sale is.
  WindowSpec window{};
  /// The ServiceAccount of this namespace on whose behalf objects are touched: what it may not
  /// change, this event does not change.
  std::string service_account_name = "default";
  /// Nobody but Doorbuster changes what runs in the namespace while this lasts, unless they have
  /// the verb `breakglass` on the event. The admission policy `freeze.doorbuster.dev` refuses it,
  /// in the API server itself; scaling goes on, and a rollback is never barred.
  std::optional<FreezeSpec> freeze{};
  /// What deleting this event in mid-sale does. `Ramp` restores step by step as at the end,
  /// `Immediate` restores at once, `Orphan` leaves every value as it is and forgets it.
  DeletionPolicy deletion_policy = DeletionPolicy::Ramp;
  /// Change nothing further; keep what is held.
  bool suspend = false;
  /// `Live` acts. `DryRun` computes everything, reports it in status and writes nothing else.
  Mode mode = Mode::Live;
  /// Workloads that need more replicas during the sale.
  CapacitySpec capacity{};
  /// Fields of other objects, each kept at a value for a part of the sale and then put back.
  std::vector<HoldSpec> holds{};
  /// What says of the sale's health, event-wide, whether it is good, bad or not known. Each is
  /// measured from the beginning of preparation until everything is back. A provider that does not
  /// answer is never a bad check.
  std::vector<CheckSpec> checks{};
  /// What a rollout waits for besides its checks, where a step of it names the gate.
  std::vector<GateSpec> gates{};
  /// So many rollouts are under way at one time, at the most; further ones wait for their turn.
  /// Absent, all.
  std::optional<std::int32_t> max_concurrent_rollouts{};
  /// Releases inside the sale. A candidate, a Deployment of Doorbuster's own beside the user's,
  /// takes a growing share of the traffic; the user's Deployment stays as it is until the candidate
  /// has passed.
  std::vector<RolloutSpec> rollouts{};
  bool operator==(const SaleEventSpec&) const = default;
};

/// One finding.
struct FeasibilityFinding {
  /// Warn or NoGo.
  std::string level{};
  /// A stable CamelCase word.
  std::string code{};
  /// The target, or the object, that it is about.
  std::string subject{};
  /// What would happen, why, and what to do instead.
  std::string message{};
  bool operator==(const FeasibilityFinding&) const = default;
};

/// What one target can have.
struct FeasibleTarget {
  /// Name of the target.
  std::string name{};
  /// Pods at the peak of its need.
  std::int64_t needed = 0;
  /// How many of them can run on the nodes that there are; absent where that is not known.
  std::optional<std::int64_t> achievable{};
  /// How many can when the node autoscaler adds what it may; absent where it adds nothing.
  std::optional<std::int64_t> with_new_nodes{};
  /// What keeps the others from running.
  std::string bound_by{};
  bool operator==(const FeasibleTarget&) const = default;
};

/// Whether the floors will fit, as last looked at before the start.
struct FeasibilityStatus {
  /// Go, Warn or NoGo; the worst of the findings.
  std::string verdict{};
  /// The last instant at which preparation may begin and the pods still be ready at the start, in
  /// UTC; absent where they do not fit at all.
  std::optional<Instant> latest_safe_start{};
  /// What speaks against it, the worst first.
  std::vector<FeasibilityFinding> findings{};
  /// What each target can have.
  std::vector<FeasibleTarget> targets{};
  bool operator==(const FeasibilityStatus&) const = default;
};

/// One condition.
struct Condition {
  /// What it is about.
  std::string type{};
  /// Whether it is so.
  ConditionStatus status = ConditionStatus::True;
  /// The generation of the spec that it speaks of.
  std::optional<std::int64_t> observed_generation{};
  /// When `status` last changed.
  Instant last_transition_time{};
  /// Why, in one CamelCase word.
  std::string reason{};
  /// Why, for people.
  std::string message{};
  bool operator==(const Condition&) const = default;
};

/// The window as instants in UTC.
struct WindowStatus {
  /// When preparation begins.
  Instant prepare{};
  /// When the sale begins.
  Instant start{};
  /// When the sale is over.
  Instant end{};
  /// By when everything is meant to be back.
  Instant restored_by{};
  /// The zone in which local times were read.
  std::string time_zone{};
  /// The version of the time zone rules that were used.
  std::string tzdata{};
  bool operator==(const WindowStatus&) const = default;
};

/// One decision.
struct Decision {
  /// The run of the event that it belongs to.
  std::int32_t run = 0;
  /// What was decided, such as `Began`.
  std::string kind{};
  /// About what, such as the name of a target.
  std::string subject{};
  /// The part of the spec that it holds for, or its hash; void when that changes.
  std::string hash{};
  /// When.
  Instant at{};
  /// Who decided; empty when the operator did by itself.
  std::string by{};
  /// UID of the SaleAction that asked for it.
  std::string action_uid{};
  /// The number, word or time that was decided on, such as the new end of an `Extend`.
  std::string value{};
  /// More, for people.
  std::string detail{};
  bool operator==(const Decision&) const = default;
};

/// Whether what runs is frozen.
struct FreezeStatus {
  /// Waiting, Frozen, Lifted, NotEnforced, Planned, Suspended or Over.
  std::string state{};
  /// When it begins.
  std::optional<Instant> from{};
  /// When it is over.
  std::optional<Instant> until{};
  /// More, for people.
  std::string message{};
  bool operator==(const FreezeStatus&) const = default;
};

/// What was seen of the room for one target.
struct HeadroomStatus {
  /// Name of the target.
  std::string target{};
  /// What asks for the room: a Deployment of placeholder pods in the operator's namespace, or a
  /// CapacityBuffer beside the target.
  std::string object{};
  /// Waiting, Placing, Placed, Released, NotNeeded, Suspended, Planned (a dry run), Refused,
  /// Forbidden, Unknown.
  std::string state{};
  /// The floor at the start that room is made for.
  std::optional<std::int64_t> floor{};
  /// For how many pods room is asked for now.
  std::optional<std::int64_t> asked{};
  /// How many placeholder pods run on a node; what a CapacityBuffer says that there is room for.
  std::optional<std::int64_t> placed{};
  /// How many were given up for pods of the target that exist, or because the time was over.
  std::optional<std::int64_t> released{};
  /// Why some are not placed, or there are none, for people.
  std::string message{};
  bool operator==(const HeadroomStatus&) const = default;
};

/// What one check says. A row is written when its verdict changes, and its numbers at most once a
/// minute.
struct CheckStatus {
  /// Name of the check.
  std::string name{};
  /// Good, Bad or Unknown.
  std::string verdict{};
  /// What was measured last, as the provider wrote it.
  std::string value{};
  /// When the verdict came about; absent where nothing was measured, also since a restart.
  std::optional<Instant> since{};
  /// Why, for people.
  std::string message{};
  /// When that value was measured.
  std::optional<Instant> measured_at{};
  bool operator==(const CheckStatus&) const = default;
};

/// What was seen of one rollout.
struct RolloutStatus {
  /// Name of the rollout.
  std::string name{};
  /// Waiting, Scaling, Running, AwaitingApproval, Paused, Inconclusive, Baking, Promoting,
  /// Reporting, Promoted, RollingBack, RolledBack, Contested, Planned (a dry run), Suspended,
  /// Refused, Missing, Forbidden or Unknown.
  std::string state{};
  /// The step that is under way, from 1.
  std::optional<std::int32_t> step{};
  /// How many there are.
  std::optional<std::int32_t> steps{};
  /// Percent of the traffic that the candidate gets now, by its route or as a part of all ready
  /// pods.
  std::optional<std::int32_t> weight{};
  /// Since when the step lasts.
  std::optional<Instant> step_at{};
  /// The candidate's Deployment.
  std::string candidate{};
  /// How many pods it is to have.
  std::optional<std::int64_t> replicas{};
  /// How many of them are ready.
  std::optional<std::int64_t> ready{};
  /// How many pods of the target are ready.
  std::optional<std::int64_t> stable_ready{};
  /// How many of those take all the traffic back at once.
  std::optional<std::int64_t> stable_needed{};
  /// Passed, Failed or Inconclusive; absent before anything was measured.
  std::string analysis{};
  /// More, for people.
  std::string message{};
  bool operator==(const RolloutStatus&) const = default;
};

/// What was seen of the pulls for one target.
struct ImagePrepullStatus {
  /// Name of the target.
  std::string target{};
  /// The DaemonSet that pulls, in the target's namespace.
  std::string object{};
  /// Waiting, Pulling, Pulled, Released, NotNeeded, Suspended, Planned (a dry run), Refused,
  /// Forbidden, Unknown.
  std::string state{};
  /// How many different images are pulled.
  std::optional<std::int64_t> images{};
  /// On how many nodes they are wanted; after the release, as it was last seen.
  std::optional<std::int64_t> nodes{};
  /// How many of those nodes have all of them; after the release, as it was last seen.
  std::optional<std::int64_t> pulled{};
  /// What the pulls wait for, or why there are none, for people.
  std::string message{};
  bool operator==(const ImagePrepullStatus&) const = default;
};

/// What was there before anything was held.
struct TargetBaseline {
  /// The autoscaler's minimum; absent when it was not set.
  std::optional<std::int64_t> min{};
  /// The autoscaler's maximum.
  std::optional<std::int64_t> max{};
  /// The replicas of a workload without autoscaler.
  std::optional<std::int64_t> replicas{};
  bool operator==(const TargetBaseline&) const = default;
};

/// What pods waited for.
struct LearnedPending {
  /// As in `pending` of the target.
  std::string reason{};
  /// The most pods that waited for it at one look.
  std::int64_t count = 0;
  bool operator==(const LearnedPending&) const = default;
};

/// One step of the way up.
struct LearnedStep {
  /// When its floor was asked for.
  Instant at{};
  /// Replicas that were ready then.
  std::int64_t from = 0;
  /// Its floor.
  std::int64_t floor = 0;
  /// After how long `ramp.up.readyPercent` of it was first seen ready, rounded up; absent when it
  /// was not before the floor went down.
  std::optional<std::int64_t> ready_after_seconds{};
  bool operator==(const LearnedStep&) const = default;
};

/// What this run showed. A peak is the highest that was seen when it was written down: when
/// something else of the status changed, when a tenth more was seen (two replicas at least), or
/// when load passed the floor. What was seen at other times is less than that above it.
struct LearnedStatus {
  /// The highest floor that was in force.
  std::optional<std::int64_t> floor{};
  /// The most replicas that were ready while the sale was on.
  std::optional<std::int64_t> peak_ready{};
  /// The most that load asked of the autoscaler while the sale was on, our own floor aside; absent
  /// where its metrics never told.
  std::optional<std::int64_t> peak_wanted{};
  /// What its pods waited for, besides their own start; the most that waited at one look.
  std::vector<LearnedPending> pending{};
  /// The latest steps of the way up that were made before enough replicas for them were ready: the
  /// others added none, and say nothing of how long pods take.
  std::vector<LearnedStep> steps{};
  bool operator==(const LearnedStatus&) const = default;
};

/// What the run before this one showed, of the event or of the schedule that made it.
struct LastRun {
  /// What normally ran when it prepared.
  std::optional<std::int64_t> usual{};
  /// The highest floor that was in force.
  std::optional<std::int64_t> floor{};
  /// The most replicas that were ready while the sale was on.
  std::optional<std::int64_t> peak_ready{};
  /// The most that load asked for while the sale was on; absent where it was not known.
  std::optional<std::int64_t> peak_wanted{};
  /// Steps of its way up that had to wait for replicas.
  std::optional<std::int32_t> steps{};
  /// Those of them that were not ready before the floor went down.
  std::optional<std::int32_t> never_ready{};
  /// The most replicas that one of those steps, of those that became ready, waited for.
  std::optional<std::int64_t> most_added{};
  /// After how long 95 % of those steps were ready (nearest rank); absent when that many never
  /// were.
  std::optional<std::int64_t> ready_after_seconds{};
  bool operator==(const LastRun&) const = default;
};

/// Pods that are not ready for one reason.
struct PendingStatus {
  /// QuotaExceeded, NotCreated, ImageNotPulled, ConfigMissing, Crashing, PodFailed, Unschedulable,
  /// SchedulingGated, NotScheduled, ReadinessProbe or Starting.
  std::string reason{};
  /// How many pods; of the first 500 that are looked at.
  std::int64_t count = 0;
  /// What the scheduler, the kubelet or a quota says of one of them.
  std::string message{};
  bool operator==(const PendingStatus&) const = default;
};

/// What was seen of one target.
struct TargetStatus {
  /// Name of the target; `target/kind/name` of one that a selector found.
  std::string name{};
  /// The workload.
  std::string object{};
  /// What scales it and is held; absent when there is none.
  std::string autoscaler{};
  /// Who decides how many replicas it has, as far as was found: the workload < what scales it <
  /// what made that. The last one is held.
  std::string in_charge{};
  /// What was there before anything was held.
  TargetBaseline baseline{};
  /// What normally runs, recorded once when preparation begins.
  std::optional<std::int64_t> usual{};
  /// Zones in which there are nodes, recorded once when preparation begins; absent where the need
  /// does not ask.
  std::optional<std::int64_t> zones{};
  /// What the spec asks for at the full floor.
  std::optional<std::int64_t> floor{};
  /// The maximum that goes with it.
  std::optional<std::int64_t> ceiling{};
  /// The floor in force now.
  std::optional<std::int64_t> held{};
  /// What the autoscaler or the workload wants now.
  std::optional<std::int64_t> desired{};
  /// Replicas that exist now.
  std::optional<std::int64_t> current{};
  /// Replicas that are ready now.
  std::optional<std::int64_t> ready{};
  /// What demand asks for, our own floor aside.
  std::optional<std::int64_t> wanted{};
  /// The step of the ramp that is in force.
  std::optional<std::int32_t> step{};
  /// How many steps the ramp has.
  std::optional<std::int32_t> steps{};
  /// When the floor was last changed by us.
  std::optional<Instant> stepped_at{};
  /// What this run showed. A peak is the highest that was seen when it was written down: when
  /// something else of the status changed, when a tenth more was seen (two replicas at least), or
  /// when load passed the floor. What was seen at other times is less than that above it.
  LearnedStatus learned{};
  /// What the run before this one showed, of the event or of the schedule that made it.
  LastRun last_run{};
  /// For people, such as Ramping, Held, Lowering, Restored or Missing.
  std::string state{};
  /// What its pods wait for while they are not ready, looked at every quarter of a minute.
  std::vector<PendingStatus> pending{};
  /// More, for people.
  std::string message{};
  bool operator==(const TargetStatus&) const = default;
};

/// Whose field it is.
struct HeldObject {
  /// Group and version under which it was written.
  std::string api_version{};
  /// Its group; absent for the core group.
  std::string group{};
  /// Its kind.
  std::string kind{};
  /// Its namespace; absent for a kind without namespaces.
  std::string ns{};
  /// Its name.
  std::string name{};
  bool operator==(const HeldObject&) const = default;
};

/// What is remembered of another writer of the field.
struct ContestStatus {
  /// How often our value was written again.
  std::optional<std::int32_t> reasserted{};
  /// When last.
  std::optional<Instant> at{};
  /// The field manager that wrote last.
  std::string by{};
  /// Which of its changes that was.
  std::string change{};
  /// The other writer's value stays.
  std::optional<bool> yielded{};
  bool operator==(const ContestStatus&) const = default;
};

/// One held field.
struct HoldStatus {
  /// The target or hold that wants it.
  std::string name{};
  /// Whose field it is.
  HeldObject object{};
  /// UID of the object when it was written.
  std::string uid{};
  /// Counts the writes of the object's record.
  std::optional<std::int64_t> serial{};
  /// JSON Pointer of the field.
  std::string field{};
  /// The path within a document kept in that field.
  std::string inside{};
  /// The record of this field as it stands in the object's annotation.
  std::string copy{};
  /// The value before, as JSON text; absent when the field was absent.
  Value baseline{};
  /// The value asked for, as JSON text.
  Value requested{};
  /// What the server made of it, as JSON text.
  Value applied{};
  /// The value last seen, as JSON text.
  Value live{};
  /// When a ramp last changed what is asked for.
  std::optional<Instant> stepped_at{};
  /// From what height the way down began; absent on the way up.
  std::optional<std::int64_t> peak{};
  /// What is remembered of another writer of the field.
  ContestStatus contest{};
  /// The events that keep it, as namespace/name.
  std::vector<std::string> holders{};
  /// For people, such as Held, Restored, Contested, Yielded or RouteContested.
  std::string state{};
  /// More, for people.
  std::string message{};
  bool operator==(const HoldStatus&) const = default;
};

/// What the operator has seen and done.
struct SaleEventStatus {
  /// The generation of the spec that this status speaks of; -1 before the first look.
  std::optional<std::int64_t> observed_generation{};
  /// For people: Scheduled, Preparing, Ready, Live, CoolingDown, Completed, Suspended or Failed.
  /// Programs read the conditions.
  std::string phase{};
  /// Whether the sale can go ahead as asked, for people.
  std::string verdict{};
  /// Whether the floors will fit, as last looked at before the start.
  std::optional<FeasibilityStatus> feasibility{};
  /// The most important thing to know now.
  std::string message{};
  /// Which Doorbuster carries this event out; another one leaves it alone.
  std::string install{};
  /// Counts how often the window was begun anew by editing it after it was over.
  std::optional<std::int32_t> run{};
  /// Targets that are ready of those that there are, such as `12/12`.
  std::string targets_ready{};
  /// The next instant at which something is due, in UTC.
  std::optional<Instant> next_due{};
  /// What is due then.
  std::string next_reason{};
  /// The state of the event for programs.
  std::vector<Condition> conditions{};
  /// The window as instants in UTC.
  std::optional<WindowStatus> window{};
  /// What was decided and outlives a restart; of one kind about one subject the latest stands.
  std::vector<Decision> decisions{};
  /// Whether what runs is frozen.
  FreezeStatus freeze{};
  /// One row for each target whose node room is prepared.
  std::vector<HeadroomStatus> headroom{};
  /// One row for each check.
  std::vector<CheckStatus> checks{};
  /// One row for each rollout.
  std::vector<RolloutStatus> rollouts{};
  /// One row for each target whose images are pulled ahead.
  std::vector<ImagePrepullStatus> image_prepull{};
  /// One row for each target; for each workload that a selector found.
  std::vector<TargetStatus> targets{};
  /// The second copy of what is held: a row for each field. The first copy is the annotation
  /// `doorbuster.dev/holds` of the held object.
  std::vector<HoldStatus> holds{};
  bool operator==(const SaleEventStatus&) const = default;
};

/// Compact JSON text; absent fields are left out, everything else is written, defaults too.
Json to_json(const WindowSpec&);
Json to_json(const FreezeSpec&);
Json to_json(const TargetRef&);
Json to_json(const LabelRequirement&);
Json to_json(const LabelSelector&);
Json to_json(const Need&);
Json to_json(const ProfileStep&);
Json to_json(const DisruptionBudget&);
Json to_json(const RampUp&);
Json to_json(const RampDown&);
Json to_json(const RampSpec&);
Json to_json(const TargetSpec&);
Json to_json(const HeadroomSpec&);
Json to_json(const ImagePrepullSpec&);
Json to_json(const CapacitySpec&);
Json to_json(const HoldObject&);
Json to_json(const HoldValue&);
Json to_json(const HoldSpan&);
Json to_json(const HoldSpec&);
Json to_json(const CheckRange&);
Json to_json(const PrometheusCheck&);
Json to_json(const CheckToken&);
Json to_json(const HttpCheck&);
Json to_json(const CheckObject&);
Json to_json(const ConditionCheck&);
Json to_json(const PodsCheck&);
Json to_json(const JobCheck&);
Json to_json(const CheckBound&);
Json to_json(const CheckSpec&);
Json to_json(const ApprovalSpec&);
Json to_json(const SigningKey&);
Json to_json(const WebhookSpec&);
Json to_json(const GateSpec&);
Json to_json(const RolloutTarget&);
Json to_json(const TemplateFrom&);
Json to_json(const HeaderMatch&);
Json to_json(const CookieMatch&);
Json to_json(const RequestMatch&);
Json to_json(const CanaryStep&);
Json to_json(const CanarySpec&);
Json to_json(const BlueGreenSpec&);
Json to_json(const RolloutStrategy&);
Json to_json(const RouteTraffic&);
Json to_json(const ServiceTraffic&);
Json to_json(const ReadyPodsTraffic&);
Json to_json(const RolloutTraffic&);
Json to_json(const CompareErrors&);
Json to_json(const CompareLatency&);
Json to_json(const CompareSpec&);
Json to_json(const AnalysisSpec&);
Json to_json(const RolloutAnalysis&);
Json to_json(const RolloutSpec&);
Json to_json(const SaleEventSpec&);
Json to_json(const FeasibilityFinding&);
Json to_json(const FeasibleTarget&);
Json to_json(const FeasibilityStatus&);
Json to_json(const Condition&);
Json to_json(const WindowStatus&);
Json to_json(const Decision&);
Json to_json(const FreezeStatus&);
Json to_json(const HeadroomStatus&);
Json to_json(const CheckStatus&);
Json to_json(const RolloutStatus&);
Json to_json(const ImagePrepullStatus&);
Json to_json(const TargetBaseline&);
Json to_json(const LearnedPending&);
Json to_json(const LearnedStep&);
Json to_json(const LearnedStatus&);
Json to_json(const LastRun&);
Json to_json(const PendingStatus&);
Json to_json(const TargetStatus&);
Json to_json(const HeldObject&);
Json to_json(const ContestStatus&);
Json to_json(const HoldStatus&);
Json to_json(const SaleEventStatus&);

/// From a node that has been through check() without errors.
void bind(const Node&, WindowSpec&);
void bind(const Node&, FreezeSpec&);
void bind(const Node&, TargetRef&);
void bind(const Node&, LabelRequirement&);
void bind(const Node&, LabelSelector&);
void bind(const Node&, Need&);
void bind(const Node&, ProfileStep&);
void bind(const Node&, DisruptionBudget&);
void bind(const Node&, RampUp&);
void bind(const Node&, RampDown&);
void bind(const Node&, RampSpec&);
void bind(const Node&, TargetSpec&);
void bind(const Node&, HeadroomSpec&);
void bind(const Node&, ImagePrepullSpec&);
void bind(const Node&, CapacitySpec&);
void bind(const Node&, HoldObject&);
void bind(const Node&, HoldValue&);
void bind(const Node&, HoldSpan&);
void bind(const Node&, HoldSpec&);
void bind(const Node&, CheckRange&);
void bind(const Node&, PrometheusCheck&);
void bind(const Node&, CheckToken&);
void bind(const Node&, HttpCheck&);
void bind(const Node&, CheckObject&);
void bind(const Node&, ConditionCheck&);
void bind(const Node&, PodsCheck&);
void bind(const Node&, JobCheck&);
void bind(const Node&, CheckBound&);
void bind(const Node&, CheckSpec&);
void bind(const Node&, ApprovalSpec&);
void bind(const Node&, SigningKey&);
void bind(const Node&, WebhookSpec&);
void bind(const Node&, GateSpec&);
void bind(const Node&, RolloutTarget&);
void bind(const Node&, TemplateFrom&);
void bind(const Node&, HeaderMatch&);
void bind(const Node&, CookieMatch&);
void bind(const Node&, RequestMatch&);
void bind(const Node&, CanaryStep&);
void bind(const Node&, CanarySpec&);
void bind(const Node&, BlueGreenSpec&);
void bind(const Node&, RolloutStrategy&);
void bind(const Node&, RouteTraffic&);
void bind(const Node&, ServiceTraffic&);
void bind(const Node&, ReadyPodsTraffic&);
void bind(const Node&, RolloutTraffic&);
void bind(const Node&, CompareErrors&);
void bind(const Node&, CompareLatency&);
void bind(const Node&, CompareSpec&);
void bind(const Node&, AnalysisSpec&);
void bind(const Node&, RolloutAnalysis&);
void bind(const Node&, RolloutSpec&);
void bind(const Node&, SaleEventSpec&);
void bind(const Node&, FeasibilityFinding&);
void bind(const Node&, FeasibleTarget&);
void bind(const Node&, FeasibilityStatus&);
void bind(const Node&, Condition&);
void bind(const Node&, WindowStatus&);
void bind(const Node&, Decision&);
void bind(const Node&, FreezeStatus&);
void bind(const Node&, HeadroomStatus&);
void bind(const Node&, CheckStatus&);
void bind(const Node&, RolloutStatus&);
void bind(const Node&, ImagePrepullStatus&);
void bind(const Node&, TargetBaseline&);
void bind(const Node&, LearnedPending&);
void bind(const Node&, LearnedStep&);
void bind(const Node&, LearnedStatus&);
void bind(const Node&, LastRun&);
void bind(const Node&, PendingStatus&);
void bind(const Node&, TargetStatus&);
void bind(const Node&, HeldObject&);
void bind(const Node&, ContestStatus&);
void bind(const Node&, HoldStatus&);
void bind(const Node&, SaleEventStatus&);

}  // namespace doorbuster::api
