#pragma once

#include "controllers/adapters/reading.h"

#include <string_view>

namespace doorbuster::adapters {

/// The number at a JSON Pointer (base/json.h). Nothing there and null are missing data. What the
/// answer says besides never comes into a message: who may read a status may not be who may read
/// that server.
Reading read_json(std::string_view body, std::string_view pointer);

}  // namespace doorbuster::adapters
