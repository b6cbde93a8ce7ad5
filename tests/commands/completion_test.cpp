#include "operator/commands/completion.h"

#include "operator/commands/act_command.h"
#include "operator/commands/look_command.h"
#include "operator/commands/report_command.h"
#include "operator/commands/validate.h"
#include "operator/commands/version.h"
#include "operator/commands/wait_command.h"
#include "operator/commands/watch_command.h"

#include <CLI/CLI.hpp>
#include <gmock/gmock.h>

namespace doorbuster::commands {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

class Completion : public ::testing::Test {
 protected:
  void SetUp() override {
    app.require_subcommand(1);
    add_validate_command(
        app, [] { return Instant{}; }, code);
    add_report_command(
        app, [] { return Instant{}; }, code);
    add_version_command(app, code);
    add_completion_commands(app, code);
  }
  std::vector<std::string> names(const std::vector<std::string>& words) const {
    std::vector<std::string> out;
    for (const std::string& one : candidates(app, words))
      out.push_back(one.substr(0, one.find('\t')));
    return out;
  }
  std::string said(std::vector<std::string> words) {
    std::reverse(words.begin(), words.end());
    ::testing::internal::CaptureStdout();
    app.parse(words);
    return ::testing::internal::GetCapturedStdout();
  }

  CLI::App app{"", "kubectl-sale"};
  int code = -1;
};

TEST_F(Completion, CommandsAreOfferedAndTheHiddenOneIsNot) {
  EXPECT_THAT(names({""}), ElementsAre("completion", "report", "validate", "version"));
  EXPECT_THAT(names({}), ElementsAre("completion", "report", "validate", "version"));
  EXPECT_THAT(names({"v"}), ElementsAre("validate", "version"));
  EXPECT_THAT(names({"x"}), IsEmpty());
}

TEST_F(Completion, FlagsAreThoseOfTheCommand) {
  EXPECT_THAT(names({"validate", "--f"}), ElementsAre("--fail-on", "--filename"));
  EXPECT_THAT(names({"report", "--n"}), ElementsAre("--namespace"));
  EXPECT_THAT(names({"version", "--"}), AllOf(Contains("--output"), Not(Contains("--filename"))));
}

TEST_F(Completion, AClosedSetGivesItsValues) {
  EXPECT_THAT(names({"validate", "-o", ""}), ElementsAre("text", "json"));
  EXPECT_THAT(names({"validate", "--output", "j"}), ElementsAre("json"));
  EXPECT_THAT(names({"report", "flash", "-o", ""}), ElementsAre("text", "json"));
  EXPECT_THAT(names({"validate", "--fail-on", "w"}), ElementsAre("warn"));
  EXPECT_THAT(names({"completion", "f"}), ElementsAre("fish"));
}

TEST_F(Completion, AFlagsValueThatIsUsedUpIsNotTakenForACommand) {
  EXPECT_THAT(names({"validate", "-f", "version", "--r"}), ElementsAre("--recursive"));
}

TEST_F(Completion, TheCommandsThatLookAreCompletedAsTheOthers) {
  const auto now = [] { return Instant{}; };
  add_look_commands(app, now, code);
  add_watch_command(app, now, code);
  add_wait_command(app, now, code);
  EXPECT_THAT(names({"wa"}), ElementsAre("wait", "watch"));
  EXPECT_THAT(names({"list", "-o", ""}), ElementsAre("table", "wide", "json", "name"));
  EXPECT_THAT(names({"list", "--a"}), ElementsAre("--all-namespaces"));
  EXPECT_THAT(names({"status", "flash", "-o", "j"}), ElementsAre("json"));
  EXPECT_THAT(names({"watch", "flash", "--color", "a"}), ElementsAre("auto", "always"));
  EXPECT_THAT(names({"wait", "flash", "--f"}), ElementsAre("--for"));
}

TEST_F(Completion, TheCommandsThatActAreCompletedAsTheOthers) {
  add_act_commands(
      app, [] { return Instant{}; }, code);
  EXPECT_THAT(names({"r"}),
              ElementsAre("reject", "report", "restore", "resume", "retry", "rollback"));
  EXPECT_THAT(names({"rollback", "flash", "--ro"}), ElementsAre("--rollout"));
  EXPECT_THAT(names({"rollback", "flash", "--wait", "c"}), ElementsAre("complete"));
  EXPECT_THAT(names({"promote", "flash", "--n"}), ElementsAre("--namespace"));
  EXPECT_THAT(names({"rollback", "flash", "--n"}), ElementsAre("--namespace", "--now"));
}

TEST_F(Completion, TheScriptsAskAndAreToldAboutFiles) {
  EXPECT_EQ(said({"__complete", "validate", "-f", ""}), ":0\n") << "the shell knows its files";
  EXPECT_EQ(said({"__complete", "validate", "-o", "j"}), "json\n:4\n");
  EXPECT_EQ(code, 0);
}

TEST_F(Completion, AFlagBeforeTheWordIsNotReadAsOneOfOurs) {
  EXPECT_THAT(said({"__complete", "validate", "--f"}), StartsWith("--fail-on\t"));
}

TEST_F(Completion, EveryShellHasItsScript) {
  for (const char* shell : {"bash", "zsh", "fish", "kubectl"}) {
    app.clear();
    EXPECT_THAT(said({"completion", shell}), HasSubstr("__complete")) << shell;
  }
  EXPECT_THROW(said({"completion", "tcsh"}), CLI::ParseError);
  (void)::testing::internal::GetCapturedStdout();
}

}  // namespace
}  // namespace doorbuster::commands
