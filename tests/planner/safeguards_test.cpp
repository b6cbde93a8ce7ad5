// What keeps a target's pods during a sale: disruption budgets tightened, vertical autoscalers kept
// from evicting.
#include "controllers/planner/budget.h"
#include "tests/planner/shop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::planner {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::HasSubstr;
using testing::Not;

const ObjectRef kBudget{"policy", "PodDisruptionBudget", "shop", "checkout"};
const ObjectRef kVertical{"autoscaling.k8s.io", "VerticalPodAutoscaler", "shop", "checkout"};
constexpr const char* kMode = "/spec/updatePolicy/updateMode";

struct TightenCase {
  const char* sentence;
  const char *min, *max;  ///< JSON; nullptr: absent
  std::int64_t percent, replicas;
  const char* expected;  ///< "pointer value"; empty: as strict already
  bool blocks;
};

TEST(Budget, is_tightened_and_never_loosened) {
  const TightenCase cases[] = {
      {"less than asked for is raised",
       R"("50%")",
       nullptr,
       90,
       40,
       R"(/spec/minAvailable "90%")",
       false},
      {"more than asked for stays", R"("95%")", nullptr, 90, 40, "", false},
      {"as much stays", R"("90%")", nullptr, 90, 40, "", false},
      {"a number of pods becomes a share that is no less of them",
       "3",
       nullptr,
       90,
       40,
       R"(/spec/minAvailable "90%")",
       false},
      {"a number that is a greater share keeps its share",
       "19",
       nullptr,
       90,
       20,
       R"(/spec/minAvailable "91%")",
       false},
      {"a number that is all of them stays", "4", nullptr, 90, 4, "", false},
      {"a share that comes to all of them is said to block",
       R"("50%")",
       nullptr,
       95,
       4,
       R"(/spec/minAvailable "95%")",
       true},
      {"all of them is said to block", "1", nullptr, 100, 40, R"(/spec/minAvailable "100%")", true},
      {"what may go, as a share",
       nullptr,
       R"("25%")",
       90,
       40,
       R"(/spec/maxUnavailable "10%")",
       false},
      {"a smaller share that may go stays", nullptr, R"("5%")", 90, 40, "", false},
      {"what may go, in pods", nullptr, "10", 90, 40, "/spec/maxUnavailable 4", false},
      {"one may always go, short of a hundred",
       nullptr,
       "3",
       95,
       4,
       "/spec/maxUnavailable 1",
       false},
      {"none may go at a hundred", nullptr, "3", 100, 4, "/spec/maxUnavailable 0", true},
      {"where none may go already it stays so", nullptr, "0", 90, 40, "", false},
      {"neither is set", nullptr, nullptr, 90, 40, R"(/spec/minAvailable "90%")", false},
      {"what cannot be read stays", R"("some")", nullptr, 90, 40, "", false},
  };
  for (const TightenCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    const auto value = [](const char* text) { return text ? Value(Json{text}) : std::nullopt; };
    const auto made = tightened({value(one.min), value(one.max)}, one.percent, one.replicas);
    EXPECT_EQ(made ? made->pointer + (" " + made->value.text) : "", one.expected);
    EXPECT_EQ(made && made->blocks_drains, one.blocks);
  }
}

api::TargetSpec target_keeping(std::int32_t replicas, std::optional<std::int32_t> percent) {
  api::TargetSpec out = target_of("checkout", replicas);
  if (percent) out.disruption_budget = api::DisruptionBudget{.min_available_percent = *percent};
  return out;
}

Shop shop_with(api::TargetSpec target) {
  Shop shop;
  shop.add_workload("checkout", 4);
  shop.change(kCheckout,
              "/spec/template",
              Json{R"({"metadata":{"labels":{"app":"checkout","tier":"2"}}})"},
              "kubectl");
  shop.add_autoscaler("checkout", json_of(std::int64_t{3}), 20);
  shop.sale.spec->capacity.targets = {std::move(target)};
  return shop;
}

void add_budget(Shop& shop, const std::string& name, const std::string& spec) {
  shop.add({"policy", "PodDisruptionBudget", "shop", name}, R"({"spec":{)" + spec + "}}");
}

