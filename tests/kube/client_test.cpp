#include "operator/kube/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>

/// The client's calls against a transport that only notes them, and what it makes of answers.
namespace doorbuster::kube::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

/// Answers each target with what it was told to; 404 as text otherwise.
class NotingTransport : public Transport {
 public:
  Result<Response> call(const Request& request) override {
    const std::lock_guard lock(mutex);
    requests.push_back(request);
    if (failure) return *failure;
    const auto found = answers.find(request.target);
    if (found != answers.end()) return found->second;
    if (fallback) return *fallback;
    return Response{404, {}, "404 page not found\n"};
  }
  std::unique_ptr<Stream> open(const Request&, Duration, StreamReader&) override { return nullptr; }
  void post(Duration, std::function<void()>) override {}

  std::mutex mutex;
  std::vector<Request> requests;
  std::map<std::string, Response> answers;
  std::optional<Response> fallback;
  std::optional<Error> failure;
};

const Resource kDeployments{
    "apps", "v1", "deployments", "Deployment", true, {}, {"scale", "status"}};
const Resource kNodes{"", "v1", "nodes", "Node", false, {}, {}};
const std::string kObject =
    R"({"metadata":{"name":"web","namespace":"shop","uid":"u-1","resourceVersion":"7","generation":3}})";

struct Rig {
  std::shared_ptr<NotingTransport> transport = std::make_shared<NotingTransport>();
  Client client{transport};
  const Request& sent() const { return transport->requests.back(); }
};

TEST(ClientCalls, get_names_one_object) {
  Rig rig;
  rig.transport->fallback = Response{200, {}, kObject};
  const auto got = rig.client.get(kDeployments, {"shop", "web"}, "scale", 123ms);
  ASSERT_TRUE(got.ok()) << got.error().message;
  EXPECT_EQ(rig.sent().method, "GET");
  EXPECT_EQ(rig.sent().target, "/apis/apps/v1/namespaces/shop/deployments/web/scale");
  EXPECT_EQ(rig.sent().timeout, 123ms);
  EXPECT_EQ(got->meta.name, "web");
  EXPECT_EQ(got->meta.ns, "shop");
  EXPECT_EQ(got->meta.uid, "u-1");
  EXPECT_EQ(got->meta.resource_version, "7");
  EXPECT_EQ(got->meta.generation, 3);
  EXPECT_FALSE(got->meta.deleting);
  EXPECT_EQ(got->text, kObject);
}

TEST(ClientCalls, names_are_percent_encoded) {
  Rig rig;
  rig.transport->fallback = Response{200, {}, kObject};
  ASSERT_TRUE(rig.client.get(kNodes, {"", "a/b c?d#e%\xc3\xa9"}).ok());
  EXPECT_EQ(rig.sent().target, "/api/v1/nodes/a%2Fb%20c%3Fd%23e%25%C3%A9");
}

TEST(ClientCalls, keys_that_name_no_object_are_refused_unsent) {
  Rig rig;
  const std::vector<std::pair<Resource, Key>> all = {
      {kDeployments, {"shop", ""}},
      {kDeployments, {"", "web"}},
      {kDeployments, {"shop", ".."}},
      {kDeployments, {"..", "web"}},
      {kDeployments, {"shop", "."}},
      {kNodes, {"", ""}},
      {Resource{}, {"shop", "web"}},
  };
  for (const auto& [resource, key] : all) {
    EXPECT_EQ(rig.client.get(resource, key).error().kind, ErrorKind::Invalid);
    EXPECT_EQ(rig.client.remove(resource, key).error().kind, ErrorKind::Invalid);
    EXPECT_EQ(rig.client.patch(resource, key, PatchType::Merge, Json{"{}"}).error().kind,
              ErrorKind::Invalid);
    EXPECT_EQ(rig.client.update(resource, key, Json{"{}"}).error().kind, ErrorKind::Invalid);
  }
  EXPECT_TRUE(rig.transport->requests.empty());
}

