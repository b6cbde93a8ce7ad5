// A release inside the sale, as tables: the way forward, every way back (DESIGN.md section 5).
#include "controllers/planner/rollout_candidate.h"
#include "controllers/planner/rollout_memory.h"
#include "tests/planner/rollout_shop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::planner {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(Rollout, goes_step_by_step_and_the_target_gets_the_template) {
  Shop shop = rollout_shop();
  shop.run_until(kStart - seconds(1));
  EXPECT_EQ(rollout_row(shop).state, "Waiting");
  EXPECT_FALSE(stands(shop));

  shop.run_until(kStart);
  EXPECT_TRUE(stands(shop));
  EXPECT_EQ(image_of(shop, candidate_of(shop)), "\"shop:v2\"");
  EXPECT_EQ(image_of(shop, kCheckout), "\"shop:v1\"");
  EXPECT_EQ(split_of(shop), "90/10");
  EXPECT_EQ(rollout_row(shop).state, "Running");
  EXPECT_EQ(rollout_row(shop).step, 1);

  shop.run_until(kStart + minutes(1) + seconds(1));
  EXPECT_EQ(split_of(shop), "50/50");
  EXPECT_GE(shop.number(candidate_of(shop), "/status/readyReplicas"), 5);

  shop.run_until(kStart + minutes(3));
  EXPECT_EQ(rollout_row(shop).state, "Baking");
  shop.run_until(kStart + minutes(13));
  EXPECT_EQ(rollout_row(shop).state, "Promoted");
  EXPECT_EQ(image_of(shop, kCheckout), "\"shop:v2\"");
  EXPECT_EQ(split_of(shop), "100/0");
  EXPECT_FALSE(stands(shop));

  shop.run_until(kStart + hours(6));
  EXPECT_EQ(image_of(shop, kCheckout), "\"shop:v2\"")
      << "the end of the sale takes no release back";
  EXPECT_EQ(shop.number(kCheckoutHpa, "/spec/minReplicas"), 4);
  EXPECT_FALSE(shop.sale.has_finalizer);
}

TEST(Rollout, candidates_are_selected_by_nothing_of_the_user) {
  Shop shop = rollout_shop();
  shop.run_until(kStart);
  const ObjectRef candidate = candidate_of(shop);
  EXPECT_EQ(shop.at(candidate, "/spec/template/metadata/labels/app")->text,
            "\"checkout-candidate\"");
  EXPECT_EQ(shop.at(candidate, "/spec/selector/matchLabels/app")->text, "\"checkout-candidate\"");
  EXPECT_EQ(shop.at(candidate_service_of(shop), "/spec/selector/app")->text,
            "\"checkout-candidate\"");
  EXPECT_FALSE(shop.at(candidate, "/metadata/ownerReferences").has_value());
}

TEST(Rollout, pods_are_ready_before_they_get_traffic) {
  Shop shop = rollout_shop();
  shop.unready.insert(candidate_of(shop).name);
  shop.run_until(kStart + minutes(5));
  EXPECT_TRUE(stands(shop));
  EXPECT_EQ(split_of(shop), "100/0");
  EXPECT_EQ(rollout_row(shop).state, "Scaling");
  shop.unready.clear();
  shop.settle();
  EXPECT_EQ(split_of(shop), "90/10");
}

TEST(Rollout, the_target_keeps_what_it_had_while_others_carry_its_load) {
  Shop shop = rollout_shop();
  shop.run_until(kStart + minutes(2));
  shop.set_load("checkout", 5);
  shop.run_until(kStart + minutes(3));
  EXPECT_EQ(shop.number(kCheckout, "/spec/replicas"), 10);
  EXPECT_EQ(shop.number(kCheckoutHpa, "/spec/minReplicas"), 10);
}

/// What sends all traffic back, at 50 %.
struct BackCase {
  const char* sentence;
  std::function<void(Shop&)> make;
  const char* why;
};

