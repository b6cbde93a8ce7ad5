// Which decisions stand, and which give way.
#include "controllers/planner/decisions.h"

#include "controllers/planner/rollout_memory.h"
#include "operator/base/bounds.h"

#include <gtest/gtest.h>

namespace doorbuster::planner {
namespace {

api::Decision made(const char* kind, const char* subject, const char* hash, std::int32_t run = 0) {
  api::Decision out;
  out.run = run;
  out.kind = kind;
  out.subject = subject;
  out.hash = hash;
  return out;
}

TEST(Decisions, OfOneKindSubjectAndHashTheLatestOfARunStands) {
  api::SaleEventStatus status;
  add_decision(status, made("Pause", "a", "1"));
  add_decision(status, made("Resume", "a", "1"));
  for (const api::Decision& other : {made("Pause", "b", "1"),
                                     made("Pause", "a", "2"),
                                     made("Pause", "a", "1", 1),
                                     made("Extend", "", "1"),
                                     made("Extend", "", "1")})
    add_decision(status, other);
  ASSERT_EQ(status.decisions.size(), 7U);
  add_decision(status, made("Pause", "a", "1"));
  EXPECT_EQ(status.decisions.size(), 7U);
  EXPECT_EQ(status.decisions.front().kind, "Resume");
  EXPECT_EQ(status.decisions.back().subject, "a");
}

TEST(Decisions, BeyondTheBoundARollBackGivesWayLast) {
  api::SaleEventStatus status;
  add_decision(status, made(rollout_kind::kRolledBack, "a", "1"));
  for (std::size_t i = 0; i <= bounds::kDecisions; ++i)
    add_decision(status, made("Extend", "", std::to_string(i).c_str()));
  EXPECT_EQ(status.decisions.size(), bounds::kDecisions);
  EXPECT_EQ(status.decisions.front().kind, rollout_kind::kRolledBack);
}

}  // namespace
}  // namespace doorbuster::planner
