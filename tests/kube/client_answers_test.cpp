#include "operator/kube/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// What the client makes of answers.
namespace doorbuster::kube::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

struct AnswerCase {
  const char* sentence;
  Response response;
  ErrorKind kind;
  const char* message;
  std::optional<Duration> retry_after = std::nullopt;
};

Response status(int code, const std::string& rest, Headers headers = {}) {
  return {code,
          std::move(headers),
          R"({"kind":"Status","apiVersion":"v1","status":"Failure",)" + rest + "}"};
}

TEST(Answers, become_errors_of_their_kind) {
  const std::vector<AnswerCase> all = {
      {"a missing object",
       status(
           404,
           R"("message":"pods \"x\" not found","reason":"NotFound","details":{"name":"x","kind":"pods"})"),
       ErrorKind::NotFound,
       "pods \"x\" not found"},
      {"a kind that is not served",
       status(
           404,
           R"("message":"the server could not find the requested resource","reason":"NotFound","details":{})"),
       ErrorKind::Unavailable,
       "could not find the requested resource"},
      {"a path that is not served",
       {404, {}, "404 page not found\n"},
       ErrorKind::Unavailable,
       "not served"},
      {"somebody else's page",
       {404, {}, "<html>nginx</html>"},
       ErrorKind::Unavailable,
       "not served"},
      {"a conflict",
       status(409, R"("message":"object has been modified","reason":"Conflict")"),
       ErrorKind::Conflict,
       "modified"},
      {"a name taken",
       status(409, R"("message":"x already exists","reason":"AlreadyExists")"),
       ErrorKind::Conflict,
       "exists"},
      {"a patch for the object that stood there before",
       status(
           422,
           R"("message":"x is invalid","details":{"causes":[{"message":"field is immutable","field":"metadata.uid"}]})"),
       ErrorKind::Conflict,
       "x is invalid"},
      {"a forbidden call",
       status(403, R"("message":"x is forbidden","reason":"Forbidden")"),
       ErrorKind::Denied,
       "forbidden"},
      {"an unknown caller", {401, {}, ""}, ErrorKind::Denied, "HTTP 401"},
      {"a bad request",
       status(400, R"("message":"bad","reason":"BadRequest")"),
       ErrorKind::Invalid,
       "bad"},
      {"a wrong method",
       status(405, R"("message":"no","reason":"MethodNotAllowed")"),
       ErrorKind::Invalid,
       "no"},
      {"a wrong type", status(415, R"("message":"no")"), ErrorKind::Invalid, "no"},
      {"a body too large", {413, {}, "too large"}, ErrorKind::Invalid, "HTTP 413: too large"},
      {"too many requests",
       status(429, R"("message":"slow down")", {{"retry-after", "7"}}),
       ErrorKind::Throttled,
       "slow",
       7s},
      {"too many requests, by its body",
       status(429, R"("message":"slow","details":{"retryAfterSeconds":3})"),
       ErrorKind::Throttled,
       "slow",
       3s},
      {"a wait that is no number",
       status(429, R"("message":"slow")", {{"Retry-After", "soon"}}),
       ErrorKind::Throttled,
       "slow"},
      {"a wait below zero",
       status(429, R"("message":"slow")", {{"Retry-After", "-3"}}),
       ErrorKind::Throttled,
       "slow"},
      {"a wait of years",
       status(429, R"("message":"slow")", {{"Retry-After", "99999999"}}),
       ErrorKind::Throttled,
       "slow",
       600s},
      {"a version that expired",
       status(410, R"("message":"too old resource version","reason":"Expired")"),
       ErrorKind::Gone,
       "too old"},
      {"the same within another code",
       status(400, R"("message":"continue","reason":"Expired")"),
       ErrorKind::Gone,
       "continue"},
      {"410 without a body", {410, {}, ""}, ErrorKind::Gone, "HTTP 410"},
      {"a version from the future, by its cause",
       status(
           504,
           R"("message":"timeout","details":{"causes":[{"reason":"ResourceVersionTooLarge"}],"retryAfterSeconds":1})"),
       ErrorKind::Unavailable,
       "timeout",
       1s},
      {"a version from the future, by its words",
       status(400, R"("message":"Too large resource version: 9, current: 5")"),
       ErrorKind::Unavailable,
       "Too large"},
      {"an internal error",
       status(500, R"("message":"etcd","reason":"InternalError")"),
       ErrorKind::Unavailable,
       "etcd"},
      {"a server that starts",
       {503, {{"Retry-After", "2"}}, ""},
       ErrorKind::Unavailable,
       "HTTP 503",
       2s},
      {"a gateway's time-out",
       {504, {}, "<html>\n\x01</html>"},
       ErrorKind::Unavailable,
       "HTTP 504: <html>  </html>"},
      {"a redirect",
       {302, {{"Location", "https://elsewhere"}}, ""},
       ErrorKind::Unavailable,
       "redirects are not followed"},
      {"garbage", {500, {}, "{\"kind\":\"Status\","}, ErrorKind::Unavailable, "HTTP 500"},
      {"a status nobody knows", {799, {}, ""}, ErrorKind::Unavailable, "HTTP 799"},
  };
  for (const AnswerCase& answer : all) {
    const auto error = error_of(answer.response);
    ASSERT_TRUE(error.has_value()) << answer.sentence;
    EXPECT_EQ(to_string(error->kind), std::string(to_string(answer.kind))) << answer.sentence;
    EXPECT_THAT(error->message, HasSubstr(answer.message)) << answer.sentence;
    EXPECT_EQ(error->retry_after, answer.retry_after) << answer.sentence;
    EXPECT_TRUE(error->causes.empty()) << answer.sentence;
  }
  EXPECT_FALSE(error_of({200, {}, ""}).has_value());
  EXPECT_FALSE(error_of({201, {}, ""}).has_value());
}

