#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace doorbuster {

/// Where an http or https URL leads.
struct WebAddress {
  bool https = false;
  std::string host;  ///< name or address, without brackets
  std::uint16_t port = 0;
  std::string authority;  ///< host and port as written, for the Host header
  std::string target;     ///< path and query as written; begins with a slash

  /// `https://host[:port]`, as written.
  std::string server() const { return (https ? "https://" : "http://") + authority; }
};

/// One reader for whoever judges a URL and whoever asks it, so that both see one host. Nothing for
/// what has a user, a fragment, a blank, an upper-case host or a port beyond 65535.
std::optional<WebAddress> parse_web_address(std::string_view url);

/// Everything but letters, digits, `-`, `.`, `_` and `~` as %XX (RFC 3986 section 2.1).
std::string percent_encoded(std::string_view text);

}  // namespace doorbuster
