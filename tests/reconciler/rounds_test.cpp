// The reconciler against a small API server: when rounds run, what they read, what a sweep does.
#include "controllers/planner/ledger.h"
#include "tests/reconciler/small_reconciler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iostream>
#include <thread>

namespace doorbuster::reconciler {
namespace {

using std::chrono::seconds;
using Name = SmallCluster::Name;

const ServedKind kWidgets{.group = "shop.example",
                          .plural = "widgets",
                          .kind = "Widget",
                          .versions = {"v1alpha1"},
                          .spec_replicas_path = ".spec.workers"};
const Name kNamespace{"", "namespaces", "", "shop"};
const Name kFlags{"", "configmaps", "shop", "flags"};
const Name kWidget{"shop.example", "widgets", "shop", "press"};
const Name kSale{"doorbuster.dev", "saleevents", "shop", "flash"};
const std::string kFlagsPatch = "PATCH /api/v1/namespaces/shop/configmaps/flags";
const std::string kStatusPut = "PUT /apis/doorbuster.dev/v1alpha1/namespaces/shop/saleevents/flash";

products::AllowList with_widgets() {
  products::AllowList allow = products::AllowList::standard();
  allow.kinds.push_back({.group = "shop.example", .kind = "Widget", .fields = {"/spec/workers"}});
  return allow;
}

class Rounds : public testing::Test {
 protected:
  Rounds() {
    cluster_.put(kNamespace, R"({"kind":"Namespace"})");
    cluster_.put(kFlags, R"({"kind":"ConfigMap","data":{"x":"calm"}})");
    cluster_.put(kWidget, R"({"kind":"Widget","spec":{"workers":2},"status":{"ready":2}})");
  }
  ~Rounds() override {
    stop();
    if (HasFailure()) std::cerr << cluster_.story();
  }

