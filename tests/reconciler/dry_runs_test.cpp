// What the API server says to a patch that changes nothing.
#include "controllers/reconciler/cluster_world.h"
#include "tests/reconciler/answering_transport.h"
#include "tests/reconciler/discovery.h"

#include <gtest/gtest.h>

namespace doorbuster::reconciler {
namespace {

using Says = planner::Answer::Says;
using Kind = planner::Question::Kind;

constexpr const char* kRendered = R"({"metadata":{"name":"web"},"spec":{"template":{}}})";

/// An API server that serves Deployments and answers patches with this.
class Patched {
 public:
  explicit Patched(kube::Response says) : says_(std::move(says)) {
    ClusterWorld::Parts parts;
    parts.client = std::make_shared<kube::Client>(transport_);
    parts.now = [this] { return now; };
    parts.kinds = std::make_shared<Kinds>(parts.client, parts.now);
    world_ = std::make_unique<ClusterWorld>(std::move(parts));
  }
  planner::Answer ask(Kind kind) {
    event_.ref.ns = "shop";
    return world_->answer(event_,
                          {.id = kind == Kind::Render ? "render" : "dry",
                           .about = {"apps", "Deployment", "shop", "web"},
                           .verb = "patch",
                           .kind = kind,
                           .api_version = "apps/v1",
                           .patch = Json{R"({"spec":{"template":{"spec":{}}}})"}});
  }
  std::vector<kube::Request> patches() const {
    std::vector<kube::Request> out;
    for (const kube::Request& one : transport_->calls()) {
      if (one.method == "PATCH") out.push_back(one);
    }
    return out;
  }

  Instant now{std::chrono::hours(500'000)};

 private:
  kube::Response answer(const kube::Request& request) const {
    if (request.target == "/api") return {200, {}, core_discovery()};
    if (request.target == "/apis")
      return {200,
              {},
              discovery_of({{.group = "apps", .plural = "deployments", .kind = "Deployment"}})};
    return request.method == "PATCH" ? says_ : kube::FakeApi::status(404, "NotFound");
  }

  kube::Response says_;
  std::shared_ptr<AnsweringTransport> transport_ = std::make_shared<AnsweringTransport>(
      [this](const kube::Request& request) { return answer(request); });
  std::unique_ptr<ClusterWorld> world_;
  planner::Event event_;
};

TEST(DryRuns, ARenderedPatchIsStrategicChangesNothingAndBringsTheObject) {
  Patched cluster({200, {}, kRendered});
  const planner::Answer answer = cluster.ask(Kind::Render);
  EXPECT_EQ(answer.says, Says::Yes);
  EXPECT_EQ(answer.body.text, kRendered);
  ASSERT_EQ(cluster.patches().size(), 1U);
  const kube::Request sent = cluster.patches().front();
  EXPECT_EQ(sent.target,
            "/apis/apps/v1/namespaces/shop/deployments/web"
            "?fieldManager=doorbuster&fieldValidation=Strict&dryRun=All");
  EXPECT_EQ(sent.content_type, "application/strategic-merge-patch+json");
  EXPECT_EQ(sent.body, R"({"spec":{"template":{"spec":{}}}})");
}

TEST(DryRuns, AnotherQuestionIsAMergePatchAndBringsNothing) {
  Patched cluster({200, {}, kRendered});
  const planner::Answer answer = cluster.ask(Kind::DryRun);
  EXPECT_EQ(answer.says, Says::Yes);
  EXPECT_EQ(answer.body.text, "");
  EXPECT_EQ(cluster.patches().front().content_type, "application/merge-patch+json");
}

TEST(DryRuns, OnlyARefusalIsANo) {
  struct Case {
    const char* sentence;
    kube::Response says;
    Says answer;
  };
  const Case cases[] = {
      {"a typing error in the patch", kube::FakeApi::status(400, "BadRequest"), Says::No},
      {"not valid", kube::FakeApi::status(422, "Invalid"), Says::No},
      {"a policy, or a missing right", kube::FakeApi::status(403, "Forbidden"), Says::No},
      {"a webhook that cannot be tried",
       kube::FakeApi::status(400, "webhook x does not support dry run"),
       Says::Unknown},
      {"throttled", kube::FakeApi::status(429, "TooManyRequests"), Says::Unknown},
      {"it breaks down", kube::FakeApi::status(500, "InternalError"), Says::Unknown},
      {"somebody wrote meanwhile", kube::FakeApi::status(409, "Conflict"), Says::Unknown},
      {"the object is gone", kube::FakeApi::status(404, "NotFound"), Says::Unknown},
  };
  for (const Case& one : cases) {
    for (const Kind kind : {Kind::DryRun, Kind::Render}) {
      SCOPED_TRACE(one.sentence);
      const planner::Answer answer = Patched(one.says).ask(kind);
      EXPECT_EQ(answer.says, one.answer);
      EXPECT_NE(answer.why, "");
      EXPECT_EQ(answer.body.text, "");
    }
  }
}

TEST(DryRuns, OfWhatIsRenderedARefusalAloneIsRemembered) {
  struct Case {
    const char* sentence;
    kube::Response says;
    Kind kind;
    std::size_t patches;
  };
  const Case cases[] = {
      {"the object", {200, {}, kRendered}, Kind::Render, 2},
      {"no answer", kube::FakeApi::status(500, "InternalError"), Kind::Render, 2},
      {"a refusal", kube::FakeApi::status(422, "Invalid"), Kind::Render, 1},
      {"a yes to a dry run", {200, {}, kRendered}, Kind::DryRun, 1},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.sentence);
    Patched cluster(one.says);
    const Says first = cluster.ask(one.kind).says;
    EXPECT_EQ(cluster.ask(one.kind).says, first);
    EXPECT_EQ(cluster.patches().size(), one.patches);
    cluster.now += kAheadFresh;
    cluster.ask(one.kind);
    EXPECT_EQ(cluster.patches().size(), one.patches + 1);
  }
}

TEST(DryRuns, AKindThatIsNotServedIsNotKnown) {
  AnsweringClient nothing(
      [](const std::string&) { return kube::FakeApi::status(500, "InternalError"); });
  ClusterWorld::Parts parts;
  parts.client = nothing.client;
  parts.now = [] { return Instant(std::chrono::hours(500'000)); };
  parts.kinds = std::make_shared<Kinds>(parts.client, parts.now);
  ClusterWorld world(std::move(parts));
  const planner::Answer answer = world.answer(
      planner::Event{},
      {.id = "x", .about = {"apps", "Deployment", "shop", "web"}, .kind = Kind::Render});
  EXPECT_EQ(answer.says, Says::Unknown);
  EXPECT_NE(answer.why, "");
}

}  // namespace
}  // namespace doorbuster::reconciler
