#include "operator/base/yaml.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace doorbuster {
namespace {

std::string json_text(std::string_view yaml) {
  const YamlText text = read_yaml(yaml);
  if (text.problem) return "problem: " + to_text(*text.problem);
  return text.documents.empty() ? "nothing" : json_of(text.documents.front().root).text;
}

struct YamlCase {
  const char *what, *yaml, *json;
};

TEST(Yaml, ReadsAsKubectlDoes) {
  const std::vector<YamlCase> cases = {
      {"plain words are strings", "a: b", R"({"a":"b"})"},
      {"YAML 1.1 booleans",
       "[yes, No, on, OFF, y, n, true, False]",
       "[true,false,true,false,true,false,true,false]"},
      {"quoted ones are strings", "['yes', \"no\"]", R"(["yes","no"])"},
      {"words that only look like them", "[yeS, oN, nO, tRUE]", R"(["yeS","oN","nO","tRUE"])"},
      {"nulls", "[~, null, NULL, , '']", R"([null,null,null,null,""])"},
      {"integers of every base",
       "[12, -12, +12, 0x1F, 010, 0o10, 0b11, 1_000]",
       "[12,-12,12,31,8,8,3,1000]"},
      {"numbers with decimals keep their digits",
       "[0.10, -1.50, 1e3, 1.5E-3]",
       "[0.10,-1.50,1e3,1.5E-3]"},
      {"numbers JSON writes otherwise", "[.5, +.5, 5., 08, 00.5]", "[0.5,0.5,5,8,0.5]"},
      {"more than 64 bits", "18446744073709551616", "18446744073709551616"},
      {"times are strings",
       "[2026-11-27, 2026-11-27T09:00:00Z, 12:30]",
       R"(["2026-11-27","2026-11-27T09:00:00Z","12:30"])"},
      {"things with digits are strings",
       "[1h, 1.2.3, 0xZZ, 1e, -, 5%]",
       R"(["1h","1.2.3","0xZZ","1e","-","5%"])"},
      {"keys may be numbers or booleans", "{5: a, true: b}", R"({"5":"a","true":"b"})"},
      {"aliases", "a: &x [1, 2]\nb: *x", R"({"a":[1,2],"b":[1,2]})"},
      {"an anchor within an anchor",
       "a: &x {b: &y 1}\nc: *x\nd: *y",
       R"({"a":{"b":1},"c":{"b":1},"d":1})"},
      {"merge keys, own fields winning", "<<: {a: 1, b: 2}\nb: 3", R"({"b":3,"a":1})"},
      {"several merged, the first winning", "<<: [{a: 1}, {a: 2, c: 3}]", R"({"a":1,"c":3})"},
      {"a quoted merge key is a key", "'<<': {a: 1}", R"({"<<":{"a":1}})"},
      {"core tags",
       "[!!str 5, !!int 5, !!float 5.5, !!bool true, !!null null]",
       R"(["5",5,5.5,true,null])"},
      {"literal text", "a: |\n  x\n  y\n", R"({"a":"x\ny\n"})"},
      {"folded text", "a: >-\n  x\n  y\n", R"({"a":"x y"})"},
      {"a comment only", "# nothing\n", "nothing"},
      {"nothing", "", "nothing"},
      {"a byte order mark",
       "\xEF\xBB\xBF"
       "a: 1",
       R"({"a":1})"},
      {"a directive", "%YAML 1.2\n---\na: 1\n", R"({"a":1})"},
  };
  for (const YamlCase& one : cases) EXPECT_EQ(json_text(one.yaml), one.json) << one.what;
}

TEST(Yaml, RefusesWithAPlace) {
  const std::vector<YamlCase> cases = {
      {"a key twice",
       "a: 1\nb:\n  c: 1\n  c: 2\n",
       "problem: 4:3: b.c: must not be written twice; it is already set in line 3; keep one of the "
       "two"},
      {"a key twice in a list",
       "- {a: 1, a: 2}",
       "problem: 1:10: [0].a: must not be written twice; it is already set in line 1; keep one of "
       "the two"},
      {"a key twice by its value",
       "{1: a, 0x1: b}",
       "problem: 1:8: 1: must not be written twice; it is already set in line 1; keep one of the "
       "two"},
      {"tabs", "a:\n\tb: 1\n", "problem: 2:1: must not be indented with tabs; use spaces"},
      {"a stray comma", ", a", "problem: 1:1: must be YAML: nothing can begin here"},
      {"a stray bracket", "a: 1\n---\n]\n", "problem: 3:1: must be YAML: illegal flow end"},
      {"an unknown tag",
       "a: !thing 5",
       "problem: 1:4: a: must fit its tag; `!thing` is not for this value; remove the tag"},
      {"a wrong tag",
       "a: !!int x",
       "problem: 1:4: a: must fit its tag; `tag:yaml.org,2002:int` is not for this value; remove "
       "the tag"},
      {"infinity", "a: .inf", "problem: 1:4: a: must be a number that JSON can hold, not `.inf`"},
      {"too large for any number",
       "a: 1e999",
       "problem: 1:4: a: must be a number that JSON can hold; put it in quotes if it is text"},
      {"a list as a key",
       "? [a]\n: b",
       "problem: 1:3: must have plain text as a key, not a list or an object"},
      {"an empty key",
       ": b",
       "problem: 1:1: must not have an empty key; write a name before the colon"},
      {"merging a word",
       "<<: a",
       "problem: 1:5: <<: must merge an object or a list of objects; write the fields out"},
      {"UTF-16", std::string_view("a\0:\0", 4).data(), "problem: 1:1: must be YAML: "},
      {"a control character", "a: \x01", "problem: 1:4: must not contain control characters"},
      {"broken UTF-8", "a: \xC3(", "problem: 1:4: must be UTF-8; save the file as UTF-8"},
      {"the line counts from the mark",
       "\xEF\xBB\xBF"
       "a: .nan",
       "problem: 1:4: a: must be a number that JSON can hold, not `.nan`"},
  };
  for (const YamlCase& one : cases) {
    if (std::string_view(one.what) == "UTF-16") continue;  // below: the text holds zeros
    EXPECT_EQ(json_text(one.yaml), one.json) << one.what;
  }
  EXPECT_EQ(json_text(std::string_view("a\0:\0", 4)),
            "problem: 1:2: must be UTF-8; save the file as UTF-8");
}

TEST(Yaml, AnAliasOfWhatContainsItIsRefused) {
  EXPECT_EQ(json_text("&a [*a]").substr(0, 8), "problem:");
  EXPECT_EQ(json_text("a: &x {b: *x}").substr(0, 8), "problem:");
}

TEST(Yaml, ALaughOfABillionIsRefused) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) text += (j ? ", " : "") + last;
    text += "]\n";
  }
  EXPECT_NE(json_text(text).find("must be smaller"), std::string::npos);
}

