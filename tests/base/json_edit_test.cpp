#include "operator/base/json.h"

#include <gtest/gtest.h>

namespace doorbuster {
namespace {

const std::string kShop = R"({
  "spec": {"replicas": 3, "a/b": 1, "m~n": 2, "": 0},
  "list": [ {"name": "default", "port": 80, "on": true}, {"name": "x,y"}, {"name": "twin"}, {"name": "twin"} ],
  "rows": [ {"port": 80, "protocol": "TCP"}, {"port": 80, "protocol": "UDP"}, 7 ],
  "nothing": null
})";

struct FindCase {
  std::string sentence, pointer;
  std::string expected;  // the text found, else the error's kind
};

TEST(JsonPointerTest, FindsOneValueOrSaysWhyNot) {
  const std::vector<FindCase> cases = {
      {"a member", "/spec/replicas", "3"},
      {"an escaped slash", "/spec/a~1b", "1"},
      {"an escaped tilde", "/spec/m~0n", "2"},
      {"an empty name", "/spec/", "0"},
      {"a list index", "/rows/2", "7"},
      {"a key", "/list/[name=default]/port", "80"},
      {"a numeric key", "/list/[port=80]/name", R"("default")"},
      {"a boolean key", "/list/[on=true]/name", R"("default")"},
      {"two keys", "/rows/[port=80,protocol=UDP]/protocol", R"("UDP")"},
      {"two keys in another order", "/rows/[protocol=UDP,port=80]/port", "80"},
      {"a null", "/nothing", "null"},
      {"an absent member", "/spec/paused", "NotFound"},
      {"an absent parent", "/status/replicas", "NotFound"},
      {"below a scalar", "/spec/replicas/x", "NotFound"},
      {"an index beyond the end", "/rows/3", "NotFound"},
      {"the element after the last", "/rows/-", "NotFound"},
      {"an index with a leading zero", "/rows/02", "NotFound"},
      {"an absent key", "/list/[name=other]", "NotFound"},
      {"a keyed step into an object", "/spec/[name=x]", "NotFound"},
      {"a key that two elements have", "/list/[name=twin]", "Invalid"},
      {"a key that two elements share with another", "/rows/[port=80]", "Invalid"},
      {"no slash at the front", "spec", "Invalid"},
      {"a tilde for nothing", "/spec/m~2n", "Invalid"},
      {"a tilde at the end", "/spec/m~", "Invalid"},
      {"brackets without key", "/list/[default]", "Invalid"},
      {"brackets with an empty key", "/list/[=default]", "Invalid"},
      {"a key twice", "/list/[name=a,name=b]", "Invalid"},
      {"a comma within a value", "/list/[name=x,y]", "Invalid"},
      {"bytes that are not UTF-8", "/spec/a\xFF", "Invalid"},
      {"a pointer beyond its bound", "/" + std::string(kMaxPointerBytes, 'a'), "Invalid"},
  };
  const auto view = *JsonView::parse(kShop);
  for (const FindCase& c : cases) {
    const auto found = view.at(c.pointer);
    EXPECT_EQ(found ? std::string(found->text()) : to_string(found.error().kind), c.expected)
        << c.sentence;
  }
  EXPECT_EQ(view.at("")->text(), kShop);
}

TEST(JsonPointerTest, EqualPointersHaveOneSpelling) {
  for (const std::string pointer : {"", "/", "/a/b", "/a~1b/~0/-", "/l/[a=1,b=x~1y]/c"}) {
    EXPECT_EQ(pointer_of(*parse_pointer(pointer)), pointer);
  }
  EXPECT_EQ(*parse_pointer("/l/[b=2,a=1]"), *parse_pointer("/l/[a=1,b=2]"));
  EXPECT_EQ(pointer_of(*parse_pointer("/l/[b=2,a=1]")), "/l/[a=1,b=2]");
}

struct EditCase {
  std::string sentence, document, pointer;
  Value value;
  std::string expected;  // the whole document, else the error's kind
};

