// Checks in a reconciler: who is asked for what, when a row is written, who measures.
#include "controllers/reconciler/check_poller.h"

#include "tests/reconciler/small_reconciler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <iostream>
#include <thread>

namespace doorbuster::reconciler {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;
using Name = SmallCluster::Name;

const ServedKind kDeployments{
    .group = "apps", .plural = "deployments", .kind = "Deployment", .versions = {"v1"}};
const ServedKind kJobs{.group = "batch", .plural = "jobs", .kind = "Job", .versions = {"v1"}};
const Name kSmoke{"batch", "jobs", "shop", "smoke"};
const Name kSale{"doorbuster.dev", "saleevents", "shop", "flash"};
const Name kCart{"apps", "deployments", "shop", "cart"};
const std::string kStatusPut = "PUT /apis/doorbuster.dev/v1alpha1/namespaces/shop/saleevents/flash";

/// Answers every question alike; keeps what it was asked.
class FakeWeb final : public adapters::Web {
 public:
  Result<kube::Response> get(const adapters::WebAsk& ask) override {
    const std::lock_guard lock(mutex_);
    asked_.push_back(ask);
    return answer_;
  }
  Result<kube::Response> post(const adapters::WebPost& post) override {
    const std::lock_guard lock(mutex_);
    posted_.push_back(post);
    return answer_;
  }
  std::vector<adapters::WebPost> posted() const {
    const std::lock_guard lock(mutex_);
    return posted_;
  }
  void answers(Result<kube::Response> answer) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
  }
  std::vector<adapters::WebAsk> asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<adapters::WebAsk> asked_;
  std::vector<adapters::WebPost> posted_;
  Result<kube::Response> answer_ = kube::Response{200, {}, R"({"rate":1})"};
};

kube::Response rate(int number) { return {200, {}, R"({"rate":)" + std::to_string(number) + "}"}; }

constexpr const char* kPlain =
    R"({"name":"a","http":{"url":"http://status.shop/x","pointer":"/rate"},"bad":{"above":10},"interval":"1s"})";
constexpr const char* kWithToken =
    R"({"name":"a","http":{"url":"https://status.shop/x","pointer":"/rate",)"
    R"("tokenFrom":{"secret":"s","key":"token"}},"bad":{"above":10},"interval":"1s"})";
constexpr const char* kCondition =
    R"({"name":"a","condition":{"object":{"apiVersion":"apps/v1","kind":"Deployment","name":"cart"},)"
    R"("type":"Available"},"interval":"1s"})";
constexpr const char* kPods =
    R"({"name":"a","pods":{"labels":{"app":"cart","tier":"front"},"count":"NotReady"},)"
    R"("bad":{"above":2},"interval":"1s"})";
constexpr const char* kJob = R"({"name":"a","job":{"name":"smoke"},"interval":"1s"})";
constexpr const char* kPrometheus =
    R"({"name":"a","prometheus":{"query":"up"},"bad":{"below":1},"interval":"1s"})";

