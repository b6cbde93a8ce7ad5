#pragma once

#include "crds/reader.h"
#include "operator/base/instant.h"

#include <functional>
#include <string>

namespace doorbuster::commands {

/// What is told of one sale, over or not.
struct SaleReport {
  api::SaleEvent event;
  Instant now;
  /// How far the clocks of the sale's author are ahead of UTC at an instant.
  std::function<Duration(Instant)> offset;
};

/// Window, one row a target with what it showed, holds and which are back, warnings, decisions.
std::string as_text(const SaleReport& report);
/// The same as one JSON object; instants in UTC.
std::string as_json(const SaleReport& report);

/// 10: the sale was refused, or people must look at it; 11: there are warnings, and they are to
/// fail; else 0.
int exit_code_of(const SaleReport& report, bool fail_on_warnings);

}  // namespace doorbuster::commands
