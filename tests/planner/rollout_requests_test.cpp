// What the candidate gets besides its share: requests by a header or a cookie, and copies.
#include "controllers/planner/rollout_requests.h"

#include "controllers/planner/rollout_virtual_service.h"
#include "controllers/planner/router.h"
#include "operator/base/json_read.h"
#include "tests/planner/rollout_shop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace doorbuster::planner {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

const Sides kSides{"shop", "a", "c"};
const api::RequestMatch kBeta{.header = api::HeaderMatch{"X-Beta", "1"}, .cookie = {}};
const api::RequestMatch kCookie{.header = {}, .cookie = api::CookieMatch{"be.ta", "v.1"}};

JsonView view(const std::string& text) { return *JsonView::parse(text); }

struct RequestCase {
  const char* sentence;
  const WeightedForm& form;
  std::string rules;
  Split split;
  std::string then;
};

std::vector<RequestCase> request_cases() {
  const std::string path = R"("path":{"type":"PathPrefix","value":"/"})";
  const std::string beta = R"({"type":"Exact","name":"X-Beta","value":"1"})";
  const std::string pattern = R"j("(^|.*; ?)be\\.ta=v\\.1(;.*|$)")j";
  const std::string cookie =
      R"({"type":"RegularExpression","name":"cookie","value":)" + pattern + "}";
  const std::string mirror =
      R"({"type":"RequestMirror","requestMirror":{"backendRef":{"name":"c","port":80})";
  return {
      {"nothing besides",
       kGatewayForm,
       R"([{"backendRefs":[{"name":"a"}]}])",
       {},
       R"([{"backendRefs":[{"name":"a"}]}])"},
      {"a rule without matches is of all paths",
       kGatewayForm,
       R"([{"name":"all","backendRefs":[{"name":"a","port":80}],"timeouts":{"request":"5s"}}])",
       {.percent = 0, .match = {kBeta}},
       R"([{"name":"all","backendRefs":[{"name":"a","port":80}],"timeouts":{"request":"5s"}},)"
       R"({"matches":[{)" +
           path + R"(,"headers":[)" + beta +
           R"(]}],"timeouts":{"request":"5s"},"backendRefs":[{"name":"c","port":80,"weight":1}]}])"},
      {"each match with each of the step's, and its share of the rest",
       kGatewayForm,
       R"([{"matches":[{"path":{"value":"/x"},"headers":[{"name":"h","value":"1"}]}],"backendRefs":[{"name":"a"}]}])",
       {.percent = 10, .match = {kBeta, kCookie}},
       R"([{"matches":[{"path":{"value":"/x"},"headers":[{"name":"h","value":"1"}]}],)"
       R"("backendRefs":[{"name":"a","weight":90},{"name":"c","weight":10}]},)"
       R"({"matches":[{"path":{"value":"/x"},"headers":[{"name":"h","value":"1"},)" +
           beta + R"(]},{"path":{"value":"/x"},"headers":[{"name":"h","value":"1"},)" + cookie +
           R"(]}],"backendRefs":[{"name":"c","weight":1}]}])"},
      {"rules to others, and to the target at no weight, are left alone",
       kGatewayForm,
       R"([{"backendRefs":[{"name":"b"}]},{"backendRefs":[{"name":"a","weight":0},{"name":"b"}]}])",
       {.percent = 0, .match = {kBeta}, .mirror = 10},
       R"([{"backendRefs":[{"name":"b"}]},{"backendRefs":[{"name":"a","weight":0},{"name":"b"}]}])"},
      {"copies of a part",
       kGatewayForm,
       R"([{"backendRefs":[{"name":"a","port":80,"weight":1}],"filters":[{"type":"X"}]}])",
       {.percent = 0, .match = {}, .mirror = 10},
       R"([{"backendRefs":[{"name":"a","port":80,"weight":1}],"filters":[{"type":"X"},)" + mirror +
           R"(,"percent":10}}]}])"},
      {"copies of all say no percentage, which earlier APIs do not know",
       kGatewayForm,
       R"([{"backendRefs":[{"name":"a","port":80}]}])",
       {.percent = 0, .match = {}, .mirror = 100},
       R"([{"backendRefs":[{"name":"a","port":80}],"filters":[)" + mirror + R"(}}]}])"},
      {"calls of a GRPCRoute without matches",
       kGrpcForm,
       R"([{"backendRefs":[{"name":"a"}]}])",
       {.percent = 0, .match = {kBeta}},
       R"([{"backendRefs":[{"name":"a"}]},{"matches":[{"headers":[)" + beta +
           R"(]}],"backendRefs":[{"name":"c","weight":1}]}])"},
      {"a VirtualService has names in lower case",
       kVirtualServiceForm,
       R"([{"match":[{"uri":{"prefix":"/x"}}],"route":[{"destination":{"host":"a","subset":"s"}}],"retries":{"attempts":2}}])",
       {.percent = 0, .match = {kBeta, kCookie}},
       R"([{"match":[{"uri":{"prefix":"/x"},"headers":{"x-beta":{"exact":"1"}}},)"
       R"({"uri":{"prefix":"/x"},"headers":{"cookie":{"regex":)" +
           pattern +
           R"(}}}],"retries":{"attempts":2},"route":[{"destination":{"host":"c"},"weight":100}]},)"
           R"({"match":[{"uri":{"prefix":"/x"}}],"route":[{"destination":{"host":"a","subset":"s"}}],"retries":{"attempts":2}}])"},
      {"and a mirror of its own",
       kVirtualServiceForm,
       R"([{"route":[{"destination":{"host":"a","port":{"number":80}}}]}])",
       {.percent = 0, .match = {}, .mirror = 10},
       R"([{"route":[{"destination":{"host":"a","port":{"number":80}}}],)"
       R"("mirror":{"host":"c","port":{"number":80}},"mirrorPercentage":{"value":10}}])"},
  };
}