api::Decision by_hand(const Shop& shop) {
  api::Decision out;
  out.run = shop.sale.status.run.value_or(0);
  out.kind = rollout_kind::kRolledBack;
  out.subject = "checkout-v2";
  out.hash = attempt_of(shop.sale.spec->rollouts.front(), shop.sale.status);
  out.at = shop.clock;
  out.detail = "p99 doubled";
  return out;
}

const BackCase kBack[] = {
    {"desired: Stable",
     [](Shop& shop) { shop.sale.spec->rollouts[0].desired = api::DesiredRevision::Stable; },
     "desired is Stable"},
    {"a person",
     [](Shop& shop) { shop.sale.status.decisions.push_back(by_hand(shop)); },
     "p99 doubled"},
    {"a person, while suspended",
     [](Shop& shop) {
       shop.sale.spec->suspend = true;
       shop.sale.status.decisions.push_back(by_hand(shop));
     },
     "p99 doubled"},
    {"a person, while the spec is not accepted",
     [](Shop& shop) {
       shop.sale.status.decisions.push_back(by_hand(shop));
       shop.sale.spec->capacity.targets = {target_of("other", 1)};
       shop.sale.spec->capacity.targets[0].ref->kind = "Widget";
       shop.unserved.insert("Widget");
     },
     "p99 doubled"},
    {"a person, while the window cannot be told",
     [](Shop& shop) {
       shop.sale.status.decisions.push_back(by_hand(shop));
       shop.window_error = Error{.kind = ErrorKind::Invalid, .message = "no such zone"};
     },
     "p99 doubled"},
    {"the event is deleted", [](Shop& shop) { shop.sale.deleting = true; }, "deleted"},
    {"the rollout is taken out",
     [](Shop& shop) { shop.sale.spec->rollouts.clear(); },
     "does not name"},
    {"the target gets another template",
     [](Shop& shop) {
       shop.change(kCheckout,
                   "/spec/template/spec/containers/0/image",
                   json_of_string("shop:v1.1"),
                   "kubectl");
     },
     "superseded"},
    {"the candidate's pods are gone",
     [](Shop& shop) {
       shop.others = nullptr;
       shop.say(candidate_of(shop), "/status/availableReplicas", Json{"0"});
     },
     "no pod of the candidate"},
    {"the sale is over", [](Shop& shop) { shop.clock = shop.window.end; }, "the sale is over"},
};

TEST(Rollout, goes_back_in_the_round_of_the_trigger) {
  for (const BackCase& one : kBack) {
    SCOPED_TRACE(one.sentence);
    Shop shop = rollout_shop();
    shop.run_until(kStart + minutes(1) + seconds(30));
    ASSERT_EQ(split_of(shop), "50/50");
    one.make(shop);
    shop.log.clear();
    shop.round();
    EXPECT_EQ(split_of(shop), "100/0");
    EXPECT_THAT(shop.log, Contains("HTTPRoute/shop"));
    EXPECT_TRUE(stands(shop)) << "what is under way is answered";
    if (!shop.sale.status.rollouts.empty()) {
      EXPECT_THAT(rollout_row(shop).message, HasSubstr(one.why));
    }
  }
}

TEST(Rollout, once_back_nothing_is_left_of_it) {
  for (const BackCase& one : kBack) {
    SCOPED_TRACE(one.sentence);
    Shop shop = rollout_shop();
    const Value rules = shop.at(kRoute, "/spec/rules");
    shop.run_until(kStart + minutes(1) + seconds(30));
    one.make(shop);
    shop.round();
    shop.others = rollout_shop().others;
    shop.run_until(shop.clock + minutes(15));
    EXPECT_FALSE(stands(shop));
    EXPECT_EQ(shop.at(kRoute, "/spec/rules"), rules);
    EXPECT_FALSE(shop.at(kRoute, "/metadata/annotations/doorbuster.dev~1holds").has_value());
    const bool at_rest = shop.sale.spec->suspend || shop.window_error || !shop.unserved.empty();
    EXPECT_EQ(shop.number(kCheckoutHpa, "/spec/minReplicas"), at_rest ? 15 : 4);
    const std::string image = image_of(shop, kCheckout);
    EXPECT_TRUE(image == "\"shop:v1\"" || image == "\"shop:v1.1\"");
    shop.run_until(shop.clock + minutes(30));
    EXPECT_FALSE(stands(shop)) << "it does not ship again";
  }
}

