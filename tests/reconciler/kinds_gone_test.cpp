#include "controllers/reconciler/kinds.h"
#include "tests/reconciler/answering_transport.h"
#include "tests/reconciler/discovery.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>

namespace doorbuster::reconciler {
namespace {

using std::chrono::seconds;

const ServedKind kWidget{.group = "shop.example", .plural = "widgets", .kind = "Widget"};
const ServedKind kOther{.group = "other.example", .plural = "widgets", .kind = "Widget"};

/// An API server that serves these kinds now; what its CRDs and its readiness say is the test's.
class KindsGone : public testing::Test {
 protected:
  kube::Response answer(const kube::Request& request) {
    if (request.target == "/api") return {200, {}, core_discovery()};
    if (request.target == "/apis") return {200, {}, discovery_of(served_)};
    if (const auto fixed = answers_.find(request.target); fixed != answers_.end())
      return fixed->second;
    if (request.target == "/readyz") return {200, {}, "ok"};
    return not_found("x");
  }
  /// From now on these are served, and it was noticed that something is amiss.
  void serve(std::vector<ServedKind> kinds) {
    served_ = std::move(kinds);
    kinds_.doubt();
    now_ += seconds(10);
  }
  /// How a look at the kind ends, `later` from the last one.
  std::string look(Duration later, const std::string& group = "shop.example") {
    now_ += later;
    const auto found = kinds_.find(group, "Widget");
    return found.ok() ? "served by " + found->group : to_string(found.error().kind);
  }
  std::string described(const std::string& group = "shop.example") {
    const planner::KindAnswer said = kinds_.describe(group, "Widget");
    if (std::holds_alternative<planner::KindUnread>(said)) return "unread";
    return std::get<planner::KindFact>(said).served ? "served" : "not served";
  }