TEST(RouteRequests, are_written_as_rules_and_read_back) {
  for (const RequestCase& one : request_cases()) {
    SCOPED_TRACE(one.sentence);
    const auto made = with_split(one.form, view(one.rules), kSides, one.split);
    ASSERT_TRUE(made.ok()) << made.error().message;
    EXPECT_EQ(made->text, one.then);
    const Shares shares = shares_of(one.form, view(made->text), kSides);
    const bool changed = one.rules != one.then;
    EXPECT_EQ(shares.candidate, changed ? one.split.percent : 0);
    EXPECT_EQ(shares.matched, changed && !one.split.match.empty());
    EXPECT_EQ(shares.mirrored, changed ? one.split.mirror : 0);
    EXPECT_EQ(shares.names_candidate, changed);
  }
}

TEST(RouteRequests, of_somebody_elses_rules_are_taken_out) {
  for (const RequestCase& one : request_cases()) {
    if (one.split.percent > 0) continue;  // weights are written anew
    SCOPED_TRACE(one.sentence);
    EXPECT_EQ(without_candidate(one.form, view(one.then), kSides).text, one.rules);
  }
  EXPECT_EQ(
      without_candidate(
          kGatewayForm,
          view(
              R"([{"matches":[{"headers":[{"name":"h","value":"1"}]}],"backendRefs":[{"name":"c"}]}])"),
          kSides)
          .text,
      R"([{"matches":[{"headers":[{"name":"h","value":"1"}]}],"backendRefs":[{"name":"a","weight":1}]}])")
      << "what is no rule beside another's goes to the target, never nowhere";
  EXPECT_EQ(without_candidate(kVirtualServiceForm,
                              view(R"([{"route":[{"destination":{"host":"a"}}],)"
                                   R"("mirrors":[{"destination":{"host":"c"}}]}])"),
                              kSides)
                .text,
            R"([{"route":[{"destination":{"host":"a"}}]}])");
}