TEST(ClientCalls, list_pages_and_keeps_items_as_they_were_written) {
  Rig rig;
  rig.transport->fallback = Response{
      200,
      {},
      R"({"kind":"List","metadata":{"resourceVersion":"99","continue":"abc"},"items":[ )" +
          kObject +
          R"( , {"spec":{"x":[1.10, {"metadata":{"name":"inner"}}]},"metadata":{"deletionTimestamp":"2026-01-01T00:00:00Z","name":"b"}}
                   ]})"};
  const auto page = rig.client.list(kDeployments, "shop", 2, "a b", "app=x,!y", 5s);
  ASSERT_TRUE(page.ok()) << page.error().message;
  EXPECT_EQ(rig.sent().target,
            "/apis/apps/v1/namespaces/shop/"
            "deployments?limit=2&continue=a%20b&labelSelector=app%3Dx%2C%21y");
  EXPECT_EQ(page->resource_version, "99");
  EXPECT_EQ(page->continue_token, "abc");
  ASSERT_EQ(page->items.size(), 2u);
  EXPECT_EQ(page->items[0].text, kObject);
  EXPECT_EQ(page->items[1].meta.name, "b");
  EXPECT_TRUE(page->items[1].meta.deleting);
  EXPECT_THAT(page->items[1].text, HasSubstr("1.10"));
}

TEST(ClientCalls, an_empty_list_may_be_null) {
  Rig rig;
  rig.transport->fallback =
      Response{200, {}, R"({"items":null,"metadata":{"resourceVersion":"5"}})"};
  const auto page = rig.client.list(kNodes, "", 0, "");
  ASSERT_TRUE(page.ok()) << page.error().message;
  EXPECT_TRUE(page->items.empty());
  EXPECT_EQ(rig.sent().target, "/api/v1/nodes");
}

TEST(ClientCalls, unreadable_answers_are_unavailable) {
  Rig rig;
  for (const char* body :
       {"",
        "null",
        "[]",
        "{",
        "hello",
        R"({"items":[]})",
        R"({"metadata":{"resourceVersion":"1"},"items":[{"metadata":{}}]})",
        R"({"metadata":{"resourceVersion":"1"},"items":[{"metadata":{"name":7}}]})",
        R"({"metadata":{"resourceVersion":"1"},"items":[1]})",
        R"({"metadata":{"resourceVersion":"1"},"items":{}})",
        R"({"metadata":{"resourceVersion":"1"},"items":[]} trailing)",
        R"({"metadata":{"resourceVersion":"1"},"items":[{"metadata":{"name":"a"}})",
        "{\"metadata\":{\"resourceVersion\":\"\xff\"},\"items\":[]}"}) {
    rig.transport->fallback = Response{200, {}, body};
    const auto page = rig.client.list(kNodes, "", 0, "");
    ASSERT_FALSE(page.ok()) << body;
    EXPECT_EQ(page.error().kind, ErrorKind::Unavailable) << body;
    EXPECT_FALSE(rig.client.get(kNodes, {"", "a"}).ok()) << body;
  }
}

TEST(ClientCalls, writes_say_who_writes_and_are_checked_strictly) {
  Rig rig;
  rig.transport->fallback = Response{200, {}, kObject};
  const WriteOptions dry{
      .field_manager = "door buster", .subresource = "status", .dry_run = true, .timeout = 77ms};
  ASSERT_TRUE(
      rig.client.patch(kDeployments, {"shop", "web"}, PatchType::Merge, Json{"{}"}, dry).ok());
  EXPECT_EQ(rig.sent().method, "PATCH");
  EXPECT_EQ(rig.sent().target,
            "/apis/apps/v1/namespaces/shop/deployments/web/status"
            "?fieldManager=door%20buster&fieldValidation=Strict&dryRun=All");
  EXPECT_EQ(rig.sent().content_type, "application/merge-patch+json");
  EXPECT_EQ(rig.sent().timeout, 77ms);
  ASSERT_TRUE(rig.client.patch(kDeployments, {"shop", "web"}, PatchType::Json, Json{"[]"}).ok());
  EXPECT_EQ(rig.sent().content_type, "application/json-patch+json");
  EXPECT_EQ(rig.sent().body, "[]");
  ASSERT_TRUE(rig.client.update(kDeployments, {"shop", "web"}, Json{kObject}).ok());
  EXPECT_EQ(rig.sent().method, "PUT");
  EXPECT_EQ(rig.sent().target,
            "/apis/apps/v1/namespaces/shop/deployments/"
            "web?fieldManager=doorbuster&fieldValidation=Strict");
  EXPECT_EQ(rig.sent().body, kObject);
  ASSERT_TRUE(rig.client.create(kDeployments, "shop", Json{kObject}).ok());
  EXPECT_EQ(rig.sent().method, "POST");
  EXPECT_EQ(
      rig.sent().target,
      "/apis/apps/v1/namespaces/shop/deployments?fieldManager=doorbuster&fieldValidation=Strict");
}