class Checks : public testing::Test {
 protected:
  Checks() {
    cluster_.put({"", "namespaces", "", "shop"}, R"({"kind":"Namespace"})");
    Reconciler::Settings settings;
    settings.setup = {.install = "here", .allow = products::AllowList::standard()};
    settings.setup.checks = planner::CheckSetup{.prometheus = "http://prometheus.shop:9090/prom",
                                                .hosts = {*planner::parse_host_pattern("*.shop")}};
    settings.workers = 2;
    settings.sweep_every = hours(1'000);
    auto parts = parts_of(cluster_, [](const LogLine&) {});
    parts.web = web_;
    parts.leading = [this] { return leading_.load(); };
    reconciler_ = std::make_unique<Reconciler>(std::move(settings), std::move(parts));
    reconciler_->start();
    reconciler_->lead();
  }
  ~Checks() override {
    reconciler_->stop(seconds(5));
    if (HasFailure()) std::cerr << cluster_.story();
  }
  void put_sale(const std::string& check, Duration begins = minutes(-5)) {
    const Instant start = std::chrono::floor<seconds>(cluster_.now() + begins);
    cluster_.put(kSale,
                 R"({"kind":"SaleEvent","metadata":{"generation":1,"creationTimestamp":")" +
                     to_rfc3339(start - hours(1)) + R"("},"spec":{"window":{"start":")" +
                     to_rfc3339(start) + R"(","end":")" + to_rfc3339(start + hours(1)) +
                     R"(","prepare":"5m"},"checks":[)" + check + "]}}");
  }
  std::string row(const std::string& field) const {
    return cluster_.value(kSale, "/status/checks/0/" + field);
  }
  testing::AssertionResult becomes(const std::string& field, const std::string& value) {
    const auto until = std::chrono::steady_clock::now() + seconds(20);
    while (std::chrono::steady_clock::now() < until) {
      if (row(field).find(value) != std::string::npos) return testing::AssertionSuccess();
      std::this_thread::sleep_for(milliseconds(10));
    }
    return testing::AssertionFailure() << row("verdict") << ": " << row("message");
  }
  void wait_for_questions(std::size_t count) {
    const auto until = std::chrono::steady_clock::now() + seconds(20);
    while (web_->asked().size() < count && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(milliseconds(10));
  }

  SmallCluster cluster_{{kServedSales, kServedAutoscalers, kDeployments}};
  std::shared_ptr<FakeWeb> web_ = std::make_shared<FakeWeb>();
  std::atomic<bool> leading_ = true;
  std::unique_ptr<Reconciler> reconciler_;
};

TEST_F(Checks, a_verdict_that_changes_is_written_and_nothing_else) {
  put_sale(kPlain);
  ASSERT_TRUE(becomes("verdict", "Good"));
  EXPECT_EQ(row("value"), "1");
  std::this_thread::sleep_for(milliseconds(300));  // what its own echo still tells
  const int writes = cluster_.asked(kStatusPut);
  const std::size_t questions = web_->asked().size();
  web_->answers(rate(2));
  wait_for_questions(questions + 2);
  EXPECT_EQ(cluster_.asked(kStatusPut), writes) << "measured twice, written never";
  web_->answers(rate(11));
  ASSERT_TRUE(becomes("verdict", "Bad"));
  EXPECT_EQ(row("message"), "11 is above 10");
  EXPECT_EQ(cluster_.asked(kStatusPut), writes + 1);
}

TEST_F(Checks, an_outage_becomes_unknown_when_the_last_value_is_stale) {
  put_sale(kPlain);
  ASSERT_TRUE(becomes("verdict", "Good"));
  web_->answers(Error{ErrorKind::Unavailable, "connection refused", {}, {}});
  ASSERT_TRUE(becomes("verdict", "Unknown"));
  EXPECT_EQ(row("message"), "cannot be measured: connection refused");
  web_->answers(kube::Response{302, {{"Location", "http://169.254.169.254/"}}, ""});
  const std::size_t questions = web_->asked().size();
  wait_for_questions(questions + 2);
  EXPECT_EQ(row("verdict"), "Unknown");
}