TEST(Safeguards, a_budget_is_tightened_for_the_sale_and_put_back) {
  Shop shop = shop_with(target_keeping(40, 90));
  add_budget(shop, "checkout", R"("minAvailable":1,"selector":{"matchLabels":{"app":"checkout"}})");
  add_budget(shop, "others", R"("minAvailable":1,"selector":{"matchLabels":{"app":"search"}})");
  shop.run_until(kStart);
  EXPECT_EQ(shop.at(kBudget, kMinAvailable), Value(Json{R"("90%")"}));
  EXPECT_EQ(shop.number({"policy", "PodDisruptionBudget", "shop", "others"}, kMinAvailable), 1);
  EXPECT_EQ(shop.condition("Prepared"), "True Prepared");
  shop.set_load("checkout", 2);
  shop.run_until(shop.window.end);
  EXPECT_EQ(shop.number(kBudget, kMinAvailable), 1) << "at the end";
  shop.run_until(shop.window.restored_by);
  EXPECT_FALSE(shop.at(kBudget, "/metadata/annotations/doorbuster.dev~1holds"));
  EXPECT_EQ(shop.sale.status.phase, "Completed");
}

TEST(Safeguards, a_budget_that_is_made_or_comes_to_select_it_in_mid_sale_is_tightened_then) {
  Shop shop = shop_with(target_keeping(40, 90));
  shop.run_until(kStart);
  EXPECT_THAT(shop.sale.status.message, HasSubstr("no PodDisruptionBudget selects its pods"));
  add_budget(
      shop,
      "checkout",
      R"("maxUnavailable":"50%","selector":{"matchExpressions":[{"key":"tier","operator":"In","values":["2","3"]}]})");
  shop.settle();
  EXPECT_EQ(shop.at(kBudget, kMaxUnavailable), Value(Json{R"("10%")"}));
  EXPECT_THAT(shop.sale.status.message, Not(HasSubstr("no PodDisruptionBudget")));
  shop.change(kBudget, "/spec/selector", Json{R"({"matchLabels":{"app":"search"}})"}, "kubectl");
  shop.settle();
  EXPECT_EQ(shop.at(kBudget, kMaxUnavailable), Value(Json{R"("50%")"}));
}

TEST(Safeguards, a_budget_that_lets_nobody_go_is_warned_of) {
  Shop shop = shop_with(target_keeping(40, 100));
  add_budget(shop, "checkout", R"("maxUnavailable":1,"selector":{})");
  shop.settle();
  EXPECT_THAT(shop.sale.status.message, HasSubstr("node drains wait")) << "before the day";
  shop.run_until(kStart);
  EXPECT_EQ(shop.number(kBudget, kMaxUnavailable), 0);
  EXPECT_EQ(shop.sale.status.verdict, "Warn");
}

TEST(Safeguards, two_sales_on_one_budget_and_the_stricter_one_counts) {
  Shop first = shop_with(target_keeping(40, 90));
  add_budget(
      first, "checkout", R"("minAvailable":1,"selector":{"matchLabels":{"app":"checkout"}})");
  first.run_until(kStart + minutes(1));
  for (const auto& [percent, expected] : {std::pair{80, R"("90%")"}, std::pair{95, R"("95%")"}}) {
    SCOPED_TRACE(percent);
    Shop second = first;
    second.sale.uid = "event-2";
    second.sale.ref.name = "other";
    second.sale.status = {};
    second.sale.has_finalizer = false;
    second.sale.spec->capacity.targets = {target_keeping(40, percent)};
    second.settle();
    EXPECT_EQ(second.at(kBudget, kMinAvailable), Value(Json{expected}));
  }
}

TEST(Safeguards, budgets_that_may_not_be_listed_are_told_of_and_left_as_they_are) {
  Shop shop = shop_with(target_keeping(40, 90));
  add_budget(shop, "checkout", R"("minAvailable":1,"selector":{"matchLabels":{"app":"checkout"}})");
  const ObjectRef list{"policy", "PodDisruptionBudget", "shop", ""};
  shop.instead[list] = Forbidden{"list"};
  shop.settle();
  EXPECT_THAT(shop.sale.status.message, HasSubstr("the operator may not list PodDisruptionBudgets"))
      << "before the day";
  EXPECT_TRUE(shop.told.contains("BudgetsUnread"));
  EXPECT_EQ(shop.sale.status.verdict, "Warn");
  shop.run_until(kStart);
  EXPECT_EQ(shop.number(kBudget, kMinAvailable), 1);
  shop.instead.clear();
  shop.settle();
  EXPECT_EQ(shop.at(kBudget, kMinAvailable), Value(Json{R"("90%")"}));
  EXPECT_THAT(shop.sale.status.message, Not(HasSubstr("may not list")));
  shop.instead[list] = Forbidden{"list"};
  shop.settle();
  EXPECT_EQ(shop.at(kBudget, kMinAvailable), Value(Json{R"("90%")"})) << "silence is no release";
}

