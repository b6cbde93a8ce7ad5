// What people ask for of rollouts by SaleActions, as sentences.
#include "controllers/planner/rollout_action.h"

#include "tests/planner/rollout_stage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace doorbuster::planner {
namespace {

using api::ActionVerb;
using testing::AllOf;
using testing::HasSubstr;

std::string reason_of(const std::optional<ActionAnswer>& answer) {
  if (!answer) return "no answer";
  for (const api::Condition& one : answer->status.conditions) {
    if (one.type == "Accepted") return one.reason;
  }
  return "";
}

/// `Complete Promoting`.
std::string said(const std::optional<ActionAnswer>& answer) {
  return answer ? answer->status.state + " " + reason_of(answer) : "no answer";
}

void roll_back_checkout(RolloutStage& stage, const char* state) {
  stage.begin("checkout");
  stage.decide("checkout", rollout_kind::kRolledBack);
  stage.show("checkout", state);
}

void pause_by_failure(RolloutStage& stage) {
  stage.event.spec->rollouts[0].on_failure = api::OnFailure::Pause;
  stage.begin("checkout");
  stage.decide("checkout", rollout_kind::kFailed);
}

struct VerbCase {
  const char* sentence;
  std::function<void(RolloutStage&)> before;
  ActionVerb verb;
  const char *said, *kind, *value;  ///< kind: of the decision; empty: none is made
};

TEST(RolloutAction, EachVerbIsJudgedByWhatIsRememberedOfTheRollout) {
  const auto begun = [](RolloutStage& stage) { stage.begin("checkout"); };
  const auto nothing = [](RolloutStage&) {};
  const auto back = [](RolloutStage& stage) { roll_back_checkout(stage, "RolledBack"); };
  const auto on_its_way = [](RolloutStage& stage) { roll_back_checkout(stage, "RollingBack"); };
  const auto promoted = [](RolloutStage& stage) {
    stage.begin("checkout");
    stage.decide("checkout", rollout_kind::kPromoted);
  };
  const auto passed = [](RolloutStage& stage) {
    stage.begin("checkout");
    stage.decide("checkout", rollout_kind::kAccepted);
  };
  const auto paused = [](RolloutStage& stage) {
    stage.begin("checkout");
    stage.decide("checkout", rollout_kind::kPause);
  };
  const auto resumed = [](RolloutStage& stage) {
    pause_by_failure(stage);
    stage.decide("checkout", rollout_kind::kResume);
  };
  const auto alert = [](RolloutStage& stage) {
    pause_by_failure(stage);
    stage.event.spec->rollouts[0].on_failure = api::OnFailure::Alert;
  };
  const auto going = [](RolloutStage& stage) { stage.event.deleting = true; };
  const auto stable = [](RolloutStage& stage) {
    stage.event.spec->rollouts[0].desired = api::DesiredRevision::Stable;
  };
  using V = ActionVerb;
  const std::vector<VerbCase> cases{
      {"start, not begun", nothing, V::Start, "Complete Starting", "Start", ""},
      {"start, begun", begun, V::Start, "Complete NothingToDo", "", ""},
      {"start, rolled back", back, V::Start, "Refused RolledBack", "", ""},
      {"start of what goes", going, V::Start, "Refused IsNotToBegin", "", ""},
      {"start of what is to be stable", stable, V::Start, "Refused IsNotToBegin", "", ""},
      {"promote ends the step", begun, V::Promote, "Complete Promoting", "Promote", "2"},
      {"promote, not begun", nothing, V::Promote, "Refused NotBegun", "", ""},
      {"promote, rolled back", back, V::Promote, "Refused RolledBack", "", ""},
      {"promote, promoted", promoted, V::Promote, "Refused Promoted", "", ""},
      {"promote, on its way", passed, V::Promote, "Complete NothingToDo", "", ""},
      {"promote, failed", pause_by_failure, V::Promote, "Refused Failed", "", ""},
      {"promote, resumed", resumed, V::Promote, "Complete Promoting", "Promote", "2"},
      {"promote, alerted", alert, V::Promote, "Complete Promoting", "Promote", "2"},
      {"pause", begun, V::Pause, "Complete Pausing", "Pause", ""},
      {"pause before it begins", nothing, V::Pause, "Complete Pausing", "Pause", ""},
      {"pause, paused", paused, V::Pause, "Complete NothingToDo", "", ""},
      {"pause, promoted", promoted, V::Pause, "Complete NothingToDo", "", ""},
      {"resume", paused, V::Resume, "Complete Resuming", "Resume", ""},
      {"resume after a failure", pause_by_failure, V::Resume, "Complete Resuming", "Resume", ""},
      {"resume, not paused", begun, V::Resume, "Complete NothingToDo", "", ""},
      {"retry, rolled back", back, V::Retry, "Complete Retrying", "Retry", "2"},
      {"retry, failed", pause_by_failure, V::Retry, "Complete Retrying", "Retry", "2"},
      {"retry on the way back", on_its_way, V::Retry, "Refused StillRunning", "", ""},
      {"retry, running", begun, V::Retry, "Refused StillRunning", "", ""},
      {"retry, promoted", promoted, V::Retry, "Refused Promoted", "", ""},
      {"retry, not begun", nothing, V::Retry, "Complete NothingToDo", "", ""},
      {"roll back", begun, V::RollBack, "Accepted RollingBack", "RolledBack", ""},
      {"roll back in promotion", passed, V::RollBack, "Accepted RollingBack", "RolledBack", ""},
      {"roll back, not begun", nothing, V::RollBack, "Accepted RollingBack", "RolledBack", ""},
      {"roll back, rolled back", back, V::RollBack, "Complete NothingToDo", "", ""},
      {"roll back, promoted", promoted, V::RollBack, "Refused Promoted", "", ""},
  };
  for (const VerbCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    RolloutStage stage;
    one.before(stage);
    const std::size_t before = stage.event.status.decisions.size();
    const auto answer = stage.ask(one.verb, {"checkout"});
    EXPECT_EQ(said(answer), one.said);
    EXPECT_THAT(answer->status.message, HasSubstr("checkout: "));
    const auto& all = stage.event.status.decisions;
    ASSERT_EQ(all.size(), before + (*one.kind == '\0' ? 0 : 1));
    if (*one.kind == '\0') continue;
    EXPECT_EQ(all.back().kind, one.kind);
    EXPECT_EQ(all.back().subject, "checkout");
    EXPECT_EQ(all.back().value, one.value);
    EXPECT_EQ(all.back().by, "ada");
    EXPECT_EQ(all.back().detail, "why");
    EXPECT_EQ(all.back().hash, patch_hash(stage.event.spec->rollouts[0]));
  }
}

TEST(RolloutAction, WithoutNamesAllAreMeantAndTheAnswerSaysWhatBecameOfEach) {
  RolloutStage stage;
  stage.event.spec->rollouts.push_back(rollout_named("cart"));
  stage.begin("checkout");
  stage.decide("checkout", rollout_kind::kPromoted);
  stage.begin("search");
  const auto answer = stage.ask(ActionVerb::RollBack);
  EXPECT_EQ(said(answer), "Accepted RollingBack");
  EXPECT_THAT(answer->status.message,
              AllOf(HasSubstr("checkout: promoted at"),
                    HasSubstr("search: all traffic goes back"),
                    HasSubstr("cart: has not begun, and does not")));
  EXPECT_EQ(stage.decision("checkout", rollout_kind::kRolledBack), nullptr);
  EXPECT_NE(stage.decision("search", rollout_kind::kRolledBack), nullptr);
  EXPECT_NE(stage.decision("cart", rollout_kind::kRolledBack), nullptr);
}

TEST(RolloutAction, ANameThatIsNotThereIsRefusedWithThoseThatAre) {
  for (const ActionVerb verb : {ActionVerb::RollBack, ActionVerb::Pause}) {
    RolloutStage stage;
    const auto answer = stage.ask(verb, {"checkout", "chekout"});
    EXPECT_EQ(said(answer), "Refused NoSuchRollout");
    EXPECT_THAT(answer->status.message,
                HasSubstr("no rollout chekout; there are: checkout, search"));
    EXPECT_TRUE(stage.event.status.decisions.empty());
  }
}

TEST(RolloutAction, WhatIsNamedIsDoneWholeButARollBackDoesWhatItCan) {
  RolloutStage stage;
  stage.begin("checkout");
  stage.begin("search");
  stage.decide("search", rollout_kind::kPromoted);
  EXPECT_EQ(said(stage.ask(ActionVerb::Promote, {"checkout", "search"})), "Refused Promoted");
  EXPECT_EQ(stage.decision("checkout", rollout_kind::kPromote), nullptr);
  EXPECT_EQ(said(stage.ask(ActionVerb::RollBack, {"checkout", "search"})), "Accepted RollingBack");
  EXPECT_NE(stage.decision("checkout", rollout_kind::kRolledBack), nullptr);
}

TEST(RolloutAction, ARollBackIsTakenInEveryStateOfItsEvent) {
  struct Case {
    const char* sentence;
    std::function<void(RolloutStage&)> change;
  };
  const Error broken{.kind = ErrorKind::Invalid, .message = "spec.x: unknown"};
  const std::vector<Case> cases{
      {"suspended", [](RolloutStage& stage) { stage.event.spec->suspend = true; }},
      {"in a dry run", [](RolloutStage& stage) { stage.event.spec->mode = api::Mode::DryRun; }},
      {"being deleted", [](RolloutStage& stage) { stage.event.deleting = true; }},
      {"without a window",
       [](RolloutStage& stage) {
         stage.seen.window = Error{.kind = ErrorKind::Invalid, .message = "no such zone"};
       }},
      {"with a window that is not known yet",
       [](RolloutStage& stage) {
         stage.seen.window = Error{.kind = ErrorKind::Unavailable, .message = "not read"};
       }},
      {"with a spec that cannot be read",
       [&broken](RolloutStage& stage) { stage.event.spec = broken; }},
      {"after as many actions as there may be",
       [](RolloutStage& stage) {
         for (std::size_t i = 0; i < kActionsOfRun; ++i)
           stage.event.status.decisions.push_back({.run = 0,
                                                   .kind = "Extend",
                                                   .subject = "",
                                                   .hash = "",
                                                   .at = kStart,
                                                   .by = "",
                                                   .action_uid = "u" + std::to_string(i),
                                                   .value = "",
                                                   .detail = ""});
       }},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.sentence);
    RolloutStage stage;
    stage.begin("checkout");
    const std::string attempt = stage.attempt("checkout");
    one.change(stage);
    EXPECT_EQ(said(stage.ask(ActionVerb::RollBack)), "Accepted RollingBack");
    const api::Decision* made =
        decided_about(stage.event.status, rollout_kind::kRolledBack, "checkout", attempt);
    ASSERT_NE(made, nullptr);
    EXPECT_EQ(made->by, "ada");
  }
}

