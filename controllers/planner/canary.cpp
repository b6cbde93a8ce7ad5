#include "controllers/planner/canary.h"

#include "controllers/planner/in_charge.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace doorbuster::planner {
namespace {

constexpr const char* kGroup = "flagger.app";
constexpr const char* kKind = "Canary";

/// Those in which pkg/controller/scheduler.go, shouldAdvance, goes on whatever has changed.
constexpr std::array<std::string_view, 5> kUnderWay = {
    "Progressing", "Waiting", "WaitingPromotion", "Promoting", "Finalising"};

}  // namespace

bool is_canary(const ObjectRef& object) { return object.group == kGroup && object.kind == kKind; }

ObjectRef primary_of(const ObjectRef& workload) {
  ObjectRef out = workload;
  out.name += "-primary";
  return out;
}

ObjectRef serving(const Observation& seen, const ObjectRef& workload) {
  const auto listed = seen.autoscalers.find(workload);
  if (listed == seen.autoscalers.end()) return workload;
  const auto* found = std::get_if<Autoscalers>(&listed->second);
  return found == nullptr || found->canaries.empty() ? workload : primary_of(workload);
}

std::optional<ObjectRef> canary_of(const ObjectRef& made, const Document& object) {
  const auto owner = controller_of(object);
  if (!owner || owner->group != kGroup || owner->kind != kKind) return std::nullopt;
  return ObjectRef{kGroup, kKind, made.ns, owner->name};
}

std::string release_under_way(const Document& canary) {
  std::string phase = canary.string("/status/phase");
  const bool goes_on = std::find(kUnderWay.begin(), kUnderWay.end(), phase) != kUnderWay.end();
  return goes_on ? phase : "";
}

}  // namespace doorbuster::planner
