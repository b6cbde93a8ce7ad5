#pragma once

// Made by hack/generate from crds/doorbuster.dev_saleschedules.yaml; do not edit.

#include "crds/fields.h"
#include "crds/sale_event.h"
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

enum class Concurrency { Allow, Forbid, Replace };
const char* to_string(Concurrency);

/// How many events that are over are kept, the newest.
struct ScheduleHistory {
  /// Of those that were carried out and have put everything back.
  std::int32_t completed = 3;
  /// Of those that were not, or left something for people to look at.
  std::int32_t failed = 3;
  bool operator==(const ScheduleHistory&) const = default;
};

/// What surrounds the sale itself.
struct SaleTemplateWindow {
  /// How long before `start` the ramps and the holds of the Prepare phase begin.
  DurationText prepare = {"30m", Duration(1800000)};
  /// How long after `end` restoration may take until it is complete.
  DurationText cooldown = {"30m", Duration(1800000)};
  /// What happens at `start` while targets are not ready. `Block` keeps the holds of the Live phase
  /// back, `Warn` goes on and says so, `Proceed` goes on. Capacity never waits.
  OnNotReady on_not_ready = OnNotReady::Warn;
  bool operator==(const SaleTemplateWindow&) const = default;
};

/// The spec of a SaleEvent, without the times, which come from the schedule.
struct SaleTemplateSpec {
  /// What surrounds the sale itself.
  SaleTemplateWindow window{};
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
  bool operator==(const SaleTemplateSpec&) const = default;
};

/// What each event is.
struct SaleTemplate {
  /// The spec of a SaleEvent, without the times, which come from the schedule.
  SaleTemplateSpec spec{};
  bool operator==(const SaleTemplate&) const = default;
};

/// When there is a sale, and what each one is.
struct SaleScheduleSpec {
  /// When the sales start, as a CronJob writes it: minute, hour, day of month, month, day of week
  /// (`0 18 * * FRI`), or `@weekly` and its like. Where both days are given, either is enough. A
  /// local time that the zone skips is the time that follows after as long (02:30 becomes 03:30);
  /// one that comes twice is the first of the two.
  std::string schedule{};
  /// IANA name of the zone in which `schedule`, `also` and `except` are read, such as
  /// `Europe/Berlin`.
  std::string time_zone = "Etc/UTC";
  /// How long each sale lasts, by the clock that knows no daylight saving.
  DurationText duration = {"0s", Duration(0)};
  /// Further starts, written like the start of a SaleEvent: a local time that the zone skips is
  /// refused, one that comes twice needs an offset. `except` does not touch them.
  std::vector<std::string> also{};
  /// Local days, such as `2026-12-25`, on which `schedule` starts nothing.
  std::vector<std::string> except{};
  /// How long before its start each event is created, so that it can be looked at and prepare.
  DurationText create_ahead = {"168h", Duration(604800000)};
  /// What happens where two events would overlap, from the beginning of their preparation to the
  /// end of their cooldown. `Forbid` leaves the later one out, `Allow` has both, `Replace` deletes
  /// the earlier one (which restores) when the later begins to prepare.
  Concurrency concurrency = Concurrency::Forbid;
  /// Create nothing further; events that exist stay as they are.
  bool suspend = false;
  /// How many events that are over are kept, the newest.
  ScheduleHistory history{};
  /// What each event is.
  SaleTemplate template_{};
  bool operator==(const SaleScheduleSpec&) const = default;
};

/// One start.
struct OccurrenceStatus {
  /// The name of its SaleEvent.
  std::string name{};
  /// When the sale starts.
  Instant start{};
  /// Created, Deleted (by somebody else: it is not created again), Replaced, Overlaps, Missed (no
  /// operator ran through all of it) or NameTaken.
  std::string state{};
  /// More, for people.
  std::string message{};
  bool operator==(const OccurrenceStatus&) const = default;
};

/// One target.
struct LastTarget {
  /// Name of the target.
  std::string name{};
  /// The workload.
  std::string object{};
  /// What the run before this one showed, of the event or of the schedule that made it.
  LastRun last_run{};
  bool operator==(const LastTarget&) const = default;
};

/// What the latest sale that is over showed of its targets: the next ones take it over, whether or
/// not its event is still kept.
struct LastOccurrence {
  /// The name of its SaleEvent.
  std::string event{};
  /// When it started.
  std::optional<Instant> start{};
  /// A row for each target that showed something.
  std::vector<LastTarget> targets{};
  bool operator==(const LastOccurrence&) const = default;
};

/// What the operator has seen and done.
struct SaleScheduleStatus {
  /// The generation of the spec that this status speaks of; -1 before the first look.
  std::optional<std::int64_t> observed_generation{};
  /// When that generation was taken up. What an edit would have started before then is not started.
  std::optional<Instant> accepted_at{};
  /// The most important thing to know now.
  std::string message{};
  /// Which Doorbuster carries this schedule out; another one leaves it alone.
  std::string install{};
  /// When the next sale starts.
  std::optional<Instant> next{};
  /// When this schedule has something to do next.
  std::optional<Instant> next_due{};
  /// The latest start for which an event was created.
  std::optional<Instant> last{};
  /// Events of this schedule that exist and are not over.
  std::optional<std::int32_t> active{};
  /// The version of the zone rules by which it was computed.
  std::string tzdata{};
  /// What was decided about each start, the latest ones.
  std::vector<OccurrenceStatus> occurrences{};
  /// What the latest sale that is over showed of its targets: the next ones take it over, whether
  /// or not its event is still kept.
  LastOccurrence last_run{};
  /// The state of the event for programs.
  std::vector<Condition> conditions{};
  bool operator==(const SaleScheduleStatus&) const = default;
};

/// Compact JSON text; absent fields are left out, everything else is written, defaults too.
Json to_json(const ScheduleHistory&);
Json to_json(const SaleTemplateWindow&);
Json to_json(const SaleTemplateSpec&);
Json to_json(const SaleTemplate&);
Json to_json(const SaleScheduleSpec&);
Json to_json(const OccurrenceStatus&);
Json to_json(const LastTarget&);
Json to_json(const LastOccurrence&);
Json to_json(const SaleScheduleStatus&);

/// From a node that has been through check() without errors.
void bind(const Node&, ScheduleHistory&);
void bind(const Node&, SaleTemplateWindow&);
void bind(const Node&, SaleTemplateSpec&);
void bind(const Node&, SaleTemplate&);
void bind(const Node&, SaleScheduleSpec&);
void bind(const Node&, OccurrenceStatus&);
void bind(const Node&, LastTarget&);
void bind(const Node&, LastOccurrence&);
void bind(const Node&, SaleScheduleStatus&);

/// Everything of an event but its times and zone.
void fill(SaleEventSpec& out, const SaleTemplateSpec& in);

}  // namespace doorbuster::api
