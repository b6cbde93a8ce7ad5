#pragma once

#include "operator/base/node.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace doorbuster {

/// Where the lines of a text begin; the text must outlive it. Columns count code points.
class SourceLines {
 public:
  explicit SourceLines(std::string_view text);
  Mark at(std::size_t offset) const;

 private:
  std::string_view text_;
  std::vector<std::size_t> begins_;
};

}  // namespace doorbuster
