// What of a well-formed spec cannot be carried out here, as a table; and the tables of products.
#include "controllers/planner/acceptance.h"

#include "controllers/products/allow_list.h"
#include "controllers/products/law.h"
#include "tests/planner/shop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace doorbuster::planner {
namespace {

using testing::HasSubstr;

const ObjectRef kLimit{"gateway.envoyproxy.io", "BackendTrafficPolicy", "shop", "front"};
constexpr const char* kRequests = "/spec/rateLimit/global/rules/0/limit/requests";

const ObjectRef kRing{"example.com", "Ring", "shop", "ring"};
const api::TargetRef kRingRef{.api_version = "example.com/v1", .kind = "Ring", .name = "ring"};

struct Case {
  const char* sentence;
  std::function<void(Shop&)> make;
  const char* accepted;
  const char* path;
};

TEST(Acceptance, says_where_and_what_and_touches_nothing) {
  const auto hold = [](const ObjectRef& object, const std::string& field) {
    return hold_of("one", object, field, api::HoldLiteral{Json{"1"}});
  };
  const Case cases[] = {
      {"a spec that fits", [](Shop&) {}, "True Accepted", ""},
      {"a kind that is not served",
       [](Shop& shop) { shop.unserved = {"Deployment"}; },
       "False UnknownKind",
       "spec.capacity.targets[0].ref.kind"},
      {"a kind without replicas",
       [](Shop& shop) {
         shop.sale.spec->capacity.targets[0].ref = {
             .api_version = "v1", .kind = "ConfigMap", .name = "x"};
       },
       "False NoScale",
       "spec.capacity.targets[0].ref.kind"},
      {"a kind with replicas that the allow-list does not name",
       [](Shop& shop) {
         shop.scaled = {{"Ring", "/spec/size"}};
         shop.add(kRing, R"({"spec":{"size":3}})");
         shop.sale.spec->capacity.targets[0].ref = kRingRef;
       },
       "False FieldNotAllowed",
       "spec.capacity.targets[0].ref the operator's allow-list does not name /spec/size of "
       "Ring.example.com: who runs the operator may add {group: \"example.com\", kind: Ring, "
       "fields: [\"/spec/size\"]}"},
      {"a kind that the operator's list names",
       [](Shop& shop) {
         shop.scaled = {{"Ring", "/spec/size"}};
         shop.add(kRing, R"({"spec":{"size":3}})");
         shop.setup.allow.kinds.push_back({"example.com", "Ring", {"/spec/size"}});
         shop.sale.spec->capacity.targets[0].ref = kRingRef;
       },
       "True Accepted",
       ""},
      {"an autoscaler that the operator took from its list",
       [](Shop& shop) {
         shop.add_autoscaler("checkout", json_of(std::int64_t{3}), 20);
         std::erase_if(shop.setup.allow.kinds, [](const products::AllowedKind& one) {
           return one.kind == "HorizontalPodAutoscaler";
         });
       },
       "False FieldNotAllowed",
       "spec.capacity.targets[0].ref the operator's allow-list does not name /spec/minReplicas"},
      {"a list that names the minimum and not the maximum",
       [](Shop& shop) {
         shop.add_autoscaler("checkout", json_of(std::int64_t{3}), 20);
         shop.setup.allow.kinds = {
             {"autoscaling", "HorizontalPodAutoscaler", {"/spec/minReplicas"}}};
       },
       "False FieldNotAllowed",
       "/spec/maxReplicas"},
      {"a workload that is not to be scaled under an autoscaler that may",
       [](Shop& shop) {
         shop.add_autoscaler("checkout", json_of(std::int64_t{3}), 20);
         std::erase_if(shop.setup.allow.kinds,
                       [](const products::AllowedKind& one) { return one.kind == "Deployment"; });
       },
       "True Accepted",
       ""},
      {"the same where it is to be woken from zero",
       [](Shop& shop) {
         shop.add_autoscaler("checkout", json_of(std::int64_t{3}), 20);
         shop.sale.spec->capacity.targets[0].wake_from_zero = true;
         std::erase_if(shop.setup.allow.kinds,
                       [](const products::AllowedKind& one) { return one.kind == "Deployment"; });
       },
       "False FieldNotAllowed",
       "/spec/replicas of Deployment.apps"},
      {"replicas that only grow",
       [](Shop& shop) {
         shop.scaled = {{"KafkaNodePool", "/spec/replicas"}};
         shop.add({"kafka.strimzi.io", "KafkaNodePool", "shop", "ring"},
                  R"({"spec":{"replicas":3}})");
         shop.sale.spec->capacity.targets[0].ref = {
             .api_version = "kafka.strimzi.io/v1", .kind = "KafkaNodePool", .name = "ring"};
       },
       "False FieldNotAllowed",
       "oneWay"},
      {"one workload under two spellings",
       [](Shop& shop) {
         shop.sale.spec->capacity.targets.push_back(target_of("again", 4));
         shop.sale.spec->capacity.targets[1].ref = {
             .api_version = std::nullopt, .kind = "Deployment", .name = "checkout"};
       },
       "False DuplicateTarget",
       "spec.capacity.targets[1].ref"},
      {"a window that cannot be resolved",
       [](Shop& shop) {
         shop.window_error =
             Error{.kind = ErrorKind::Invalid,
                   .message = "no such zone",
                   .causes = {{"spec.window.timeZone", "is not a known time zone"}}};
       },
       "False InvalidWindow",
       "spec.window.timeZone"},
      {"a hold of a secret",
       [&](Shop& shop) {
         shop.sale.spec->holds = {hold({"", "Secret", "shop", "x"}, "/data/key")};
       },
       "False FieldNotAllowed",
       "spec.holds[0].field"},
      {"a hold that the allow-list does not name",
       [&](Shop& shop) { shop.sale.spec->holds = {hold(kLimit, "/spec/targetRefs")}; },
       "False FieldNotAllowed",
       "spec.holds[0].field"},
      {"a hold that it names",
       [&](Shop& shop) { shop.sale.spec->holds = {hold(kLimit, kRequests)}; },
       "True Accepted",
       ""},
      {"two literals on one field at the same time",
       [&](Shop& shop) {
         shop.sale.spec->holds = {hold(kLimit, kRequests), hold(kLimit, kRequests)};
         shop.sale.spec->holds[1].name = "two";
       },
       "False InvalidSpec",
       "spec.holds[1]"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.sentence);
    Shop shop;
    shop.add_workload("checkout", 4);
    shop.sale.spec->capacity.targets = {target_of("checkout", 40)};
    one.make(shop);
    shop.clock = kStart;
    shop.settle();
    EXPECT_EQ(shop.condition("Accepted"), one.accepted);
    EXPECT_THAT(shop.sale.status.message, HasSubstr(one.path));
    if (*one.path != '\0') {
      EXPECT_EQ(shop.writes, 0);
      EXPECT_EQ(shop.sale.status.phase, "Failed");
      EXPECT_EQ(shop.sale.status.verdict, "NoGo");
      EXPECT_THAT(shop.told, testing::Contains("NotAccepted"));
    }
  }
}

TEST(Acceptance, a_kind_that_vanishes_in_mid_sale_is_a_missing_target) {
  Shop shop;
  shop.add_workload("checkout", 4);
  shop.add_workload("search", 2);
  shop.add_autoscaler("search", json_of(std::int64_t{2}), 10);
  shop.sale.spec->capacity.targets = {target_of("checkout", 40)};
  shop.run_until(kStart);
  shop.unserved = {"Deployment"};
  shop.settle();
  EXPECT_EQ(shop.condition("Accepted"), "True Accepted");
  EXPECT_EQ(shop.target("checkout")->state, "Missing");
  EXPECT_TRUE(shop.sale.has_finalizer);
}

TEST(Acceptance, an_autoscaler_that_goes_in_mid_sale_does_not_open_what_is_not_listed) {
  Shop shop;
  shop.add_workload("checkout", 4);
  shop.add_autoscaler("checkout", json_of(std::int64_t{3}), 20);
  std::erase_if(shop.setup.allow.kinds,
                [](const products::AllowedKind& one) { return one.kind == "Deployment"; });
  shop.sale.spec->capacity.targets = {target_of("checkout", 40)};
  shop.run_until(kStart);
  EXPECT_EQ(shop.number(kCheckout, "/spec/replicas"), 40);
  shop.remove(kCheckoutHpa);
  shop.settle();
  EXPECT_EQ(shop.condition("Accepted"), "True Accepted") << "what is held is not let go of";
  EXPECT_EQ(shop.target("checkout")->state, "Refused");
  EXPECT_THAT(shop.target("checkout")->message, HasSubstr("/spec/replicas"));
  EXPECT_FALSE(shop.at(kCheckout, "/metadata/annotations/doorbuster.dev~1holds"));
}

TEST(Acceptance, a_target_whose_replicas_are_nobody_knows_where_is_refused_and_never_guessed_at) {
  Shop shop;
  shop.add_workload("checkout", 4);
  shop.sale.spec->capacity.targets = {target_of("checkout", 40)};
  shop.paths_unknown = "the operator may not get its CRD: grant it that";
  shop.run_until(kStart);
  EXPECT_EQ(shop.writes, 0);
  ASSERT_NE(shop.target("checkout"), nullptr);
  EXPECT_EQ(shop.target("checkout")->state, "Refused");
  EXPECT_THAT(shop.target("checkout")->message, testing::HasSubstr("may not get its CRD"));
}

TEST(Acceptance, what_cannot_be_read_yet_is_not_refused) {
  Shop shop;
  shop.sale.spec->capacity.targets = {target_of("checkout", 40)};
  shop.window_error = Error{.kind = ErrorKind::Unavailable, .message = "not resolved"};
  shop.clock = kStart;
  shop.settle();
  EXPECT_EQ(shop.condition("Accepted"), "Unknown Reading");
  EXPECT_EQ(shop.condition("Reconciling"), "True Reading");
}

struct AllowCase {
  const char* sentence;
  FieldRef field;
  bool one_way, template_too, allowed;
};

TEST(AllowList, names_what_can_be_turned_back) {
  const auto of = [](const char* group, const char* kind, const char* pointer) {
    return FieldRef{{group, kind, "shop", "x"}, pointer, ""};
  };
  const AllowCase cases[] = {
      {"an autoscaler's minimum",
       of("autoscaling", "HorizontalPodAutoscaler", "/spec/minReplicas"),
       false,
       false,
       true},
      {"below an allowed field",
       of("autoscaling", "HorizontalPodAutoscaler", "/spec/behavior/scaleDown/selectPolicy"),
       false,
       false,
       true},
      {"a name that only begins like an allowed field",
       of("autoscaling", "HorizontalPodAutoscaler", "/spec/minReplicasX"),
       false,
       false,
       false},
      {"what an autoscaler scales",
       of("autoscaling", "HorizontalPodAutoscaler", "/spec/scaleTargetRef"),
       false,
       false,
       false},
      {"the same kind of another group",
       of("example.com", "HorizontalPodAutoscaler", "/spec/minReplicas"),
       false,
       false,
       false},
      {"a rate limit's rule by index",
       of("gateway.envoyproxy.io", "BackendTrafficPolicy", kRequests),
       false,
       false,
       true},
      {"a route's retries by key",
       of("networking.istio.io", "VirtualService", "/spec/http/[name=default]/retries/attempts"),
       false,
       false,
       true},
      {"a rate limit of Traefik",
       of("traefik.io", "Middleware", "/spec/rateLimit/average"),
       false,
       false,
       true},
      {"a ScaledObject's pause",
       of("keda.sh", "ScaledObject", "/metadata/annotations/autoscaling.keda.sh~1paused"),
       false,
       false,
       true},
      {"another annotation of it",
       of("keda.sh", "ScaledObject", "/metadata/annotations/team"),
       false,
       false,
       false},
      {"replicas of a Deployment", of("apps", "Deployment", "/spec/replicas"), false, false, true},
      {"replicas of a StatefulSet",
       of("apps", "StatefulSet", "/spec/replicas"),
       false,
       false,
       true},
      {"instances of a database",
       of("postgresql.cnpg.io", "Cluster", "/spec/instances"),
       false,
       false,
       true},
      {"task managers of a Flink job",
       of("flink.apache.org", "FlinkDeployment", "/spec/taskManager/replicas"),
       false,
       false,
       true},
      {"replicas of a kind that nobody knows",
       of("example.com", "Ring", "/spec/replicas"),
       false,
       false,
       false},
      {"a cron job's suspend", of("batch", "CronJob", "/spec/suspend"), false, false, true},
      {"a config map's key", of("", "ConfigMap", "/data/limit"), false, false, true},
      {"a secret", of("", "Secret", "/data/key"), false, false, false},
      {"a role", of("rbac.authorization.k8s.io", "ClusterRole", "/rules"), true, true, false},
      {"a status", of("apps", "Deployment", "/status/replicas"), true, true, false},
      {"an owner", of("apps", "Deployment", "/metadata/ownerReferences"), true, true, false},
      {"our own record",
       of("keda.sh", "ScaledObject", "/metadata/annotations/doorbuster.dev~1holds"),
       true,
       true,
       false},
      {"a template",
       of("apps", "Deployment", "/spec/template/spec/containers/[name=app]/image"),
       false,
       false,
       false},
      {"a template on request",
       of("apps", "Deployment", "/spec/template/spec/containers/[name=app]/image"),
       false,
       true,
       true},
      {"a topic's partitions",
       of("kafka.strimzi.io", "KafkaTopic", "/spec/partitions"),
       false,
       false,
       false},
      {"a topic's partitions on request",
       of("kafka.strimzi.io", "KafkaTopic", "/spec/partitions"),
       true,
       false,
       true},
      {"the whole object", of("", "ConfigMap", ""), true, true, false},
      {"a malformed pointer", of("", "ConfigMap", "data"), true, true, false},
  };
  const auto list = products::AllowList::standard();
  for (const AllowCase& one : cases) {
    const std::string why =
        products::why_not_allowed(list, one.field, one.one_way, one.template_too);
    EXPECT_EQ(why.empty(), one.allowed) << one.sentence << ": " << why;
  }
}

TEST(Laws, belong_to_the_field) {
  const auto law = [](const char* group, const char* kind, const char* pointer) {
    return static_cast<int>(products::law_of({{group, kind, "shop", "x"}, pointer, ""}));
  };
  const int highest = static_cast<int>(products::Law::Highest),
            pick = static_cast<int>(products::Law::Pick);
  EXPECT_EQ(law("autoscaling", "HorizontalPodAutoscaler", "/spec/minReplicas"), highest);
  EXPECT_EQ(law("apps", "Deployment", "/spec/replicas"), highest);
  EXPECT_EQ(law("example.com", "Shard", "/spec/replicas"), highest);
  EXPECT_EQ(law("autoscaling.x-k8s.io", "CapacityBuffer", "/spec/replicas"), pick);
  EXPECT_EQ(law("gateway.envoyproxy.io", "BackendTrafficPolicy", kRequests), pick);
  EXPECT_EQ(law("", "ConfigMap", "/data/replicas"), pick);
}

TEST(Order, of_writes_is_nodes_first_and_traffic_last) {
  Shop shop;
  const ObjectRef pool{"karpenter.sh", "NodePool", "", "web"},
      flags{"", "ConfigMap", "shop", "flags"};
  shop.add(pool, R"({"spec":{"limits":{"cpu":"200"}}})");
  shop.add(flags, R"({"data":{"lite":"off"}})");
  shop.add(kLimit, R"({"spec":{"rateLimit":{"local":{"requests":5}}}})");
  shop.add_workload("checkout", 4);
  shop.add_autoscaler("checkout", json_of(std::int64_t{3}), 20);
  shop.sale.spec->capacity.targets = {target_of("checkout", 40)};
  shop.sale.spec->holds = {
      hold_of("flag", flags, "/data/lite", api::HoldLiteral{Json{"\"on\""}}),
      hold_of("limit", kLimit, "/spec/rateLimit/local/requests", api::HoldLiteral{Json{"9"}}),
      hold_of("nodes", pool, "/spec/limits/cpu", api::HoldLiteral{Json{"\"800\""}})};
  shop.clock = kStart;
  shop.round();
  EXPECT_EQ(shop.log,
            (std::vector<std::string>{"NodePool/web",
                                      "HorizontalPodAutoscaler/checkout",
                                      "BackendTrafficPolicy/front",
                                      "ConfigMap/flags"}));
  shop.settle();
  shop.set_load("checkout", 2);
  shop.settle();
  shop.log.clear();
  shop.clock = shop.window.end;
  shop.round();
  EXPECT_EQ(shop.log,
            (std::vector<std::string>{"ConfigMap/flags",
                                      "BackendTrafficPolicy/front",
                                      "HorizontalPodAutoscaler/checkout",
                                      "NodePool/web"}));
}

}  // namespace
}  // namespace doorbuster::planner
