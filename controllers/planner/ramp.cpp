#include "controllers/planner/ramp.h"

#include "controllers/planner/arithmetic.h"

#include <algorithm>

namespace doorbuster::planner {
namespace {

constexpr Duration kMinute = std::chrono::minutes(1);

int steps_of(const WayUp& way) { return std::max(1, static_cast<int>(way.ramp.steps)); }

/// The first step that is higher than a floor; nothing when none is.
std::optional<int> step_above(const WayUp& way, std::int64_t floor) {
  for (int k = 1; k <= steps_of(way); ++k) {
    if (height_of(way, k) > floor) return k;
  }
  return std::nullopt;
}

int step_at(const WayUp& way, std::int64_t floor) {
  int at = 0;
  for (int k = 1; k <= steps_of(way); ++k) {
    if (height_of(way, k) <= floor) at = k;
  }
  return at;
}

/// Nothing was asked for yet: the highest step whose time has come, so that a late event starts
/// where it should be by now.
StepUp first_step(const WayUp& way, Instant now) {
  StepUp out;
  for (int k = 1; k <= steps_of(way); ++k) {
    if (due_of(way, k) <= now) out.step = k;
  }
  if (out.step > 0) out.floor = height_of(way, out.step);
  if (out.step < steps_of(way)) out.wake = std::max(due_of(way, out.step + 1), now);
  return out;
}

}  // namespace

std::int64_t height_of(const WayUp& way, int k) {
  const std::int64_t n = steps_of(way);
  if (way.full <= way.usual || k >= n) return way.full;
  return way.usual + ceil_div((way.full - way.usual) * k, n);
}

Instant last_call(const WayUp& way) { return way.start - way.ramp.step_timeout.value; }

Instant due_of(const WayUp& way, int k) {
  const Duration room = std::max(Duration(0), last_call(way) - way.prepare);
  const Duration over = std::min(way.ramp.over.value, room);
  return way.prepare + over * (k - 1) / steps_of(way);
}

StepUp step_up(const WayUp& way, const OnTheWayUp& at, Instant now) {
  const int last = steps_of(way);
  if (now >= last_call(way) || (at.asked && *at.asked >= way.full))
    return {way.full, last, {}, false};
  if (!at.asked) {
    StepUp first = first_step(way, now);
    if (first.step < last)
      first.wake = std::min(first.wake.value_or(last_call(way)), last_call(way));
    return first;
  }
  StepUp out{*at.asked, step_at(way, *at.asked), last_call(way), false};
  const int next = step_above(way, *at.asked).value_or(last);
  const Instant due = due_of(way, next);
  if (now < due) {
    out.wake = std::min(due, last_call(way));
    return out;
  }
  const auto enough = [&](std::int64_t pods) {
    return pods * 100 >= *at.asked * way.ramp.ready_percent;
  };
  const bool ready = enough(at.ready);
  const Instant patience =
      at.stepped_at.value_or(now) + way.ramp.step_timeout.value * (at.stuck ? kBackOffTimeouts : 1);
  const bool proceeds = way.ramp.on_timeout == api::OnTimeout::Proceed;
  const bool exist = at.existing >= *at.asked;
  const Instant pending =
      at.stepped_at.value_or(now) + way.ramp.step_timeout.value * kPendingTimeouts;
  out.pending = !ready && (enough(at.ready + at.no_room) || (exist && !at.stuck && now >= pending));
  if (!ready && !out.pending && !(proceeds && now >= patience)) {
    out.waits = true;
    if (exist && !at.stuck) out.wake = std::min(pending, last_call(way));
    if (proceeds) out.wake = std::min(patience, last_call(way));
    return out;
  }
  out.floor = height_of(way, next);
  out.step = next;
  if (next < last) out.wake = std::min(std::max(due_of(way, next + 1), now), last_call(way));
  if (next < last && due_of(way, next + 1) <= now)
    out.wake = std::min(now + way.ramp.step_timeout.value, last_call(way));
  return out;
}

Pace pace_of(const api::RampDown& ramp, std::int64_t peak, std::int64_t goal) {
  const std::int64_t total = std::max<std::int64_t>(1, peak - goal);
  const std::int64_t share =
      peak * ramp.max_percent_per_minute;  // hundredths of a replica a minute
  const std::int64_t steps = std::max<std::int64_t>(1, ramp.steps);
  Pace out{ceil_div(total, steps), ramp.over.value / steps};
  if (total * 100 <= share) return out;  // all of it may go within one minute
  if (share < 100) {
    // Not even one a minute: one, so seldom that the share is kept.
    out.by = 1;
    out.every = std::max(ramp.over.value / total, kMinute * 100 / std::max<std::int64_t>(1, share));
    return out;
  }
  const std::int64_t a_minute = share / 100;
  if (out.by >= a_minute) {
    out.by = a_minute;
    out.every = std::max(kMinute, ramp.over.value / ceil_div(total, out.by));
    return out;
  }
  // So many steps may fall into one minute.
  out.every = std::max(out.every, Duration(ceil_div(kMinute.count(), a_minute / out.by)));
  return out;
}

}  // namespace doorbuster::planner
