// What may happen in a history, line by line. The order in which chance is asked is the history:
// whoever changes it changes every seed.
#include "tests/simulation/script.h"

#include <algorithm>

namespace doorbuster::simulation {

using simulator::Boundary;
using simulator::Mishap;
using std::chrono::minutes;
using std::chrono::seconds;

Duration between(Random& random, Duration low, Duration high) {
  return Duration(random.between(low / seconds(1), high / seconds(1)) * 1000);
}

namespace {

/// Instants at which things are decided are the interesting ones.
Duration make_instant(Random& random, const History& history) {
  const EventPlan& event = random.pick(history.events);
  const Duration jitter = Duration(random.between(-4000, 4000));
  switch (random.below(7)) {
    case 0:
      return event.start - event.prepare + jitter;
    case 1:
      return event.start + jitter;
    case 2:
      return event.end + jitter;
    case 3:
      return between(random, event.start - event.prepare, event.start);
    case 4:
      return between(random, event.start, event.end);
    default:
      return between(random, event.start - event.prepare, event.end + event.cooldown);
  }
}

}  // namespace

void Script::by_author() {
  const EventPlan& event = random_.pick(history_.events);
  const std::string hold = event.holds.empty() ? "" : random_.pick(event.holds).name;
  const std::string target = event.targets.empty() ? "" : random_.pick(event.targets).name;
  const Duration at = make_instant(random_, history_);
  switch (random_.below(12)) {
    case 0:
      return add({.act = Act::MoveEndLater,
                  .at = at,
                  .subject = event.name,
                  .span = between(random_, minutes(1), minutes(6))});
    case 1:
      return add({.act = Act::MoveEndSooner,
                  .at = at,
                  .subject = event.name,
                  .span = between(random_, seconds(30), minutes(3))});
    case 2:
      return add({.act = Act::RaiseNeed,
                  .at = at,
                  .subject = event.name,
                  .field = target,
                  .amount = random_.between(5, 30)});
    case 3:
      return add({.act = Act::LowerNeed,
                  .at = at,
                  .subject = event.name,
                  .field = target,
                  .amount = random_.between(1, 10)});
    case 4:
      return add({.act = Act::RemoveTarget, .at = at, .subject = event.name, .field = target});
    case 5:
      return add({.act = Act::RemoveHold, .at = at, .subject = event.name, .field = hold});
    case 6:
      add({.act = Act::Suspend, .at = at, .subject = event.name});
      return add({.act = Act::Unsuspend,
                  .at = at + between(random_, seconds(10), minutes(8)),
                  .subject = event.name});
    case 7:
      add({.act = Act::DryRun, .at = at, .subject = event.name});
      return add({.act = Act::Live,
                  .at = at + between(random_, seconds(10), minutes(8)),
                  .subject = event.name});
    case 8:
    case 9:
    case 10:
      add({.act = Act::DeleteEvent, .at = at, .subject = event.name});
      if (random_.chance(1, 6))
        add({.act = Act::TakeFinalizer,
             .at = at + seconds(random_.between(0, 40)),
             .subject = event.name});
      if (random_.chance(1, 3))
        add({.act = Act::RecreateEvent,
             .at = at + between(random_, seconds(1), minutes(4)),
             .subject = event.name});
      return;
    default:
      static const std::vector<std::string> kPolicies = {"Ramp", "Immediate", "Orphan"};
      return add({.act = Act::SetPolicy,
                  .at = at,
                  .subject = event.name,
                  .field = random_.pick(kPolicies)});
  }
}

void Script::by_others() {
  const auto& shop = random_.pick(history_.shops);
  const Duration at = make_instant(random_, history_);
  const Place place{.shop = shop,
                    .at = at,
                    .field = shop.max ? (random_.chance(1, 2) ? "min" : "max") : "replicas"};
  const std::uint64_t which = random_.below(16);
  if (which < 6) {
    by_people(which, place);
  } else if (which < 12) {
    by_records(which, place);
  } else {
    by_objects(which, place);
  }
}

void Script::by_people(std::uint64_t which, const Place& place) {
  switch (which) {
    case 0:
    case 1: {
      const bool limit = random_.chance(1, 4);
      const Step first{.act = Act::PersonSets,
                       .at = place.at,
                       .subject = limit ? "front" : place.shop.name,
                       .field = limit ? "requests" : place.field,
                       .amount = foreign_value(limit)};
      add(first);
      if (random_.chance(1, 3)) {  // and once more, within the ten minutes that make theirs stay
        Step second = first;
        second.at += between(random_, seconds(5), minutes(5));
        second.amount = foreign_value(limit);
        add(second);
      }
      return;
    }
    case 2:
      return add({.act = Act::GitSets,
                  .at = place.at,
                  .subject = place.shop.name,
                  .field = place.field,
                  .amount = foreign_value(false)});
    case 3:
      for (int i = 0; i < 1 + static_cast<int>(random_.below(5)); ++i) {
        add({.act = Act::GitReverts,
             .at = place.at + seconds(30 * i),
             .subject = place.shop.name,
             .field = place.field});
      }
      return;
    case 4:
      return add({.act = Act::HelmUpgrade, .at = place.at, .subject = place.shop.name});
    default:
      return add({.act = Act::GitApplies, .at = place.at, .subject = place.shop.name});
  }
}

void Script::by_records(std::uint64_t which, const Place& place) {
  switch (which) {
    case 6:
      add({.act = Act::SaveCopy, .at = place.at, .subject = place.shop.name});
      return add({.act = Act::ApplyCopy,
                  .at = place.at + between(random_, seconds(5), minutes(30)),
                  .subject = place.shop.name});
    case 7:
      return add({.act = Act::ReplaceWithOld, .at = place.at, .subject = place.shop.name});
    case 8:
      add({.act = Act::SaveCopy, .at = place.at, .subject = place.shop.name});
      return add({.act = Act::RolloutUndo,
                  .at = place.at + between(random_, seconds(5), minutes(10)),
                  .subject = place.shop.name});
    case 9:
      add({.act = Act::CorruptAnnotation, .at = place.at, .subject = place.shop.name});
      return add({.act = Act::RemoveAnnotation,
                  .at = place.at + between(random_, seconds(20), minutes(5)),
                  .subject = place.shop.name});
    case 10:
      return add({.act = Act::RemoveAnnotation, .at = place.at, .subject = place.shop.name});
    default:
      return add({.act = random_.chance(1, 2) ? Act::RemoveLabel : Act::CopyAnnotation,
                  .at = place.at,
                  .subject = place.shop.name});
  }
}

void Script::by_objects(std::uint64_t which, const Place& place) {
  switch (which) {
    case 12:
      add({.act = Act::DeleteAutoscaler, .at = place.at, .subject = place.shop.name});
      if (random_.chance(2, 3)) {
        const bool backup = random_.chance(1, 3);
        if (backup)
          add({.act = Act::SaveCopy, .at = place.at - seconds(2), .subject = place.shop.name});
        add({.act = backup ? Act::RestoreAutoscaler : Act::CreateAutoscaler,
             .at = place.at + between(random_, seconds(1), minutes(3)),
             .subject = place.shop.name});
      }
      return;
    case 13:
      add({.act = Act::DeleteWorkload, .at = place.at, .subject = place.shop.name});
      if (random_.chance(2, 3))
        add({.act = Act::CreateWorkload,
             .at = place.at + between(random_, seconds(1), minutes(3)),
             .subject = place.shop.name});
      return;
    case 14:
      if (random_.chance(1, 3)) add({.act = Act::DeleteNamespace, .at = place.at});
      return;
    default:
      return add({.act = Act::ScaleByHand,
                  .at = place.at,
                  .subject = place.shop.name,
                  .amount = random_.chance(1, 4) ? 0 : random_.between(1, 20)});
  }
}

void Script::by_demand() {
  const auto& shop = random_.pick(history_.shops);
  const Duration at = make_instant(random_, history_);
  switch (random_.below(4)) {
    case 0:
      add({.act = Act::StickPods, .at = at, .subject = shop.name});
      return add({.act = Act::UnstickPods,
                  .at = at + between(random_, seconds(30), minutes(6)),
                  .subject = shop.name});
    case 1:
      add({.act = Act::BreakMetrics, .at = at});
      return add({.act = Act::MendMetrics, .at = at + between(random_, seconds(30), minutes(6))});
    default:
      add({.act = Act::SetLoad,
           .at = at,
           .subject = shop.name,
           .amount = shop.replicas * random_.between(100, 400)});
      if (random_.chance(7, 8)) {
        add({.act = Act::SetLoad,
             .at = at + between(random_, minutes(1), minutes(10)),
             .subject = shop.name,
             .amount = shop.demand});
      }
      return;
  }
}

void Script::by_weather() {
  static const std::vector<std::string> kKinds = {
      "HorizontalPodAutoscaler", "Deployment", "BackendTrafficPolicy", "SaleEvent"};
  const std::string kind = random_.pick(kKinds);
  const Duration at = make_instant(random_, history_);
  switch (random_.below(9)) {
    case 0:
      return add({.act = Act::Kill,
                  .at = at,
                  .span = between(random_, seconds(1), minutes(random_.chance(1, 4) ? 12 : 1))});
    case 1:
      add({.act = Act::StepClock, .at = at, .amount = random_.between(-240, 240)});
      return add({.act = Act::StepClock,
                  .at = at + between(random_, seconds(10), minutes(5)),
                  .amount = 0});
    case 2:
      add({.act = Act::Lag,
           .at = at,
           .subject = kind,
           .span = between(random_, seconds(1), seconds(25))});
      return add(
          {.act = Act::Lag, .at = at + between(random_, seconds(10), minutes(4)), .subject = kind});
    case 3:
      return add({.act = Act::Stall,
                  .at = at,
                  .subject = kind,
                  .span = between(random_, seconds(10), minutes(3))});
    case 4:
      return add({.act = Act::Outage, .at = at, .span = between(random_, seconds(5), minutes(3))});
    case 5:
      add({.act = Act::DenyKind,
           .at = at,
           .subject = random_.pick(std::vector<std::string>(kKinds.begin(), kKinds.begin() + 3))});
      return add({.act = Act::AllowKind,
                  .at = at + between(random_, seconds(10), minutes(4)),
                  .subject = history_.steps.back().subject});
    case 6:
      add({.act = Act::DenyAccount,
           .at = at,
           .subject = random_.pick(std::vector<std::string>(kKinds.begin(), kKinds.begin() + 3))});
      return add({.act = Act::AllowAccount,
                  .at = at + between(random_, seconds(10), minutes(4)),
                  .subject = history_.steps.back().subject});
    case 7:
      if (random_.chance(1, 2))
        add({.act = Act::Kill,
             .at = at + between(random_, seconds(1), minutes(1)),
             .span = seconds(5)});
      add({.act = Act::HideKind,
           .at = at,
           .subject = random_.pick(std::vector<std::string>(kKinds.begin(), kKinds.begin() + 3))});
      return add({.act = Act::ShowKind,
                  .at = at + between(random_, seconds(10), minutes(4)),
                  .subject = history_.steps.back().subject});
    default:
      add({.act = Act::FailReviews, .at = at});
      return add({.act = Act::AnswerReviews, .at = at + between(random_, seconds(10), minutes(3))});
  }
}

void Script::by_mishap() {
  static const std::vector<Mishap> kMishaps = {Mishap::KillBefore,
                                               Mishap::KillAfter,
                                               Mishap::LoseAnswer,
                                               Mishap::TimeOut,
                                               Mishap::Forbid,
                                               Mishap::ServerError,
                                               Mishap::Throttle,
                                               Mishap::ForeignFirst};
  static const std::vector<Boundary> kPlaces = {Boundary::AddFinalizer,
                                                Boundary::Publish,
                                                Boundary::Publish,
                                                Boundary::Perform,
                                                Boundary::Perform,
                                                Boundary::Perform,
                                                Boundary::RemoveFinalizer};
  const Boundary boundary = random_.pick(kPlaces);
  const bool few = boundary == Boundary::AddFinalizer || boundary == Boundary::RemoveFinalizer;
  add({.act = Act::GoWrong,
       .at = Duration(0),
       .span = between(random_, seconds(1), seconds(40)),
       .boundary = boundary,
       .mishap = random_.pick(kMishaps),
       .nth = static_cast<int>(random_.between(1, few ? 2 : 25))});
}

std::int64_t Script::foreign_value(bool limit) {
  return limit ? random_.between(31, 39) : random_.between(0, 3) * 7 + random_.between(1, 6);
}

void Script::add(Step step) { history_.steps.push_back(std::move(step)); }

}  // namespace doorbuster::simulation
