// What `watch` and `status` show of a sale, at several widths.
#include "operator/commands/screen.h"

#include "operator/commands/text_table.h"
#include "tests/commands/sale_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <numeric>

namespace doorbuster::commands {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

api::Condition earlier(const char* type, api::ConditionStatus status, const char* reason) {
  return condition(type, status, reason, kStart - minutes(19));
}

api::TargetStatus target(const std::string& name, const char* state) {
  api::TargetStatus row;
  row.name = name;
  row.object = "Deployment.apps shop/" + name;
  row.baseline = {.min = 3, .max = 20, .replicas = {}};
  row.floor = row.held = row.ready = 40;
  row.ceiling = 60;
  row.wanted = 12;
  row.state = state;
  return row;
}

api::HoldStatus held(const char* state) {
  api::HoldStatus row = hold(state);
  row.copy = "{}";
  row.live = Json{"400"};
  row.stepped_at = kStart - minutes(30);
  return row;
}

api::SaleAction extension() {
  api::SaleAction out;
  out.metadata.name = "flash-extend-x";
  out.metadata.created = kStart + minutes(41);
  out.spec.event = "flash";
  out.spec.action = api::ActionVerb::Extend;
  return out;
}

/// A sale that has been on for 42 minutes, at Berlin's offset.
SaleLook live() {
  SaleLook out;
  out.event.metadata.ns = "shop";
  out.event.metadata.name = "flash";
  out.event.metadata.generation = 1;
  api::SaleEventStatus& status = out.event.status;
  status.observed_generation = 1;
  status.phase = "Live";
  status.verdict = "Go";
  status.targets_ready = "2/2";
  status.next_due = kStart + hours(4);
  status.next_reason = "the sale ends";
  status.window = api::WindowStatus{.prepare = kStart - minutes(45),
                                    .start = kStart,
                                    .end = kStart + hours(4),
                                    .restored_by = kStart + hours(5),
                                    .time_zone = "Europe/Berlin",
                                    .tzdata = "2026b"};
  status.targets = {target("checkout", "Held"), target("search", "Ramping")};
  status.targets[1].held = 13;
  status.targets[1].ready = 9;
  status.targets[1].step = 1;
  status.targets[1].steps = 4;
  status.targets[1].pending = {{.reason = "QuotaExceeded", .count = 4, .message = "quota x"}};
  status.holds = {held("Held")};
  status.conditions = {earlier("Prepared", api::ConditionStatus::True, "Prepared"),
                       earlier("Restored", api::ConditionStatus::False, "Held")};
  out.now = kStart + minutes(42);
  out.observed = out.now - seconds(2);
  out.offset = [](Instant) -> Duration { return hours(1); };
  return out;
}

std::string text_of(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& one : lines) out += one + "\n";
  return out;
}

std::string shown(const SaleLook& look, const ScreenStyle& style) {
  return text_of(screen_lines(look, style));
}

TEST(Screen, a_sale_that_is_on) {
  EXPECT_EQ(shown(live(), {.width = 100}),
            "shop/flash   ● Live   mode Live   observed 2s ago\n"
            "Window    start  2026-11-27 09:00:00 +01:00  2026-11-27T08:00:00Z  42m ago  "
            "Europe/Berlin\n"
            "          end    2026-11-27 13:00:00 +01:00  2026-11-27T12:00:00Z  in 3h18m\n"
            "Next      2026-11-27T12:00:00Z  the sale ends (in 3h18m)\n"
            "Verdict   ✔ Go   targets ready 2/2\n"
            "Prepared  ✔ 07:41:00Z, 19m before the start\n"
            "\n"
            "PREPARE ████████████████ done     LIVE ██▊░░░░░░░░░░░░░ 17%      COOLDOWN "
            "░░░░░░░░░░░░░░░░ in 3h18m\n"
            "CAPACITY       BASE  FLOOR  READY  WANTED  CEIL   STATUS\n"
            "├── checkout  3..20     40  40/40      12    60   ✔ held\n"
            "└── search    3..20  13→40   9/13      12    60   ◌ ramping, step 1/4: 4 are refused "
            "by a quota\n"
            "HOLDS                                    BASE → NOW  SINCE   STATUS\n"
            "└── backendtrafficpolicy/limit requests   100 → 400  1h12m   ✔ held\n");
}