TEST_F(Checks, nothing_is_measured_before_preparation_nor_without_leading) {
  put_sale(kPlain, minutes(10));
  ASSERT_TRUE(becomes("message", "measured from the beginning of preparation on"));
  std::this_thread::sleep_for(milliseconds(1'500));
  EXPECT_TRUE(web_->asked().empty());
  cluster_.move_clock(minutes(11));
  ASSERT_TRUE(becomes("verdict", "Good"));
  leading_ = false;
  std::this_thread::sleep_for(milliseconds(1'500));
  const std::size_t questions = web_->asked().size();
  std::this_thread::sleep_for(milliseconds(1'500));
  EXPECT_EQ(web_->asked().size(), questions);
}

TEST_F(Checks, a_host_that_is_not_allowed_is_never_asked) {
  put_sale(
      R"({"name":"a","http":{"url":"http://169.254.169.254/x","pointer":"/rate"},"bad":{"above":10}})");
  const auto until = std::chrono::steady_clock::now() + seconds(20);
  while (cluster_.value(kSale, "/status/phase") != "Failed" &&
         std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(milliseconds(10));
  EXPECT_THAT(cluster_.value(kSale, "/status/message"),
              HasSubstr("--allow-check-hosts does not name 169.254.169.254"));
  std::this_thread::sleep_for(milliseconds(1'500));
  EXPECT_TRUE(web_->asked().empty());
}

TEST_F(Checks, the_operators_prometheus_is_asked_where_a_check_names_none) {
  web_->answers(kube::Response{
      200,
      {},
      R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"0"]}]}})"});
  put_sale(kPrometheus);
  ASSERT_TRUE(becomes("verdict", "Bad"));
  EXPECT_EQ(web_->asked().front().address.authority, "prometheus.shop:9090");
  EXPECT_EQ(web_->asked().front().target, "/prom/api/v1/query?query=up");
}

TEST_F(Checks, prometheus_own_error_is_told_and_a_proxys_is_not_mistaken_for_it) {
  web_->answers(kube::Response{
      400, {}, R"({"status":"error","errorType":"bad_data","error":"parse error"})"});
  put_sale(kPrometheus);
  ASSERT_TRUE(becomes("message", "Prometheus says bad_data: parse error"));
  EXPECT_EQ(row("verdict"), "Unknown");
}

TEST_F(Checks, a_token_is_read_where_the_account_may_get_it) {
  cluster_.put({"", "secrets", "shop", "s"}, R"({"data":{"token":"c2VjcmV0Cg=="}})");
  put_sale(kWithToken);
  ASSERT_TRUE(becomes("verdict", "Good"));
  EXPECT_EQ(web_->asked().front().token, "secret");
  EXPECT_EQ(cluster_.asked("POST /apis/authorization.k8s.io/v1/subjectaccessreviews"), 1);
}

TEST_F(Checks, a_token_is_not_read_where_the_account_may_not) {
  cluster_.put({"", "secrets", "shop", "s"}, R"({"data":{"token":"c2VjcmV0Cg=="}})");
  cluster_.fault([](const kube::Request& request) -> std::optional<kube::Response> {
    if (!request.target.ends_with("subjectaccessreviews")) return std::nullopt;
    return kube::Response{
        201, {}, merge_patched({request.body}, Json{R"({"status":{"allowed":false}})"})->text};
  });
  put_sale(kWithToken);
  ASSERT_TRUE(becomes("message", "the service account default may not get Secret s"));
  EXPECT_EQ(cluster_.asked("GET /api/v1/namespaces/shop/secrets"), 0);
  EXPECT_TRUE(web_->asked().empty());
}

TEST_F(Checks, a_secret_that_the_operator_may_not_get_is_told_with_what_helps) {
  cluster_.fault([](const kube::Request& request) -> std::optional<kube::Response> {
    if (request.target.find("/secrets/") == std::string::npos) return std::nullopt;
    return kube::FakeApi::status(403, "Forbidden", "may not");
  });
  put_sale(kWithToken);
  ASSERT_TRUE(becomes("message", "the operator may not get Secret s: grant"));
  EXPECT_TRUE(web_->asked().empty());
}

TEST_F(Checks, a_condition_is_read_from_its_object) {
  put_sale(kCondition);
  ASSERT_TRUE(becomes("message", "no data: Deployment cart does not exist"));
  EXPECT_EQ(row("verdict"), "Unknown");
  cluster_.put(kCart, R"({"status":{"conditions":[{"type":"Available","status":"True"}]}})");
  ASSERT_TRUE(becomes("verdict", "Good"));
  cluster_.edit(kCart, R"({"status":{"conditions":[{"type":"Available","status":"False"}]}})");
  ASSERT_TRUE(becomes("verdict", "Bad"));
  EXPECT_EQ(row("message"), "Deployment cart says Available=False");
  cluster_.edit(kCart, R"({"status":{"conditions":[{"type":"Available","status":"Unknown"}]}})");
  ASSERT_TRUE(becomes("verdict", "Unknown"));
}

const std::string kPodsTarget = "/api/v1/namespaces/shop/pods?";

TEST_F(Checks, pods_are_counted_of_one_list_by_their_labels) {
  const auto pods = std::make_shared<std::atomic<int>>(0);
  cluster_.fault([pods](const kube::Request& request) -> std::optional<kube::Response> {
    if (!request.target.starts_with(kPodsTarget)) return std::nullopt;
    std::string items;
    for (int i = 0; i < *pods; ++i)
      items += (i == 0 ? "" : ",") + std::string(R"({"metadata":{"name":"a)") + std::to_string(i) +
               R"("},"status":{"phase":"Pending"}})";
    return kube::Response{
        200, {}, R"({"metadata":{"resourceVersion":"1"},"items":[)" + items + "]}"};
  });
  put_sale(kPods);
  ASSERT_TRUE(becomes("message", "no data: no pod has these labels"));
  EXPECT_EQ(row("verdict"), "Unknown");
  EXPECT_GE(cluster_.asked("GET " + kPodsTarget + "limit=501&labelSelector=app%3Dcart%2Ctier%3D"),
            1);
  *pods = 2;
  ASSERT_TRUE(becomes("verdict", "Good"));
  EXPECT_EQ(row("message"), "2 is not above 2");
  *pods = 3;
  ASSERT_TRUE(becomes("verdict", "Bad"));
  EXPECT_EQ(row("message"), "3 is above 2");
  *pods = 501;
  ASSERT_TRUE(becomes("message", "cannot be measured: more than 500 pods have these labels"));
  EXPECT_EQ(row("verdict"), "Unknown");
}

TEST_F(Checks, pods_are_not_listed_where_the_account_may_not) {
  const auto as_it_should = std::make_shared<std::atomic<bool>>(false);
  cluster_.fault([as_it_should](const kube::Request& request) -> std::optional<kube::Response> {
    if (!request.target.ends_with("subjectaccessreviews")) return std::nullopt;
    const auto body = JsonView::parse(request.body);
    const auto at = [&body](const char* name) {
      return body->at(std::string("/spec/resourceAttributes/") + name)->string().value_or("");
    };
    *as_it_should = at("verb") == "list" && at("resource") == "pods" && at("namespace") == "shop";
    return kube::Response{
        201, {}, merge_patched({request.body}, Json{R"({"status":{"allowed":false}})"})->text};
  });
  put_sale(kPods);
  ASSERT_TRUE(becomes("message", "the service account default may not list pods"));
  EXPECT_TRUE(*as_it_should);
  EXPECT_EQ(cluster_.asked("GET " + kPodsTarget), 0);
}

TEST_F(Checks, pods_that_the_operator_may_not_list_are_told_with_what_helps) {
  cluster_.fault([](const kube::Request& request) -> std::optional<kube::Response> {
    if (!request.target.starts_with(kPodsTarget)) return std::nullopt;
    return kube::FakeApi::status(403, "Forbidden", "may not");
  });
  put_sale(kPods);
  ASSERT_TRUE(becomes("message", "the operator may not list pods: grant"));
}

TEST_F(Checks, a_job_says_how_it_ended) {
  cluster_.serve({kServedSales, kServedAutoscalers, kDeployments, kJobs});
  cluster_.put(kSmoke, R"({"status":{"active":1}})");
  put_sale(kJob);
  ASSERT_TRUE(becomes("message", "no data: Job smoke still runs"));
  EXPECT_EQ(row("verdict"), "Unknown");
  cluster_.edit(kSmoke, R"({"status":{"conditions":[{"type":"Complete","status":"True"}]}})");
  ASSERT_TRUE(becomes("verdict", "Good"));
  EXPECT_EQ(row("message"), "Job smoke is complete");
  EXPECT_EQ(row("value"), "complete");
  cluster_.edit(
      kSmoke,
      R"({"status":{"conditions":[{"type":"Failed","status":"True","reason":"BackoffLimitExceeded"}]}})");
  ASSERT_TRUE(becomes("verdict", "Bad"));
  EXPECT_EQ(row("message"), "Job smoke has failed: BackoffLimitExceeded");
  cluster_.remove(kSmoke);
  ASSERT_TRUE(becomes("verdict", "Unknown"));
  EXPECT_EQ(row("message"), "no data: Job smoke does not exist");
}

// ---- the poller alone

/// Holds every question until it is let go of; counts how many were asked at once.
class SlowMeasurer final : public CheckMeasurer {
 public:
  planner::Measurement measure(const planner::Event&, const api::CheckSpec& check) override {
    const int now = ++at_once_;
    int most = most_.load();
    while (now > most && !most_.compare_exchange_weak(most, now)) {
    }
    {
      const std::lock_guard lock(mutex_);
      asked_.insert(check.name);
    }
    std::this_thread::sleep_for(milliseconds(100));
    --at_once_;
    return {.at = Instant{}, .says = planner::Measurement::Says::Value, .value = 1, .text = "1"};
  }
  std::set<std::string> asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }
  int most() const { return most_; }

 private:
  std::atomic<int> at_once_ = 0, most_ = 0;
  mutable std::mutex mutex_;
  std::set<std::string> asked_;
};

std::string event_text(const std::string& checks) {
  return R"({"apiVersion":"doorbuster.dev/v1alpha1","kind":"SaleEvent","metadata":{"name":"flash","namespace":"shop","uid":"u",)"
         R"("resourceVersion":"1","generation":1,"creationTimestamp":"2026-11-27T00:00:00Z"},)"
         R"("spec":{"window":{"start":"2026-11-27T09:00:00Z","end":"2026-11-27T10:00:00Z"},"checks":[)" +
         checks +
         R"(]},"status":{"install":"here","conditions":[{"type":"Accepted","status":"True",)"
         R"("observedGeneration":1,"lastTransitionTime":"2026-11-27T08:00:00Z","reason":"Accepted",)"
         R"("message":""}],"window":{"prepare":"2026-11-27T08:00:00Z","start":"2026-11-27T09:00:00Z",)"
         R"("end":"2026-11-27T10:00:00Z","restoredBy":"2026-11-27T11:00:00Z"}}})";
}

TEST(CheckPoller, one_slow_host_keeps_neither_other_hosts_nor_all_workers) {
  std::string checks;
  for (int i = 0; i < 10; ++i)
    checks += R"({"name":"slow)" + std::to_string(i) +
              R"(","http":{"url":"http://slow","pointer":"/a"},"bad":{"above":1}},)";
  checks += R"({"name":"quick","http":{"url":"http://quick","pointer":"/a"},"bad":{"above":1}})";
  const auto events = make_event_store();
  const std::string text = event_text(checks) + std::string(kube::kTextPadding, ' ');
  const kube::Meta meta{"shop", "flash", "u", "1", 1, false};
  events->on_page(
      "",
      {.first = true,
       .last = true,
       .items = {{meta, std::string_view(text).substr(0, text.size() - kube::kTextPadding)}},
       .version = "1"});
  const auto measurer = std::make_shared<SlowMeasurer>();
  CheckPoller poller({.measurer = measurer,
                      .events = events,
                      .install = "here",
                      .prometheus = "",
                      .now = [] { return *parse_rfc3339("2026-11-27T09:30:00Z"); },
                      .steady =
                          [] {
                            return std::chrono::duration_cast<Duration>(
                                std::chrono::steady_clock::now().time_since_epoch());
                          },
                      .jitter = [] { return 0.0; },
                      .leading = [] { return true; },
                      .look_again = [](const kube::Key&) {}});
  poller.start();
  std::this_thread::sleep_for(milliseconds(150));
  EXPECT_TRUE(measurer->asked().contains("quick"));
  EXPECT_LE(measurer->most(), kChecksPerHost + 1);
  std::this_thread::sleep_for(seconds(1));
  poller.stop();
  EXPECT_EQ(measurer->asked().size(), 11U);
  poller.begin_stop();  // and once more changes nothing
  EXPECT_LE(measurer->most(), kChecksPerHost + 1);
}

}  // namespace
}  // namespace doorbuster::reconciler
