// Gates: who lets a step pass (docs/reference/rollouts.md).
#include "controllers/planner/rollout_gate.h"

#include "controllers/planner/rollout_steps.h"
#include "tests/planner/rollout_shop.h"
#include "tests/planner/rollout_stage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace doorbuster::planner {
namespace {

using api::ActionVerb;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

/// checkout comes through 10 % and, behind the gate `board`, 50 %; search has no gate.
struct GateStage : RolloutStage {
  GateStage() {
    event.spec->gates = {
        api::GateSpec{.name = "board", .approval = api::ApprovalSpec{}, .webhook = {}}};
    auto& steps = event.spec->rollouts[0].strategy.canary.emplace().steps;
    steps = {{.weight = 10}, {.weight = 50, .approval = "board"}};
    event.spec->rollouts[1].strategy.canary.emplace().steps = {{.weight = 10}};
    seen.policy_since = now - hours(1);
  }
  api::ApprovalSpec& gate() { return *event.spec->gates[0].approval; }
  std::string told(ActionVerb verb,
                   const std::string& by,
                   const std::vector<std::string>& groups = {},
                   const std::vector<std::string>& names = {"checkout"},
                   const std::string& named = "board") {
    auto action = action_of(verb, names);
    action->spec->gate = named;
    action->spec->groups = groups;
    if (!by.empty()) action->spec->requested_by = by;
    const auto answer = ask_with(action);
    for (const api::Condition& one : answer->status.conditions) {
      if (one.type == "Accepted") return answer->status.state + " " + one.reason;
    }
    return "no answer";
  }
  std::string approve(const std::string& by, const std::vector<std::string>& groups = {}) {
    return told(ActionVerb::Approve, by, groups);
  }
  GateView view(int step = 2) const {
    const std::string name = "checkout", hash = attempt(name);
    return gate_view(event.spec->gates[0],
                     {.status = event.status,
                      .rollout = name,
                      .attempt = hash,
                      .patch = patch_hash(event.spec->rollouts[0]),
                      .step = step,
                      .is = steps_of(event.spec->rollouts[0].strategy)[std::size_t(step - 1)],
                      .entered = now,
                      .now = now});
  }
};

TEST(Gate, opens_once_somebody_has_approved) {
  GateStage stage;
  stage.begin("checkout");
  EXPECT_FALSE(stage.view().open);
  EXPECT_EQ(stage.view().words, "board: 0 of 1 approvals");
  EXPECT_EQ(stage.approve("ada"), "Complete Approved");
  EXPECT_TRUE(stage.view().open);
  EXPECT_THAT(stage.view().words, HasSubstr("approved by ada"));
  EXPECT_FALSE(stage.view(1).open) << "an approval is of one step";
}

TEST(Gate, counts_a_person_once) {
  GateStage stage;
  stage.gate().count = 2;
  stage.begin("checkout");
  EXPECT_EQ(stage.approve("ada"), "Complete Approved");
  EXPECT_EQ(stage.approve("ada"), "Complete NothingToDo");
  EXPECT_EQ(stage.view().words, "board: 1 of 2 approvals, by ada");
  EXPECT_EQ(stage.approve("grace"), "Complete Approved");
  EXPECT_TRUE(stage.view().open);
}

TEST(Gate, lets_only_members_of_its_groups_approve) {
  GateStage stage;
  stage.gate().groups = {"release-managers"};
  stage.begin("checkout");
  EXPECT_EQ(stage.approve("eve", {"developers"}), "Refused NotAllowed");
  EXPECT_EQ(stage.approve("eve"), "Refused NotAllowed");
  EXPECT_EQ(stage.approve("ada", {"developers", "release-managers"}), "Complete Approved");
}

TEST(Gate, lets_nobody_approve_whom_no_policy_has_checked) {
  GateStage stage;
  stage.begin("checkout");
  stage.seen.policy_since.reset();
  EXPECT_EQ(stage.approve("ada"), "Refused NotVerified");
  EXPECT_FALSE(stage.view().open);
}

TEST(Gate, lets_nobody_pass_his_own_release_where_two_people_are_asked) {
  GateStage stage;
  stage.gate().two_people = true;
  ASSERT_TRUE(stage.ask(ActionVerb::Start, {"checkout"}));  // ada
  stage.begin("checkout");
  EXPECT_EQ(stage.approve("ada"), "Refused OwnRelease");
  EXPECT_EQ(stage.approve("grace"), "Complete Approved");
  EXPECT_TRUE(stage.view().open);
}

TEST(Gate, asks_two_people_where_the_clock_began_it) {
  GateStage stage;
  stage.gate().two_people = true;
  stage.begin("checkout");
  EXPECT_EQ(stage.approve("ada"), "Complete Approved");
  EXPECT_FALSE(stage.view().open);
  EXPECT_EQ(stage.approve("grace"), "Complete Approved");
  EXPECT_TRUE(stage.view().open);
}

TEST(Gate, an_approval_given_ahead_runs_out) {
  GateStage stage;
  stage.gate().expires = {"1h", hours(1)};
  EXPECT_EQ(stage.approve("ada"), "Complete Approved");
  stage.begin("checkout");
  stage.now += minutes(59);
  EXPECT_TRUE(stage.view().open);
  stage.now += minutes(2);
  EXPECT_FALSE(stage.view().open);
  EXPECT_EQ(stage.approve("ada"), "Complete Approved") << "and may be given again";
}

TEST(Gate, what_was_open_while_the_step_lasted_stays_open) {
  GateStage stage;
  stage.gate().expires = {"1h", hours(1)};
  stage.begin("checkout");
  const Instant entered = stage.now;
  EXPECT_EQ(stage.approve("ada"), "Complete Approved");
  stage.now += hours(5);
  const std::string name = "checkout", hash = stage.attempt(name);
  EXPECT_TRUE(gate_view(stage.event.spec->gates[0],
                        {.status = stage.event.status,
                         .rollout = name,
                         .attempt = hash,
                         .patch = "",
                         .step = 2,
                         .is = steps_of(stage.event.spec->rollouts[0].strategy)[1],
                         .entered = entered,
                         .now = stage.now})
                  .open);
}

TEST(Gate, a_rejection_takes_what_was_approved_before_it) {
  GateStage stage;
  stage.event.spec->rollouts[0].on_failure = api::OnFailure::Alert;
  stage.begin("checkout");
  EXPECT_EQ(stage.approve("ada"), "Complete Approved");
  EXPECT_EQ(stage.told(ActionVerb::Reject, "grace"), "Complete Rejected");
  EXPECT_FALSE(stage.view().open);
  EXPECT_NE(stage.decision("checkout", rollout_kind::kFailed), nullptr);
  EXPECT_EQ(stage.decision("checkout", rollout_kind::kRolledBack), nullptr);
}

TEST(Gate, a_rejection_rolls_back_where_a_failure_does) {
  GateStage stage;
  stage.begin("checkout");
  stage.seen.policy_since.reset();
  EXPECT_EQ(stage.told(ActionVerb::Reject, ""), "Complete Rejected") << "nobody has to be checked";
  ASSERT_NE(stage.decision("checkout", rollout_kind::kRolledBack), nullptr);
  EXPECT_EQ(stage.approve("ada"), "Refused RolledBack");
}

TEST(Gate, what_is_rejected_before_it_began_does_not_begin) {
  GateStage stage;
  stage.event.spec->rollouts[0].on_failure = api::OnFailure::Pause;
  EXPECT_EQ(stage.told(ActionVerb::Reject, "grace"), "Complete Rejected");
  EXPECT_NE(stage.decision("checkout", rollout_kind::kRolledBack), nullptr);
}

TEST(Gate, only_steps_that_are_still_to_come_are_approved) {
  GateStage stage;
  stage.begin("checkout");
  api::Decision passed{.run = 0, .kind = rollout_kind::kPassed, .subject = "checkout"};
  passed.hash = stage.attempt("checkout");
  passed.value = "2";
  add_decision(stage.event.status, passed);
  EXPECT_EQ(stage.approve("ada"), "Refused NotAtGate");
  EXPECT_EQ(stage.told(ActionVerb::Approve, "ada", {}, {"search"}), "Refused NotAtGate");
  EXPECT_EQ(stage.told(ActionVerb::Approve, "ada", {}, {"checkout"}, "bored"),
            "Refused NoSuchGate");
}

TEST(Gate, one_action_is_about_all_rollouts_that_have_the_gate) {
  GateStage stage;
  stage.begin("checkout");
  EXPECT_EQ(stage.told(ActionVerb::Approve, "ada", {}, {}), "Complete Approved");
  EXPECT_TRUE(stage.view().open);
}

TEST(Gate, an_approval_said_twice_is_not_one_of_the_next_step) {
  GateStage stage;
  stage.event.spec->rollouts[0].strategy.canary->steps[0].approval = "board";
  stage.begin("checkout");
  EXPECT_EQ(stage.approve("ada"), "Complete Approved");
  EXPECT_EQ(stage.decision("checkout", rollout_kind::kApprove)->value, "1 board 10%");
  api::Decision passed{.run = 0, .kind = rollout_kind::kPassed, .subject = "checkout"};
  passed.hash = stage.attempt("checkout");
  passed.value = "1";
  add_decision(stage.event.status, passed);
  EXPECT_EQ(stage.approve("ada"), "Refused NotYet");
  api::Decision entered = passed;
  entered.kind = rollout_kind::kEntered;
  entered.value = "2";
  entered.at = stage.now;
  add_decision(stage.event.status, entered);
  EXPECT_EQ(stage.approve("ada"), "Complete Approved");
}

TEST(Gate, approvals_of_a_step_that_was_edited_are_void) {
  GateStage stage;
  stage.begin("checkout");
  EXPECT_EQ(stage.approve("ada"), "Complete Approved");
  stage.event.spec->rollouts[0].strategy.canary->steps[1].weight = 100;
  EXPECT_FALSE(stage.view().open);
}

TEST(Gate, approving_again_does_not_shut_what_is_open) {
  GateStage stage;
  stage.gate().count = 2;
  stage.gate().expires = {"1h", hours(1)};
  stage.begin("checkout");
  api::Decision entered{.run = 0, .kind = rollout_kind::kEntered, .subject = "checkout"};
  entered.hash = stage.attempt("checkout");
  entered.value = "2";
  entered.at = stage.now;
  add_decision(stage.event.status, entered);
  EXPECT_EQ(stage.approve("ada"), "Complete Approved");
  EXPECT_EQ(stage.approve("grace"), "Complete Approved");
  stage.now += hours(2);
  EXPECT_EQ(stage.approve("ada"), "Complete NothingToDo");
}

TEST(Gate, approvals_of_another_attempt_are_void) {
  GateStage stage;
  stage.begin("checkout");
  EXPECT_EQ(stage.approve("ada"), "Complete Approved");
  stage.event.spec->rollouts[0].patch = Json{R"({"spec":{"priority":2}})"};
  EXPECT_FALSE(stage.view().open);
}

// ---- in a release

Shop gated_shop() {
  Shop shop = rollout_shop();
  shop.sale.spec->gates = {
      api::GateSpec{.name = "board", .approval = api::ApprovalSpec{}, .webhook = {}}};
  shop.sale.spec->rollouts[0].strategy.canary->steps[0].approval = "board";
  shop.policy_since = kStart - hours(2);
  return shop;
}

void approve(Shop& shop) {
  api::SaleActionSpec spec;
  spec.action = ActionVerb::Approve;
  spec.gate = "board";
  spec.requested_by = "ada";
  shop.act("act" + std::to_string(shop.actions.size()), spec);
}

TEST(Gate, a_release_waits_for_people_beyond_its_deadline) {
  Shop shop = gated_shop();
  shop.sale.spec->rollouts[0].deadline = {"5m", minutes(5)};
  shop.run_until(kStart + minutes(40));
  EXPECT_EQ(rollout_row(shop).state, "AwaitingApproval");
  EXPECT_THAT(rollout_row(shop).message, HasSubstr("0 of 1 approvals"));
  EXPECT_EQ(split_of(shop), "90/10");
  approve(shop);
  shop.run_until(kStart + minutes(43));
  EXPECT_EQ(split_of(shop), "50/50");
}

TEST(Gate, promote_does_not_outvote_people) {
  Shop shop = gated_shop();
  shop.run_until(kStart + minutes(5));
  ASSERT_EQ(rollout_row(shop).state, "AwaitingApproval");
  api::SaleActionSpec spec;
  spec.action = ActionVerb::Promote;
  spec.requested_by = "ada";
  shop.act("act" + std::to_string(shop.actions.size()), spec);
  shop.run_until(kStart + minutes(8));
  EXPECT_EQ(rollout_row(shop).state, "AwaitingApproval");
  EXPECT_EQ(split_of(shop), "90/10");
}

TEST(Gate, a_release_that_waits_for_people_is_rolled_back_at_once) {
  Shop shop = gated_shop();
  shop.run_until(kStart + minutes(5));
  ASSERT_EQ(split_of(shop), "90/10");
  api::SaleActionSpec spec;
  spec.action = ActionVerb::RollBack;
  shop.act("act" + std::to_string(shop.actions.size()), spec);
  shop.run_until(kStart + minutes(5) + seconds(2));
  EXPECT_EQ(split_of(shop), "100/0");
}

TEST(Gate, a_blue_green_switch_waits_for_its_gate) {
  Shop shop = gated_shop();
  shop.sale.spec->rollouts[0].strategy = {.blue_green =
                                              api::BlueGreenSpec{.preview_approval = "board"}};
  shop.run_until(kStart + minutes(10));
  EXPECT_EQ(rollout_row(shop).state, "AwaitingApproval");
  EXPECT_EQ(split_of(shop), "100/0");
  approve(shop);
  shop.run_until(kStart + minutes(11));
  EXPECT_EQ(split_of(shop), "0/100");
}

// ---- steps, waves, turns

TEST(CanarySteps, a_step_without_weight_is_a_preview_of_as_many_pods_as_it_asks_for) {
  Shop shop = rollout_shop();
  auto& steps = shop.sale.spec->rollouts[0].strategy.canary->steps;
  steps = {{.weight = 0, .replicas = 3, .pause = {"1m", minutes(1)}},
           {.weight = 20, .pause = {"1m", minutes(1)}}};
  shop.run_until(kStart + seconds(50));
  EXPECT_EQ(shop.number(candidate_of(shop), "/status/readyReplicas"), 3);
  EXPECT_EQ(split_of(shop), "100/0");
  EXPECT_THAT(rollout_row(shop).message, HasSubstr("preview"));
  shop.run_until(kStart + minutes(2));
  EXPECT_EQ(split_of(shop), "80/20");
}

TEST(CanarySteps, a_step_waits_for_all_the_pods_that_it_asks_for) {
  Shop shop = rollout_shop();
  shop.sale.spec->rollouts[0].strategy.canary->steps = {{.weight = 10, .replicas = 6}};
  shop.run_until(kStart + minutes(1));
  EXPECT_EQ(shop.number(candidate_of(shop), "/spec/replicas"), 6);
  EXPECT_EQ(split_of(shop), "90/10");
}

TEST(Waves, a_rollout_waits_for_lower_waves) {
  Shop shop = rollout_shop();
  api::RolloutSpec later = shop.sale.spec->rollouts[0];
  later.name = "search-v2";
  later.target.name = "search";
  later.traffic.http_route = {.name = "search", .backend = "search"};
  later.wave = 3;
  shop.sale.spec->rollouts.push_back(later);
  shop.run_until(kStart + minutes(5));
  const api::RolloutStatus* row = row_of(shop.sale.status, "search-v2");
  ASSERT_NE(row, nullptr);
  EXPECT_EQ(row->state, "Waiting");
  EXPECT_THAT(row->message, HasSubstr("checkout-v2, of an earlier wave"));
  shop.run_until(kStart + minutes(30));
  EXPECT_THAT(row_of(shop.sale.status, "search-v2")->message, Not(HasSubstr("wave")));
}

TEST(Waves, only_so_many_are_under_way_at_one_time) {
  Shop shop = rollout_shop();
  api::RolloutSpec other = shop.sale.spec->rollouts[0];
  other.name = "search-v2";
  other.target.name = "search";
  other.traffic.http_route = {.name = "search", .backend = "search"};
  shop.sale.spec->rollouts.push_back(other);
  shop.sale.spec->max_concurrent_rollouts = 1;
  shop.run_until(kStart + minutes(5));
  EXPECT_THAT(row_of(shop.sale.status, "search-v2")->message, HasSubstr("waits for its turn"));
  shop.run_until(kStart + minutes(30));
  EXPECT_EQ(rollout_row(shop).state, "Promoted");
  EXPECT_THAT(row_of(shop.sale.status, "search-v2")->message, Not(HasSubstr("turn")));
}

}  // namespace
}  // namespace doorbuster::planner