TEST(ClientCalls, delete_carries_its_preconditions) {
  Rig rig;
  rig.transport->fallback = Response{200, {}, R"({"kind":"Status","status":"Success"})"};
  ASSERT_TRUE(
      rig.client
          .remove(kDeployments,
                  {"shop", "web"},
                  {.uid = "u-1", .resource_version = "7", .propagation = "Orphan", .dry_run = true})
          .ok());
  EXPECT_EQ(rig.sent().method, "DELETE");
  EXPECT_EQ(rig.sent().target, "/apis/apps/v1/namespaces/shop/deployments/web?dryRun=All");
  EXPECT_EQ(
      rig.sent().body,
      R"({"apiVersion":"v1","kind":"DeleteOptions","preconditions":{"uid":"u-1","resourceVersion":"7"},)"
      R"("propagationPolicy":"Orphan"})");
  ASSERT_TRUE(rig.client.remove(kNodes, {"", "n"}).ok());
  EXPECT_EQ(rig.sent().body, R"({"apiVersion":"v1","kind":"DeleteOptions"})");
}

TEST(WriteGates, keep_writes_back_and_shorten_their_time_but_not_reads_reviews_or_dry_runs) {
  const auto transport = std::make_shared<NotingTransport>();
  transport->fallback = Response{200, {}, kObject};
  bool open = false;
  const Client client(transport, [&](Duration& timeout) -> Outcome {
    if (!open) return Error{ErrorKind::Denied, "not the leader", {}, {}};
    timeout = std::min<Duration>(timeout, 50ms);
    return Done{};
  });
  const Key key{"shop", "web"};
  EXPECT_EQ(client.create(kDeployments, "shop", Json{"{}"}).error().message, "not the leader");
  EXPECT_EQ(client.update(kDeployments, key, Json{"{}"}).error().message, "not the leader");
  EXPECT_EQ(client.patch(kDeployments, key, PatchType::Merge, Json{"{}"}).error().message,
            "not the leader");
  EXPECT_EQ(client.remove(kDeployments, key).error().message, "not the leader");
  EXPECT_TRUE(transport->requests.empty());
  EXPECT_TRUE(client.get(kDeployments, key).ok());
  EXPECT_TRUE(client.review(kDeployments, "shop", Json{"{}"}).ok());
  EXPECT_TRUE(client.raw("/version").ok());
  EXPECT_TRUE(
      client.patch(kDeployments, key, PatchType::Merge, Json{"{}"}, {.dry_run = true}).ok());
  open = true;
  EXPECT_TRUE(client.patch(kDeployments, key, PatchType::Merge, Json{"{}"}).ok());
  EXPECT_EQ(transport->requests.back().timeout, 50ms);
  EXPECT_TRUE(client.remove(kDeployments, key, {.timeout = 20ms}).ok());
  EXPECT_EQ(transport->requests.back().timeout, 20ms);
}

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

// ---- RestMapper

