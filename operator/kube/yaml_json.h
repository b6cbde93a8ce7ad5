#pragma once

#include "operator/base/json.h"
#include "operator/base/result.h"

#include <string_view>

namespace doorbuster::kube {

/// The one document of a YAML text (JSON is one, too) as JSON, read as operator/base/yaml.h says.
/// Invalid with line and column; the message quotes no values, which may be secret.
Result<Json> json_from_yaml(std::string_view text);

}  // namespace doorbuster::kube
