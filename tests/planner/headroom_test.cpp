// Node room before the pods exist (DESIGN.md section 4, hack/decisions/0016) as sentences.
#include "controllers/planner/headroom.h"

#include "tests/planner/child_shop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::planner {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kReplicas = "/spec/replicas";
constexpr const char* kTemplate =
    R"({"spec":{"replicas":4,"template":{"spec":{"containers":[{"name":"app","image":"shop:1",)"
    R"("resources":{"requests":{"cpu":"250m","memory":"64Mi"}}}]}}},)"
    R"("status":{"replicas":4,"readyReplicas":4}})";

/// 4 run, 20 are the floor; room is made from 50 minutes before the start, the ramp begins 30
/// before it.
Shop roomy_shop() {
  Shop shop = shop_to_raise(kTemplate);
  shop.sale.spec->capacity.headroom = api::HeadroomSpec{};
  shop.unserved = {"CapacityBuffer"};  // buffer_test.cpp
  return shop;
}

ObjectRef room_of(const Shop& shop) { return placeholders_ref(shop.sale, shop.setup, "checkout"); }

const api::HeadroomStatus* row_of(const Shop& shop) {
  const auto& rows = shop.sale.status.headroom;
  return rows.empty() ? nullptr : &rows.front();
}

std::string state(const Shop& shop) {
  const auto* row = row_of(shop);
  return row == nullptr ? "" : row->state;
}

Instant lead_of(const Shop& shop) { return shop.window.prepare - minutes(20); }

TEST(Headroom, placeholders_stand_from_its_lead_before_the_first_step_and_not_before) {
  Shop shop = roomy_shop();
  shop.run_until(lead_of(shop) - minutes(1));
  EXPECT_EQ(state(shop), "Waiting");
  EXPECT_EQ(shop.sale.status.next_reason, "room is made ready");
  EXPECT_EQ(shop.sale.status.next_due, lead_of(shop));
  EXPECT_FALSE(shop.objects.contains(room_of(shop)));
  shop.run_until(lead_of(shop));
  // 110 % of the 16 that are missing.
  EXPECT_EQ(shop.number(room_of(shop), kReplicas), 18);
  EXPECT_EQ(state(shop), "Placed");
  EXPECT_EQ(row_of(shop)->floor, 20);
  EXPECT_EQ(row_of(shop)->asked, 18);
  EXPECT_EQ(row_of(shop)->placed, 18);
  EXPECT_EQ(shop.number(kCheckoutHpa, "/spec/minReplicas"), 3);
  EXPECT_FALSE(shop.sale.has_finalizer) << "what is ours needs no finalizer";
}

TEST(Headroom, is_given_up_step_by_step_as_pods_come_and_wholly_once_the_floor_is_there) {
  Shop shop = roomy_shop();
  shop.run_until(shop.window.prepare);
  std::set<std::int64_t> seen;
  for (; shop.clock < kStart && shop.objects.contains(room_of(shop)); shop.clock += minutes(1)) {
    shop.settle();
    if (!shop.objects.contains(room_of(shop))) break;
    const std::int64_t missing = 20 - shop.number(kCheckout, kReplicas);
    EXPECT_EQ(shop.number(room_of(shop), kReplicas), (missing * 110 + 99) / 100);
    seen.insert(shop.number(room_of(shop), kReplicas));
  }
  EXPECT_GT(seen.size(), 2U) << "in more than one step";
  EXPECT_LT(shop.clock, kStart);
  EXPECT_EQ(state(shop), "Released");
  EXPECT_EQ(row_of(shop)->asked, 0);
  EXPECT_EQ(row_of(shop)->released, 18);
  // A pod that goes and comes again asks for no new ones.
  shop.change(kCheckoutHpa, "/spec/minReplicas", json_of(std::int64_t{3}), "argocd-controller");
  shop.set_load("checkout", 5);
  shop.settle();
  EXPECT_FALSE(shop.objects.contains(room_of(shop)));
}

TEST(Headroom, is_gone_at_the_start_whatever_is_ready_and_the_ramp_never_waited_for_it) {
  Shop shop = roomy_shop();
  shop.unready = {room_of(shop).name};
  shop.load["checkout"] = 4;
  shop.add(kCheckout, kTemplate);
  shop.run_until(kStart - minutes(40));
  EXPECT_EQ(state(shop), "Placing");
  EXPECT_EQ(row_of(shop)->placed, 0);
  shop.run_until(kStart + minutes(1));
  EXPECT_FALSE(shop.objects.contains(room_of(shop)));
  EXPECT_EQ(shop.number(kCheckoutHpa, "/spec/minReplicas"), 20);
  EXPECT_EQ(shop.condition("Prepared"), "True Prepared");
}