TEST(Yaml, ALongTextUsedOftenIsRefused) {
  std::string text = "a: &a " + std::string(100'000, 'x') + "\nb: [";
  for (int i = 0; i < 1000; ++i) text += "*a, ";
  EXPECT_NE(json_text(text + "1]").find("must be smaller"), std::string::npos);
}

TEST(Yaml, DepthIsBounded) {
  EXPECT_NE(json_text(std::string(60, '[') + std::string(60, ']')).substr(0, 8), "problem:");
  EXPECT_NE(json_text(std::string(65, '[') + std::string(65, ']')).find("at most 64 levels"),
            std::string::npos);
  EXPECT_EQ(json_text(std::string(100'000, '[')).substr(0, 8), "problem:");
}

TEST(Yaml, SizeIsBounded) {
  EXPECT_EQ(json_text(std::string(kMaxYamlBytes + 1, ' ')), "problem: must be at most 1 MiB long");
}

TEST(Yaml, SeveralDocumentsEachKnowWhereTheyBegin) {
  const YamlText text = read_yaml("# one\na: 1\n---\n---\n# three\nb: 2\n...\n---\nc: 3\n");
  ASSERT_FALSE(text.problem);
  ASSERT_EQ(text.documents.size(), 3U);
  EXPECT_EQ(text.documents[0].mark.line, 2U);
  EXPECT_EQ(json_of(text.documents[1].root).text, R"({"b":2})");
  EXPECT_EQ(json_of(text.documents[2].root).text, R"({"c":3})");
}

}  // namespace
}  // namespace doorbuster
