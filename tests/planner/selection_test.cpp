// Targets that are found by their labels.
#include "controllers/planner/selection.h"

#include "tests/planner/shop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::planner {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

constexpr const char* kMin = "/spec/minReplicas";

api::LabelRequirement require(const std::string& key,
                              api::LabelOperator op,
                              std::vector<std::string> values = {}) {
  return {.key = key, .op = op, .values = std::move(values)};
}

struct SelectCase {
  const char* sentence;
  api::LabelSelector selector;
  Labels labels;
  bool matches;
};

TEST(Selection, follows_the_rules_of_kubernetes_label_selectors) {
  using Op = api::LabelOperator;
  const Labels both{{"tier", "2"}, {"app", "search"}};
  const SelectCase cases[] = {
      {"a label of that value", {.match_labels = {{"tier", "2"}}}, both, true},
      {"of another", {.match_labels = {{"tier", "1"}}}, both, false},
      {"none", {.match_labels = {{"zone", "2"}}}, both, false},
      {"all must match", {.match_labels = {{"tier", "2"}, {"app", "cart"}}}, both, false},
      {"one of", {.match_expressions = {require("app", Op::In, {"cart", "search"})}}, both, true},
      {"none of", {.match_expressions = {require("app", Op::NotIn, {"cart"})}}, both, true},
      {"NotIn holds without the label",
       {.match_expressions = {require("x", Op::NotIn, {"y"})}},
       {},
       true},
      {"In does not", {.match_expressions = {require("x", Op::In, {"y"})}}, {}, false},
      {"there", {.match_expressions = {require("app", Op::Exists)}}, both, true},
      {"not there", {.match_expressions = {require("app", Op::DoesNotExist)}}, both, false},
      {"both kinds together",
       {.match_labels = {{"tier", "2"}},
        .match_expressions = {require("canary", Op::DoesNotExist)}},
       both,
       true},
  };
  for (const SelectCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    EXPECT_EQ(selects(one.selector, one.labels), one.matches);
  }
}

TEST(Selection, is_asked_for_in_the_words_of_the_api_server) {
  using Op = api::LabelOperator;
  const api::LabelSelector selector{.match_labels = {{"tier", "2"}},
                                    .match_expressions = {require("app", Op::In, {"b", "a"}),
                                                          require("env", Op::NotIn, {"test"}),
                                                          require("owner", Op::Exists),
                                                          require("canary", Op::DoesNotExist)}};
  EXPECT_EQ(selector_text(selector), "!canary,app in (a,b),env notin (test),owner,tier=2");
}

ObjectRef deployment(const std::string& name) { return {"apps", "Deployment", "shop", name}; }
ObjectRef autoscaler(const std::string& name) {
  return {"autoscaling", "HorizontalPodAutoscaler", "shop", name};
}

void add_service(Shop& shop, const std::string& name, const std::string& tier) {
  shop.add_workload(name, 4);
  shop.add_autoscaler(name, json_of(std::int64_t{4}), 20);
  shop.change(deployment(name), "/metadata/labels", Json{R"({"tier":")" + tier + "\"}"}, "kubectl");
}

api::TargetSpec tier_two() {
  api::TargetSpec out = target_times("tier-2", "3");
  out.ref.reset();
  out.selector.match_labels = {{"tier", "2"}};
  out.kinds = {"Deployment"};
  return out;
}

/// Two services of tier 2 and one of tier 1; the sale is of tier 2.
Shop tiers() {
  Shop shop;
  add_service(shop, "search", "2");
  add_service(shop, "reviews", "2");
  add_service(shop, "cart", "1");
  shop.sale.spec->capacity.targets = {tier_two()};
  shop.clock = shop.window.prepare - minutes(5);
  return shop;
}

TEST(Selection, raises_what_it_matches_each_by_what_it_normally_runs_and_puts_it_back) {
  Shop shop = tiers();
  shop.run_until(kStart + seconds(1));
  EXPECT_EQ(shop.number(autoscaler("search"), kMin), 12);
  EXPECT_EQ(shop.number(autoscaler("reviews"), kMin), 12);
  EXPECT_EQ(shop.number(autoscaler("cart"), kMin), 4);
  ASSERT_NE(shop.target("tier-2/deployment/search"), nullptr);
  EXPECT_EQ(shop.target("tier-2/deployment/search")->state, "Held");
  EXPECT_EQ(shop.target("tier-2/deployment/search")->floor, 12);
  EXPECT_EQ(shop.sale.status.targets.size(), 2U);
  shop.run_until(shop.window.restored_by);
  EXPECT_EQ(shop.number(autoscaler("search"), kMin), 4);
  EXPECT_EQ(shop.number(autoscaler("reviews"), kMin), 4);
  EXPECT_EQ(shop.sale.status.phase, "Completed");
}

