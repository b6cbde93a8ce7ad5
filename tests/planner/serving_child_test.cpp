// Candidates whose event is gone: which are ours to remove, and when.
#include "controllers/planner/serving_child.h"

#include <gtest/gtest.h>

namespace doorbuster::planner {
namespace {

const Holder kParent{"shop/flash", "uid-flash", "here", "rollouts", "web"};
const ObjectRef kCandidate{"apps", "Deployment", "shop", child_name(kParent)};
using Routes = std::vector<RouteSeen>;

std::shared_ptr<const Document> made_for(const Holder& parent) {
  const Json labels = JsonObject()
                          .add(kChildLabel, std::string_view(parent.install))
                          .add(kChildUidLabel, std::string_view(parent.uid))
                          .build();
  const Json annotations =
      JsonObject()
          .add(kChildEvent, std::string_view(parent.event))
          .add(kChildPurpose, std::string_view(parent.feature + "/" + parent.name))
          .build();
  const Json metadata = JsonObject().add("labels", labels).add("annotations", annotations).build();
  return Document::parse(JsonObject().add("metadata", metadata).build().text).value();
}

/// A route whose second rule has this as its only reference.
RouteSeen route_to(const std::string& reference) {
  return {&routers().front(),
          Document::parse(
              R"({"metadata":{"name":"web"},"spec":{"rules":[{"backendRefs":[{"name":"web"}]},)"
              R"({"backendRefs":[)" +
              reference + "]}]}}")
              .value()};
}

const Router* service_router() { return router_of({"", "Service", "shop", "web"}); }

/// One that selects pods of a rollout.
RouteSeen service(const std::string& name,
                  const std::string& labels,
                  const std::string& rollout = "web") {
  return {service_router(),
          Document::parse(R"({"metadata":{"name":")" + name + R"("},"spec":{"selector":{)" +
                          labels + R"("doorbuster.dev/rollout":")" + rollout + R"("}}})")
              .value()};
}

/// A canary Ingress that leads to the candidate.
RouteSeen canary_ingress(const std::string& weight) {
  return {
      router_of({"networking.k8s.io", "Ingress", "shop", kCandidate.name}),
      Document::parse(
          R"({"metadata":{"name":")" + kCandidate.name +
          R"(","annotations":{"nginx.ingress.kubernetes.io/canary":"true","nginx.ingress.kubernetes.io/canary-weight":")" +
          weight + R"("}},"spec":{"rules":[{"http":{"paths":[{"backend":{"service":{"name":")" +
          kCandidate.name + R"("}}}]}}]}})")
          .value()};
}

RouteSeen own_service() {
  const Json labels{R"({"metadata":{"name":")" + kCandidate.name +
                    R"("},"spec":{"selector":{"doorbuster.dev/rollout":"web"}}})"};
  return {service_router(),
          Document::parse(merge_patched(Json{made_for(kParent)->text()}, labels)->text).value()};
}

TEST(ServingChild, marks_name_and_namespace_must_fit_together) {
  const auto with = [](auto change) {
    Holder out = kParent;
    change(out);
    return out;
  };
  struct Case {
    const char* sentence;
    ObjectRef object;
    Holder marks;
    bool serves;
  };
  const Holder other = with([](Holder& one) { one.feature = "image-prepull"; });
  const Case cases[] = {
      {"its Deployment", kCandidate, kParent, true},
      {"its Service", {"", "Service", "shop", kCandidate.name}, kParent, true},
      {"its Ingress", {"networking.k8s.io", "Ingress", "shop", kCandidate.name}, kParent, true},
      {"another feature's", {"apps", "Deployment", "shop", child_name(other)}, other, false},
      {"a copy of other name", {"apps", "Deployment", "shop", "web-copy"}, kParent, false},
      {"a copy elsewhere", {"apps", "Deployment", "staging", kCandidate.name}, kParent, false},
      {"one without marks", kCandidate, {}, false},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.sentence);
    EXPECT_EQ(is_serving_child(one.object, *made_for(one.marks)), one.serves);
  }
}

