#pragma once

#include <cstdlib>
#include <iostream>

namespace doorbuster::fuzz {

/// Stops the process, which is how a fuzz target reports a broken promise.
inline void require(bool holds, const char* promise) {
  if (holds) return;
  std::cerr << "broken promise: " << promise << std::endl;
  std::abort();
}

}  // namespace doorbuster::fuzz
