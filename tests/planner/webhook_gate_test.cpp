// Gates that a server opens (docs/reference/rollouts.md).
#include "controllers/planner/webhook_gate.h"

#include "controllers/planner/check.h"
#include "controllers/planner/rollout_memory.h"
#include "operator/base/json.h"
#include "tests/planner/rollout_shop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace doorbuster::planner {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using Says = Measurement::Says;

constexpr const char* kUrl = "https://board.example:8443/gate";

/// The first step of the release, 10 %, waits at the webhook `board`.
Shop webhook_shop() {
  Shop shop = rollout_shop();
  api::GateSpec gate;
  gate.name = "board";
  gate.webhook = api::WebhookSpec{.url = kUrl};
  shop.sale.spec->gates = {gate};
  shop.sale.spec->rollouts[0].strategy.canary->steps[0].approval = "board";
  shop.policy_since = kStart - hours(2);
  return shop;
}

std::vector<GateQuestion> asked_in(const Shop& shop) {
  return gate_questions(shop.sale, shop.clock);
}

std::string name_asked(const Shop& shop) {
  const auto asked = asked_in(shop);
  return asked.empty() ? "" : asked.front().check.name;
}

/// What the poller hands over of the question of now.
void hear(Shop& shop, Says says, double value, const std::string& text) {
  shop.checks[name_asked(shop)].push_back(
      {.at = shop.clock, .says = says, .value = value, .text = text});
}
void opens(Shop& shop) { hear(shop, Says::Value, 1, ""); }
void rejects(Shop& shop, const std::string& why) { hear(shop, Says::Value, 0, why); }
void fails(Shop& shop, const std::string& why) { hear(shop, Says::Error, 0, why); }

std::string act(Shop& shop, api::ActionVerb verb) {
  api::SaleActionSpec spec;
  spec.action = verb;
  spec.requested_by = "ada";
  if (verb == api::ActionVerb::Approve || verb == api::ActionVerb::Reject) spec.gate = "board";
  const std::string name = "act" + std::to_string(shop.actions.size());
  shop.act(name, spec);
  shop.run_until(shop.clock + seconds(2));
  for (const api::Condition& one : shop.actions.at(name).status.conditions) {
    if (one.type == "Accepted") return one.reason + ": " + one.message;
  }
  return "no answer";
}

const api::Decision* decided_of(const Shop& shop, const char* kind) {
  const api::RolloutSpec& rollout = shop.sale.spec->rollouts[0];
  return decided_about(shop.sale.status, kind, rollout.name, attempt_of(rollout, shop.sale.status));
}

TEST(WebhookGate, a_step_waits_beyond_its_deadline_until_its_server_opens) {
  Shop shop = webhook_shop();
  shop.sale.spec->rollouts[0].deadline = {"5m", minutes(5)};
  shop.run_until(kStart + minutes(40));
  EXPECT_EQ(rollout_row(shop).state, "AwaitingApproval");
  EXPECT_EQ(rollout_row(shop).message, "board: webhook board.example:8443 has not answered yet");
  EXPECT_EQ(split_of(shop), "90/10");
  fails(shop, "the server answers with status 500");
  shop.run_until(kStart + minutes(41));
  EXPECT_EQ(rollout_row(shop).message,
            "board: webhook board.example:8443 does not open it: the server answers with status "
            "500");
  opens(shop);
  shop.run_until(kStart + minutes(43));
  EXPECT_EQ(split_of(shop), "50/50");
}

TEST(WebhookGate, what_a_server_said_is_decided_once_and_outlives_what_was_measured) {
  Shop shop = webhook_shop();
  shop.sale.spec->rollouts[0].strategy.canary->steps[0].pause = {"10m", minutes(10)};
  shop.run_until(kStart + minutes(2));
  opens(shop);
  shop.run_until(kStart + minutes(3));
  const api::Decision* approved = decided_of(shop, rollout_kind::kApprove);
  ASSERT_NE(approved, nullptr);
  EXPECT_EQ(approved->value, "1 board 10%");
  EXPECT_EQ(approved->by, "webhook board.example:8443");
  EXPECT_TRUE(asked_in(shop).empty()) << "it has answered";
  shop.checks.clear();  // an operator that was started anew
  EXPECT_EQ(split_of(shop), "90/10") << "the pause is not over";
  shop.run_until(kStart + minutes(12));
  EXPECT_EQ(split_of(shop), "50/50");
}

