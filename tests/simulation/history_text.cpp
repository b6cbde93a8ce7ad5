// A history in words: for its replay, and as the manifests that its authors apply.
#include "controllers/planner/router.h"
#include "tests/simulation/history.h"

namespace doorbuster::simulation {
namespace {

using simulator::Boundary;
using simulator::Mishap;
using simulator::Tree;

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
    case Boundary::Freeze:
      return "Freeze";
    case Boundary::Answer:
      return "Answer";
    case Boundary::RemoveFinalizer:
      return "RemoveFinalizer";
  }
  return "";
}

Tree target_tree(const TargetPlan& target) {
  Tree out = Tree::object();
  if (target.min_available)
    out.set("/disruptionBudget/minAvailablePercent", Tree::integer(*target.min_available));
  if (target.no_evictions) out.set("/verticalEvictions", Tree::string("Prevented"));
  out.set("/name", Tree::string(target.name));
  out.set("/ref/kind", Tree::string("Deployment"));
  out.set("/ref/name", Tree::string(target.shop));
  if (target.rps > 0) {
    out.set("/need/rps", Tree::integer(target.rps));
    out.set("/need/rpsPerPod", Tree::string(std::to_string(target.rps_per_pod)));
    if (target.utilization > 0)
      out.set("/need/utilizationPercent", Tree::integer(target.utilization));
    if (target.survive_zone_loss) out.set("/need/surviveZoneLoss", Tree::boolean(true));
    if (target.zones > 0) out.set("/need/zones", Tree::integer(target.zones));
  } else if (target.replicas) {
    out.set("/need/replicas", Tree::integer(*target.replicas));
  } else {
    out.set("/need/multiplier", Tree::parse(target.multiplier));
  }
  const std::string unit = target.rps > 0 ? "rps" : target.replicas ? "replicas" : "multiplier";
  Tree profile = Tree::parse("[]");
  for (const auto& [at, amount] : target.profile) {
    Tree step = Tree::object();
    const bool even = at / std::chrono::seconds(1) % 2 == 0;
    step.set("/at", Tree::string((even ? "+" : "") + doorbuster::to_text(at)));
    step.set("/" + unit, Tree::parse(amount));
    profile.elements().push_back(std::move(step));
  }
  if (!target.profile.empty()) out.set("/profile", std::move(profile));
  if (target.ceiling) out.set("/ceiling", Tree::integer(*target.ceiling));
  if (target.no_scale_down) out.set("/scaleDown", Tree::string("Disabled"));
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

/// By steps, or all at once after a preview.
Tree strategy(const RolloutPlan& plan) {
  Tree out = Tree::object();
  if (plan.blue_green) {
    out.set("/blueGreen/preview", Tree::string(doorbuster::to_text(plan.steps.front().second)));
    out.set("/blueGreen/hold", Tree::string(doorbuster::to_text(plan.steps.back().second)));
    if (plan.checked) {
      out.set("/blueGreen/previewAnalysis", Tree::string("default"));
      out.set("/blueGreen/analysis", Tree::string("default"));
    }
    if (plan.gated == 1) out.set("/blueGreen/previewApproval", Tree::string(kGate));
    if (plan.gated == 2) out.set("/blueGreen/approval", Tree::string(kGate));
    return out;
  }
  Tree steps = Tree::parse("[]");
  for (const auto& [weight, pause] : plan.steps) {
    Tree step = Tree::object();
    step.set("/weight", Tree::integer(weight));
    step.set("/pause", Tree::string(doorbuster::to_text(pause)));
    if (plan.checked) step.set("/analysis", Tree::string("default"));
    const int number = static_cast<int>(steps.elements().size()) + 1;
    if (plan.gated == number) step.set("/approval", Tree::string(kGate));
    if (plan.pods > 0 && number == 1) step.set("/replicas", Tree::integer(plan.pods));
    if (plan.mirror > 0 && number == 1) step.set("/mirror", Tree::integer(plan.mirror));
    if (plan.matched)
      step.set("/match", Tree::parse(R"([{"header":{"name":"beta","value":"1"}}])"));
    steps.elements().push_back(std::move(step));
  }
  out.set("/canary/steps", std::move(steps));
  return out;
}

void set_traffic(Tree& out, const RolloutPlan& plan) {
  if (plan.router == kByPods) {
    out.set("/traffic/readyPods/service", Tree::string(kReleased));
    return;
  }
  const ObjectRef ref{plan.router == "Service" ? "" : "gateway.networking.k8s.io",
                      plan.router,
                      kShopNamespace,
                      kReleased};
  const std::string traffic = std::string("/traffic/") + planner::router_of(ref)->member;
  out.set(traffic + "/name", Tree::string(kReleased));
  if (plan.router != "Service") out.set(traffic + "/backend", Tree::string(kReleased));
}

Tree rollout_tree(const RolloutPlan& plan) {
  Tree out = Tree::object();
  out.set("/name", Tree::string(kRollout));
  out.set("/target/name", Tree::string(kReleased));
  out.set("/patch", Tree::parse(R"({"spec":{"containers":[{"name":"app","image":"shop:2"}]}})"));
  out.set("/start", Tree::string(plan.start));
  out.set("/strategy", strategy(plan));
  set_traffic(out, plan);
  if (plan.checked) {
    out.set("/analysis/default/checks", Tree::parse("[\"" + std::string(kCheck) + "\"]"));
    out.set("/analysis/default/errorPolicy", Tree::string(plan.proceeds ? "Proceed" : "Hold"));
  }
  out.set("/onFailure", Tree::string(plan.on_failure));
  out.set("/deadline", Tree::string(doorbuster::to_text(plan.deadline)));
  out.set("/bake", Tree::string(doorbuster::to_text(plan.bake)));
  out.set("/drain", Tree::string(doorbuster::to_text(plan.drain)));
  out.set("/promotion", Tree::string(plan.promotion));
  out.set("/onWindowEnd", Tree::string(plan.on_window_end));
  return out;
}

void add_rollout(Tree& event, const RolloutPlan& plan) {
  Tree rollouts = Tree::parse("[]"), checks = Tree::parse("[]"), check = Tree::object();
  rollouts.elements().push_back(rollout_tree(plan));
  event.set("/spec/rollouts", std::move(rollouts));
  check.set("/name", Tree::string(kCheck));
  check.set("/http/url", Tree::string("http://metrics.example.com/errors"));
  check.set("/http/pointer", Tree::string("/rate"));
  check.set("/bad/above", Tree::string("0.5"));
  checks.elements().push_back(std::move(check));
  if (plan.checked) event.set("/spec/checks", std::move(checks));
  if (plan.gated == 0) return;
  Tree gates = Tree::parse("[]"), gate = Tree::object();
  gate.set("/name", Tree::string(kGate));
  if (plan.by_server) {
    gate.set("/webhook/url", Tree::string("https://board.example.com/gate"));
  } else {
    gate.set("/approval", Tree::object());
  }
  gates.elements().push_back(std::move(gate));
  event.set("/spec/gates", std::move(gates));
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
                                           "Ask",
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
                                           "CandidateSticks",
                                           "CandidateCrashes",
                                           "CheckTurns",
                                           "ServerTurns",
                                           "EditRoute",
                                           "EditTemplate",
                                           "DesireStable",
                                           "ChangePatch",
                                           "Kill",
                                           "StepClock",
                                           "Lag",
                                           "Stall",
                                           "Outage",
                                           "DenyKind",
                                           "AllowKind",
                                           "HideKind",
                                           "ShowKind",
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
  if (event.freeze)
    out.set("/spec/freeze/from", Tree::string("-" + doorbuster::to_text(*event.freeze)));
  if (event.headroom) {
    out.set("/spec/capacity/headroom/lead", Tree::string(doorbuster::to_text(*event.headroom)));
    out.set("/spec/capacity/headroom/percent", Tree::integer(event.headroom_percent));
  }
  if (event.prepull)
    out.set("/spec/capacity/imagePrepull/lead", Tree::string(doorbuster::to_text(*event.prepull)));
  Tree targets = Tree::parse("[]"), holds = Tree::parse("[]");
  for (const TargetPlan& target : event.targets) targets.elements().push_back(target_tree(target));
  for (const HoldPlan& hold : event.holds) holds.elements().push_back(hold_tree(hold));
  out.set("/spec/capacity/targets", std::move(targets));
  out.set("/spec/holds", std::move(holds));
  if (event.rollout) add_rollout(out, *event.rollout);
  return out;
}

std::string to_text(const History& history) {
  std::string out = "seed " + std::to_string(history.seed) + "\n";
  for (const auto& shop : history.shops) {
    out += "  shop " + shop.name + ": replicas " + std::to_string(shop.replicas);
    if (shop.max)
      out += (shop.keda ? ", ScaledObject " : ", autoscaler ") +
             (shop.min ? std::to_string(*shop.min) : "absent") + ".." + std::to_string(*shop.max);
    if (shop.min_available) out += ", budget " + *shop.min_available;
    if (shop.update_mode) out += ", vertical " + *shop.update_mode;
    out += ", by " + shop.owner + "\n";
  }
  if (history.zones) out += "  zones " + std::to_string(*history.zones) + "\n";
  if (history.routed) out += "  checkout has a route\n";
  if (history.buffers)
    out += history.acts_on_buffers ? "  buffers are acted on\n" : "  nobody acts on buffers\n";
  for (const EventPlan& event : history.events) {
    out += "  event " + event.name + " from " + to_rfc3339(kBegin + event.created).substr(11) +
           ": " + manifest(event, kBegin).print() + "\n";
  }
  for (const Step& step : history.steps) out += "  " + to_text(step) + "\n";
  return out;
}

}  // namespace doorbuster::simulation
