// What `wait` makes of a sale's status, and what `list` and the spans of time look like.
#include "operator/commands/wait_goal.h"

#include "operator/commands/look_command.h"
#include "operator/commands/sale_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace doorbuster::commands {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using Is = Standing::Is;
using ::testing::AllOf;
using ::testing::HasSubstr;

const Instant kStart = *parse_rfc3339("2026-11-27T08:00:00Z");

TEST(Goal, states_and_conditions) {
  EXPECT_EQ(goal_of("Live")->is, Goal::Is::Live);
  EXPECT_EQ(*goal_of("ready"), *goal_of("prepared"));
  EXPECT_EQ(goal_of("condition=Feasible")->condition, "Feasible");
  EXPECT_EQ(goal_of("condition=Feasible")->status, api::ConditionStatus::True);
  EXPECT_EQ(goal_of("condition=Feasible=false")->status, api::ConditionStatus::False);
  for (const char* wrong : {"", "lively", "condition=", "condition=A=maybe", "condition"})
    EXPECT_FALSE(goal_of(wrong).ok()) << wrong;
}

api::Condition condition(const char* type, bool is, const char* reason) {
  return {.type = type,
          .status = is ? api::ConditionStatus::True : api::ConditionStatus::False,
          .observed_generation = 1,
          .last_transition_time = kStart,
          .reason = reason,
          .message = "words"};
}

api::SaleEvent sale(const char* phase) {
  api::SaleEvent out;
  out.metadata.generation = 1;
  out.status.observed_generation = 1;
  out.status.phase = phase;
  return out;
}

api::SaleEvent with(api::SaleEvent event, const api::Condition& one) {
  event.status.conditions.push_back(one);
  return event;
}

api::SaleEvent aborted(api::SaleEvent event) {
  event.status.window = api::WindowStatus{};
  event.status.window->end = kStart;
  api::Decision made;
  made.kind = "Abort";
  made.at = kStart;
  event.status.decisions = {made};
  return event;
}

api::SaleEvent edited(api::SaleEvent event) {
  event.metadata.generation = 2;
  return event;
}

api::SaleEvent deleted(api::SaleEvent event) {
  event.metadata.deleted = kStart;
  return event;
}

struct StandingCase {
  const char* sentence;
  api::SaleEvent event;
  const char* goal;
  Is is;
};

TEST(Goal, is_open_reached_or_lost) {
  const api::Condition ready = condition("Prepared", true, "Prepared");
  const api::Condition stalled = condition("Stalled", true, "TargetRefused");
  const api::Condition back = condition("Restored", true, "Restored");
  const StandingCase cases[] = {
      {"before", sale("Scheduled"), "prepared", Is::Open},
      {"prepared", with(sale("Ready"), ready), "prepared", Is::Reached},
      {"late, but still", with(sale("Live"), ready), "ready", Is::Reached},
      {"on, not ready yet", sale("Live"), "prepared", Is::Open},
      {"over", sale("CoolingDown"), "prepared", Is::Lost},
      {"on", sale("Live"), "live", Is::Reached},
      {"completed while waited for live", sale("Completed"), "live", Is::Lost},
      {"suspended goes on some day", sale("Suspended"), "live", Is::Open},
      {"refused", sale("Failed"), "live", Is::Lost},
      {"refused, and waited for its end", sale("Failed"), "completed", Is::Lost},
      {"stalled", with(sale("Preparing"), stalled), "live", Is::Lost},
      {"on though stalled", with(sale("Live"), stalled), "live", Is::Reached},
      {"aborted", aborted(sale("CoolingDown")), "live", Is::Lost},
      {"an abort is no completion", aborted(sale("Completed")), "completed", Is::Lost},
      {"an abort is put back", aborted(sale("CoolingDown")), "restored", Is::Open},
      {"and then it is", with(aborted(sale("Completed")), back), "restored", Is::Reached},
      {"completed", sale("Completed"), "completed", Is::Reached},
      {"not put back",
       with(sale("Completed"), condition("Restored", false, "RestoreForbidden")),
       "restored",
       Is::Lost},
      {"of another edit nothing is known", edited(sale("Live")), "live", Is::Open},
      {"being deleted", deleted(sale("CoolingDown")), "completed", Is::Lost},
      {"being deleted is put back", deleted(sale("CoolingDown")), "restored", Is::Open},
      {"a condition", with(sale("Live"), stalled), "condition=Stalled", Is::Reached},
      {"that it is not", with(sale("Live"), stalled), "condition=Stalled=False", Is::Open},
      {"a condition that is not there", sale("Failed"), "condition=Feasible", Is::Open},
  };
  for (const StandingCase& one : cases)
    EXPECT_EQ(standing_of(one.event, *goal_of(one.goal)).is, one.is) << one.sentence;
}