TEST(Screen, rollouts_have_a_row_each) {
  SaleLook look = live();
  api::RolloutStatus waiting;
  waiting.name = "search";
  waiting.state = "Waiting";
  look.event.status.rollouts = {rollout("Running"), waiting};
  EXPECT_THAT(
      shown(look, {.width = 100}),
      HasSubstr(
          "ROLLOUTS          STEP  WEIGHT  CANDIDATE  STABLE      ANALYSIS   STATUS\n"
          "├── checkout-v43   2/5     10%        4/5   40/38  inconclusive   ◌ running: waits "
          "for a pod\n"
          "└── search           -       -          -       -             -   ◷ waiting\n"));
  look.event.status.rollouts = {rollout("RolledBack")};
  EXPECT_THAT(shown(look, {.width = 100}), HasSubstr("⚠ rolled back: waits for a pod"));
  EXPECT_THAT(summary_text(look), HasSubstr(", rollouts: checkout-v43 rolled back 2/5 10%"));
  EXPECT_THAT(look_json(look),
              HasSubstr(R"("rollouts":[{"name":"checkout-v43","state":"RolledBack")"));
}

TEST(Screen, people_decide_about_a_rollout_by_name) {
  SaleLook look = live();
  api::Decision made;
  made.kind = "Promote";
  made.subject = "checkout-v43";
  made.value = "2";
  made.by = "ada";
  made.at = look.now - minutes(1);
  look.event.status.decisions = {made};
  EXPECT_THAT(shown(look, {.width = 140}), HasSubstr("Promote checkout-v43  1m ago   ✔ by ada: 2"));
}

TEST(Screen, no_line_is_wider_than_the_screen_and_none_has_a_word_less_mark) {
  SaleLook look = live();
  look.event.status.targets.push_back(
      target("a-target-with-a-name-of-sixty-three-characters-as-kubernetes-has-it", "Held"));
  look.event.status.message =
      "checkout: the floor of 40 is the maximum too, and this message is longer than any screen "
      "that people have, so that it must go on in a second and in a third line and then end";
  look.actions = {extension()};
  for (const std::size_t width : {20U, 40U, 80U, 100U, 140U, 220U}) {
    for (const bool ascii : {false, true}) {
      SCOPED_TRACE(width);
      for (const std::string& line : screen_lines(look, {.width = width, .ascii = ascii}))
        EXPECT_LE(width_of(line), width) << line;
    }
  }
}

TEST(Screen, ascii_has_no_other_characters_and_no_colour_no_escapes) {
  SaleLook look = live();
  look.event.status.message = "søk: \x1b[2J\xff";
  for (const char c : shown(look, {.width = 90, .ascii = true}))
    EXPECT_TRUE(c == '\n' || (c >= ' ' && c < '\x7f')) << static_cast<int>(c);
  EXPECT_THAT(shown(look, {.width = 90}), AllOf(HasSubstr("søk: ?[2J?"), Not(HasSubstr("\x1b"))));
  EXPECT_THAT(shown(look, {.width = 90, .colour = true}),
              AllOf(HasSubstr("\x1b[32m✔\x1b[0m held"), Not(HasSubstr("\x1b[2J"))));
}

TEST(Screen, a_long_name_leaves_the_phase_its_place) {
  SaleLook look = live();
  look.event.metadata.ns = "a-namespace-with-a-name-that-is-far-too-long-for-it";
  EXPECT_THAT(screen_lines(look, {.width = 50})[0],
              StartsWith("a-namespace-with-a-name-t…   ● Live   mode"));
}

struct WordCase {
  const char* sentence;
  std::function<void(SaleLook&)> change;
  std::string text;
};

