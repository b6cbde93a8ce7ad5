// Which holders are dead, and what a sweep does about them: DESIGN.md section 3, "Orphans".
#include "controllers/planner/sweeping.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::planner {
namespace {

const ObjectRef kFlags{"", "ConfigMap", "shop", "flags"};
const Instant kNow{std::chrono::milliseconds(1'800'000'000'000)};
const FieldPath kField{"/data/x", ""};

Holder holder_of(const std::string& event, const std::string& install = "here") {
  return {.event = "shop/" + event,
          .uid = "uid-" + event,
          .install = install,
          .feature = "holds",
          .name = "x"};
}

/// A ConfigMap whose x was `calm` before these holders made something else of it.
Present held_by(const std::set<Holder>& holders, const std::string& label) {
  Ledger ledger{
      .state = Ledger::State::Good, .uid = "flags-1", .serial = 1, .fields = {}, .why = ""};
  HeldField field{.baseline = Json{R"("calm")"},
                  .absent_at = "",
                  .requested = Json{R"("sale")"},
                  .applied = {},
                  .first = {},
                  .holders = {}};
  for (const Holder& one : holders)
    field.holders[one] = {.op = Ask::Op::Set, .operand = Json{R"("sale")"}};
  if (!holders.empty()) ledger.fields[kField] = field;
  JsonObject metadata;
  metadata.add("name", std::string_view("flags")).add("namespace", std::string_view("shop"));
  metadata.add("uid", std::string_view("flags-1")).add("resourceVersion", std::string_view("7"));
  if (!holders.empty())
    metadata.add(
        "annotations",
        JsonObject().add(kHoldsAnnotation, std::string_view(write_ledger(ledger))).build());
  if (!label.empty())
    metadata.add("labels", JsonObject().add(kHeldLabel, std::string_view(label)).build());
  const Json text = JsonObject()
                        .add("apiVersion", std::string_view("v1"))
                        .add("kind", std::string_view("ConfigMap"))
                        .add("metadata", metadata.build())
                        .add("data", Json{R"({"x":"sale"})"})
                        .build();
  return {.uid = "flags-1",
          .version = "7",
          .as_of = kNow,
          .deleting = false,
          .api_version = "v1",
          .object = Document::parse(text.text).value()};
}

struct LifeCase {
  const char* says;
  Holder holder;
  Result<std::string> uid;
  Life life;
};

Error failed(ErrorKind kind) {
  return {.kind = kind, .message = "no", .causes = {}, .retry_after = {}};
}

TEST(Sweeping, AHolderIsDeadOnlyWhenItsOwnInstallIsToldThatItsEventIsNotThere) {
  const Holder ours = holder_of("flash"), theirs = holder_of("flash", "elsewhere");
  const LifeCase cases[] = {
      {"the event is there", ours, std::string("uid-flash"), Life::Lives},
      {"another event has its name", ours, std::string("uid-2"), Life::Dead},
      {"404", ours, failed(ErrorKind::NotFound), Life::Dead},
      {"403 says nothing", ours, failed(ErrorKind::Denied), Life::Unknown},
      {"500 says nothing", ours, failed(ErrorKind::Unavailable), Life::Unknown},
      {"429 says nothing", ours, failed(ErrorKind::Throttled), Life::Unknown},
      {"another install's, though its event is gone",
       theirs,
       failed(ErrorKind::NotFound),
       Life::Unknown},
      {"another install's, though another event has its name",
       theirs,
       std::string("uid-2"),
       Life::Unknown},
  };
  for (const LifeCase& one : cases) {
    SCOPED_TRACE(one.says);
    EXPECT_EQ(life_of(one.holder, "here", one.uid), one.life);
  }
}

struct CareCase {
  const char* says;
  std::map<Holder, Life> lives;  ///< those with another install hold it too
  const char* label;
  Care::Next next;
  const char* x_becomes;  ///< "" as it was written: no write
};

TEST(Sweeping, WhatIsDoneAboutAnObject) {
  const Holder flash = holder_of("flash"), spring = holder_of("spring");
  const Holder theirs = holder_of("outlet", "elsewhere");
  const CareCase cases[] = {
      {"not ours: nobody holds it and no label says so", {}, "", Care::Next::None, ""},
      {"another install's label", {}, "elsewhere", Care::Next::None, ""},
      {"another install's holder is never touched",
       {{theirs, Life::Unknown}},
       "elsewhere",
       Care::Next::None,
       ""},
      {"a living event answers for it itself",
       {{flash, Life::Lives}},
       "here",
       Care::Next::None,
       ""},
      {"nobody knows whether it lives: left alone, asked again",
       {{flash, Life::Unknown}},
       "here",
       Care::Next::Later,
       ""},
      {"a dead one is let go", {{flash, Life::Dead}}, "here", Care::Next::Soon, "calm"},
      {"a dead one is let go although the label was taken off",
       {{flash, Life::Dead}},
       "",
       Care::Next::Soon,
       "calm"},
      {"a dead one beside a living one: only the record changes",
       {{flash, Life::Dead}, {spring, Life::Lives}},
       "here",
       Care::Next::Soon,
       "sale"},
      {"a dead one beside one of whom nothing is known: that one stays",
       {{flash, Life::Dead}, {spring, Life::Unknown}},
       "here",
       Care::Next::Soon,
       "sale"},
      {"a dead one beside another install's: that one stays",
       {{flash, Life::Dead}, {theirs, Life::Unknown}},
       "here",
       Care::Next::Soon,
       "sale"},
  };
  for (const CareCase& one : cases) {
    SCOPED_TRACE(one.says);
    std::set<Holder> holders;
    for (const auto& [holder, life] : one.lives) holders.insert(holder);
    const Present object = held_by(holders, one.label);
    const Care care = care_for(kFlags, object, one.lives, "here", kNow);
    EXPECT_EQ(care.next, one.next);
    for (const Holder& dead : care.dead) EXPECT_EQ(one.lives.at(dead), Life::Dead);
    ASSERT_EQ(care.write.has_value(), std::string(one.x_becomes) != "");
    if (!care.write) continue;
    const auto after = merge_patched({object.object->text()}, care.write->patch);
    ASSERT_TRUE(after.ok()) << after.error().message;
    const auto document = Document::parse(after->text).value();
    EXPECT_EQ(document->string("/data/x"), one.x_becomes);
    for (const auto& [holder, life] : one.lives) {
      if (life == Life::Dead) continue;
      EXPECT_THAT(document->string("/metadata/annotations/doorbuster.dev~1holds"),
                  testing::HasSubstr(holder.uid))
          << "who is not dead is still on record";
    }
  }
}

TEST(Sweeping, TheFloorOfACustomKindGoesDownByATenthLikeAnyOther) {
  const ObjectRef press{"shop.example", "Press", "shop", "press"};
  const Holder dead{.event = "shop/flash",
                    .uid = "uid-flash",
                    .install = "here",
                    .feature = "capacity",
                    .name = "press"};
  Ledger ledger{
      .state = Ledger::State::Good, .uid = "press-1", .serial = 1, .fields = {}, .why = ""};
  HeldField& field = ledger.fields[{"/spec/pool/workers", ""}];
  field.baseline = Json{"3"};
  field.replicas = true;
  field.requested = Json{"40"};
  field.holders[dead] = {.op = Ask::Op::Max, .operand = Json{"40"}};
  const Json annotations =
      JsonObject().add(kHoldsAnnotation, std::string_view(write_ledger(ledger))).build();
  const std::string text =
      R"({"apiVersion":"shop.example/v1","kind":"Press","metadata":{"name":"press","namespace":"shop",)"
      R"("uid":"press-1","resourceVersion":"7","annotations":)" +
      annotations.text + R"(},"spec":{"pool":{"workers":40}}})";
  const Present object{.uid = "press-1",
                       .version = "7",
                       .as_of = kNow,
                       .deleting = false,
                       .api_version = "shop.example/v1",
                       .object = Document::parse(text).value()};
  const Care care = care_for(press, object, {{dead, Life::Dead}}, "here", kNow);
  ASSERT_TRUE(care.write);
  EXPECT_THAT(care.write->patch.text, testing::HasSubstr(R"("workers":36)"));
}

TEST(Sweeping, WhoeverIsNotNamedAmongTheLivesIsUnknown) {
  const Care care = care_for(kFlags, held_by({holder_of("flash")}, "here"), {}, "here", kNow);
  EXPECT_EQ(care.next, Care::Next::Later);
  EXPECT_FALSE(care.write);
}

TEST(Sweeping, OurManagedFieldsEntryGoesAfterTheLastHolder) {
  Present object = held_by({}, "");
  const Json entry{R"([{"manager":"doorbuster","operation":"Update","time":"2027-01-15T07:00:00Z",)"
                   R"("fieldsV1":{"f:data":{"f:x":{}}}}])"};
  object.object =
      Document::parse(with_value({object.object->text()}, "/metadata/managedFields", entry)->text)
          .value();
  const Care care = care_for(kFlags, object, {}, "here", kNow);
  ASSERT_TRUE(care.write);
  EXPECT_EQ(care.write->type, Write::Type::Json);
  EXPECT_EQ(care.next, Care::Next::Soon);
}

/// An object of KEDA's with these marks; those that say so are of an autoscaler that it made.
Present with_marks(const char* uid,
                   const std::string& record,
                   const std::string& label,
                   bool made) {
  JsonObject metadata;
  metadata.add("name", std::string_view("checkout")).add("namespace", std::string_view("shop"));
  metadata.add("uid", std::string_view(uid)).add("resourceVersion", std::string_view("7"));
  if (!record.empty())
    metadata.add("annotations",
                 JsonObject().add(kHoldsAnnotation, std::string_view(record)).build());
  if (!label.empty())
    metadata.add("labels", JsonObject().add(kHeldLabel, std::string_view(label)).build());
  if (made)
    metadata.add(
        "ownerReferences",
        Json{R"([{"apiVersion":"keda.sh/v1alpha1","kind":"ScaledObject","name":"checkout",)"
             R"("uid":"scaled-1","controller":true}])"});
  const Json text = JsonObject()
                        .add("metadata", metadata.build())
                        .add("spec", Json{R"({"minReplicas":9,"maxReplicas":14})"})
                        .build();
  return {.uid = uid,
          .version = "7",
          .as_of = kNow,
          .deleting = false,
          .api_version = "autoscaling/v2",
          .object = Document::parse(text.text).value()};
}

struct CopyCase {
  const char* says;
  bool scaled_object_has_it, copied, label;
  Care::Next next;
};

TEST(Sweeping, WhatKedaCopiesToItsAutoscalerIsLeftWhileTheScaledObjectHasIt) {
  const ObjectRef autoscaler{"autoscaling", "HorizontalPodAutoscaler", "shop", "keda-hpa-checkout"};
  const ObjectRef scaled{"keda.sh", "ScaledObject", "shop", "checkout"};
  const Holder dead = holder_of("flash");
  Ledger ledger{
      .state = Ledger::State::Good, .uid = "scaled-1", .serial = 1, .fields = {}, .why = ""};
  HeldField& field = ledger.fields[{"/spec/minReplicaCount", ""}];
  field.baseline = Json{"3"};
  field.requested = Json{"9"};
  field.holders[dead] = {.op = Ask::Op::Max, .operand = Json{"9"}};
  const std::string record = write_ledger(ledger);
  const CopyCase cases[] = {
      {"KEDA would give it back", true, true, true, Care::Next::Later},
      {"so it would the label alone", true, false, true, Care::Next::Later},
      {"left over when the ScaledObject is put back: taken off",
       false,
       true,
       true,
       Care::Next::Soon},
      {"a label that is left over", false, false, true, Care::Next::Soon},
  };
  for (const CopyCase& one : cases) {
    SCOPED_TRACE(one.says);
    const Present made =
        with_marks("hpa-1", one.copied ? record : "", one.label ? "here" : "", true);
    ASSERT_EQ(scales_through(autoscaler, made), scaled);
    const Present maker = with_marks("scaled-1", one.scaled_object_has_it ? record : "", "", false);
    const Care care = care_for(autoscaler, made, {{dead, Life::Dead}}, "here", kNow, &maker);
    EXPECT_EQ(care.next, one.next);
    EXPECT_EQ(care.write.has_value(), one.next == Care::Next::Soon);
    if (!care.write) continue;
    EXPECT_THAT(care.write->patch.text, testing::Not(testing::HasSubstr("spec")));
  }
}

TEST(Sweeping, ALabelThatIsLeftOverIsTakenOff) {
  const Care care = care_for(kFlags, held_by({}, "here"), {}, "here", kNow);
  ASSERT_TRUE(care.write);
  EXPECT_THAT(care.write->patch.text, testing::HasSubstr(R"("doorbuster.dev/held":null)"));
}

}  // namespace
}  // namespace doorbuster::planner
