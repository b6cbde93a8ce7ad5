// What measurements say of a check, as tables; which hosts may be asked; what status and people are
// told.
#include "controllers/planner/check.h"

#include "tests/planner/shop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::planner {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::IsEmpty;
using Says = Measurement::Says;

constexpr Instant kZero{hours(480'000)};

api::DurationText lasting(Duration span) { return {to_text(span), span}; }

/// Bad above 10; measured every 10 s.
api::CheckSpec above_ten(Duration lasts = Duration(0)) {
  api::CheckSpec out;
  out.name = "p99";
  out.prometheus = api::PrometheusCheck{.address = {}, .query = "up", .range = {}};
  out.bad =
      api::CheckBound{.above = api::parse_quantity("10"), .below = {}, .lasts = lasting(lasts)};
  return out;
}

api::CheckSpec below_ten() {
  api::CheckSpec out = above_ten();
  std::swap(out.bad->above, out.bad->below);
  return out;
}

api::CheckSpec with(api::CheckSpec check, api::OnMissing policy) {
  check.on_missing = policy;
  return check;
}

api::CheckSpec available() {
  api::CheckSpec out;
  out.condition = api::ConditionCheck{
      .object = {.api_version = {}, .kind = "Deployment", .name = "cart"}, .type = "Available"};
  return out;
}

api::CheckSpec smoke_test() {
  api::CheckSpec out;
  out.job = api::JobCheck{.name = "smoke"};
  return out;
}

/// More than two restarts are bad.
api::CheckSpec restarts() {
  api::CheckSpec out = above_ten();
  out.prometheus.reset();
  out.pods = api::PodsCheck{
      .labels = {{"app", "cart"}}, .count = api::PodsCounted::Restarts, .within = {}};
  out.bad->above = api::parse_quantity("2");
  return out;
}

Measurement value(int at, double number) {
  return {kZero + seconds(at), Says::Value, number, std::to_string(static_cast<int>(number))};
}
Measurement nothing(int at) { return {kZero + seconds(at), Says::Missing, 0, "no series"}; }
Measurement failure(int at) { return {kZero + seconds(at), Says::Error, 0, "connection refused"}; }
Measurement job(int at, bool complete, const char* text) {
  return {kZero + seconds(at), Says::Value, complete ? 1.0 : 0.0, text};
}
Measurement condition(int at, bool wanted) {
  return {kZero + seconds(at), Says::Value, wanted ? 1.0 : 0.0, wanted ? "True" : "False"};
}

struct Case {
  const char* sentence;
  api::CheckSpec check;
  std::vector<Measurement> history;
  int now;
  CheckVerdict verdict;
  std::optional<int> since;
  const char* message;
};

void expect(const Case& one) {
  SCOPED_TRACE(one.sentence);
  const CheckJudgement judged = judge(one.check, one.history, kZero + seconds(one.now));
  EXPECT_EQ(judged.verdict, one.verdict) << judged.message;
  EXPECT_THAT(judged.message, HasSubstr(one.message));
  std::optional<Instant> since;
  if (one.since) since = kZero + seconds(*one.since);
  EXPECT_EQ(judged.since, since);
}

constexpr auto kGood = CheckVerdict::Good, kBad = CheckVerdict::Bad,
               kUnknown = CheckVerdict::Unknown;

TEST(Check, one_measurement_says) {
  const Case cases[] = {
      {"nothing, where there is none",
       above_ten(),
       {},
       0,
       kUnknown,
       std::nullopt,
       "not measured yet"},
      {"good, below the bound", above_ten(), {value(0, 3)}, 1, kGood, 0, "3 is not above 10"},
      {"good, at the bound", above_ten(), {value(0, 10)}, 1, kGood, 0, "10 is not above 10"},
      {"bad, above the bound", above_ten(), {value(0, 11)}, 1, kBad, 0, "11 is above 10"},
      {"bad, below the bound", below_ten(), {value(0, 9)}, 1, kBad, 0, "9 is below 10"},
      {"good, at the lower bound", below_ten(), {value(0, 10)}, 1, kGood, 0, "10 is not below 10"},
      {"good, with the wanted status",
       available(),
       {condition(0, true)},
       1,
       kGood,
       0,
       "Deployment cart says Available=True"},
      {"bad, with another status",
       available(),
       {condition(0, false)},
       1,
       kBad,
       0,
       "Available=False"},
      {"good, with as many pods as may be",
       restarts(),
       {value(0, 2)},
       1,
       kGood,
       0,
       "2 is not above 2"},
      {"bad, with more pods", restarts(), {value(0, 3)}, 1, kBad, 0, "3 is above 2"},
      {"unknown, without pods", restarts(), {nothing(0)}, 1, kUnknown, 0, "no data: no series"},
      {"good, a Job that is complete",
       smoke_test(),
       {job(0, true, "complete")},
       1,
       kGood,
       0,
       "Job smoke is complete"},
      {"bad, a Job that has failed",
       smoke_test(),
       {job(0, false, "failed: DeadlineExceeded")},
       1,
       kBad,
       0,
       "Job smoke has failed: DeadlineExceeded"},
      {"what the author says, a Job that still runs",
       with(smoke_test(), api::OnMissing::Bad),
       {nothing(0)},
       1,
       kBad,
       0,
       "no data"},
  };
  for (const Case& one : cases) expect(one);
}

TEST(Check, a_span_is_bad_when_every_measurement_across_it_was) {
  const auto check = above_ten(seconds(20));
  const Case cases[] = {
      {"shorter than the span, after a good one: still good",
       check,
       {value(0, 1), value(10, 11), value(20, 11)},
       21,
       kGood,
       0,
       "which is bad after 20s"},
      {"shorter than the span, and nothing before it: not known",
       check,
       {value(10, 11), value(20, 11)},
       21,
       kUnknown,
       10,
       "11 is above 10 since 2024-10-04T00:00:10Z, which is bad after 20s"},
      {"as long as the span: bad, since it was that long",
       check,
       {value(0, 1), value(10, 11), value(20, 11), value(30, 12), value(40, 13)},
       41,
       kBad,
       30,
       "13 is above 10, for 20s and longer"},
      {"one good measurement within begins it anew",
       check,
       {value(0, 11), value(10, 11), value(20, 9), value(30, 11), value(40, 11)},
       41,
       kGood,
       20,
       "since 2024-10-04T00:00:30Z"},
      {"time alone does not make it longer: the last measurement does",
       check,
       {value(0, 1), value(10, 11), value(20, 11)},
       35,
       kGood,
       0,
       "bad after"},
      {"a gap longer than staleAfter spans nothing",
       check,
       {value(0, 11), value(40, 11)},
       41,
       kUnknown,
       40,
       "bad after"},
      {"one good measurement ends it at once",
       check,
       {value(0, 11), value(10, 11), value(20, 11), value(30, 2)},
       31,
       kGood,
       30,
       "2 is not above 10"},
  };
  for (const Case& one : cases) expect(one);
}

TEST(Check, a_provider_that_fails_is_never_bad) {
  const auto at_once = above_ten();
  const auto check = above_ten(seconds(20));
  const Case cases[] = {
      {"from the beginning",
       at_once,
       {failure(0), failure(10)},
       11,
       kUnknown,
       0,
       "cannot be measured: connection refused"},
      {"whatever onMissing says",
       with(at_once, api::OnMissing::Bad),
       {failure(0)},
       1,
       kUnknown,
       0,
       "cannot be measured"},
      {"what was good before it stands until it is stale",
       at_once,
       {value(0, 1), failure(10), failure(20), failure(30)},
       30,
       kGood,
       0,
       "1 is not above 10"},
      {"and not longer",
       at_once,
       {value(0, 1), failure(10), failure(30)},
       31,
       kUnknown,
       30,
       "cannot be measured: connection refused"},
      {"what was bad before it is stale as soon",
       at_once,
       {value(0, 11), failure(10), failure(30)},
       31,
       kUnknown,
       30,
       "cannot be measured"},
      {"an outage does not make a span longer",
       check,
       {value(0, 1), value(10, 11), value(20, 11), failure(30), failure(40)},
       41,
       kGood,
       0,
       "bad after"},
      {"a failure within a span does not end it",
       check,
       {value(0, 11), failure(10), value(20, 11)},
       21,
       kBad,
       20,
       "for 20s and longer"},
      {"nobody measured: stale too",
       at_once,
       {value(0, 1)},
       31,
       kUnknown,
       30,
       "not measured since 2024-10-04T00:00:00Z"},
  };
  for (const Case& one : cases) expect(one);
}

TEST(Check, missing_data_count_as_the_author_says) {
  const auto check = above_ten(seconds(20));
  const Case cases[] = {
      {"as unknown, at once",
       above_ten(),
       {value(0, 1), nothing(10)},
       11,
       kUnknown,
       10,
       "no data: no series"},
      {"as good", with(above_ten(), api::OnMissing::Good), {nothing(0)}, 1, kGood, 0, "no data"},
      {"as bad", with(above_ten(), api::OnMissing::Bad), {nothing(0)}, 1, kBad, 0, "no data"},
      {"as bad, across the span",
       with(check, api::OnMissing::Bad),
       {nothing(0), value(10, 11), nothing(20)},
       21,
       kBad,
       20,
       "no data: no series, for 20s and longer"},
      {"as unknown, which ends a bad span",
       check,
       {value(0, 11), nothing(10), value(20, 11)},
       21,
       kUnknown,
       20,
       "bad after"},
  };
  for (const Case& one : cases) expect(one);
}

// ---- hosts

TEST(CheckHosts, patterns_name_hosts_and_ports) {
  struct HostCase {
    const char *pattern, *url;
    bool matches;
  };
  const HostCase cases[] = {
      {"prometheus.monitoring.svc", "http://prometheus.monitoring.svc:9090/x", true},
      {"prometheus.monitoring.svc:9090", "http://prometheus.monitoring.svc:9090", true},
      {"prometheus.monitoring.svc:9090", "http://prometheus.monitoring.svc:9091", false},
      {"prometheus.monitoring.svc:80", "http://prometheus.monitoring.svc", true},
      {"prometheus.monitoring.svc", "http://prometheus.monitoring.svc.evil.example", false},
      {"prometheus.monitoring.svc", "http://xprometheus.monitoring.svc", false},
      {"*.monitoring.svc", "http://prometheus.monitoring.svc", true},
      {"*.monitoring.svc", "http://a.b.monitoring.svc", true},
      {"*.monitoring.svc", "http://monitoring.svc", false},
      {"*.monitoring.svc", "http://xmonitoring.svc", false},
      {"*.monitoring.svc", "http://evil.example/.monitoring.svc", false},
      {"*.monitoring.svc", "http://evil.example?.monitoring.svc", false},
      {"[::1]:9090", "http://[::1]:9090", true},
      {"[::1]", "http://[::2]", false},
      {"169.254.169.254", "http://169.254.169.254/latest", true},
  };
  for (const HostCase& one : cases) {
    SCOPED_TRACE(std::string(one.pattern) + " " + one.url);
    const auto address = parse_web_address(one.url);
    EXPECT_EQ(address && matches(*parse_host_pattern(one.pattern), *address), one.matches);
  }
  for (const char* wrong : {"", "*", "*.", "http://a", "a/b", "a:0", "a:x", "A", "a b", "*.[::1]"})
    EXPECT_FALSE(parse_host_pattern(wrong).ok()) << wrong;
}

TEST(CheckHosts, what_the_operator_does_not_allow_is_refused_by_name) {
  struct HostCase {
    const char* sentence;
    std::function<void(Shop&)> make;
    const char *accepted, *message;
  };
  const auto allow = [](Shop& shop, const char* host) {
    shop.setup.checks->hosts.push_back(*parse_host_pattern(host));
  };
  const HostCase cases[] = {
      {"no Prometheus anywhere",
       [](Shop&) {},
       "False NoPrometheusAddress",
       "spec.checks[0].prometheus.address must be set"},
      {"the operator's own, which is not on its list",
       [](Shop& shop) { shop.setup.checks->prometheus = "http://prometheus.monitoring.svc:9090"; },
       "False CheckHostNotAllowed",
       "does not name prometheus.monitoring.svc:9090"},
      {"the operator's own",
       [&](Shop& shop) {
         shop.setup.checks->prometheus = "http://prometheus.monitoring.svc:9090";
         allow(shop, "prometheus.monitoring.svc:9090");
       },
       "True Accepted",
       ""},
      {"another one",
       [&](Shop& shop) {
         shop.sale.spec->checks[0].prometheus->address = "http://elsewhere";
         allow(shop, "*.monitoring.svc");
       },
       "False CheckHostNotAllowed",
       "spec.checks[0].prometheus.address the operator's --allow-check-hosts does not name "
       "elsewhere"},
      {"pods and a Job ask no host",
       [](Shop& shop) {
         shop.sale.spec->checks = {restarts(), smoke_test()};
       },
       "True Accepted",
       ""},
      {"where it is not known what is allowed nothing is refused",
       [](Shop& shop) { shop.setup.checks.reset(); },
       "True Accepted",
       ""},
  };
  for (const HostCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    Shop shop;
    shop.add_workload("checkout", 3);
    shop.sale.spec->checks = {above_ten()};
    shop.setup.checks.emplace();
    one.make(shop);
    shop.settle();
    EXPECT_EQ(shop.condition("Accepted"), one.accepted);
    EXPECT_THAT(shop.sale.status.message + " ", HasSubstr(one.message));
  }
}

// ---- rows

class CheckRows : public testing::Test {
 protected:
  CheckRows() {
    shop_.add_workload("checkout", 3);
    shop_.sale.spec->checks = {above_ten()};
    shop_.clock = kStart - minutes(20);
    shop_.settle();
  }
  /// Measured just now.
  void measure(double number) {
    shop_.checks["p99"].push_back({shop_.clock, Says::Value, number, std::to_string(int(number))});
  }
  const api::CheckStatus& row() const { return shop_.sale.status.checks.at(0); }
  Shop shop_;
};

TEST_F(CheckRows, say_what_is_not_measured_without_a_word_to_people) {
  EXPECT_EQ(row().verdict, "Unknown");
  EXPECT_EQ(row().message, "not measured yet");
  EXPECT_FALSE(row().since);
  EXPECT_THAT(shop_.told, testing::Not(testing::Contains("CheckUnknown")));
}

TEST_F(CheckRows, tell_what_cannot_be_measured_from_the_beginning) {
  shop_.checks["p99"].push_back({shop_.clock, Says::Error, 0, "connection refused"});
  shop_.settle();
  EXPECT_EQ(row().verdict, "Unknown");
  EXPECT_TRUE(shop_.told.contains("CheckUnknown"));
}

TEST_F(CheckRows, of_many_checks_are_written_together) {
  shop_.sale.spec->checks.push_back(above_ten());
  shop_.sale.spec->checks[1].name = "other";
  ++shop_.sale.generation;
  shop_.settle();
  const int published = shop_.publishes;
  for (int i = 0; i < 13; ++i) {
    measure(3);
    shop_.settle();
    shop_.clock += seconds(5);
    shop_.checks["other"].push_back({shop_.clock, Says::Value, 4, "4"});
    shop_.settle();
    shop_.clock += seconds(5);
  }
  // The first of each, and two minutes.
  EXPECT_EQ(shop_.publishes, published + 4);
}

TEST_F(CheckRows, tell_a_verdict_that_changes_and_nothing_else_for_a_minute) {
  measure(3);
  shop_.settle();
  EXPECT_EQ(row().verdict, "Good");
  EXPECT_EQ(row().since, shop_.clock);
  EXPECT_TRUE(shop_.told.contains("CheckGood"));
  const int published = shop_.publishes;
  for (int i = 0; i < 5; ++i) {
    shop_.clock += seconds(10);
    measure(4);
    shop_.settle();
  }
  EXPECT_EQ(shop_.publishes, published);
  EXPECT_EQ(row().value, "3");
  shop_.clock += seconds(10);
  measure(5);
  shop_.settle();
  EXPECT_EQ(row().value, "5") << "a minute later";
  EXPECT_EQ(row().since, shop_.clock - minutes(1));
  EXPECT_EQ(shop_.publishes, published + 1);
  shop_.clock += seconds(10);
  measure(11);
  shop_.settle();
  EXPECT_EQ(row().verdict, "Bad");
  EXPECT_EQ(row().since, shop_.clock);
  EXPECT_TRUE(shop_.told.contains("CheckBad"));
}

TEST_F(CheckRows, after_a_restart_say_unknown_and_invent_no_since) {
  measure(3);
  shop_.settle();
  const Instant first = shop_.clock;
  shop_.checks.clear();
  shop_.told.clear();
  shop_.clock += seconds(20);
  shop_.settle();
  EXPECT_EQ(row().verdict, "Unknown");
  EXPECT_FALSE(row().since);
  EXPECT_THAT(shop_.told, testing::Not(testing::Contains("CheckUnknown")));
  measure(3);
  shop_.settle();
  EXPECT_EQ(row().verdict, "Good");
  EXPECT_EQ(row().since, first + seconds(20));
}

TEST_F(CheckRows, that_join_on_within_staleness_keep_their_since) {
  measure(3);
  shop_.settle();
  const Instant first = shop_.clock;
  shop_.checks.clear();
  shop_.clock += minutes(2);
  measure(3);
  shop_.settle();
  EXPECT_EQ(row().since, shop_.clock) << "two minutes in which nobody looked";
  EXPECT_NE(row().since, first);
}

TEST_F(CheckRows, stand_as_they_were_when_the_sale_is_over) {
  measure(11);
  shop_.settle();
  const api::CheckStatus last = row();
  shop_.checks.clear();
  shop_.run_until(shop_.window.restored_by + minutes(10));
  EXPECT_EQ(shop_.sale.status.checks.size(), 1U);
  EXPECT_EQ(shop_.sale.status.phase, "Completed");
}

TEST_F(CheckRows, go_on_while_the_sale_is_suspended) {
  shop_.sale.spec->suspend = true;
  ++shop_.sale.generation;
  measure(11);
  shop_.settle();
  EXPECT_EQ(row().verdict, "Bad");
}

TEST_F(CheckRows, are_measured_from_preparation_to_the_end_of_an_accepted_sale) {
  const auto measured = [&](Instant at) { return measures_checks(shop_.sale, "here", at); };
  EXPECT_FALSE(measured(shop_.window.prepare - seconds(1)));
  EXPECT_TRUE(measured(shop_.window.prepare));
  EXPECT_TRUE(measured(shop_.window.end + minutes(1)));
  EXPECT_FALSE(measured(shop_.window.restored_by));
  EXPECT_FALSE(measures_checks(shop_.sale, "another", shop_.window.start));
  ++shop_.sale.generation;
  EXPECT_FALSE(measured(shop_.window.start)) << "an edit that is not accepted yet";
}

}  // namespace
}  // namespace doorbuster::planner
