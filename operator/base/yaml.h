#pragma once

#include "operator/base/node.h"

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace doorbuster {

/// Bounds of what is read from YAML.
inline constexpr std::size_t kMaxYamlBytes = 1U << 20U;
inline constexpr std::size_t kMaxYamlDepth = 64;
inline constexpr std::size_t kMaxYamlNodes = 100'000;  ///< aliases count as what they stand for
inline constexpr std::size_t kMaxDocuments = 256;

struct YamlDocument {
  Mark mark;
  Node root;
};

/// What a YAML text holds, up to the first thing that is wrong with it.
struct YamlText {
  std::vector<YamlDocument> documents;  ///< empty ones are left out
  std::optional<Problem> problem;
};

/// Reads YAML as kubectl does: plain scalars by YAML 1.1 (`yes` is true, `010` is 8), merge keys,
/// aliases. More strictly: a key may stand only once, keys are plain text, tags beyond the core
/// ones are refused. What it says about a problem quotes keys but no values: they may be secret.
YamlText read_yaml(std::string_view text);

/// Is it one of the words for infinity and not-a-number (`.inf`, `-.Inf`, `.NaN`)?
bool is_not_finite(std::string_view text);

/// The value of a plain (unquoted) scalar: null, boolean, number or string. A number that JSON
/// cannot hold (`.inf`) is nothing.
std::optional<Node> plain_scalar(std::string_view text);

}  // namespace doorbuster
