#include "controllers/adapters/signature.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <stdexcept>

namespace doorbuster::adapters {

std::string hmac_sha256(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> made{};
  unsigned int size = 0;
  // Fails only where OpenSSL has no SHA-256 or no memory.
  if (HMAC(EVP_sha256(),
           key.data(),
           static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(text.data()),
           text.size(),
           made.data(),
           &size) == nullptr)
    throw std::runtime_error("no HMAC with SHA-256");
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  for (unsigned int i = 0; i < size; ++i) {
    out += kHex[made[i] >> 4U];
    out += kHex[made[i] & 0xFU];
  }
  return out;
}

std::string signature_of(std::string_view key, Instant at, std::string_view body) {
  const auto since_epoch = std::chrono::floor<std::chrono::seconds>(at.time_since_epoch());
  const std::string stamp = std::to_string(since_epoch.count());
  std::string text = stamp;
  text.append(".").append(body);
  return "t=" + stamp + ",v1=" + hmac_sha256(key, text);
}

}  // namespace doorbuster::adapters
