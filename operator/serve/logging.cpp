#include "operator/serve/logging.h"

#include "operator/base/json.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <memory>
#include <mutex>
#include <utility>

namespace doorbuster::serve {
namespace {

/// Hands whole formatted lines to a function.
class FunctionSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit FunctionSink(std::function<void(std::string_view)> to) : to_(std::move(to)) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    to_(std::string_view(line.data(), line.size()));
  }
  void flush_() override {}

 private:
  std::function<void(std::string_view)> to_;
};

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::Debug:
      return spdlog::level::debug;
    case LogLevel::Info:
      return spdlog::level::info;
    case LogLevel::Warn:
      return spdlog::level::warn;
    case LogLevel::Error:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

/// A bare word stays as it is; anything else is quoted as in JSON.
std::string value_text(const std::string& value) {
  constexpr std::string_view kBare =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:+@,%";
  if (!value.empty() && value.find_first_not_of(kBare) == std::string::npos) return value;
  return quoted(value);
}

std::string text_line(const LogLine& line) {
  std::string text = line.message;
  for (const auto& [key, value] : line.fields) text += " " + key + "=" + value_text(value);
  return text;
}

/// What follows time and level inside the line's object.
std::string json_line(const LogLine& line) {
  std::string text = "\"msg\":" + quoted(line.message);
  for (const auto& [key, value] : line.fields) text += "," + quoted(key) + ":" + quoted(value);
  return text;
}

}  // namespace

Log make_log(LogSettings settings) {
  std::shared_ptr<spdlog::sinks::sink> sink;
  if (settings.sink) {
    sink = std::make_shared<FunctionSink>(std::move(settings.sink));
  } else {
    sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  }
  auto logger = std::make_shared<spdlog::logger>("doorbuster", std::move(sink));
  const bool json = settings.format == LogFormat::Json;
  const std::string pattern =
      json ? R"({"ts":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})" : "%Y-%m-%dT%H:%M:%S.%eZ %l %v";
  logger->set_formatter(
      std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc));
  logger->set_level(level_of(settings.level));
  logger->flush_on(spdlog::level::debug);
  return [logger, json](const LogLine& line) {
    const auto level = level_of(line.level);
    if (!logger->should_log(level)) return;
    logger->log(level, spdlog::string_view_t(json ? json_line(line) : text_line(line)));
  };
}

std::optional<LogLevel> log_level_of(std::string_view name) {
  if (name == "debug") return LogLevel::Debug;
  if (name == "info") return LogLevel::Info;
  if (name == "warn") return LogLevel::Warn;
  if (name == "error") return LogLevel::Error;
  return std::nullopt;
}

std::optional<LogFormat> log_format_of(std::string_view name) {
  if (name == "text") return LogFormat::Text;
  if (name == "json") return LogFormat::Json;
  return std::nullopt;
}

}  // namespace doorbuster::serve