TEST(Rollout, a_rollback_does_not_wait_for_status) {
  Shop shop = rollout_shop();
  shop.run_until(kStart + minutes(1) + seconds(30));
  shop.sale.spec->rollouts[0].desired = api::DesiredRevision::Stable;
  shop.requests.clear();
  shop.round();
  ASSERT_FALSE(shop.requests.empty());
  const auto first = std::find(shop.requests.begin(), shop.requests.end(), "HTTPRoute/shop");
  const auto told = std::find(shop.requests.begin(), shop.requests.end(), "status");
  EXPECT_LT(first, told);
}

TEST(Rollout, a_rollback_whose_status_was_lost_is_not_forgotten) {
  Shop shop = rollout_shop();
  shop.run_until(kStart + minutes(1) + seconds(30));
  const api::SaleEventStatus before = shop.sale.status;
  shop.sale.spec->rollouts[0].desired = api::DesiredRevision::Stable;
  shop.round();
  shop.sale.status = before;
  shop.sale.spec->rollouts[0].desired = api::DesiredRevision::Candidate;
  shop.run_until(shop.clock + minutes(2));
  EXPECT_EQ(split_of(shop), "100/0");
  EXPECT_EQ(rollout_row(shop).state, "RolledBack");
}

TEST(Rollout, traffic_goes_back_in_proportion_to_what_is_available) {
  Shop shop = rollout_shop();
  shop.run_until(kStart + minutes(1) + seconds(30));
  shop.others = nullptr;
  shop.say(kCheckout, "/status/availableReplicas", Json{"6"});
  shop.sale.spec->rollouts[0].desired = api::DesiredRevision::Stable;
  shop.round();
  EXPECT_EQ(split_of(shop), "60/40");
  EXPECT_GE(shop.number(kCheckoutHpa, "/spec/minReplicas"), 11);
  shop.others = rollout_shop().others;
  shop.settle();
  EXPECT_EQ(split_of(shop), "100/0");
}

TEST(Rollout, a_route_that_somebody_changes_is_theirs_until_a_rollback) {
  for (const bool in_vain : {false, true}) {
    Shop shop = rollout_shop();
    shop.run_until(kStart + minutes(1) + seconds(30));
    const std::string candidate = candidate_service_of(shop).name;
    const Json theirs{R"([{"backendRefs":[{"name":"checkout","port":80,"weight":7},{"name":")" +
                      candidate + R"(","port":80,"weight":3}],"timeouts":{"request":"2s"}}])"};
    shop.change(kRoute, "/spec/rules", theirs, "kubectl");
    shop.run_until(kStart + minutes(4));
    EXPECT_EQ(split_of(shop), "70/30");
    EXPECT_EQ(rollout_row(shop).state, "Contested");
    shop.sale.spec->rollouts[0].desired = api::DesiredRevision::Stable;
    if (in_vain) {  // status knows of the write, the route does not
      shop.refuse_writes = true;
      shop.round();
      EXPECT_EQ(split_of(shop), "70/30");
      shop.refuse_writes = false;
      shop.clock += seconds(1);
    }
    shop.round();
    EXPECT_EQ(split_of(shop), "100/0");
    EXPECT_THAT(shop.at(kRoute, "/spec/rules")->text, HasSubstr("timeouts"));
    shop.run_until(shop.clock + minutes(2));
    EXPECT_FALSE(stands(shop));
    EXPECT_THAT(shop.at(kRoute, "/spec/rules")->text, HasSubstr("timeouts")) << "theirs stays";
  }
}