TEST(JsonEditTest, ChangesOnePlaceAndNothingElse) {
  const std::vector<EditCase> cases = {
      {"a value is replaced where it stands",
       R"({ "a" : 1 , "b":2.0 })",
       "/a",
       Json{"30"},
       R"({ "a" : 30 , "b":2.0 })"},
      {"a member is added last", R"({"a": 1 })", "/b", Json{"2"}, R"({"a": 1,"b":2 })"},
      {"a member is added to an empty object", "{ }", "/a", Json{"1"}, R"({"a":1 })"},
      {"objects on the way are made",
       R"({"s":{}})",
       "/s/x/y~1z",
       Json{"[]"},
       R"({"s":{"x":{"y/z":[]}}})"},
      {"a number as a name makes an object", "{}", "/l/0", Json{"1"}, R"({"l":{"0":1}})"},
      {"a name is written escaped", "{}", "/a\"b", Json{"1"}, R"({"a\"b":1})"},
      {"a dash appends", "[1, 2 ]", "/-", Json{"3"}, "[1, 2,3 ]"},
      {"an index equal to the length appends", "[]", "/0", Json{"3"}, "[3]"},
      {"an element gets a member",
       R"([{"n":"a"},{"n":"b"}])",
       "/[n=b]/v",
       Json{"1"},
       R"([{"n":"a"},{"n":"b","v":1}])"},
      {"an appended element gets a member",
       R"({"l":[1]})",
       "/l/-/v",
       Json{"1"},
       R"({"l":[1,{"v":1}]})"},
      {"a keyed element is replaced", R"([{"n":"a"}])", "/[n=a]", Json{"0"}, "[0]"},
      {"the whole document", "[1]", "", Json{" {}"}, " {}"},
      {"null is a value", R"({"a":1})", "/a", Json{"null"}, R"({"a":null})"},
      {"null can be replaced", R"({"a":null})", "/a", Json{"1"}, R"({"a":1})"},

      {"the only member goes", R"({ "a":1 })", "/a", {}, "{ }"},
      {"the first member goes", R"({ "a":1 , "b":2 })", "/a", {}, R"({ "b":2 })"},
      {"a middle member goes", R"({"a":1, "b":2, "c":3})", "/b", {}, R"({"a":1, "c":3})"},
      {"the last member goes", R"({"a":1 , "b":2 })", "/b", {}, R"({"a":1 })"},
      {"the only element goes", "[[1]]", "/0/0", {}, "[[]]"},
      {"the first element goes", "[1, 2]", "/0", {}, "[2]"},
      {"the last element goes", "[1, 2]", "/1", {}, "[1]"},
      {"a keyed element goes", R"([{"n":"a"}, {"n":"b"}])", "/[n=a]", {}, R"([{"n":"b"}])"},
      {"removing what is absent changes nothing", R"({"a": 1})", "/b/c", {}, R"({"a": 1})"},
      {"removing an absent element changes nothing", "[1]", "/5", {}, "[1]"},

      {"removing below an absent key is not found", "[]", "/[n=a]/v", {}, "NotFound"},
      {"a keyed element is not made", R"({"l":[]})", "/l/[n=a]/v", Json{"1"}, "NotFound"},
      {"a keyed element of an absent list is not made", "{}", "/l/[n=a]/v", Json{"1"}, "NotFound"},
      {"an index beyond the length", "[1]", "/2", Json{"1"}, "NotFound"},
      {"a name in a list", "[1]", "/a", Json{"1"}, "Invalid"},
      {"a key in an object", "{}", "/[n=a]", Json{"1"}, "Invalid"},
      {"through a string", R"({"a":"x"})", "/a/b", Json{"1"}, "Invalid"},
      {"through null", R"({"a":null})", "/a/b", Json{"1"}, "Invalid"},
      {"a key that two elements have",
       R"([{"n":"a"},{"n":"a"}])",
       "/[n=a]/v",
       Json{"1"},
       "Invalid"},
      {"removing by a key that two elements have",
       R"([{"n":"a"},{"n":"a"}])",
       "/[n=a]",
       {},
       "Invalid"},
      {"a malformed pointer", "{}", "a", Json{"1"}, "Invalid"},
      {"a malformed value", "{}", "/a", Json{"1 2"}, "Invalid"},
      {"an empty value", "{}", "/a", Json{""}, "Invalid"},
      {"a malformed document", "{", "/a", Json{"1"}, "Invalid"},
      {"the whole document cannot go", "{}", "", {}, "Invalid"},
  };
  for (const EditCase& c : cases) {
    const auto edited = with_value(Json{c.document}, c.pointer, c.value);
    EXPECT_EQ(edited ? edited->text : to_string(edited.error().kind), c.expected) << c.sentence;
  }
}

TEST(JsonEditTest, WhatCrossesTheDepthBoundIsRefused) {
  std::string pointer;
  for (int i = 0; i < kMaxJsonDepth; ++i) pointer += "/a";
  EXPECT_TRUE(with_value(Json{"{}"}, pointer, Json{"1"}).ok());
  EXPECT_FALSE(with_value(Json{"{}"}, pointer, Json{"[]"}).ok());
}

struct EqualCase {
  std::string sentence, a, b;
  bool equal;
};