  std::vector<ServedKind> served_{kWidget};
  std::map<std::string, kube::Response> answers_;
  Instant now_{std::chrono::hours(500'000)};
  std::shared_ptr<AnsweringTransport> transport_ = std::make_shared<AnsweringTransport>(
      [this](const kube::Request& request) { return answer(request); });
  Kinds kinds_{std::make_shared<kube::Client>(transport_), [this] { return now_; }};
};

TEST_F(KindsGone, AKindThatWasNeverSeenIsNotServedAtOnceAndLookedForAgainSoon) {
  served_.clear();
  EXPECT_EQ(look(seconds(0)), "NotFound");
  EXPECT_EQ(described(), "not served");
  served_ = {kWidget};
  EXPECT_EQ(look(seconds(1)), "NotFound");
  EXPECT_EQ(look(seconds(1)), "served by shop.example");
}

TEST_F(KindsGone, AKindThatStaysAwayIsLookedForMoreAndMoreRarely) {
  served_.clear();
  for (int second = 0; second < 600; ++second) look(seconds(1));
  const std::size_t calls = transport_->calls().size();
  EXPECT_LE(calls, 2U * 66) << "two documents a look, every 10 s in the end";
  EXPECT_GE(calls, 2U * 58);
}

TEST_F(KindsGone, AKindThatWasServedIsGoneOnlyWhenAServerThatIsReadySaysSoAMinuteLater) {
  EXPECT_EQ(look(seconds(0)), "served by shop.example");
  serve({});
  EXPECT_EQ(look(seconds(0)), "Unavailable");
  EXPECT_EQ(described(), "unread");
  EXPECT_EQ(look(seconds(59)), "Unavailable");
  answers_["/readyz"] = {500, {}, "[-]poststarthook/crd-informer-synced failed"};
  EXPECT_EQ(look(seconds(1)), "Unavailable");
  answers_["/readyz"] = {200, {}, "ok"};
  answers_[crd_path(kWidget)] = {200, {}, crd_of(kWidget)};
  EXPECT_EQ(look(seconds(9)), "Unavailable") << "not asked again so soon";
  EXPECT_EQ(look(seconds(1)), "Unavailable") << "its CRD is there";
  answers_[crd_path(kWidget)] = {503, {}, ""};
  EXPECT_EQ(look(seconds(10)), "Unavailable") << "no answer about its CRD";
  answers_.erase(crd_path(kWidget));
  EXPECT_EQ(look(seconds(10)), "NotFound");
  EXPECT_EQ(described(), "not served");
}

TEST_F(KindsGone, AKindThatComesBackIsServedAndItsNextAbsenceIsAnother) {
  look(seconds(0));
  serve({});
  look(seconds(0));
  served_ = {kWidget};
  EXPECT_EQ(look(seconds(50)), "served by shop.example");
  serve({});
  EXPECT_EQ(look(seconds(10)), "Unavailable") << "more than a minute after its first absence";
  EXPECT_EQ(look(seconds(59)), "Unavailable");
  EXPECT_EQ(look(seconds(10)), "NotFound");
}

TEST_F(KindsGone, AfterARestartWhatAStatusRowNamesCountsAsServedOnce) {
  served_.clear();
  kinds_.expect("shop.example", "Widget");
  EXPECT_EQ(look(seconds(0)), "Unavailable");
  EXPECT_EQ(look(seconds(0), "*"), "Unavailable") << "named without its group too";
  EXPECT_EQ(look(seconds(0), "other.example"), "NotFound");
  EXPECT_EQ(look(seconds(60)), "NotFound");
  kinds_.expect("shop.example", "Widget");
  EXPECT_EQ(look(seconds(1)), "NotFound")
      << "the row is still there; the kind is gone all the same";
}

TEST_F(KindsGone, ABareKindDoesNotFallToAnotherGroupWhileItsOwnIsAway) {
  EXPECT_EQ(look(seconds(0), "*"), "served by shop.example");
  serve({kOther});
  EXPECT_EQ(look(seconds(0), "*"), "Unavailable");
  EXPECT_EQ(look(seconds(60), "*"), "served by other.example") << "its own is gone for good";
}

struct PathsCase {
  const char* says;
  kube::Response crd;
  const char* paths;  ///< or what is said instead
};

TEST_F(KindsGone, WhereACustomKindKeepsItsReplicasIsReadAndNeverGuessed) {
  ServedKind elsewhere = kWidget, indexed = kWidget;
  elsewhere.spec_replicas_path = ".spec.workers.count";
  indexed.spec_replicas_path = ".spec.pools[0].count";
  ServedKind newer = kWidget;
  newer.versions = {"v2"};
  const PathsCase cases[] = {
      {"its CRD says so", {200, {}, crd_of(elsewhere)}, "/spec/workers/count /status/ready"},
      {"its CRD may not be read",
       kube::FakeApi::status(403, "Forbidden"),
       "refused: the operator may not get customresourcedefinitions.apiextensions.k8s.io "
       "widgets.shop.example: grant it that"},
      {"its CRD is not answered", {503, {}, ""}, "unread"},
      {"throttled", kube::FakeApi::status(429, "TooManyRequests"), "unread"},
      {"it has no CRD",
       not_found("widgets.shop.example"),
       "refused: it has no CRD widgets.shop.example that would say so"},
      {"its CRD has moved on to another version", {200, {}, crd_of(newer)}, "unread"},
      {"a path into a list",
       {200, {}, crd_of(indexed)},
       "refused: its CRD names paths that cannot be followed: .spec.pools[0].count and "
       ".status.ready"},
  };
  for (const PathsCase& one : cases) {
    SCOPED_TRACE(one.says);
    answers_[crd_path(kWidget)] = one.crd;
    now_ += seconds(600);  // what was read before is old
    const planner::KindAnswer said = kinds_.describe("shop.example", "Widget");
    std::string text = "unread";
    if (const auto* fact = std::get_if<planner::KindFact>(&said)) {
      text = fact->paths_unknown.empty()
                 ? fact->spec_replicas_path + " " + fact->status_replicas_path
                 : "refused: " + fact->paths_unknown;
    }
    EXPECT_EQ(text, one.paths);
  }
}

TEST_F(KindsGone, ARefusalIsAskedAgainSoonAndAPathSeldom) {
  answers_[crd_path(kWidget)] = kube::FakeApi::status(403, "Forbidden");
  const auto asked = [&](Duration later) {
    now_ += later;
    const std::size_t before = transport_->calls().size();
    kinds_.describe("shop.example", "Widget");
    return transport_->calls().size() - before;
  };
  asked(seconds(0));
  EXPECT_EQ(asked(seconds(14)), 0U);
  answers_[crd_path(kWidget)] = {200, {}, crd_of(kWidget)};
  EXPECT_EQ(asked(seconds(1)), 1U);
  EXPECT_EQ(asked(seconds(599)), 0U);
  EXPECT_EQ(asked(seconds(1)), 1U);
}

TEST_F(KindsGone, AVersionThatIsNotServedSaysNothingOfTheObject) {
  const auto found = kinds_.find("shop.example", "Widget", "v2");
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().kind, ErrorKind::Unavailable);
}

}  // namespace
}  // namespace doorbuster::reconciler
