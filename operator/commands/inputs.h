#pragma once

#include "operator/base/result.h"

#include <cstddef>
#include <istream>
#include <string>
#include <vector>

namespace doorbuster::commands {

/// Bounds of what one `-f` reads.
inline constexpr std::size_t kMaxInputFiles = 1000;
inline constexpr std::size_t kMaxInputBytes = 1U << 20U;  ///< of one file

/// One file as given on the command line, or found in a folder that was given.
struct InputFile {
  std::string name;          ///< `<stdin>` for `-`
  Result<std::string> text;  ///< Invalid: too large; Unavailable, NotFound, Denied: cannot be read
};

/// `-` is `in`; of a folder its *.yaml, *.yml and *.json in the order of their names, those below
/// it too when `recursive`. What cannot be read keeps none of the others back. Invalid: more than
/// kMaxInputFiles.
Result<std::vector<InputFile>> read_inputs(const std::vector<std::string>& names,
                                           bool recursive,
                                           std::istream& in);

}  // namespace doorbuster::commands
