// Releases by ingress-nginx: a canary Ingress of ours beside the user's, whose weight is held.
#include "controllers/planner/rollout_ingress.h"

#include "controllers/planner/rollout_requests.h"
#include "tests/planner/rollout_shop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace doorbuster::planner {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

const ObjectRef kIngress{"networking.k8s.io", "Ingress", "shop", "shop"};
const ObjectRef kOther{"networking.k8s.io", "Ingress", "shop", "other"};
const ObjectRef kNginx{"networking.k8s.io", "IngressClass", "", "nginx"};
const Sides kSides{.ns = "shop", .stable = "checkout", .candidate = "checkout-2"};
constexpr const char* kController = R"({"spec":{"controller":"k8s.io/ingress-nginx"}})";
constexpr const char* kRules =
    R"("rules":[{"host":"shop.example","http":{"paths":[{"path":"/cart","pathType":"Prefix","backend":{"service":{"name":"checkout","port":{"number":80}}}},)"
    R"({"path":"/img","pathType":"Prefix","backend":{"service":{"name":"images","port":{"number":80}}}}]}},)"
    R"({"host":"img.example","http":{"paths":[{"path":"/","pathType":"Prefix","backend":{"service":{"name":"images","port":{"number":80}}}}]}}])";
constexpr const char* kTls =
    R"("tls":[{"hosts":["img.example"],"secretName":"img"},{"hosts":["shop.example"],"secretName":"shop"}])";
/// What the canary of the two above is, to a Service of the name CANDIDATE.
constexpr const char* kCopied =
    R"({"ingressClassName":"nginx","tls":[{"hosts":["shop.example"],"secretName":"shop"}],)"
    R"("rules":[{"host":"shop.example","http":{"paths":[{"path":"/cart","pathType":"Prefix","backend":{"service":{"name":"CANDIDATE","port":{"number":80}}}}]}}]})";

std::string ingress_of(const std::string& spec, const std::string& annotations = "") {
  return R"({"metadata":{"annotations":{)" + annotations + R"(}},"spec":{)" + spec + "}}";
}
std::string usual_ingress() {
  return ingress_of(R"("ingressClassName":"nginx",)" + std::string(kTls) + "," + kRules);
}

Shop ingress_shop(const std::string& ingress = usual_ingress()) {
  Shop shop = rollout_shop();
  shop.remove(kRoute);
  shop.add(kIngress, ingress);
  shop.add(kNginx, kController);
  shop.sale.spec->rollouts[0].traffic = {
      .ingress = api::RouteTraffic{.name = "shop", .backend = "checkout"}};
  return shop;
}

/// In its last step, of half of the traffic.
Shop at_half() {
  Shop shop = ingress_shop();
  shop.run_until(kStart + seconds(90));
  EXPECT_EQ(split_of(shop), "50/50") << rollout_row(shop).message;
  return shop;
}

void want_stable(Shop& shop) { shop.sale.spec->rollouts[0].desired = api::DesiredRevision::Stable; }

std::string weight_in(const Shop& shop) {
  const Value weight = shop.at(copy_of(shop), kCanaryWeight);
  return weight ? weight->text : "";
}

std::string copied_for(const Shop& shop) {
  std::string out = kCopied;
  const std::string mark = "CANDIDATE";
  return out.replace(out.find(mark), mark.size(), candidate_service_of(shop).name);
}

std::string spec_of(const std::string& ingress) {
  const auto document = Document::parse(ingress).value();
  const Value spec = canary_spec(*document, kSides);
  return spec ? spec->text : "";
}

TEST(RolloutIngress, copies_what_leads_to_the_target_and_no_more) {
  struct Case {
    const char* sentence;
    std::string ingress, copied;
  };
  const std::string backend = R"("backend":{"service":{"name":"checkout","port":{"name":"web"}}})";
  const std::string led = R"("backend":{"service":{"name":"checkout-2","port":{"name":"web"}}})";
  const std::string bare = R"("rules":[{"http":{"paths":[{"pathType":"ImplementationSpecific",)";
  const Case cases[] = {
      {"one path of one host", usual_ingress(), std::string(kCopied)},
      {"neither host, path, class nor TLS",
       ingress_of(bare + backend + "}]}}]"),
       "{" + bare + led + R"(,"path":"/"}]}}]})"},
      {"a class by annotation is no class in the spec",
       ingress_of(bare + backend + "}]}}]", R"("kubernetes.io/ingress.class":"nginx")"),
       "{" + bare + led + R"(,"path":"/"}]}}]})"},
      {"others only",
       ingress_of(
           R"("rules":[{"http":{"paths":[{"backend":{"service":{"name":"images"}}}]}},{"host":"x"}])"),
       ""},
      {"as the default alone",
       ingress_of(R"("defaultBackend":{"service":{"name":"checkout"}})"),
       ""},
      {"nothing", "{}", ""},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.sentence);
    std::string copied = one.copied;
    if (const auto at = copied.find("CANDIDATE"); at != std::string::npos)
      copied.replace(at, 9, "checkout-2");
    EXPECT_EQ(spec_of(one.ingress), copied);
  }
}

