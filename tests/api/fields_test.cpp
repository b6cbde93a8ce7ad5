#include "crds/fields.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace doorbuster::api {
namespace {

Quantity quantity(std::string_view text) {
  const auto out = parse_quantity(text);
  EXPECT_TRUE(out) << text;
  return out.value_or(Quantity{});
}

struct QuantityCase {
  const char* text;
  std::int64_t units, nanos;  ///< value = units + nanos x 10^-9
};

TEST(Quantity, IsReadExactly) {
  const std::vector<QuantityCase> cases = {
      {"0", 0, 0},
      {"5", 5, 0},
      {"+5", 5, 0},
      {"-5", -5, 0},
      {"2.5", 2, 500'000'000},
      {"2.", 2, 0},
      {".5", 0, 500'000'000},
      {"500m", 0, 500'000'000},
      {"4000m", 4, 0},
      {"1u", 0, 1'000},
      {"1n", 0, 1},
      {"0.1", 0, 100'000'000},
      {"1k", 1'000, 0},
      {"1M", 1'000'000, 0},
      {"1Ki", 1'024, 0},
      {"1.5Gi", 1'610'612'736, 0},
      {"1e3", 1'000, 0},
      {"1E3", 1'000, 0},
      {"1E", 1'000'000'000'000'000'000, 0},
      {"15e-1", 1, 500'000'000},
      {"1e+2", 100, 0},
      {"7Ei", 8'070'450'532'247'928'832, 0},
      {"9223372036854775807", INT64_MAX, 0},
      {"0.0000000001", 0, 1},    // below 10^-9: rounds up
      {"-0.0000000001", 0, -1},  // away from zero
      {"0.1n", 0, 1},
      {"1.0000000000000000001", 1, 1},
      {"0000000000000000000000005", 5, 0},
  };
  for (const QuantityCase& one : cases) {
    EXPECT_TRUE(quantity(one.text).nanos ==
                static_cast<Int128>(one.units) * kNanosPerUnit + one.nanos)
        << one.text;
  }
}

TEST(Quantity, RefusesWhatKubernetesRefuses) {
  for (const char* text : {"",
                           "m",
                           "five",
                           "5x",
                           "5 ",
                           " 5",
                           "1,5",
                           "--5",
                           "1.2.3",
                           "5mm",
                           "5KI",
                           "0x10",
                           "1e",
                           "1e+",
                           "1e-",
                           "e3",
                           ".",
                           "-",
                           "1e3.5",
                           "5%",
                           "10Ei",
                           "1e99",
                           "9223372036854775808",
                           "inf",
                           "nan",
                           "1_000"}) {
    EXPECT_FALSE(parse_quantity(text)) << text;
  }
  EXPECT_FALSE(parse_quantity(std::string(65, '1')));
}

TEST(Quantity, IsReadFromIntegersAndStringsOnly) {
  EXPECT_TRUE(quantity_of(Json{"5"}));
  EXPECT_TRUE(quantity_of(Json{"\"5\""}));
  EXPECT_EQ(quantity_of(Json{"\"500m\""})->source.text, "\"500m\"");
  for (const char* text : {"5.5", "true", "null", "[]", "{}", "\"a\"", "\"\"", ""}) {
    EXPECT_FALSE(quantity_of(Json{text})) << text;
  }
}

struct ProductCase {
  std::int64_t count;
  const char* factor;
  std::int64_t expected;
};

TEST(Multiplier, RoundsUpExactly) {
  const std::vector<ProductCase> cases = {
      {7, "1.5", 11},
      {10, "1.1", 11},  // 11 in decimals, 11.000000000000002 in doubles
      {3, "0.1", 1},
      {30, "0.1", 3},
      {1, "1.000000001", 2},
      {0, "5", 0},
      {2, "1500m", 3},
      {100'000, "1000", 100'000'000},
      {1'000'000'007, "3", 3'000'000'021},
      {49, "2.040816326", 100},  // 99.999999974
      {INT64_MAX, "1", INT64_MAX},
  };
  for (const ProductCase& one : cases) {
    EXPECT_EQ(times_rounded_up(one.count, quantity(one.factor)), one.expected)
        << one.count << " x " << one.factor;
  }
}

TEST(Multiplier, IsNothingBeyondItsRange) {
  EXPECT_FALSE(times_rounded_up(INT64_MAX, quantity("1.1")));
  EXPECT_FALSE(times_rounded_up(-1, quantity("2")));
  EXPECT_FALSE(times_rounded_up(1, quantity("-2")));
}

struct HeldCase {
  const char* what;
  Result<Json> (*make)(const Json&, const Json&);
  const char *base, *operand, *expected;  ///< expected: nullptr: nothing
};

TEST(HeldValue, KeepsTheTypeAndUnitOfWhatWasThere) {
  const std::vector<HeldCase> cases = {
      {"an integer stays one", multiplied, "10", "2.5", "25"},
      {"and rounds up", multiplied, "7", "1.5", "11"},
      {"a quantity stays a string", multiplied, "\"500m\"", "2", "\"1000m\""},
      {"in its unit", multiplied, "\"2Gi\"", "2", "\"4Gi\""},
      {"in a smaller one where it must", multiplied, "\"100m\"", "1.005", "\"100500u\""},
      {"a whole one without a unit stays whole", multiplied, "\"1\"", "1.5", "\"2\""},
      {"one with decimals keeps them", multiplied, "\"2.5\"", "1.1", "\"2.75\""},
      {"bytes are counted whole", multiplied, "\"1Gi\"", "1.0000001", "\"1073741932\""},
      {"in plain bytes where it must", multiplied, "\"1Gi\"", "1.5", "\"1610612736\""},
      {"a quoted integer stays quoted", multiplied, "\"300\"", "5", "\"1500\""},
      {"a number with decimals keeps them", multiplied, "0.1", "3", "0.3"},
      {"exactly", multiplied, "0.7", "1.1", "0.77"},
      {"less than before", multiplied, "10", "0.25", "3"},
      {"a word cannot be multiplied", multiplied, "\"off\"", "2", nullptr},
      {"nor null", multiplied, "null", "2", nullptr},
      {"nor a list", multiplied, "[1]", "2", nullptr},
      {"beyond 64 bits is nothing", multiplied, "9223372036854775807", "2", nullptr},
      {"added to an integer", added, "10", "5", "15"},
      {"taken away", added, "10", "-15", "-5"},
      {"half added rounds up", added, "10", "500m", "11"},
      {"added to a quantity", added, "\"1Gi\"", "512", "\"1073742336\""},
      {"added beyond the range", added, "9223372036854775807", "1", nullptr},
      {"the smaller one is the base", smaller, "10", "20", "10"},
      {"the smaller one is the bound", smaller, "30", "20", "20"},
      {"equal is the base as written", smaller, "\"2000m\"", "2", "\"2000m\""},
      {"the larger one is the bound", larger, "10", "25", "25"},
      {"the larger one is the base", larger, "30", "25", "30"},
      {"a bound in the base's unit", larger, "\"500m\"", "4", "\"4000m\""},
      {"a bound in the base's type", larger, "1", "2500m", "3"},
      {"a bound in its own unit", larger, "\"1Gi\"", "1500Mi", "\"1500Mi\""},
      {"a bound of a quoted count stays a count", larger, "\"1\"", "2500m", "\"3\""},
      {"a word has no bound", larger, "\"Disabled\"", "2", nullptr},
  };
  for (const HeldCase& one : cases) {
    const auto made = one.make(Json{one.base}, quantity(one.operand).source);
    EXPECT_EQ(made ? made->text : "nothing", one.expected ? one.expected : "nothing") << one.what;
  }
}

TEST(HeldValue, MultiplyingByOneChangesNothing) {
  for (const char* base :
       {"1", "0", "123456789012", "\"1500m\"", "\"3Gi\"", "\"7\"", "0.125", "\"2.5\""}) {
    const auto made = multiplied(Json{base}, Json{"1"});
    ASSERT_TRUE(made) << base;
    EXPECT_EQ(made->text, base);
  }
}

}  // namespace
}  // namespace doorbuster::api
