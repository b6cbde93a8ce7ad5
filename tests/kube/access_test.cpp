#include "operator/kube/access.h"

#include "operator/base/json.h"
#include "tests/kube/scripted_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::kube {
namespace {

const AccessAsk kPatchScale{"patch", "autoscaling", "horizontalpodautoscalers", "", "shop", "web"};

class Access : public testing::Test {
 protected:
  std::vector<Request> asked;
  Result<Response> next = Response{201, {}, R"({"status":{"allowed":true,"reason":"RBAC"}})"};
  Instant now{Duration(1'000'000)};
  AccessReviewer reviewer{
      std::make_shared<Client>(std::make_shared<ScriptedTransport>(ScriptedTransport::Script{},
                                                                   [this](const Request& request) {
                                                                     asked.push_back(request);
                                                                     return next;
                                                                   })),
      [this] { return now; },
      Duration(10'000),
      3};

  void answers(const std::string& status) {
    next = Response{201, {}, R"({"kind":"SubjectAccessReview","status":)" + status + "}"};
  }
};

TEST_F(Access, AServiceAccountIsAskedForWithItsImpliedGroups) {
  const auto answer = reviewer.service_account("shop", "seller", kPatchScale);
  ASSERT_TRUE(answer.ok());
  EXPECT_TRUE(answer->allowed);
  EXPECT_EQ(answer->reason, "RBAC");
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].method, "POST");
  EXPECT_EQ(asked[0].target.substr(0, asked[0].target.find('?')),
            "/apis/authorization.k8s.io/v1/subjectaccessreviews");
  const auto body = JsonView::parse(asked[0].body);
  ASSERT_TRUE(body.ok()) << asked[0].body;
  EXPECT_TRUE(equal_values(Json{std::string(body->member("spec")->text())}, Json{R"({
    "user": "system:serviceaccount:shop:seller",
    "groups": ["system:serviceaccounts", "system:serviceaccounts:shop", "system:authenticated"],
    "resourceAttributes": {"namespace": "shop", "verb": "patch", "group": "autoscaling",
                           "resource": "horizontalpodautoscalers", "name": "web"}})"}))
      << asked[0].body;
}

TEST_F(Access, WeOurselvesAreAskedForWithoutAName) {
  ASSERT_TRUE(reviewer.self(kPatchScale).ok());
  EXPECT_EQ(asked[0].target.substr(0, asked[0].target.find('?')),
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews");
  EXPECT_EQ(asked[0].body.find("\"user\""), std::string::npos);
}

struct Verdict {
  const char* sentence;
  std::string status;
  std::optional<bool> allowed;  ///< nothing: an Error
};

TEST_F(Access, AVerdictIsYesNoOrAnError) {
  const std::vector<Verdict> cases = {
      {"yes", R"({"allowed":true})", true},
      {"no", R"({"allowed":false,"reason":"no rule"})", false},
      {"an explicit no although something failed",
       R"({"allowed":false,"denied":true,"evaluationError":"webhook down"})",
       false},
      {"something failed: that is no no",
       R"({"allowed":false,"evaluationError":"webhook down"})",
       std::nullopt},
      {"yes although something failed",
       R"({"allowed":true,"evaluationError":"role missing"})",
       true},
      {"no verdict", R"({})", std::nullopt},
      {"a verdict that is text", R"({"allowed":"true"})", std::nullopt},
      {"garbage", "{", std::nullopt},
  };
  for (const Verdict& given : cases) {
    reviewer.forget();
    answers(given.status);
    const auto answer = reviewer.self(kPatchScale);
    ASSERT_EQ(answer.ok(), given.allowed.has_value()) << given.sentence;
    if (answer.ok()) {
      EXPECT_EQ(answer->allowed, *given.allowed) << given.sentence;
    }
    EXPECT_EQ(reviewer.size(), answer.ok() ? 1U : 0U) << given.sentence << ": no Error is kept";
  }
}

TEST_F(Access, AnAnswerThatCouldNotBeHadIsAnError) {
  next =
      Error{.kind = ErrorKind::Unavailable, .message = "refused", .causes = {}, .retry_after = {}};
  EXPECT_FALSE(reviewer.self(kPatchScale).ok());
  next = Response{403, {}, R"({"kind":"Status","code":403,"message":"not allowed to ask"})"};
  const auto answer = reviewer.self(kPatchScale);
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().kind, ErrorKind::Denied);
}

TEST_F(Access, AnAnswerIsRememberedForSeconds) {
  EXPECT_TRUE(reviewer.self(kPatchScale).ok());
  answers(R"({"allowed":false})");
  now += Duration(9'999);
  EXPECT_TRUE(reviewer.self(kPatchScale)->allowed);
  EXPECT_EQ(asked.size(), 1U);
  now += Duration(1);
  EXPECT_FALSE(reviewer.self(kPatchScale)->allowed) << "a right that was taken away is noticed";
  now -= Duration(3'600'000);
  EXPECT_TRUE(reviewer.self(kPatchScale).ok());
  EXPECT_EQ(asked.size(), 3U) << "an answer from the future is not trusted";
}

TEST_F(Access, WhoAndWhatAreToldApartAndMemoryIsBounded) {
  AccessAsk other = kPatchScale;
  other.name = "pay";
  EXPECT_TRUE(reviewer.self(kPatchScale).ok());
  EXPECT_TRUE(reviewer.self(other).ok());
  EXPECT_TRUE(reviewer.service_account("shop", "seller", kPatchScale).ok());
  EXPECT_TRUE(reviewer.service_account("shop", "other", kPatchScale).ok());
  EXPECT_EQ(asked.size(), 4U);
  EXPECT_EQ(reviewer.size(), 3U);
  EXPECT_TRUE(reviewer.self(other).ok());
  EXPECT_EQ(asked.size(), 4U);
  EXPECT_TRUE(reviewer.self(kPatchScale).ok());
  EXPECT_EQ(asked.size(), 5U) << "the oldest had been dropped";
}

}  // namespace
}  // namespace doorbuster::kube
