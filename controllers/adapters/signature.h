#pragma once

#include "operator/base/instant.h"

#include <string>
#include <string_view>

namespace doorbuster::adapters {

/// HMAC with SHA-256 (RFC 2104), in hexadecimal. Both texts may have any bytes.
std::string hmac_sha256(std::string_view key, std::string_view text);

/// `t=1764233000,v1=5257a8...`: by the time in it, which is signed too, whoever checks it tells a
/// replay. `v1` is the hmac_sha256 of `1764233000.` and the body.
std::string signature_of(std::string_view key, Instant at, std::string_view body);

}  // namespace doorbuster::adapters