TEST(Rollout, a_failing_check_sends_it_back_and_a_silent_provider_does_not) {
  for (const bool bad : {true, false}) {
    Shop shop = shop_with_check();
    shop.sale.spec->rollouts[0].strategy.canary->steps[0].analysis = "default";
    shop.checks["errors"] = {{.at = kStart, .says = Measurement::Says::Value, .value = 0}};
    shop.run_until(kStart + seconds(5));
    ASSERT_EQ(split_of(shop), "90/10");
    shop.clock += seconds(10);
    shop.checks["errors"].push_back(
        {.at = shop.clock,
         .says = bad ? Measurement::Says::Value : Measurement::Says::Error,
         .value = 0.5,
         .text = "0.5"});
    shop.round();
    EXPECT_EQ(split_of(shop), bad ? "100/0" : "90/10");
    if (bad) continue;
    shop.clock = kStart + minutes(10);
    shop.settle();
    EXPECT_EQ(split_of(shop), "90/10") << "inconclusive is no success";
    EXPECT_EQ(rollout_row(shop).analysis, "Inconclusive");
    shop.run_until(kStart + minutes(22));
    EXPECT_EQ(split_of(shop), "100/0") << "the deadline does not wait";
  }
}

TEST(Rollout, the_deadline_is_not_outwitted_by_pods_that_come_and_go) {
  Shop shop = rollout_shop();
  shop.unready.insert(candidate_of(shop).name);
  shop.run_until(kStart + minutes(21));
  EXPECT_EQ(rollout_row(shop).state, "RolledBack");
  EXPECT_THAT(rollout_row(shop).message, HasSubstr("deadline"));
  EXPECT_FALSE(stands(shop));
}

TEST(Rollout, another_patch_goes_only_when_the_former_is_gone) {
  Shop shop = rollout_shop();
  shop.run_until(kStart + minutes(1) + seconds(30));
  shop.sale.spec->rollouts[0] = rollout_of("shop:v3");
  shop.round();
  EXPECT_EQ(split_of(shop), "100/0");
  EXPECT_EQ(image_of(shop, candidate_of(shop)), "\"shop:v2\"");
  shop.run_until(shop.clock + minutes(1));
  EXPECT_EQ(image_of(shop, candidate_of(shop)), "\"shop:v3\"");
  EXPECT_EQ(rollout_row(shop).step, 1);
}

TEST(Rollout, is_reported_where_git_owns_the_template) {
  Shop shop = rollout_shop();
  shop.change(kCheckout,
              "/spec/template/spec/containers/0/image",
              json_of_string("shop:v1"),
              "argocd-controller");
  shop.run_until(kStart + minutes(20));
  EXPECT_EQ(rollout_row(shop).state, "Reporting");
  EXPECT_EQ(image_of(shop, kCheckout), "\"shop:v1\"");
  EXPECT_EQ(split_of(shop), "50/50");
  shop.change(kCheckout,
              "/spec/template/spec/containers/0/image",
              json_of_string("shop:v2"),
              "argocd-controller");
  shop.run_until(shop.clock + minutes(1));
  EXPECT_EQ(rollout_row(shop).state, "Promoted");
  EXPECT_EQ(split_of(shop), "100/0");
  EXPECT_FALSE(stands(shop));
}

/// It has passed its bake at half of the traffic and serves until the sale is over.
Shop shop_that_has_passed() {
  Shop shop = shop_with_check();
  shop.sale.spec->checks[0].stale_after = api::DurationText{"24h", hours(24)};
  shop.sale.spec->rollouts[0].promotion = api::Promotion::AfterWindow;
  shop.run_until(kStart + minutes(4));
  measure(shop, 0);
  shop.run_until(kStart + minutes(20));
  EXPECT_THAT(rollout_row(shop).message, HasSubstr("it has passed"));
  return shop;
}