TEST(Answers, invalid_ones_name_their_fields) {
  const auto error = error_of(status(
      422,
      R"("message":"invalid","reason":"Invalid","details":{"name":"x","causes":[)"
      R"({"reason":"FieldValueInvalid","message":"must be positive","field":"spec.a"},{"message":"no","field":"spec.b"}]})"));
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->kind, ErrorKind::Invalid);
  EXPECT_THAT(error->causes,
              ElementsAre(FieldCause{"spec.a", "must be positive"}, FieldCause{"spec.b", "no"}));
}

TEST(Answers, messages_are_bounded) {
  std::string many = R"("message":")";
  for (int i = 0; i < 2000; ++i) many += "\xc3\xa9";
  const auto error = error_of(status(500, many + "\""));
  EXPECT_LE(error->message.size(), 1024u);
  EXPECT_TRUE(JsonView::parse(quoted(error->message)).ok());
  EXPECT_THAT(error->message, ::testing::EndsWith("\xc3\xa9..."));
}

TEST(Versions, compare_as_numbers_of_any_length) {
  EXPECT_EQ(compare_versions("9", "10"), -1);
  EXPECT_EQ(compare_versions("10", "10"), 0);
  EXPECT_EQ(compare_versions("340282366920938463463374607431768211456", "9"), 1);
  EXPECT_EQ(compare_versions("0", "1"), -1);
  for (const char* bad : {"", "a", "01", "-1", "1a", "1 ", "00"})
    EXPECT_EQ(compare_versions(bad, "1"), std::nullopt) << bad;
}

TEST(ObjectOf, takes_objects_and_nothing_else) {
  EXPECT_EQ(
      object_of(R"({"x":{"metadata":{"name":"inner"}},"metadata":{"name":"\u0061b"}})")->meta.name,
      "ab");
  for (const char* bad : {"",
                          "{}",
                          "[]",
                          "{\"metadata\":{}}",
                          "{\"metadata\":[]}",
                          "{\"metadata\":{\"name\":\"a\"}}x",
                          "{\"metadata\":{\"name\":\"a\"}"}) {
    EXPECT_EQ(object_of(bad).error().kind, ErrorKind::Invalid) << bad;
  }
}

}  // namespace
}  // namespace doorbuster::kube::testing
