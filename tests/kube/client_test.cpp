#include "operator/kube/client.h"

#include "tests/kube/noting_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// The client's calls against a transport that only notes them.
namespace doorbuster::kube::testing {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

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
  ASSERT_TRUE(
      rig.client.patch(kDeployments, {"shop", "web"}, PatchType::Strategic, Json{"{}"}).ok());
  EXPECT_EQ(rig.sent().content_type, "application/strategic-merge-patch+json");
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

}  // namespace
}  // namespace doorbuster::kube::testing
