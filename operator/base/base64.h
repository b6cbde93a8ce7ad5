#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace doorbuster {

/// Strict RFC 4648 with padding; line breaks are passed over, as YAML block scalars bring them.
/// Nothing when it is no such text.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace doorbuster