TEST(RolloutAction, OtherVerbsWaitForTheWindowAndAreBounded) {
  RolloutStage stage;
  stage.begin("checkout");
  for (std::size_t i = 0; i < kActionsOfRun; ++i)
    EXPECT_EQ(said(stage.ask(i % 2 == 0 ? ActionVerb::Pause : ActionVerb::Resume, {"checkout"})),
              i % 2 == 0 ? "Complete Pausing" : "Complete Resuming");
  EXPECT_EQ(said(stage.ask(ActionVerb::Pause, {"checkout"})), "Complete Pausing")
      << "what is said again does not add up";
  stage.seen.window = Error{.kind = ErrorKind::Unavailable, .message = "not read"};
  EXPECT_EQ(said(stage.ask(ActionVerb::Resume, {"checkout"})), "no answer");
  stage.seen.window = Error{.kind = ErrorKind::Invalid, .message = "no such zone"};
  EXPECT_EQ(said(stage.ask(ActionVerb::Resume, {"checkout"})), "Refused NotAccepted");
}

TEST(RolloutAction, WithoutASpecTheAttemptIsThatOfTheLastRetry) {
  RolloutStage stage;
  roll_back_checkout(stage, "RolledBack");
  EXPECT_EQ(said(stage.ask(ActionVerb::Retry, {"checkout"})), "Complete Retrying");
  const std::string second = stage.attempt("checkout");
  EXPECT_THAT(second, HasSubstr("/2"));
  for (const bool begun : {false, true}) {
    RolloutStage then = stage;
    then.show("checkout", "Waiting");
    if (begun) then.begin("checkout");
    then.event.spec = Error{.kind = ErrorKind::Invalid, .message = "spec.x: unknown"};
    EXPECT_EQ(said(then.ask(ActionVerb::RollBack, {"checkout"})), "Accepted RollingBack");
    EXPECT_NE(decided_about(then.event.status, rollout_kind::kRolledBack, "checkout", second),
              nullptr);
  }
}

