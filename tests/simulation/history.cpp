// The history of a seed: shops, events, and how many things happen to them.
#include "tests/simulation/history.h"

#include "tests/simulation/script.h"

#include <algorithm>

namespace doorbuster::simulation {
namespace {

using simulator::Cluster;
using std::chrono::minutes;
using std::chrono::seconds;

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

/// A rate in place of so many replicas: about as many pods.
void make_rate(Random& random, TargetPlan& target, std::int64_t pods) {
  target.rps_per_pod = random.between(3, 90);
  target.rps = std::max<std::int64_t>(1, pods * target.rps_per_pod - random.between(0, 2));
  if (random.chance(1, 2)) target.utilization = random.between(50, 100);
  target.survive_zone_loss = random.chance(1, 2);
  if (target.survive_zone_loss && random.chance(1, 2)) target.zones = random.between(2, 5);
}

/// Up and down over the sale, some of it too close together for a ramp, some after the end.
void make_profile(Random& random, TargetPlan& target, Duration length) {
  static const std::vector<std::string> kMultipliers = {"1", "\"1.5\"", "2", "3", "5"};
  Duration at{};
  const std::int64_t steps = random.between(1, 4);
  for (std::int64_t i = 0; i < steps; ++i) {
    if (i > 0 || random.chance(1, 2)) at += between(random, seconds(5), length / 2 + seconds(20));
    const std::int64_t tenths = random.between(2, 20);
    std::string amount = random.pick(kMultipliers);
    if (target.replicas)
      amount = std::to_string(std::max<std::int64_t>(1, *target.replicas * tenths / 10));
    if (target.rps > 0)
      amount = std::to_string(std::max<std::int64_t>(1, target.rps * tenths / 10));
    target.profile.emplace_back(at, amount);
  }
}

/// What was given as replicas is given in the other ways that there are. It has chance of its own,
/// so that the rest of a seed's history stays.
void vary_needs(Random random, History& history) {
  if (random.chance(3, 4)) history.zones = random.between(1, 4);
  for (EventPlan& event : history.events) {
    for (TargetPlan& target : event.targets) {
      if (target.replicas && random.chance(1, 2)) make_rate(random, target, *target.replicas);
      if (random.chance(1, 3)) make_profile(random, target, event.end - event.start);
    }
  }
}

/// Some targets may not be scaled down during their sale. It has chance of its own too.
void vary_scale_down(Random random, History& history) {
  for (EventPlan& event : history.events) {
    for (TargetPlan& target : event.targets) target.no_scale_down = random.chance(1, 5);
  }
}

/// Half of the events want node room. Chance of its own again.
void vary_headroom(Random random, History& history) {
  for (EventPlan& event : history.events) {
    if (!random.chance(1, 2)) continue;
    event.headroom = between(random, seconds(0), minutes(4));
    event.headroom_percent = random.between(1, 20) * 10;
  }
}

/// Some autoscalers are made by KEDA, some pods are guarded by a budget or resized by a vertical
/// autoscaler. Chance of its own once more.
void vary_guards(Random random, History& history) {
  for (auto& shop : history.shops) {
    shop.keda = shop.max && random.chance(1, shop.name == "checkout" ? 8 : 2);
    static const std::vector<std::string> kBudgets = {"1", "2", "\"30%\"", "\"90%\""};
    if (random.chance(1, 4)) shop.min_available = random.pick(kBudgets);
    static const std::vector<std::string> kModes = {"Auto", "Recreate", "Off"};
    if (random.chance(1, 6)) shop.update_mode = random.pick(kModes);
  }
  for (EventPlan& event : history.events) {
    for (TargetPlan& target : event.targets) {
      if (random.chance(1, 3)) target.min_available = random.between(5, 10) * 10;
      target.no_evictions = random.chance(1, 3);
    }
  }
  // What the weather does to one kind it may do to another.
  if (random.chance(1, 2)) return;
  static const std::vector<std::string> kKinds = {
      "ScaledObject", "ScaledObject", "PodDisruptionBudget", "VerticalPodAutoscaler"};
  const std::string& kind = random.pick(kKinds);
  for (Step& step : history.steps) {
    if (step.subject == "HorizontalPodAutoscaler") step.subject = kind;
  }
}

/// A third of the events want their images pulled ahead. Chance of its own again.
void vary_prepull(Random random, History& history) {
  for (EventPlan& event : history.events) {
    if (random.chance(1, 3)) event.prepull = between(random, seconds(0), minutes(4));
  }
}

/// A quarter of the events freeze what runs; somebody may lift that. Chance of its own again.
void vary_freeze(Random random, History& history) {
  for (EventPlan& event : history.events) {
    if (!random.chance(1, 4)) continue;
    event.freeze = between(random, seconds(0), minutes(3));
    if (random.chance(1, 3))
      history.steps.push_back({.act = Act::Ask,
                               .at = between(random, event.start - *event.freeze, event.end),
                               .subject = event.name,
                               .field = "BreakGlass"});
    if (random.chance(1, 4)) {
      static const std::vector<simulator::Mishap> kMishaps = {
          simulator::Mishap::KillBefore, simulator::Mishap::KillAfter, simulator::Mishap::TimeOut};
      history.steps.push_back({.act = Act::GoWrong,
                               .boundary = simulator::Boundary::Freeze,
                               .mishap = random.pick(kMishaps),
                               .nth = static_cast<int>(random.between(1, 2))});
    }
  }
}

/// In a quarter of the histories somebody acts on a sale, now and then twice; sometimes an answer
/// to that goes wrong. Chance of its own again.
void vary_actions(Random random, History& history) {
  if (!random.chance(1, 4)) return;
  static const std::vector<std::string> kVerbs = {
      "EndNow", "Extend", "Extend", "Abort", "Abort", "Restore", "RollBack"};
  for (std::int64_t i = random.between(1, 3); i > 0; --i) {
    const EventPlan& event = random.pick(history.events);
    history.steps.push_back(
        {.act = Act::Ask,
         .at = between(random, event.start - event.prepare, event.end + event.cooldown),
         .subject = event.name,
         .field = random.pick(kVerbs),
         .span = between(random, minutes(1), minutes(8))});
  }
  if (!random.chance(1, 3)) return;
  static const std::vector<simulator::Mishap> kMishaps = {simulator::Mishap::KillBefore,
                                                          simulator::Mishap::KillAfter,
                                                          simulator::Mishap::LoseAnswer,
                                                          simulator::Mishap::TimeOut};
  history.steps.push_back({.act = Act::GoWrong,
                           .boundary = simulator::Boundary::Answer,
                           .mishap = random.pick(kMishaps),
                           .nth = static_cast<int>(random.between(1, 2))});
}

/// In two of three clusters CapacityBuffers are served, in half of those something acts on them.
void vary_buffers(Random random, History& history) {
  history.buffers = random.chance(2, 3);
  history.acts_on_buffers = random.chance(1, 2);
}

constexpr int kMostByPods = 50;  ///< percent

RolloutPlan make_rollout(Random& random) {
  RolloutPlan plan;
  static const std::vector<std::string> kStarts = {"start", "start", "-1m", "-3m", "+30s"};
  plan.start = random.pick(kStarts);
  int weight = 0;
  for (std::int64_t i = random.between(1, 3); i > 0; --i) {
    weight += static_cast<int>(random.between(1, (100 - weight) / static_cast<int>(i)));
    if (i == 1 && random.chance(2, 3)) weight = 100;
    plan.steps.emplace_back(weight, between(random, seconds(0), seconds(40)));
  }
  plan.checked = random.chance(1, 2);
  plan.proceeds = random.chance(1, 3);
  static const std::vector<std::string> kFailures = {"RollBack", "RollBack", "Pause", "Alert"};
  plan.on_failure = random.pick(kFailures);
  static const std::vector<std::string> kPromotions = {
      "Auto", "Write", "Write", "Report", "AfterWindow"};
  plan.promotion = random.pick(kPromotions);
  // What is kept waits for a person, whom no history has.
  static const std::vector<std::string> kEnds = {"RollBack", "RollBack", "Finish", "Finish"};
  plan.on_window_end = random.pick(kEnds);
  plan.deadline = between(random, minutes(1), minutes(4));
  plan.bake = between(random, seconds(0), minutes(1));
  plan.drain = between(random, seconds(5), seconds(40));
  return plan;
}

Step make_release_act(Random& random, const EventPlan& event) {
  const Duration at = between(random, event.start, event.start + minutes(6));
  switch (random.below(9)) {
    case 0:
      return {.act = Act::CandidateSticks, .at = event.start - minutes(4)};
    case 1:
      return {.act = Act::CandidateCrashes, .at = at};
    case 2:
    case 3:
      return {.act = Act::CheckTurns, .at = at, .field = random.chance(2, 3) ? "Bad" : "Unknown"};
    case 4: {
      static const std::vector<std::string> kEdits = {"Revert", "Rule", "Weight"};
      return {.act = Act::EditRoute, .at = at, .field = random.pick(kEdits)};
    }
    case 5:
      return {.act = Act::EditTemplate,
              .at = at,
              .subject = kReleased,
              .field = random.chance(1, 3) ? "shop:2" : "shop:9"};
    case 6:
      return {.act = Act::DesireStable, .at = at, .subject = event.name};
    case 7:
      return {.act = Act::ChangePatch, .at = at, .subject = event.name};
    default:
      return {.act = random.chance(1, 2) ? Act::DeleteEvent : Act::Suspend,
              .at = at,
              .subject = event.name};
  }
}

/// In an eighth of the histories the first event is a release too. Chance of its own again.
void vary_rollouts(Random random, History& history) {
  history.routed = random.chance(1, 8);
  if (!history.routed) return;
  EventPlan& event = history.events.front();
  event.rollout = make_rollout(random);
  for (std::int64_t i = random.between(0, 2); i > 0; --i) {
    const Step step = make_release_act(random, event);
    history.steps.push_back(step);
    if (step.act == Act::Suspend)
      history.steps.push_back({.act = Act::Unsuspend,
                               .at = step.at + between(random, seconds(10), minutes(4)),
                               .subject = event.name});
    if (step.act == Act::CheckTurns)
      history.steps.push_back({.act = Act::CheckTurns,
                               .at = step.at + between(random, seconds(20), minutes(2)),
                               .field = "Good"});
    if (step.act == Act::EditRoute && random.chance(1, 2))
      history.steps.push_back({.act = Act::DesireStable,
                               .at = step.at + between(random, seconds(10), minutes(2)),
                               .subject = event.name});
  }
  // Traffic goes back to no target that somebody holds at nothing: that one waits for ever.
  for (Step& step : history.steps) {
    if (step.act == Act::ScaleByHand && step.subject == kReleased)
      step.amount = std::max<std::int64_t>(step.amount, 1);
  }
  // What waits for a person gets one.
  history.steps.push_back({.act = Act::DesireStable,
                           .at = event.end + event.cooldown + minutes(15),
                           .subject = event.name,
                           .field = "late"});
  if (random.chance(1, 2)) return;
  for (Step& step : history.steps) {
    if (step.subject == "BackendTrafficPolicy") step.subject = "HTTPRoute";
  }
}

/// Every third release is blue-green. Chance of its own again.
void vary_strategy(Random random, History& history) {
  if (history.routed) history.events.front().rollout->blue_green = random.chance(1, 3);
}

/// A third of the canaries gets requests by a header, or copies first.
void vary_requests(Random random, History& history) {
  if (history.events.empty() || !history.events.front().rollout) return;
  RolloutPlan& plan = *history.events.front().rollout;
  if (plan.blue_green || random.chance(2, 3)) return;
  plan.matched = random.chance(1, 2);
  if (plan.router != "HTTPRoute" || (plan.matched && random.chance(1, 2))) return;
  plan.mirror = static_cast<int>(random.between(1, 100));
  plan.steps.insert(plan.steps.begin(), {0, between(random, seconds(0), seconds(40))});
}

/// Every fourth release is of a GRPCRoute, and half of those that are blue-green of the Service
/// alone. Chance of its own again.
void vary_router(Random random, History& history) {
  if (!history.routed) return;
  RolloutPlan& plan = *history.events.front().rollout;
  if (random.chance(1, 4)) plan.router = "GRPCRoute";
  if (plan.blue_green && random.chance(1, 2)) plan.router = "Service";
  for (Step& step : history.steps) {
    if (step.subject == "HTTPRoute") step.subject = plan.router;
  }
}

/// In half of the histories with a release people act on it by SaleActions. Chance of its own
/// again.
void vary_release_actions(Random random, History& history) {
  if (!history.routed || random.chance(1, 2)) return;
  static const std::vector<std::string> kVerbs = {
      "RollBack", "RollBack", "RollBack", "Pause", "Pause", "Promote", "Retry", "Start"};
  const EventPlan& event = history.events.front();
  const auto ask = [&](Duration at, const std::string& verb) {
    history.steps.push_back({.act = Act::Ask, .at = at, .subject = event.name, .field = verb});
    return at;
  };
  for (std::int64_t i = random.between(1, 2); i > 0; --i) {
    const std::string& verb = random.pick(kVerbs);
    const Duration at = ask(between(random, event.start - seconds(30), event.end), verb);
    if (verb == "Pause" && random.chance(2, 3))
      ask(at + between(random, seconds(5), minutes(2)), "Resume");
    if (verb == "RollBack" && random.chance(1, 3))
      ask(at + between(random, seconds(1), minutes(2)), "Retry");
  }
}

/// A quarter of the releases waits for people at one of its steps; of those mostly somebody
/// approves, now and then somebody rejects. Another quarter asks for pods. Chance of its own again.
void vary_gates(Random random, History& history) {
  if (!history.routed) return;
  EventPlan& event = history.events.front();
  RolloutPlan& plan = *event.rollout;
  if (random.chance(1, 4)) plan.pods = static_cast<int>(random.between(1, 8));
  if (!random.chance(1, 4)) return;
  const auto steps = plan.blue_green ? 2 : static_cast<std::int64_t>(plan.steps.size());
  plan.gated = static_cast<int>(random.between(1, steps));
  const auto ask = [&](const char* verb) {
    const Duration at = between(random, event.start - seconds(30), event.end);
    history.steps.push_back({.act = Act::Ask, .at = at, .subject = event.name, .field = verb});
  };
  if (random.chance(4, 5)) ask("Approve");
  if (random.chance(1, 5)) ask("Reject");
}

/// A third of the canaries has no router, and weights that pods can have. Chance of its own again.
void vary_pods(Random random, History& history) {
  if (!history.routed || history.events.front().rollout->blue_green || !random.chance(1, 3)) return;
  RolloutPlan& plan = *history.events.front().rollout;
  for (Step& step : history.steps) {
    if (step.subject == plan.router) step.subject = "Service";
  }
  plan.router = kByPods;
  plan.matched = false;
  plan.mirror = 0;
  int before = 0;
  for (auto& [weight, pause] : plan.steps) {
    weight = std::max(before + 1, weight / 2);
    before = weight;
  }
  while (plan.steps.back().first > kMostByPods) plan.steps.pop_back();
  plan.gated = std::min(plan.gated, static_cast<int>(plan.steps.size()));
}

/// A third of the gates is opened by a server, which says this and that, and a quarter of the other
/// releases gets such a gate. Chance of its own once more.
void vary_webhooks(Random random, History& history) {
  if (!history.routed) return;
  EventPlan& event = history.events.front();
  RolloutPlan& plan = *event.rollout;
  if (!random.chance(plan.gated > 0 ? 4 : 3, 12)) return;
  const auto steps = plan.blue_green ? 2 : static_cast<std::int64_t>(plan.steps.size());
  if (plan.gated == 0) plan.gated = static_cast<int>(random.between(1, steps));
  static const std::vector<std::string> kSays = {"Opens", "Opens", "Rejects", "Fails", "Silent"};
  plan.by_server = true;
  for (std::int64_t i = random.between(1, 4); i > 0; --i)
    history.steps.push_back({.act = Act::ServerTurns,
                             .at = between(random, event.start - seconds(30), event.end),
                             .field = random.pick(kSays)});
}

/// In every so many histories the operator is ended while the first event only waits for its sale:
/// that time is short, and chance alone hits it about once in a thousand.
constexpr std::uint64_t kWaitingKills = 400;

}  // namespace

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
  if (seed % kWaitingKills == 0) {
    const EventPlan& first = history.events.front();
    history.steps.push_back({.act = Act::Kill,
                             .at = (first.start - first.prepare) / 2,
                             .span = std::chrono::seconds(20)});
  }
  vary_needs(Random(seed * 0x9E3779B97F4A7C15ULL + 2), history);
  vary_scale_down(Random(seed * 0x9E3779B97F4A7C15ULL + 3), history);
  vary_headroom(Random(seed * 0x9E3779B97F4A7C15ULL + 4), history);
  vary_prepull(Random(seed * 0x9E3779B97F4A7C15ULL + 5), history);
  vary_buffers(Random(seed * 0x9E3779B97F4A7C15ULL + 6), history);
  vary_guards(Random(seed * 0x9E3779B97F4A7C15ULL + 7), history);
  vary_actions(Random(seed * 0x9E3779B97F4A7C15ULL + 8), history);
  vary_freeze(Random(seed * 0x9E3779B97F4A7C15ULL + 9), history);
  vary_rollouts(Random(seed * 0x9E3779B97F4A7C15ULL + 10), history);
  vary_release_actions(Random(seed * 0x9E3779B97F4A7C15ULL + 11), history);
  vary_strategy(Random(seed * 0x9E3779B97F4A7C15ULL + 12), history);
  vary_router(Random(seed * 0x9E3779B97F4A7C15ULL + 13), history);
  vary_requests(Random(seed * 0x9E3779B97F4A7C15ULL + 15), history);
  vary_gates(Random(seed * 0x9E3779B97F4A7C15ULL + 14), history);
  vary_pods(Random(seed * 0x9E3779B97F4A7C15ULL + 16), history);
  vary_webhooks(Random(seed * 0x9E3779B97F4A7C15ULL + 17), history);
  for (Step& step : history.steps) step.at = std::max(step.at, Duration(0));
  std::stable_sort(history.steps.begin(), history.steps.end(), [](const Step& a, const Step& b) {
    return a.at < b.at;
  });
  return history;
}

}  // namespace doorbuster::simulation