TEST(Screen, what_must_not_be_overlooked_stands_above_everything) {
  const WordCase cases[] = {
      {"suspended",
       [](SaleLook& look) {
         look.event.spec.suspend = true;
         look.event.status.phase = "Suspended";
       },
       "॥  SUSPENDED: nothing is changed"},
      {"a dry run",
       [](SaleLook& look) { look.event.spec.mode = api::Mode::DryRun; },
       "⚠  DRY RUN: everything is computed, nothing is written"},
      {"aborted",
       [](SaleLook& look) {
         look.event.status.window->end = kStart + minutes(40);
         api::Decision made;
         made.kind = "Abort";
         made.at = kStart + minutes(40);
         made.by = "ada";
         made.detail = "wrong prices";
         look.event.status.decisions = {made};
         look.event.status.phase = "CoolingDown";
       },
       "⚠  ABORTED at 2026-11-27T08:40:00Z by ada: wrong prices"},
      {"contested",
       [](SaleLook& look) {
         api::HoldStatus& row = look.event.status.holds[0];
         row.state = "Contested";
         row.contest = {
             .reasserted = 2, .at = {}, .by = "argocd-controller", .change = "", .yielded = {}};
       },
       "⚠ contested by argocd-controller, written again 2x"},
      {"a field that is back",
       [](SaleLook& look) {
         look.event.status.holds[0].copy = "";
         look.event.status.holds[0].live.reset();
         look.event.status.holds[0].state = "Restored";
       },
       "limit requests         100  1h12m   ✔ restored"},
      {"ready by the workload's own word",
       [](SaleLook& look) {
         look.event.status.targets[0].ready.reset();
         look.event.status.targets[0].autoscaler = "HorizontalPodAutoscaler.autoscaling shop/c";
         look.replicas["Deployment.apps shop/checkout"].ready = 38;
         look.replicas["HorizontalPodAutoscaler.autoscaling shop/c"].wanted = "<40";
       },
       "38/40     <40    60"},
      {"a check",
       [](SaleLook& look) {
         look.event.status.checks = {{.name = "errors",
                                      .verdict = "Bad",
                                      .value = "0.031",
                                      .since = look.now - minutes(3),
                                      .message = "3.1 % is more than 1 %",
                                      .measured_at = look.now}};
       },
       "└── errors  0.031     3m   ✖ bad: 3.1 % is more than 1 %"},
      {"being deleted",
       [](SaleLook& look) { look.event.metadata.deleted = look.now; },
       "BEING DELETED"},
      {"stalled",
       [](SaleLook& look) {
         look.event.status.conditions.push_back(
             earlier("Stalled", api::ConditionStatus::True, "LedgerCorrupt"));
       },
       "✖  Stalled (LedgerCorrupt): because of LedgerCorrupt"},
      {"the API server is away",
       [](SaleLook& look) { look.silent = "the API server is silent"; },
       "✖  STALE: the API server is silent"},
      {"nothing came of what was due",
       [](SaleLook& look) { look.event.status.next_due = look.now - minutes(2); },
       "STALE: the operator is overdue: the sale ends was due 2m ago"},
      {"an edit that nobody answered",
       [](SaleLook& look) { look.event.metadata.generation = 2; },
       "STALE: the operator has not looked at the latest edit"},
      {"no targets", [](SaleLook& look) { look.event.status.targets = {}; }, "no targets"},
      {"nobody looked", [](SaleLook& look) { look.event.status = {}; }, "? Unknown"},
      {"an action that waits",
       [](SaleLook& look) { look.actions = {extension()}; },
       "└── Extend flash-extend-x  1m ago   ◷ waiting"},
      {"restored",
       [](SaleLook& look) {
         look.event.status.conditions[1].status = api::ConditionStatus::True;
         look.event.status.conditions[1].reason = "Restored";
       },
       "Restored  ✔ 07:41:00Z"},
  };
  for (const WordCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    SaleLook look = live();
    one.change(look);
    EXPECT_THAT(shown(look, {.width = 140}), HasSubstr(one.text));
  }
}

TEST(Screen, what_is_stale_says_so_in_the_first_line) {
  SaleLook look = live();
  look.silent = "the API server is silent";
  look.observed = look.now - minutes(3);
  EXPECT_THAT(shown(look, {.width = 80}), HasSubstr("observed 3m ago (STALE)\n"));
}

TEST(Screen, an_abort_is_void_when_the_window_was_edited_after_it) {
  SaleLook look = live();
  api::Decision made;
  made.kind = "Abort";
  made.at = kStart + minutes(40);
  look.event.status.decisions = {made};
  EXPECT_THAT(shown(look, {}), Not(HasSubstr("ABORTED")));
}

