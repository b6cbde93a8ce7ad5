#include "tests/differential/scenario.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <random>
#include <span>

namespace doorbuster::differential {
namespace {

using simulator::Tree;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// Its own arithmetic over the engine: the standard's distributions differ between libraries.
class Random {
 public:
  Random(std::uint64_t seed, std::uint64_t number) : engine_(seed * 1'000'003 + number) {}
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(high - low + 1));
  }
  bool chance(std::int64_t percent) { return between(1, 100) <= percent; }
  const char* pick(std::span<const char* const> of) {
    return of[static_cast<std::size_t>(between(0, static_cast<std::int64_t>(of.size()) - 1))];
  }

 private:
  std::mt19937_64 engine_;
};

constexpr std::int64_t kMostReplicas = 14;

constexpr std::array kUpPolicies = {
    R"([{"type":"Pods","value":2,"periodSeconds":8}])",
    R"([{"type":"Percent","value":50,"periodSeconds":10}])",
    R"([{"type":"Pods","value":3,"periodSeconds":6},{"type":"Percent","value":30,"periodSeconds":6}])",
    R"([{"type":"Pods","value":1,"periodSeconds":3},{"type":"Percent","value":100,"periodSeconds":20}])",
};
constexpr std::array kDownPolicies = {
    R"([{"type":"Pods","value":1,"periodSeconds":5}])",
    R"([{"type":"Percent","value":10,"periodSeconds":10}])",
    R"([{"type":"Percent","value":90,"periodSeconds":12}])",
    R"([{"type":"Pods","value":2,"periodSeconds":6},{"type":"Percent","value":50,"periodSeconds":15}])",
};
constexpr std::array kTolerances = {R"("0")", R"("0.4")", R"("500m")"};

void add_rules(Tree& behavior,
               Random& random,
               const std::string& direction,
               std::span<const char* const> policies,
               std::span<const std::int64_t> windows) {
  const std::string at = "/" + direction;
  behavior.set(at, Tree::object());
  if (random.chance(65)) {
    const auto which = random.between(0, static_cast<std::int64_t>(windows.size()) - 1);
    behavior.set(at + "/stabilizationWindowSeconds",
                 Tree::integer(windows[static_cast<std::size_t>(which)]));
  }
  if (random.chance(60)) behavior.set(at + "/policies", Tree::parse(random.pick(policies)));
  if (random.chance(30)) behavior.set(at + "/selectPolicy", Tree::string("Min"));
  if (random.chance(7)) behavior.set(at + "/selectPolicy", Tree::string("Disabled"));
  if (random.chance(30)) behavior.set(at + "/tolerance", Tree::parse(random.pick(kTolerances)));
  if (behavior.at(at)->members().empty()) behavior.erase(at);
}

std::int64_t aim_of(const Tree& autoscaler) {
  return autoscaler.number("/metrics/0/resource/target/averageUtilization", 0);
}

Tree make_autoscaler(Random& random, std::int64_t replicas) {
  Tree out = Tree::object();
  out.set("/minReplicas", Tree::integer(random.between(1, replicas)));
  out.set("/maxReplicas", Tree::integer(random.between(replicas, kMostReplicas)));
  const std::int64_t aim = random.between(5, 9) * 10;
  Tree metrics = Tree::parse(
      R"([{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":)" +
      std::to_string(aim) + "}}}]");
  if (random.chance(25)) {
    metrics.elements().push_back(Tree::parse(
        R"({"type":"Resource","resource":{"name":"cpu","target":{"type":"AverageValue","averageValue":")" +
        std::to_string(random.between(30, 90)) + R"(m"}}})"));
  }
  out.set("/metrics", std::move(metrics));
  if (random.chance(25)) return out;
  constexpr std::array<std::int64_t, 3> kUpWindows = {0, 6, 12};
  constexpr std::array<std::int64_t, 4> kDownWindows = {0, 6, 12, 20};
  Tree behavior = Tree::object();
  add_rules(behavior, random, "scaleUp", kUpPolicies, kUpWindows);
  add_rules(behavior, random, "scaleDown", kDownPolicies, kDownWindows);
  if (!behavior.members().empty()) out.set("/behavior", std::move(behavior));
  return out;
}

/// Anything, or near to what it was: there the tolerance decides.
Step load_step(Random& random, Duration at, std::int64_t aim, std::int64_t before) {
  const std::int64_t percent = random.chance(40)
                                   ? before * random.between(70, 140) / 100
                                   : random.between(1, 13) * aim + random.between(0, aim - 1);
  return {.at = at, .what = Step::What::Load, .percent = percent};
}

Step bounds_step(Random& random, Duration at) {
  const std::int64_t min = random.between(1, 9);
  return {
      .at = at, .what = Step::What::Bounds, .min = min, .max = random.between(min, kMostReplicas)};
}

/// A quota that refuses, and mostly its end. With the end the floor rises above all that was asked
/// for, so that the ReplicaSet is looked at there and then: between two tries of its queue there is
/// as much time as has passed since the first refusal, give or take what else woke it.
std::vector<Step> quota_steps(Random& random, Duration at, Duration lasts) {
  std::vector<Step> out{{.at = at, .what = Step::What::Quota, .pods = random.between(2, 8)}};
  out.push_back(bounds_step(random, at + milliseconds(1500)));
  const Duration over = at + seconds(random.between(6, 14));
  if (over + seconds(8) > lasts) return out;
  out.push_back({.at = over, .what = Step::What::Quota, .pods = std::nullopt});
  out.push_back({.at = over + milliseconds(700),
                 .what = Step::What::Bounds,
                 .min = kMostReplicas + 1,
                 .max = kMostReplicas + 2});
  return out;
}

