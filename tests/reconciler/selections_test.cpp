#include "controllers/reconciler/selections.h"

#include "controllers/planner/selection.h"
#include "tests/reconciler/answering_transport.h"
#include "tests/reconciler/discovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::reconciler {
namespace {

using testing::ElementsAre;

const Instant kNow{std::chrono::seconds(1'800'000'000)};
const kube::Key kEvent{"shop", "flash"};
const planner::Selection kTierTwo{"apps", "Deployment", "shop", "tier=2"};
const planner::Selection kRings{"example.com", "Ring", "shop", "tier=2"};

/// An API server with Deployments of these names.
struct Listing {
  std::vector<std::string> names{"search", "reviews"};
  int status = 200;
  AnsweringClient api{[this](const std::string& target) { return answer(target); }};
  Selections selections{api.client, std::make_shared<Kinds>(api.client, [] { return kNow; })};

  kube::Response answer(const std::string& target) {
    kube::Response out;
    out.status = 200;
    if (target == "/api") {
      out.body = core_discovery();
    } else if (target == "/apis") {
      out.body = discovery_of({{.group = "apps", .plural = "deployments", .kind = "Deployment"}});
    } else {
      out.status = status;
      std::string items;
      for (const std::string& one : names)
        items +=
            (items.empty() ? "" : ",") + std::string(R"({"metadata":{"name":")") + one + "\"}}";
      out.body = R"({"metadata":{"resourceVersion":"7"},"items":[)" + items + "]}";
      if (status != 200) out.body = R"({"kind":"Status","code":503,"message":"busy"})";
    }
    return out;
  }
  int lists() const {
    int out = 0;
    for (const kube::Request& one : api.transport->calls()) {
      if (one.target == "/apis/apps/v1/namespaces/shop/deployments?limit=65&labelSelector=tier%3D2")
        ++out;
    }
    return out;
  }
  planner::SelectedFact look(Duration later = Duration(0), Duration fresh = kSelectedFreshAhead) {
    return selections.look(kEvent, {kTierTwo}, kNow + later, fresh).at(kTierTwo);
  }
};

TEST(Selections, AreMadeByTheApiServer) {
  Listing it;
  EXPECT_THAT(std::get<planner::Selected>(it.look()).names, ElementsAre("reviews", "search"));
  EXPECT_EQ(it.lists(), 1);
}

TEST(Selections, AreGoodForAWhileAndForLessInTheWindow) {
  Listing it;
  EXPECT_EQ(it.selections.again(kEvent, kNow), std::nullopt);
  it.look();
  EXPECT_EQ(it.selections.again(kEvent, kNow), kSelectedFreshAhead);
  it.look(kSelectedFresh);
  EXPECT_EQ(it.lists(), 1);
  it.look(kSelectedFresh, kSelectedFresh);
  EXPECT_EQ(it.lists(), 2);
  EXPECT_EQ(it.selections.again(kEvent, kNow + kSelectedFresh), kSelectedFresh);
  it.selections.forget(kEvent);
  EXPECT_EQ(it.selections.again(kEvent, kNow), std::nullopt);
}

TEST(Selections, ThatCannotBeReadAreUnreadAndTriedAgainSoon) {
  Listing it;
  it.status = 503;
  EXPECT_TRUE(std::holds_alternative<planner::Unread>(it.look()));
  it.look(Duration(1));
  EXPECT_EQ(it.lists(), 1);
  it.status = 200;
  EXPECT_TRUE(std::holds_alternative<planner::Selected>(it.look(kSelectedRetry)));
}

TEST(Selections, OfMoreThanAreLookedAtSayThatThereAreMore) {
  Listing it;
  it.names.clear();
  for (int i = 0; i < 65; ++i) it.names.push_back("s" + std::to_string(100 + i));
  const auto found = std::get<planner::Selected>(it.look());
  EXPECT_EQ(found.names.size(), planner::kSelected);
  EXPECT_TRUE(found.more);
}

TEST(Selections, AmongAKindThatIsNotServedFindNothing) {
  Listing it;
  const auto found = it.selections.look(kEvent, {kRings}, kNow, kSelectedFresh);
  EXPECT_TRUE(std::get<planner::Selected>(found.at(kRings)).names.empty());
}

}  // namespace
}  // namespace doorbuster::reconciler
