#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace doorbuster {

enum class LogLevel { Debug, Info, Warn, Error };

/// A log line: a constant message and key=value pairs. The message never holds data.
struct LogLine {
  LogLevel level;
  std::string message;
  std::vector<std::pair<std::string, std::string>> fields;
};

/// Where lines go. May be called from any thread. operator/serve turns it into spdlog; tests
/// collect or drop.
using Log = std::function<void(const LogLine&)>;

}  // namespace doorbuster