TEST(RolloutAction, WithoutASpecWhatNeverBeganIsToldToAskAgain) {
  RolloutStage stage;
  stage.show("checkout", "Waiting");
  stage.event.spec = Error{.kind = ErrorKind::Invalid, .message = "spec.x: unknown"};
  const auto answer = stage.ask(ActionVerb::RollBack);
  EXPECT_EQ(said(answer), "Complete NothingToDo");
  EXPECT_THAT(answer->status.message, HasSubstr("roll back again once it can be read"));
  stage.event.status.rollouts.clear();
  EXPECT_EQ(said(stage.ask(ActionVerb::RollBack)), "Refused NoRollouts");
}

TEST(RolloutAction, EachRetryIsAnotherAttempt) {
  RolloutStage stage;
  for (int attempt = 2; attempt <= kAttempts; ++attempt) {
    roll_back_checkout(stage, "RolledBack");
    EXPECT_EQ(said(stage.ask(ActionVerb::Retry, {"checkout"})), "Complete Retrying");
    EXPECT_THAT(stage.attempt("checkout"), HasSubstr("/" + std::to_string(attempt)));
  }
  roll_back_checkout(stage, "RolledBack");
  EXPECT_EQ(said(stage.ask(ActionVerb::Retry, {"checkout"})), "Refused TooMany");
}

