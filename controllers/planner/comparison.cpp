#include "controllers/planner/comparison.h"

#include "controllers/planner/check.h"
#include "controllers/planner/rollout_candidate.h"
#include "controllers/planner/rollout_memory.h"
#include "controllers/planner/rollout_steps.h"
#include "controllers/planner/statistics.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <utility>

namespace doorbuster::planner {
namespace {

constexpr std::size_t kHashAndSuffix =
    17;                                 ///< `-5d4f8c7b9d-x2x9z`, what follows a Deployment's name
constexpr std::size_t kGenerated = 58;  ///< bytes that the API server keeps before its suffix
constexpr std::size_t kMostCounts = 1024;  ///< in one answer

constexpr std::array<std::string_view, 3> kBegins{
    rollout_kind::kStarted, rollout_kind::kEntered, rollout_kind::kResume};

/// RE2 of the names of a Deployment's pods; longer names are cut by the API server.
std::string pods_of(const std::string& deployment) {
  const bool whole = deployment.size() + kHashAndSuffix - 5 <= kGenerated;
  std::string quoted;
  for (const char c : whole ? deployment : deployment.substr(0, kGenerated - kHashAndSuffix)) {
    if (c == '.') quoted += "\\\\";
    quoted += c;
  }
  // The alphabet of generated names (k8s.io/apimachinery/pkg/util/rand).
  const std::string any = "[bcdfghjklmnpqrstvwxz2456789]";
  return quoted + (whole ? "-" + any + "+-" + any + "{5}" : "[-a-z0-9.]+");
}

/// Which series of a metric.
struct Series {
  std::string metric, of_pods, bad;
  std::string all() const { return metric + "{" + of_pods + "}"; }
  std::string text() const {
    return bad.empty() ? all() : metric + "{" + of_pods + "," + bad + "}";
  }
};

Series series_of(const api::CompareSpec& compare,
                 const ComparedPair& pair,
                 const std::string& deployment,
                 const std::string& metric) {
  const std::string where = compare.where.value_or("namespace=\"" + pair.ns + "\"");
  return {
      metric,
      compare.pod_label + "=~\"" + pods_of(deployment) + "\"" + (where.empty() ? "" : ",") + where,
      ""};
}

/// `1764000000.250`, as PromQL's `@` reads it.
std::string seconds(Instant at) {
  const auto all = at.time_since_epoch().count();
  const std::string rest = std::to_string(all % 1000);
  return std::to_string(all / 1000) + "." + std::string(3 - rest.size(), '0') + rest;
}

/// In a query: back to `since`.
constexpr std::string_view kBack = "[BACK]";

/// What stood at an instant; of a scrape that failed just then, what stood before it.
std::string then(const std::string& series, Instant at) {
  return series + " @ " + seconds(at) + " or last_over_time(" + series + "[1h] @ " + seconds(at) +
         ")";
}

/// Of a series that a pod began after `since` all of it has grown; of a pod that nobody knew then,
/// what came after it was first looked at.
std::string grown(const api::CompareSpec& compare, const Series& which, Instant since) {
  const std::string now = which.text(), back(kBack), on = " on (" + compare.pod_label + ") (";
  const std::string began =
      which.bad.empty() ? "" : " or " + now + " * 0 and" + on + then(which.all(), since) + ")";
  return "(clamp_min(" + now + " - (" + then(now, since) + began + " or min_over_time(" + now +
         back + ")), 0) unless" + on + "resets(" + which.all() + back + ") > 0))";
}

std::string named(const std::string& query, const char* name) {
  return "label_replace(" + query + R"(, "doorbuster", ")" + name + R"(", "", ""))";
}

api::CheckSpec question(const api::CompareSpec& compare,
                        const ComparedPair& pair,
                        const char* what,
                        std::string query) {
  api::CheckSpec out;
  out.name = "rollout/" + pair.rollout + "/" + what + "/" + seconds(pair.since);
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
  std::array<char, 32> out{};
  constexpr int kDigits = 3;
  const auto end = std::to_chars(
      out.data(), out.data() + out.size(), value, std::chars_format::general, kDigits);
  return {out.data(), end.ptr};
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

/// Upper bounds that both sides have, in ascending order, with what lies below each and above the
/// one before it. Bounds of one side alone would tell the sides apart by themselves.
std::vector<Tie> buckets_in(const std::map<std::string, double>& counts) {
  struct Bucket {
    std::optional<std::int64_t> candidate, stable;
  };
  std::map<double, Bucket> upto;
  for (const auto& [name, value] : counts) {
    const std::size_t at = name.find('@');
    if (at == std::string::npos) continue;
    const std::string bound = name.substr(at + 1);
    double le = HUGE_VAL;
    if (bound != "+Inf" &&
        std::from_chars(bound.data(), bound.data() + bound.size(), le).ec != std::errc())
      continue;
    Bucket& one = upto[le];
    auto& side = name.compare(0, at, "candidate") == 0 ? one.candidate : one.stable;
    side = side.value_or(0) + count_of(counts, name);
  }
  std::vector<Tie> out;
  Tie before;
  for (const auto& [le, all] : upto) {
    if (!all.candidate || !all.stable) continue;
    // Of series that are read one after the other a larger bucket may be behind.
    out.push_back({std::max<std::int64_t>(0, *all.candidate - before.candidate),
                   std::max<std::int64_t>(0, *all.stable - before.stable)});
    before = {std::max(before.candidate, *all.candidate), std::max(before.stable, *all.stable)};
  }
  return out;
}

}  // namespace

bool begins_comparison(std::string_view kind) {
  return std::find(kBegins.begin(), kBegins.end(), kind) != kBegins.end();
}

bool is_comparison(const api::CheckSpec& check) { return check.name.starts_with("rollout/"); }

std::string query_at(const api::CheckSpec& comparison, Instant now) {
  std::string out = comparison.prometheus->query;
  const std::string& name = comparison.name;
  double since = 0;
  std::from_chars(name.data() + name.rfind('/') + 1, name.data() + name.size(), since);
  const double at = static_cast<double>(now.time_since_epoch().count()) / 1000;
  const auto back = static_cast<std::int64_t>(std::max(1.0, std::ceil(at - since)));
  const std::string range = "[" + std::to_string(back) + "s]";
  for (std::size_t found = out.find(kBack); found != std::string::npos; found = out.find(kBack))
    out.replace(found, kBack.size(), range);
  return out;
}

api::CheckSpec errors_asked(const api::CompareSpec& compare, const ComparedPair& pair) {
  const auto side = [&](const std::string& deployment, const std::string& bad) {
    Series which = series_of(compare, pair, deployment, compare.errors.counter);
    which.bad = bad;
    return "sum(" + grown(compare, which, pair.since) + ")";
  };
  const std::string& bad = compare.errors.bad;
  return question(compare,
                  pair,
                  "errors",
                  named(side(pair.candidate, ""), "candidate") + " or " +
                      named(side(pair.candidate, bad), "candidate_errors") + " or " +
                      named(side(pair.stable, ""), "stable") + " or " +
                      named(side(pair.stable, bad), "stable_errors"));
}

api::CheckSpec latency_asked(const api::CompareSpec& compare, const ComparedPair& pair) {
  const auto side = [&](const std::string& deployment) {
    const Series which = series_of(compare, pair, deployment, compare.latency->histogram);
    return "sum by (le) (" + grown(compare, which, pair.since) + ")";
  };
  api::CheckSpec out = question(
      compare,
      pair,
      "latency",
      named(side(pair.candidate), "candidate") + " or " + named(side(pair.stable), "stable"));
  // Needed once a step.
  out.interval.value *= 3;
  return out;
}

std::optional<ComparedPair> pair_of(const Event& event,
                                    const std::string& install,
                                    const api::RolloutSpec& rollout) {
  const api::SaleEventStatus& status = event.status;
  const std::string attempt = attempt_of(rollout, status);
  const auto decided = [&](std::string_view kind) {
    return decided_about(status, kind, rollout.name, attempt);
  };
  if (!rollout.analysis.usual || !rollout.analysis.usual->compare) return std::nullopt;
  if (!decided(rollout_kind::kStarted)) return std::nullopt;
  for (const char* over :
       {rollout_kind::kAccepted, rollout_kind::kPromoted, rollout_kind::kRolledBack}) {
    if (decided(over)) return std::nullopt;
  }
  ComparedPair out{
      .ns = event.ref.ns,
      .rollout = rollout.name,
      .candidate =
          candidate_refs(event, {.install = install, .allow = {}}, rollout.name).deployment.name,
      .stable = rollout.target.name,
      .since = {}};
  for (const std::string_view begins : kBegins) {
    if (const api::Decision* one = decided(begins)) out.since = std::max(out.since, one->at);
  }
  out.since += rollout.analysis.usual->initial_delay.value;
  return out;
}

std::vector<api::CheckSpec> comparisons(const Event& event, const std::string& install) {
  std::vector<api::CheckSpec> out;
  if (!event.spec) return out;
  for (const api::RolloutSpec& one : event.spec->rollouts) {
    const auto pair = pair_of(event, install, one);
    if (!pair) continue;
    const api::CompareSpec& compare = *one.analysis.usual->compare;
    out.push_back(errors_asked(compare, *pair));
    if (compare.latency) out.push_back(latency_asked(compare, *pair));
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
