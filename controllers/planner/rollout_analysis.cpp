// What checks and comparisons say of a rollout (docs/reference/analysis.md).
#include "controllers/planner/comparison.h"
#include "controllers/planner/rollout_draft.h"

namespace doorbuster::planner {
namespace {

const api::AnalysisSpec* asked_of(const RolloutDraft& draft) {
  return draft.spec == nullptr || !draft.spec->analysis.usual ? nullptr
                                                              : &*draft.spec->analysis.usual;
}

/// The first thing that is wrong stands; a failure before all else.
void add(Analysis& out, Analysis::Is is, std::string why) {
  if (out.is == Analysis::Is::Failed || out.is == is) return;
  if (is != Analysis::Is::Failed && out.is == Analysis::Is::Inconclusive) return;
  out.is = is;
  out.why = std::move(why);
}

void exhaust(Analysis& out, const api::AnalysisSpec& asked, int inconclusive) {
  const auto& limit = asked.inconclusive_limit;
  out.exhausted = out.exhausted ||
                  (limit && inconclusive > *limit && asked.error_policy == api::ErrorPolicy::Hold);
}

void judge_check(const RolloutDraft& draft,
                 const api::AnalysisSpec& asked,
                 const api::CheckSpec& check,
                 Instant since,
                 Analysis& out) {
  const auto history = measured(draft, check.name);
  const CheckJudgement judged = judge(check, history, draft.view.now);
  const CheckTally tally = tally_since(check, history, since);
  const bool fresh = judged.measured_at && *judged.measured_at > since;
  const bool waits = asked.initial_delay.value > Duration(0) && !fresh;
  const bool too_often = asked.failure_limit > 0 ? tally.bad > asked.failure_limit
                                                 : judged.verdict == CheckVerdict::Bad && !waits;
  if (too_often)
    return add(out,
               Analysis::Is::Failed,
               check.name + " is bad" +
                   (tally.bad > 1 ? " (" + std::to_string(tally.bad) + " times)" : "") + ": " +
                   judged.message);
  switch (judged.verdict) {
    case CheckVerdict::Good:
      if (!fresh)
        return add(out, Analysis::Is::Inconclusive, check.name + " has not been measured since");
      if (tally.good_in_row < asked.consecutive_success_limit)
        add(out,
            Analysis::Is::Inconclusive,
            check.name + " was good at " + std::to_string(tally.good_in_row) + " of " +
                std::to_string(asked.consecutive_success_limit) + " measurements in a row");
      return;
    case CheckVerdict::Bad:
      return add(out,
                 Analysis::Is::Inconclusive,
                 check.name + " is bad, which is let pass " + std::to_string(asked.failure_limit) +
                     " times: " + judged.message);
    case CheckVerdict::Unknown:
      break;
  }
  exhaust(out, asked, tally.inconclusive);
  if (asked.error_policy == api::ErrorPolicy::Hold)
    add(out, Analysis::Is::Inconclusive, check.name + " is not known: " + judged.message);
}

/// The latest counts that stand; null: why not is said.
const Measurement* counted(const RolloutDraft& draft,
                           const api::AnalysisSpec& asked,
                           const api::CheckSpec& question,
                           Instant since,
                           Analysis& out) {
  const auto history = measured(draft, question.name);
  if (history.empty()) {
    add(out, Analysis::Is::Inconclusive, "nothing has been compared yet");
    return nullptr;
  }
  exhaust(out, asked, tally_since(question, history, since).inconclusive);
  // What was counted before a failure stands until it is stale.
  const auto last = std::find_if(history.rbegin(), history.rend(), [](const Measurement& one) {
    return one.says == Measurement::Says::Value;
  });
  if (last != history.rend() && draft.view.now - last->at <= stale_after(question)) return &*last;
  if (asked.error_policy == api::ErrorPolicy::Hold)
    add(out, Analysis::Is::Inconclusive, "the comparison is not known: " + history.back().text);
  return nullptr;
}

void take(Analysis& out, const char* what, const Compared& compared) {
  const std::string words = std::string(what) + ": " + compared.words;
  switch (compared.is) {
    case Compared::Is::Worse:
      return add(out, Analysis::Is::Failed, "worse than the target by " + words);
    case Compared::Is::TooFew:
      return add(out, Analysis::Is::Inconclusive, words);
    case Compared::Is::NotWorse:
      out.evidence += (out.evidence.empty() ? "" : "; ") + words;
      return;
  }
}

/// What is compared now; nothing: nothing is. In a step and after the last, while both sides have
/// traffic: counts do not go over a change of share.
std::optional<ComparedPair> pair_now(const RolloutDraft& draft) {
  const int share = draft.facts.weight.value_or(0);
  if (draft.spec == nullptr || share == 0 || share >= 100) return std::nullopt;
  const int entered = step_in(draft.decided(rollout_kind::kEntered));
  const bool between = step_in(draft.decided(rollout_kind::kPassed)) == entered &&
                       entered < static_cast<int>(draft.steps.size());
  if (between) return std::nullopt;
  auto out = pair_of(draft.view.event, draft.view.setup.install, *draft.spec);
  // What this round has decided nobody has asked about yet.
  for (const api::Decision& made : draft.decisions) {
    if (out && begins_comparison(made.kind))
      out->since = made.at + draft.spec->analysis.usual->initial_delay.value;
  }
  return out;
}

}  // namespace

std::span<const Measurement> measured(const RolloutDraft& draft, const std::string& name) {
  const auto found = draft.view.seen.checks.find(name);
  return found == draft.view.seen.checks.end() ? std::span<const Measurement>()
                                               : std::span<const Measurement>(found->second);
}

Analysis analysis_since(const RolloutDraft& draft, Instant begun) {
  Analysis out;
  const api::AnalysisSpec* asked = asked_of(draft);
  if (asked == nullptr) return out;
  out.is = Analysis::Is::Passed;
  out.dry = asked->dry_run;
  const Instant since = begun + asked->initial_delay.value;
  const auto& checks = draft.view.spec.checks;
  for (const std::string& name : asked->checks) {
    const auto check =
        std::find_if(checks.begin(), checks.end(), [&name](const api::CheckSpec& one) {
          return one.name == name;
        });
    if (check != checks.end()) judge_check(draft, *asked, *check, since, out);
  }
  const auto compared = asked->compare ? pair_now(draft) : std::nullopt;
  if (!compared) return out;
  const api::CheckSpec question = errors_asked(*asked->compare, *compared);
  if (const Measurement* one = counted(draft, *asked, question, since, out))
    take(out,
         "errors",
         compared_errors(
             asked->compare->errors, one->text, level_of(*asked->compare, draft.steps.size())));
  return out;
}

Analysis latency_since(const RolloutDraft& draft, Instant begun) {
  Analysis out;
  const api::AnalysisSpec* asked = asked_of(draft);
  if (asked == nullptr || !asked->compare || !asked->compare->latency) return out;
  const auto compared = pair_now(draft);
  if (!compared) return out;
  out.is = Analysis::Is::Passed;
  out.dry = asked->dry_run;
  const api::CheckSpec question = latency_asked(*asked->compare, *compared);
  const Instant since = begun + asked->initial_delay.value;
  if (const Measurement* one = counted(draft, *asked, question, since, out))
    take(out,
         "latency",
         compared_latency(
             *asked->compare->latency, one->text, level_of(*asked->compare, draft.steps.size())));
  return out;
}

std::string bad_now(const RolloutDraft& draft) {
  const api::AnalysisSpec* asked = asked_of(draft);
  if (asked == nullptr || asked->dry_run) return "";
  for (const api::CheckSpec& check : draft.view.spec.checks) {
    if (std::find(asked->checks.begin(), asked->checks.end(), check.name) == asked->checks.end())
      continue;
    const CheckJudgement judged = judge(check, measured(draft, check.name), draft.view.now);
    if (judged.verdict == CheckVerdict::Bad) return check.name + " is bad: " + judged.message;
  }
  return "";
}

}  // namespace doorbuster::planner