const char* const kCore =
    R"({"kind":"APIGroupDiscoveryList","items":[{"metadata":{},"versions":[{"version":"v1","freshness":"Current",
  "resources":[{"resource":"nodes","responseKind":{"group":"","version":"","kind":"Node"},"scope":"Cluster","verbs":["get"]},
               {"resource":"pods","responseKind":{"kind":"Pod"},"scope":"Namespaced","verbs":["get","list"],
                "subresources":[{"subresource":"status"}]}]}]}]})";

std::string groups(const std::string& more) {
  return R"({"kind":"APIGroupDiscoveryList","items":[{"metadata":{"name":"autoscaling"},"versions":[
    {"version":"v2","resources":[{"resource":"horizontalpodautoscalers","responseKind":{"kind":"HorizontalPodAutoscaler"},"scope":"Namespaced"}]},
    {"version":"v1","resources":[{"resource":"horizontalpodautoscalers","responseKind":{"kind":"HorizontalPodAutoscaler"},"scope":"Namespaced"}]}]})" +
         more + "]}";
}

std::string group(const std::string& name, const std::string& kind, const std::string& freshness) {
  return R"(,{"metadata":{"name":")" + name + R"("},"versions":[{"version":"v1","freshness":")" +
         freshness + R"(","resources":[{"resource":"things","responseKind":{"kind":")" + kind +
         R"("},"scope":"Namespaced"}]}]})";
}

struct MapperRig {
  MapperRig() {
    transport->answers["/api"] = {200, {}, kCore};
    transport->answers["/apis"] = {200, {}, groups("")};
  }
  std::shared_ptr<NotingTransport> transport = std::make_shared<NotingTransport>();
  std::shared_ptr<Client> client = std::make_shared<Client>(transport);
  Instant now{};
  RestMapper mapper{client, [this] { return now; }, 10s};
};

TEST(Mapper, finds_kinds_by_aggregated_discovery) {
  MapperRig rig;
  const auto hpa = rig.mapper.find("autoscaling", "", "HorizontalPodAutoscaler");
  ASSERT_TRUE(hpa.ok()) << hpa.error().message;
  EXPECT_EQ(hpa->api_version(), "autoscaling/v2");  // the preferred one stands first
  EXPECT_EQ(rig.mapper.find("autoscaling", "v1", "HorizontalPodAutoscaler")->version, "v1");
  EXPECT_EQ(rig.mapper.find("*", "", "HorizontalPodAutoscaler")->group, "autoscaling");
  EXPECT_FALSE(rig.mapper.find("", "", "Node")->namespaced);
  EXPECT_TRUE(rig.mapper.find("", "v1", "Pod")->has("status"));
  EXPECT_EQ(rig.transport->requests.size(), 2u);
  EXPECT_THAT(rig.transport->requests[0].accept, HasSubstr("as=APIGroupDiscoveryList"));
}

TEST(Mapper, asks_again_for_a_missing_kind_but_not_all_the_time) {
  MapperRig rig;
  EXPECT_EQ(rig.mapper.find("shop", "", "Thing").error().kind, ErrorKind::NotFound);
  rig.transport->answers["/apis"] = {200, {}, groups(group("shop", "Thing", "Current"))};
  EXPECT_EQ(rig.mapper.find("shop", "", "Thing").error().kind, ErrorKind::NotFound);
  rig.now += 10s;
  EXPECT_TRUE(rig.mapper.find("shop", "", "Thing").ok());
  EXPECT_EQ(rig.transport->requests.size(), 4u);
  rig.mapper.forget();
  EXPECT_TRUE(rig.mapper.find("shop", "", "Thing").ok());
  EXPECT_EQ(rig.transport->requests.size(), 6u);
}

TEST(Mapper, does_not_choose_between_two_groups) {
  MapperRig rig;
  rig.transport->answers["/apis"] = {
      200, {}, groups(group("one", "Thing", "Current") + group("two", "Thing", "Current"))};
  EXPECT_EQ(rig.mapper.find("*", "", "Thing").error().kind, ErrorKind::Invalid);
  EXPECT_THAT(rig.mapper.find("*", "", "Thing").error().message, HasSubstr("\"one\" and \"two\""));
  EXPECT_EQ(rig.mapper.find("two", "", "Thing")->group, "two");
}