TEST(Goal, a_sale_that_is_gone_has_put_everything_back_unless_it_was_told_not_to) {
  api::SaleEvent event = sale("CoolingDown");
  EXPECT_EQ(standing_when_gone(event, *goal_of("restored")).is, Is::Reached);
  EXPECT_EQ(standing_when_gone(event, *goal_of("completed")).is, Is::Lost);
  event.spec.deletion_policy = api::DeletionPolicy::Orphan;
  EXPECT_EQ(standing_when_gone(event, *goal_of("restored")).is, Is::Lost);
}

TEST(SaleWords, spans_in_two_units) {
  EXPECT_EQ(short_span(seconds(42)), "42s");
  EXPECT_EQ(short_span(minutes(3)), "3m");
  EXPECT_EQ(short_span(seconds(200)), "3m20s");
  EXPECT_EQ(short_span(hours(23) + minutes(17)), "23h17m");
  EXPECT_EQ(short_span(-(hours(76))), "3d4h");
  EXPECT_EQ(relative_text(kStart, kStart + Duration(300)), "now");
  EXPECT_EQ(relative_text(kStart, kStart + minutes(1)), "1m ago");
  EXPECT_EQ(relative_text(kStart + minutes(1), kStart), "in 1m");
}

std::vector<ListedSale> two() {
  api::SaleEvent event = sale("Live");
  event.metadata.created = kStart - hours(3);
  event.spec.window.start = "2026-11-27T09:00:00";
  event.status.verdict = "Warn";
  event.status.message = "a\x1b[2Jwarning";
  return {{"shop", "flash", event},
          {"till",
           "other",
           Error{.kind = ErrorKind::Invalid,
                 .message = "spec.x: unknown",
                 .causes = {},
                 .retry_after = {}}}};
}

TEST(List, a_table) {
  EXPECT_EQ(list_text(two(), {}, kStart),
            "NAME   PHASE       VERDICT  STARTS               READY  AGE\n"
            "flash  Live        Warn     2026-11-27T09:00:00  -      3h\n"
            "other  Unreadable  -        -                    -      -\n");
}

TEST(List, other_forms) {
  EXPECT_EQ(list_text(two(), {.output = "name", .namespaces = true}, kStart),
            "saleevent.doorbuster.dev/shop/flash\nsaleevent.doorbuster.dev/till/other\n");
  EXPECT_THAT(list_text(two(), {.output = "wide", .headers = false}, kStart),
              AllOf(HasSubstr("a?[2Jwarning"), HasSubstr("spec.x: unknown")));
  EXPECT_THAT(list_text(two(), {.output = "json"}, kStart),
              AllOf(HasSubstr(R"("name":"flash","phase":"Live")"),
                    HasSubstr(R"("unreadable":"spec.x: unknown")")));
  EXPECT_EQ(list_text({}, {.output = "json"}, kStart), "{\"items\":[]}\n");
}

TEST(List, rollouts_stand_in_the_wide_table_and_in_json) {
  std::vector<ListedSale> sales = two();
  api::RolloutStatus row;
  row.name = "checkout-v43";
  row.state = "Running";
  row.step = 2;
  row.steps = 5;
  row.weight = 10;
  sales.front().event->status.rollouts = {row};
  EXPECT_THAT(list_text(sales, {.output = "wide"}, kStart),
              AllOf(HasSubstr("ROLLOUTS"), HasSubstr("checkout-v43 running 2/5 10%")));
  EXPECT_THAT(list_text(sales, {.output = "json"}, kStart),
              HasSubstr(R"("rollouts":[{"name":"checkout-v43","state":"Running","step":2)"));
}

}  // namespace
}  // namespace doorbuster::commands