TEST(Rollout, what_has_passed_is_watched_until_the_target_runs_it) {
  struct Case {
    const char* sentence;
    api::OnFailure on_failure;
    void (*goes_wrong)(Shop&);
    const char* state;
    const char* split;
  };
  const auto crash = [](Shop& shop) {
    shop.unready.insert(candidate_of(shop).name);
    shop.say(candidate_of(shop), "/status/readyReplicas", Json{"0"});
  };
  const auto errors = [](Shop& shop) { measure(shop, 0.5); };
  const Case cases[] = {
      {"its pods crash", api::OnFailure::RollBack, crash, "RolledBack", "100/0"},
      {"a check is bad", api::OnFailure::RollBack, errors, "RolledBack", "100/0"},
      {"a check is bad and it pauses", api::OnFailure::Pause, errors, "Paused", "50/50"},
      {"its pods crash and it pauses", api::OnFailure::Pause, crash, "Paused", "100/0"},
      {"a check is bad and that is said", api::OnFailure::Alert, errors, "Baking", "50/50"},
      {"nothing", api::OnFailure::RollBack, [](Shop&) {}, "Baking", "50/50"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.sentence);
    Shop shop = shop_that_has_passed();
    shop.sale.spec->rollouts[0].on_failure = one.on_failure;
    one.goes_wrong(shop);
    shop.run_until(shop.clock + minutes(1));
    EXPECT_EQ(rollout_row(shop).state, one.state);
    EXPECT_EQ(split_of(shop), one.split);
    EXPECT_EQ(image_of(shop, kCheckout), "\"shop:v1\"");
  }
}

TEST(Rollout, what_has_passed_gets_no_more_than_its_pods_carry) {
  Shop shop = shop_that_has_passed();
  shop.others = nullptr;
  shop.say(candidate_of(shop), "/status/availableReplicas", Json{"2"});
  shop.round();
  EXPECT_EQ(split_of(shop), "80/20");
  shop.say(candidate_of(shop), "/status/availableReplicas", Json{"5"});
  shop.round();
  EXPECT_EQ(split_of(shop), "50/50");
}

TEST(Rollout, what_has_passed_and_is_paused_by_a_person_is_not_promoted) {
  Shop shop = shop_that_has_passed();
  api::Decision pause = by_hand(shop);
  pause.kind = rollout_kind::kPause;
  pause.at = shop.clock;
  shop.sale.status.decisions.push_back(pause);
  shop.run_until(shop.window.end + minutes(1));
  EXPECT_EQ(rollout_row(shop).state, "Paused");
  EXPECT_EQ(image_of(shop, kCheckout), "\"shop:v1\"");
  EXPECT_EQ(split_of(shop), "50/50");
}

TEST(Rollout, a_target_that_takes_its_traffic_back_gives_none_of_it_away_again) {
  Shop shop = rollout_shop();
  shop.sale.spec->rollouts[0].promotion = api::Promotion::Report;
  shop.run_until(kStart + minutes(20));
  ASSERT_EQ(rollout_row(shop).state, "Reporting");
  shop.change(
      kCheckout, "/spec/template/spec/containers/0/image", json_of_string("shop:v2"), "kubectl");
  for (int i = 0; i < 20 && split_of(shop) != "100/0"; ++i) shop.round();
  ASSERT_EQ(split_of(shop), "100/0");
  shop.others = nullptr;
  shop.say(kCheckout, "/status/availableReplicas", Json{"9"});
  shop.round();
  EXPECT_EQ(split_of(shop), "100/0");
}

