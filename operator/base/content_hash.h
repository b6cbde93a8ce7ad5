#pragma once

#include <string>
#include <string_view>

namespace doorbuster {

/// Sixteen hexadecimal digits that change when the content does (FNV-1a, 64 bit). Against accident
/// and careless editing only: not cryptographic.
std::string content_hash(std::string_view content);

}  // namespace doorbuster
