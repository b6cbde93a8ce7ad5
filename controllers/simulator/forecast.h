#pragma once

#include "controllers/planner/plan.h"
#include "controllers/simulator/api_server.h"
#include "controllers/simulator/nodes.h"
#include "crds/reader.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace doorbuster::simulator {

/// An object as an API server shows it; without a uid: as a manifest has it.
struct SeedObject {
  ObjectRef ref;
  Json object;
};

/// Bounds of a forecast.
inline constexpr Duration kForecastTail = std::chrono::minutes(30);  ///< after restored_by
inline constexpr std::size_t kMaxTimeline = 5'000;
inline constexpr std::size_t kMaxSamples = 20'000;  ///< a target

/// What a forecast starts from.
struct ForecastInput {
  /// Its window in instants with an offset (zones are files). Without uid: it is created at `from`.
  api::SaleEvent event;
  std::vector<SeedObject> objects;
  std::vector<ServedKind> kinds;  ///< besides the standard ones
  planner::Setup setup;
  Instant from;
  std::optional<Instant> until;  ///< nothing: to the end of it all
  /// By target: what load asks for from each instant on, in pods at the autoscaler's own aim. A
  /// target that is not named keeps what it has at `from`.
  std::map<std::string, std::map<Instant, std::int64_t>> load;
  std::map<std::string, Duration> startup;  ///< by target: from a node to ready
  Duration startup_otherwise = std::chrono::seconds(30);
  Nodes nodes;
  std::optional<std::int64_t> zones;               ///< that the nodes are in; nothing: not known
  std::shared_ptr<const planner::Room> room = {};  ///< what is judged before the day; null: nothing
};

/// One field before and after a write.
struct FieldChange {
  std::string pointer;
  Value before, after;
};

/// Where two versions of an object differ, but for what is no wish of anybody: metadata and status.
std::vector<FieldChange> changes_between(const Tree& before, const Tree& after);

/// One write of the operator.
struct TimelineEntry {
  Instant at;
  ObjectRef object;
  std::vector<FieldChange> changes;  ///< the object's own fields, without our record
  planner::Reason reason;
  bool child = false;  ///< of an object that the operator makes and removes itself
};

/// A target's state from an instant on.
struct Sample {
  Instant at;
  std::int64_t floor = 0, ceiling = 0;  ///< in force; ceiling 0: none
  std::int64_t replicas = 0, ready = 0, waiting = 0;
  std::int64_t wanted = 0;  ///< by load alone
  bool same_as(const Sample&) const;
};

enum class ForecastVerdict { Go, Warn, NoGo };
const char* to_string(ForecastVerdict);

/// Something that speaks against it.
struct ForecastFinding {
  ForecastVerdict level = ForecastVerdict::Warn;
  std::string code;     ///< stable, CamelCase
  std::string subject;  ///< the target or field; may be empty
  std::string text;
  auto operator<=>(const ForecastFinding&) const = default;
};

/// How one target fared.
struct TargetOutlook {
  std::string name;
  ObjectRef workload;
  std::optional<ObjectRef> autoscaler;
  std::string in_charge;   ///< the chain that was found (planner/in_charge.h)
  std::int64_t floor = 0;  ///< asked for at the full floor
  std::int64_t ready_at_start = 0;
  std::optional<Instant> ready_since;  ///< enough of the full floor, from then on until start
  std::int64_t peak = 0, peak_wanted = 0;
  std::vector<Sample> curve;
};

struct Forecast {
  planner::Window window;
  Instant from, until;
  std::vector<TimelineEntry> timeline;
  bool cut = false;  ///< kMaxTimeline was reached
  std::vector<TargetOutlook> targets;
  std::vector<ForecastFinding> findings;  ///< worst first
  std::int64_t nodes_added = 0;
  api::SaleEventStatus last;
  ForecastVerdict verdict() const;
  /// Findings from elsewhere, in their place by how bad they are.
  void add(const std::vector<ForecastFinding>& more);
};

/// The targets of its event, with those that selectors find among its objects.
std::vector<api::TargetSpec> targets_in(const ForecastInput& input);

/// Plays the event on a simulated cluster from `from` to its end, through the very loop that the
/// operator runs. Pure: the same input gives the same forecast.
Forecast forecast(const ForecastInput& input);

/// The latest instant at which the event may be created so that every target still has its floor
/// ready at start, to `within`; nothing when even `from` is too late. Plays about ten forecasts.
std::optional<Instant> latest_safe_creation(const ForecastInput& input,
                                            Duration within = std::chrono::seconds(30));

}  // namespace doorbuster::simulator