TEST(Screen, sixty_four_targets_are_cut_with_a_count_and_what_is_wrong_stays) {
  SaleLook look = live();
  look.event.status.targets.clear();
  for (int i = 0; i < 64; ++i)
    look.event.status.targets.push_back(
        target("t" + std::to_string(i), i == 60 ? "Missing" : "Held"));
  const std::vector<std::string> lines = screen_lines(look, {.width = 100, .height = 24});
  EXPECT_LE(lines.size(), 24U);
  const std::string text = text_of(lines);
  EXPECT_THAT(text, AllOf(HasSubstr("├── t60 "), HasSubstr("✖ missing"), HasSubstr("HOLDS")));
  EXPECT_THAT(text, HasSubstr(" more\n"));
  EXPECT_EQ(screen_lines(look, {.width = 100}).size(), 75U) << "without a height all are shown";
  for (std::size_t height = 1; height < 90; ++height)
    EXPECT_LE(screen_lines(look, {.width = 100, .height = height}).size(), height);
}

TEST(Screen, the_summary_is_the_same_as_long_as_nothing_has_changed) {
  SaleLook look = live();
  const std::string before = summary_text(look);
  EXPECT_EQ(before, "shop/flash Live, verdict Go, checkout 40/40 held, search 9/13 ramping");
  look.now += hours(1);
  EXPECT_EQ(summary_text(look), before);
  look.event.status.targets[0].ready = 39;
  EXPECT_NE(summary_text(look), before);
}

TEST(Screen, details_are_conditions_objects_findings_and_decisions) {
  SaleLook look = live();
  look.event.status.feasibility = api::FeasibilityStatus{};
  look.event.status.feasibility->findings = {
      {.level = "Warn", .code = "QuotaExceeded", .subject = "checkout", .message = "too few"}};
  api::Decision began;
  began.kind = "Began";
  began.at = kStart;
  look.event.status.decisions = {began};
  EXPECT_THAT(text_of(detail_lines(look, {.width = 0})),
              AllOf(HasSubstr("Prepared"),
                    HasSubstr("Deployment.apps shop/checkout"),
                    HasSubstr("⚠ Warn: too few"),
                    HasSubstr("Began, doorbuster")));
}

TEST(Screen, the_json_has_what_the_text_has) {
  SaleLook look = live();
  look.actions = {extension()};
  const std::string text = look_json(look);
  EXPECT_THAT(
      text,
      AllOf(StartsWith(R"({"namespace":"shop","name":"flash","phase":"Live","mode":"Live")"),
            HasSubstr(R"("stale":"")"),
            HasSubstr(R"("next":{"at":"2026-11-27T12:00:00Z","what":"the sale ends"})"),
            HasSubstr(R"("name":"search")"),
            HasSubstr(R"("name":"flash-extend-x")"),
            Not(HasSubstr("+01:00"))));
  EXPECT_TRUE(JsonView::parse(text).ok());
}

TEST(Painted, a_bar_goes_by_eighths) {
  const ScreenStyle plain{};
  EXPECT_EQ(bar(0, 4, plain), "░░░░");
  EXPECT_EQ(bar(1, 4, plain), "████");
  EXPECT_EQ(bar(0.5, 4, plain), "██░░");
  EXPECT_EQ(bar(0.3, 4, plain), "█▏░░");
  EXPECT_EQ(bar(2, 2, plain), "██");
  EXPECT_EQ(bar(0.5, 4, {.ascii = true}), "##..");
}

TEST(TextTable, widths_are_those_of_a_terminal) {
  EXPECT_EQ(width_of("abc"), 3U);
  EXPECT_EQ(width_of("✔ held"), 6U);
  EXPECT_EQ(width_of("双十一"), 6U);
  EXPECT_EQ(clipped("双十一", 5, "…"), "双十…");
  EXPECT_EQ(clipped("abcdef", 4, "..."), "a...");
  EXPECT_EQ(clipped("abcdef", 2, "..."), "ab");
  EXPECT_EQ(printable("a\x1b[31m\tb\xc2\x9b\n"), "a?[31m b? ");
  EXPECT_THAT(wrapped("one two three", 8), ::testing::ElementsAre("one two", "three"));
  EXPECT_THAT(wrapped("abcdefghij", 4), ::testing::ElementsAre("abcd", "efgh", "ij"));
  EXPECT_THAT(wrapped("", 4), ::testing::ElementsAre(""));
}

}  // namespace
}  // namespace doorbuster::commands
