#include "operator/serve/http_server.h"

#include <charconv>

namespace doorbuster::serve {
namespace {

Error invalid(std::string_view text) {
  return {.kind = ErrorKind::Invalid,
          .message = "\"" + std::string(text) +
                     "\" is no address to listen on; write :8080, 127.0.0.1:8080, [::1]:8080 or 0",
          .causes = {},
          .retry_after = {}};
}

}  // namespace

Result<BindAddress> parse_bind_address(std::string_view text) {
  BindAddress bind;
  if (text == "0") {
    bind.off = true;
    return bind;
  }
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return invalid(text);
  std::string_view host = text.substr(0, colon), port = text.substr(colon + 1);
  if (host.starts_with('[')) {
    if (!host.ends_with(']')) return invalid(text);
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return invalid(text);
  }
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), bind.port);
  if (error != std::errc() || end != port.data() + port.size()) return invalid(text);
  bind.address = host;
  return bind;
}

}  // namespace doorbuster::serve
