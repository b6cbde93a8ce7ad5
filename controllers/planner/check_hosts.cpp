#include "controllers/planner/check_hosts.h"

#include <algorithm>

namespace doorbuster::planner {

Result<HostPattern> parse_host_pattern(const std::string& text) {
  const auto wrong = [&text](const std::string& why) {
    return Error{ErrorKind::Invalid, quoted(text) + " " + why, {}, {}};
  };
  const bool below = text.starts_with("*.");
  const std::string host = below ? text.substr(2) : text;
  // A pattern is the authority of a URL; https, so that an absent port is told from a written 443.
  const auto address = parse_web_address("https://" + host);
  if (host.empty() || host.find('/') != std::string::npos || !address)
    return wrong(
        "is no host: write prometheus.monitoring.svc, *.monitoring.svc or either with :9090");
  HostPattern out{(below ? "." : "") + address->host, std::nullopt};
  const bool bracketed = host.front() == '[';
  if (below && bracketed) return wrong("has no names below it");
  const std::size_t colon = host.find(':', bracketed ? host.find(']') : 0);
  if (colon != std::string::npos) out.port = address->port;
  return out;
}

bool matches(const HostPattern& pattern, const WebAddress& address) {
  if (pattern.port && *pattern.port != address.port) return false;
  if (!pattern.host.starts_with('.')) return pattern.host == address.host;
  return address.host.size() > pattern.host.size() && address.host.ends_with(pattern.host);
}

std::string asked_address(const api::CheckSpec& check, const CheckSetup& setup) {
  if (check.http) return check.http->url;
  if (check.prometheus) return check.prometheus->address.value_or(setup.prometheus);
  return "";
}

std::optional<NotAsked> why_not_asked(const api::CheckSpec& check, const CheckSetup& setup) {
  if (!check.http && !check.prometheus) return std::nullopt;
  const std::string field = check.http ? ".http.url" : ".prometheus.address";
  const std::string asked = asked_address(check, setup);
  if (asked.empty())
    return NotAsked{"NoPrometheusAddress",
                    field,
                    "must be set, because the operator runs without --prometheus-address"};
  const auto address = parse_web_address(asked);
  if (!address) return NotAsked{"CheckHostNotAllowed", field, "is no address: check host and port"};
  const bool allowed =
      std::any_of(setup.hosts.begin(), setup.hosts.end(), [&address](const HostPattern& one) {
        return matches(one, *address);
      });
  if (allowed) return std::nullopt;
  return NotAsked{"CheckHostNotAllowed",
                  field,
                  "the operator's --allow-check-hosts does not name " + address->authority};
}

}  // namespace doorbuster::planner
