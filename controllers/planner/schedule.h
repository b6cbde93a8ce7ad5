#pragma once

#include "controllers/planner/seen.h"
#include "crds/sale_event.h"
#include "operator/base/instant.h"

#include <optional>
#include <string>
#include <string_view>

namespace doorbuster::planner {

/// Where an instant lies in a window. Each stage includes its first instant and not its last.
enum class Stage { Before, Prepare, Live, Cooldown, Over };
Stage stage_at(const Window& window, Instant now);

/// The next edge of a window after `now` and what it is, for people; nothing when all lie behind.
struct Edge {
  Instant at;
  std::string what;
};
std::optional<Edge> next_edge(const Window& window, Instant now);

/// The instants between which a hold of this span is kept: [from, until).
struct Span {
  Instant from, until;
};
Span span_of(const Window& window, const api::HoldSpan& during);

/// `start`, `end`, or so long after the start (before it with `-`), as the schema lets it be
/// written.
Instant instant_of(std::string_view text, const Window& window);

/// The window as status shows it, and back.
api::WindowStatus shown(const Window& window);
Window told(const api::WindowStatus& window);

/// The earlier of two, where nothing means never.
std::optional<Instant> sooner(std::optional<Instant> a, std::optional<Instant> b);

}  // namespace doorbuster::planner