TEST(RouteRequests, which_a_kind_cannot_say_are_refused) {
  const auto rules = [](std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i)
      out += std::string(i == 0 ? "[" : ",") + R"({"matches":[{"path":{"value":"/)" +
             std::to_string(i) + R"("}}],"backendRefs":[{"name":"a"}]})";
    return out + "]";
  };
  const auto one_rule = [](std::size_t matches) {
    std::string out = R"([{"backendRefs":[{"name":"a"}],"matches":[)";
    for (std::size_t i = 0; i < matches; ++i)
      out +=
          std::string(i == 0 ? "" : ",") + R"({"path":{"value":"/)" + std::to_string(i) + R"("}})";
    return out + "]}]";
  };
  const Split beta{.percent = 0, .match = {kBeta}}, both{.percent = 0, .match = {kBeta, kCookie}};
  const Split mirror{.percent = 0, .match = {}, .mirror = 10};
  const RequestCase cases[] = {
      {"more rules than a route may have", kGatewayForm, rules(9), beta, "18 rules"},
      {"more matches than a rule may have", kGatewayForm, one_rule(33), both, "66 matches"},
      {"more matches than a route may have", kGatewayForm, one_rule(64), beta, ""},
      {"the header asked for already",
       kGatewayForm,
       R"([{"matches":[{"headers":[{"name":"x-beta","value":"2"}]}],"backendRefs":[{"name":"a"}]}])",
       beta,
       "by the header X-Beta already"},
      {"somebody else's rule of the same path by a header",
       kGatewayForm,
       R"([{"matches":[{"path":{"value":"/"}}],"backendRefs":[{"name":"a"}]},)"
       R"({"matches":[{"path":{"value":"/"},"headers":[{"name":"h","value":"1"}]}],"backendRefs":[{"name":"b"}]}])",
       beta,
       "would lose requests"},
      {"the header of a VirtualService",
       kVirtualServiceForm,
       R"([{"match":[{"headers":{"x-beta":{"exact":"2"}}}],"route":[{"destination":{"host":"a"}}]}])",
       beta,
       "by the header x-beta already"},
      {"a VirtualService that mirrors to somebody",
       kVirtualServiceForm,
       R"([{"route":[{"destination":{"host":"a"}}],"mirror":{"host":"b"}}])",
       mirror,
       "mirrors already"},
      {"a TraefikService", kTraefikForm, R"([{"name":"a"}])", beta, "nothing of requests"},
  };
  for (const RequestCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    const auto made = with_split(one.form, view(one.rules), kSides, one.split);
    EXPECT_EQ(made.ok(), one.then.empty());
    if (!made.ok()) {
      EXPECT_THAT(made.error().message, HasSubstr(one.then));
    }
  }
}

/// A rule of a random route: to the target, to somebody else, or to both.
std::string random_rule(std::mt19937& random, std::size_t i) {
  static const char* const kBackends[] = {R"({"name":"a"})",
                                          R"({"name":"b","weight":2})",
                                          R"({"name":"a","weight":3},{"name":"b"})",
                                          R"({"name":"a","weight":1},{"name":"b","weight":0})"};
  static const char* const kHeaders[] = {
      "", R"(,"headers":[{"name":"h","value":"1"}])", R"(,"method":"GET")"};
  std::string out = "{";
  if (random() % 4 != 0) {
    out += R"("matches":[{"path":{"type":"PathPrefix","value":"/)" + std::to_string(i) + "\"}";
    out += kHeaders[random() % 3];
    out += "}],";
  }
  if (random() % 3 == 0) out += R"("filters":[{"type":"RequestHeaderModifier"}],)";
  return out + R"("backendRefs":[)" + kBackends[random() % 4] + "]}";
}

TEST(RouteRequests, of_random_rules_leave_the_authors_behind) {
  std::mt19937 random(26);  // NOLINT(cert-msc51-cpp): the same each time
  for (int round = 0; round < 500; ++round) {
    std::string rules;
    const std::size_t count = 1 + random() % 5;
    for (std::size_t i = 0; i < count; ++i) rules += (i == 0 ? "[" : ",") + random_rule(random, i);
    rules += "]";
    SCOPED_TRACE(rules);
    Split split;
    if (random() % 2 == 0) split.match = {kBeta};
    if (random() % 2 == 0) split.match.push_back(kCookie);
    if (random() % 2 == 0) split.mirror = 1 + static_cast<int>(random() % 100);
    const auto made = with_split(kGatewayForm, view(rules), kSides, split);
    if (!made) continue;  // a rule of all paths beside another's
    const JsonView after = view(made->text);
    EXPECT_EQ(without_candidate(kGatewayForm, after, kSides).text, rules);
    EXPECT_EQ(shares_of(kGatewayForm, after, kSides).candidate, 0);
    for (const JsonView& rule : after.elements()) {
      const auto refs = elements_of(rule, "backendRefs");
      ASSERT_FALSE(refs.empty());
      if (text_of(refs.front(), "name") != "c") continue;
      for (const JsonView& match : elements_of(rule, "matches")) {
        const auto headers = elements_of(match, "headers");
        ASSERT_FALSE(headers.empty());
        EXPECT_TRUE(text_of(headers.back(), "name") == "X-Beta" ||
                    text_of(headers.back(), "name") == "cookie");
      }
    }
  }
}

