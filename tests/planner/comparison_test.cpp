// A candidate against its target: what is asked, and what the counts come to.
#include "controllers/planner/comparison.h"

#include "controllers/planner/check.h"
#include "controllers/planner/rollout_memory.h"
#include "tests/planner/rollout_shop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::planner {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

api::Quantity quantity(const char* text) { return *api::parse_quantity(text); }

api::CompareSpec compare_spec() {
  api::CompareSpec out;
  out.where = R"(namespace="shop")";
  out.errors = {.counter = "http_requests_total",
                .bad = R"(code=~"5..")",
                .minimum_requests = 100,
                .tolerated = quantity("1")};
  out.false_alarm = quantity("0.05");
  return out;
}

const ComparedPair kPair{
    .rollout = "v2", .candidate = "flash-v2-1234", .stable = "checkout", .since = kStart};

std::string query(const api::CheckSpec& asked) { return asked.prometheus->query; }

TEST(Comparison, counts_each_side_by_the_names_of_its_pods_since_the_step_began) {
  const std::string asked = query(errors_asked(compare_spec(), kPair));
  const std::string at = std::to_string(kStart.time_since_epoch().count() / 1000) + ".000";
  const std::string any = "[bcdfghjklmnpqrstvwxz2456789]", pod = "-" + any + "+-" + any + "{5}";
  const std::string candidate =
      R"(http_requests_total{pod=~"flash-v2-1234)" + pod + R"(",namespace="shop"})";
  EXPECT_THAT(
      asked,
      HasSubstr("label_replace(sum((clamp_min(" + candidate + " - (" + candidate + " @ " + at +
                " or last_over_time(" + candidate + "[1h] @ " + at + ") or min_over_time(" +
                candidate + "[BACK])), 0) unless on (pod) (resets(" + candidate +
                R"([BACK]) > 0))), "doorbuster", "candidate", "", ""))"));
  EXPECT_THAT(asked, HasSubstr(R"(code=~"5.."} * 0 and on (pod) ()" + candidate + " @ "));
  EXPECT_THAT(asked, HasSubstr(R"(pod=~"checkout)" + pod + R"(",namespace="shop",code=~"5.."})"));
  EXPECT_THAT(asked, HasSubstr(R"("stable_errors")"));
}

TEST(Comparison, pods_of_long_names_are_told_by_what_the_API_server_leaves_of_them) {
  ComparedPair sides = kPair;
  sides.candidate = std::string(60, 'x');
  EXPECT_THAT(query(errors_asked(compare_spec(), sides)),
              HasSubstr("\"" + std::string(41, 'x') + "[-a-z0-9.]+\""));
}

TEST(Comparison, looks_back_for_restarts_as_far_as_it_counts) {
  const api::CheckSpec asked = errors_asked(compare_spec(), kPair);
  const std::string now = query_at(asked, kStart + seconds(90));
  EXPECT_THAT(now, AllOf(HasSubstr("[90s]) > 0"), Not(HasSubstr("[BACK]"))));
  EXPECT_THAT(query_at(asked, kStart - seconds(5)), HasSubstr("[1s]"));
}

TEST(Comparison, is_of_the_events_namespace_unless_it_says_otherwise) {
  api::CompareSpec spec = compare_spec();
  spec.where.reset();
  ComparedPair pair = kPair;
  pair.ns = "market";
  EXPECT_THAT(query(errors_asked(spec, pair)), HasSubstr(R"(,namespace="market"})"));
}

TEST(Comparison, has_a_name_that_no_check_can_have_and_that_changes_with_the_step) {
  const api::CheckSpec asked = errors_asked(compare_spec(), kPair);
  EXPECT_TRUE(is_comparison(asked));
  ComparedPair later = kPair;
  later.since += minutes(1);
  EXPECT_NE(asked.name, errors_asked(compare_spec(), later).name);
}

struct ErrorCase {
  const char* sentence;
  const char* counts;
  Compared::Is is;
  const char* words;
};

