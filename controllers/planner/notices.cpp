// What has changed between two statuses, as Events with stable reasons.
#include "controllers/planner/conditions.h"
#include "controllers/planner/decisions.h"
#include "controllers/planner/feasibility.h"
#include "controllers/planner/status_report.h"

#include <algorithm>
#include <array>
#include <utility>

namespace doorbuster::planner {
namespace {

constexpr std::size_t kNotices = 64;  ///< of one round; status says the rest

using Type = Notice::Type;

struct Collector {
  std::vector<Notice> out;
  void add(Type type, std::string code, std::string text) {
    Notice made{type, {std::move(code), cut(std::move(text), 1024)}};
    const bool known = std::find(out.begin(), out.end(), made) != out.end();
    if (!known && out.size() < kNotices) out.push_back(std::move(made));
  }
};

/// A condition that says something else than before.
const api::Condition* changed(const api::SaleEventStatus& before,
                              const api::SaleEventStatus& after,
                              std::string_view type) {
  const api::Condition* now = condition_of(after.conditions, type);
  const api::Condition* old = condition_of(before.conditions, type);
  if (now == nullptr ||
      (old != nullptr && old->status == now->status && old->reason == now->reason))
    return nullptr;
  return now;
}

void phases(Collector& to, const api::SaleEventStatus& before, const api::SaleEventStatus& after) {
  struct Named {
    const char *phase, *code, *text;
  };
  constexpr std::array kNamed = {
      Named{"Preparing", "PrepareBegan", "preparation has begun"},
      Named{"Ready", "Prepared", "everything is ready before the start"},
      Named{"Live", "Live", "the sale has begun"},
      Named{"CoolingDown", "CoolingDown", "the sale is over: on the way back"},
      Named{"Completed", "Completed", "the sale is over and nothing is held any more"},
      Named{"Suspended", "Suspended", "nothing is changed until the event is resumed"},
  };
  if (before.phase == after.phase) return;
  for (const Named& one : kNamed) {
    if (after.phase == one.phase) to.add(Type::Normal, one.code, one.text);
  }
}

void conditions(Collector& to,
                const api::SaleEventStatus& before,
                const api::SaleEventStatus& after) {
  if (const auto* one = changed(before, after, "Accepted")) {
    if (one->status == api::ConditionStatus::True) to.add(Type::Normal, "Accepted", one->message);
    if (one->status == api::ConditionStatus::False)
      to.add(Type::Warning, "NotAccepted", one->reason + ": " + one->message);
  }
  const bool began =
      decided(after, "Began") && decision_of(before, after.run.value_or(0), "Began") == nullptr;
  if (began && !lateness(after).empty()) to.add(Type::Warning, "PreparationLate", lateness(after));
  if (const auto* one = changed(before, after, "Prepared");
      one != nullptr && one->reason == "TargetsNotReady") {
    to.add(Type::Warning, "TargetsNotReady", one->message);
  }
  if (const auto* one = changed(before, after, "Stalled");
      one != nullptr && one->reason != "InvalidSpec") {
    to.add(Type::Warning, one->reason, one->message);
  }
}

/// A verdict that got worse, or that is good again.
void verdicts(Collector& to,
              const api::SaleEventStatus& before,
              const api::SaleEventStatus& after) {
  const auto level = [](const api::SaleEventStatus& status) {
    return status.feasibility ? level_of(status.feasibility->verdict) : Level::Go;
  };
  const auto* one = condition_of(after.conditions, "Feasible");
  if (one == nullptr || !after.feasibility || level(before) == level(after)) return;
  if (level(after) > level(before)) {
    to.add(Type::Warning,
           level(after) == Level::NoGo ? "NotFeasible" : "FeasibleWithWarnings",
           one->message);
  } else {
    to.add(Type::Normal,
           "FeasibilityImproved",
           "the verdict is " + after.feasibility->verdict + " again: " + one->message);
  }
}

void targets(Collector& to, const api::SaleEventStatus& before, const api::SaleEventStatus& after) {
  for (const api::TargetStatus& row : after.targets) {
    const auto old = std::find_if(before.targets.begin(),
                                  before.targets.end(),
                                  [&](const auto& one) { return one.name == row.name; });
    if (old != before.targets.end() && old->state == row.state) continue;
    if (row.state == "Missing")
      to.add(Type::Warning, "TargetMissing", row.name + ": " + row.message);
    if (row.state == "Forbidden")
      to.add(Type::Warning, "TargetForbidden", row.name + ": " + row.message);
    if (row.state == "Refused")
      to.add(Type::Warning, "TargetRefused", row.name + ": " + row.message);
    if (row.state == "Held")
      to.add(Type::Normal, "CapacityHeld", row.name + ": the full floor is in force and ready");
    if (row.state == "Restored")
      to.add(Type::Normal, "CapacityRestored", row.name + ": back to what was there before");
  }
}

void holds(Collector& to, const api::SaleEventStatus& before, const api::SaleEventStatus& after) {
  for (const api::HoldStatus& row : after.holds) {
    const auto old = std::find_if(before.holds.begin(), before.holds.end(), [&](const auto& one) {
      return one.object == row.object && one.field == row.field && one.uid == row.uid;
    });
    if (old != before.holds.end() && old->state == row.state) continue;
    const std::string where = row.object.kind + " " + row.object.name + row.field;
    if (row.state == "Held") to.add(Type::Normal, "FieldHeld", where);
    if (row.state == "Restored") to.add(Type::Normal, "FieldRestored", where);
    if (row.state == "Missing") to.add(Type::Warning, "TargetMissing", where + ": " + row.message);
    if (row.state == "Forbidden")
      to.add(Type::Warning, "TargetForbidden", where + ": " + row.message);
    if (row.state == "Refused") to.add(Type::Warning, "HoldRefused", where + ": " + row.message);
    if (row.state == "Contested")
      to.add(Type::Warning, "FieldContested", where + ": " + row.message);
    if (row.state == "Yielded") to.add(Type::Warning, "FieldYielded", where + ": " + row.message);
    if (row.state == "RouteContested")
      to.add(Type::Warning, "RouteContested", where + ": " + row.message);
    if (row.state == "Left") to.add(Type::Warning, "FieldLeft", where + ": " + row.message);
  }
}

void freezes(Collector& to, const api::SaleEventStatus& before, const api::SaleEventStatus& after) {
  const std::string& was = before.freeze.state;
  const std::string& is = after.freeze.state;
  if (was == is) return;
  if (is == "Frozen") to.add(Type::Normal, "FreezeBegan", after.freeze.message);
  if (is == "Lifted") to.add(Type::Warning, "FreezeLifted", after.freeze.message);
  if (is == "Over" && (was == "Frozen" || was == "Lifted" || was == "NotEnforced"))
    to.add(Type::Normal, "FreezeEnded", "what runs may change again");
}

/// Another verdict than before, or the first one. A restart, after which nothing is measured yet,
/// is no news.
void checks(Collector& to, const api::SaleEventStatus& before, const api::SaleEventStatus& after) {
  for (const api::CheckStatus& row : after.checks) {
    const auto old = std::find_if(before.checks.begin(), before.checks.end(), [&](const auto& one) {
      return one.name == row.name;
    });
    if (!row.measured_at) continue;
    if (old != before.checks.end() && old->verdict == row.verdict && old->measured_at) continue;
    const bool good = row.verdict == "Good";
    to.add(
        good ? Type::Normal : Type::Warning, "Check" + row.verdict, row.name + ": " + row.message);
  }
}

}  // namespace

std::vector<Notice> notices_between(const api::SaleEventStatus& before,
                                    const api::SaleEventStatus& after,
                                    const Report& in) {
  Collector to;
  if (before == after) return {};
  conditions(to, before, after);
  verdicts(to, before, after);
  phases(to, before, after);
  targets(to, before, after);
  holds(to, before, after);
  freezes(to, before, after);
  checks(to, before, after);
  for (const Reason& one : in.notices) to.add(Type::Warning, one.code, one.text);
  if (before.message != after.message) {
    for (const Reason& one : in.warnings) to.add(Type::Warning, one.code, one.text);
  }
  return std::move(to.out);
}

}  // namespace doorbuster::planner