TEST(RolloutIngress, reads_weights_as_ingress_nginx_does) {
  struct Case {
    const char* weight;
    int share;
  };
  const Case cases[] = {{R"("0")", 0},
                        {R"("40")", 40},
                        {R"("100")", 100},
                        {R"("400")", 100},
                        {R"("-1")", 0},
                        {R"("40%")", 0},
                        {R"("")", 0},
                        {"40", 0}};
  for (const Case& one : cases) {
    SCOPED_TRACE(one.weight);
    EXPECT_EQ(shares_of_weight(*JsonView::parse(one.weight), kSides).candidate, one.share);
  }
  const JsonView now = *JsonView::parse(R"("7")");
  EXPECT_EQ(shared_by_weight(now, kSides, {.percent = 40})->text, R"("40")");
  EXPECT_EQ(without_weight(now, now, kSides).text, R"("0")");
  EXPECT_FALSE(shared_by_weight(now, kSides, {.percent = 40, .mirror = 10}).ok());
}

TEST(RolloutIngress, sends_to_whom_it_names_and_gives_a_weight) {
  const std::string to =
      R"("rules":[{"http":{"paths":[{"backend":{"service":{"name":"checkout-2"}}}]}}])";
  const std::string canary = R"("nginx.ingress.kubernetes.io/canary":"true")";
  const std::string weight = R"(,"nginx.ingress.kubernetes.io/canary-weight":)";
  struct Case {
    const char* sentence;
    std::string ingress;
    bool sends;
  };
  const Case cases[] = {
      {"somebody else's", ingress_of(kRules), false},
      {"one that is no canary", ingress_of(to), true},
      {"by default", ingress_of(R"("defaultBackend":{"service":{"name":"checkout-2"}})"), true},
      {"a canary without a weight", ingress_of(to, canary), false},
      {"a canary of weight 0", ingress_of(to, canary + weight + R"("0")"), false},
      {"a canary of weight 1", ingress_of(to, canary + weight + R"("1")"), true},
      {"a canary by header",
       ingress_of(to, canary + R"(,"nginx.ingress.kubernetes.io/canary-by-header":"x")"),
       true},
      {"a canary by another word",
       ingress_of(to, R"("nginx.ingress.kubernetes.io/canary":"True")"),
       false},
      {"what only says that it is none",
       ingress_of(to, R"("nginx.ingress.kubernetes.io/canary":"no")"),
       true},
      {"a canary of others", ingress_of(kRules, canary + weight + R"("1")"), false},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.sentence);
    EXPECT_EQ(ingress_sends_to(*Document::parse(one.ingress).value(), kSides), one.sends);
  }
}

