// Each hand-written matcher against the CRD's own regular expression: on chosen texts, and on
// thousands of small edits of them.
#include "crds/patterns.h"

#include "crds/schema.h"

#include <gtest/gtest.h>

#include <random>
#include <regex>
#include <string>
#include <vector>

namespace doorbuster::api {
namespace {

constexpr int kEdits = 4000;

/// Texts that are, or nearly are, of one of the patterns.
const std::vector<std::string> kSeeds = {"checkout",
                                         "a",
                                         "a-b",
                                         "a.b.c",
                                         "+45m",
                                         "+1h30m",
                                         "++1m",
                                         "9",
                                         "a-",
                                         "-a",
                                         "a..b",
                                         "Deployment",
                                         "2026-11-27T09:00:00+01:00",
                                         "2026-11-27T09:00:00",
                                         "app.kubernetes.io/part-of",
                                         "Front_End.v1",
                                         "a/b/c",
                                         "Example.com/x",
                                         "D1",
                                         "apps/v1",
                                         "v1",
                                         "v1beta1",
                                         "gateway.envoyproxy.io/v1alpha1",
                                         "apps/",
                                         "/v1",
                                         "apps/v1/x",
                                         "1h30m",
                                         "90m",
                                         "0s",
                                         "1.5h",
                                         "250ms",
                                         "1h1h1h",
                                         "123456h",
                                         "1.2345s",
                                         "1d",
                                         "m",
                                         "Europe/Berlin",
                                         "UTC",
                                         "America/Argentina/Buenos_Aires",
                                         "Etc/GMT+5",
                                         "Europe/",
                                         "a//b",
                                         "/spec/maxReplicas",
                                         "/spec/http/[name=default]/retries",
                                         "/a/[b=c,d=]/e",
                                         "/a/[b=c,]/e",
                                         "/a/[=c]",
                                         "/a/[b]",
                                         "/a~1b~0",
                                         "/a~2",
                                         "/",
                                         "//",
                                         "/a/",
                                         "/a[0]",
                                         "/a/[b=c]d",
                                         "2.5",
                                         "500m",
                                         "1Gi",
                                         "1Ki",
                                         "1k",
                                         "1K",
                                         "-2",
                                         "1.",
                                         ".5",
                                         "1234567890",
                                         "0.123456789",
                                         "0.1234567890",
                                         "1e3",
                                         "5x",
                                         "",
                                         "2026-11-27T09:00:00",
                                         "2026-11-27T09:00:00Z",
                                         "2026-11-27T09:00:00+01:00",
                                         "2026-02-29T00:00:00",
                                         "2028-02-29T00:00:00",
                                         "2000-02-29T00:00:00",
                                         "2100-02-29T00:00:00",
                                         "2400-02-29T23:59:59",
                                         "2026-04-31T00:00:00",
                                         "2026-12-31T23:59:59-23:59",
                                         "2026-11-27T24:00:00",
                                         "1999-11-27T09:00:00",
                                         "2026-13-01T00:00:00",
                                         "2026-11-27T09:00:00+24:00",
                                         "2026-11-27 09:00:00",
                                         "2026-11-27T09:00",
                                         "2026-12-25",
                                         "2028-02-29",
                                         "0 18 * * 5",
                                         "*/15 8-18 1,15 JAN-MAR ?",
                                         "0 18 * * ",
                                         "0  18 * * 5",
                                         "@weekly",
                                         "@midnight",
                                         "@every 1h",
                                         "http://prometheus.monitoring.svc:9090",
                                         "https://metrics.example/prometheus/",
                                         "https://status.example/health?of=cart&n=1",
                                         "http://[::1]:9090/a",
                                         "http://10.0.0.1/",
                                         "http://a:0/",
                                         "http://user@a/",
                                         "http://a/#b",
                                         "ca.crt",
                                         "start",
                                         "end",
                                         "-2h30m"};

std::string edited(std::string text, std::mt19937& random) {
  static constexpr std::string_view kLetters = "aZ09-./:+~=,[]_mshkGi TE*?@\n";
  const auto pick = [&random](std::size_t below) { return random() % below; };
  for (std::size_t edits = 1 + pick(3); edits > 0; --edits) {
    const std::size_t at = pick(text.size() + 1);
    switch (pick(3)) {
      case 0:
        text.insert(at, 1, kLetters[pick(kLetters.size())]);
        break;
      case 1:
        if (at < text.size()) text.erase(at, 1);
        break;
      case 2:
        if (at < text.size()) text[at] = kLetters[pick(kLetters.size())];
        break;
    }
  }
  return text;
}

/// ECMAScript's dialect differs from Go's in these patterns only where a bracket expression begins
/// with `]`.
std::regex regex_of(std::string_view pattern) {
  std::string text(pattern);
  for (std::size_t at = text.find("[^]"); at != std::string::npos; at = text.find("[^]", at + 3)) {
    text.replace(at, 3, "[^\\]");
  }
  return std::regex(text);
}

void compare(const Pattern& pattern) {
  SCOPED_TRACE(std::string(pattern.regex));
  const std::regex regex = regex_of(pattern.regex);
  std::mt19937 random(1);
  int matched = 0;
  for (int i = 0; i < kEdits; ++i) {
    const std::string& seed = kSeeds[static_cast<std::size_t>(i) % kSeeds.size()];
    const std::string text = i < static_cast<int>(kSeeds.size()) ? seed : edited(seed, random);
    const bool expected = std::regex_match(text, regex);
    matched += expected ? 1 : 0;
    ASSERT_EQ(pattern.matches(text), expected) << "\"" << text << "\"";
  }
  EXPECT_GT(matched, 10) << "the seeds do not reach this pattern";
}

void compare_all(const Schema& schema, std::set<std::string_view>& seen) {
  if (schema.pattern.matches && seen.insert(schema.pattern.regex).second) compare(schema.pattern);
  for (const Field& field : schema.fields) compare_all(*field.schema, seen);
  if (schema.items) compare_all(*schema.items, seen);
  if (schema.values) compare_all(*schema.values, seen);
}

TEST(Patterns, MatchWhatTheRegularExpressionsOfTheCrdMatch) {
  std::set<std::string_view> seen;
  compare_all(kSaleEventSpecSchema, seen);
  compare_all(kSaleActionSpecSchema, seen);
  EXPECT_EQ(seen.size(), 19U);
}

TEST(Patterns, EveryDayOfFiveHundredYearsIsJudgedByTheCalendar) {
  for (int year = 2000; year < 2500; ++year) {
    const bool leap = std::chrono::year(year).is_leap();
    EXPECT_EQ(patterns::window_time(std::to_string(year) + "-02-29T00:00:00"), leap) << year;
  }
}

TEST(Patterns, OffsetsAreFoundAtTheEnd) {
  EXPECT_TRUE(patterns::has_offset("2026-11-27T09:00:00Z"));
  EXPECT_TRUE(patterns::has_offset("2026-11-27T09:00:00-05:00"));
  EXPECT_FALSE(patterns::has_offset("2026-11-27T09:00:00"));
  EXPECT_FALSE(patterns::has_offset(""));
}

}  // namespace
}  // namespace doorbuster::api
