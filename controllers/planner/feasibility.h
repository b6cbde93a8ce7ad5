#pragma once

#include "controllers/planner/pod_shape.h"
#include "controllers/planner/room.h"
#include "crds/sale_event.h"
#include "operator/base/instant.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace doorbuster::planner {

enum class Level { Go, Warn, NoGo };
const char* to_string(Level);
Level level_of(const std::string& verdict);  ///< of its word; Go for any other

/// What speaks against a sale: where, what, and what to do instead.
struct Finding {
  Level level = Level::Warn;
  std::string code, subject, message;
  bool operator==(const Finding&) const = default;
};

/// One target at the peak of its need.
struct PeakNeed {
  std::string target;
  PodOwner owner;
  std::int64_t needed = 0;   ///< pods
  std::int64_t usual = 0;    ///< what normally runs
  std::int64_t running = 0;  ///< what runs now, by the workload's own word
  std::int64_t surge = 0;    ///< so many more while it is rolled out, or beside it as a candidate
  std::optional<PodShape> shape;  ///< nothing: what its pods ask for is not known
  Duration to_ready{};            ///< what one step may take to be ready (ramp.up.stepTimeout)
};

/// A constraint that is judged elsewhere: the ceiling of an autoscaler, a right that is lacking,
/// connections to a database. Its verdict joins, and what it allows the target of its subject.
struct FurtherInput {
  Finding finding;
  std::optional<std::int64_t> achievable;
};

/// Will the peaks of all targets, together, fit?
struct Asked {
  std::string ns;
  Instant start;
  std::vector<PeakNeed> needs;
  std::vector<FurtherInput> further;
};

/// How long before pods can be placed on them nodes are asked for at the latest: cluster-autoscaler
/// reacts within a minute and a machine takes three to four
/// (https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/FAQ.md, "What are the
/// SLOs"); Karpenter is no slower.
inline constexpr Duration kNodeLead = std::chrono::minutes(5);

/// Bounds of what is told; they are the schema's.
inline constexpr std::size_t kFindings = 32;

/// Judges it: nodes (placement.h), what a node autoscaler may add, ResourceQuotas, LimitRanges,
/// addresses, the surge of a rollout, and whatever else is given. What is not known is a Warn,
/// never Go and never NoGo.
api::FeasibilityStatus feasibility(const Asked&, const Room&);

/// "1500m", "2", "512Mi", "3".
std::string amount_text(const std::string& resource, std::int64_t amount);

}  // namespace doorbuster::planner
