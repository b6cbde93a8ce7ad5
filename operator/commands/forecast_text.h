#pragma once

#include "controllers/simulator/forecast.h"

#include <optional>
#include <string>
#include <vector>

namespace doorbuster::commands {

/// A forecast with what was assumed for it.
struct Outlook {
  std::string title;  ///< "shop/flash-sale"
  simulator::Forecast forecast;
  std::vector<std::string> assumed;
  std::optional<Instant> latest_safe;  ///< created or applied later, a floor is late
};

/// Timeline, one curve a target, assumptions, findings, verdict. 100 columns.
std::string as_text(const Outlook& outlook);
/// The same as one JSON object.
std::string as_json(const Outlook& outlook);
/// The curves as one SVG picture, readable without scripts or style sheets.
std::string as_svg(const Outlook& outlook);

bool write_file(const std::string& name, const std::string& text);

/// 10 for NoGo; 11 for Warn when warnings are to fail; else 0.
int exit_code_of(const simulator::Forecast& forecast, bool fail_on_warnings);

}  // namespace doorbuster::commands
