#pragma once

#include "controllers/adapters/reading.h"
#include "operator/kube/transport.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace doorbuster::adapters {

/// Bytes of what a server says that rejects, in status.
inline constexpr std::size_t kGateReason = 256;

/// What a server says of a step of a rollout (spec.gates[].webhook): 2xx is the value 1, it may
/// end; 403 is 0, it is rejected, and the text says why; all else is an error. Only a rejection
/// brings what the body says into a message.
Reading read_gate(const kube::Response& answer);

/// The beginning of a text for people, at most kGateReason bytes: in one line, without control
/// characters and what is no UTF-8.
std::string one_line(std::string_view text);

/// `the server answers with status 500`; a redirect is said to be one, which is not followed.
std::string status_text(const kube::Response& answer);

}  // namespace doorbuster::adapters
