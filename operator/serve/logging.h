#pragma once

#include "operator/base/log.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace doorbuster::serve {

enum class LogFormat { Text, Json };

struct LogSettings {
  LogLevel level = LogLevel::Info;  ///< lines below it are dropped
  LogFormat format = LogFormat::Text;
  /// Where whole lines go; empty: standard error. Called by one thread at a time.
  std::function<void(std::string_view line)> sink;
};

/// A Log that writes one line each: time in UTC, level, message, then the fields; as `key=value`
/// (values quoted where they need it) or as one JSON object. Control characters never reach the
/// output. Thread-safe.
Log make_log(LogSettings settings);

std::optional<LogLevel> log_level_of(std::string_view name);    ///< debug, info, warn, error
std::optional<LogFormat> log_format_of(std::string_view name);  ///< text, json

}  // namespace doorbuster::serve
