// Rules of a route and the candidate's share of them, as tables.
#include "controllers/planner/rollout_route.h"

#include "controllers/planner/rollout_candidate.h"
#include "controllers/planner/rollout_requests.h"
#include "controllers/planner/rollout_virtual_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::planner {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

const Sides kSides{"shop", "a", "a-2"};
const Sides kOthers{"shop", "a", "c"};

std::string rule(const std::string& refs) { return R"([{"backendRefs":[)" + refs + "]}]"; }

JsonView view(const std::string& text) { return *JsonView::parse(text); }

struct ShareCase {
  const char* sentence;
  std::string rules;
  int percent;
  std::string then;
};

TEST(RouteShare, is_written_as_weights_and_read_back) {
  const ShareCase cases[] = {
      {"one Service without a weight",
       rule(R"({"name":"a","port":80})"),
       10,
       rule(R"({"name":"a","port":80,"weight":90},{"name":"a-2","port":80,"weight":10})")},
      {"a weight of its own says nothing where nobody else is",
       rule(R"({"name":"a","weight":7})"),
       50,
       rule(R"({"name":"a","weight":50},{"name":"a-2","weight":50})")},
      {"all of it",
       rule(R"({"name":"a","port":80})"),
       100,
       rule(R"({"name":"a","port":80,"weight":0},{"name":"a-2","port":80,"weight":100})")},
      {"others keep what they have",
       rule(R"({"name":"a","weight":3},{"name":"b","weight":1})"),
       25,
       rule(R"({"name":"a","weight":225},{"name":"a-2","weight":75},{"name":"b","weight":100})")},
      {"Services of other namespaces are others",
       rule(R"({"name":"a","namespace":"x"})"),
       25,
       rule(R"({"name":"a","namespace":"x"})")},
      {"a Service whose namespace is said",
       rule(R"({"name":"a","namespace":"shop"})"),
       25,
       rule(
           R"({"name":"a","namespace":"shop","weight":75},{"name":"a-2","namespace":"shop","weight":25})")},
      {"nothing of it", rule(R"({"name":"a","weight":7})"), 0, rule(R"({"name":"a","weight":7})")},
  };
  for (const ShareCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    const auto made = with_split(kGatewayForm, view(one.rules), kSides, {.percent = one.percent});
    ASSERT_TRUE(made.ok());
    EXPECT_EQ(made->text, one.then);
    const Shares shares = shares_of(kGatewayForm, view(made->text), kSides);
    if (shares.names_stable) {
      EXPECT_EQ(shares.candidate, one.percent);
    }
  }
}

TEST(RouteShare, of_a_traefik_service_the_one_list_is_shared_out) {
  const std::string before =
      R"([{"name":"a","port":80,"sticky":{}},{"kind":"TraefikService","name":"a","weight":2}])";
  const auto made = with_split(kTraefikForm, view(before), kSides, {.percent = 25});
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->text,
            R"([{"name":"a","port":80,"sticky":{},"weight":75},)"
            R"({"name":"a-2","port":80,"sticky":{},"weight":25},)"
            R"({"kind":"TraefikService","name":"a","weight":200}])");
  EXPECT_EQ(shares_of(kTraefikForm, view(made->text), kSides).candidate, 25);
  EXPECT_EQ(without_candidate(kTraefikForm, view(made->text), kSides).text,
            R"([{"name":"a","port":80,"sticky":{},"weight":100},)"
            R"({"kind":"TraefikService","name":"a","weight":200}])");
  EXPECT_EQ(without_candidate(kTraefikForm, view(before), kSides).text, before);
}

TEST(RouteShare, of_a_virtual_service_in_percents_and_without_a_subset) {
  const auto route = [](const std::string& refs) { return R"([{"route":[)" + refs + "]}]"; };
  const ShareCase cases[] = {
      {"by its name",
       route(R"({"destination":{"host":"a","subset":"v1","port":{"number":80}}})"),
       25,
       route(R"({"destination":{"host":"a","subset":"v1","port":{"number":80}},"weight":75},)"
             R"({"destination":{"host":"a-2","port":{"number":80}},"weight":25})")},
      {"by its whole name",
       route(R"({"destination":{"host":"a.shop.svc.cluster.local"},"weight":100})"),
       100,
       route(R"({"destination":{"host":"a.shop.svc.cluster.local"},"weight":0},)"
             R"({"destination":{"host":"a-2.shop.svc.cluster.local"},"weight":100})")},
      {"other hosts",
       route(R"({"destination":{"host":"a.example"}},{"destination":{"host":"b"},"weight":100})"),
       25,
       route(R"({"destination":{"host":"a.example"}},{"destination":{"host":"b"},"weight":100})")},
  };
  for (const ShareCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    const auto made =
        with_split(kVirtualServiceForm, view(one.rules), kSides, {.percent = one.percent});
    ASSERT_TRUE(made.ok());
    EXPECT_EQ(made->text, one.then);
    const Shares shares = shares_of(kVirtualServiceForm, view(made->text), kSides);
    if (shares.names_stable) {
      EXPECT_EQ(shares.candidate, one.percent);
    }
  }
  const std::string beside =
      route(R"({"destination":{"host":"a"},"weight":50},{"destination":{"host":"b"},"weight":50})");
  const auto refused = with_split(kVirtualServiceForm, view(beside), kSides, {.percent = 25});
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message, HasSubstr("percents"));
}