TEST(Headroom, where_pods_of_the_target_cannot_be_made_placeholders_stand_until_the_start) {
  Shop shop = roomy_shop();
  shop.run_until(lead_of(shop));
  shop.sale.spec->capacity.targets.front().ramp.up.over = {"0s", Duration(0)};
  shop.remove(kCheckoutHpa);  // then nobody makes pods in this shop's autoscaler
  shop.settle();
  EXPECT_TRUE(shop.objects.contains(room_of(shop)));
  shop.clock = kStart;
  shop.settle();
  EXPECT_FALSE(shop.objects.contains(room_of(shop)));
}

TEST(Headroom, a_target_that_is_changed_in_shape_has_its_placeholders_changed_too) {
  Shop shop = roomy_shop();
  shop.run_until(lead_of(shop));
  const std::string cpu = "/spec/template/spec/containers/0/resources/requests/cpu";
  EXPECT_EQ(shop.at(room_of(shop), cpu)->text, R"("250m")");
  shop.change(kCheckout, cpu, Json{R"("2")"}, "helm");
  EXPECT_EQ(shop.settle(), 1);
  EXPECT_EQ(shop.at(room_of(shop), cpu)->text, R"("2000m")");
}

TEST(Headroom, somebody_who_scales_the_placeholders_is_written_over) {
  Shop shop = roomy_shop();
  shop.run_until(lead_of(shop));
  shop.change(room_of(shop), kReplicas, json_of(std::int64_t{2}), "kubectl");
  shop.settle();
  EXPECT_EQ(shop.number(room_of(shop), kReplicas), 18);
}

struct NoneCase {
  const char* sentence;
  std::function<void(Shop&)> make;
  const char* state;
  const char* message;
};

TEST(Headroom, is_not_made_where_it_would_be_of_no_use_and_the_row_says_why) {
  const NoneCase cases[] = {
      {"a dry run", [](Shop& shop) { shop.sale.spec->mode = api::Mode::DryRun; }, "Planned", ""},
      {"suspended", [](Shop& shop) { shop.sale.spec->suspend = true; }, "", ""},
      {"an account that may not raise the target",
       [](Shop& shop) { shop.denied = {"HorizontalPodAutoscaler"}; },
       "Forbidden",
       "may not patch"},
      {"an operator that may not make Deployments",
       [](Shop& shop) { shop.denied = {"Deployment"}; },
       "Forbidden",
       "the operator may not create"},
      {"a target that is not there",
       [](Shop& shop) { shop.remove(kCheckout); },
       "Refused",
       "does not exist"},
      {"a target that sleeps on purpose",
       [](Shop& shop) { shop.change(kCheckout, kReplicas, json_of(std::int64_t{0}), "kubectl"); },
       "NotNeeded",
       "on purpose"},
      {"a floor that stands already",
       [](Shop& shop) { shop.sale.spec->capacity.targets = {target_of("checkout", 2)}; },
       "NotNeeded",
       "all of the floor exists"},
      {"a workload without a pod template",
       [](Shop& shop) { shop.change(kCheckout, "/spec/template", std::nullopt, "kubectl"); },
       "Refused",
       "no pod template"},
      {"an operator that does not know where it runs",
       [](Shop& shop) { shop.setup.ns.clear(); },
       "Refused",
       "namespace"},
      {"a name that is somebody else's",
       [](Shop& shop) { shop.add(room_of(shop), R"({"spec":{"replicas":1},"status":{}})"); },
       "Refused",
       "somebody else's"},
      {"a target of which nothing is known",
       [](Shop& shop) { shop.instead[kCheckout] = Unread{"too old"}; },
       "Unknown",
       "not read"},
  };
  for (const NoneCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    Shop shop = roomy_shop();
    one.make(shop);
    shop.clock = lead_of(shop) + minutes(1);
    shop.settle();
    EXPECT_THAT(shop.log, testing::Not(testing::Contains(StartsWith("create"))));
    EXPECT_EQ(state(shop), one.state);
    const std::string message = row_of(shop) == nullptr ? "" : row_of(shop)->message;
    EXPECT_THAT(message, HasSubstr(one.message));
  }
}

