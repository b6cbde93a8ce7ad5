// Small things of base: how objects are named, hashes, chance.
#include "operator/base/content_hash.h"
#include "operator/base/object_ref.h"
#include "operator/base/random.h"
#include "operator/base/utf8.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace doorbuster {
namespace {

TEST(ObjectRefTest, IsNamedByKindGroupNamespaceAndName) {
  EXPECT_EQ(to_text(ObjectRef{"autoscaling", "HorizontalPodAutoscaler", "shop", "checkout"}),
            "HorizontalPodAutoscaler.autoscaling shop/checkout");
  EXPECT_EQ(to_text(ObjectRef{"", "ConfigMap", "shop", "flags"}), "ConfigMap shop/flags");
  EXPECT_EQ(to_text(ObjectRef{"", "Node", "", "n1"}), "Node n1");
}

TEST(ObjectRefTest, AFieldIsNamedByItsObjectAndPointer) {
  const ObjectRef flags{"", "ConfigMap", "shop", "flags"};
  EXPECT_EQ(to_text(FieldRef{flags, "/data/on", ""}), "ConfigMap shop/flags /data/on");
  EXPECT_EQ(to_text(FieldRef{flags, "/data/f.json", "/a"}),
            "ConfigMap shop/flags /data/f.json inside /a");
  EXPECT_EQ(to_text(FieldRef{flags, "", ""}), "ConfigMap shop/flags (whole)");
}

TEST(ContentHashTest, IsThePublishedFnv1a) {
  // Known values of FNV-1a, 64 bit (the algorithm's published test vectors).
  EXPECT_EQ(content_hash(""), "cbf29ce484222325");
  EXPECT_EQ(content_hash("a"), "af63dc4c8601ec8c");
  EXPECT_EQ(content_hash("foobar"), "85944171f73967e8");
}

TEST(RandomTest, TheSameSeedGivesTheSameNumbers) {
  // The first outputs of splitmix64 from seed 0, as published with the algorithm.
  Random zero(0);
  EXPECT_EQ(zero.next(), 0xE220A8397B1DCDAFU);
  EXPECT_EQ(zero.next(), 0x6E789E6AA1B965F4U);
  Random a(7), b(7), c(8);
  bool differs = false;
  for (int i = 0; i < 100; ++i) {
    const auto draw = a.next();
    EXPECT_EQ(draw, b.next());
    differs = differs || draw != c.next();
  }
  EXPECT_TRUE(differs);
}

TEST(RandomTest, StaysWithinItsBoundsAndReachesThem) {
  Random random(1);
  std::map<std::uint64_t, int> seen;
  for (int i = 0; i < 6000; ++i) ++seen[random.below(6)];
  ASSERT_EQ(seen.size(), 6U);
  for (const auto& [face, count] : seen) {
    EXPECT_LT(face, 6U);
    EXPECT_NEAR(count, 1000, 200) << face;
  }
  std::set<std::int64_t> values;
  for (int i = 0; i < 200; ++i) values.insert(random.between(-1, 1));
  EXPECT_EQ(values, (std::set<std::int64_t>{-1, 0, 1}));
  EXPECT_EQ(random.between(5, 5), 5);
  random.between(INT64_MIN, INT64_MAX);
  for (int i = 0; i < 1000; ++i) {
    const double unit = random.unit();
    EXPECT_TRUE(unit >= 0 && unit < 1);
  }
  EXPECT_FALSE(random.chance(0, 10));
  EXPECT_TRUE(random.chance(10, 10));
}

TEST(RandomTest, ForksAreStreamsOfTheirOwn) {
  Random parent(3);
  Random early = parent.fork("x");
  const auto expected = early.next();
  EXPECT_EQ(parent.fork("x").next(), expected);
  EXPECT_NE(parent.fork("y").next(), expected);
  EXPECT_NE(parent.next(), expected);
}

TEST(RandomTest, ShufflingKeepsEveryElement) {
  Random random(4);
  std::vector<int> list = {1, 2, 3, 4, 5, 6, 7, 8};
  std::set<std::vector<int>> orders;
  for (int i = 0; i < 10; ++i) {
    random.shuffle(list);
    orders.insert(list);
    EXPECT_EQ(std::set<int>(list.begin(), list.end()).size(), 8U);
  }
  EXPECT_GT(orders.size(), 5U);
}

TEST(Utf8Test, EveryCodePointIsWrittenAndRecognised) {
  for (char32_t code = 0; code <= 0x10FFFF; code += code < 0x3000 ? 1 : 61) {
    if (code >= 0xD800 && code <= 0xDFFF) continue;
    std::string text;
    append_utf8(text, code);
    ASSERT_EQ(utf8_length(text, 0), text.size()) << static_cast<std::uint32_t>(code);
    ASSERT_EQ(utf8_length(text.substr(0, text.size() - 1), 0), 0U)
        << static_cast<std::uint32_t>(code);
  }
}

}  // namespace
}  // namespace doorbuster