  void start(std::vector<std::string> namespaces = {}) {
    Reconciler::Settings settings;
    settings.setup = {.install = "here", .allow = allow_};
    settings.workers = 2;
    settings.sweep_every = std::chrono::hours(1'000);
    settings.namespaces = std::move(namespaces);
    auto parts = parts_of(cluster_, [](const LogLine&) {});
    reconciler_ = std::make_unique<Reconciler>(std::move(settings), std::move(parts));
    reconciler_->start();
    reconciler_->lead();
  }
  void stop() {
    if (reconciler_) reconciler_->stop(seconds(5));
    reconciler_.reset();
  }
  /// A sale of an hour that holds x of the ConfigMap from `begins` on.
  void put_sale(Duration begins) {
    put_sale(
        begins,
        R"("holds":[{"name":"x","object":{"apiVersion":"v1","kind":"ConfigMap","name":"flags"},)"
        R"("field":"/data/x","value":{"literal":"sale"}}])");
  }
  void put_sale(Duration begins, const std::string& what) {
    const Instant start = std::chrono::floor<seconds>(cluster_.now() + begins);
    cluster_.put(kSale,
                 R"({"kind":"SaleEvent","metadata":{"generation":1,"creationTimestamp":")" +
                     to_rfc3339(start - seconds(36'000)) + R"("},"spec":{"window":{"start":")" +
                     to_rfc3339(start) + R"(","end":")" + to_rfc3339(start + seconds(3'600)) +
                     R"(","prepare":"0s"},)" + what + "}}");
  }
  static testing::AssertionResult within(Duration span, const std::function<bool()>& happens) {
    const auto until = std::chrono::steady_clock::now() + span;
    while (std::chrono::steady_clock::now() < until) {
      if (happens()) return testing::AssertionSuccess();
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return testing::AssertionFailure() << "did not happen within " << to_text(span);
  }
  testing::AssertionResult becomes(const Name& name,
                                   const std::string& pointer,
                                   const std::string& value) {
    return within(seconds(20), [&] { return cluster_.value(name, pointer) == value; })
           << ": " << cluster_.value(name, pointer);
  }
  static void rest(Duration span) { std::this_thread::sleep_for(span); }
  int reviews() const {
    return cluster_.asked("POST /apis/authorization.k8s.io/v1/subjectaccessreviews") +
           cluster_.asked("POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews");
  }

  products::AllowList allow_ = products::AllowList::standard();  ///< of whoever starts next
  SmallCluster cluster_{{kServedSales, kServedAutoscalers, kWidgets}};
  // What faults read: the operator goes on asking after a test's last line.
  std::atomic<bool> throttles_{false};
  std::atomic<int> failures_{0};
  std::unique_ptr<Reconciler> reconciler_;
};

TEST_F(Rounds, HoldsWhatIsDueAndPutsItBackWhenTheEventGoes) {
  put_sale(seconds(-60));
  start();
  ASSERT_TRUE(becomes(kFlags, "/data/x", "sale"));
  ASSERT_TRUE(becomes(kSale, "/metadata/finalizers/0", "doorbuster.dev/restore"));
  cluster_.edit(kSale, R"({"metadata":{"deletionTimestamp":"2027-01-15T08:00:00Z"}})");
  ASSERT_TRUE(becomes(kFlags, "/data/x", "calm"));
  EXPECT_TRUE(becomes(kSale, "/metadata/finalizers/0", "absent"));
}

TEST_F(Rounds, NoneRunsBeforeTheEventsOwnLastWriteIsSeen) {
  start();
  ASSERT_TRUE(within(seconds(20), [&] { return reconciler_->synced(); }));
  put_sale(seconds(-60));
  ASSERT_TRUE(becomes(kFlags, "/data/x", "sale"));
  rest(seconds(1));
  cluster_.keep_back("saleevents");
  const int before = cluster_.asked(kStatusPut);
  // Somebody changes the ConfigMap: one round writes status, and its echo is kept back.
  cluster_.edit(kFlags, R"({"data":{"x":"calm"}})");
  ASSERT_TRUE(within(seconds(20), [&] { return cluster_.asked(kStatusPut) > before; }));
  rest(std::chrono::milliseconds(300));
  const int after = cluster_.asked(kStatusPut), patches = cluster_.asked(kFlagsPatch);
  cluster_.edit(kFlags, R"({"data":{"x":"calm"}})");
  rest(std::chrono::milliseconds(1'500));
  EXPECT_EQ(cluster_.asked(kStatusPut), after);
  EXPECT_EQ(cluster_.asked(kFlagsPatch), patches);
  cluster_.let_go();
  EXPECT_TRUE(within(seconds(20), [&] { return cluster_.asked(kStatusPut) > after; }));
}

TEST_F(Rounds, WaitAsLongAsAThrottlingServerAsks) {
  cluster_.fault([this](const kube::Request& request) -> std::optional<kube::Response> {
    if (!throttles_ || request.method != "PUT") return std::nullopt;
    kube::Response answer = kube::FakeApi::status(429, "TooManyRequests", "flash");
    answer.headers = {{"Retry-After", "30"}};
    return answer;
  });
  put_sale(seconds(-60));
  start();
  ASSERT_TRUE(becomes(kFlags, "/data/x", "sale"));
  rest(seconds(1));
  throttles_ = true;
  const int before = cluster_.asked(kStatusPut);
  cluster_.edit(kFlags, R"({"data":{"x":"calm"}})");
  ASSERT_TRUE(within(seconds(20), [&] { return cluster_.asked(kStatusPut) == before + 1; }));
  throttles_ = false;
  rest(std::chrono::milliseconds(1'500));
  EXPECT_EQ(cluster_.asked(kStatusPut), before + 1)
      << "not before the server's thirty seconds are over";
  cluster_.move_clock(seconds(30));
  EXPECT_TRUE(becomes(kFlags, "/data/x", "sale"));
}

TEST_F(Rounds, AFailureBringsTheEventBackSoon) {
  failures_ = 3;
  cluster_.fault([this](const kube::Request& request) -> std::optional<kube::Response> {
    if (request.method != "PUT" || failures_-- <= 0) return std::nullopt;
    return kube::FakeApi::status(500, "InternalError", "flash");
  });
  put_sale(seconds(-60));
  start();
  EXPECT_TRUE(becomes(kFlags, "/data/x", "sale"));
  EXPECT_GE(cluster_.asked(kStatusPut), 4);
}

TEST_F(Rounds, WhatTheApiServerRefusesIsToldAndTriedAgainEverMoreRarely) {
  failures_ = 1'000;
  cluster_.fault([this](const kube::Request& request) -> std::optional<kube::Response> {
    if (request.method != "PATCH" || !request.target.starts_with("/api/v1/namespaces/shop/config"))
      return std::nullopt;
    if (failures_-- <= 0) return std::nullopt;
    return kube::FakeApi::status(422, "Invalid", "x must be calm");
  });
  put_sale(seconds(-60));
  start();
  ASSERT_TRUE(becomes(kSale, "/status/holds/0/state", "Refused"));
  EXPECT_NE(cluster_.value(kSale, "/status/holds/0/message").find("refuses what is to be written"),
            std::string::npos);
  const int tried = cluster_.asked(kFlagsPatch);
  rest(seconds(4));
  EXPECT_GT(cluster_.asked(kFlagsPatch), tried);
  EXPECT_LE(cluster_.asked(kFlagsPatch), tried + 3);
  const int told = cluster_.asked(kStatusPut);
  rest(seconds(2));
  EXPECT_EQ(cluster_.asked(kStatusPut), told) << "trying again is not told again";
  failures_ = 0;
  ASSERT_TRUE(becomes(kFlags, "/data/x", "sale"));
  EXPECT_TRUE(becomes(kSale, "/status/holds/0/state", "Held"));
}

TEST_F(Rounds, ListsThatMayNotBeReadAreToldOf) {
  const ServedKind budgets{.group = "policy",
                           .plural = "poddisruptionbudgets",
                           .kind = "PodDisruptionBudget",
                           .scale = false};
  const ServedKind canaries{.group = "flagger.app",
                            .plural = "canaries",
                            .kind = "Canary",
                            .versions = {"v1beta1"},
                            .scale = false};
  cluster_.serve({kServedSales, kServedAutoscalers, kWidgets, budgets, canaries});
  cluster_.fault([](const kube::Request& request) -> std::optional<kube::Response> {
    const bool list = request.target.find("poddisruptionbudgets") != std::string::npos ||
                      request.target.find("canaries") != std::string::npos;
    if (!list) return std::nullopt;
    return kube::FakeApi::status(403, "Forbidden", "not for you");
  });
  allow_ = with_widgets();
  put_sale(seconds(-60),
           R"("capacity":{"targets":[{"name":"press","ref":{"apiVersion":"shop.example/v1alpha1",)"
           R"("kind":"Widget","name":"press"},"need":{"replicas":4},)"
           R"("disruptionBudget":{"minAvailablePercent":90}}]})");
  start();
  for (const char* words : {"may not list PodDisruptionBudgets", "may not list Canaries"}) {
    EXPECT_TRUE(within(
        seconds(20),
        [&] { return cluster_.value(kSale, "/status/message").find(words) != std::string::npos; }))
        << words << ": " << cluster_.value(kSale, "/status/message");
  }
}

TEST_F(Rounds, WhatMayNotBeWatchedIsReadOneByOneAndLookedAtAgain) {
  cluster_.fault([](const kube::Request& request) -> std::optional<kube::Response> {
    if (!request.target.starts_with("/api/v1/configmaps")) return std::nullopt;
    return kube::FakeApi::status(403, "Forbidden");
  });
  put_sale(seconds(-60));
  start();
  ASSERT_TRUE(becomes(kFlags, "/data/x", "sale"));
  rest(seconds(1));
  const std::string read = "GET /api/v1/namespaces/shop/configmaps/flags";
  const int before = cluster_.asked(read);
  EXPECT_GE(before, 1);
  cluster_.edit(kFlags, R"({"data":{"x":"calm"}})");
  cluster_.move_clock(kPollEvery);
  EXPECT_TRUE(within(seconds(20), [&] { return cluster_.asked(read) > before; }));
  EXPECT_TRUE(becomes(kFlags, "/data/x", "sale")) << "no watch told of it";
}

TEST_F(Rounds, WhatARoundHasToKnowIsAskedOnceAndAheadOfIt) {
  start();
  ASSERT_TRUE(within(seconds(20), [&] { return reviews() == 1; })) << "the sweep's own";
  put_sale(seconds(9));
  ASSERT_TRUE(within(seconds(8), [&] { return reviews() == 3; }))
      << "the account's and our own: " << reviews() - 1;
  EXPECT_EQ(cluster_.value(kFlags, "/data/x"), "calm") << "and nothing is written ahead";
  ASSERT_TRUE(becomes(kFlags, "/data/x", "sale"));
  EXPECT_EQ(reviews(), 3);
}

TEST_F(Rounds, AKindThatIsServedInAnotherVersionFromNowOnIsFollowedThere) {
  allow_ = with_widgets();
  put_sale(seconds(-60),
           R"("capacity":{"targets":[{"name":"press","ref":{"apiVersion":"shop.example/v1alpha1",)"
           R"("kind":"Widget","name":"press"},"need":{"replicas":6}}]})");
  start();
  ASSERT_TRUE(becomes(kWidget, "/spec/workers", "6"));
  ServedKind newer = kWidgets;
  newer.versions = {"v1"};
  cluster_.move_clock(seconds(10));  // discovery is not asked for doubts alone all the time
  cluster_.serve({kServedSales, kServedAutoscalers, newer});
  ASSERT_TRUE(within(seconds(20), [&] {
    return cluster_.asked("STREAM /apis/shop.example/v1/widgets?") >= 2;
  })) << "listed and watched anew";
  cluster_.edit(kWidget, R"({"spec":{"workers":2}})");
  EXPECT_TRUE(becomes(kWidget, "/spec/workers", "6"));
  cluster_.edit(kSale,
                R"({"spec":{"deletionPolicy":"Immediate"},)"
                R"("metadata":{"deletionTimestamp":"2027-01-15T08:00:00Z"}})");
  EXPECT_TRUE(becomes(kWidget, "/spec/workers", "2"));
  EXPECT_TRUE(becomes(kSale, "/metadata/finalizers/0", "absent"));
}

TEST_F(Rounds, AKindThatVanishesForAWhileTakesNoBaselineWithIt) {
  allow_ = with_widgets();
  put_sale(seconds(-60),
           R"("deletionPolicy":"Immediate","capacity":{"targets":[{"name":"press","ref":)"
           R"({"kind":"Widget","name":"press"},"need":{"replicas":6}}]})");
  start();
  ASSERT_TRUE(becomes(kWidget, "/spec/workers", "6"));
  stop();
  cluster_.serve({kServedSales, kServedAutoscalers});
  cluster_.edit(kSale, R"({"metadata":{"deletionTimestamp":"2027-01-15T08:00:00Z"}})");
  start();  // with no memory but the event's own
  rest(seconds(2));
  cluster_.move_clock(seconds(30));
  rest(seconds(2));
  EXPECT_EQ(cluster_.value(kSale, "/metadata/finalizers/0"), "doorbuster.dev/restore");
  cluster_.serve({kServedSales, kServedAutoscalers, kWidgets});
  cluster_.move_clock(seconds(15));
  EXPECT_TRUE(becomes(kWidget, "/spec/workers", "2"));
  EXPECT_TRUE(becomes(kSale, "/metadata/finalizers/0", "absent"));
}

// ---- sweeps

std::string held_flags(const std::string& uid, const std::string& install) {
  planner::Ledger ledger{.state = planner::Ledger::State::Good,
                         .uid = "uid-flags",
                         .serial = 1,
                         .fields = {},
                         .why = ""};
  planner::HeldField& field = ledger.fields[{"/data/x", ""}];
  field.baseline = Json{R"("calm")"};
  field.requested = Json{R"("sale")"};
  field.holders[{
      .event = "shop/flash", .uid = uid, .install = install, .feature = "holds", .name = "x"}] = {
      .op = planner::Ask::Op::Set, .operand = Json{R"("sale")"}};
  const Json annotations =
      JsonObject()
          .add(planner::kHoldsAnnotation, std::string_view(planner::write_ledger(ledger)))
          .build();
  return R"({"kind":"ConfigMap","metadata":{"labels":{"doorbuster.dev/held":")" + install +
         R"("},"annotations":)" + annotations.text + R"(},"data":{"x":"sale"}})";
}

struct SweepCase {
  const char* says;
  std::string flags;
  int event_status;  ///< what a GET of the event is answered with; 0: as it is (404)
  const char* x;     ///< in the end
};

class Swept : public Rounds, public testing::WithParamInterface<SweepCase> {};

TEST_P(Swept, FromTheStart) {
  const SweepCase& one = GetParam();
  SCOPED_TRACE(one.says);
  cluster_.put(kFlags, one.flags);
  cluster_.fault([&one](const kube::Request& request) -> std::optional<kube::Response> {
    if (one.event_status == 0 || !request.target.ends_with("/saleevents/flash"))
      return std::nullopt;
    return kube::FakeApi::status(one.event_status, one.event_status == 403 ? "Forbidden" : "Error");
  });
  start();
  if (std::string(one.x) == "calm") {
    ASSERT_TRUE(becomes(kFlags, "/data/x", "calm"));
    EXPECT_TRUE(becomes(kFlags, "/metadata/labels", "{}"));
    return;
  }
  ASSERT_TRUE(within(seconds(20), [&] {
    return cluster_.asked("GET /api/v1/configmaps?") + cluster_.asked("GET /api/v1/configmaps") > 0;
  }));
  rest(seconds(1));
  EXPECT_EQ(cluster_.value(kFlags, "/data/x"), one.x);
  EXPECT_EQ(cluster_.asked(kFlagsPatch), 0);
}

INSTANTIATE_TEST_SUITE_P(
    Outcomes,
    Swept,
    testing::Values(SweepCase{"its event is gone", held_flags("uid-old", "here"), 0, "calm"},
                    SweepCase{
                        "its event may not be read", held_flags("uid-old", "here"), 403, "sale"},
                    SweepCase{"nobody answers", held_flags("uid-old", "here"), 500, "sale"},
                    SweepCase{"another install's", held_flags("uid-old", "elsewhere"), 0, "sale"}),
    [](const auto& one) {
      std::string name;
      for (const char c : std::string(one.param.says)) {
        if (std::isalpha(static_cast<unsigned char>(c))) name += c;
      }
      return name;
    });

TEST_F(Rounds, WhatAnEarlierEventOfTheSameNameHeldIsLetGo) {
  put_sale(seconds(36'000), R"("holds":[])");
  cluster_.put(kFlags, held_flags("uid-old", "here"));
  start();
  EXPECT_TRUE(becomes(kFlags, "/data/x", "calm"));
}

TEST_F(Rounds, ALivingEventIsShownWhatCarriesItsHoldsThoughNothingElseNamesIt) {
  put_sale(seconds(36'000), R"("holds":[])");
  cluster_.put(kFlags, held_flags("uid-flash", "here"));
  cluster_.fault([](const kube::Request& request) -> std::optional<kube::Response> {
    // The sweep itself has nothing to do here: whoever reads the event by name is refused.
    if (request.method != "GET" || !request.target.ends_with("/saleevents/flash"))
      return std::nullopt;
    return kube::FakeApi::status(403, "Forbidden");
  });
  start();
  EXPECT_TRUE(becomes(kFlags, "/data/x", "calm"));
}

TEST_F(Rounds, AnEventWhoseFinalizerWasTakenOffByHandIsLookedAfter) {
  put_sale(seconds(-60));
  start();
  ASSERT_TRUE(becomes(kFlags, "/data/x", "sale"));
  rest(std::chrono::milliseconds(500));
  cluster_.edit(kFlags, R"({"metadata":{"labels":null}})");
  cluster_.remove(kSale);
  EXPECT_TRUE(becomes(kFlags, "/data/x", "calm")) << "found by its second copy, without a label";
}

TEST_F(Rounds, AHeldObjectOfAKindBeyondTheAllowListIsSweptToo) {
  allow_ = with_widgets();
  put_sale(seconds(-60),
           R"("capacity":{"targets":[{"name":"press","ref":{"apiVersion":"shop.example/v1alpha1",)"
           R"("kind":"Widget","name":"press"},"need":{"replicas":6}}]})");
  start();
  ASSERT_TRUE(becomes(kWidget, "/spec/workers", "6"));
  stop();
  cluster_.remove(kSale);
  allow_ = products::AllowList::standard();  // the kind was taken off it
  start();
  EXPECT_TRUE(becomes(kWidget, "/spec/workers", "5")) << "by steps";
}

}  // namespace
}  // namespace doorbuster::reconciler
