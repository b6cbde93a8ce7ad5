// What the keys of the live screen do.
#include "operator/commands/watch_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace doorbuster::commands {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Keys {
  api::SaleEvent event;
  std::vector<api::SaleActionSpec> sent;
  Result<std::string> answer = std::string("flash-rollback-x");
  WatchKeys keys{[this](const api::SaleActionSpec& spec) {
    sent.push_back(spec);
    return answer;
  }};

  explicit Keys(const char* state = "Stepping") {
    event.metadata.name = "flash";
    api::RolloutStatus row;
    row.name = "v2";
    row.state = state;
    event.status.rollouts = {row};
  }
  bool press(const std::string& all) {
    for (const char key : all) {
      if (!keys.press(key, &event)) return false;
    }
    return true;
  }
  /// Once what is on its way has been answered.
  std::string line() {
    std::string out = keys.line(&event);
    while (keys.sending()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      out = keys.line(&event);
    }
    return out;
  }
};

TEST(WatchKeys, AskAndThenSendWhatWasAskedFor) {
  struct Case {
    const char *state, *keys;
    std::vector<api::ActionVerb> sent;
  };
  using Verb = api::ActionVerb;
  for (const Case& one : {Case{"Stepping", "ry", {Verb::RollBack}},
                          Case{"Stepping", "rY", {Verb::RollBack}},
                          Case{"Stepping", "py", {Verb::Promote}},
                          Case{"Stepping", " y", {Verb::Pause}},
                          Case{"Paused", " y", {Verb::Resume}},
                          Case{"Inconclusive", " y", {Verb::Resume}},
                          Case{"Stepping", "r", {}},
                          Case{"Stepping", "rn", {}},
                          Case{"Stepping", "rq", {}},
                          Case{"Stepping", "rr", {}},
                          Case{"Stepping", "y", {}},
                          Case{"Stepping", "xyz", {}}}) {
    SCOPED_TRACE(std::string(one.state) + " " + one.keys);
    Keys it(one.state);
    EXPECT_TRUE(it.press(one.keys));
    it.line();
    ASSERT_EQ(it.sent.size(), one.sent.size());
    if (one.sent.empty()) continue;
    EXPECT_EQ(it.sent[0].action, one.sent[0]);
    EXPECT_EQ(it.sent[0].event, "flash");
    EXPECT_EQ(it.sent[0].reason, "kubectl sale watch");
  }
}

TEST(WatchKeys, SayWhatTheyAskAndWhatCameOfIt) {
  Keys it;
  EXPECT_EQ(it.line(), "[r] roll back [p] promote [space] pause [q] quit");
  it.press("r");
  EXPECT_EQ(it.line(), "Roll back all that it rolls out? [y/N]");
  it.press("n");
  EXPECT_THAT(it.line(), HasSubstr("[q] quit   nothing was done"));
  it.press("ry");
  EXPECT_THAT(it.line(), HasSubstr("saleaction flash-rollback-x"));
  it.answer = Error{.kind = ErrorKind::Denied, .message = "you may not"};
  it.press("py");
  EXPECT_THAT(it.line(), HasSubstr("not sent: you may not"));
  it.event.status.rollouts[0].state = "Paused";
  EXPECT_THAT(it.line(), HasSubstr("[space] resume"));
}

TEST(WatchKeys, OfASaleThatReleasesNothingOnlyEndTheScreen) {
  Keys it;
  it.event.status.rollouts.clear();
  EXPECT_EQ(it.line(), "[q] quit");
  EXPECT_TRUE(it.press("ry"));
  EXPECT_TRUE(it.sent.empty());
  EXPECT_FALSE(it.press("q"));
  EXPECT_FALSE(it.keys.press('Q', nullptr));
  EXPECT_TRUE(it.keys.press('r', nullptr)) << "nothing is shown yet";
  EXPECT_THAT(it.keys.line(nullptr), StartsWith("[q]"));
}

}  // namespace
}  // namespace doorbuster::commands