/// v2 is mirrored, then of those who ask for it, then of half besides; a minute each.
Shop shop_with_requests() {
  Shop shop = shop_with_check();
  const api::DurationText minute{"1m", minutes(1)};
  shop.sale.spec->rollouts[0].strategy.canary =
      api::CanarySpec{{{.weight = 0, .mirror = 20, .pause = minute},
                       {.weight = 0, .match = {kBeta}, .pause = minute},
                       {.weight = 50, .match = {kBeta}, .pause = minute}}};
  return shop;
}

Shares shares_in(const Shop& shop) {
  const RouterAsked asked = router_asked(shop.sale.spec->rollouts.front().traffic, "shop");
  const Value field = shop.at(asked.object, asked.router->field);
  return asked.router->shares(view(field->text),
                              {"shop", "checkout", candidate_service_of(shop).name});
}

/// Until its first step has its copies.
void run_until_mirrored(Shop& shop) {
  shop.run_until(kStart + seconds(30));
  measure(shop, 0);
  shop.run_until(kStart + seconds(40));
  ASSERT_EQ(shares_in(shop).mirrored, 20) << rollout_row(shop).message;
}

TEST(RolloutRequests, come_step_by_step_and_are_gone_afterwards) {
  Shop shop = shop_with_requests();
  const Value before = shop.at(kRoute, "/spec");
  run_until_mirrored(shop);
  EXPECT_EQ(rollout_row(shop).message, "20 % mirrored");
  EXPECT_EQ(shop.number(candidate_of(shop), "/spec/replicas"), 2);
  EXPECT_EQ(split_of(shop), "100/0");
  shop.run_until(kStart + minutes(1) + seconds(40));
  EXPECT_EQ(shares_in(shop).mirrored, 0);
  EXPECT_TRUE(shares_in(shop).matched);
  EXPECT_THAT(rollout_row(shop).message, HasSubstr("requests with X-Beta=1"));
  EXPECT_EQ(split_of(shop), "100/0");
  shop.run_until(kStart + minutes(2) + seconds(40));
  EXPECT_TRUE(shares_in(shop).matched);
  EXPECT_EQ(split_of(shop), "50/50");
  shop.run_until(kStart + minutes(5));
  EXPECT_EQ(rollout_row(shop).state, "Baking");
  EXPECT_TRUE(shares_in(shop).matched) << "the last step's stay while it bakes";
  for (int minute = 6; minute < 40; ++minute) {
    measure(shop, 0);
    shop.run_until(kStart + minutes(minute));
  }
  EXPECT_EQ(rollout_row(shop).state, "Promoted") << rollout_row(shop).message;
  EXPECT_EQ(shop.at(kRoute, "/spec"), before);
  EXPECT_FALSE(stands(shop));
}

struct BackCase {
  const char* sentence;
  Duration at;  ///< after the start
  void (*what)(Shop&);
};

TEST(RolloutRequests, are_taken_back_in_the_round_that_is_told) {
  const BackCase cases[] = {
      {"desired is Stable while it is mirrored",
       seconds(40),
       [](Shop& shop) { shop.sale.spec->rollouts[0].desired = api::DesiredRevision::Stable; }},
      {"desired is Stable while it is matched",
       seconds(100),
       [](Shop& shop) { shop.sale.spec->rollouts[0].desired = api::DesiredRevision::Stable; }},
      {"a bad check while it is mirrored", seconds(40), [](Shop& shop) { measure(shop, 1); }},
      {"a bad check while it is matched", seconds(100), [](Shop& shop) { measure(shop, 1); }},
      {"no pod is ready while it is matched",
       seconds(100),
       [](Shop& shop) {
         shop.others = [gateway = shop.others](Shop& now) {
           gateway(now);
           if (now.objects.contains(candidate_of(now)))
             now.say(candidate_of(now), "/status/availableReplicas", Json{"0"});
         };
         shop.others(shop);
       }},
      {"out of the spec", seconds(100), [](Shop& shop) { shop.sale.spec->rollouts.clear(); }},
  };
  for (const BackCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    Shop shop = shop_with_requests();
    const Value before = shop.at(kRoute, "/spec/rules");
    run_until_mirrored(shop);
    shop.run_until(kStart + one.at);
    ASSERT_NE(shop.at(kRoute, "/spec/rules"), before);
    one.what(shop);
    shop.round();
    EXPECT_EQ(shop.at(kRoute, "/spec/rules"), before);
    shop.run_until(kStart + minutes(30));
    EXPECT_FALSE(stands(shop));
    EXPECT_EQ(shop.at(kRoute, "/spec/rules"), before);
  }
}