TEST(Comparison, errors_are_judged_by_both_sides) {
  using Is = Compared::Is;
  const ErrorCase cases[] = {
      {"no errors at all", "candidate=1000;stable=9000", Is::NotWorse, "0 of 1000 requests failed"},
      {"as many as the target's",
       "candidate=1000;candidate_errors=10;stable=9000;stable_errors=90",
       Is::NotWorse,
       "10 of 1000 requests failed (1 %)"},
      {"ten times as many",
       "candidate=1000;candidate_errors=100;stable=9000;stable_errors=90",
       Is::Worse,
       "is not above 0.05"},
      {"too few to say",
       "candidate=99;candidate_errors=99;stable=9000",
       Is::TooFew,
       "fewer than 100"},
      {"the target gets none", "candidate=1000;stable=3", Is::TooFew, "fewer than 100"},
      {"nothing", "", Is::TooFew, "0 of 0 requests"},
      {"what is no number is passed over", "candidate=x;;=;stable=9000", Is::TooFew, "fewer"},
      {"more errors than requests, of an answer that is behind",
       "candidate=1000;candidate_errors=1001;stable=9000;stable_errors=90",
       Is::Worse,
       "1000 of 1000"},
  };
  for (const ErrorCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    const Compared got = compared_errors(compare_spec().errors, one.counts, 0.05);
    EXPECT_EQ(got.is, one.is) << got.words;
    EXPECT_THAT(got.words, HasSubstr(one.words));
  }
}

TEST(Comparison, what_is_tolerated_is_no_worse) {
  api::CompareErrors errors = compare_spec().errors;
  const char* counts = "candidate=20000;candidate_errors=300;stable=20000;stable_errors=200";
  EXPECT_EQ(compared_errors(errors, counts, 0.05).is, Compared::Is::Worse);
  errors.tolerated = quantity("2");
  EXPECT_EQ(compared_errors(errors, counts, 0.05).is, Compared::Is::NotWorse);
}

TEST(Comparison, latency_is_judged_by_buckets) {
  const api::CompareLatency asked{.histogram = "seconds_bucket", .at_least = quantity("0.6")};
  const std::string equal =
      "candidate@0.1=500;candidate@0.5=900;candidate@+Inf=1000;"
      "stable@0.1=500;stable@0.5=900;stable@+Inf=1000";
  EXPECT_EQ(compared_latency(asked, equal, 0.05).is, Compared::Is::NotWorse);
  const std::string slower =
      "candidate@0.1=100;candidate@0.5=600;candidate@+Inf=1000;"
      "stable@0.1=500;stable@0.5=900;stable@+Inf=1000";
  const Compared worse = compared_latency(asked, slower, 0.05);
  EXPECT_EQ(worse.is, Compared::Is::Worse) << worse.words;
  const std::string little =
      "candidate@0.1=450;candidate@0.5=890;candidate@+Inf=1000;"
      "stable@0.1=500;stable@0.5=900;stable@+Inf=1000";
  EXPECT_EQ(compared_latency(asked, little, 0.05).is, Compared::Is::NotWorse)
      << "significant, but less than what matters";
  const std::string other_bounds =
      "candidate@0.2=600;candidate@+Inf=1000;stable@0.1=500;stable@+Inf=1000";
  EXPECT_EQ(compared_latency(asked, other_bounds, 0.05).is, Compared::Is::NotWorse)
      << "bounds of one side tell nothing";
  EXPECT_EQ(compared_latency(asked, "candidate@+Inf=3;stable@+Inf=1000", 0.05).is,
            Compared::Is::TooFew);
}

TEST(Comparison, false_alarms_of_all_steps_together_are_as_many_as_are_let_pass) {
  api::CompareSpec spec = compare_spec();
  EXPECT_DOUBLE_EQ(level_of(spec, 4), 0.05 / 5);
  spec.latency = api::CompareLatency{};
  EXPECT_DOUBLE_EQ(level_of(spec, 4), 0.05 / 10);
}

// ---- in a release

struct ComparedShop {
  ComparedShop() {
    api::RolloutSpec& rollout = shop.sale.spec->rollouts[0];
    rollout.analysis.usual = api::AnalysisSpec{};
    rollout.analysis.usual->compare = compare_spec();
    for (api::CanaryStep& one : rollout.strategy.canary->steps) one.analysis = "default";
  }
  /// What Prometheus has counted by now for whatever is asked.
  void count(const std::string& text, Measurement::Says says = Measurement::Says::Value) {
    for (const api::CheckSpec& one : comparisons(shop.sale, "here"))
      shop.checks[one.name] = {{.at = shop.clock, .says = says, .value = 0, .text = text}};
  }
  void run(Duration span, const std::string& text) {
    for (const Instant until = shop.clock + span; shop.clock < until;) {
      count(text);
      shop.run_until(shop.clock + seconds(5));
    }
  }
  Shop shop = rollout_shop();
};

const std::string kAlike = "candidate=1000;candidate_errors=10;stable=9000;stable_errors=90";
const std::string kWorse = "candidate=1000;candidate_errors=200;stable=9000;stable_errors=90";

