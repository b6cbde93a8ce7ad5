#include "operator/kube/client.h"
#include "tests/kube/noting_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// Which resource a kind is, asked of a server that answers with what it was told to.
namespace doorbuster::kube::testing {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

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
}

TEST(Mapper, asks_again_when_what_it_says_is_doubted_but_not_all_the_time) {
  MapperRig rig;
  auto& answers = rig.transport->answers;
  answers["/apis"] = {200, {}, groups(group("shop", "Thing", "Current"))};
  ASSERT_TRUE(rig.mapper.find("shop", "", "Thing").ok());
  answers["/apis"] = {200, {}, groups("")};
  rig.mapper.doubt();
  EXPECT_TRUE(rig.mapper.find("shop", "", "Thing").ok()) << "it has just been asked";
  rig.now += 10s;
  EXPECT_EQ(rig.mapper.find("shop", "", "Thing").error().kind, ErrorKind::NotFound);
  EXPECT_EQ(rig.transport->requests.size(), 4u);
  ASSERT_TRUE(rig.mapper.find("", "", "Node").ok());
  EXPECT_EQ(rig.transport->requests.size(), 4u) << "what has just been asked is not doubted";
}

TEST(Mapper, a_doubt_that_nobody_answers_changes_nothing) {
  MapperRig rig;
  ASSERT_TRUE(rig.mapper.find("", "", "Node").ok());
  rig.transport->failure = Error{ErrorKind::Unavailable, "down", {}, {}};
  rig.mapper.doubt();
  rig.now += 10s;
  EXPECT_TRUE(rig.mapper.find("", "", "Node").ok());
  EXPECT_TRUE(rig.mapper.find("", "", "Node").ok());
  EXPECT_EQ(rig.transport->requests.size(), 3u);
  rig.transport->failure.reset();
  rig.now += 10s;
  EXPECT_TRUE(rig.mapper.find("", "", "Node").ok());
  EXPECT_EQ(rig.transport->requests.size(), 5u) << "the doubt stands until it is answered";
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