TEST(Mapper, an_aggregated_server_that_does_not_answer_is_no_proof_of_absence) {
  MapperRig rig;
  rig.transport->answers["/apis"] = {200, {}, groups(group("metrics", "Sample", "Stale"))};
  EXPECT_TRUE(rig.mapper.find("metrics", "", "Sample").ok());
  EXPECT_EQ(rig.mapper.find("metrics", "", "Other").error().kind, ErrorKind::Unavailable);
  EXPECT_EQ(rig.mapper.find("*", "", "Other").error().kind, ErrorKind::Unavailable);
  EXPECT_EQ(rig.mapper.find("autoscaling", "", "Other").error().kind, ErrorKind::NotFound);
}

TEST(Mapper, a_server_that_does_not_answer_is_no_proof_of_absence_either) {
  MapperRig rig;
  ASSERT_TRUE(rig.mapper.find("", "", "Node").ok());
  rig.transport->failure = Error{ErrorKind::Unavailable, "down", {}, {}};
  rig.now += 10s;
  EXPECT_TRUE(rig.mapper.find("", "", "Node").ok());  // known
  EXPECT_EQ(rig.mapper.find("shop", "", "Thing").error().message, "down");
  EXPECT_EQ(rig.mapper.find("shop", "", "Thing").error().message, "down");
  EXPECT_EQ(rig.transport->requests.size(), 3u);  // not hammered while it is down
  rig.transport->failure.reset();
  rig.now += 10s;
  EXPECT_EQ(rig.mapper.find("shop", "", "Thing").error().kind, ErrorKind::NotFound);
}

TEST(Mapper, falls_back_to_the_plain_documents) {
  MapperRig rig;
  auto& answers = rig.transport->answers;
  answers["/api"] = {200, {}, R"({"kind":"APIVersions","versions":["v1"]})"};
  answers["/api/v1"] = {
      200,
      {},
      R"({"kind":"APIResourceList","resources":[{"name":"pods","kind":"Pod","namespaced":true},
      {"name":"pods/status","kind":"Pod","namespaced":true},{"name":"nodes","kind":"Node","namespaced":false}]})"};
  answers["/apis"] = {200, {}, R"({"kind":"APIGroupList","groups":[
      {"name":"autoscaling","versions":[{"version":"v1"},{"version":"v2"}],"preferredVersion":{"version":"v2"}},
      {"name":"broken","versions":[{"version":"v1"}]}]})"};
  const std::string hpas =
      R"({"resources":[{"name":"hpas","kind":"HPA","namespaced":true,"verbs":["get"]}]})";
  answers["/apis/autoscaling/v1"] = {200, {}, hpas};
  answers["/apis/autoscaling/v2"] = {200, {}, hpas};
  answers["/apis/broken/v1"] = {503, {}, "no"};
  EXPECT_TRUE(rig.mapper.find("", "", "Pod")->has("status"));
  EXPECT_FALSE(rig.mapper.find("", "", "Node")->namespaced);
  EXPECT_EQ(rig.mapper.find("autoscaling", "", "HPA")->version, "v2");
  EXPECT_EQ(rig.mapper.find("broken", "", "Thing").error().kind, ErrorKind::Unavailable);
  EXPECT_EQ(rig.mapper.find("autoscaling", "", "Thing").error().kind, ErrorKind::NotFound);
}

TEST(Mapper, garbage_is_unavailable) {
  for (const char* garbage : {"", "{", "[]", "null", "{\"kind\":\"APIGroupDiscoveryList\""}) {
    MapperRig rig;
    rig.transport->answers["/apis"] = {200, {}, garbage};
    const auto found = rig.mapper.find("shop", "", "Thing");
    ASSERT_FALSE(found.ok());
    EXPECT_EQ(found.error().kind, ErrorKind::Unavailable) << garbage;
  }
}

}  // namespace
}  // namespace doorbuster::kube::testing