TEST(RolloutIngress, shares_out_step_by_step_and_leaves_nothing) {
  Shop shop = ingress_shop();
  const Json before = shop.objects.at(kIngress);
  shop.run_until(kStart + seconds(30));
  EXPECT_EQ(split_of(shop), "90/10") << rollout_row(shop).message;
  const ObjectRef copy = copy_of(shop);
  EXPECT_EQ(shop.at(copy, "/spec")->text, copied_for(shop));
  EXPECT_FALSE(shop.at(copy, "/metadata/ownerReferences"));
  const std::string annotations = shop.at(copy, "/metadata/annotations")->text;
  EXPECT_THAT(annotations, HasSubstr(R"("nginx.ingress.kubernetes.io/canary":"true")"));
  EXPECT_THAT(annotations, HasSubstr(R"(/affinity-canary-behavior":"legacy")"));
  EXPECT_EQ(rollout_row(shop).weight, 10);
  shop.run_until(kStart + minutes(1) + seconds(30));
  EXPECT_EQ(split_of(shop), "50/50");
  shop.run_until(kStart + minutes(30));
  EXPECT_EQ(rollout_row(shop).state, "Promoted") << rollout_row(shop).message;
  EXPECT_EQ(image_of(shop, kCheckout), "\"shop:v2\"");
  EXPECT_EQ(shop.objects.at(kIngress), before);
  EXPECT_FALSE(stands(shop));
}

TEST(RolloutIngress, is_made_with_no_weight_and_the_first_is_stored_before_it_is_written) {
  Shop shop = ingress_shop();
  shop.sale.spec->rollouts[0].strategy = {
      .blue_green = api::BlueGreenSpec{.preview = {"2m", minutes(2)}, .hold = {"5m", minutes(5)}}};
  shop.run_until(kStart + minutes(1));
  EXPECT_EQ(weight_in(shop), R"("0")") << rollout_row(shop).message;
  EXPECT_EQ(rollout_row(shop).state, "Running");
  shop.requests.clear();
  shop.run_until(kStart + minutes(3));
  EXPECT_EQ(weight_in(shop), R"("100")");
  const auto& asked = shop.requests;
  const auto stored = std::find(asked.begin(), asked.end(), "status");
  const auto written = std::find(asked.begin(), asked.end(), "Ingress/" + copy_of(shop).name);
  ASSERT_NE(written, asked.end());
  EXPECT_LT(stored, written);
  shop.run_until(kStart + minutes(30));
  EXPECT_EQ(rollout_row(shop).state, "Promoted");
  EXPECT_FALSE(stands(shop));
}

TEST(RolloutIngress, goes_back_in_the_round_that_is_told) {
  Shop shop = at_half();
  const Json before = shop.objects.at(kIngress);
  want_stable(shop);
  shop.round();
  EXPECT_EQ(weight_in(shop), R"("0")");
  shop.run_until(kStart + minutes(30));
  EXPECT_EQ(rollout_row(shop).state, "RolledBack");
  EXPECT_EQ(image_of(shop, kCheckout), "\"shop:v1\"");
  EXPECT_EQ(shop.objects.at(kIngress), before);
  EXPECT_FALSE(stands(shop));
}

TEST(RolloutIngress, goes_back_as_far_as_the_target_has_pods) {
  Shop shop = at_half();
  shop.others = nullptr;
  shop.say(kCheckout, "/status/availableReplicas", json_of(std::int64_t{8}));
  want_stable(shop);
  shop.round();
  EXPECT_EQ(split_of(shop), "80/20");
  EXPECT_THAT(rollout_row(shop).message, HasSubstr("10 of its pods"));
  shop.say(kCheckout, "/status/availableReplicas", json_of(std::int64_t{10}));
  shop.settle();
  EXPECT_EQ(split_of(shop), "100/0");
}

TEST(RolloutIngress, what_the_user_has_of_it_may_be_unread_or_gone_when_it_goes_back) {
  for (const Fact& fact :
       {Fact(Unread{"its list is old"}), Fact(Missing{}), Fact(Forbidden{"get"})}) {
    Shop shop = at_half();
    shop.instead.emplace(kIngress, fact);
    want_stable(shop);
    shop.round();
    EXPECT_EQ(weight_in(shop), R"("0")");
    shop.run_until(kStart + minutes(30));
    EXPECT_EQ(rollout_row(shop).state, "RolledBack");
    EXPECT_FALSE(stands(shop));
  }
}

TEST(RolloutIngress, a_way_back_is_stamped_in_the_write_that_moves_the_traffic) {
  Shop shop = at_half();
  const auto before = shop.sale.status;
  want_stable(shop);
  shop.round();
  ASSERT_EQ(weight_in(shop), R"("0")");
  // An operator that starts now knows of it by the canary Ingress alone.
  shop.sale.spec->rollouts[0].desired = api::DesiredRevision::Candidate;
  shop.sale.status = before;
  shop.run_until(shop.clock + minutes(10));
  EXPECT_EQ(rollout_row(shop).state, "RolledBack");
  EXPECT_FALSE(stands(shop));
}

TEST(RolloutIngress, whoever_else_changes_the_weight_wins_until_it_goes_back) {
  for (const Value& theirs : {Value(Json{R"("5")"}), Value(Json{R"("90")"}), Value()}) {
    Shop shop = at_half();
    shop.change(copy_of(shop), kCanaryWeight, theirs, "kubectl-edit");
    shop.run_until(shop.clock + minutes(3));
    EXPECT_EQ(rollout_row(shop).state, "Contested");
    EXPECT_THAT(rollout_row(shop).message, HasSubstr("canary weight"));
    EXPECT_TRUE(shop.told.contains("RouteContested"));
    EXPECT_EQ(shop.at(copy_of(shop), kCanaryWeight), theirs);
    want_stable(shop);
    shop.round();
    EXPECT_EQ(split_of(shop), "100/0");
    shop.run_until(shop.clock + minutes(10));
    EXPECT_EQ(rollout_row(shop).state, "RolledBack");
    EXPECT_FALSE(stands(shop));
  }
}

TEST(RolloutIngress, that_a_person_removes_under_traffic_is_not_made_anew) {
  Shop shop = at_half();
  shop.remove(copy_of(shop));
  shop.run_until(shop.clock + minutes(5));
  EXPECT_FALSE(shop.objects.contains(copy_of(shop)));
  EXPECT_EQ(rollout_row(shop).state, "Missing");
  EXPECT_THAT(rollout_row(shop).message, HasSubstr(copy_of(shop).name));
  EXPECT_EQ(rollout_row(shop).weight, 0);
  EXPECT_TRUE(shop.objects.contains(candidate_of(shop)));
  want_stable(shop);
  shop.run_until(shop.clock + minutes(10));
  EXPECT_EQ(rollout_row(shop).state, "RolledBack") << rollout_row(shop).message;
  EXPECT_FALSE(stands(shop));
  // Another release makes one anew.
  shop.sale.spec->rollouts[0] = rollout_of("shop:v3");
  shop.sale.spec->rollouts[0].traffic = {
      .ingress = api::RouteTraffic{.name = "shop", .backend = "checkout"}};
  shop.run_until(shop.clock + seconds(30));
  EXPECT_EQ(split_of(shop), "90/10") << rollout_row(shop).message;
}

TEST(RolloutIngress, leaves_nothing_behind_when_it_does_not_drain) {
  for (const bool back : {true, false}) {
    Shop shop = ingress_shop();
    shop.sale.spec->rollouts[0].drain = {"0s", seconds(0)};
    shop.run_until(kStart + seconds(90));
    if (back) want_stable(shop);
    shop.run_until(kStart + minutes(30));
    EXPECT_EQ(rollout_row(shop).state, back ? "RolledBack" : "Promoted");
    EXPECT_FALSE(stands(shop));
  }
}

TEST(RolloutIngress, that_is_removed_before_it_had_traffic_is_made_anew) {
  Shop shop = ingress_shop();
  shop.sale.spec->rollouts[0].strategy = {.blue_green =
                                              api::BlueGreenSpec{.preview = {"1h", minutes(60)}}};
  shop.run_until(kStart + minutes(1));
  shop.remove(copy_of(shop));
  shop.run_until(kStart + minutes(2));
  EXPECT_EQ(weight_in(shop), R"("0")");
}

TEST(RolloutIngress, follows_the_paths_of_the_users) {
  Shop shop = at_half();
  const std::string path = "/spec/rules/0/http/paths/0/path";
  shop.change(kIngress, path, Json{R"("/checkout")"}, "kubectl-edit");
  shop.settle();
  EXPECT_EQ(shop.at(copy_of(shop), path)->text, R"("/checkout")");
  EXPECT_EQ(split_of(shop), "50/50");
  // A person's own change of the copy is theirs.
  shop.change(copy_of(shop), path, Json{R"("/cart")"}, "kubectl-edit");
  shop.settle();
  EXPECT_EQ(shop.at(copy_of(shop), path)->text, R"("/cart")");
}

TEST(RolloutIngress, stands_still_when_the_users_does_not_name_the_service_any_more) {
  Shop shop = at_half();
  shop.change(kIngress,
              "/spec/rules/0/http/paths/0/backend/service/name",
              Json{R"("maintenance")"},
              "kubectl-edit");
  shop.run_until(shop.clock + minutes(3));
  EXPECT_EQ(rollout_row(shop).state, "Contested");
  EXPECT_THAT(rollout_row(shop).message, HasSubstr("does not name the Service checkout"));
  EXPECT_TRUE(shop.told.contains("RouteContested"));
  EXPECT_EQ(split_of(shop), "50/50");
  want_stable(shop);
  shop.run_until(shop.clock + minutes(10));
  EXPECT_EQ(rollout_row(shop).state, "RolledBack");
  EXPECT_FALSE(stands(shop));
}

TEST(RolloutIngress, waits_until_its_controller_has_taken_it_up_where_that_can_be_known) {
  constexpr const char* kAddress = "/status/loadBalancer/ingress";
  Shop shop = ingress_shop();
  shop.say(kIngress, kAddress, Json{R"([{"ip":"192.0.2.1"}])"});
  shop.run_until(kStart + seconds(30));
  EXPECT_EQ(rollout_row(shop).state, "Scaling");
  EXPECT_THAT(rollout_row(shop).message, HasSubstr("has not taken it up"));
  EXPECT_EQ(split_of(shop), "100/0");
  shop.say(copy_of(shop), kAddress, Json{R"([{"ip":"192.0.2.1"}])"});
  shop.settle();
  EXPECT_EQ(split_of(shop), "90/10");
  // What it has it keeps, also while a controller starts anew, and goes back.
  shop.say(copy_of(shop), kAddress, Json{"[]"});
  shop.settle();
  EXPECT_EQ(split_of(shop), "90/10");
  want_stable(shop);
  shop.round();
  EXPECT_EQ(split_of(shop), "100/0");
  shop.run_until(shop.clock + minutes(10));
  EXPECT_EQ(rollout_row(shop).state, "RolledBack");
}

TEST(RolloutIngress, fails_when_nobody_takes_it_up_within_the_deadline) {
  Shop shop = ingress_shop();
  shop.sale.spec->rollouts[0].deadline = {"2m", minutes(2)};
  shop.say(kIngress, "/status/loadBalancer/ingress", Json{R"([{"ip":"192.0.2.1"}])"});
  shop.run_until(kStart + minutes(10));
  EXPECT_EQ(rollout_row(shop).state, "RolledBack");
  EXPECT_THAT(rollout_row(shop).message, HasSubstr("waits for the candidate's Ingress"));
  EXPECT_FALSE(stands(shop));
}

struct RefusalCase {
  const char* sentence;
  std::string ingress;
  std::string classes, other;  ///< body of IngressClass nginx, of another Ingress; empty: none
  std::string state, message;
};

std::vector<RefusalCase> refusal_cases() {
  const std::string canary = R"("nginx.ingress.kubernetes.io/canary":"true")";
  const std::string by_class = R"("ingressClassName":"nginx",)";
  const std::string by_annotation = R"("kubernetes.io/ingress.class":)";
  return {
      {"there is none", "", kController, "", "Missing", "shop/shop does not exist"},
      {"it is a canary",
       ingress_of(by_class + kRules, canary),
       kController,
       "",
       "Refused",
       "is a canary itself"},
      {"it does not name the Service",
       ingress_of(by_class + R"("defaultBackend":{"service":{"name":"checkout"}})"),
       kController,
       "",
       "Refused",
       "does not name the Service checkout in a path"},
      {"it names no class",
       ingress_of(kRules),
       kController,
       "",
       "Refused",
       "spec.ingressClassName"},
      {"its class does not exist",
       usual_ingress(),
       "",
       "",
       "Refused",
       "IngressClass nginx, does not exist"},
      {"its class is of another controller",
       usual_ingress(),
       R"({"spec":{"controller":"nginx.org/ingress-controller"}})",
       "",
       "Refused",
       "nginx.org/ingress-controller and not k8s.io/ingress-nginx"},
      {"its class by annotation is of another controller",
       ingress_of(kRules, by_annotation + R"("nginx")"),
       R"({"spec":{"controller":"nginx.org/ingress-controller"}})",
       "",
       "Refused",
       "nginx.org/ingress-controller"},
      {"its class by annotation is unknown",
       ingress_of(kRules, by_annotation + R"("internal")"),
       kController,
       "",
       "Refused",
       "IngressClass internal, does not exist"},
      {"another canary of a path",
       usual_ingress(),
       kController,
       ingress_of(kRules, canary),
       "Refused",
       "Ingress shop/other is a canary of shop.example/cart already"},
  };
}

TEST(RolloutIngress, refuses_by_name_what_it_cannot_share_out) {
  for (const RefusalCase& one : refusal_cases()) {
    SCOPED_TRACE(one.sentence);
    Shop shop = ingress_shop(one.ingress.empty() ? usual_ingress() : one.ingress);
    if (one.ingress.empty()) shop.remove(kIngress);
    if (one.classes.empty())
      shop.remove(kNginx);
    else
      shop.add(kNginx, one.classes);
    if (!one.other.empty()) shop.add(kOther, one.other);
    shop.run_until(kStart + minutes(2));
    EXPECT_EQ(rollout_row(shop).state, one.state);
    EXPECT_THAT(rollout_row(shop).message, HasSubstr(one.message));
    EXPECT_TRUE(shop.told.contains("RolloutRefused"));
    EXPECT_FALSE(stands(shop));
    // It is asked again: what was wrong may have been mended.
    shop.add(kIngress, usual_ingress());
    shop.add(kNginx, kController);
    shop.remove(kOther);
    shop.run_until(kStart + minutes(5));
    EXPECT_TRUE(stands(shop)) << rollout_row(shop).message;
  }
}

TEST(RolloutIngress, begins_where_nothing_is_in_its_way) {
  const std::string canary = R"("nginx.ingress.kubernetes.io/canary":"true")";
  const std::string elsewhere =
      R"("rules":[{"host":"shop.example","http":{"paths":[{"path":"/","backend":{"service":{"name":"x"}}}]}}])";
  struct Case {
    const char* sentence;
    std::string ingress, classes, other;
  };
  const Case cases[] = {
      {"a class by annotation, without an IngressClass",
       ingress_of(kRules, R"("kubernetes.io/ingress.class":"nginx")"),
       "",
       ""},
      {"a class by annotation, with one",
       ingress_of(kRules, R"("kubernetes.io/ingress.class":"nginx")"),
       kController,
       ""},
      {"another Ingress of the path", usual_ingress(), kController, ingress_of(kRules)},
      {"a canary of another path", usual_ingress(), kController, ingress_of(elsewhere, canary)},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.sentence);
    Shop shop = ingress_shop(one.ingress);
    shop.remove(kNginx);
    if (!one.classes.empty()) shop.add(kNginx, one.classes);
    if (!one.other.empty()) shop.add(kOther, one.other);
    shop.run_until(kStart + seconds(30));
    EXPECT_EQ(split_of(shop), "90/10") << rollout_row(shop).message;
    const bool by_annotation = one.ingress.find("kubernetes.io/ingress.class") != std::string::npos;
    EXPECT_EQ(shop.at(copy_of(shop), "/metadata/annotations/kubernetes.io~1ingress.class"),
              by_annotation ? Value(Json{R"("nginx")"}) : Value());
  }
}

