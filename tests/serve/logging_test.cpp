#include "operator/serve/logging.h"

#include "operator/base/json.h"

#include <gtest/gtest.h>

namespace doorbuster::serve {
namespace {

std::vector<std::string> written(LogFormat format,
                                 LogLevel level,
                                 const std::vector<LogLine>& lines) {
  std::vector<std::string> out;
  const Log log =
      make_log({.level = level, .format = format, .sink = [&out](std::string_view line) {
                  out.emplace_back(line);
                }});
  for (const LogLine& line : lines) log(line);
  return out;
}

/// What follows the time.
std::string after_time(const std::string& line) { return line.substr(line.find(' ') + 1); }

struct TextCase {
  const char* says;
  LogLine line;
  const char* expected;
};

const TextCase kTexts[] = {
    {"a line is level and message", {LogLevel::Info, "started", {}}, "info started\n"},
    {"bare words need no quotes",
     {LogLevel::Warn, "round failed", {{"event", "shop/flash-sale"}}},
     "warning round failed event=shop/flash-sale\n"},
    {"blanks do",
     {LogLevel::Error, "failed", {{"error", "no such thing"}}},
     "error failed error=\"no such thing\"\n"},
    {"an empty value is seen", {LogLevel::Info, "x", {{"key", ""}}}, "info x key=\"\"\n"},
    {"an equals sign cannot forge a field",
     {LogLevel::Info, "x", {{"key", "a b=c"}}},
     "info x key=\"a b=c\"\n"},
    {"a line break cannot forge a line",
     {LogLevel::Info, "x", {{"key", "a\nerror forged"}}},
     "info x key=\"a\\nerror forged\"\n"},
    {"braces are no format",
     {LogLevel::Info, "x {} %v", {{"key", "{}"}}},
     "info x {} %v key=\"{}\"\n"},
};

TEST(Logging, WritesOneLineOfText) {
  for (const TextCase& one : kTexts) {
    SCOPED_TRACE(one.says);
    const auto lines = written(LogFormat::Text, LogLevel::Debug, {one.line});
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(after_time(lines.front()), one.expected);
  }
}

TEST(Logging, WritesOneJsonObjectALine) {
  const auto lines =
      written(LogFormat::Json,
              LogLevel::Debug,
              {{LogLevel::Warn, "round \"failed\"", {{"error", "a\nb\x01"}, {"event", "shop/x"}}}});
  ASSERT_EQ(lines.size(), 1U);
  const std::string line = lines.front().substr(0, lines.front().size() - 1);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const auto view = JsonView::parse(line);
  ASSERT_TRUE(view.ok()) << view.error().message << " in " << line;
  EXPECT_EQ(view->member("msg")->string(), "round \"failed\"");
  EXPECT_EQ(view->member("level")->string(), "warning");
  EXPECT_EQ(view->member("error")->string(), "a\nb\x01");
  EXPECT_EQ(view->member("event")->string(), "shop/x");
  EXPECT_TRUE(view->member("ts")->string().value_or("").ends_with("Z"));
}

TEST(Logging, DropsWhatIsBelowTheLevel) {
  const auto lines =
      written(LogFormat::Text,
              LogLevel::Warn,
              {{LogLevel::Debug, "a", {}}, {LogLevel::Info, "b", {}}, {LogLevel::Warn, "c", {}}});
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(after_time(lines.front()), "warning c\n");
}

TEST(Logging, KnowsItsNames) {
  EXPECT_EQ(log_level_of("error"), LogLevel::Error);
  EXPECT_EQ(log_level_of("loud"), std::nullopt);
  EXPECT_EQ(log_format_of("json"), LogFormat::Json);
  EXPECT_EQ(log_format_of("xml"), std::nullopt);
}

}  // namespace
}  // namespace doorbuster::serve
