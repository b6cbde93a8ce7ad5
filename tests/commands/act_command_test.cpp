// What the commands that act create, and what they make of an answer.
#include "operator/commands/act_command.h"

#include "crds/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::commands {
namespace {

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