TEST(ComparedRelease, goes_on_while_the_candidate_is_no_worse_and_says_by_what_it_passed) {
  ComparedShop stage;
  stage.shop.run_until(kStart);
  stage.run(minutes(5), kAlike);
  EXPECT_EQ(split_of(stage.shop), "50/50");
  bool said = false;
  for (const api::Decision& one : stage.shop.sale.status.decisions)
    said = said || (one.kind == "StepPassed" && one.detail.find("evidence") != std::string::npos);
  EXPECT_TRUE(said);
}

TEST(ComparedRelease, goes_back_by_itself_once_it_is_worse) {
  ComparedShop stage;
  stage.shop.run_until(kStart);
  stage.run(seconds(30), kAlike);
  ASSERT_EQ(split_of(stage.shop), "90/10");
  stage.run(seconds(15), kWorse);
  EXPECT_EQ(split_of(stage.shop), "100/0");
  EXPECT_THAT(rollout_row(stage.shop).message,
              AllOf(HasSubstr("200 of 1000 requests failed (20 %)"), HasSubstr("evidence")));
}

TEST(ComparedRelease, waits_while_nothing_is_counted_and_calls_no_outage_bad) {
  ComparedShop stage;
  stage.shop.run_until(kStart + minutes(10));
  EXPECT_EQ(split_of(stage.shop), "90/10");
  EXPECT_EQ(rollout_row(stage.shop).analysis, "Inconclusive");
  EXPECT_THAT(rollout_row(stage.shop).message, HasSubstr("nothing has been compared yet"));
}

TEST(ComparedRelease, waits_until_enough_is_counted) {
  ComparedShop stage;
  stage.shop.run_until(kStart);
  stage.run(minutes(5), "candidate=99;stable=9000");
  EXPECT_EQ(split_of(stage.shop), "90/10");
  EXPECT_THAT(rollout_row(stage.shop).message, HasSubstr("fewer than 100 say nothing"));
}

TEST(ComparedRelease, at_all_of_the_traffic_there_is_nothing_to_compare) {
  ComparedShop stage;
  stage.shop.sale.spec->rollouts[0].strategy = {
      .canary = {},
      .blue_green = api::BlueGreenSpec{.hold = {"1m", minutes(1)}, .analysis = "default"}};
  stage.shop.run_until(kStart);
  stage.run(minutes(20), "candidate=1000;stable=0");
  EXPECT_EQ(rollout_row(stage.shop).state, "Promoted");
}

TEST(ComparedRelease, no_step_passes_on_what_the_one_before_it_counted) {
  ComparedShop stage;
  stage.shop.sale.spec->rollouts[0].strategy.canary->steps[1].pause = {"0s", Duration(0)};
  stage.shop.run_until(kStart);
  stage.run(seconds(55), kAlike);
  stage.shop.run_until(kStart + minutes(5));
  EXPECT_EQ(split_of(stage.shop), "50/50");
  EXPECT_EQ(rollout_row(stage.shop).state, "Running");
  EXPECT_THAT(rollout_row(stage.shop).message, HasSubstr("nothing has been compared yet"));
}

TEST(ComparedRelease, worse_latency_at_the_end_of_the_bake_sends_it_back) {
  ComparedShop stage;
  auto& compare = *stage.shop.sale.spec->rollouts[0].analysis.usual->compare;
  compare.latency = api::CompareLatency{.histogram = "seconds_bucket", .at_least = quantity("0.6")};
  for (auto& step : stage.shop.sale.spec->rollouts[0].strategy.canary->steps) step.analysis.reset();
  stage.shop.run_until(kStart);
  const std::string slower =
      ";candidate@0.1=100;candidate@0.5=600;candidate@+Inf=1000;"
      "stable@0.1=500;stable@0.5=900;stable@+Inf=1000";
  stage.run(minutes(10), kAlike + slower);
  EXPECT_EQ(split_of(stage.shop), "50/50") << "it is asked once, when all else is over";
  stage.run(minutes(5), kAlike + slower);
  EXPECT_EQ(split_of(stage.shop), "100/0");
  EXPECT_THAT(rollout_row(stage.shop).message, HasSubstr("worse than the target by latency"));
}

TEST(ComparedRelease, a_dry_run_decides_nothing) {
  ComparedShop stage;
  stage.shop.sale.spec->rollouts[0].analysis.usual->dry_run = true;
  stage.shop.run_until(kStart);
  stage.run(minutes(5), kWorse);
  EXPECT_EQ(split_of(stage.shop), "50/50");
  EXPECT_EQ(rollout_row(stage.shop).analysis, "Failed");
}