TEST(WebhookGate, a_server_is_asked_only_once_its_step_has_its_weight) {
  Shop shop = webhook_shop();
  shop.run_until(kStart - minutes(1));
  EXPECT_TRUE(asked_in(shop).empty());
  shop.unready = {candidate_of(shop).name};
  shop.run_until(kStart + minutes(1));
  EXPECT_TRUE(asked_in(shop).empty()) << "pods are missing";
  shop.unready.clear();
  shop.run_until(kStart + minutes(2));
  ASSERT_EQ(asked_in(shop).size(), 1U);
  opens(shop);
  shop.run_until(kStart + minutes(4));
  EXPECT_TRUE(asked_in(shop).empty()) << "the step has passed, and the next has no gate";
}

TEST(WebhookGate, the_question_says_what_the_step_is) {
  Shop shop = webhook_shop();
  shop.sale.spec->gates[0].webhook->sign_with = api::SigningKey{.secret = "s", .key = "k"};
  shop.run_until(kStart + minutes(1));
  const auto asked = asked_in(shop);
  ASSERT_EQ(asked.size(), 1U);
  const GateQuestion& one = asked[0];
  EXPECT_TRUE(is_gate_question(one.check));
  EXPECT_EQ(one.check.http->url, kUrl);
  EXPECT_EQ(one.check.interval.value, seconds(15));
  EXPECT_EQ(one.check.http->token_from, (api::CheckToken{.secret = "s", .key = "k"}));
  EXPECT_TRUE(one.delivery.starts_with(shop.sale.uid + "/checkout-v2/board/")) << one.delivery;
  const auto body = JsonView::parse(one.body);
  ASSERT_TRUE(body.ok()) << one.body;
  const auto text = [&body](const char* at) { return std::string(body->find(at)->text()); };
  EXPECT_EQ(text("/apiVersion"), R"("doorbuster.dev/v1alpha1")");
  EXPECT_EQ(text("/kind"), R"("GateReview")");
  EXPECT_EQ(text("/event/namespace"), R"("shop")");
  EXPECT_EQ(text("/event/name"), "\"" + shop.sale.ref.name + "\"");
  EXPECT_EQ(text("/event/uid"), "\"" + shop.sale.uid + "\"");
  EXPECT_EQ(text("/run"), std::to_string(shop.sale.status.run.value_or(0)));
  EXPECT_EQ(text("/rollout"), R"("checkout-v2")");
  EXPECT_EQ(text("/target"), R"("checkout")");
  EXPECT_EQ(text("/attempt"), "\"" + decided_of(shop, rollout_kind::kStarted)->hash + "\"");
  EXPECT_EQ(text("/gate"), R"("board")");
  EXPECT_EQ(text("/step"), "1");
  EXPECT_EQ(text("/weight"), "10");
  EXPECT_EQ(text("/since"), "\"" + to_rfc3339(decided_of(shop, rollout_kind::kEntered)->at) + "\"");
}

TEST(WebhookGate, an_answer_to_another_question_opens_nothing) {
  struct Edit {
    const char* sentence;
    std::function<void(Shop&)> change;
  };
  const Edit edits[] = {
      {"another share",
       [](Shop& shop) { shop.sale.spec->rollouts[0].strategy.canary->steps[0].weight = 20; }},
      {"another URL", [](Shop& shop) { shop.sale.spec->gates[0].webhook->url += "/2"; }},
      {"another gate",
       [](Shop& shop) {
         shop.sale.spec->gates[0].name = "panel";
         shop.sale.spec->rollouts[0].strategy.canary->steps[0].approval = "panel";
       }},
      {"another run", [](Shop& shop) { ++*shop.sale.status.run; }},
  };
  for (const Edit& one : edits) {
    SCOPED_TRACE(one.sentence);
    Shop shop = webhook_shop();
    shop.run_until(kStart + minutes(2));
    shop.sale.status.run = shop.sale.status.run.value_or(0);
    const std::string before = name_asked(shop);
    ASSERT_NE(before, "");
    one.change(shop);
    EXPECT_NE(name_asked(shop), before);
  }
}

