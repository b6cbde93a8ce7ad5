#pragma once

#include "hack/shop/knobs.h"

namespace shop {

/// Answers until a signal or a knob ends it. The exit code: 0 after SIGTERM with every open request
/// answered, 1 when some had to be cut, 2 when it could not listen, SHOP_CRASH_AFTER's.
int serve(const Knobs& knobs, std::uint64_t seed);

}  // namespace shop
