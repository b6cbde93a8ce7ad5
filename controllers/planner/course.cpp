#include "controllers/planner/course.h"

#include "controllers/planner/schedule.h"

#include <algorithm>

namespace doorbuster::planner {
namespace {

/// When the rise to a stretch begins.
Instant begin_of(const Need& need, std::size_t i, Instant prepare, const api::RampUp& ramp) {
  if (i == 0) return prepare;
  const Instant least = need.stretches[i].from - ramp.step_timeout.value - ramp.over.value;
  return std::max(prepare, least);
}

bool is_over(const Need& need, std::size_t i, Instant now) {
  return i + 1 < need.stretches.size() && need.stretches[i + 1].from <= now;
}

}  // namespace

Course course_at(const Need& need,
                 std::int64_t usual,
                 Instant prepare,
                 const api::RampUp& ramp,
                 std::optional<std::int64_t> asked,
                 Instant now) {
  Course out;
  const auto last_call_of = [&](std::size_t i) {
    return need.stretches[i].from - ramp.step_timeout.value;
  };
  const auto wake_at = [&](Instant at) {
    if (at > now) out.wake = sooner(out.wake, at);
  };
  for (std::size_t i = 0; i < need.stretches.size(); ++i) {
    if (is_over(need, i, now) || now < last_call_of(i)) continue;
    if (need.stretches[i].floor < out.due) continue;
    out.due = need.stretches[i].floor;
    out.way = {usual, out.due, begin_of(need, i, prepare, ramp), need.stretches[i].from, ramp};
  }
  out.keep = out.due;
  const std::int64_t at = std::max(out.due, asked.value_or(0));
  for (std::size_t i = 0; i < need.stretches.size(); ++i) {
    const Stretch& to = need.stretches[i];
    const Instant begin = begin_of(need, i, prepare, ramp);
    if (i > 0) {  // of the first one the ramp and the window tell
      wake_at(to.from);
      const bool rises = to.floor > need.stretches[i - 1].floor;
      if (rises) wake_at(begin);
      if (rises && to.floor > at) wake_at(last_call_of(i));
    }
    if (now >= last_call_of(i) || now < begin || to.floor <= out.due) continue;
    out.keep = std::max(out.keep, to.floor);
    if (out.rises || (i > 0 && to.floor <= at)) continue;
    out.rises = true;
    out.way = {i == 0 ? usual : out.due, to.floor, begin, to.from, ramp};
  }
  return out;
}

}  // namespace doorbuster::planner
