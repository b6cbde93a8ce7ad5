// What the holders of a field make of its baseline.
#include "tests/planner/holding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::planner {
namespace {

struct FoldCase {
  const char* sentence;
  products::Law law;
  const char* baseline;
  std::vector<Ask> asks;
  const char* expected;  ///< nullptr: refused
};

Ask ask(Ask::Op op, const char* operand, int priority = 0) {
  return {.op = op, .operand = Json{operand}, .rank = Rank::Event, .priority = priority};
}

TEST(Effective, IsAFunctionOfBaselineAndHoldersInAnyOrder) {
  using Op = Ask::Op;
  const std::vector<FoldCase> cases{
      {"nobody: the baseline", products::Law::Highest, "3", {}, "3"},
      {"the highest floor",
       products::Law::Highest,
       "3",
       {ask(Op::Max, "40"), ask(Op::Max, "20")},
       "40"},
      {"a floor below the baseline lowers nothing",
       products::Law::Highest,
       "50",
       {ask(Op::Max, "40")},
       "50"},
      {"a multiple rounds up", products::Law::Pick, "7", {ask(Op::Multiply, "\"1.5\"")}, "11"},
      {"a string stays a string",
       products::Law::Pick,
       "\"300\"",
       {ask(Op::Multiply, "2")},
       "\"600\""},
      {"a suffix stays",
       products::Law::Pick,
       "\"10Gi\"",
       {ask(Op::Multiply, "\"2.5\"")},
       "\"25Gi\""},
      {"a sum", products::Law::Pick, "5", {ask(Op::Add, "-2")}, "3"},
      {"quantities compare by value",
       products::Law::Pick,
       "\"1Gi\"",
       {ask(Op::Max, "\"1500Mi\"")},
       "\"1500Mi\""},
      {"the higher priority picks",
       products::Law::Pick,
       "1",
       {ask(Op::Set, "2", 1), ask(Op::Set, "3", 5)},
       "3"},
      {"a multiple of words is refused",
       products::Law::Pick,
       "\"on\"",
       {ask(Op::Multiply, "2")},
       nullptr},
  };
  for (const FoldCase& one : cases) {
    for (int flip = 0; flip < 2; ++flip) {
      std::map<Holder, Ask> holders;
      int index = 0;
      for (const Ask& each : one.asks) {
        const int place = flip == 0 ? index : 9 - index;
        holders[{
            "shop/e", "u" + std::to_string(place), "here", "holds", "h" + std::to_string(place)}] =
            each;
        ++index;
      }
      const auto made = effective(one.law, Value(Json{one.baseline}), holders);
      if (one.expected == nullptr) {
        EXPECT_FALSE(made.ok()) << one.sentence;
      } else {
        ASSERT_TRUE(made.ok()) << one.sentence << ": " << made.error().message;
        EXPECT_TRUE(equal_values(*made, Value(Json{one.expected})))
            << one.sentence << ": " << (*made)->text;
      }
    }
  }
}

}  // namespace
}  // namespace doorbuster::planner
