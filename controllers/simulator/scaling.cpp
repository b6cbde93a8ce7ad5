#include "controllers/simulator/scaling.h"

#include "crds/fields.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace doorbuster::simulator {
namespace {

using std::chrono::seconds;

/// Without a behavior: scaleUpLimitFactor, scaleUpLimitMinimum.
constexpr std::int64_t kUpFactor = 2, kUpAtLeast = 4;

const ScalingRules& default_up() {
  static const ScalingRules rules{.policies = {{false, 4, seconds(15)}, {true, 100, seconds(15)}}};
  return rules;
}

const ScalingRules& default_down() {
  static const ScalingRules rules{.policies = {{true, 100, seconds(15)}}};
  return rules;
}

ScalingRules rules_of(const Tree* given, const ScalingRules& otherwise) {
  ScalingRules out = otherwise;
  if (given == nullptr) return out;
  if (const Tree* window = given->member("stabilizationWindowSeconds");
      window != nullptr && !window->is_null())
    out.stabilise = seconds(given->number("/stabilizationWindowSeconds", 0));
  const std::string select = given->text_at("/selectPolicy");
  if (select == "Min") out.select = SelectPolicy::Min;
  if (select == "Disabled") out.select = SelectPolicy::Disabled;
  if (const Value tolerance = given->value_at("/tolerance")) {
    if (const auto quantity = api::quantity_of(*tolerance))
      out.tolerance =
          static_cast<double>(quantity->nanos) / static_cast<double>(api::kNanosPerUnit);
  }
  const Tree* policies = given->member("policies");
  if (policies == nullptr || policies->is_null()) return out;
  out.policies.clear();
  for (const Tree& one : policies->elements()) {
    out.policies.push_back({one.text_at("/type") == "Percent",
                            one.number("/value", 0),
                            seconds(one.number("/periodSeconds", 15))});
  }
  return out;
}

bool within(double ratio, const ScalingBehavior& behavior) {
  return 1.0 - behavior.down.tolerance <= ratio && ratio <= 1.0 + behavior.up.tolerance;
}

std::int64_t rounded_up(double count) { return static_cast<std::int64_t>(std::ceil(count)); }

void forget_until(ScalingMemory::Dated& events, Instant cutoff) {
  std::erase_if(events, [&](const auto& one) { return one.first <= cutoff; });
}

std::int64_t sum_after(const ScalingMemory::Dated& events, Instant cutoff) {
  std::int64_t sum = 0;
  for (const auto& [at, count] : events) sum += at > cutoff ? count : 0;
  return sum;
}

/// calculateScaleUpLimitWithScalingRules and calculateScaleDownLimitWithBehaviors. The arithmetic
/// is in doubles as it is there: 10 pods less 90 % are 0, not 1.
std::int64_t rate_limit(const ScalingMemory& memory,
                        const ScalingRules& rules,
                        std::int64_t current,
                        bool up,
                        Instant now) {
  if (rules.select == SelectPolicy::Disabled) return current;
  const bool highest = up == (rules.select == SelectPolicy::Max);
  std::int64_t limit =
      highest ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int64_t>::max();
  for (const ScalingPolicy& one : rules.policies) {
    const std::int64_t start = current - sum_after(memory.added, now - one.period) +
                               sum_after(memory.removed, now - one.period);
    const double part = static_cast<double>(one.value) / 100;
    std::int64_t to = up ? start + one.value : start - one.value;
    if (one.percent && up) to = rounded_up(static_cast<double>(start) * (1 + part));
    if (one.percent && !up) to = static_cast<std::int64_t>(static_cast<double>(start) * (1 - part));
    limit = highest ? std::max(limit, to) : std::min(limit, to);
  }
  return up ? std::max(limit, current) : std::min(limit, current);
}

Limited without_behavior(const ScalingMemory& memory,
                         std::int64_t current,
                         std::int64_t proposal,
                         std::int64_t min,
                         std::int64_t max) {
  // The highest recommendation of the window, even one above what runs now.
  std::int64_t wanted = proposal;
  for (const auto& [at, one] : memory.recommended) wanted = std::max(wanted, one);
  const std::int64_t rate = std::max(kUpFactor * current, kUpAtLeast);
  if (wanted < min) return {.desired = min, .limited = true, .reason = "TooFewReplicas"};
  if (wanted > std::min(max, rate)) {
    return {.desired = std::min(max, rate),
            .limited = true,
            .reason = max > rate ? "ScaleUpLimit" : "TooManyReplicas"};
  }
  return {.desired = wanted};
}

Limited with_behavior(const ScalingMemory& memory,
                      const ScalingBehavior& behavior,
                      std::int64_t current,
                      std::int64_t proposal,
                      std::int64_t min,
                      std::int64_t max,
                      Instant now) {
  std::int64_t lowest = proposal, highest = proposal;
  for (const auto& [at, one] : memory.recommended) {
    if (at > now - behavior.up.stabilise) lowest = std::min(lowest, one);
    if (at > now - behavior.down.stabilise) highest = std::max(highest, one);
  }
  const std::int64_t wanted = std::min(std::max(current, lowest), highest);
  if (wanted > current) {
    const std::int64_t rate = rate_limit(memory, behavior.up, current, true, now);
    if (wanted > std::min(max, rate)) {
      return {.desired = std::min(max, rate),
              .limited = true,
              .reason = max > rate ? "ScaleUpLimit" : "TooManyReplicas"};
    }
  } else if (wanted < current) {
    const std::int64_t rate = rate_limit(memory, behavior.down, current, false, now);
    if (wanted < std::max(min, rate)) {
      return {.desired = std::max(min, rate),
              .limited = true,
              .reason = min < rate ? "ScaleDownLimit" : "TooFewReplicas"};
    }
  }
  return {.desired = wanted};
}

}  // namespace

