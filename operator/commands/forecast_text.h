#pragma once

#include "controllers/simulator/forecast.h"

#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace doorbuster::commands {

/// A forecast with what was assumed for it.
struct Outlook {
  std::string title;  ///< "shop/flash-sale"
  simulator::Forecast forecast;
  std::vector<std::string> assumed;
  std::optional<Instant> latest_safe;  ///< created or applied later, a floor is late
};

/// Names the checks and rollouts of the spec, which a forecast leaves out.
void assume_unplayed(const api::SaleEventSpec& spec, Outlook& outlook);

/// Timeline, one curve a target, assumptions, findings, verdict. 100 columns.
std::string as_text(const Outlook& outlook);
/// The same as one JSON object.
std::string as_json(const Outlook& outlook);
/// The curves as one SVG picture, readable without scripts or style sheets.
std::string as_svg(const Outlook& outlook);

/// 10 for NoGo; 11 for Warn when warnings are to fail; else 0.
int exit_code_of(const simulator::Forecast& forecast, bool fail_on_warnings);

/// How a forecast is shown.
struct ShowFlags {
  std::string output = "text", fail_on = "error", svg;
};

/// Declares --svg, --output and --fail-on.
void add_show_options(CLI::App& command, ShowFlags& flags);

/// Prints it and writes the picture; the exit code: the verdict's, or 1 where that failed, told
/// under the command's name.
int show(const Outlook& outlook, const ShowFlags& flags, const char* command);

}  // namespace doorbuster::commands
