#pragma once

#include "controllers/simulator/cluster.h"
#include "controllers/simulator/world.h"
#include "operator/base/instant.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace doorbuster::simulation {

/// Everything that can happen to a simulated shop besides the operator's own doing.
enum class Act {
  // what the author of an event does with it
  MoveEndLater,
  MoveEndSooner,
  RaiseNeed,
  LowerNeed,
  RemoveTarget,
  RemoveHold,
  Suspend,
  Unsuspend,
  DryRun,
  Live,
  SetPolicy,
  DeleteEvent,
  RecreateEvent,
  TakeFinalizer,
  Ask,  ///< a SaleAction; `field` is its verb
  // what other people and tools do with the objects
  PersonSets,
  GitSets,
  GitReverts,
  HelmUpgrade,
  GitApplies,
  SaveCopy,
  ApplyCopy,
  ReplaceWithOld,
  RolloutUndo,
  CorruptAnnotation,
  RemoveAnnotation,
  RemoveLabel,
  CopyAnnotation,
  DeleteAutoscaler,
  CreateAutoscaler,
  RestoreAutoscaler,
  DeleteWorkload,
  CreateWorkload,
  DeleteNamespace,
  ScaleByHand,
  SetLoad,
  StickPods,
  UnstickPods,
  // what happens to a release
  CandidateSticks,   ///< its pods never become ready
  CandidateCrashes,  ///< and none that is ready stays so
  CheckTurns,        ///< `field`: Good, Bad, Unknown
  ServerTurns,       ///< that opens gates; `field`: Opens, Rejects, Fails, Silent
  EditRoute,         ///< `field`: Revert, Rule, Weight
  EditTemplate,      ///< of the target; `field`: the image
  DesireStable,      ///< `field` "late": unless it is over
  ChangePatch,
  // what goes wrong around the operator
  Kill,
  StepClock,
  Lag,
  Stall,
  Outage,
  DenyKind,
  AllowKind,
  HideKind,  ///< discovery lacks it
  ShowKind,
  DenyAccount,
  AllowAccount,
  FailReviews,
  AnswerReviews,
  BreakMetrics,
  MendMetrics,
  GoWrong,  ///< with the n-th request of a kind
};
const char* to_string(Act);

/// One line of a history's script. What a line does not need stays at its default.
struct Step {
  Act act = Act::Kill;
  Duration at{};        ///< since the beginning
  std::string subject;  ///< an event's, shop's, target's, hold's, kind's name
  std::string field;    ///< "min", "max", "replicas", "requests"
  std::int64_t amount = 0;
  Duration span{};
  simulator::Boundary boundary = simulator::Boundary::Perform;
  simulator::Mishap mishap = simulator::Mishap::None;
  int nth = 0;  ///< which request of that boundary, from 1
};
std::string to_text(const Step&);

struct TargetPlan {
  std::string name, shop;
  std::optional<std::int64_t> replicas;
  std::string multiplier;
  std::int64_t rps = 0, rps_per_pod = 0;  ///< instead of both above
  std::int64_t utilization = 0;           ///< percent; 0: not said
  bool survive_zone_loss = false;
  std::int64_t zones = 0;  ///< 0: not said
  /// From so long after the start on, this amount (JSON text) in place of the one above.
  std::vector<std::pair<Duration, std::string>> profile;
  std::optional<std::int64_t> ceiling;
  bool no_scale_down = false;
  std::optional<std::int64_t> min_available;  ///< percent
  bool no_evictions = false;
  std::int64_t up_steps = 3, down_steps = 4;
  Duration up_over = std::chrono::minutes(3), down_over = std::chrono::minutes(3),
           step_timeout = std::chrono::minutes(2);
  std::int64_t max_percent = 30;
};
struct HoldPlan {
  std::string name, kind, object, ns, field, op,
      value;  ///< op: literal, multiply, add, min, max; value: JSON text
  std::string from = "Live", until = "Live";
};
/// A release of the shop `checkout`.
struct RolloutPlan {
  std::string start = "start";
  std::vector<std::pair<int, Duration>> steps;  ///< weight, pause; with `blue_green` two pauses
  bool blue_green = false;
  std::string router = "HTTPRoute";  ///< its kind, or kByPods
  int gated = 0;           ///< the step, from 1, that people or a server let pass; 0: none
  bool by_server = false;  ///< a webhook opens that gate
  int pods = 0;            ///< that the first step asks for at least
  int mirror = 0;          ///< percent of copies at a first step of no weight; 0: none
  bool matched = false;    ///< every step has requests by a header besides
  bool checked = false;    ///< by the event's check, at every step
  bool proceeds = false;   ///< while that is unknown
  std::string on_failure = "RollBack", promotion = "Write", on_window_end = "Finish";
  Duration deadline = std::chrono::minutes(3), bake = std::chrono::seconds(30),
           drain = std::chrono::seconds(15);
};
struct EventPlan {
  std::string name;
  Duration created{}, start{}, end{}, prepare{}, cooldown{};
  std::vector<TargetPlan> targets;
  std::vector<HoldPlan> holds;
  std::optional<Duration> headroom;  ///< lead of the placeholders; nothing: none
  std::int64_t headroom_percent = 110;
  std::optional<Duration> prepull;  ///< lead of the pulls; nothing: none
  std::optional<Duration> freeze;   ///< so long before the start until the end; nothing: none
  std::optional<RolloutPlan> rollout;
  std::string policy = "Ramp";
  Duration restore_timeout = std::chrono::minutes(20);
};
/// The object as its author applies it.
simulator::Tree manifest(const EventPlan&, Instant begin);

struct History {
  std::uint64_t seed = 0;
  std::vector<simulator::Cluster::Shop> shops;
  std::vector<EventPlan> events;
  std::vector<Step> steps;
  std::optional<std::int64_t> zones;  ///< of the nodes; nothing: not labelled
  std::optional<std::int64_t> clamp;  ///< an admission plugin lets no rate limit exceed this
  std::map<std::string, Duration> lag;
  bool routed = false;   ///< the shop `checkout` has a Service and what shares out its traffic
  bool buffers = false;  ///< CapacityBuffers are served
  bool acts_on_buffers = false;  ///< and a node autoscaler takes them up
};

inline const Instant kBegin =
    std::chrono::sys_days(std::chrono::year(2026) / 11 / 27) + std::chrono::hours(8);
inline constexpr const char* kShopNamespace = "shop";
inline constexpr const char* kEdgeNamespace = "edge";
inline constexpr const char* kOperatorNamespace = "doorbuster-system";
inline constexpr std::int64_t kRateLimit = 100;
inline constexpr const char* kReleased = "checkout";  ///< the shop
inline constexpr const char* kRollout = "canary";
inline constexpr const char* kByPods = "ReadyPods";  ///< instead of the kind of a router
inline constexpr const char* kCheck = "errors";
inline constexpr const char* kGate = "board";

/// The history of a seed: the same on every machine.
History make_history(std::uint64_t seed);
std::string to_text(const History&);

}  // namespace doorbuster::simulation
