// What other tools that release are known to get wrong, each as a history of its own under the eyes
// of every oracle.
// Issue numbers are of argoproj/argo-rollouts (AR), fluxcd/flagger (FL) and openkruise/rollouts
// (KR).
#include "tests/simulation/planted.h"

#include <gtest/gtest.h>

namespace doorbuster::simulation {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

/// Since the beginning: the release starts at five minutes, has a fifth of the traffic some seconds
/// later and all of it about a minute after that.
constexpr Duration kFifth = seconds(330), kAll = seconds(385);

Step ask(Duration at, const char* verb) {
  return {.act = Act::Ask, .at = at, .subject = "sale-0", .field = verb};
}
Step stable(Duration at) { return {.act = Act::DesireStable, .at = at, .subject = "sale-0"}; }

History unscaled(History history) {
  history.shops.front().min.reset();
  history.shops.front().max.reset();
  return history;
}
History checked(History history) {
  history.events.front().rollout->checked = true;
  return history;
}
History slow(History history) {
  history.events.front().rollout->steps = {{20, minutes(3)}, {100, minutes(3)}};
  return history;
}

History blue_green(History history) {
  history.events.front().rollout->blue_green = true;
  return history;
}

/// What has passed waits until the sale is over.
History afterwards(History history) {
  history.events.front().rollout->promotion = "AfterWindow";
  return history;
}

/// Copies first, then requests by a header besides the share.
History by_requests(History history) {
  RolloutPlan& plan = *history.events.front().rollout;
  plan.matched = true;
  plan.mirror = 50;
  plan.steps.insert(plan.steps.begin(), {0, minutes(1)});
  return history;
}

/// A server opens the first step.
History by_webhook(History history) {
  history.events.front().rollout->gated = 1;
  history.events.front().rollout->by_server = true;
  return history;
}
Step server(Duration at, const char* says) {
  return {.act = Act::ServerTurns, .at = at, .field = says};
}

History by_service(History history) {
  history.events.front().rollout->router = "Service";
  return blue_green(std::move(history));
}

struct Hazard {
  const char* name;
  std::function<History()> history;
  std::vector<std::string> happens;  ///< situations that must come up
  std::vector<std::string> never = {};
};

const std::vector<Hazard>& hazards() {
  static const std::vector<Hazard> kTable = {
      // AR #4261: a paused rollout takes no part in scaling.
      {"APausedReleaseGrowsWithItsTarget",
       [] {
         return with(unscaled(slow(release())),
                     {ask(kFifth, "Pause"),
                      {.act = Act::ScaleByHand,
                       .at = kFifth + seconds(20),
                       .subject = kReleased,
                       .amount = 40},
                      ask(kFifth + minutes(3), "Resume")});
       },
       {"a release is Paused", "a release is Promoted"}},
      // AR, rollout/context.go: an abort of what is paused restores no capacity and switches
      // nothing.
      {"APausedReleaseIsRolledBack",
       [] {
         return with(slow(release()),
                     {ask(kFifth, "Pause"), ask(kFifth + seconds(30), "RollBack")});
       },
       {"a release is Paused", "a release is RollingBack", "a release is RolledBack"}},
      // AR #2824, #4750: new pods that crash after the switch keep the abort from moving the
      // Service.
      {"PodsCrashAfterTheSwitchAndItIsRolledBack",
       [] {
         return with(slow(release()),
                     {{.act = Act::CandidateCrashes, .at = kFifth + minutes(4)},
                      ask(kFifth + minutes(4) + seconds(1), "RollBack")});
       },
       {"a release is RollingBack", "a release is RolledBack"}},
      {"PodsCrashAfterTheSwitch",
       [] {
         return with(slow(release()), {{.act = Act::CandidateCrashes, .at = kFifth + minutes(4)}});
       },
       {"a release is RollingBack", "a release is RolledBack"},
       {"a release is Promoted"}},
      {"TheNewCopyCrashesAfterItsSwitchAndIsRolledBack",
       [] {
         return with(blue_green(slow(release())),
                     {{.act = Act::CandidateCrashes, .at = kFifth + minutes(4)},
                      ask(kFifth + minutes(4) + seconds(1), "RollBack")});
       },
       {"a release is RollingBack", "a release is RolledBack"},
       {"a release is Promoted"}},
      // What has passed is not looked at any more, and serves for hours.
      {"PodsCrashAfterTheyHavePassed",
       [] {
         return with(afterwards(release()),
                     {{.act = Act::CandidateCrashes, .at = kAll + minutes(3)}});
       },
       {"a release is Baking", "a release is RollingBack", "a release is RolledBack"},
       {"a release is Promoted"}},
      // Whoever asks for it by a header would be left with what has no pods.
      {"PodsCrashThatHaveRequestsByHeader",
       [] {
         return with(by_requests(slow(release())),
                     {{.act = Act::CandidateCrashes, .at = kFifth + minutes(2)}});
       },
       {"a release is Running", "a release is RollingBack", "a release is RolledBack"},
       {"a release is Promoted"}},
      {"RequestsByHeaderAreRolledBackFromCopiesOnly",
       [] { return with(by_requests(slow(release())), {ask(kFifth + seconds(20), "RollBack")}); },
       {"a release is Running", "a release is RolledBack"},
       {"a release is Promoted"}},
      {"ANewCopyTakesOverAtOnce",
       [] { return blue_green(release()); },
       {"a release is Running", "a release is Baking", "a release is Promoted"},
       {"a release is RollingBack"}},
      // AR, rollout/service.go: the active Service stays with pods that crashed after its switch.
      {"PodsCrashAfterTheSwitchOfAService",
       [] {
         return with(by_service(slow(release())),
                     {{.act = Act::CandidateCrashes, .at = kFifth + minutes(4)}});
       },
       {"a release is RollingBack", "a release is RolledBack"},
       {"a release is Promoted"}},
      {"ANewCopyTakesOverAServiceAtOnce",
       [] { return by_service(release()); },
       {"a release is Running", "a release is Baking", "a release is Promoted"},
       {"a release is RollingBack"}},
      {"PodsTakeTheirShareWithoutARouter",
       [] { return by_pods(release()); },
       {"a release is Running", "a release is Baking", "a release is Promoted"},
       {"a release is RollingBack"}},
      {"APausedReleaseByPodsIsRolledBack",
       [] {
         return with(by_pods(slow(release())),
                     {ask(kFifth, "Pause"), ask(kFifth + seconds(30), "RollBack")});
       },
       {"a release is Paused", "a release is RollingBack", "a release is RolledBack"}},
      {"PodsBesideTheirTargetCrashAfterTheyWereReady",
       [] {
         return with(by_pods(slow(release())),
                     {{.act = Act::CandidateCrashes, .at = kFifth + minutes(1)}});
       },
       {"a release is RollingBack", "a release is RolledBack"},
       {"a release is Promoted"}},
      {"TheTargetLosesPodsAndItsReleaseByPodsIsToldBack",
       lacking_pods,
       {"a release is RollingBack", "a release is RolledBack"},
       {"a release is Promoted"}},
      {"TheOperatorIsKilledOnTheWayBackByPods",
       [] {
         return with(by_pods(slow(release())),
                     {stable(kFifth + seconds(30)),
                      {.act = Act::Kill, .at = kFifth + seconds(30), .span = seconds(40)}});
       },
       {"a release is RollingBack", "a release is RolledBack"},
       {"a release is Promoted"}},
      {"AServiceIsPutBackByHandAfterItsSwitch",
       [] {
         return with(by_service(slow(release())),
                     {{.act = Act::EditRoute, .at = kFifth + minutes(4), .field = "Revert"},
                      stable(kFifth + minutes(5))});
       },
       {"a release is Contested", "a release is RolledBack"}},
      // AR #1292, #2982: an abort of what has not begun, or is over, scaled the target to nothing.
      {"NothingHasBegunAndItIsRolledBack",
       [] { return with(release(), {ask(minutes(4), "RollBack")}); },
       {"a release is RolledBack"},
       {"a release is Running", "a release is RollingBack"}},
      {"WhatIsPromotedIsRolledBack",
       [] {
         return with(release(), {ask(minutes(12), "RollBack"), ask(minutes(13), "RollBack")});
       },
       {"a release is Promoted"},
       {"a release is RollingBack"}},
      // AR #3774: a retry forgets the delay before the candidate goes.
      {"WhatWasRolledBackIsRetried",
       [] {
         return with(
             release(),
             {ask(kFifth, "RollBack"), ask(kFifth + seconds(5), "Retry"), stable(minutes(9))});
       },
       {"a release is RollingBack", "a release is RolledBack"}},
      // AR #3020, #3372, #4390, #3888: all traffic at once to a target that lost its pods
      // meanwhile.
      {"TheTargetHasTooFewPodsForItsTraffic",
       [] {
         return with(unscaled(slow(release())),
                     {{.act = Act::StickPods, .at = kFifth, .subject = kReleased},
                      {.act = Act::ScaleByHand,
                       .at = kFifth + seconds(10),
                       .subject = kReleased,
                       .amount = 30},
                      stable(kFifth + minutes(1)),
                      {.act = Act::UnstickPods, .at = kFifth + minutes(3), .subject = kReleased}});
       },
       {"a release is RollingBack", "a release is RolledBack"}},
      // AR #4973: load rises while it goes back, and the candidate is scaled again.
      {"LoadRisesOnTheWayBack",
       [] {
         return with(slow(release()),
                     {stable(kFifth + minutes(1)),
                      {.act = Act::SetLoad,
                       .at = kFifth + minutes(1) + seconds(5),
                       .subject = kReleased,
                       .amount = 900}});
       },
       {"a release is RollingBack", "a release is RolledBack"}},
      // AR #587, #3586, #2050, FL #256, #773: the candidate goes before what is under way is
      // answered.
      {"TheCandidateDrains",
       [] { return with(release(), {stable(kAll)}); },
       {"a release is RollingBack", "a release is RolledBack"}},
      // AR #3988, #3765, #4128: pods that never stay ready outwit the deadline.
      {"PodsNeverBecomeReady",
       [] { return with(release(), {{.act = Act::CandidateSticks, .at = minutes(4)}}); },
       {"a release is RollingBack", "a release is RolledBack"},
       {"a release is Promoted"}},
      // AR #2117, KR #305: the controller ends in the middle, and another one goes on.
      {"TheOperatorIsEndedAtEveryTurn",
       [] {
         History history = with(slow(release()), {stable(kFifth + minutes(1))});
         for (int i = 0; i < 6; ++i)
           history.steps.push_back(
               {.act = Act::Kill, .at = kFifth + seconds(20 * i), .span = seconds(3)});
         return history;
       },
       {"a release is RolledBack"}},
      // AR #2463, #771: Git changes the template, and people the weights, in the middle of it.
      {"GitChangesTheTemplate",
       [] {
         return with(slow(release()),
                     {{.act = Act::EditTemplate,
                       .at = kFifth + seconds(20),
                       .subject = kReleased,
                       .field = "shop:hotfix"}});
       },
       {"a release is RollingBack", "a release is RolledBack"}},
      {"SomebodyChangesTheWeights",
       [] {
         return with(slow(release()),
                     {{.act = Act::EditRoute, .at = kFifth + seconds(20), .field = "Weight"},
                      ask(kFifth + minutes(1), "RollBack")});
       },
       {"a release is Contested", "a release is RollingBack", "a release is RolledBack"}},
      // A provider that fails says nothing about the release.
      {"TheProviderIsDown",
       [] {
         return with(checked(release()),
                     {{.act = Act::CheckTurns, .at = kFifth, .field = "Unknown"},
                      {.act = Act::CheckTurns, .at = kFifth + minutes(1), .field = "Good"}});
       },
       {"an analysis is inconclusive", "a release is Promoted"},
       {"a release is RollingBack"}},
      // A gate's server that fails rolls nothing back, however long it does.
      {"AServerFailsForLongAndThenOpens",
       [] {
         return with(by_webhook(release()),
                     {server(kFifth, "Fails"), server(kFifth + minutes(6), "Opens")});
       },
       {"a release is AwaitingApproval", "a release is Promoted"},
       {"a release is RollingBack"}},
      {"AServerThatIsSilentOpensNothing",
       [] {
         return with(by_webhook(release()),
                     {server(kFifth, "Silent"), stable(kFifth + minutes(30))});
       },
       {"a release is AwaitingApproval", "a release is RolledBack"},
       {"a release is Promoted"}},
      {"AServerRejects",
       [] {
         return with(by_webhook(slow(release())),
                     {server(kFifth, "Fails"), server(kFifth + minutes(1), "Rejects")});
       },
       {"a release is RollingBack", "a release is RolledBack"},
       {"a release is Promoted"}},
      {"APausedReleaseIsRejectedByItsServer",
       [] {
         return with(by_webhook(slow(release())),
                     {ask(kFifth + seconds(20), "Pause"), server(kFifth + seconds(40), "Rejects")});
       },
       {"a release is Paused", "a release is RolledBack"}},
  };
  return kTable;
}

class Hazards : public testing::TestWithParam<std::size_t> {};

TEST_P(Hazards, BreakNoSentence) {
  const Hazard& hazard = hazards()[GetParam()];
  const Report report = play(hazard.history(), {}, true);
  for (const Violation& one : report.violations)
    ADD_FAILURE() << hazard.name << ": " << one.oracle << " at " << to_rfc3339(one.at) << ": "
                  << one.text;
  for (const std::string& one : hazard.happens)
    EXPECT_TRUE(report.situations.contains(one)) << hazard.name << ": " << one;
  for (const std::string& one : hazard.never)
    EXPECT_FALSE(report.situations.contains(one)) << hazard.name << ": " << one;
  if (!HasFailure()) return;
  for (const std::string& line : report.trace) std::cout << line << "\n";
}

INSTANTIATE_TEST_SUITE_P(Table,
                         Hazards,
                         testing::Range<std::size_t>(0, hazards().size()),
                         [](const auto& index) { return hazards()[index.param].name; });

}  // namespace
}  // namespace doorbuster::simulation
