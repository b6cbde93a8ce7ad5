#include "controllers/reconciler/node_zones.h"

#include "tests/reconciler/answering_transport.h"

#include <gtest/gtest.h>

namespace doorbuster::reconciler {
namespace {

constexpr Instant kNow{std::chrono::seconds(1'800'000'000)};

std::string node(const std::string& labels) {
  return R"({"metadata":{"name":"n","labels":{)" + labels + "}}}";
}

std::string zone(const std::string& name) {
  return R"("topology.kubernetes.io/zone":")" + name + "\"";
}

std::string page(const std::vector<std::string>& nodes, const std::string& next = "") {
  std::string items;
  for (const std::string& one : nodes) items += (items.empty() ? "" : ",") + one;
  return R"({"kind":"PartialObjectMetadataList","metadata":{"resourceVersion":"7","continue":")" +
         next + R"("},"items":[)" + items + "]}";
}

struct Zones {
  std::vector<std::string> pages;
  int status = 200;
  std::shared_ptr<AnsweringTransport> transport =
      std::make_shared<AnsweringTransport>([this](const kube::Request& request) {
        kube::Response out;
        out.status = status;
        const bool second = request.target.find("&continue=next") != std::string::npos;
        out.body = status == 200 ? pages.at(second ? 1 : 0) : R"({"kind":"Status","code":403})";
        return out;
      });
  NodeZones zones{std::make_shared<kube::Client>(transport)};
};

TEST(NodeZones, AreCountedOverAllPagesWithoutTheControlPlane) {
  Zones it;
  it.pages = {page({node(zone("a")), node(zone("b")), node(zone("a"))}, "next"),
              page({node(zone("c")),
                    node(zone("d") + R"(,"node-role.kubernetes.io/control-plane":"")"),
                    node(R"("other":"label")"),
                    R"({"metadata":{"name":"bare"}})"})};
  EXPECT_EQ(it.zones.count(kNow), 3);
  ASSERT_EQ(it.transport->calls().size(), 2U);
  EXPECT_NE(it.transport->calls()[0].accept.find("as=PartialObjectMetadataList"), std::string::npos)
      << "nodes are large and only their labels matter";
}

TEST(NodeZones, ACountIsGoodForAWhile) {
  Zones it;
  it.pages = {page({node(zone("a")), node(zone("b"))})};
  EXPECT_EQ(it.zones.count(kNow), 2);
  it.pages = {page({node(zone("a"))})};
  EXPECT_EQ(it.zones.count(kNow + kZonesFresh - Duration(1)), 2);
  EXPECT_EQ(it.zones.count(kNow + kZonesFresh), 1);
}

TEST(NodeZones, WhereTheyCannotBeReadNothingIsKnownAndSoonTriedAgain) {
  Zones it;
  it.status = 403;
  EXPECT_EQ(it.zones.count(kNow), std::nullopt);
  it.status = 200;
  it.pages = {page({node(zone("a")), node(zone("b"))})};
  EXPECT_EQ(it.zones.count(kNow + Duration(1)), std::nullopt);
  EXPECT_EQ(it.zones.count(kNow + kZonesRetry), 2);
}

TEST(NodeZones, NodesWithoutTheLabelTellNothing) {
  Zones it;
  it.pages = {page({node(R"("other":"label")")})};
  EXPECT_EQ(it.zones.count(kNow), std::nullopt);
  it.pages = {"no json"};
  EXPECT_EQ(it.zones.count(kNow + kZonesRetry), std::nullopt);
}

}  // namespace
}  // namespace doorbuster::reconciler