TEST(WebhookGate, an_answer_of_an_earlier_attempt_opens_nothing) {
  Shop shop = webhook_shop();
  shop.run_until(kStart + minutes(2));
  const std::string before = name_asked(shop);
  EXPECT_THAT(act(shop, api::ActionVerb::RollBack), HasSubstr("RollingBack"));
  EXPECT_TRUE(asked_in(shop).empty());
  shop.run_until(kStart + minutes(5));
  EXPECT_THAT(act(shop, api::ActionVerb::Retry), HasSubstr("Retrying"));
  shop.checks[before].push_back({.at = shop.clock, .says = Says::Value, .value = 1, .text = ""});
  shop.run_until(kStart + minutes(10));
  EXPECT_EQ(rollout_row(shop).state, "AwaitingApproval");
  EXPECT_NE(name_asked(shop), before);
}

TEST(WebhookGate, a_rejection_goes_back_at_once_and_says_why) {
  Shop shop = webhook_shop();
  shop.run_until(kStart + minutes(2));
  rejects(shop, "carts are slow");
  shop.run_until(shop.clock + seconds(2));
  EXPECT_EQ(split_of(shop), "100/0");
  EXPECT_THAT(rollout_row(shop).message,
              HasSubstr("rejected by webhook board.example:8443: carts are slow"));
  EXPECT_EQ(decided_of(shop, rollout_kind::kReject)->value, "1 board 10%");
  shop.run_until(kStart + minutes(10));
  EXPECT_EQ(rollout_row(shop).state, "RolledBack");
  EXPECT_FALSE(stands(shop));
}

TEST(WebhookGate, a_rejected_step_that_is_paused_is_asked_about_anew_once_it_is_resumed) {
  Shop shop = webhook_shop();
  shop.sale.spec->rollouts[0].on_failure = api::OnFailure::Pause;
  shop.run_until(kStart + minutes(2));
  const std::string before = name_asked(shop);
  rejects(shop, "carts are slow");
  shop.run_until(kStart + minutes(3));
  EXPECT_EQ(rollout_row(shop).state, "Paused");
  EXPECT_THAT(rollout_row(shop).message, HasSubstr("carts are slow"));
  EXPECT_EQ(split_of(shop), "90/10");
  EXPECT_TRUE(asked_in(shop).empty());
  EXPECT_THAT(act(shop, api::ActionVerb::Resume), HasSubstr("Resuming"));
  shop.run_until(shop.clock + minutes(3));
  EXPECT_EQ(rollout_row(shop).state, "AwaitingApproval");
  EXPECT_NE(name_asked(shop), "");
  EXPECT_NE(name_asked(shop), before);
  opens(shop);
  shop.run_until(shop.clock + minutes(1));
  EXPECT_EQ(split_of(shop), "50/50");
}

TEST(WebhookGate, where_a_failure_only_alerts_a_server_that_rejected_is_asked_again_later) {
  Shop shop = webhook_shop();
  shop.sale.spec->rollouts[0].on_failure = api::OnFailure::Alert;
  shop.run_until(kStart + minutes(2));
  rejects(shop, "");
  shop.run_until(kStart + minutes(3));
  EXPECT_EQ(rollout_row(shop).state, "AwaitingApproval");
  EXPECT_EQ(split_of(shop), "90/10");
  EXPECT_TRUE(asked_in(shop).empty());
  shop.run_until(kStart + minutes(8));
  opens(shop);
  shop.run_until(kStart + minutes(9));
  EXPECT_EQ(split_of(shop), "50/50");
}

