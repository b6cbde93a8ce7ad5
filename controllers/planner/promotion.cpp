#include "controllers/planner/promotion.h"

#include "controllers/planner/canary.h"
#include "controllers/planner/lowering.h"
#include "controllers/products/allow_list.h"
#include "controllers/products/scalers.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace doorbuster::planner {
namespace {

struct Copied {
  const char* pointer;  ///< of the Canary
  bool ceiling;
};
constexpr std::array kCopied = {Copied{kPrimaryMin, false}, Copied{kPrimaryMax, true}};

/// Is it that bound of something that scales a workload?
bool is_bound(const FieldRef& field, bool ceiling) {
  const products::Bounds* bounds = products::bounds_of(field.object);
  return bounds != nullptr && field.pointer == (ceiling ? bounds->max : bounds->min);
}

const HoldWant* wanted_of(const TargetDraft& draft, bool ceiling, const ObjectRef* scaler) {
  const HoldWant* out = nullptr;
  for (const Item& item : draft.items) {
    const auto* one = std::get_if<HoldWant>(&item);
    if (one == nullptr || !is_bound(one->field, ceiling)) continue;
    if (scaler == nullptr || one->field.object == *scaler) out = one;
  }
  return out;
}

const Release* release_of(const TargetDraft& draft, const FieldRef& field) {
  for (const Item& item : draft.items) {
    const auto* one = std::get_if<Release>(&item);
    if (one != nullptr && std::find(one->only.begin(), one->only.end(), field) != one->only.end())
      return one;
  }
  return nullptr;
}

void hold(TargetDraft& draft, const FieldRef& field, const HoldWant& as) {
  HoldWant want = as;
  want.field = field;
  want.baseline.reset();
  want.replicas = false;
  want.reason.text += " (for a promotion)";
  draft.items.emplace_back(std::move(want));
}

void let_go(TargetDraft& draft, const FieldRef& field, const Release* as) {
  Release release{.name = draft.report.name,
                  .only = {},
                  .reason = {kRestoring, draft.report.name + ": back to what was there before"}};
  if (as != nullptr) release = *as;
  release.only = {field};
  draft.items.emplace_back(std::move(release));
}

/// A bound that is still held on what scales the primary, and is not let go of in this round.
bool stays_held(const TargetDraft& draft, bool ceiling, const Release*& released) {
  bool out = false;
  for (const OurHold& one : draft.held) {
    if (!is_bound(one.field, ceiling)) continue;
    const Release* found = release_of(draft, one.field);
    if (found != nullptr) released = found;
    out = out || (found == nullptr && absence(draft.view.seen, one.field.object) != "Missing");
  }
  return out;
}

}  // namespace

void hold_for_promotions(TargetDraft& draft, const InCharge& charge) {
  for (const OurHold& one : std::vector(draft.held)) {
    const bool current = charge.rewritten && one.field.object == *charge.canary;
    if (is_canary(one.field.object) && !current) let_go(draft, one.field, nullptr);
  }
  if (!charge.rewritten) return;
  for (const auto& [pointer, ceiling] : kCopied) {
    const FieldRef field{*charge.canary, pointer, ""};
    const HoldWant* want = wanted_of(draft, ceiling, &charge.object);
    if (want == nullptr) continue;
    const std::string why = products::why_not_scaled(draft.view.setup.allow, field);
    if (!why.empty() && find_hold(draft, field) == nullptr) {
      draft.warnings.push_back(
          {"FieldNotAllowed", draft.report.name + ": not kept through a promotion: " + why});
      return;
    }
    hold(draft, field, *want);
  }
}

void lower_for_promotions(TargetDraft& draft) {
  for (const OurHold& one : std::vector(draft.held)) {
    if (!is_canary(one.field.object)) continue;
    const bool ceiling = one.field.pointer == kPrimaryMax;
    const Release* released = nullptr;
    if (const HoldWant* want = wanted_of(draft, ceiling, nullptr)) {
      hold(draft, one.field, *want);
    } else if (!stays_held(draft, ceiling, released)) {
      let_go(draft, one.field, released);
    }
  }
}

void note_release(TargetDraft& draft, const InCharge& charge) {
  if (!charge.canary) return;
  const Present* canary = present(draft.view.seen, *charge.canary);
  const std::string phase = canary == nullptr ? "" : release_under_way(*canary->object);
  if (phase.empty()) return;
  draft.warnings.push_back(
      {"ReleaseUnderWay",
       draft.report.name + ": " + to_text(*charge.canary) + " is " + phase +
           ": load also goes to the new version, whose pods are as many as its own autoscaler "
           "makes, and a promotion replaces the primary's pods. Let it end before the sale, and "
           "hold spec.suspend: true so that none begins"});
}

}  // namespace doorbuster::planner
