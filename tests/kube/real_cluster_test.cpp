#include "operator/kube/client.h"
#include "tests/kube/transport_fixture.h"

#include <gmock/gmock.h>

#include <cstdlib>

/// The client against a real API server: `hack/cluster run NAME -- kube_test`. Skipped elsewhere.
namespace doorbuster::kube::testing {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

Instant wall_time() {
  return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

class RealCluster : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* const folder = std::getenv("DOORBUSTER_CLUSTER_DIR");
    if (folder == nullptr || std::getenv("KUBECONFIG") == nullptr) {
      GTEST_SKIP() << "no cluster: run under hack/cluster run NAME -- ...";
    }
    const auto config = load_kubeconfig({.env = std::getenv("KUBECONFIG")});
    ASSERT_TRUE(config.ok()) << config.error().message;
    TransportOptions options;
    options.user_agent = "doorbuster/test (linux)";
    options.now = wall_time;
    const auto made = make_transport(*config, options);
    ASSERT_TRUE(made.ok()) << made.error().message;
    transport = *made;
    client = std::make_shared<Client>(transport);
    mapper = std::make_unique<RestMapper>(client, wall_time);
    maps = find("", "ConfigMap");
    ns = "kube-test-" + std::to_string(wall_time().time_since_epoch().count());
    const Json body{R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":")" + ns + "\"}}"};
    ASSERT_TRUE(client->create(find("", "Namespace"), "", body).ok());
  }

  void TearDown() override {
    if (client) (void)client->remove(find("", "Namespace"), {"", ns}).ok();
  }

  Resource find(const std::string& group, const std::string& kind) {
    const auto found = mapper->find(group, "", kind);
    EXPECT_TRUE(found.ok()) << found.error().message;
    return found ? *found : Resource{};
  }

  Json config_map(const std::string& name, const std::string& more = "") const {
    return Json{R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":")" + name +
                R"("},"data":{"a":"1"})" + more + "}"};
  }

  std::shared_ptr<Transport> transport;
  std::shared_ptr<Client> client;
  std::unique_ptr<RestMapper> mapper;
  Resource maps;
  std::string ns;
};

TEST_F(RealCluster, discovery_knows_built_in_kinds) {
  EXPECT_EQ(find("autoscaling", "HorizontalPodAutoscaler").api_version(), "autoscaling/v2");
  EXPECT_TRUE(find("apps", "Deployment").has("scale"));
  EXPECT_TRUE(find("apps", "StatefulSet").has("status"));
  EXPECT_FALSE(find("", "Node").namespaced);
  EXPECT_EQ(mapper->find("*", "", "Lease")->group, "coordination.k8s.io");
  EXPECT_EQ(mapper->find("", "", "NoSuchKind").error().kind, ErrorKind::NotFound);
  EXPECT_EQ(mapper->find("*", "", "Event").error().kind,
            ErrorKind::Invalid);  // "" and events.k8s.io
}

TEST_F(RealCluster, an_object_lives_and_dies) {
  const Key key{ns, "one"};
  const auto made = client->create(maps, ns, config_map("one"));
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_EQ(client->create(maps, ns, config_map("one")).error().kind, ErrorKind::Conflict);
  const auto got = client->get(maps, key);
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(got->meta.uid, made->meta.uid);
  const auto patched =
      client->patch(maps, key, PatchType::Merge, Json{R"({"data":{"a":"2","b":null}})"});
  ASSERT_TRUE(patched.ok()) << patched.error().message;
  EXPECT_THAT(patched->text, HasSubstr(R"("a":"2")"));
  EXPECT_EQ(compare_versions(made->meta.resource_version, patched->meta.resource_version), -1);
  const auto json = client->patch(
      maps, key, PatchType::Json, Json{R"([{"op":"test","path":"/data/a","value":"wrong"}])"});
  ASSERT_FALSE(json.ok());
  EXPECT_EQ(json.error().kind, ErrorKind::Invalid);
  ASSERT_TRUE(client->remove(maps, key, {.uid = made->meta.uid}).ok());
  EXPECT_EQ(client->get(maps, key).error().kind, ErrorKind::NotFound);
  EXPECT_EQ(client->remove(maps, key).error().kind, ErrorKind::NotFound);
}

TEST_F(RealCluster, preconditions_are_kept) {
  const Key key{ns, "one"};
  const auto made = client->create(maps, ns, config_map("one"));
  ASSERT_TRUE(made.ok());
  const auto patch_with = [&](const std::string& uid, const std::string& version) {
    return client->patch(maps,
                         key,
                         PatchType::Merge,
                         Json{R"({"metadata":{"uid":")" + uid + R"(","resourceVersion":")" +
                              version + R"("},"data":{"a":"3"}})"});
  };
  EXPECT_EQ(
      patch_with("00000000-0000-0000-0000-000000000000", made->meta.resource_version).error().kind,
      ErrorKind::Conflict);
  EXPECT_TRUE(patch_with(made->meta.uid, made->meta.resource_version).ok());
  EXPECT_EQ(patch_with(made->meta.uid, made->meta.resource_version).error().kind,
            ErrorKind::Conflict);
  EXPECT_EQ(client->update(maps, key, Json{made->text}).error().kind, ErrorKind::Conflict);
  EXPECT_EQ(
      client->remove(maps, key, {.resource_version = made->meta.resource_version}).error().kind,
      ErrorKind::Conflict);
  EXPECT_EQ(client->remove(maps, key, {.uid = "another"}).error().kind, ErrorKind::Conflict);
  EXPECT_TRUE(client->get(maps, key).ok());
}

