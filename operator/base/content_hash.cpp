#include "operator/base/content_hash.h"

#include <cstdint>

namespace doorbuster {

std::string content_hash(std::string_view content) {
  constexpr std::uint64_t kOffsetBasis = 0xCBF29CE484222325U;
  constexpr std::uint64_t kPrime = 0x100000001B3U;
  constexpr std::string_view kHex = "0123456789abcdef";
  std::uint64_t hash = kOffsetBasis;
  for (const char c : content) hash = (hash ^ static_cast<unsigned char>(c)) * kPrime;
  std::string digits(16, '0');
  for (std::size_t i = digits.size(); i-- > 0; hash >>= 4U) digits[i] = kHex[hash & 0xFU];
  return digits;
}

}  // namespace doorbuster