TEST(Rollout, a_second_failure_pauses_it_again_and_is_never_promoted) {
  Shop shop = shop_with_check();
  shop.sale.spec->checks[0].stale_after = api::DurationText{"24h", hours(24)};
  shop.sale.spec->rollouts[0].on_failure = api::OnFailure::Pause;
  measure(shop, 0);
  shop.run_until(kStart + seconds(10));
  measure(shop, 0.5);
  shop.settle();
  EXPECT_EQ(rollout_row(shop).state, "Paused");
  measure(shop, 0);
  api::Decision resume = by_hand(shop);
  resume.kind = rollout_kind::kResume;
  resume.at = shop.clock += seconds(1);
  shop.sale.status.decisions.push_back(resume);
  shop.run_until(kStart + minutes(1) + seconds(40));
  ASSERT_EQ(split_of(shop), "50/50");
  measure(shop, 0.5);
  shop.settle();
  EXPECT_EQ(rollout_row(shop).state, "Paused");
  shop.run_until(kStart + hours(1));
  EXPECT_EQ(rollout_row(shop).state, "Paused");
  EXPECT_EQ(image_of(shop, kCheckout), "\"shop:v1\"");
}

TEST(Rollout, a_way_back_does_not_raise_what_it_waits_for) {
  Shop shop = rollout_shop();
  shop.run_until(kStart + minutes(1) + seconds(30));
  shop.others = nullptr;
  shop.say(kCheckout, "/status/availableReplicas", Json{"6"});
  shop.sale.spec->rollouts[0].desired = api::DesiredRevision::Stable;
  for (int available = 6; available < 10; ++available) {
    shop.say(kCheckout, "/status/availableReplicas", json_of(std::int64_t{available}));
    shop.round();
    EXPECT_EQ(split_of(shop),
              std::to_string(10 * available) + "/" + std::to_string(100 - 10 * available));
    EXPECT_EQ(shop.number(kCheckoutHpa, "/spec/minReplicas"), 11);
  }
  shop.say(kCheckout, "/status/availableReplicas", Json{"10"});
  shop.round();
  EXPECT_EQ(split_of(shop), "100/0");
}

TEST(Rollout, a_pod_that_never_comes_does_not_keep_the_candidate) {
  Shop shop = rollout_shop();
  shop.run_until(kStart + minutes(1) + seconds(30));
  shop.others = nullptr;
  shop.say(kCheckout, "/status/availableReplicas", Json{"9"});
  shop.sale.spec->rollouts[0].desired = api::DesiredRevision::Stable;
  shop.round();
  EXPECT_EQ(split_of(shop), "90/10");
  shop.clock += minutes(21);
  shop.round();
  EXPECT_EQ(split_of(shop), "100/0");
}

TEST(Rollout, keep_stays_where_it_is_after_the_sale) {
  Shop shop = rollout_shop();
  shop.sale.spec->rollouts[0].on_window_end = api::OnWindowEnd::Keep;
  shop.sale.spec->rollouts[0].strategy.canary->steps[1].pause = {"5h", hours(5)};
  shop.run_until(shop.window.end + hours(3));
  EXPECT_EQ(rollout_row(shop).state, "Paused");
  EXPECT_EQ(split_of(shop), "50/50");
  EXPECT_EQ(shop.condition("Restored").substr(0, 4), "Fals");
}

TEST(Rollout, what_is_gone_after_its_promotion_keeps_no_event) {
  for (const ObjectRef& gone : {kRoute, kBackend, kCheckout}) {
    SCOPED_TRACE(to_text(gone));
    Shop shop = rollout_shop();
    shop.run_until(kStart + minutes(14));
    ASSERT_EQ(rollout_row(shop).state, "Promoted");
    shop.remove(gone);
    shop.sale.deleting = true;
    shop.run_until(shop.clock + minutes(30));
    EXPECT_FALSE(shop.sale.has_finalizer);
    EXPECT_FALSE(stands(shop));
  }
}

TEST(Rollout, a_rollback_of_what_was_edited_meanwhile_is_of_what_stands) {
  Shop shop = rollout_shop();
  shop.run_until(kStart + minutes(1) + seconds(30));
  shop.sale.spec->suspend = true;
  shop.sale.spec->rollouts[0] = rollout_of("shop:v3");
  shop.settle();
  ASSERT_EQ(split_of(shop), "50/50");
  shop.sale.status.decisions.push_back(by_hand(shop));
  shop.round();
  EXPECT_EQ(split_of(shop), "100/0");
}