TEST(Selection, is_made_anew_all_the_time) {
  Shop shop = tiers();
  shop.run_until(kStart + minutes(1));
  add_service(shop, "gifts", "2");
  shop.change(deployment("search"), "/metadata/labels", Json{R"({"tier":"1"})"}, "kubectl");
  shop.settle();
  EXPECT_EQ(shop.number(autoscaler("gifts"), kMin), 12) << "one that appears is raised at once";
  shop.run_until(kStart + minutes(30));
  EXPECT_EQ(shop.number(autoscaler("search"), kMin), 4) << "one that left is put back";
  EXPECT_EQ(shop.number(autoscaler("reviews"), kMin), 12);
}

TEST(Selection, leaves_to_a_target_what_that_one_names) {
  Shop shop = tiers();
  shop.sale.spec->capacity.targets.push_back(target_of("search", 30));
  shop.run_until(kStart + seconds(1));
  EXPECT_EQ(shop.number(autoscaler("search"), kMin), 30);
  EXPECT_EQ(shop.target("tier-2/deployment/search"), nullptr);
  EXPECT_EQ(shop.number(autoscaler("reviews"), kMin), 12);
}

TEST(Selection, that_finds_nothing_is_warned_of_and_blocks_nothing) {
  Shop shop = tiers();
  shop.sale.spec->capacity.targets[0].selector.match_labels = {{"tier", "9"}};
  shop.sale.spec->capacity.targets.push_back(target_of("cart", 8));
  shop.settle();
  EXPECT_EQ(shop.sale.status.verdict, "Warn");
  EXPECT_THAT(shop.sale.status.message, HasSubstr("tier-2: its selector matches nothing"));
  EXPECT_TRUE(shop.told.contains("NothingSelected"));
  shop.run_until(kStart + seconds(1));
  EXPECT_EQ(shop.number(autoscaler("cart"), kMin), 8);
}

TEST(Selection, that_cannot_be_looked_for_releases_nothing_and_blocks_no_other_target) {
  Shop shop = tiers();
  shop.run_until(kStart + minutes(1));
  shop.unread.insert("selection");
  shop.sale.spec->capacity.targets.push_back(target_of("cart", 8));
  shop.settle();
  EXPECT_EQ(shop.number(autoscaler("search"), kMin), 12);
  EXPECT_EQ(shop.number(autoscaler("cart"), kMin), 8);
  EXPECT_EQ(shop.target("tier-2/deployment/search")->state, "Unknown");
  EXPECT_EQ(shop.target("tier-2")->state, "Unknown");
  shop.run_until(kStart + minutes(30));
  EXPECT_EQ(shop.number(autoscaler("search"), kMin), 12);
  shop.unread.clear();
  shop.settle();
  EXPECT_EQ(shop.target("tier-2"), nullptr);
  EXPECT_EQ(shop.target("tier-2/deployment/search")->state, "Held");
}

TEST(Selection, ends_with_the_sale_even_where_it_cannot_be_looked_for) {
  Shop shop = tiers();
  shop.run_until(kStart + minutes(1));
  shop.unread.insert("selection");
  shop.sale.deleting = true;
  shop.run_until(kStart + minutes(40));
  EXPECT_EQ(shop.number(autoscaler("search"), kMin), 4);
}

TEST(Selection, of_too_many_is_refused_before_the_sale_and_keeps_what_it_has_in_it) {
  Shop shop = tiers();
  for (int i = 0; i < 70; ++i) add_service(shop, "s" + std::to_string(i), "2");
  shop.settle();
  EXPECT_EQ(shop.condition("Accepted"), "False TooManySelected");
  EXPECT_THAT(shop.sale.status.message, HasSubstr("spec.capacity.targets[0].selector"));
  Shop live = tiers();
  live.run_until(kStart + minutes(1));
  for (int i = 0; i < 70; ++i) add_service(live, "a" + std::to_string(i), "2");
  live.settle();
  EXPECT_EQ(live.condition("Accepted"), "True Accepted");
  EXPECT_EQ(live.number(autoscaler("reviews"), kMin), 12);
  EXPECT_THAT(live.sale.status.message, HasSubstr("more than the 64 workloads"));
}

}  // namespace
}  // namespace doorbuster::planner
