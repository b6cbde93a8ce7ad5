#pragma once

#include "crds/reader.h"
#include "operator/base/instant.h"
#include "operator/commands/painted.h"
#include "operator/commands/replicas_seen.h"

#include <functional>
#include <string>
#include <vector>

namespace doorbuster::commands {

/// What is known of a sale at a moment.
struct SaleLook {
  api::SaleEvent event;
  std::vector<api::SaleAction> actions;  ///< those that are not over
  SeenByObject replicas;                 ///< as far as they may be read
  Instant now;
  Instant observed;    ///< how old this view is
  std::string silent;  ///< why it may be out of date; empty: it is not
  /// How far the clocks of the sale's author are ahead of UTC at an instant.
  std::function<Duration(Instant)> offset;
};

/// Why what is shown may not be so any more; empty: nothing speaks for it. Besides `silent`: an
/// edit that no status answers, a step that is long overdue.
std::string stale_text(const SaleLook& look);

/// The live screen (DESIGN.md: the status is told as it was seen): window, next, verdict, warnings,
/// progress, capacity, holds, rollouts, rooms, images, decisions of people, actions that wait.
/// Where there are more rows than lines, those that are well are counted.
std::vector<std::string> screen_lines(const SaleLook& look, const ScreenStyle& style);

/// What the screen leaves out: conditions, objects, findings, every decision.
std::vector<std::string> detail_lines(const SaleLook& look, const ScreenStyle& style);

/// One JSON object with all of it; instants in UTC.
std::string look_json(const SaleLook& look);

/// `shop/flash Live, verdict Warn, 2/3 targets ready: ...`: one line, the same as long as nothing
/// that people follow has changed.
std::string summary_text(const SaleLook& look);

}  // namespace doorbuster::commands