TEST(RouteShare, every_percent_is_read_as_it_was_written) {
  for (int percent = 1; percent <= 100; ++percent) {
    for (const char* refs :
         {R"({"name":"a"})", R"({"name":"a","weight":3},{"name":"b","weight":9})"}) {
      const std::string rules = rule(refs);
      EXPECT_EQ(
          shares_of(
              kGatewayForm,
              view(with_split(kGatewayForm, view(rules), kOthers, {.percent = percent})->text),
              kOthers)
              .candidate,
          percent);
    }
  }
}

TEST(RouteShare, a_weight_beyond_the_api_is_refused) {
  const auto made = with_split(kGatewayForm,
                               view(rule(R"({"name":"a","weight":10001},{"name":"b","weight":1})")),
                               kOthers,
                               {.percent = 10});
  ASSERT_FALSE(made.ok());
  EXPECT_THAT(made.error().message, HasSubstr("10000"));
}

TEST(RouteShare, rules_of_others_lose_only_the_candidate) {
  const ShareCase cases[] = {
      {"beside the target",
       rule(R"({"name":"a","weight":7},{"name":"c","weight":3})"),
       0,
       rule(R"({"name":"a","weight":7})")},
      {"instead of the target",
       rule(R"({"name":"c","port":80,"weight":3})"),
       0,
       rule(R"({"name":"a","port":80,"weight":3})")},
      {"with a target that gets nothing",
       rule(R"({"name":"a","weight":0},{"name":"c","weight":100})"),
       0,
       rule(R"({"name":"a","weight":100})")},
      {"beside the target and others, who get none of it",
       rule(R"({"name":"a","weight":5},{"name":"b","weight":2},{"name":"c","weight":3})"),
       0,
       rule(R"({"name":"a","weight":8},{"name":"b","weight":2})")},
      {"nowhere", rule(R"({"name":"b"})"), 0, rule(R"({"name":"b"})")},
  };
  for (const ShareCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    EXPECT_EQ(without_candidate(kGatewayForm, view(one.rules), kOthers).text, one.then);
  }
}

TEST(TemplateChanges, are_the_leaves_that_differ) {
  const auto changes = [](const char* from, const char* to) {
    return template_changes(view(from), view(to));
  };
  const char* before =
      R"({"spec":{"containers":[{"name":"app","image":"a:1","env":[{"name":"V","value":"1"}]}]}})";
  EXPECT_TRUE(changes(before, before)->empty());
  EXPECT_THAT(
      *changes(
          before,
          R"({"spec":{"containers":[{"name":"app","image":"a:2","env":[{"name":"V","value":"1"}]}]}})"),
      ElementsAre(Pair("/spec/template/spec/containers/[name=app]/image", Json{R"("a:2")"})));
  EXPECT_THAT(
      *changes(
          before,
          R"({"spec":{"containers":[{"name":"app","image":"a:1","env":[{"name":"V","value":"1"},{"name":"W","value":"2"}]}]}})"),
      ElementsAre(Pair("/spec/template/spec/containers/[name=app]/env",
                       Json{R"([{"name":"V","value":"1"},{"name":"W","value":"2"}])"})));
  EXPECT_THAT(*changes("{}", R"({"metadata":{"annotations":{"a/b":"c"}}})"),
              ElementsAre(Pair("/spec/template/metadata", Json{R"({"annotations":{"a/b":"c"}})"})));
  EXPECT_FALSE(changes(before, R"({"spec":{"containers":[{"name":"app","image":"a:1"}]}})").ok())
      << "a hold cannot take away";
}

}  // namespace
}  // namespace doorbuster::planner