TEST(Safeguards, what_is_not_read_keeps_what_is_held) {
  Shop shop = shop_with(target_keeping(40, 90));
  add_budget(shop, "checkout", R"("minAvailable":1,"selector":{"matchLabels":{"app":"checkout"}})");
  shop.run_until(kStart + minutes(1));
  shop.unread = {"PodDisruptionBudget"};
  shop.sale.spec->capacity.targets[0].disruption_budget->min_available_percent = 80;
  ++shop.sale.generation;
  shop.settle();
  EXPECT_EQ(shop.at(kBudget, kMinAvailable), Value(Json{R"("90%")"}));
  shop.unread.clear();
  shop.settle();
  EXPECT_EQ(shop.at(kBudget, kMinAvailable), Value(Json{R"("80%")"}));
}

TEST(Safeguards, deleting_the_event_lets_go_of_budgets_by_its_policy) {
  for (const auto policy : {api::DeletionPolicy::Ramp, api::DeletionPolicy::Orphan}) {
    Shop shop = shop_with(target_keeping(40, 90));
    add_budget(
        shop, "checkout", R"("minAvailable":1,"selector":{"matchLabels":{"app":"checkout"}})");
    shop.run_until(kStart + minutes(1));
    shop.sale.spec->deletion_policy = policy;
    shop.sale.deleting = true;
    shop.settle();
    const Value left{Json{R"("90%")"}}, back{Json{"1"}};
    EXPECT_EQ(shop.at(kBudget, kMinAvailable), policy == api::DeletionPolicy::Orphan ? left : back);
  }
}

TEST(Safeguards, a_vertical_autoscaler_that_evicts_is_warned_of) {
  for (const char* mode : {"", R"("Auto")", R"("Recreate")", R"("InPlaceOrRecreate")"}) {
    SCOPED_TRACE(mode);
    Shop shop = shop_with(target_of("checkout", 40));
    shop.add(kVertical, R"({"spec":{"targetRef":{"kind":"Deployment","name":"checkout"}}})");
    if (*mode != 0) shop.change(kVertical, kMode, Json{mode}, "kubectl");
    shop.settle();
    EXPECT_THAT(shop.sale.status.message, HasSubstr("verticalEvictions: Prevented"));
    const Value before = shop.at(kVertical, kMode);
    shop.run_until(kStart);
    EXPECT_EQ(shop.at(kVertical, kMode), before);
    shop.sale.spec->capacity.targets[0].vertical_evictions = api::VerticalEvictions::Prevented;
    ++shop.sale.generation;
    shop.settle();
    EXPECT_EQ(shop.at(kVertical, kMode), Value(Json{R"("Initial")"}));
    EXPECT_THAT(shop.sale.status.message, Not(HasSubstr("verticalEvictions")));
    shop.set_load("checkout", 2);
    shop.run_until(shop.window.restored_by + hours(1));
    EXPECT_EQ(shop.at(kVertical, kMode), before);
    EXPECT_EQ(shop.at(kVertical, "/spec/updatePolicy").has_value(), before.has_value());
  }
}

TEST(Safeguards, a_vertical_autoscaler_that_does_not_evict_stays) {
  for (const char* mode : {R"("Off")", R"("Initial")", R"("InPlace")"}) {
    SCOPED_TRACE(mode);
    Shop shop = shop_with(target_of("checkout", 40));
    shop.sale.spec->capacity.targets[0].vertical_evictions = api::VerticalEvictions::Prevented;
    shop.add(kVertical, R"({"spec":{"targetRef":{"kind":"Deployment","name":"checkout"}}})");
    shop.change(kVertical, kMode, Json{mode}, "kubectl");
    shop.run_until(kStart);
    EXPECT_EQ(shop.at(kVertical, kMode), Value(Json{mode}));
    EXPECT_FALSE(shop.at(kVertical, "/metadata/annotations"));
  }
}

}  // namespace
}  // namespace doorbuster::planner
