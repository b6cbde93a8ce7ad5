#include "controllers/planner/schedule.h"

namespace doorbuster::planner {

Stage stage_at(const Window& window, Instant now) {
  if (now < window.prepare) return Stage::Before;
  if (now < window.start) return Stage::Prepare;
  if (now < window.end) return Stage::Live;
  if (now < window.restored_by) return Stage::Cooldown;
  return Stage::Over;
}

std::optional<Edge> next_edge(const Window& window, Instant now) {
  if (now < window.prepare) return Edge{window.prepare, "preparation begins"};
  if (now < window.start) return Edge{window.start, "the sale begins"};
  if (now < window.end) return Edge{window.end, "the sale ends"};
  if (now < window.restored_by) return Edge{window.restored_by, "everything is to be back"};
  return std::nullopt;
}

Span span_of(const Window& window, const api::HoldSpan& during) {
  const auto from = [&window](api::SalePhase phase) {
    switch (phase) {
      case api::SalePhase::Prepare:
        return window.prepare;
      case api::SalePhase::Live:
        return window.start;
      case api::SalePhase::Cooldown:
        return window.end;
    }
    return window.start;
  };
  const auto until = [&window](api::SalePhase phase) {
    switch (phase) {
      case api::SalePhase::Prepare:
        return window.start;
      case api::SalePhase::Live:
        return window.end;
      case api::SalePhase::Cooldown:
        return window.restored_by;
    }
    return window.end;
  };
  return {from(during.from), until(during.until)};
}

Instant instant_of(std::string_view text, const Window& window) {
  if (text == "start") return window.start;
  if (text == "end") return window.end;
  const bool before = text.starts_with("-");
  if (before || text.starts_with("+")) text.remove_prefix(1);
  const Duration span = parse_duration(text).value_or(Duration(0));
  return before ? window.start - span : window.start + span;
}

api::WindowStatus shown(const Window& window) {
  return {.prepare = window.prepare,
          .start = window.start,
          .end = window.end,
          .restored_by = window.restored_by,
          .time_zone = window.zone,
          .tzdata = window.tzdata};
}

Window told(const api::WindowStatus& window) {
  return {window.prepare,
          window.start,
          window.end,
          window.restored_by,
          window.time_zone,
          window.tzdata};
}

std::optional<Instant> sooner(std::optional<Instant> a, std::optional<Instant> b) {
  if (!a) return b;
  if (!b) return a;
  return *a < *b ? a : b;
}

}  // namespace doorbuster::planner
