#include "controllers/reconciler/ahead_answers.h"

#include <gtest/gtest.h>

namespace doorbuster::reconciler {
namespace {

using Says = planner::Answer::Says;
const Instant kNow{std::chrono::hours(500'000)};

TEST(AheadAnswers, a_yes_is_good_for_long_and_anything_else_is_asked_again_soon) {
  AheadAnswers answers;
  EXPECT_FALSE(answers.find("a", kNow));
  answers.keep("yes", {.at = kNow, .says = Says::Yes, .why = ""});
  answers.keep("no", {.at = kNow, .says = Says::No, .why = "may not"});
  answers.keep("unknown", {.at = kNow, .says = Says::Unknown, .why = "no answer"});
  EXPECT_EQ(answers.find("no", kNow)->why, "may not");
  const Instant soon = kNow + kAheadRetry;
  EXPECT_TRUE(answers.find("yes", soon));
  EXPECT_FALSE(answers.find("no", soon));
  EXPECT_FALSE(answers.find("unknown", soon));
  EXPECT_FALSE(answers.find("yes", kNow + kAheadFresh));
}

TEST(AheadAnswers, one_from_the_future_is_not_trusted) {
  AheadAnswers answers;
  answers.keep("yes", {.at = kNow, .says = Says::Yes, .why = ""});
  EXPECT_FALSE(answers.find("yes", kNow - Duration(1)));
}

TEST(AheadAnswers, there_is_a_bound_and_what_is_old_makes_room) {
  AheadAnswers answers;
  for (std::size_t i = 0; i < kAheadAnswers; ++i)
    answers.keep(std::to_string(i), {.at = kNow, .says = Says::Yes, .why = ""});
  answers.keep("more", {.at = kNow, .says = Says::Yes, .why = ""});
  EXPECT_FALSE(answers.find("more", kNow));
  const Instant later = kNow + kAheadFresh;
  answers.keep("more", {.at = later, .says = Says::Yes, .why = ""});
  EXPECT_TRUE(answers.find("more", later));
}

}  // namespace
}  // namespace doorbuster::reconciler
