#include "tests/simulation/history.h"

#include "operator/base/random.h"

#include <algorithm>

namespace doorbuster::simulation {
namespace {

using simulator::Boundary;
using simulator::Cluster;
using simulator::Mishap;
using simulator::Tree;
using std::chrono::minutes;
using std::chrono::seconds;

Duration between(Random& random, Duration low, Duration high) {
  return Duration(random.between(low / seconds(1), high / seconds(1)) * 1000);
}

const char* name_of(Mishap mishap) {
  switch (mishap) {
    case Mishap::None:
      return "None";
    case Mishap::KillBefore:
      return "KillBefore";
    case Mishap::KillAfter:
      return "KillAfter";
    case Mishap::LoseAnswer:
      return "LoseAnswer";
    case Mishap::TimeOut:
      return "TimeOut";
    case Mishap::Forbid:
      return "Forbid";
    case Mishap::ServerError:
      return "ServerError";
    case Mishap::Throttle:
      return "Throttle";
    case Mishap::ForeignFirst:
      return "ForeignFirst";
  }
  return "";
}

const char* name_of(Boundary boundary) {
  switch (boundary) {
    case Boundary::AddFinalizer:
      return "AddFinalizer";
    case Boundary::Publish:
      return "Publish";
    case Boundary::Perform:
      return "Perform";
    case Boundary::RemoveFinalizer:
      return "RemoveFinalizer";
  }
  return "";
}

Cluster::Shop make_shop(Random& random, const std::string& name, bool autoscaled) {
  Cluster::Shop shop;
  shop.ns = kShopNamespace;
  shop.name = name;
  const std::int64_t min = random.between(1, 4);
  shop.replicas = min + random.between(0, 3);
  shop.demand = shop.replicas * random.between(45, 60);
  shop.startup = between(random, seconds(5), seconds(60));
  if (autoscaled) {
    if (!random.chance(1, 6)) shop.min = min;
    shop.max = shop.replicas + random.between(2, 12);
    shop.slow_scale_down = random.chance(1, 5);
  }
  static const std::vector<std::string> kOwners = {
      "kubectl-client-side-apply", "helm", "argocd-controller"};
  shop.owner = random.pick(kOwners);
  return shop;
}

TargetPlan make_target(Random& random, const Cluster::Shop& shop) {
  TargetPlan target;
  target.name = shop.name;
  target.shop = shop.name;
  if (random.chance(1, 2)) {
    target.replicas = shop.replicas * random.between(2, 5) + random.between(0, 3);
    if (random.chance(1, 8)) target.replicas = 1;
  } else {
    static const std::vector<std::string> kMultipliers = {"\"2\"", "3", "\"2.5\"", "\"1.2\"", "4"};
    target.multiplier = random.pick(kMultipliers);
    if (random.chance(1, 4)) target.ceiling = shop.replicas * 3;
  }
  target.up_steps = random.between(1, 4);
  target.down_steps = random.between(1, 5);
  target.up_over = between(random, seconds(0), minutes(4));
  target.down_over = between(random, seconds(0), minutes(4));
  target.step_timeout = between(random, seconds(30), minutes(2));
  target.max_percent = random.between(2, 10) * 10;
  return target;
}

HoldPlan make_hold(Random& random, int which) {
  switch (which) {
    case 0:
      return {.name = "limit",
              .kind = "BackendTrafficPolicy",
              .object = "front",
              .ns = kShopNamespace,
              .field = "/spec/rateLimit/global/requests",
              .op = "multiply",
              .value = "5"};
    case 1:
      return {.name = "edge",
              .kind = "BackendTrafficPolicy",
              .object = "edge",
              .ns = kEdgeNamespace,
              .field = "/spec/rateLimit/global/requests",
              .op = random.chance(1, 2) ? "literal" : "add",
              .value = "700",
              .from = "Prepare",
              .until = "Cooldown"};
    default:
      return {.name = "steady",
              .kind = "HorizontalPodAutoscaler",
              .object = "checkout",
              .ns = kShopNamespace,
              .field = "/spec/behavior/scaleDown/selectPolicy",
              .op = "literal",
              .value = "\"Disabled\""};
  }
}

EventPlan make_event(Random& random, const History& history, int number) {
  EventPlan event;
  event.name = "sale-" + std::to_string(number);
  event.prepare = between(random, minutes(2), minutes(8));
  event.created = number == 0 ? Duration{} : between(random, seconds(0), minutes(12));
  event.start = random.chance(1, 6)
                    ? event.created + between(random, seconds(0), minutes(2))
                    : event.created + event.prepare + between(random, seconds(0), minutes(3));
  event.end = event.start + between(random, minutes(1), minutes(6));
  if (random.chance(1, 40)) {  // created when it is already over
    event.start = event.created - minutes(10);
    event.end = event.created - minutes(1);
  }
  event.cooldown = between(random, minutes(1), minutes(10));
  event.restore_timeout = between(random, minutes(10), minutes(30));
  for (const auto& shop : history.shops) {
    if (random.chance(3, 4)) event.targets.push_back(make_target(random, shop));
  }
  for (int which = 0; which < 3; ++which) {
    if (random.chance(1, 3)) event.holds.push_back(make_hold(random, which));
  }
  if (event.targets.empty() && event.holds.empty())
    event.targets.push_back(make_target(random, history.shops.front()));
  static const std::vector<std::string> kPolicies = {"Ramp", "Ramp", "Immediate", "Orphan"};
  event.policy = random.pick(kPolicies);
  return event;
}

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

class Script {
 public:
  Script(Random& random, History& history) : random_(random), history_(history) {}