TEST(RolloutAction, ARollBackIsCompleteWhenAllItDecidedAboutIsSeenToBeBack) {
  RolloutStage stage;
  stage.begin("checkout");
  auto answer = stage.ask(ActionVerb::RollBack);
  ASSERT_EQ(said(answer), "Accepted RollingBack");
  EXPECT_FALSE(answer->status.traffic_verified_at);
  const auto look = [&] {
    auto action = std::make_shared<Action>(*answer->action);
    action->status = answer->status;
    answer = stage.ask_with(action);
  };
  const Instant drained = stage.now;
  stage.decide("checkout", rollout_kind::kDrained);
  look();
  EXPECT_EQ(answer->status.state, "Accepted");
  EXPECT_EQ(answer->status.traffic_verified_at, drained);
  stage.show("checkout", "RolledBack");
  look();
  EXPECT_EQ(answer->status.state, "Accepted") << "search has not been seen to be back";
  stage.show("search", "RolledBack");
  look();
  EXPECT_EQ(answer->status.state, "Complete");
  EXPECT_EQ(answer->status.message, "checkout, search: rolled back");
}

TEST(RolloutAction, ARollBackOfWhatTheEventHasNoMoreHasAnEnd) {
  RolloutStage stage;
  stage.begin("checkout");
  auto answer = stage.ask(ActionVerb::RollBack, {"checkout"});
  stage.event.spec->rollouts[0].patch = Json{R"({"spec":{"priority":2}})"};
  auto action = std::make_shared<Action>(*answer->action);
  action->status = answer->status;
  answer = stage.ask_with(action);
  EXPECT_EQ(answer->status.state, "Complete");
}

TEST(RolloutAction, AnAnswerThatIsLostIsGivenAgain) {
  RolloutStage stage;
  stage.begin("checkout");
  const auto first = stage.ask(ActionVerb::RollBack, {"checkout"});
  const auto again = stage.ask_with(first->action);
  EXPECT_EQ(said(again), "Accepted Decided");
  EXPECT_EQ(again->status.message, "checkout: RolledBack is decided");
}

TEST(RolloutAction, WithoutRolloutsThereIsNothingToActOn) {
  RolloutStage stage;
  stage.event.spec->rollouts.clear();
  for (const ActionVerb verb : {ActionVerb::RollBack, ActionVerb::Start, ActionVerb::Retry})
    EXPECT_EQ(said(stage.ask(verb)), "Refused NoRollouts");
}

}  // namespace
}  // namespace doorbuster::planner
