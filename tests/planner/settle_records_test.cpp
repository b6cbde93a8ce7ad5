// When the record on the object lies (DESIGN.md section 3), and its text.
#include "tests/planner/holding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::planner {
namespace {

TEST(Settle, AStrippedAnnotationIsWrittenAgainFromTheSecondCopy) {
  Holding it;
  it.want(kMin, 8);
  it.settle();
  it.cluster.set("/metadata/annotations", std::nullopt);
  it.cluster.set("/metadata/labels", std::nullopt);
  EXPECT_EQ(it.settle(), 1);
  EXPECT_EQ(it.cluster.number(kMin), 8);
  it.release();
  it.settle();
  EXPECT_EQ(it.cluster.number(kMin), 3) << "8 was ours and must never become the baseline";
}

TEST(Settle, NothingIsBegunBesideAValueOfOursThatNoRecordKnows) {
  Holding it;
  it.want(kMin, 8);
  it.settle();
  it.cluster.set("/metadata/annotations", std::nullopt);
  it.cluster.set("/metadata/labels", std::nullopt);
  it.witness = {};  // the event that begins now is another one than that which knows
  it.want(kMin, 12);
  it.want(kMax, 40);
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(it.settle(), 0) << "a record of kMax alone would say that kMin had been put back";
  }
  it.cluster.change(kMin, json_of(std::int64_t{4}), "kubectl-edit", "2027-01-15T09:00:00Z");
  EXPECT_EQ(it.settle(), 1) << "a person has said what is its own";
  it.release();
  it.settle();
  EXPECT_EQ(it.cluster.number(kMin), 4);
}

TEST(Settle, AnOlderAnnotationYieldsToTheSecondCopy) {
  Holding it;
  it.want(kMin, 5);
  it.settle();
  const std::string older = it.cluster.annotation();
  it.want(kMin, 8);
  it.settle();
  it.cluster.set("/metadata/annotations/doorbuster.dev~1holds", json_of_string(older));
  it.cluster.bump();
  EXPECT_EQ(it.settle(), 1);
  EXPECT_EQ(it.cluster.number(kMin), 8);
  it.release();
  it.settle();
  EXPECT_EQ(it.cluster.number(kMin), 3);
}

TEST(Settle, ASavedYamlADayLaterIsPutBackWhereItsValuesAreOurs) {
  Holding it;
  it.want(kMin, 8);
  it.settle();
  const Json saved = it.cluster.object;
  it.release();
  it.settle();
  it.cluster.object = saved;
  it.cluster.version = 500;
  it.cluster.bump();
  it.settle();
  EXPECT_EQ(it.cluster.number(kMin), 3);
  EXPECT_EQ(it.cluster.annotation(), "");
}

TEST(Settle, ACopyOnAnotherObjectRestoresOnlyWhatIsOurs) {
  Holding it;
  it.want(kMin, 8);
  it.want(kMax, 20);
  it.settle();
  it.cluster.set("/metadata/uid", json_of_string("hpa-2"));
  it.cluster.change(kMax, json_of(std::int64_t{77}), "kubectl-edit", "2027-01-15T09:00:00Z");
  it.witness = {};
  it.release();
  it.settle();
  EXPECT_EQ(it.cluster.number(kMin), 3);
  EXPECT_EQ(it.cluster.number(kMax), 77);
  EXPECT_EQ(it.cluster.annotation(), "");
}

TEST(Settle, AnEditedAnnotationIsNeverGuessedAt) {
  Holding it;
  it.want(kMin, 8);
  it.settle();
  std::string edited = it.cluster.annotation();
  edited.replace(edited.find("\"baseline\":3"), 12, "\"baseline\":1");
  it.cluster.set("/metadata/annotations/doorbuster.dev~1holds", json_of_string(edited));
  it.release();
  EXPECT_EQ(it.settle(), 0);
  EXPECT_EQ(it.cluster.number(kMin), 8) << "capacity stays";
  ASSERT_FALSE(it.last.notices.empty());
  EXPECT_EQ(it.last.notices[0].code, "LedgerCorrupt");
  EXPECT_THAT(it.last.notices[0].text, testing::HasSubstr("kubectl annotate"));
  // The command it names repairs it.
  it.cluster.set("/metadata/annotations", std::nullopt);
  it.settle();
  EXPECT_EQ(it.cluster.number(kMin), 3);
}

TEST(Settle, ARecreatedObjectCarryingOurValueDoesNotMakeItTheBaseline) {
  Holding it;
  it.want(kMin, 8);
  it.settle();
  it.witness.former = it.witness.ledger;
  it.witness.ledger = {};
  it.cluster.set("/metadata/uid", json_of_string("hpa-2"));
  it.cluster.set("/metadata/annotations", std::nullopt);
  it.cluster.set("/metadata/labels", std::nullopt);
  it.cluster.set("/metadata/managedFields", std::nullopt);
  it.settle();
  it.release();
  it.settle();
  EXPECT_EQ(it.cluster.number(kMin), 3);
}

TEST(LedgerText, ReadsBackWhatItWroteAndSeesAnyEdit) {
  Ledger ledger{.state = Ledger::State::Good, .uid = "u", .serial = 7};
  HeldField held{.baseline = Json{"0.1"}, .requested = Json{"\"4000m\""}, .applied = Json{"\"4\""}};
  held.holders[{"shop/e", "uid", "here", "holds", "h"}] =
      Ask{.op = Ask::Op::Multiply, .operand = Json{"\"1.50\""}, .priority = -3};
  ledger.fields[{"/spec/a", ""}] = held;
  HeldField absent{.baseline = std::nullopt, .absent_at = "/spec/b"};
  absent.holders[{"shop/e", "uid", "here", "holds", "i"}] =
      Ask{.op = Ask::Op::Set, .operand = Json{"null"}};
  ledger.fields[{"/spec/b/c", "/x"}] = absent;
  const std::string text = write_ledger(ledger);
  EXPECT_EQ(read_ledger(&text), ledger);
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string edited = text;
    edited[at] = edited[at] == '1' ? '2' : '1';
    const Ledger read = read_ledger(&edited);
    EXPECT_TRUE(read.state != Ledger::State::Good || read == ledger)
        << "an edit at byte " << at << " went unseen: " << edited;
  }
}

}  // namespace
}  // namespace doorbuster::planner
