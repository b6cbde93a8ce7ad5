#pragma once

#include "crds/sale_event.h"
#include "operator/base/result.h"
#include "operator/base/web_address.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace doorbuster::planner {

/// Hosts that checks may ask: `prometheus.monitoring.svc`, `*.monitoring.svc` (any name below
/// that),
/// `[fd00::1]`, each with a port behind a colon or for any port.
struct HostPattern {
  std::string host;  ///< without brackets and `*`; `.monitoring.svc` for what lies below
  std::optional<std::uint16_t> port;
  bool operator==(const HostPattern&) const = default;
};
/// Invalid says what is wrong with the text. `*` alone is refused: it would let every author make
/// the operator ask every host that it can reach.
Result<HostPattern> parse_host_pattern(const std::string& text);
bool matches(const HostPattern& pattern, const WebAddress& address);

/// What the operator was started with for checks.
struct CheckSetup {
  std::string prometheus;  ///< an address, for checks that name none; may be empty
  std::vector<HostPattern> hosts;
};

/// What a check asks: a Prometheus' address or a URL; empty where nobody says, and for what the API
/// server is asked (a condition, pods, a Job).
std::string asked_address(const api::CheckSpec& check, const CheckSetup& setup);

/// Why it may not be asked, for people; empty: it may.
struct NotAsked {
  std::string code;   ///< stable, CamelCase
  std::string field;  ///< below the check, such as `.http.url`
  std::string why;
};
std::optional<NotAsked> why_not_asked(const api::CheckSpec& check, const CheckSetup& setup);

}  // namespace doorbuster::planner
