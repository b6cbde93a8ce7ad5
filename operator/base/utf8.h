#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace doorbuster {

/// Length in bytes of the well-formed UTF-8 sequence that begins at `at` (RFC 3629: no overlong
/// forms, no surrogates, nothing beyond U+10FFFF); 0 when there is none.
std::size_t utf8_length(std::string_view text, std::size_t at);

/// Adds a code point in UTF-8. It must be at most U+10FFFF and no surrogate.
void append_utf8(std::string& text, char32_t code);

}  // namespace doorbuster
