#include "operator/base/instant.h"

#include <gtest/gtest.h>

namespace doorbuster {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

Instant at(std::int64_t milliseconds_since_epoch) {
  return Instant(milliseconds(milliseconds_since_epoch));
}

struct TimeCase {
  std::string sentence, text;
  std::optional<std::int64_t> expected;  // milliseconds since 1970
};

TEST(InstantTest, Rfc3339IsReadStrictly) {
  const std::vector<TimeCase> cases = {
      {"the epoch", "1970-01-01T00:00:00Z", 0},
      {"UTC", "2026-11-27T08:00:00Z", 1795766400000},
      {"an offset ahead", "2026-11-27T09:00:00+01:00", 1795766400000},
      {"an offset behind, across midnight", "2026-11-26T22:30:00-09:30", 1795766400000},
      {"minus zero", "2026-11-27T08:00:00-00:00", 1795766400000},
      {"milliseconds", "2026-11-27T08:00:00.123Z", 1795766400123},
      {"tenths", "2026-11-27T08:00:00.5Z", 1795766400500},
      {"nanoseconds are cut off", "2026-11-27T08:00:00.999999999Z", 1795766400999},
      {"29 February of a leap year", "2028-02-29T00:00:00Z", 1835395200000},
      {"the last moment", "9999-12-31T23:59:59.999Z", 253402300799999},
      {"29 February of another year", "2026-02-29T00:00:00Z", {}},
      {"29 February of 2100", "2100-02-29T00:00:00Z", {}},
      {"31 April", "2026-04-31T00:00:00Z", {}},
      {"month 13", "2026-13-01T00:00:00Z", {}},
      {"month 0", "2026-00-01T00:00:00Z", {}},
      {"day 0", "2026-01-00T00:00:00Z", {}},
      {"hour 24", "2026-01-01T24:00:00Z", {}},
      {"minute 60", "2026-01-01T00:60:00Z", {}},
      {"a leap second", "2026-12-31T23:59:60Z", {}},
      {"an offset of 24 hours", "2026-01-02T00:00:00+24:00", {}},
      {"an offset of 60 minutes", "2026-01-02T00:00:00+00:60", {}},
      {"an offset without colon", "2026-01-02T00:00:00+0100", {}},
      {"no offset", "2026-01-02T00:00:00", {}},
      {"lower case", "2026-01-02t00:00:00z", {}},
      {"a blank for the T", "2026-01-02 00:00:00Z", {}},
      {"a comma for the point", "2026-01-02T00:00:00,5Z", {}},
      {"a point without digits", "2026-01-02T00:00:00.Z", {}},
      {"one digit", "2026-1-02T00:00:00Z", {}},
      {"a sign in the year", "+026-01-02T00:00:00Z", {}},
      {"five digits of year", "12026-01-02T00:00:00Z", {}},
      {"text behind", "2026-01-02T00:00:00Z ", {}},
      {"a zone name behind", "2026-01-02T00:00:00+01:00[Europe/Berlin]", {}},
      {"before 1970", "1969-12-31T23:59:59.999Z", {}},
      {"before 1970 in UTC only", "1970-01-01T00:30:00+01:00", {}},
      {"beyond 9999 in UTC only", "9999-12-31T23:30:00-01:00", {}},
      {"only a date", "2026-01-02", {}},
      {"nothing", "", {}},
  };
  for (const TimeCase& c : cases) {
    const auto read = parse_rfc3339(c.text);
    const auto expected = c.expected ? std::optional(at(*c.expected)) : std::nullopt;
    EXPECT_EQ(read, expected) << c.sentence;
  }
}

TEST(InstantTest, LocalTimesHaveNoOffset) {
  EXPECT_EQ(parse_local_time("2026-11-27T08:00:00"), at(1795766400000));
  EXPECT_EQ(parse_local_time("2026-11-27T08:00:00Z"), std::nullopt);
  EXPECT_EQ(parse_local_time("2026-11-27T08:00"), std::nullopt);
  EXPECT_EQ(parse_local_time("2026-11-31T08:00:00"), std::nullopt);
}

TEST(InstantTest, IsWrittenInUtcWithMillisecondsOnlyWhereThereAreSome) {
  EXPECT_EQ(to_rfc3339(at(1795766400000)), "2026-11-27T08:00:00Z");
  EXPECT_EQ(to_rfc3339(at(1795766400007)), "2026-11-27T08:00:00.007Z");
  EXPECT_EQ(to_rfc3339(at(0)), "1970-01-01T00:00:00Z");
  EXPECT_EQ(to_rfc3339(at(-1)), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(to_rfc3339(Instant::max()), "9999-12-31T23:59:59.999Z");
  EXPECT_EQ(to_rfc3339(Instant::min()), "0000-01-01T00:00:00Z");
}

struct DurationCase {
  std::string sentence, text;
  std::optional<Duration> expected;
};

TEST(DurationTest, IsReadStrictly) {
  const std::vector<DurationCase> cases = {
      {"minutes", "90m", minutes(90)},
      {"hours and minutes", "1h30m", minutes(90)},
      {"milliseconds", "250ms", milliseconds(250)},
      {"a decimal", "1.5h", minutes(90)},
      {"all units", "1h2m3s4ms", hours(1) + minutes(2) + seconds(3) + milliseconds(4)},
      {"minutes beside milliseconds", "1m1ms", minutes(1) + milliseconds(1)},
      {"a bare zero", "0", seconds(0)},
      {"a zero with unit", "0s", seconds(0)},
      {"below a millisecond is cut off", "1.9999ms", milliseconds(1)},
      {"a third of an hour", "0.333333333333333333h", milliseconds(1199999)},
      {"ten years", "87660h", kMaxDuration},
      {"a little more", "87660h1ms", {}},
      {"far more", "99999999999999999999h", {}},
      {"more by many parts", "87660h87660h", {}},
      {"nothing", "", {}},
      {"no unit", "90", {}},
      {"a unit alone", "m", {}},
      {"an unknown unit", "1d", {}},
      {"microseconds", "1us", {}},
      {"a sign", "-1m", {}},
      {"a plus", "+1m", {}},
      {"blanks", "1h 30m", {}},
      {"a point without digits behind", "1.h", {}},
      {"a point without digits before", ".5h", {}},
      {"two points", "1.5.5h", {}},
      {"an exponent", "1e3s", {}},
      {"capitals", "1H", {}},
  };
  for (const DurationCase& c : cases) EXPECT_EQ(parse_duration(c.text), c.expected) << c.sentence;
}

TEST(DurationTest, IsWrittenWithoutZeroParts) {
  EXPECT_EQ(to_text(Duration(0)), "0s");
  EXPECT_EQ(to_text(minutes(90)), "1h30m");
  EXPECT_EQ(to_text(hours(2)), "2h");
  EXPECT_EQ(to_text(seconds(3605)), "1h5s");
  EXPECT_EQ(to_text(milliseconds(2500)), "2s500ms");
  EXPECT_EQ(to_text(milliseconds(-90'000)), "-1m30s");
  EXPECT_EQ(to_text(Duration::min()).front(), '-');
}

}  // namespace
}  // namespace doorbuster
