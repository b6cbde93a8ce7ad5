#pragma once

#include "operator/base/json.h"
#include "operator/base/result.h"

#include <string_view>

namespace doorbuster::kube {

inline constexpr int kMaxYamlDepth = 64;
inline constexpr std::size_t kMaxYamlNodes = 100'000;  ///< aliases count as what they stand for

/// One YAML document (JSON is one, too) as JSON text. Plain scalars follow the YAML 1.2 core
/// schema. Invalid with line and column: duplicate keys, keys that are no strings, cycles, a second
/// document, merge keys, whatever crosses the bounds.
Result<Json> json_from_yaml(std::string_view text);

}  // namespace doorbuster::kube
