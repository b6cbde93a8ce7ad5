#include "controllers/reconciler/sweep.h"

#include "tests/reconciler/answering_transport.h"

#include <gtest/gtest.h>

#include <atomic>

namespace doorbuster::reconciler {
namespace {

/// Autoscalers and Deployments, whose lists a test may make fail.
class SweepTest : public testing::Test {
 protected:
  SweepTest()
      : transport_(std::make_shared<AnsweringTransport>(
            [this](const kube::Request& request) { return answer(request); })) {
    Sweep::Parts parts;
    parts.client = std::make_shared<kube::Client>(transport_);
    const auto now = [this] { return Instant(Duration(ms_.load())); };
    parts.kinds = std::make_shared<Kinds>(parts.client, now);
    parts.events = make_event_store();
    parts.setup.install = "here";
    parts.setup.allow.kinds = {{"apps", "Deployment", {}},
                               {"autoscaling", "HorizontalPodAutoscaler", {}}};
    parts.now = now;
    parts.leading = [] { return true; };
    parts.log = [this](const LogLine& line) { sweeps_ += line.message == "sweep done" ? 1 : 0; };
    sweep_ = std::make_unique<Sweep>(std::move(parts));
  }
  ~SweepTest() override { sweep_->stop(); }

  kube::Response answer(const kube::Request& request) {
    const auto says = [](int status, const std::string& body) {
      kube::Response response;
      response.status = status;
      response.body = body;
      return response;
    };
    const auto group = [](const char* name, const char* plural, const char* kind) {
      return R"({"metadata":{"name":")" + std::string(name) +
             R"("},"versions":[{"version":"v1","resources":[{"resource":")" + plural +
             R"(","responseKind":{"kind":")" + kind + R"("},"scope":"Namespaced"}]}]})";
    };
    const std::string list = R"({"kind":"APIGroupDiscoveryList","items":[)";
    if (request.target == "/api") return says(200, list + "]}");
    if (request.target == "/apis") {
      return says(200,
                  list + group("apps", "deployments", "Deployment") + "," +
                      group("autoscaling", "horizontalpodautoscalers", "HorizontalPodAutoscaler") +
                      "]}");
    }
    // Those of our own objects are others.
    if (request.target.find("%2Fheld") == std::string::npos)
      return says(200, R"({"metadata":{"resourceVersion":"1"},"items":[]})");
    if (request.target.find("/deployments") != std::string::npos) {
      ++deployments_;
      if (failing_)
        return says(429,
                    R"({"kind":"Status","code":429,"reason":"TooManyRequests","message":"no"})");
    } else {
      ++autoscalers_;
    }
    return says(200, R"({"metadata":{"resourceVersion":"1"},"items":[]})");
  }
  static bool eventually(const std::function<bool()>& check) {
    for (int i = 0; i < 2'000; ++i) {
      if (check()) return true;
      std::this_thread::sleep_for(Duration(5));
    }
    return false;
  }

  std::atomic<std::int64_t> ms_ = 1'000'000'000;
  std::atomic<int> deployments_ = 0, autoscalers_ = 0;
  /// Those that have ended: only then is it settled, by the clock of that moment, when the next
  /// ones are due.
  std::atomic<int> sweeps_ = 0;
  std::atomic<bool> failing_ = true;
  std::shared_ptr<AnsweringTransport> transport_;
  std::unique_ptr<Sweep> sweep_;
};

TEST_F(SweepTest, AKindThatCouldNotBeListedIsTriedAgainSoonAndAloneAndEverLater) {
  sweep_->start();
  sweep_->lead();
  std::this_thread::sleep_for(Duration(300));
  EXPECT_EQ(deployments_, 0) << "no event is known yet to whom something could be shown";
  ms_ += 10'000;
  ASSERT_TRUE(eventually([&] { return sweeps_ == 1; })) << "but not for ever";
  EXPECT_EQ(deployments_, 1);
  EXPECT_EQ(autoscalers_, 1);
  ms_ += kSweepAgain.count();
  ASSERT_TRUE(eventually([&] { return sweeps_ == 2; }));
  EXPECT_EQ(deployments_, 2);
  ms_ += kSweepAgain.count();
  std::this_thread::sleep_for(Duration(1'300));  // it looks at the clock once a second
  EXPECT_EQ(deployments_, 2) << "the second pause is longer";
  failing_ = false;
  ms_ += kSweepAgain.count();
  ASSERT_TRUE(eventually([&] { return sweeps_ == 3; }));
  ms_ += 3'500'000;
  std::this_thread::sleep_for(Duration(1'300));
  EXPECT_EQ(deployments_, 3) << "it is in step again";
  EXPECT_EQ(autoscalers_, 1);
  ms_ += 200'000;
  ASSERT_TRUE(eventually([&] { return deployments_ == 4 && autoscalers_ == 2; }));
}

}  // namespace
}  // namespace doorbuster::reconciler