TEST(JsonEqualTest, ComparesValuesNotSpelling) {
  const std::vector<EqualCase> cases = {
      {"white space", R"({"a":[1,2]})", "{ \"a\" : [ 1 , 2 ] }", true},
      {"member order", R"({"a":1,"b":2})", R"({"b":2,"a":1})", true},
      {"element order", "[1,2]", "[2,1]", false},
      {"escapes", R"("\u0041\/")", R"("A/")", true},
      {"escapes in names", R"({"\u0041":1})", R"({"A":1})", true},
      {"1.0 and 1", "1.0", "1", true},
      {"1e0 and 1", "1e0", "1", true},
      {"100 and 1E+2", "100", "1E+2", true},
      {"0.001 and 1e-3", "0.001", "1e-3", true},
      {"0.010 and 10e-3", "0.010", "10e-3", true},
      {"12.50 and 125e-1", "12.50", "125e-1", true},
      {"zeros", "0", "-0.000e7", true},
      {"zero with an endless exponent", "0", "0e99999999999999999999999", true},
      {"exponents with leading zeros", "1e5", "1e0000000000000000000000000005", true},
      {"what a double cannot tell apart", "0.1", "0.10000000000000001", false},
      {"big integers that a double merges", "9007199254740993", "9007199254740992", false},
      {"sign", "1", "-1", false},
      {"a number and its string", "300", R"("300")", false},
      {"null and false", "null", "false", false},
      {"true and false", "true", "false", false},
      {"null and an empty object", "null", "{}", false},
      {"an object and an array", "{}", "[]", false},
      {"a member more", R"({"a":1})", R"({"a":1,"b":1})", false},
      {"an element more", "[1]", "[1,1]", false},
      {"another name", R"({"a":1})", R"({"b":1})", false},
      {"exponents beyond counting", "1e100000000000000000000", "1e100000000000000000000", true},
      {"other exponents beyond counting",
       "1e100000000000000000000",
       "1e100000000000000000001",
       false},
      {"text that is no JSON equals itself", "x", "x", true},
      {"text that is no JSON equals nothing else", "x", "x ", false},
  };
  for (const EqualCase& c : cases) {
    EXPECT_EQ(equal_values(Json{c.a}, Json{c.b}), c.equal) << c.sentence;
    EXPECT_EQ(equal_values(Json{c.b}, Json{c.a}), c.equal) << c.sentence << ", the other way";
  }
}

TEST(JsonEqualTest, AbsentIsNotNull) {
  EXPECT_TRUE(equal_values(Value{}, Value{}));
  EXPECT_FALSE(equal_values(Value{}, Value{Json{"null"}}));
  EXPECT_TRUE(equal_values(Value{Json{"1"}}, Value{Json{"1.0"}}));
}

struct MergeCase {
  std::string sentence, document, patch, expected;
};

TEST(JsonMergeTest, FollowsRfc7396) {
  const std::vector<MergeCase> cases = {
      {"a member is replaced", R"({"a":"b"})", R"({"a":"c"})", R"({"a":"c"})"},
      {"a member is added last", R"({"a":"b"})", R"({"b":"c"})", R"({"a":"b","b":"c"})"},
      {"null removes", R"({"a":"b"})", R"({"a":null})", "{}"},
      {"null removes one of two", R"({"a":"b","b":"c"})", R"({"a":null})", R"({"b":"c"})"},
      {"null for what is absent adds nothing", "{}", R"({"a":null})", "{}"},
      {"an array is replaced whole", R"({"a":["b"]})", R"({"a":[1,null]})", R"({"a":[1,null]})"},
      {"a scalar gives way to an object", R"({"a":1})", R"({"a":{"b":2}})", R"({"a":{"b":2}})"},
      {"an object gives way to a scalar", R"({"a":{"b":2}})", R"({"a":1})", R"({"a":1})"},
      {"an array gives way to an object",
       R"({"a":[{"b":"c"}]})",
       R"({"a":{"b":"x"}})",
       R"({"a":{"b":"x"}})"},
      {"objects are merged",
       R"({"a":{"b":"c","d":1}})",
       R"({"a":{"b":"d","c":null}})",
       R"({"a":{"b":"d","d":1}})"},
      {"nulls in a new object vanish", "{}", R"({"a":{"bb":{"ccc":null}}})", R"({"a":{"bb":{}}})"},
      {"a patch that is no object is the result", R"({"a":"b"})", R"(["c"])", R"(["c"])"},
      {"a null patch is the result", R"({"a":"b"})", "null", "null"},
      {"a document that is no object is replaced",
       "[1,2]",
       R"({"a":"b","c":null})",
       R"({"a":"b"})"},
      {"an empty patch changes no byte", R"({ "a" : 1.0 })", "{}", R"({ "a" : 1.0 })"},
      {"untouched values keep their bytes",
       R"({"a":1.0, "b":[ 1e3 ]})",
       R"({"c":2.50})",
       R"({"a":1.0,"b":[ 1e3 ],"c":2.50})"},
      {"names are compared unescaped", R"({"\u0061":1})", R"({"a":2})", R"({"\u0061":2})"},
  };
  for (const MergeCase& c : cases) {
    const auto merged = merge_patched(Json{c.document}, Json{c.patch});
    EXPECT_EQ(merged ? merged->text : merged.error().message, c.expected) << c.sentence;
  }
  EXPECT_FALSE(merge_patched(Json{"{"}, Json{"{}"}).ok());
  EXPECT_FALSE(merge_patched(Json{"{}"}, Json{"{,}"}).ok());
}

}  // namespace
}  // namespace doorbuster