TEST(RolloutIngress, waits_while_it_is_not_known_or_not_allowed) {
  Shop unknown = ingress_shop();
  unknown.instead.emplace(kIngress, Unread{"its list is old"});
  unknown.run_until(kStart + seconds(30));
  EXPECT_EQ(rollout_row(unknown).state, "Unknown");
  EXPECT_FALSE(stands(unknown));
  unknown.instead.clear();
  unknown.run_until(kStart + minutes(1));
  EXPECT_TRUE(stands(unknown));

  Shop denied = ingress_shop();
  denied.denied.insert("Ingress");
  denied.run_until(kStart + seconds(30));
  EXPECT_EQ(rollout_row(denied).state, "Forbidden");
  EXPECT_THAT(rollout_row(denied).message, HasSubstr("may not create Ingress"));
  EXPECT_FALSE(stands(denied));
}

TEST(RolloutIngress, goes_back_when_the_spec_names_another_router) {
  Shop shop = at_half();
  shop.sale.spec->rollouts[0].traffic = {
      .http_route = api::RouteTraffic{.name = "elsewhere", .backend = "checkout"}};
  shop.run_until(shop.clock + minutes(10));
  EXPECT_EQ(rollout_row(shop).state, "RolledBack");
  EXPECT_THAT(rollout_row(shop).message, HasSubstr("traffic was changed"));
  EXPECT_FALSE(stands(shop));
}

TEST(RolloutIngress, a_preview_that_is_taken_out_of_the_spec_leaves_nothing) {
  Shop shop = ingress_shop();
  shop.sale.spec->rollouts[0].strategy = {.blue_green =
                                              api::BlueGreenSpec{.preview = {"1h", minutes(60)}}};
  shop.run_until(kStart + minutes(1));
  ASSERT_TRUE(shop.objects.contains(copy_of(shop)));
  shop.sale.spec->rollouts.clear();
  shop.run_until(kStart + minutes(10));
  EXPECT_FALSE(stands(shop)) << rollout_row(shop).message;
}

TEST(RolloutIngress, is_refused_by_its_own_name_where_it_may_not_be_held) {
  Shop shop = ingress_shop();
  std::erase_if(shop.setup.allow.kinds, [](const auto& kind) { return kind.kind == "Ingress"; });
  shop.run_until(kStart + seconds(30));
  EXPECT_THAT(shop.sale.status.message, HasSubstr("spec.rollouts[0].traffic.ingress"));
  EXPECT_FALSE(stands(shop));
}

}  // namespace
}  // namespace doorbuster::planner
