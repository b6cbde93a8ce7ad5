#include "controllers/planner/check.h"

#include "controllers/planner/conditions.h"
#include "controllers/planner/decisions.h"
#include "controllers/planner/rollout.h"
#include "controllers/planner/schedule.h"
#include "controllers/planner/status_rows.h"

#include <algorithm>
#include <utility>

namespace doorbuster::planner {
namespace {

using Says = Measurement::Says;

constexpr std::size_t kValueBytes = 64, kMessageBytes = 512;  // as the schema has it
constexpr int kStaleIntervals = 3;
constexpr Duration kCheckMemory = std::chrono::minutes(2);  ///< beyond what its verdict needs

/// What one measurement counts as.
enum class Counts { Good, Bad, Unknown };

std::string text_of(const api::Quantity& quantity) {
  const std::string& text = quantity.source.text;
  return text.starts_with('"') && text.size() >= 2 ? text.substr(1, text.size() - 2) : text;
}

bool is_bad(const api::CheckSpec& check, double value) {
  if (check.condition || check.job) return value == 0;
  if (check.bad && check.bad->above) return value > number_of(*check.bad->above);
  if (check.bad && check.bad->below) return value < number_of(*check.bad->below);
  return false;
}

Counts counts_as(const api::CheckSpec& check, const Measurement& one) {
  switch (one.says) {
    case Says::Value:
      return is_bad(check, one.value) ? Counts::Bad : Counts::Good;
    case Says::Missing:
      switch (check.on_missing) {
        case api::OnMissing::Unknown:
          return Counts::Unknown;
        case api::OnMissing::Bad:
          return Counts::Bad;
        case api::OnMissing::Good:
          return Counts::Good;
      }
      return Counts::Unknown;
    case Says::Error:
      return Counts::Unknown;
  }
  return Counts::Unknown;
}

/// `0.03 is above 0.01`, `Deployment cart says Available=False`, `Job smoke is complete`, `no data:
/// ...`
std::string said(const api::CheckSpec& check, const Measurement& one) {
  if (one.says == Says::Missing) return "no data: " + one.text;
  if (check.condition)
    return check.condition->object.kind + " " + check.condition->object.name + " says " +
           check.condition->type + "=" + one.text;
  if (check.job)
    return "Job " + check.job->name + (is_bad(check, one.value) ? " has " : " is ") + one.text;
  const bool above = check.bad && check.bad->above;
  if (!check.bad || (!above && !check.bad->below)) return one.text;
  const std::string bound = text_of(above ? *check.bad->above : *check.bad->below);
  const std::string is = is_bad(check, one.value) ? " is " : " is not ";
  return one.text + is + (above ? "above " : "below ") + bound;
}

/// The measurements that say something, in order.
std::vector<const Measurement*> answered(std::span<const Measurement> history) {
  std::vector<const Measurement*> out;
  for (const Measurement& one : history) {
    if (one.says != Says::Error) out.push_back(&one);
  }
  return out;
}

/// Where the series that ends with the last one and counts alike begins.
std::size_t series_begin(const api::CheckSpec& check, const std::vector<const Measurement*>& all) {
  const Counts as = counts_as(check, *all.back());
  const Duration gap = stale_after(check);
  std::size_t first = all.size() - 1;
  while (first > 0 && counts_as(check, *all[first - 1]) == as &&
         all[first]->at - all[first - 1]->at <= gap)
    --first;
  return first;
}

/// Bad across `for`, or still on the way there.
void judge_bad(const api::CheckSpec& check,
               const std::vector<const Measurement*>& all,
               std::size_t first,
               CheckJudgement& out) {
  const Duration lasts = bad_for(check);
  out.bad_since = all[first]->at;
  out.message = said(check, *all.back());
  for (std::size_t i = first; i < all.size(); ++i) {
    if (all[i]->at - all[first]->at < lasts) continue;
    out.verdict = CheckVerdict::Bad;
    out.since = all[i]->at;
    if (lasts > Duration(0)) out.message += ", for " + to_text(lasts) + " and longer";
    return;
  }
  out.message += " since " + to_rfc3339(*out.bad_since) + ", which is bad after " + to_text(lasts);
  const bool was_good = first > 0 && counts_as(check, *all[first - 1]) == Counts::Good &&
                        all[first]->at - all[first - 1]->at <= stale_after(check);
  out.verdict = was_good ? CheckVerdict::Good : CheckVerdict::Unknown;
  out.since = was_good ? all[first - 1]->at : all[first]->at;
}

/// No measurement stands: why.
void judge_silence(const api::CheckSpec& check,
                   std::span<const Measurement> history,
                   const Measurement* last,
                   CheckJudgement& out) {
  const Measurement& newest = history.back();
  out.since = last ? last->at + stale_after(check) : history.front().at;
  if (newest.says == Says::Error) {
    out.message = "cannot be measured: " + newest.text;
  } else {
    out.message = "not measured since " + to_rfc3339(newest.at);
  }
}

bool over(const Event& event) { return decided(event.status, "Completed"); }

bool is_accepted(const Event& event) {
  const api::Condition* one = condition_of(event.status.conditions, "Accepted");
  return one != nullptr && one->status == api::ConditionStatus::True &&
         one->observed_generation.value_or(-1) == event.generation;
}

const api::CheckStatus* row_of(const Event& event, const std::string& name) {
  for (const api::CheckStatus& one : event.status.checks) {
    if (one.name == name) return &one;
  }
  return nullptr;
}

/// A verdict that was there before, and that the measurements at hand join on to, began then.
void keep_since(const api::CheckSpec& check,
                const api::CheckStatus& before,
                std::span<const Measurement> history,
                api::CheckStatus& row) {
  if (before.verdict != row.verdict || !before.since || !before.measured_at) return;
  if (history.empty() || history.front().at - *before.measured_at > stale_after(check)) return;
  row.since = before.since;
}

bool says_more(const CheckRowsIn& in,
               const api::CheckStatus& before,
               const api::CheckStatus& after) {
  if (before.verdict != after.verdict) return true;
  if (in.event.status.observed_generation.value_or(-1) != in.event.generation) return true;
  if (!after.measured_at) return false;
  return !before.measured_at || *after.measured_at - *before.measured_at >= kCheckRowFresh;
}

}  // namespace

double number_of(const api::Quantity& quantity) {
  return static_cast<double>(quantity.nanos) / static_cast<double>(api::kNanosPerUnit);
}

const char* to_string(CheckVerdict verdict) {
  switch (verdict) {
    case CheckVerdict::Good:
      return "Good";
    case CheckVerdict::Bad:
      return "Bad";
    case CheckVerdict::Unknown:
      return "Unknown";
  }
  return "Unknown";
}

Duration stale_after(const api::CheckSpec& check) {
  return check.stale_after ? check.stale_after->value : kStaleIntervals * check.interval.value;
}

Duration bad_for(const api::CheckSpec& check) {
  return check.bad ? check.bad->lasts.value : Duration(0);
}

CheckJudgement judge(const api::CheckSpec& check,
                     std::span<const Measurement> history,
                     Instant now) {
  CheckJudgement out;
  if (history.empty()) {
    out.message = "not measured yet";
    return out;
  }
  const std::vector<const Measurement*> all = answered(history);
  const Measurement* last = all.empty() ? nullptr : all.back();
  out.measured_at = last ? last->at : history.back().at;
  if (last && last->says == Says::Value) out.value = last->text;
  if (!last || now - last->at > stale_after(check)) {
    judge_silence(check, history, last, out);
    return out;
  }
  const std::size_t first = series_begin(check, all);
  switch (counts_as(check, *last)) {
    case Counts::Good:
      out.verdict = CheckVerdict::Good;
      out.since = all[first]->at;
      out.message = said(check, *last);
      break;
    case Counts::Bad:
      judge_bad(check, all, first, out);
      break;
    case Counts::Unknown:
      out.since = all[first]->at;
      out.message = said(check, *last);
      break;
  }
  return out;
}

bool asks_providers(const api::SaleEventSpec& spec) {
  const bool gated = std::any_of(
      spec.gates.begin(), spec.gates.end(), [](const api::GateSpec& one) { return one.webhook; });
  return gated || !spec.checks.empty() ||
         std::any_of(spec.rollouts.begin(), spec.rollouts.end(), [](const api::RolloutSpec& one) {
           return one.analysis.usual && one.analysis.usual->compare;
         });
}

CheckTally tally_since(const api::CheckSpec& check,
                       std::span<const Measurement> history,
                       Instant since) {
  CheckTally out;
  const Measurement *bad_from = nullptr, *last = nullptr;
  for (const Measurement& one : history) {
    const bool failed = one.says == Says::Error;
    const Counts as = failed ? Counts::Unknown : counts_as(check, one);
    // A failure neither lengthens nor ends a bad span.
    if (!failed) {
      const bool goes_on = bad_from != nullptr && one.at - last->at <= stale_after(check);
      bad_from = as != Counts::Bad ? nullptr : goes_on ? bad_from : &one;
      last = &one;
    }
    if (one.at <= since) continue;
    if (bad_from != nullptr && !failed && one.at - bad_from->at >= bad_for(check)) ++out.bad;
    if (as == Counts::Unknown) ++out.inconclusive;
    out.good_in_row = as == Counts::Good ? out.good_in_row + 1 : 0;
  }
  return out;
}

Duration remembered(const api::SaleEventSpec& spec, const api::CheckSpec& check) {
  const Duration needed = bad_for(check) + stale_after(check);
  int counted = 0, compared = 0;
  for (const api::RolloutSpec& one : spec.rollouts) {
    if (!one.analysis.usual) continue;
    const api::AnalysisSpec& asked = *one.analysis.usual;
    if (check.name.starts_with("rollout/" + one.name + "/"))
      compared = std::max(compared, asked.inconclusive_limit.value_or(0) + 1);
    if (std::find(asked.checks.begin(), asked.checks.end(), check.name) == asked.checks.end())
      continue;
    counted = std::max({counted,
                        asked.failure_limit,
                        asked.consecutive_success_limit - 1,
                        asked.inconclusive_limit.value_or(0)});
  }
  // Measurements that are let pass need not follow one another.
  return needed + std::max<Duration>(kCheckMemory, (4 * counted + compared) * check.interval.value);
}

Instant measured_from(const api::SaleEventSpec& spec, const Window& window) {
  const auto first = first_rollout(spec, window);
  return first ? std::min(*first, window.prepare) : window.prepare;
}

bool asks_gates(const Event& event, const std::string& install) {
  return event.spec.ok() && !event.deleting && event.status.install == install &&
         is_accepted(event) && !over(event);
}

bool measures_checks(const Event& event, const std::string& install, Instant now) {
  if (!asks_gates(event, install) || !asks_providers(*event.spec) || !event.status.window)
    return false;
  const Window window = told(*event.status.window);
  return now >= measured_from(*event.spec, window) && now < window.restored_by;
}

std::vector<api::CheckStatus> check_rows(const CheckRowsIn& in) {
  // What was measured of a sale that is over stands as it was.
  if ((in.now >= in.window.restored_by || over(in.event)) && !in.new_run)
    return in.event.status.checks;
  std::vector<api::CheckStatus> out;
  bool news = in.checks.size() != in.event.status.checks.size();
  for (const api::CheckSpec& check : in.checks) {
    const auto found = in.seen.checks.find(check.name);
    std::span<const Measurement> history;
    if (found != in.seen.checks.end()) history = found->second;
    const CheckJudgement judged = judge(check, history, in.now);
    api::CheckStatus row{.name = check.name,
                         .verdict = to_string(judged.verdict),
                         .value = cut(judged.value, kValueBytes),
                         .since = judged.since,
                         .message = cut(judged.message, kMessageBytes),
                         .measured_at = judged.measured_at};
    if (in.now < in.measured_from) row.message = "measured from the beginning of preparation on";
    const api::CheckStatus* before = in.new_run ? nullptr : row_of(in.event, check.name);
    if (before) keep_since(check, *before, history, row);
    news = news || !before || says_more(in, *before, row);
    out.push_back(std::move(row));
  }
  // All at once or none: many checks make one write a minute.
  if (!news) return in.event.status.checks;
  return out;
}

}  // namespace doorbuster::planner
