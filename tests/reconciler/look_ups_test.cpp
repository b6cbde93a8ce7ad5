// What is read once, past all caches, because a decision asks for it.
#include "controllers/reconciler/look_ups.h"

#include "controllers/reconciler/cluster_world.h"
#include "tests/reconciler/answering_transport.h"
#include "tests/reconciler/discovery.h"

#include <gtest/gtest.h>

#include <functional>

namespace doorbuster::reconciler {
namespace {

using Says = planner::Answer::Says;

constexpr const char* kClass =
    R"({"metadata":{"name":"nginx"},"spec":{"controller":"k8s.io/ingress-nginx"}})";
constexpr const char* kClasses = "/apis/networking.k8s.io/v1/ingressclasses/nginx";
constexpr const char* kIngresses = "/apis/networking.k8s.io/v1/namespaces/shop/ingresses?";

std::string page(const std::string& items, const std::string& next = "") {
  return R"({"metadata":{"resourceVersion":"7","continue":")" + next + R"("},"items":[)" + items +
         "]}";
}

std::string ingress(const std::string& name) {
  return R"({"metadata":{"name":")" + name +
         R"(","namespace":"shop","uid":"x","annotations":{"a":"b"},"managedFields":[{}]},"spec":{"rules":[]},"status":{}})";
}

/// An API server that answers reads like this.
class Read {
 public:
  using Answers = std::function<kube::Response(const std::string& target)>;

  explicit Read(Answers answers) : answers_(std::move(answers)) {
    ClusterWorld::Parts parts;
    parts.client = std::make_shared<kube::Client>(transport_);
    parts.now = [] { return Instant(std::chrono::hours(500'000)); };
    parts.kinds = std::make_shared<Kinds>(parts.client, parts.now);
    world_ = std::make_unique<ClusterWorld>(std::move(parts));
  }
  planner::Answer ask(const ObjectRef& about) {
    planner::Event event;
    event.ref.ns = "shop";
    return world_->answer(event,
                          {.id = "read/" + to_text(about),
                           .about = about,
                           .verb = "get",
                           .kind = planner::Question::Kind::Read,
                           .api_version = "networking.k8s.io/v1"});
  }
  planner::Answer of_class() { return ask({"networking.k8s.io", "IngressClass", "", "nginx"}); }
  planner::Answer of_ingresses() { return ask({"networking.k8s.io", "Ingress", "shop", ""}); }
  int asked(const std::string& target) const {
    int out = 0;
    for (const kube::Request& one : transport_->calls()) out += one.target.starts_with(target);
    return out;
  }

 private:
  kube::Response answer(const kube::Request& request) const {
    if (request.target == "/api") return {200, {}, core_discovery()};
    if (request.target == "/apis")
      return {200,
              {},
              discovery_of({{.group = "networking.k8s.io",
                             .plural = "ingresses",
                             .kind = "Ingress",
                             .scale = false},
                            {.group = "networking.k8s.io",
                             .plural = "ingressclasses",
                             .kind = "IngressClass",
                             .scale = false,
                             .scope = "Cluster"}})};
    return answers_(request.target);
  }

  Answers answers_;
  std::shared_ptr<AnsweringTransport> transport_ = std::make_shared<AnsweringTransport>(
      [this](const kube::Request& request) { return answer(request); });
  std::unique_ptr<ClusterWorld> world_;
};

TEST(LookUps, OneObjectIsReadWholeAndAnewEachTime) {
  Read cluster([](const std::string&) { return kube::Response{200, {}, kClass}; });
  for (int i = 1; i <= 2; ++i) {
    const planner::Answer answer = cluster.of_class();
    EXPECT_EQ(answer.says, Says::Yes);
    EXPECT_EQ(answer.body.text, kClass);
    EXPECT_EQ(cluster.asked(kClasses), i);
  }
}

TEST(LookUps, AllOfANamespaceAreNamesAnnotationsAndSpecsPageByPage) {
  Read cluster([](const std::string& target) {
    const bool second = target.find("continue=more") != std::string::npos;
    return kube::Response{200, {}, second ? page(ingress("b")) : page(ingress("a"), "more")};
  });
  const planner::Answer answer = cluster.of_ingresses();
  EXPECT_EQ(answer.says, Says::Yes);
  const std::string rest = R"(","annotations":{"a":"b"}},"spec":{"rules":[]}})";
  EXPECT_EQ(
      answer.body.text,
      R"({"items":[{"metadata":{"name":"a)" + rest + R"(,{"metadata":{"name":"b)" + rest + "]}");
  EXPECT_EQ(cluster.asked(kIngresses), 2);
}

TEST(LookUps, WhatIsMissingIsNoAndWhatIsNotAnsweredIsUnknown) {
  struct Case {
    const char* sentence;
    int status;
    const char* reason;
    Says one, all;
  };
  const Case cases[] = {
      {"missing", 404, "NotFound", Says::No, Says::No},
      {"forbidden", 403, "Forbidden", Says::Unknown, Says::Unknown},
      {"no answer", 500, "InternalError", Says::Unknown, Says::Unknown},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.sentence);
    Read cluster(
        [&one](const std::string&) { return kube::FakeApi::status(one.status, one.reason); });
    EXPECT_EQ(cluster.of_class().says, one.one);
    EXPECT_EQ(cluster.of_ingresses().says, one.all);
  }
}

TEST(LookUps, AListThatHasNoEndIsNotKnown) {
  Read cluster([](const std::string&) {
    std::string items;
    for (int i = 0; i < 500; ++i) items += (i == 0 ? "" : ",") + ingress("a" + std::to_string(i));
    return kube::Response{200, {}, page(items, "more")};
  });
  const planner::Answer answer = cluster.of_ingresses();
  EXPECT_EQ(answer.says, Says::Unknown);
  EXPECT_EQ(cluster.asked(kIngresses), static_cast<int>(kLookedUp / 500));
}

}  // namespace
}  // namespace doorbuster::reconciler