TEST(ServingChild, stays_while_a_route_sends_it_something) {
  const std::string name = R"({"name":")" + kCandidate.name + R"(")";
  struct Case {
    const char* sentence;
    RoutesFact routes;
    bool kept;
  };
  const Case cases[] = {
      {"there is no route", Routes{}, false},
      {"routes are not known", Unread{"no answer"}, true},
      {"a share", Routes{route_to(name + R"(,"weight":1})")}, true},
      {"all: no weight is 1", Routes{route_to(name + "}")}, true},
      {"the namespace is said",
       Routes{route_to(name + R"(,"namespace":"shop","kind":"Service"})")},
       true},
      {"the second of two routes",
       Routes{route_to(R"({"name":"web"})"), route_to(name + "}")},
       true},
      {"a share of nothing", Routes{route_to(name + R"(,"weight":0})")}, false},
      {"a namesake elsewhere", Routes{route_to(name + R"(,"namespace":"staging"})")}, false},
      {"a namesake of another kind",
       Routes{route_to(name + R"(,"group":"storage.example","kind":"Bucket"})")},
       false},
      {"others only", Routes{route_to(R"({"name":"web"})")}, false},
      {"a Service that was switched", Routes{service("web", R"("app":"web-candidate",)")}, true},
      {"its own Service", Routes{own_service()}, false},
      {"a canary Ingress with a weight", Routes{canary_ingress("1")}, true},
      {"a canary Ingress without", Routes{canary_ingress("0")}, false},
      {"a Service of another rollout",
       Routes{service("web", R"("app":"web","x":"y",)", "other")},
       false},
  };
  const ChildCare gone{.life = Life::Dead, .remove = Remove{.object = kCandidate}};
  for (const Case& one : cases) {
    SCOPED_TRACE(one.sentence);
    const ChildCare care = unless_routed(gone, kCandidate, kParent, one.routes);
    EXPECT_EQ(care.remove.has_value(), !one.kept);
    EXPECT_EQ(care.kept.empty(), !one.kept) << care.kept;
  }
}

TEST(ServingChild, that_is_the_route_itself_goes) {
  const ObjectRef ingress{"networking.k8s.io", "Ingress", "shop", kCandidate.name};
  const ChildCare gone{.life = Life::Dead, .remove = Remove{.object = ingress}};
  for (const RoutesFact& routes :
       {RoutesFact{Routes{canary_ingress("40")}}, RoutesFact{Unread{"no answer"}}}) {
    const ChildCare care = unless_routed(gone, ingress, kParent, routes);
    EXPECT_TRUE(care.remove.has_value()) << care.kept;
  }
}

/// One that selects by these labels and has so many of its pods.
std::shared_ptr<const Document> deployment(const std::string& labels,
                                           std::int64_t asked,
                                           std::int64_t ready) {
  return Document::parse(R"({"metadata":{"name":"web"},"spec":{"replicas":)" +
                         std::to_string(asked) + R"(,"selector":{"matchLabels":{)" + labels +
                         R"(}}},"status":{"readyReplicas":)" + std::to_string(ready) +
                         R"(,"availableReplicas":)" + std::to_string(ready) + "}}")
      .value();
}

TEST(ServingChild, without_a_router_stays_while_its_target_lacks_pods) {
  const std::string mark = R"("doorbuster.dev/rollout":"web")", app = R"("app":"web")",
                    parted = R"("app":"web-candidate")";
  const auto beside = deployment(app + "," + mark, 3, 3);
  using All = std::vector<std::shared_ptr<const Document>>;
  struct Case {
    const char* sentence;
    std::shared_ptr<const Document> candidate;
    DeploymentsFact deployments;
    bool kept;
  };
  const Case cases[] = {
      {"the target has its pods", beside, All{deployment(app, 9, 9), beside}, false},
      {"the target lacks one", beside, All{beside, deployment(app, 9, 8)}, true},
      {"the target has none", beside, All{deployment(app, 9, 0)}, true},
      {"nobody knows", beside, Unread{"no answer"}, true},
      {"the target is gone", beside, All{beside}, false},
      {"the target is scaled to zero", beside, All{deployment(app, 0, 0)}, false},
      {"another Deployment lacks some", beside, All{deployment(R"("app":"cart")", 9, 0)}, false},
      {"another candidate lacks some",
       beside,
       All{deployment(app + R"(,"doorbuster.dev/rollout":"b")", 9, 0)},
       false},
      {"no pod of it is ready",
       deployment(app + "," + mark, 3, 0),
       All{deployment(app, 9, 0)},
       false},
      {"a router shares out to it",
       deployment(parted + "," + mark, 3, 3),
       All{deployment(app, 9, 0)},
       false},
  };
  const ChildCare gone{.life = Life::Dead, .remove = Remove{.object = kCandidate}};
  for (const Case& one : cases) {
    SCOPED_TRACE(one.sentence);
    const ChildCare care = unless_beside(gone, *one.candidate, one.deployments);
    EXPECT_EQ(care.remove.has_value(), !one.kept);
    EXPECT_EQ(care.kept.empty(), !one.kept) << care.kept;
  }
}

TEST(ServingChild, of_a_living_event_is_none_of_the_sweeps) {
  const ChildCare care =
      unless_routed({.life = Life::Lives}, kCandidate, kParent, Unread{"no answer"});
  EXPECT_FALSE(care.remove);
  EXPECT_EQ(care.kept, "");
}

}  // namespace
}  // namespace doorbuster::planner
