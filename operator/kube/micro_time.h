#pragma once

#include "operator/base/instant.h"

#include <string>

namespace doorbuster::kube {

/// Kubernetes' MicroTime: RFC 3339 in UTC with exactly six digits of a second,
/// `2026-11-27T08:00:00.000000Z`.
inline std::string micro_time(Instant at) {
  std::string text = to_rfc3339(at);
  text.pop_back();  // Z
  const std::size_t dot = text.find('.');
  if (dot == std::string::npos) text += '.';
  const std::size_t digits = dot == std::string::npos ? 0 : text.size() - dot - 1;
  text.append(6 - digits, '0');
  return text + 'Z';
}

}  // namespace doorbuster::kube
