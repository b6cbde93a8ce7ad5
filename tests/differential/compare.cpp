#include "tests/differential/compare.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iterator>

namespace doorbuster::differential {
namespace {

using simulator::Tree;

/// What one number was within a span: its values in order of time.
std::vector<std::int64_t> values(const std::vector<Moment>& trace,
                                 Duration from,
                                 Duration to,
                                 std::int64_t Moment::*number) {
  std::vector<std::int64_t> out;
  for (const Moment& one : trace) {
    if (one.at > to) break;
    if (one.at < from) out.clear();  // only the last one before the span was still there in it
    out.push_back(one.*number);
  }
  return out;
}

std::int64_t from_nearest(std::int64_t value, const std::vector<std::int64_t>& shown) {
  std::int64_t best = value;
  for (const std::int64_t one : shown) best = std::min(best, std::abs(one - value));
  return best;
}

std::int64_t from_range(std::int64_t value, const std::vector<std::int64_t>& shown) {
  if (shown.empty()) return value;
  const auto [low, high] = std::minmax_element(shown.begin(), shown.end());
  return std::max({*low - value, value - *high, std::int64_t{0}});
}

/// max(1, 5 %).
std::int64_t beyond_allowed(std::int64_t off, std::int64_t value) {
  return std::max<std::int64_t>(0, off - std::max<std::int64_t>(1, value / 20));
}

Scenario with(Scenario scenario, const char* at, Tree value) {
  scenario.autoscaler.set(at, std::move(value));
  return scenario;
}

Scenario with_windows_doubled(Scenario scenario) {
  for (const char* direction : {"scaleUp", "scaleDown"}) {
    const std::string at = "/behavior/" + std::string(direction) + "/stabilizationWindowSeconds";
    const std::int64_t window = scenario.autoscaler.number(at, 0);
    if (window > 0) scenario = with(std::move(scenario), at.c_str(), Tree::integer(2 * window));
  }
  return scenario;
}

Scenario without_policies(Scenario scenario) {
  for (const char* direction : {"scaleUp", "scaleDown"})
    scenario.autoscaler.erase("/behavior/" + std::string(direction) + "/policies");
  return scenario;
}

Scenario with_every_policy_at_its_most(Scenario scenario) {
  for (const char* direction : {"scaleUp", "scaleDown"})
    scenario.autoscaler.erase("/behavior/" + std::string(direction) + "/selectPolicy");
  return scenario;
}

Scenario without_tolerance(Scenario scenario) {
  for (const char* direction : {"scaleUp", "scaleDown"})
    scenario.autoscaler.erase("/behavior/" + std::string(direction) + "/tolerance");
  return scenario;
}

Scenario with_a_behavior(Scenario scenario) {
  if (scenario.autoscaler.at("/behavior") != nullptr) return scenario;
  return with(std::move(scenario), "/behavior", Tree::parse("{}"));
}

Scenario with_one_metric(Scenario scenario) {
  scenario.autoscaler.at("/metrics")->elements().resize(1);
  return scenario;
}

Scenario with_quick_pods(Scenario scenario) {
  scenario.startup = Duration{};
  return scenario;
}

Scenario without_quotas(Scenario scenario) {
  std::erase_if(scenario.steps, [](const Step& one) { return one.what == Step::What::Quota; });
  return scenario;
}

Scenario with_room_for_all(Scenario scenario) {
  scenario.room.reset();
  return scenario;
}

Scenario with_late_bounds(Scenario scenario) {
  for (Step& one : scenario.steps)
    if (one.what == Step::What::Bounds) one.at += 3 * kSyncPeriod;
  std::stable_sort(scenario.steps.begin(), scenario.steps.end(), [](const Step& a, const Step& b) {
    return a.at < b.at;
  });
  return scenario;
}

Scenario with_more_load(Scenario scenario) {
  scenario.load = scenario.load * 5 / 4;
  for (Step& one : scenario.steps) one.percent = one.percent * 5 / 4;
  return scenario;
}

}  // namespace

const std::vector<Planted>& planted_bugs() {
  static const std::vector<Planted> bugs{
      {"every stabilisation window is twice as long", with_windows_doubled},
      {"rate policies are the default ones", without_policies},
      {"selectPolicy is always Max", with_every_policy_at_its_most},
      {"the tolerance is always a tenth", without_tolerance},
      {"an autoscaler without behavior follows the default behavior", with_a_behavior},
      {"only the first metric counts", with_one_metric},
      {"pods are ready at once", with_quick_pods},
      {"quotas refuse nothing", without_quotas},
      {"there is room for every pod", with_room_for_all},
      {"bounds are seen three looks late", with_late_bounds},
      {"the load is a quarter higher", with_more_load},
  };
  return bugs;
}

Comparison compare(const Record& real, const Planted* planted) {
  std::vector<Duration> looks;
  // The last moment is the end, not a look.
  for (const Moment& one : real.looks) looks.push_back(one.at);
  if (!looks.empty()) looks.pop_back();
  Scenario played = planted == nullptr ? real.scenario : planted->change(real.scenario);
  // One look more: what the controller did at its last one may come one look later here.
  played.lasts += kSyncPeriod;
  if (!looks.empty()) looks.push_back(looks.back() + kSyncPeriod);
  const std::vector<Moment> trace = play(played, real.began_ms, looks);
  Comparison out;
  const std::vector<Moment>& own = real.looks;
  for (std::size_t i = 0; i < own.size(); ++i) {
    const Duration from = i == 0 ? Duration{} : own[i - 1].at;
    const Duration to = i + 1 < own.size() ? own[i + 1].at : played.lasts;
    const auto shown = [&](std::int64_t Moment::*number) {
      return values(trace, from, to, number);
    };
    Row row{.real = own[i], .simulated = {}};
    // Of several moments at one instant the first is what the look found.
    const auto found = std::find_if(
        trace.begin(), trace.end(), [&](const Moment& one) { return one.at >= own[i].at; });
    row.simulated = found == trace.end() ? trace.back() : *found;
    row.replicas_off = from_nearest(row.real.replicas, shown(&Moment::replicas));
    row.pods_off = from_range(row.real.pods, shown(&Moment::pods));
    row.ready_off = from_range(row.real.ready, shown(&Moment::ready));
    row.beyond = std::max({beyond_allowed(row.replicas_off, row.real.replicas),
                           beyond_allowed(row.pods_off, row.real.pods),
                           beyond_allowed(row.ready_off, row.real.ready)});
    out.worst = std::max({out.worst, row.replicas_off, row.pods_off, row.ready_off});
    out.disagreeing += row.beyond > 0 ? 1 : 0;
    out.rows.push_back(row);
  }
  return out;
}

std::string table_of(const Record& real, const Comparison& comparison) {
  std::string out = "   at s  replicas real/sim  pods real/sim  ready real/sim\n";
  char line[160];
  auto step = real.scenario.steps.begin();
  const auto note_steps = [&](Duration until) {
    for (; step != real.scenario.steps.end() && step->at <= until; ++step) {
      const Tree tree = tree_of(Scenario{.autoscaler = Tree::object(), .steps = {*step}});
      out += "         " + tree.at("/steps/0")->print() + "\n";
    }
  };
  for (const Row& row : comparison.rows) {
    note_steps(row.real.at);
    std::snprintf(line,
                  sizeof line,
                  "%7.2f  %8lld %8lld  %6lld %6lld  %7lld %7lld%s\n",
                  static_cast<double>(row.real.at.count()) / 1000,
                  static_cast<long long>(row.real.replicas),
                  static_cast<long long>(row.simulated.replicas),
                  static_cast<long long>(row.real.pods),
                  static_cast<long long>(row.simulated.pods),
                  static_cast<long long>(row.real.ready),
                  static_cast<long long>(row.simulated.ready),
                  row.beyond > 0 ? "  <-" : "");
    out += line;
  }
  return out;
}

}  // namespace doorbuster::differential
