#pragma once

#include <string>
#include <string_view>

namespace doorbuster {

/// Letters of ASCII in lower case, whatever the locale; all else as it is.
inline std::string lower(std::string_view text) {
  std::string out(text);
  for (char& one : out) {
    if (one >= 'A' && one <= 'Z') one = static_cast<char>(one - 'A' + 'a');
  }
  return out;
}

}  // namespace doorbuster