TEST(RolloutRequests, of_another_spec_are_written_at_once) {
  Shop shop = shop_with_requests();
  run_until_mirrored(shop);
  shop.run_until(kStart + seconds(100));
  shop.sale.spec->rollouts[0].strategy.canary->steps[1].match = {kCookie};
  shop.run_until(kStart + seconds(110));
  EXPECT_TRUE(shares_in(shop).matched);
  EXPECT_THAT(shop.at(kRoute, "/spec/rules")->text, HasSubstr("be\\\\.ta=v\\\\.1"));
  EXPECT_THAT(rollout_row(shop).message, HasSubstr("requests with cookie be.ta=v.1"));
}

TEST(RolloutRequests, in_rules_that_somebody_changed_are_taken_out_by_a_rollback) {
  Shop shop = shop_with_requests();
  run_until_mirrored(shop);
  shop.run_until(kStart + seconds(100));
  const std::string rules = shop.at(kRoute, "/spec/rules")->text;
  const std::string theirs = R"({"matches":[{"path":{"type":"Exact","value":"/new"}}],)"
                             R"("backendRefs":[{"name":"new","port":80,"weight":1}]})";
  shop.change(kRoute,
              "/spec/rules",
              Json{rules.substr(0, rules.size() - 1) + "," + theirs + "]"},
              "kubectl-edit");
  shop.run_until(kStart + seconds(110));
  EXPECT_EQ(rollout_row(shop).state, "Contested");
  shop.sale.spec->rollouts[0].desired = api::DesiredRevision::Stable;
  shop.run_until(kStart + minutes(10));
  EXPECT_EQ(shop.at(kRoute, "/spec/rules")->text,
            R"([{"backendRefs":[{"name":"checkout","port":80,"weight":1}]},)" + theirs + "]");
  EXPECT_FALSE(stands(shop));
}

TEST(RolloutRequests, that_the_api_would_not_keep_are_refused_before_anything_is_made) {
  struct Case {
    const char* sentence;
    const char* lost;  ///< JSON Pointer into a rule
    int mirror;
    bool refused;
  };
  const Case cases[] = {
      {"no percentage", "/0/filters/0/requestMirror/percent", 20, true},
      {"no percentage, and all is mirrored", "/0/filters/0/requestMirror/percent", 100, false},
      {"no filter", "/0/filters", 20, true},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.sentence);
    Shop shop = shop_with_requests();
    shop.sale.spec->rollouts[0].strategy.canary->steps[0].mirror = one.mirror;
    shop.render = [made = shop.render, &one](const Shop& now, const Question& question) {
      const Json out = made(now, question);
      if (question.about.kind != "HTTPRoute") return out;
      const auto less = with_value(out, std::string("/spec/rules") + one.lost, std::nullopt);
      return less ? *less : out;
    };
    shop.run_until(kStart + seconds(40));
    EXPECT_EQ(rollout_row(shop).state == "Refused", one.refused) << rollout_row(shop).message;
    EXPECT_EQ(stands(shop), !one.refused);
    if (one.refused) {
      EXPECT_THAT(rollout_row(shop).message, HasSubstr("step 1"));
    }
  }
}

TEST(RolloutRequests, that_no_rule_can_say_are_refused_before_anything_is_made) {
  Shop shop = shop_with_requests();
  shop.change(kRoute,
              "/spec/rules",
              Json{R"([{"matches":[{"headers":[{"name":"x-beta","value":"2"}]}],)"
                   R"("backendRefs":[{"name":"checkout","port":80}]}])"},
              "kubectl-edit");
  shop.run_until(kStart + seconds(40));
  EXPECT_EQ(rollout_row(shop).state, "Refused");
  EXPECT_THAT(rollout_row(shop).message, HasSubstr("step 2"));
  EXPECT_THAT(rollout_row(shop).message, HasSubstr("X-Beta already"));
  EXPECT_FALSE(stands(shop));
}

}  // namespace
}  // namespace doorbuster::planner