TEST(WebhookGate, nobody_approves_in_a_servers_place_and_anybody_rejects) {
  Shop shop = webhook_shop();
  shop.run_until(kStart + minutes(2));
  EXPECT_THAT(act(shop, api::ActionVerb::Approve),
              HasSubstr("OpenedByWebhook: checkout-v2: board is opened by its webhook"));
  EXPECT_THAT(act(shop, api::ActionVerb::Promote), HasSubstr("AwaitingApproval"));
  shop.run_until(kStart + minutes(5));
  EXPECT_EQ(split_of(shop), "90/10");
  EXPECT_THAT(act(shop, api::ActionVerb::Reject), HasSubstr("Rejected"));
  EXPECT_EQ(split_of(shop), "100/0");
}

TEST(WebhookGate, a_release_that_waits_for_a_server_is_rolled_back_at_once) {
  Shop shop = webhook_shop();
  shop.run_until(kStart + minutes(5));
  fails(shop, "no whole answer within 3s");
  act(shop, api::ActionVerb::RollBack);
  EXPECT_EQ(split_of(shop), "100/0");
}

TEST(WebhookGate, what_people_approved_counts_no_more_once_the_gate_is_a_servers_and_vice_versa) {
  Shop shop = webhook_shop();
  const api::GateSpec webhook = shop.sale.spec->gates[0];
  api::GateSpec people;
  people.name = "board";
  people.approval = api::ApprovalSpec{};
  shop.sale.spec->rollouts[0].strategy.canary->steps[0].pause = {"30m", minutes(30)};
  shop.sale.spec->gates = {people};
  shop.run_until(kStart + minutes(2));
  EXPECT_THAT(act(shop, api::ActionVerb::Approve), HasSubstr("Approved"));
  shop.sale.spec->gates = {webhook};
  shop.run_until(kStart + minutes(5));
  ASSERT_EQ(asked_in(shop).size(), 1U) << "ada is no server";
  opens(shop);
  shop.run_until(kStart + minutes(6));
  EXPECT_TRUE(asked_in(shop).empty());
  shop.sale.spec->gates = {people};
  shop.sale.spec->gates[0].approval->count = 2;
  shop.run_until(kStart + minutes(35));
  EXPECT_THAT(rollout_row(shop).message, HasSubstr("1 of 2 approvals, by ada"));
}

TEST(WebhookGate, events_that_are_not_ours_or_not_accepted_ask_nobody) {
  Shop shop = webhook_shop();
  EXPECT_TRUE(asks_providers(*shop.sale.spec));
  shop.run_until(kStart + minutes(2));
  EXPECT_TRUE(asks_gates(shop.sale, "here"));
  EXPECT_FALSE(asks_gates(shop.sale, "another"));
  Event edited = shop.sale;
  ++edited.generation;
  EXPECT_FALSE(asks_gates(edited, "here"));
  edited = shop.sale;
  edited.deleting = true;
  EXPECT_FALSE(asks_gates(edited, "here"));
}

TEST(WebhookGate, a_server_that_says_nothing_rests_twice_as_long_each_time_up_to_five_minutes) {
  EXPECT_EQ(gate_rest(seconds(15), 0), seconds(15));
  std::vector<std::int64_t> rests;
  for (int failures = 1; failures <= 7; ++failures)
    rests.push_back(std::chrono::duration_cast<seconds>(gate_rest(seconds(15), failures)).count());
  EXPECT_THAT(rests, ElementsAre(15, 30, 60, 120, 240, 300, 300));
  EXPECT_EQ(gate_rest(hours(1), 3), hours(1)) << "asked for by the author";
  EXPECT_EQ(gate_rest(seconds(1), 1'000'000), kGateAskedAtLeast);
}

TEST(WebhookGate, only_hosts_that_the_operator_may_ask_are_accepted) {
  Shop shop = webhook_shop();
  shop.setup.checks = CheckSetup{.prometheus = "", .hosts = {*parse_host_pattern("other.example")}};
  shop.run_until(kStart - hours(1));
  EXPECT_EQ(shop.condition("Accepted"), "False CheckHostNotAllowed");
  shop = webhook_shop();
  shop.setup.checks = CheckSetup{.prometheus = "", .hosts = {*parse_host_pattern("*.example")}};
  shop.run_until(kStart - hours(1));
  EXPECT_THAT(shop.condition("Accepted"), Not(HasSubstr("CheckHostNotAllowed")));
}

}  // namespace
}  // namespace doorbuster::planner