Duration ScalingRules::longest_period() const {
  Duration out{};
  for (const ScalingPolicy& one : policies) out = std::max(out, one.period);
  return out;
}

ScalingBehavior behavior_of(const Tree& spec, Duration downscale_stabilisation) {
  ScalingBehavior out{.given = false, .up = default_up(), .down = default_down()};
  out.down.stabilise = downscale_stabilisation;
  const Tree* given = spec.member("behavior");
  if (given == nullptr || given->is_null()) return out;
  return {.given = true,
          .up = rules_of(given->member("scaleUp"), out.up),
          .down = rules_of(given->member("scaleDown"), out.down)};
}

std::int64_t proposed(std::int64_t usage,
                      std::int64_t aim,
                      const MeasuredPods& pods,
                      std::int64_t current,
                      const ScalingBehavior& behavior) {
  const double ratio = static_cast<double>(usage) / static_cast<double>(aim);
  if (pods.others == 0 || ratio <= 1.0) {
    return within(ratio, behavior) ? current
                                   : rounded_up(ratio * static_cast<double>(pods.counted));
  }
  const std::int64_t all = pods.counted + pods.others;
  const std::int64_t shared = usage * pods.counted / all;
  const double damped = static_cast<double>(shared) / static_cast<double>(aim);
  if (within(damped, behavior) || damped < 1.0) return current;
  return std::max(current, rounded_up(damped * static_cast<double>(all)));
}

void ScalingMemory::begin(Instant now, std::int64_t current) {
  if (!begun) recommended.emplace_back(now, current);
  begun = true;
}

void ScalingMemory::note_change(Instant now,
                                std::int64_t from,
                                std::int64_t to,
                                const ScalingBehavior& behavior) {
  if (!behavior.given || from == to) return;
  Dated& events = to > from ? added : removed;
  const ScalingRules& rules = to > from ? behavior.up : behavior.down;
  const std::pair<Instant, std::int64_t> event{now, std::max(to - from, from - to)};
  // An old event gives its place only to a new one of its kind; until then the other direction's
  // longer periods may still count it.
  const auto old = std::find_if(events.rbegin(), events.rend(), [&](const auto& one) {
    return one.first < now - rules.longest_period();
  });
  if (old == events.rend())
    events.push_back(event);
  else
    *old = event;
}

void ScalingMemory::repeat(Instant now) {
  if (!recommended.empty()) recommended.back().first = now;
}

bool ScalingMemory::settled(Instant now,
                            std::int64_t proposal,
                            const ScalingBehavior& behavior) const {
  const Instant since =
      now - std::max(behavior.up.longest_period(), behavior.down.longest_period());
  return sum_after(added, since) == 0 && sum_after(removed, since) == 0 &&
         std::all_of(recommended.begin(), recommended.end(), [&](const auto& one) {
           return one.second == proposal;
         });
}

Limited limited(ScalingMemory& memory,
                const ScalingBehavior& behavior,
                std::int64_t current,
                std::int64_t proposal,
                std::int64_t min,
                std::int64_t max,
                Instant now) {
  const Duration window =
      std::max(behavior.given ? behavior.up.stabilise : Duration{}, behavior.down.stabilise);
  // Without a behavior a recommendation as old as the window still counts: 1 ms to the other side.
  forget_until(memory.recommended, now - window - Duration(behavior.given ? 0 : 1));
  Limited out = behavior.given ? with_behavior(memory, behavior, current, proposal, min, max, now)
                               : without_behavior(memory, current, proposal, min, max);
  const Instant since = now - behavior.down.stabilise;
  out.kept =
      proposal < current &&
      std::any_of(memory.recommended.begin(), memory.recommended.end(), [&](const auto& one) {
        return one.first > since && one.second > proposal;
      });
  memory.recommended.emplace_back(now, proposal);
  return out;
}

}  // namespace doorbuster::simulator
