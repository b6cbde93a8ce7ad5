// What the commands that act create, and what they make of an answer.
#include "operator/commands/act_command.h"

#include "crds/reader.h"

#include <CLI/CLI.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace doorbuster::commands {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// What a command would create, by `--dry-run client`.
struct Created {
  int code;
  std::string text;
};
Created created(std::vector<std::string> words) {
  CLI::App app{"", "kubectl-sale"};
  int code = -1;
  add_act_commands(
      app, [] { return Instant{}; }, code);
  words.insert(words.end(), {"--dry-run", "client", "-n", "shop"});
  std::reverse(words.begin(), words.end());
  ::testing::internal::CaptureStdout();
  try {
    app.parse(words);
  } catch (const CLI::ParseError&) {
    (void)::testing::internal::GetCapturedStdout();
    throw;
  }
  return {code, ::testing::internal::GetCapturedStdout()};
}

TEST(ActCommand, GatesAreNamed) {
  for (const char* verb : {"approve", "reject"}) {
    const Created made = created({verb, "flash", "--gate", "board", "--rollout", "v2"});
    EXPECT_EQ(made.code, 0);
    const api::Reading read = api::read_sale_action(made.text);
    EXPECT_EQ(read.action.has_value(), std::string(verb) == "reject")
        << "who approves is known of the cluster alone";
    EXPECT_THAT(made.text, testing::HasSubstr(R"("gate":"board")"));
    EXPECT_ANY_THROW(created({verb, "flash"})) << "which one?";
  }
}

TEST(ActCommand, EachVerbOfRolloutsNamesThemOrMeansAll) {
  struct Case {
    const char* command;
    api::ActionVerb verb;
  };
  for (const Case& one : {Case{"rollback", api::ActionVerb::RollBack},
                          Case{"start", api::ActionVerb::Start},
                          Case{"promote", api::ActionVerb::Promote},
                          Case{"pause", api::ActionVerb::Pause},
                          Case{"resume", api::ActionVerb::Resume},
                          Case{"retry", api::ActionVerb::Retry}}) {
    SCOPED_TRACE(one.command);
    const Created all = created({one.command, "flash"});
    EXPECT_EQ(all.code, 0);
    const api::Reading read = api::read_sale_action(all.text);
    ASSERT_TRUE(read.action) << all.text;
    EXPECT_EQ(read.action->spec.action, one.verb);
    EXPECT_EQ(read.action->spec.event, "flash");
    EXPECT_THAT(read.action->spec.rollouts, IsEmpty());
    const Created named = created(
        {one.command, "--rollout", "checkout", "--rollout", "search", "flash", "--reason", "p99"});
    const api::Reading two = api::read_sale_action(named.text);
    ASSERT_TRUE(two.action) << named.text;
    EXPECT_THAT(two.action->spec.rollouts, ElementsAre("checkout", "search"));
    EXPECT_EQ(two.action->spec.event, "flash");
    EXPECT_EQ(two.action->spec.reason, "p99");
  }
}

TEST(ActCommand, WhatNoActionCanSayIsAUsageError) {
  EXPECT_EQ(created({"rollback", "flash", "--rollout", "Not A Name"}).code, 2);
  EXPECT_EQ(created({"rollback", "flash", "--now"}).code, 0);
  EXPECT_THROW(created({"rollback"}), CLI::ParseError);
  EXPECT_THROW(created({"promote", "flash", "--now"}), CLI::ParseError);
  EXPECT_THROW(created({"abort", "flash", "--rollout", "checkout"}), CLI::ParseError);
}

TEST(ActCommand, TheProgressOfARollBackIsALineEach) {
  const Instant at = *parse_rfc3339("2026-11-27T08:00:00.250Z");
  const api::SaleActionStatus none;
  api::SaleActionStatus accepted;
  accepted.state = "Accepted";
  accepted.message = "checkout: all traffic goes back to the target";
  accepted.accepted_at = at;
  EXPECT_THAT(progress_lines(none, none), IsEmpty());
  EXPECT_THAT(progress_lines(none, accepted),
              ElementsAre("Accepted: checkout: all traffic goes back to the target"));
  EXPECT_THAT(progress_lines(accepted, accepted), IsEmpty());
  api::SaleActionStatus wrote = accepted;
  wrote.first_write_at = at + seconds(1);
  EXPECT_THAT(progress_lines(accepted, wrote), ElementsAre("First write at 08:00:01Z"));
  api::SaleActionStatus done = wrote;
  done.traffic_verified_at = at + seconds(3);
  done.completed_at = at + seconds(20);
  done.state = "Complete";
  done.message = "checkout: rolled back";
  EXPECT_THAT(progress_lines(wrote, done),
              ElementsAre(HasSubstr("none gets to a candidate since 08:00:03Z"),
                          "Complete: checkout: rolled back"));
  api::SaleActionStatus refused;
  refused.state = "Refused";
  refused.message = "there is no rollout x";
  refused.completed_at = at;
  EXPECT_THAT(progress_lines(none, refused), ElementsAre("Refused: there is no rollout x"));
}

TEST(ActCommand, TheObjectSaysEventAndVerbInItsName) {
  api::SaleActionSpec spec;
  spec.event = "flash";
  spec.action = api::ActionVerb::EndNow;
  spec.requested_by = "ada";
  const Json made = action_object("shop", spec);
  const api::Reading read = api::read_sale_action(made.text);
  ASSERT_TRUE(read.action) << made.text;
  EXPECT_EQ(read.action->metadata.generate_name, "flash-endnow-");
  EXPECT_EQ(read.action->metadata.ns, "shop");
  EXPECT_EQ(read.action->spec, spec);
}

TEST(ActCommand, WaitsForTheAnswerOrForTheEnd) {
  struct Case {
    const char* what;
    const char* state;
    bool accepted, completed, to_the_end;
    Waited waited;
  };
  const Instant at{};
  for (const Case& one : {Case{"no answer", "", false, false, false, Waited::On},
                          Case{"accepted", "Accepted", true, false, false, Waited::Done},
                          Case{"accepted, to the end", "Accepted", true, false, true, Waited::On},
                          Case{"complete, to the end", "Complete", true, true, true, Waited::Done},
                          Case{"refused", "Refused", false, true, true, Waited::Refused}}) {
    api::SaleActionStatus status;
    status.state = one.state;
    if (one.accepted) status.accepted_at = at;
    if (one.completed) status.completed_at = at;
    EXPECT_EQ(waited_for(status, one.to_the_end), one.waited) << one.what;
  }
}

}  // namespace
}  // namespace doorbuster::commands