TEST(ComparedRelease, stands_still_after_too_many_failures_of_the_provider) {
  ComparedShop stage;
  stage.shop.sale.spec->rollouts[0].analysis.usual->inconclusive_limit = 2;
  stage.shop.run_until(kStart + seconds(30));
  std::vector<Measurement> failures;
  for (int i = 0; i < 3; ++i)
    failures.push_back({.at = stage.shop.clock + seconds(5 * i),
                        .says = Measurement::Says::Error,
                        .value = 0,
                        .text = "connection refused"});
  for (const api::CheckSpec& one : comparisons(stage.shop.sale, "here"))
    stage.shop.checks[one.name] = failures;
  stage.shop.run_until(kStart + minutes(2));
  EXPECT_EQ(rollout_row(stage.shop).state, "Inconclusive");
  stage.shop.run_until(kStart + hours(1));
  EXPECT_EQ(rollout_row(stage.shop).state, "Inconclusive") << "no deadline while it stands still";
  EXPECT_EQ(split_of(stage.shop), "90/10");
  stage.run(minutes(1), kAlike);
  EXPECT_EQ(rollout_row(stage.shop).state, "Inconclusive") << "until somebody decides";
  EXPECT_EQ(split_of(stage.shop), "90/10");
  api::SaleActionSpec spec;
  spec.action = api::ActionVerb::Resume;
  stage.shop.act("resume", spec);
  stage.run(minutes(3), kAlike);
  EXPECT_EQ(split_of(stage.shop), "50/50");
}

// ---- limits of checks

TEST(AnalysisLimits, so_many_bad_measurements_are_let_pass) {
  Shop shop = shop_with_check();
  shop.sale.spec->rollouts[0].analysis.usual->failure_limit = 2;
  shop.run_until(kStart + seconds(30));
  std::vector<Measurement> all = shop.checks["errors"];
  const auto bad = [&](int times) {
    for (int i = 0; i < times; ++i) {
      all.push_back({.at = shop.clock, .says = Measurement::Says::Value, .value = 1, .text = "1"});
      shop.checks["errors"] = all;
      shop.run_until(shop.clock + seconds(10));
    }
  };
  bad(2);
  EXPECT_EQ(split_of(shop), "90/10");
  EXPECT_NE(rollout_row(shop).state, "RolledBack");
  bad(1);
  EXPECT_EQ(split_of(shop), "100/0");
  EXPECT_THAT(rollout_row(shop).message, HasSubstr("3 times"));
}

TEST(AnalysisLimits, nothing_that_was_measured_in_the_initial_delay_counts) {
  Shop shop = shop_with_check();
  shop.sale.spec->rollouts[0].analysis.usual->initial_delay = {"50s", seconds(50)};
  shop.sale.spec->rollouts[0].strategy.canary->steps[0].pause = {"5m", minutes(5)};
  shop.run_until(kStart + seconds(20));
  measure(shop, 1);
  shop.run_until(kStart + seconds(40));
  EXPECT_EQ(split_of(shop), "90/10");
  shop.run_until(kStart + minutes(1) + seconds(20));
  measure(shop, 1);
  shop.run_until(kStart + minutes(1) + seconds(30));
  EXPECT_EQ(split_of(shop), "100/0");
}

TEST(Tally, counts_what_was_measured_since_an_instant) {
  api::CheckSpec check;
  check.bad = api::CheckBound{};
  check.bad->above = quantity("1");
  check.interval = {"10s", seconds(10)};
  const auto at = [](int i, Measurement::Says says, double value) {
    return Measurement{.at = kStart + seconds(10 * i), .says = says, .value = value, .text = ""};
  };
  using S = Measurement::Says;
  const std::vector<Measurement> history = {at(0, S::Value, 2),
                                            at(1, S::Value, 2),
                                            at(2, S::Error, 0),
                                            at(3, S::Value, 2),
                                            at(4, S::Missing, 0),
                                            at(5, S::Value, 0),
                                            at(6, S::Value, 0)};
  const CheckTally all = tally_since(check, history, kStart - seconds(1));
  EXPECT_EQ(all.bad, 3);
  EXPECT_EQ(all.inconclusive, 2);
  EXPECT_EQ(all.good_in_row, 2);
  EXPECT_EQ(tally_since(check, history, kStart + seconds(10)).bad, 1);
  check.bad->lasts = {"20s", seconds(20)};
  EXPECT_EQ(tally_since(check, history, kStart - seconds(1)).bad, 1) << "only across `for`";
}

TEST(Measured, comparisons_are_measured_without_any_check) {
  ComparedShop stage;
  EXPECT_TRUE(asks_providers(*stage.shop.sale.spec));
  EXPECT_TRUE(comparisons(stage.shop.sale, "here").empty()) << "nothing has begun";
  EXPECT_THAT(stage.shop.sale.spec->checks, testing::IsEmpty());
}

}  // namespace
}  // namespace doorbuster::planner
