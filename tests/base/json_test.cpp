#include "operator/base/json.h"

#include <gtest/gtest.h>

namespace doorbuster {
namespace {

struct TextCase {
  std::string sentence, text;
};

std::string repeated(std::string_view part, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += part;
  return out;
}

const std::vector<TextCase>& accepted_texts() {
  static const std::vector<TextCase> cases = {
      {"a bare word is a text", "null"},
      {"a bare number is a text", "-0"},
      {"white space may surround", " \t\r\n true \n"},
      {"an empty object", "{}"},
      {"an empty object with blanks", "{ \n }"},
      {"an empty array", "[]"},
      {"an empty name", R"({"":1})"},
      {"numbers in every part", "[0,-1,1.5,1e5,1E+5,1.25e-3,-0.0,0e0]"},
      {"an integer beyond 64 bits", "123456789012345678901234567890"},
      {"an exponent beyond any double", "1e999999"},
      {"every escape", R"("\"\\\/\b\f\n\r\tA")"},
      {"a surrogate pair", R"("\ud83d\uDE00")"},
      {"an escaped zero", R"("\u0000")"},
      {"two, three and four bytes of UTF-8", "\"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\""},
      {"the last code point", "\"\xF4\x8F\xBF\xBF\""},
      {"a delete character", "\"\x7F\""},
      {"names that differ by case", R"({"a":1,"A":2})"},
      {"the same name in two objects", R"([{"a":1},{"a":1}])"},
      {"as deep as allowed", repeated("[", kMaxJsonDepth) + repeated("]", kMaxJsonDepth)},
  };
  return cases;
}

const std::vector<TextCase>& refused_texts() {
  static const std::vector<TextCase> cases = {
      {"nothing", ""},
      {"only blanks", " \n"},
      {"a byte order mark", "\xEF\xBB\xBF{}"},
      {"two values", "1 2"},
      {"text after the end", "{} x"},
      {"a line comment", "{} // no"},
      {"a block comment", "{/* no */}"},
      {"a trailing comma in an object", R"({"a":1,})"},
      {"a trailing comma in an array", "[1,]"},
      {"a leading comma", "[,1]"},
      {"a missing comma", "[1 2]"},
      {"a missing colon", R"({"a" 1})"},
      {"a missing value", R"({"a":})"},
      {"a name without quotes", "{a:1}"},
      {"a name that is a number", "{1:1}"},
      {"single quotes", "'a'"},
      {"an object that does not end", R"({"a":1)"},
      {"an array that does not end", "[1"},
      {"an array closed as an object", "[1}"},
      {"a string that does not end", "\"a"},
      {"a string that ends in a backslash", "\"a\\"},
      {"a raw line feed in a string", "\"a\nb\""},
      {"a raw zero byte in a string", std::string("\"a\0b\"", 5)},
      {"a raw tab in a name", "{\"a\tb\":1}"},
      {"an unknown escape", R"("\x41")"},
      {"half a unicode escape", R"("\u12")"},
      {"a unicode escape that is not hexadecimal", R"("\u12G4")"},
      {"a lone high surrogate", R"("\ud83d")"},
      {"a lone low surrogate", R"("\ude00")"},
      {"a high surrogate before something else", R"("\ud83dA")"},
      {"two high surrogates", R"("\ud83d\ud83d")"},
      {"a continuation byte alone", "\"\x80\""},
      {"an overlong slash", "\"\xC0\xAF\""},
      {"an overlong zero in three bytes", "\"\xE0\x80\x80\""},
      {"a surrogate in UTF-8", "\"\xED\xA0\x80\""},
      {"beyond the last code point", "\"\xF4\x90\x80\x80\""},
      {"a byte that never occurs", "\"\xFF\""},
      {"a sequence cut off by the quote", "\"\xE2\x82\""},
      {"a form feed as white space", "\f1"},
      {"a no-break space as white space",
       "\xC2\xA0"
       "1"},
      {"a leading zero", "01"},
      {"a leading zero after minus", "-01"},
      {"a plus", "+1"},
      {"a bare minus", "-"},
      {"a bare point", "."},
      {"no digits before the point", ".5"},
      {"no digits after the point", "1."},
      {"no digits in the exponent", "1e"},
      {"no digits in the signed exponent", "1e+"},
      {"hexadecimal", "0x10"},
      {"NaN", "NaN"},
      {"Infinity", "-Infinity"},
      {"a capital word", "True"},
      {"a word cut short", "tru"},
      {"a word too long", "nulll"},
      {"a name twice", R"({"a":1,"b":2,"a":3})"},
      {"a name twice, once escaped", R"({"a":1,"\u0061":2})"},
      {"a name twice further down", R"({"x":[{"b":1,"b":1}]})"},
      {"a name twice among many",
       R"({"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1,"j":1,"k":1,"l":1,"c":1})"},
      {"deeper than allowed", repeated("[", kMaxJsonDepth + 1) + repeated("]", kMaxJsonDepth + 1)},
      {"endlessly deep", repeated("[", 100'000)},
      {"longer than allowed", "\"" + std::string(kMaxJsonBytes, 'a') + "\""},
  };
  return cases;
}

TEST(JsonViewTest, AcceptsWhatTheStandardAllows) {
  for (const TextCase& c : accepted_texts()) {
    const auto view = JsonView::parse(c.text);
    EXPECT_TRUE(view.ok()) << c.sentence << ": " << (view ? "" : view.error().message);
  }
}

TEST(JsonViewTest, RefusesEverythingElseAsInvalid) {
  for (const TextCase& c : refused_texts()) {
    const auto view = JsonView::parse(c.text);
    ASSERT_FALSE(view.ok()) << c.sentence;
    EXPECT_EQ(view.error().kind, ErrorKind::Invalid) << c.sentence;
    EXPECT_LT(view.error().message.size(), 120U) << c.sentence;
  }
}

TEST(JsonViewTest, ErrorsSayWhereAndWhat) {
  EXPECT_EQ(JsonView::parse(R"({"a":1 "b":2})").error().message,
            "not JSON at byte 7: neither a comma nor the end of the object");
  EXPECT_EQ(JsonView::parse("[1,]").error().message,
            "not JSON at byte 3: no value begins like this");
}

TEST(JsonViewTest, GivesEveryValueItsOwnSourceText) {
  const std::string text = R"( { "a" : [ 1.0 , {"b": "x"} ] , "c":null } )";
  const auto view = *JsonView::parse(text);
  EXPECT_EQ(view.text(), R"({ "a" : [ 1.0 , {"b": "x"} ] , "c":null })");
  EXPECT_EQ(view.member("a")->text(), R"([ 1.0 , {"b": "x"} ])");
  EXPECT_EQ(view.member("a")->elements()[0].text(), "1.0");
  EXPECT_EQ(view.member("a")->elements()[1].text(), R"({"b": "x"})");
  EXPECT_EQ(view.member("a")->name_text(), R"("a")");
  EXPECT_EQ(view.member("c")->type(), JsonType::Null);
  EXPECT_FALSE(view.member("b").has_value()) << "members further down are not members";
  EXPECT_TRUE(view.elements().empty()) << "an object has no elements";
}

TEST(JsonViewTest, NamesAreFoundUnescapedAndListedInSourceOrder) {
  const std::string text = R"({"z":1,"a\/b":2,"\u00e4":3})";
  const auto view = *JsonView::parse(text);
  EXPECT_EQ(view.member("a/b")->text(), "2");
  EXPECT_EQ(view.member("\xC3\xA4")->text(), "3");
  std::string names;
  for (const auto& [name, value] : view.members()) names += name + " ";
  EXPECT_EQ(names, "z a/b \xC3\xA4 ");
}

TEST(JsonViewTest, StringsAreUnescaped) {
  const std::string text = R"("\"\\\/\b\f\n\r\t\u0041\u00e4\u20ac\ud83d\ude00\u0000z")";
  EXPECT_EQ(JsonView::parse(text)->string(),
            std::string("\"\\/\b\f\n\r\tA\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\0z", 20));
  EXPECT_EQ(JsonView::parse("1")->string(), std::nullopt);
}

TEST(JsonViewTest, IntegersAreOnlyWhatIsWrittenAsOne) {
  const std::vector<std::pair<std::string, std::optional<std::int64_t>>> cases = {
      {"0", 0},
      {"-0", 0},
      {"-7", -7},
      {"9223372036854775807", INT64_MAX},
      {"-9223372036854775808", INT64_MIN},
      {"9223372036854775808", std::nullopt},
      {"4.0", std::nullopt},
      {"1e3", std::nullopt},
      {"\"4\"", std::nullopt},
      {"true", std::nullopt},
  };
  for (const auto& [text, expected] : cases) {
    EXPECT_EQ(JsonView::parse(text)->integer(), expected) << text;
    EXPECT_EQ(integer_of(Json{text}), expected) << text;
  }
  EXPECT_EQ(integer_of(Value{}), std::nullopt);
  EXPECT_EQ(integer_of(Json{"4 x"}), std::nullopt);
}

TEST(JsonViewTest, AViewOutlivesTheOneItCameFrom) {
  const std::string text = R"({"a":{"b":[true,false]}})";
  std::optional<JsonView> inner;
  {
    const auto view = *JsonView::parse(text);
    inner = view.member("a")->member("b");
  }
  EXPECT_EQ(inner->elements()[1].boolean(), false);
}

TEST(JsonViewTest, ADefaultMadeViewIsNull) {
  const JsonView view;
  EXPECT_EQ(view.type(), JsonType::Null);
  EXPECT_EQ(view.text(), "null");
  EXPECT_TRUE(view.members().empty() && view.elements().empty() && !view.member("a"));
}

TEST(JsonViewTest, AnObjectOfManyMembersIsReadInOnePass) {
  std::string text = "{";
  for (int i = 0; i < 20'000; ++i)
    text += (i > 0 ? ",\"k" : "\"k") + json_of(std::int64_t{i}).text + "\":[]";
  text += "}";
  const auto view = JsonView::parse(text);
  ASSERT_TRUE(view.ok());
  EXPECT_EQ(view->members().size(), 20'000U);
}

TEST(JsonTextTest, TypeIsToldFromTheFirstCharacter) {
  EXPECT_EQ(type_of(Json{" {}"}), JsonType::Object);
  EXPECT_EQ(type_of(Json{"[]"}), JsonType::Array);
  EXPECT_EQ(type_of(Json{"\"1\""}), JsonType::String);
  EXPECT_EQ(type_of(Json{"-1"}), JsonType::Number);
  EXPECT_EQ(type_of(Json{"false"}), JsonType::Boolean);
  EXPECT_EQ(type_of(Json{"null"}), JsonType::Null);
}

TEST(JsonTextTest, QuotedTextReadsBackAsItself) {
  for (const std::string& text : {std::string(),
                                  std::string("plain"),
                                  std::string("\"\\/\n\r\t\x01\x1F\x7F"),
                                  std::string("\xC3\xA4\xF0\x9F\x98\x80"),
                                  std::string("a\0b", 3)}) {
    const std::string json = quoted(text);
    ASSERT_TRUE(JsonView::parse(json).ok()) << json;
    EXPECT_EQ(JsonView::parse(json)->string(), text);
  }
  EXPECT_EQ(quoted("a\xFF\xE2\x82z"), "\"a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDz\"");
}

TEST(JsonTextTest, ObjectsAndArraysAreCompactAndInOrder) {
  EXPECT_EQ(JsonObject().build().text, "{}");
  EXPECT_TRUE(JsonObject().empty());
  EXPECT_EQ(JsonObject()
                .add("b", std::int64_t{1})
                .add("a\"", "x")
                .add("c", true)
                .add("d", 2)
                .add("e", Json{"1.0"})
                .build()
                .text,
            R"({"b":1,"a\"":"x","c":true,"d":2,"e":1.0})");
  EXPECT_EQ(json_array({}).text, "[]");
  EXPECT_EQ(json_array({Json{"1"}, json_of_string("a"), json_of(false)}).text, R"([1,"a",false])");
  EXPECT_EQ(json_of(INT64_MIN).text, "-9223372036854775808");
}

}  // namespace
}  // namespace doorbuster
