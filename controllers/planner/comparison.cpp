#include "controllers/planner/comparison.h"

#include "controllers/planner/rollout_candidate.h"
#include "controllers/planner/rollout_memory.h"
#include "controllers/planner/rollout_steps.h"
#include "controllers/planner/statistics.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <map>
#include <utility>

namespace doorbuster::planner {
namespace {

constexpr std::size_t kHashAndSuffix =
    17;                                 ///< `-5d4f8c7b9d-x2x9z`, what follows a Deployment's name
constexpr std::size_t kGenerated = 58;  ///< bytes that the API server keeps before its suffix
constexpr std::size_t kMostCounts = 1024;  ///< in one answer

/// RE2 of the names of a Deployment's pods; longer names are cut by the API server.
std::string pods_of(const std::string& deployment) {
  const bool whole = deployment.size() + kHashAndSuffix - 5 <= kGenerated;
  std::string quoted;
  for (const char c : whole ? deployment : deployment.substr(0, kGenerated - kHashAndSuffix)) {
    if (c == '.') quoted += "\\\\";
    quoted += c;
  }
  return quoted + (whole ? "-[a-z0-9]+-[a-z0-9]{5}" : "[-a-z0-9.]+");
}

std::string matchers(const api::CompareSpec& compare,
                     const std::string& deployment,
                     const std::string& more) {
  std::string out = compare.pod_label + "=~\"" + pods_of(deployment) + "\"";
  for (const std::string& one : {compare.where.value_or(""), more})
    out += one.empty() ? "" : "," + one;
  return out;
}

/// `1764000000.250`, as PromQL's `@` reads it.
std::string seconds(Instant at) {
  const auto all = at.time_since_epoch().count();
  const std::string rest = std::to_string(all % 1000);
  return std::to_string(all / 1000) + "." + std::string(3 - rest.size(), '0') + rest;
}

std::string grown(const std::string& metric, const std::string& which, Instant since) {
  const std::string series = metric + "{" + which + "}";
  return "clamp_min(" + series + " - (" + series + " @ " + seconds(since) + " or " + series +
         " * 0), 0)";
}

std::string named(const std::string& query, const char* name) {
  return "label_replace(" + query + R"(, "doorbuster", ")" + name + R"(", "", ""))";
}

api::CheckSpec question(const api::CompareSpec& compare,
                        const Sides& sides,
                        const char* what,
                        std::string query) {
  api::CheckSpec out;
  out.name = "rollout/" + sides.rollout + "/" + what + "/" + seconds(sides.since);
  out.prometheus = api::PrometheusCheck{};
  out.prometheus->address = compare.address;
  out.prometheus->query = std::move(query);
  out.interval = compare.interval;
  return out;
}

/// `candidate=120;candidate_errors=3`: names and numbers.
std::map<std::string, double> counts_in(const std::string& text) {
  std::map<std::string, double> out;
  for (std::size_t at = 0; at < text.size() && out.size() < kMostCounts;) {
    const std::size_t end = std::min(text.find(';', at), text.size());
    const std::size_t sign = text.find('=', at);
    double value = 0;
    if (sign < end &&
        std::from_chars(text.data() + sign + 1, text.data() + end, value).ec == std::errc())
      out.emplace(text.substr(at, sign - at), value);
    at = end + 1;
  }
  return out;
}

std::int64_t count_of(const std::map<std::string, double>& counts, const std::string& name) {
  const auto found = counts.find(name);
  constexpr double kMost = 9e15;
  return found == counts.end()
             ? 0
             : static_cast<std::int64_t>(std::min(std::round(found->second), kMost));
}

/// Three digits that count.
std::string digits(double value) {
  char out[32];
  std::snprintf(out, sizeof out, "%.3g", value);
  return out;
}

std::string rate_of(const Tally& one) {
  return std::to_string(one.errors) + " of " + std::to_string(one.requests) + " requests failed (" +
         digits(100.0 * static_cast<double>(one.errors) /
                static_cast<double>(std::max<std::int64_t>(1, one.requests))) +
         " %)";
}

std::string judged(double p, double level, bool worse) {
  return "p " + digits(p) + (worse ? " is not above " : " is above ") + digits(level);
}

double number_of(const api::Quantity& quantity) {
  return static_cast<double>(quantity.nanos) / static_cast<double>(api::kNanosPerUnit);
}

/// Upper bounds in ascending order, with what lies in each bucket.
std::vector<Tie> buckets_in(const std::map<std::string, double>& counts) {
  std::map<double, Tie> upto;
  for (const auto& [name, value] : counts) {
    const std::size_t at = name.find('@');
    if (at == std::string::npos) continue;
    const std::string bound = name.substr(at + 1);
    double le = HUGE_VAL;
    if (bound != "+Inf" &&
        std::from_chars(bound.data(), bound.data() + bound.size(), le).ec != std::errc())
      continue;
    const bool ours = name.compare(0, at, "candidate") == 0;
    (ours ? upto[le].candidate : upto[le].stable) = count_of(counts, name);
  }
  std::vector<Tie> out;
  Tie before;
  for (const auto& [le, all] : upto) {
    // Of series that are read one after the other a larger bucket may be behind.
    out.push_back({std::max<std::int64_t>(0, all.candidate - before.candidate),
                   std::max<std::int64_t>(0, all.stable - before.stable)});
    before = {std::max(before.candidate, all.candidate), std::max(before.stable, all.stable)};
  }
  return out;
}

}  // namespace

bool is_comparison(const api::CheckSpec& check) {
  return check.name.find('/') != std::string::npos;
}

api::CheckSpec errors_asked(const api::CompareSpec& compare, const Sides& sides) {
  const auto side = [&](const std::string& deployment, const std::string& more) {
    const std::string which = matchers(compare, deployment, more);
    return "sum(" + grown(compare.errors.counter, which, sides.since) + ")";
  };
  const std::string& bad = compare.errors.bad;
  return question(compare,
                  sides,
                  "errors",
                  named(side(sides.candidate, ""), "candidate") + " or " +
                      named(side(sides.candidate, bad), "candidate_errors") + " or " +
                      named(side(sides.stable, ""), "stable") + " or " +
                      named(side(sides.stable, bad), "stable_errors"));
}

api::CheckSpec latency_asked(const api::CompareSpec& compare, const Sides& sides) {
  const auto side = [&](const std::string& deployment) {
    const std::string which = matchers(compare, deployment, "");
    return "sum by (le) (" + grown(compare.latency->histogram, which, sides.since) + ")";
  };
  return question(
      compare,
      sides,
      "latency",
      named(side(sides.candidate), "candidate") + " or " + named(side(sides.stable), "stable"));
}

std::optional<Sides> sides_of(const Event& event,
                              const std::string& install,
                              const api::RolloutSpec& rollout) {
  const api::SaleEventStatus& status = event.status;
  const std::string attempt = attempt_of(rollout, status);
  const auto decided = [&](const char* kind) {
    return decided_about(status, kind, rollout.name, attempt);
  };
  if (!rollout.analysis.usual || !rollout.analysis.usual->compare) return std::nullopt;
  if (!decided(rollout_kind::kStarted)) return std::nullopt;
  for (const char* over :
       {rollout_kind::kAccepted, rollout_kind::kPromoted, rollout_kind::kRolledBack}) {
    if (decided(over)) return std::nullopt;
  }
  Sides out{
      .rollout = rollout.name,
      .candidate =
          candidate_refs(event, {.install = install, .allow = {}}, rollout.name).deployment.name,
      .stable = rollout.target.name,
      .since = {}};
  for (const char* begins :
       {rollout_kind::kStarted, rollout_kind::kEntered, rollout_kind::kResume}) {
    if (const api::Decision* one = decided(begins)) out.since = std::max(out.since, one->at);
  }
  out.since += rollout.analysis.usual->initial_delay.value;
  return out;
}

std::vector<api::CheckSpec> comparisons(const Event& event, const std::string& install) {
  std::vector<api::CheckSpec> out;
  if (!event.spec) return out;
  for (const api::RolloutSpec& one : event.spec->rollouts) {
    const auto sides = sides_of(event, install, one);
    if (!sides) continue;
    const api::CompareSpec& compare = *one.analysis.usual->compare;
    out.push_back(errors_asked(compare, *sides));
    if (compare.latency) out.push_back(latency_asked(compare, *sides));
  }
  return out;
}

Compared compared_errors(const api::CompareErrors& asked, const std::string& text, double level) {
  const auto counts = counts_in(text);
  Tally here{count_of(counts, "candidate"), count_of(counts, "candidate_errors")};
  Tally there{count_of(counts, "stable"), count_of(counts, "stable_errors")};
  // Of series that are read one after the other the sum may be behind.
  here.errors = std::min(here.errors, here.requests);
  there.errors = std::min(there.errors, there.requests);
  const std::string seen =
      "of the candidate " + rate_of(here) + ", of the target " + rate_of(there);
  const std::int64_t least = asked.minimum_requests;
  if (here.requests < least || there.requests < least)
    return {Compared::Is::TooFew, seen + "; fewer than " + std::to_string(least) + " say nothing"};
  const auto test = worse_errors(here, there, number_of(asked.tolerated));
  if (!test) return {Compared::Is::TooFew, seen + ": cannot be compared"};
  const bool worse = test->p <= level;
  return {worse ? Compared::Is::Worse : Compared::Is::NotWorse,
          seen + "; evidence " + digits(test->evidence) + ", " + judged(test->p, level, worse)};
}

Compared compared_latency(const api::CompareLatency& asked, const std::string& text, double level) {
  const std::vector<Tie> buckets = buckets_in(counts_in(text));
  const auto test = higher_values(buckets);
  if (!test)
    return {Compared::Is::TooFew,
            "fewer than " + std::to_string(kRankSamples) + " answers of a side were timed"};
  const double least = number_of(asked.at_least);
  const bool worse = test->p <= level && test->superiority >= least;
  return {worse ? Compared::Is::Worse : Compared::Is::NotWorse,
          "an answer of the candidate takes longer than one of the target in " +
              digits(100 * test->superiority) + " % of pairs (worse from " + digits(100 * least) +
              " % on), " + judged(test->p, level, test->p <= level)};
}

double level_of(const api::CompareSpec& compare, std::size_t steps) {
  const auto tests = static_cast<double>((steps + 1) * (compare.latency ? 2 : 1));
  return number_of(compare.false_alarm) / tests;
}

}  // namespace doorbuster::planner