TEST(Headroom, what_stands_goes_when_it_is_not_wanted_and_stays_when_that_is_not_known) {
  const std::vector<EndCase> cases = end_cases({
      {"the spec does not ask for room any more",
       [](Shop& shop) { shop.sale.spec->capacity.headroom.reset(); },
       true},
      {"the account loses its right",
       [](Shop& shop) { shop.denied = {"HorizontalPodAutoscaler"}; },
       true},
      {"made a dry run before the start",
       [](Shop& shop) { shop.sale.spec->mode = api::Mode::DryRun; },
       false},
      {"not accepted before the start",
       [](Shop& shop) {
         shop.sale.spec = Error{.kind = ErrorKind::Invalid, .message = "spec: wrong"};
       },
       false},
      {"not accepted at the start",
       [](Shop& shop) {
         shop.sale.spec = Error{.kind = ErrorKind::Invalid, .message = "spec: wrong"};
         shop.clock = kStart;
       },
       true},
      {"the autoscaler cannot be read",
       [](Shop& shop) { shop.instead[kCheckoutHpa] = Unread{"too old"}; },
       false},
      {"the namespace is being deleted",
       [](Shop& shop) { shop.namespace_terminating = true; },
       true},
  });
  expect_ends(cases, roomy_shop, lead_of, room_of);
}

TEST(Headroom, an_answer_that_is_lost_makes_no_second_child) {
  Shop shop = roomy_shop();
  lose_answers_at(shop, lead_of(shop));
  EXPECT_THAT(shop.log, ElementsAre(StartsWith("create")));
}

TEST(Headroom, a_sale_that_is_over_or_late_makes_none) {
  Shop shop = roomy_shop();
  shop.clock = kStart + minutes(1);
  shop.settle();
  EXPECT_THAT(shop.log, testing::Not(testing::Contains(StartsWith("create"))));
  EXPECT_EQ(row_of(shop), nullptr);
}

TEST(Headroom, of_a_profile_room_is_made_for_the_floor_at_the_start) {
  Shop shop = roomy_shop();
  auto& target = shop.sale.spec->capacity.targets.front();
  target = target_of("checkout", 10);
  api::ProfileStep later;
  later.at = {"1h", hours(1)};
  later.replicas = 30;
  target.profile = {later};
  shop.run_until(lead_of(shop));
  EXPECT_EQ(row_of(shop)->floor, 10);
  EXPECT_EQ(shop.number(room_of(shop), kReplicas), 7);
}

TEST(Headroom, what_placeholders_wait_for_is_told_in_plain_words) {
  Shop shop = roomy_shop();
  shop.unready = {room_of(shop).name};
  shop.pods[room_of(shop)].reasons = {{"Unschedulable", 18, "0/3 nodes are available"}};
  shop.run_until(lead_of(shop) + minutes(1));
  EXPECT_EQ(state(shop), "Placing");
  EXPECT_EQ(row_of(shop)->placed, 0);
  EXPECT_THAT(row_of(shop)->message, HasSubstr("0/3 nodes are available"));
}

TEST(Headroom, each_workload_that_a_selector_finds_has_its_own) {
  Shop shop = roomy_shop();
  shop.change(kCheckout, "/metadata/labels", Json{R"({"tier":"2"})"}, "kubectl");
  auto& target = shop.sale.spec->capacity.targets.front();
  target.name = "tier-2";
  target.ref.reset();
  target.selector.match_labels = {{"tier", "2"}};
  target.kinds = {"Deployment"};
  shop.run_until(lead_of(shop) + minutes(1));
  const std::string name = "tier-2/deployment/checkout";
  const ObjectRef room = placeholders_ref(shop.sale, shop.setup, name);
  EXPECT_EQ(shop.number(room, kReplicas), 18);
  ASSERT_NE(row_of(shop), nullptr);
  EXPECT_EQ(row_of(shop)->target, name);
  // Whether it is still selected is not known: it stays, and so does what is told of it.
  const auto told = shop.sale.status.headroom;
  shop.unread = {"selection"};
  shop.settle();
  EXPECT_TRUE(shop.objects.contains(room));
  EXPECT_EQ(shop.sale.status.headroom, told);
}

TEST(Headroom, never_more_than_the_bound) {
  Shop shop = roomy_shop();
  shop.sale.spec->capacity.targets = {target_of("checkout", 50'000)};
  shop.run_until(lead_of(shop));
  EXPECT_EQ(shop.number(room_of(shop), kReplicas), kMostPlaceholders);
  EXPECT_THAT(row_of(shop)->message, HasSubstr("5000 pods of 54996"));
}

TEST(Children, are_named_alike_when_made_anew_and_differently_for_a_namesake) {
  const Holder parent{"shop/flash.sale-of-the-whole-year", "uid-1", "here", "headroom", "checkout"};
  Holder namesake = parent;
  namesake.uid = "uid-2";
  EXPECT_EQ(child_name(parent), child_name(parent));
  EXPECT_NE(child_name(parent), child_name(namesake));
  EXPECT_THAT(child_name(parent), StartsWith("flash-sale-of-the-wh-checkout-"));
  EXPECT_LE(
      child_name({"shop/" + std::string(253, 'a'), "u", "i", "f", std::string(63, 'b')}).size(),
      52U);
}

}  // namespace
}  // namespace doorbuster::planner
