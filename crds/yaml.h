#pragma once

#include "crds/node.h"
#include "crds/reader.h"

#include <optional>
#include <string_view>
#include <vector>

namespace doorbuster::api {

struct YamlDocument {
  Mark mark;
  Node root;
};

/// What a YAML text holds, up to the first thing that is wrong with it.
struct YamlText {
  std::vector<YamlDocument> documents;  ///< empty ones are left out
  std::optional<Finding> problem;
};

/// Reads YAML as kubectl does: plain scalars by YAML 1.1 (`yes` is true, `010` is 8), merge keys,
/// aliases. More strictly: a key may stand only once, keys are plain text, tags beyond the core
/// ones are refused. Bounded as reader.h says.
YamlText nodes_of_yaml(std::string_view text);

/// The value of a plain (unquoted) scalar: null, boolean, number or string. A number that JSON
/// cannot hold (`.inf`) is nothing.
std::optional<Node> plain_scalar(std::string_view text);

}  // namespace doorbuster::api
