#include "operator/commands/sale_words.h"

#include "controllers/planner/conditions.h"

#include <algorithm>

namespace doorbuster::commands {
namespace {

using api::ConditionStatus;

constexpr std::size_t kShown = 40;  ///< bytes of a value

bool says(const api::Condition* one, std::initializer_list<std::string_view> reasons) {
  return one != nullptr && std::find(reasons.begin(), reasons.end(), one->reason) != reasons.end();
}

}  // namespace

const api::Condition* condition_in(const api::SaleEventStatus& status, std::string_view type) {
  return planner::condition_of(status.conditions, type);
}

bool is_true(const api::Condition* condition) {
  return condition != nullptr && condition->status == ConditionStatus::True;
}

const api::Decision* abort_of(const api::SaleEventStatus& status) {
  for (const api::Decision& one : status.decisions) {
    const bool stands = status.window && status.window->end <= one.at;
    if (one.kind == "Abort" && one.run == status.run.value_or(0) && stands) return &one;
  }
  return nullptr;
}

std::vector<std::string> warnings_of(const api::SaleEventStatus& status) {
  std::vector<std::string> out;
  const auto add = [&out](const std::string& text) {
    if (!text.empty() && std::find(out.begin(), out.end(), text) == out.end()) out.push_back(text);
  };
  add(status.message);
  const auto add_condition = [&add](const api::Condition* one, bool wrong) {
    if (wrong) add(one->type + " (" + one->reason + "): " + one->message);
  };
  const api::Condition* prepared = condition_in(status, "Prepared");
  add_condition(prepared, says(prepared, {"TargetsNotReady", "PreparedWithExceptions"}));
  const api::Condition* restored = condition_in(status, "Restored");
  add_condition(
      restored,
      says(restored,
           {"RestoreForbidden", "NotRestored", "DemandAboveBaseline", "RestoredWithExceptions"}));
  const api::Condition* stalled = condition_in(status, "Stalled");
  add_condition(stalled, is_true(stalled));
  return out;
}

bool needs_people(const api::SaleEventStatus& status) {
  return status.verdict == "NoGo" || status.phase == "Failed" ||
         is_true(condition_in(status, "Stalled")) ||
         says(condition_in(status, "Restored"), {"RestoreForbidden", "NotRestored"});
}

std::string phase_text(const api::SaleEventStatus& status) {
  return status.phase.empty() ? "Unknown" : status.phase;
}

std::string or_dash(const std::optional<std::int64_t>& value) {
  return value ? std::to_string(*value) : "-";
}

std::string baseline_text(const api::TargetBaseline& baseline) {
  if (baseline.max)
    return (baseline.min ? std::to_string(*baseline.min) : "") + ".." +
           std::to_string(*baseline.max);
  return or_dash(baseline.replicas ? baseline.replicas : baseline.min);
}

std::string object_text(const api::HeldObject& object) {
  return object.kind + " " + (object.ns.empty() ? "" : object.ns + "/") + object.name;
}

std::string field_text(const api::HoldStatus& row) {
  return row.field + (row.inside.empty() ? "" : " " + row.inside);
}

std::string shown(const Value& value) {
  if (!value) return "absent";
  std::string out = value->text;
  if (out.size() > kShown) out.replace(kShown - 3, std::string::npos, "...");
  return out;
}

std::string decision_text(const api::Decision& made) {
  std::string out = made.kind;
  for (const std::string& part : {made.subject, made.value, made.detail}) {
    if (!part.empty()) out += " " + part;
  }
  return out;
}

std::string local_text(Instant at, Duration offset) {
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(offset).count();
  const auto two = [](std::int64_t value) {
    return (value < 10 ? "0" : "") + std::to_string(value);
  };
  const std::int64_t size = minutes < 0 ? -minutes : minutes;
  std::string out = to_rfc3339(std::chrono::floor<std::chrono::seconds>(at + offset));
  out[out.find('T')] = ' ';
  out.pop_back();
  return out + (minutes < 0 ? " -" : " +") + two(size / 60) + ":" + two(size % 60);
}

std::string short_span(Duration span) {
  const std::int64_t all = std::chrono::abs(span) / std::chrono::seconds(1);
  const auto two = [](std::int64_t large, const char* a, std::int64_t small, const char* b) {
    return std::to_string(large) + a + (small == 0 ? "" : std::to_string(small) + b);
  };
  if (all < 60) return std::to_string(all) + "s";
  if (all < 3'600) return two(all / 60, "m", all % 60, "s");
  if (all < 86'400) return two(all / 3'600, "h", all % 3'600 / 60, "m");
  return two(all / 86'400, "d", all % 86'400 / 3'600, "h");
}

std::string relative_text(Instant at, Instant now) {
  const Duration ahead = at - now;
  if (std::chrono::abs(ahead) < std::chrono::seconds(1)) return "now";
  return ahead > Duration(0) ? "in " + short_span(ahead) : short_span(ahead) + " ago";
}

}  // namespace doorbuster::commands