/// What keeps it from beginning, with the words for it.
struct RefusedCase {
  const char* sentence;
  std::function<void(Shop&)> make;
  const char* state;
  const char* why;
};

TEST(Rollout, says_what_keeps_it_from_beginning) {
  const RefusedCase cases[] = {
      {"no route", [](Shop& shop) { shop.remove(kRoute); }, "Missing", "HTTPRoute"},
      {"no Service", [](Shop& shop) { shop.remove(kBackend); }, "Missing", "Service"},
      {"a Service of others",
       [](Shop& shop) {
         shop.add(kBackend, R"({"spec":{"selector":{"app":"cart"},"ports":[{"port":80}]}})");
       },
       "Refused",
       "which the target's pods do not have"},
      {"a Service that selects by version",
       [](Shop& shop) {
         shop.sale.spec->rollouts[0].patch = Json{R"({"metadata":{"labels":{"app":"v2"}}})"};
       },
       "Refused",
       "which the patch changes"},
      {"a route that names another Service",
       [](Shop& shop) {
         shop.add(
             kRoute,
             R"({"spec":{"rules":[{"backendRefs":[{"name":"cart","port":80}]}]},"status":{}})");
       },
       "Refused",
       "does not name the Service"},
      {"a patch that the API server refuses",
       [](Shop& shop) { shop.refused.insert("Deployment"); },
       "Refused",
       "does not apply"},
      {"an account that may not",
       [](Shop& shop) { shop.denied.insert("Deployment"); },
       "Forbidden",
       "may not create"},
      {"scaled to zero",
       [](Shop& shop) {
         shop.remove(kCheckoutHpa);
         shop.change(kCheckout, "/spec/replicas", Json{"0"}, "kubectl");
       },
       "Refused",
       "scaled to zero"},
      {"the template runs already",
       [](Shop& shop) { shop.sale.spec->rollouts[0] = rollout_of("shop:v1"); },
       "Promoted",
       "already"},
      {"manual",
       [](Shop& shop) { shop.sale.spec->rollouts[0].start = "manual"; },
       "Waiting",
       "Start"},
  };
  for (const RefusedCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    Shop shop = rollout_shop();
    one.make(shop);
    shop.run_until(kStart + minutes(2));
    EXPECT_EQ(rollout_row(shop).state, one.state);
    EXPECT_THAT(rollout_row(shop).message, HasSubstr(one.why));
    EXPECT_FALSE(stands(shop));
  }
}

TEST(Rollout, a_candidate_grows_beyond_the_most_that_it_was_made_with) {
  Shop shop = rollout_shop();
  shop.sale.spec->rollouts[0].strategy.canary->steps = {
      {.weight = 100, .pause = {"30m", minutes(30)}}};
  shop.run_until(kStart + minutes(1));
  const ObjectRef scaler{"autoscaling", "HorizontalPodAutoscaler", "shop", candidate_of(shop).name};
  ASSERT_EQ(shop.number(scaler, "/spec/maxReplicas"), 30);
  // Another sale of the same target.
  shop.objects[kCheckoutHpa] =
      *with_value(shop.objects[kCheckoutHpa], "/spec/maxReplicas", json_of(std::int64_t{60}));
  shop.objects[kCheckoutHpa] =
      *with_value(shop.objects[kCheckoutHpa], "/spec/minReplicas", json_of(std::int64_t{40}));
  shop.run_until(kStart + minutes(3));
  EXPECT_EQ(shop.number(scaler, "/spec/minReplicas"), 40);
  EXPECT_EQ(shop.number(scaler, "/spec/maxReplicas"), 40);
}

}  // namespace
}  // namespace doorbuster::planner
