#include "operator/commands/run_options.h"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>

namespace doorbuster::commands {
namespace {

using ::testing::HasSubstr;

struct BadFile {
  std::string sentence, yaml, says;
};

void PrintTo(const BadFile& one, std::ostream* out) { *out << one.sentence; }

class BadAllowList : public ::testing::TestWithParam<BadFile> {};

TEST_P(BadAllowList, IsRefusedWithWhereAndWhat) {
  const auto list = read_allow_list(GetParam().yaml);
  ASSERT_FALSE(list.ok());
  EXPECT_EQ(list.error().kind, ErrorKind::Invalid);
  EXPECT_THAT(list.error().message, HasSubstr(GetParam().says));
}

const std::string kHead = "kinds:\n  - group: apps\n    kind: Deployment\n";

INSTANTIATE_TEST_SUITE_P(
    Files,
    BadAllowList,
    ::testing::Values(
        BadFile{"nothing", "", "one YAML document"},
        BadFile{"two documents", "kinds: []\n---\nkinds: []\n", "one YAML document"},
        BadFile{"a list at the top", "- kinds\n", "one YAML document"},
        BadFile{"no YAML", "kinds: [\n", "2:1: "},
        BadFile{"a tab", "kinds:\n\t- a\n", "2:1: "},
        BadFile{
            "no kinds", "extendsStandard: true\n", "line 1, column 1: \"kinds\" must be a list"},
        BadFile{"kinds that are no list", "kinds: {}\n", "\"kinds\" must be a list"},
        BadFile{"a misspelt field at the top",
                "kinds: []\nextendStandard: true\n",
                "line 2, column 1: \"extendStandard\" is not known here"},
        BadFile{"extendsStandard as text",
                "extendsStandard: \"true\"\nkinds: []\n",
                "line 1, column 18: \"extendsStandard\" must be true or false"},
        BadFile{"a key that stands twice", "kinds: []\nkinds: []\n", "2:1: "},
        BadFile{"a kind that is text", "kinds:\n  - Deployment\n", "line 2, column 5: a kind must"},
        BadFile{"no group",
                "kinds:\n  - kind: Deployment\n    fields: [/spec/replicas]\n",
                "line 2, column 5: \"group\" must be text"},
        BadFile{"an empty kind",
                "kinds:\n  - group: apps\n    kind: \"\"\n    fields: [/spec/replicas]\n",
                "line 3, column 11: \"kind\" must be text"},
        BadFile{"a misspelt field of a kind",
                kHead + "    feilds: [/spec]\n",
                "line 4, column 5: \"feilds\" is not known here"},
        BadFile{"no fields", kHead, "line 2, column 5: \"fields\" must list JSON Pointers"},
        BadFile{"empty fields", kHead + "    fields: []\n", "line 4, column 13: \"fields\""},
        BadFile{"a field that is no pointer",
                kHead + "    fields: [/spec/replicas, spec.replicas]\n",
                "line 4, column 30: must be a JSON Pointer"},
        BadFile{"a pointer with a broken escape",
                kHead + "    fields: [/spec/a~2b]\n",
                "line 4, column 14: must be a JSON Pointer"},
        BadFile{"a field that is a number",
                kHead + "    fields: [7]\n",
                "line 4, column 14: must be a JSON Pointer"}));

TEST(AllowListFile, OfBoundsNoneIsCrossed) {
  std::string kinds = "kinds:\n", fields = kHead + "    fields:\n";
  for (int i = 0; i < 1'001; ++i)
    kinds += "  - {group: g, kind: K" + std::to_string(i) + ", fields: [/spec]}\n";
  for (int i = 0; i < 257; ++i) fields += "      - /spec/f" + std::to_string(i) + "\n";
  EXPECT_FALSE(read_allow_list(kinds).ok());
  EXPECT_FALSE(read_allow_list(fields).ok());
}

TEST(AllowListFile, ReplacesTheStandardListOrAddsToIt) {
  const std::string own = kHead + "    fields: [/spec/replicas]\n";
  const auto alone = read_allow_list(own);
  ASSERT_TRUE(alone.ok()) << alone.error().message;
  EXPECT_EQ(alone->kinds,
            std::vector<products::AllowedKind>({{"apps", "Deployment", {"/spec/replicas"}}}));
  const auto added = read_allow_list("extendsStandard: true\n" + own);
  ASSERT_TRUE(added.ok());
  EXPECT_EQ(added->kinds.size(), products::AllowList::standard().kinds.size() + 1);
  EXPECT_EQ(added->kinds.back(), alone->kinds.back());
  const auto nothing = read_allow_list("kinds: []\n");
  ASSERT_TRUE(nothing.ok());
  EXPECT_TRUE(nothing->kinds.empty()) << "nothing may be held";
}

TEST(AllowListFile, TheDocumentedSampleIsReadAndMeansWhatItSays) {
  std::ifstream in(DOORBUSTER_SOURCE_DIR "/docs/reference/allow-list.yaml");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const auto list = read_allow_list(text);
  ASSERT_TRUE(list.ok()) << list.error().message;
  const auto why = [&](const std::string& group, const std::string& kind, const std::string& at) {
    return products::why_not_allowed(*list, {{group, kind, "shop", "x"}, at, ""}, false, false);
  };
  EXPECT_EQ(why("shop.example.com", "Storefront", "/spec/banner/text"), "");
  EXPECT_EQ(why("gateway.example.com", "RouteLimit", "/spec/rules/3/limit"), "");
  EXPECT_EQ(why("", "ConfigMap", "/data/ttl"), "");
  EXPECT_EQ(why("autoscaling", "HorizontalPodAutoscaler", "/spec/minReplicas"), "");
  EXPECT_NE(why("shop.example.com", "Storefront", "/spec/bann"), "") << "by whole steps";
  EXPECT_NE(why("shop.example.com", "Storefronts", "/spec/banner"), "");
  EXPECT_NE(why("", "Secret", "/data/key"), "");
}

}  // namespace
}  // namespace doorbuster::commands