TEST_F(RealCluster, a_dry_run_changes_nothing_and_strictness_tells_typing_errors) {
  ASSERT_TRUE(client->create(maps, ns, config_map("one"), {.dry_run = true}).ok());
  EXPECT_EQ(client->get(maps, {ns, "one"}).error().kind, ErrorKind::NotFound);
  const auto typo = client->create(maps, ns, config_map("one", R"(,"dada":{})"));
  ASSERT_FALSE(typo.ok());
  EXPECT_EQ(typo.error().kind, ErrorKind::Invalid);
  EXPECT_THAT(typo.error().message, HasSubstr("dada"));
  const auto wrong = client->create(maps, ns, config_map("Not A Name"));
  ASSERT_FALSE(wrong.ok());
  ASSERT_FALSE(wrong.error().causes.empty());
  EXPECT_EQ(wrong.error().causes.front().field, "metadata.name");
}

TEST_F(RealCluster, the_scale_of_a_deployment_is_read_and_written) {
  const Resource deployments = find("apps", "Deployment");
  const Json body{
      R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"replicas":1,
      "selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},
      "spec":{"containers":[{"name":"c","image":"none.test/none"}]}}}})"};
  ASSERT_TRUE(client->create(deployments, ns, body).ok());
  ASSERT_TRUE(client
                  ->patch(deployments,
                          {ns, "web"},
                          PatchType::Merge,
                          Json{R"({"spec":{"replicas":0}})"},
                          {.subresource = "scale"})
                  .ok());
  const auto scale = client->get(deployments, {ns, "web"}, "scale");
  ASSERT_TRUE(scale.ok()) << scale.error().message;
  EXPECT_THAT(scale->text, HasSubstr(R"("kind":"Scale")"));
  EXPECT_THAT(client->get(deployments, {ns, "web"})->text, HasSubstr(R"("replicas":0)"));
}

TEST_F(RealCluster, a_long_list_comes_in_pages) {
  for (int i = 0; i < 25; ++i)
    ASSERT_TRUE(client->create(maps, ns, config_map("map-" + std::to_string(i))).ok());
  std::set<std::string> names;
  std::string token, version;
  int pages = 0;
  do {
    const auto page = client->list(maps, ns, 10, token);
    ASSERT_TRUE(page.ok()) << page.error().message;
    if (pages++ == 0) version = page->resource_version;
    EXPECT_EQ(page->resource_version, version);
    for (const Object& item : page->items) names.insert(item.meta.name);
    token = page->continue_token;
  } while (!token.empty());
  EXPECT_GE(pages, 3);
  EXPECT_GE(names.size(), 25u);
  const auto bad = client->list(maps, ns, 10, "nonsense");
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().kind, ErrorKind::Invalid);
}

TEST_F(RealCluster, a_watch_sees_what_happens_and_ends) {
  const auto list = client->list(maps, ns, 500, "");
  ASSERT_TRUE(list.ok());
  RecordingReader reader;
  const auto stream = transport->open(
      {.target = target_of(maps, ns) +
                 "?watch=1&allowWatchBookmarks=true&timeoutSeconds=2&resourceVersion=" +
                 list->resource_version},
      10s,
      reader);
  ASSERT_TRUE(client->create(maps, ns, config_map("seen")).ok());
  ASSERT_TRUE(client->remove(maps, {ns, "seen"}).ok());
  ASSERT_TRUE(reader.wait_for_end());
  EXPECT_EQ(reader.status(), 200);
  EXPECT_THAT(reader.text(), HasSubstr(R"("type":"ADDED")"));
  EXPECT_THAT(reader.text(), HasSubstr(R"("type":"DELETED")"));
  EXPECT_EQ(reader.ends().front().message, "end of stream");
}

TEST_F(RealCluster, a_stranger_is_denied) {
  auto config = *load_kubeconfig({.env = std::getenv("KUBECONFIG")});
  config.user = {.token = "not-a-token"};
  TransportOptions options;
  options.now = wall_time;
  const Client stranger(*make_transport(config, options));
  EXPECT_EQ(stranger.list(maps, ns, 1, "").error().kind, ErrorKind::Denied);
}

TEST_F(RealCluster, another_authority_is_not_believed) {
  auto config = *load_kubeconfig({.env = std::getenv("KUBECONFIG")});
  config.server_name = "elsewhere.test";
  TransportOptions options;
  options.now = wall_time;
  const auto answer = (*make_transport(config, options))->call({.target = "/version"});
  ASSERT_FALSE(answer.ok());
  EXPECT_THAT(answer.error().message, HasSubstr("mismatch"));
}

}  // namespace
}  // namespace doorbuster::kube::testing