  void by_author() {
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

  void by_others() {
    const auto& shop = random_.pick(history_.shops);
    const Duration at = make_instant(random_, history_);
    const std::string field = shop.max ? (random_.chance(1, 2) ? "min" : "max") : "replicas";
    switch (random_.below(16)) {
      case 0:
      case 1: {
        const bool limit = random_.chance(1, 4);
        const Step first{.act = Act::PersonSets,
                         .at = at,
                         .subject = limit ? "front" : shop.name,
                         .field = limit ? "requests" : field,
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
                    .at = at,
                    .subject = shop.name,
                    .field = field,
                    .amount = foreign_value(false)});
      case 3:
        for (int i = 0; i < 1 + static_cast<int>(random_.below(5)); ++i) {
          add({.act = Act::GitReverts,
               .at = at + seconds(30 * i),
               .subject = shop.name,
               .field = field});
        }
        return;
      case 4:
        return add({.act = Act::HelmUpgrade, .at = at, .subject = shop.name});
      case 5:
        return add({.act = Act::GitApplies, .at = at, .subject = shop.name});
      case 6:
        add({.act = Act::SaveCopy, .at = at, .subject = shop.name});
        return add({.act = Act::ApplyCopy,
                    .at = at + between(random_, seconds(5), minutes(30)),
                    .subject = shop.name});
      case 7:
        return add({.act = Act::ReplaceWithOld, .at = at, .subject = shop.name});
      case 8:
        add({.act = Act::SaveCopy, .at = at, .subject = shop.name});
        return add({.act = Act::RolloutUndo,
                    .at = at + between(random_, seconds(5), minutes(10)),
                    .subject = shop.name});
      case 9:
        add({.act = Act::CorruptAnnotation, .at = at, .subject = shop.name});
        return add({.act = Act::RemoveAnnotation,
                    .at = at + between(random_, seconds(20), minutes(5)),
                    .subject = shop.name});
      case 10:
        return add({.act = Act::RemoveAnnotation, .at = at, .subject = shop.name});
      case 11:
        return add({.act = random_.chance(1, 2) ? Act::RemoveLabel : Act::CopyAnnotation,
                    .at = at,
                    .subject = shop.name});
      case 12:
        add({.act = Act::DeleteAutoscaler, .at = at, .subject = shop.name});
        if (random_.chance(2, 3)) {
          const bool backup = random_.chance(1, 3);
          if (backup) add({.act = Act::SaveCopy, .at = at - seconds(2), .subject = shop.name});
          add({.act = backup ? Act::RestoreAutoscaler : Act::CreateAutoscaler,
               .at = at + between(random_, seconds(1), minutes(3)),
               .subject = shop.name});
        }
        return;
      case 13:
        add({.act = Act::DeleteWorkload, .at = at, .subject = shop.name});
        if (random_.chance(2, 3))
          add({.act = Act::CreateWorkload,
               .at = at + between(random_, seconds(1), minutes(3)),
               .subject = shop.name});
        return;
      case 14:
        if (random_.chance(1, 3)) add({.act = Act::DeleteNamespace, .at = at});
        return;
      default:
        return add({.act = Act::ScaleByHand,
                    .at = at,
                    .subject = shop.name,
                    .amount = random_.chance(1, 4) ? 0 : random_.between(1, 20)});
    }
  }

  void by_demand() {
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

  void by_weather() {
    static const std::vector<std::string> kKinds = {
        "HorizontalPodAutoscaler", "Deployment", "BackendTrafficPolicy", "SaleEvent"};
    const std::string kind = random_.pick(kKinds);
    const Duration at = make_instant(random_, history_);
    switch (random_.below(8)) {
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
        return add({.act = Act::Lag,
                    .at = at + between(random_, seconds(10), minutes(4)),
                    .subject = kind});
      case 3:
        return add({.act = Act::Stall,
                    .at = at,
                    .subject = kind,
                    .span = between(random_, seconds(10), minutes(3))});
      case 4:
        return add(
            {.act = Act::Outage, .at = at, .span = between(random_, seconds(5), minutes(3))});
      case 5:
        add({.act = Act::DenyKind,
             .at = at,
             .subject =
                 random_.pick(std::vector<std::string>(kKinds.begin(), kKinds.begin() + 3))});
        return add({.act = Act::AllowKind,
                    .at = at + between(random_, seconds(10), minutes(4)),
                    .subject = history_.steps.back().subject});
      case 6:
        add({.act = Act::DenyAccount,
             .at = at,
             .subject =
                 random_.pick(std::vector<std::string>(kKinds.begin(), kKinds.begin() + 3))});
        return add({.act = Act::AllowAccount,
                    .at = at + between(random_, seconds(10), minutes(4)),
                    .subject = history_.steps.back().subject});
      default:
        add({.act = Act::FailReviews, .at = at});
        return add(
            {.act = Act::AnswerReviews, .at = at + between(random_, seconds(10), minutes(3))});
    }
  }

  void by_mishap() {
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

 private:
  /// Values that the operator never writes itself, so that whose they are is never in doubt.
  std::int64_t foreign_value(bool limit) {
    return limit ? random_.between(31, 39) : random_.between(0, 3) * 7 + random_.between(1, 6);
  }
  void add(Step step) { history_.steps.push_back(std::move(step)); }

  Random& random_;
  History& history_;
};

Tree target_tree(const TargetPlan& target) {
  Tree out = Tree::object();
  out.set("/name", Tree::string(target.name));
  out.set("/ref/kind", Tree::string("Deployment"));
  out.set("/ref/name", Tree::string(target.shop));
  if (target.replicas) {
    out.set("/need/replicas", Tree::integer(*target.replicas));
  } else {
    out.set("/need/multiplier", Tree::parse(target.multiplier));
  }
  if (target.ceiling) out.set("/ceiling", Tree::integer(*target.ceiling));
  out.set("/ramp/up/over", Tree::string(doorbuster::to_text(target.up_over)));
  out.set("/ramp/up/steps", Tree::integer(target.up_steps));
  out.set("/ramp/up/stepTimeout", Tree::string(doorbuster::to_text(target.step_timeout)));
  out.set("/ramp/down/over", Tree::string(doorbuster::to_text(target.down_over)));
  out.set("/ramp/down/steps", Tree::integer(target.down_steps));
  out.set("/ramp/down/maxPercentPerMinute", Tree::integer(target.max_percent));
  return out;
}

Tree hold_tree(const HoldPlan& hold) {
  Tree out = Tree::object();
  out.set("/name", Tree::string(hold.name));
  out.set("/object/kind", Tree::string(hold.kind));
  out.set("/object/name", Tree::string(hold.object));
  if (hold.ns != kShopNamespace) out.set("/object/namespace", Tree::string(hold.ns));
  out.set("/field", Tree::string(hold.field));
  out.set("/value/" + hold.op, Tree::parse(hold.value));
  out.set("/during/from", Tree::string(hold.from));
  out.set("/during/until", Tree::string(hold.until));
  return out;
}

}  // namespace

const char* to_string(Act act) {
  static constexpr const char* kNames[] = {"MoveEndLater",
                                           "MoveEndSooner",
                                           "RaiseNeed",
                                           "LowerNeed",
                                           "RemoveTarget",
                                           "RemoveHold",
                                           "Suspend",
                                           "Unsuspend",
                                           "DryRun",
                                           "Live",
                                           "SetPolicy",
                                           "DeleteEvent",
                                           "RecreateEvent",
                                           "TakeFinalizer",
                                           "PersonSets",
                                           "GitSets",
                                           "GitReverts",
                                           "HelmUpgrade",
                                           "GitApplies",
                                           "SaveCopy",
                                           "ApplyCopy",
                                           "ReplaceWithOld",
                                           "RolloutUndo",
                                           "CorruptAnnotation",
                                           "RemoveAnnotation",
                                           "RemoveLabel",
                                           "CopyAnnotation",
                                           "DeleteAutoscaler",
                                           "CreateAutoscaler",
                                           "RestoreAutoscaler",
                                           "DeleteWorkload",
                                           "CreateWorkload",
                                           "DeleteNamespace",
                                           "ScaleByHand",
                                           "SetLoad",
                                           "StickPods",
                                           "UnstickPods",
                                           "Kill",
                                           "StepClock",
                                           "Lag",
                                           "Stall",
                                           "Outage",
                                           "DenyKind",
                                           "AllowKind",
                                           "DenyAccount",
                                           "AllowAccount",
                                           "FailReviews",
                                           "AnswerReviews",
                                           "BreakMetrics",
                                           "MendMetrics",
                                           "GoWrong"};
  static_assert(std::size(kNames) == static_cast<std::size_t>(Act::GoWrong) + 1);
  return kNames[static_cast<std::size_t>(act)];
}

std::string to_text(const Step& step) {
  if (step.act == Act::GoWrong) {
    return std::string("at request ") + std::to_string(step.nth) + " of " + name_of(step.boundary) +
           ": " + name_of(step.mishap);
  }
  std::string out = to_rfc3339(kBegin + step.at).substr(11) + " " + to_string(step.act);
  if (!step.subject.empty()) out += " " + step.subject;
  if (!step.field.empty()) out += "." + step.field;
  if (step.amount != 0) out += " " + std::to_string(step.amount);
  if (step.span != Duration{}) out += " for " + doorbuster::to_text(step.span);
  return out;
}

Tree manifest(const EventPlan& event, Instant begin) {
  Tree out = Tree::object();
  out.set("/spec/window/start", Tree::string(to_rfc3339(begin + event.start)));
  out.set("/spec/window/end", Tree::string(to_rfc3339(begin + event.end)));
  out.set("/spec/window/prepare", Tree::string(doorbuster::to_text(event.prepare)));
  out.set("/spec/window/cooldown", Tree::string(doorbuster::to_text(event.cooldown)));
  out.set("/spec/deletionPolicy", Tree::string(event.policy));
  out.set("/spec/capacity/restoreTimeout",
          Tree::string(doorbuster::to_text(event.restore_timeout)));
  Tree targets = Tree::parse("[]"), holds = Tree::parse("[]");
  for (const TargetPlan& target : event.targets) targets.elements().push_back(target_tree(target));
  for (const HoldPlan& hold : event.holds) holds.elements().push_back(hold_tree(hold));
  out.set("/spec/capacity/targets", std::move(targets));
  out.set("/spec/holds", std::move(holds));
  return out;
}

History make_history(std::uint64_t seed) {
  Random random(seed * 0x9E3779B97F4A7C15ULL + 1);
  History history;
  history.seed = seed;
  history.shops.push_back(make_shop(random, "checkout", true));
  if (random.chance(1, 2)) history.shops.push_back(make_shop(random, "search", false));
  if (random.chance(1, 4)) history.shops.push_back(make_shop(random, "cart", true));
  const int events = random.chance(2, 3) ? 1 : static_cast<int>(random.between(2, 3));
  for (int i = 0; i < events; ++i) history.events.push_back(make_event(random, history, i));
  if (random.chance(1, 10)) history.clamp = random.between(150, 450);
  for (const char* kind :
       {"HorizontalPodAutoscaler", "Deployment", "BackendTrafficPolicy", "SaleEvent"}) {
    if (random.chance(1, 3)) history.lag[kind] = Duration(random.between(50, 3000));
  }
  Script script(random, history);
  const int acts = static_cast<int>(random.between(0, 5));
  for (int i = 0; i < acts; ++i) {
    switch (random.below(8)) {
      case 0:
      case 1:
        script.by_author();
        break;
      case 2:
      case 7:
        script.by_others();
        break;
      case 3:
        script.by_demand();
        break;
      case 4:
        script.by_weather();
        break;
      default:
        script.by_mishap();
        break;
    }
  }
  for (Step& step : history.steps) step.at = std::max(step.at, Duration(0));
  std::stable_sort(history.steps.begin(), history.steps.end(), [](const Step& a, const Step& b) {
    return a.at < b.at;
  });
  return history;
}

std::string to_text(const History& history) {
  std::string out = "seed " + std::to_string(history.seed) + "\n";
  for (const auto& shop : history.shops) {
    out += "  shop " + shop.name + ": replicas " + std::to_string(shop.replicas);
    if (shop.max)
      out += ", autoscaler " + (shop.min ? std::to_string(*shop.min) : "absent") + ".." +
             std::to_string(*shop.max);
    out += ", by " + shop.owner + "\n";
  }
  for (const EventPlan& event : history.events) {
    out += "  event " + event.name + " from " + to_rfc3339(kBegin + event.created).substr(11) +
           ": " + manifest(event, kBegin).print() + "\n";
  }
  for (const Step& step : history.steps) out += "  " + to_text(step) + "\n";
  return out;
}

}  // namespace doorbuster::simulation