/// A tolerance so wide that moves within it would be of several pods, and one such move of the
/// load.
void widen(Scenario& scenario, Random& random, std::int64_t aim) {
  scenario.autoscaler.set("/minReplicas", Tree::integer(1));
  scenario.autoscaler.set("/maxReplicas", Tree::integer(kMostReplicas + 4));
  scenario.autoscaler.set(
      "/behavior",
      Tree::parse(
          R"({"scaleUp":{"tolerance":"0.4"},"scaleDown":{"tolerance":"400m","stabilizationWindowSeconds":0}})"));
  const std::int64_t percent =
      random.chance(50) ? random.between(66, 74) : random.between(126, 136);
  scenario.steps = {{.at = milliseconds(random.between(2'000, 4'000)),
                     .what = Step::What::Load,
                     .percent = scenario.replicas * aim * percent / 100}};
}

std::vector<Step> make_steps(
    Random& random, Duration at, Duration lasts, std::int64_t aim, std::int64_t load) {
  std::vector<Step> out;
  bool limited = false;
  while (at + seconds(10) < lasts) {
    const std::int64_t kind = random.between(1, 100);
    if (kind <= 12 && !limited) {
      limited = true;
      for (Step& one : quota_steps(random, at, lasts)) out.push_back(one);
      at = out.back().at;
    } else if (kind <= 50) {
      out.push_back(bounds_step(random, at));
    } else {
      out.push_back(load_step(random, at, aim, load));
      load = out.back().percent;
    }
    at += milliseconds(random.between(4'000, 16'000));
  }
  return out;
}

const char* name_of(Step::What what) {
  switch (what) {
    case Step::What::Bounds:
      return "bounds";
    case Step::What::Load:
      return "load";
    case Step::What::Quota:
      return "quota";
  }
  return "";
}

Step step_of(const Tree& tree) {
  Step out{.at = milliseconds(tree.number("/at", 0))};
  const std::string what = tree.text_at("/what");
  out.what = what == "bounds" ? Step::What::Bounds
             : what == "load" ? Step::What::Load
                              : Step::What::Quota;
  out.min = tree.number("/min", 0);
  out.max = tree.number("/max", 0);
  out.percent = tree.number("/percent", 0);
  if (const std::int64_t pods = tree.number("/pods", -1); pods >= 0) out.pods = pods;
  return out;
}

}  // namespace

Scenario make_scenario(std::uint64_t seed, std::uint64_t number) {
  Random random(seed, number);
  Scenario out{.seed = seed, .number = number, .lasts = seconds(45)};
  const bool wide = random.chance(10);
  out.replicas = wide ? random.between(8, 12) : random.between(1, 7);
  out.autoscaler = make_autoscaler(random, out.replicas);
  const std::int64_t aim = aim_of(out.autoscaler);
  out.load = out.replicas * aim;
  if (random.chance(40)) out.startup = seconds(random.between(2, 12));
  if (random.chance(12)) out.room = random.between(out.replicas, out.replicas + 6);
  if (wide) widen(out, random, aim);
  const Duration first =
      milliseconds(random.between(3'000, 8'000)) + (wide ? seconds(8) : seconds(0));
  for (Step& one : make_steps(random, first, out.lasts, aim, out.load)) out.steps.push_back(one);
  return out;
}

Tree tree_of(const Scenario& scenario) {
  Tree out = Tree::object();
  const auto number = [&out](const char* at, std::int64_t value) {
    out.set(at, Tree::integer(value));
  };
  number("/seed", static_cast<std::int64_t>(scenario.seed));
  number("/number", static_cast<std::int64_t>(scenario.number));
  number("/replicas", scenario.replicas);
  number("/load", scenario.load);
  number("/startup", scenario.startup.count());
  number("/lasts", scenario.lasts.count());
  number("/request", kRequestMillis);
  number("/window", std::chrono::floor<seconds>(kMetricWindow).count());
  if (scenario.room) number("/room", *scenario.room);
  out.set("/autoscaler", scenario.autoscaler);
  Tree steps = Tree::parse("[]");
  for (const Step& one : scenario.steps) {
    Tree step = Tree::object();
    step.set("/at", Tree::integer(one.at.count()));
    step.set("/what", Tree::string(name_of(one.what)));
    if (one.what == Step::What::Bounds) {
      step.set("/min", Tree::integer(one.min));
      step.set("/max", Tree::integer(one.max));
    }
    if (one.what == Step::What::Load) step.set("/percent", Tree::integer(one.percent));
    if (one.pods) step.set("/pods", Tree::integer(*one.pods));
    steps.elements().push_back(std::move(step));
  }
  out.set("/steps", std::move(steps));
  return out;
}

Scenario scenario_of(const Tree& tree) {
  Scenario out{.seed = static_cast<std::uint64_t>(tree.number("/seed", 0)),
               .number = static_cast<std::uint64_t>(tree.number("/number", 0)),
               .replicas = tree.number("/replicas", 1),
               .load = tree.number("/load", 0),
               .startup = milliseconds(tree.number("/startup", 0)),
               .lasts = milliseconds(tree.number("/lasts", 0))};
  if (const std::int64_t room = tree.number("/room", -1); room >= 0) out.room = room;
  out.autoscaler = *tree.at("/autoscaler");
  for (const Tree& one : tree.at("/steps")->elements()) out.steps.push_back(step_of(one));
  return out;
}

}  // namespace doorbuster::differential
