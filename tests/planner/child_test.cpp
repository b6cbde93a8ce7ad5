// Objects of our own: whose they are, what brings them back, and who removes them.
#include "controllers/planner/child.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::planner {
namespace {

using There = ChildVerdict::There;

const ObjectRef kRoom{"apps", "Deployment", "doorbuster-system", "flash-checkout-1"};
const Holder kParent{"shop/flash", "uid-flash", "here", "headroom", "checkout"};
const Instant kNow{std::chrono::milliseconds(1'800'000'000'000)};

ChildWant want(std::int64_t replicas, const std::string& image = "pause:1") {
  return {.object = kRoom,
          .api_version = "apps/v1",
          .name = "checkout",
          .manifest = Json{R"({"spec":{"replicas":)" + std::to_string(replicas) +
                           R"(,"template":{"spec":{"image":")" + image + R"("}}}})"},
          .compared = {"/spec/replicas"},
          .replaced = {"/spec/template"},
          .reason = {"RoomAsked", "checkout"}};
}

Observation seen_as(const Fact& fact) {
  Observation out;
  out.objects.emplace(kRoom, fact);
  return out;
}

/// As the server has it once it was made: with what it fills in.
Json stored(const Json& manifest) {
  Json out = *with_value(manifest, "/metadata/uid", json_of_string("uid-room"));
  return *with_value(out, "/spec/template/spec/dnsPolicy", json_of_string("ClusterFirst"));
}

std::shared_ptr<Present> present_of(const Json& object) {
  return std::make_shared<Present>(Present{.uid = "uid-room",
                                           .version = "7",
                                           .as_of = kNow,
                                           .deleting = false,
                                           .api_version = "apps/v1",
                                           .object = Document::parse(object.text).value()});
}

Json made(const ChildWant& want) {
  const ChildVerdict verdict = settle_child(seen_as(Missing{}), want, kParent);
  return stored(std::get<Create>(*verdict.effect).manifest);
}

TEST(Child, that_is_missing_is_made_with_marks_that_say_whose_it_is) {
  const ChildVerdict verdict = settle_child(seen_as(Missing{}), want(3), kParent);
  EXPECT_EQ(verdict.there, There::No);
  const auto document = Document::parse(std::get<Create>(*verdict.effect).manifest.text).value();
  EXPECT_EQ(parent_of(*document), kParent);
  EXPECT_EQ(document->string("/metadata/name"), kRoom.name);
  EXPECT_EQ(document->integer("/spec/replicas"), 3);
}

TEST(Child, that_is_not_known_or_not_ours_or_going_is_left) {
  const auto ours = present_of(made(want(3)));
  const auto going = std::make_shared<Present>(*ours);
  going->deleting = true;
  const auto bare = present_of(stored(Json{R"({"metadata":{"name":"x"},"spec":{"replicas":1}})"}));
  Holder namesake = kParent;
  namesake.uid = "uid-of-another";
  EXPECT_EQ(settle_child(seen_as(Unread{}), want(3), kParent).there, There::Unknown);
  EXPECT_EQ(settle_child(Observation{}, want(3), kParent).there, There::Unknown);
  EXPECT_EQ(settle_child(seen_as(Forbidden{}), want(3), kParent).there, There::Forbidden);
  EXPECT_EQ(settle_child(seen_as(going), want(4), kParent).there, There::Going);
  EXPECT_EQ(settle_child(seen_as(bare), want(3), kParent).there, There::Taken);
  EXPECT_EQ(settle_child(seen_as(ours), want(3), namesake).there, There::Taken);
  for (const Fact& fact : {Fact(Unread{}), Fact(Forbidden{}), Fact(going), Fact(bare)})
    EXPECT_FALSE(settle_child(seen_as(fact), want(9), kParent).effect);
}

struct UpdateCase {
  const char* sentence;
  ChildWant wanted;
  std::vector<std::string> replaced;
};

TEST(Child, is_brought_back_in_one_guarded_patch_where_it_differs_and_nowhere_else) {
  const UpdateCase cases[] = {
      {"what it was made as, filled up by the server", want(3), {}},
      {"another number", want(5), {"/spec/replicas"}},
      {"another shape",
       want(3, "pause:2"),
       {"/spec/template", "/metadata/annotations/doorbuster.dev~1made-of"}},
  };
  for (const UpdateCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    const ChildVerdict verdict =
        settle_child(seen_as(present_of(made(want(3)))), one.wanted, kParent);
    EXPECT_EQ(verdict.there, There::Ours);
    EXPECT_EQ(verdict.effect.has_value(), !one.replaced.empty());
    if (!verdict.effect) continue;
    std::vector<std::string> replaced, tested;
    for (const JsonView& step :
         JsonView::parse(std::get<Write>(*verdict.effect).patch.text)->elements()) {
      (step.at("/op")->string() == "test" ? tested : replaced)
          .push_back(step.at("/path")->string().value());
    }
    EXPECT_EQ(replaced, one.replaced);
    EXPECT_THAT(tested, testing::ElementsAre("/metadata/uid", "/metadata/resourceVersion"));
  }
}

struct CareCase {
  const char* sentence;
  Result<std::string> uid;
  const char* install;
  bool removed;
};

TEST(Child, is_removed_by_a_sweep_only_where_its_event_is_known_to_be_gone) {
  const auto failed = [](ErrorKind kind) { return Error{.kind = kind, .message = "no"}; };
  const CareCase cases[] = {
      {"its event lives", std::string("uid-flash"), "here", false},
      {"its event is gone", failed(ErrorKind::NotFound), "here", true},
      {"a namesake has taken its name", std::string("uid-other"), "here", true},
      {"nobody answers", failed(ErrorKind::Unavailable), "here", false},
      {"it may not be asked", failed(ErrorKind::Denied), "here", false},
      {"another install's", failed(ErrorKind::NotFound), "there", false},
  };
  const auto object = present_of(made(want(3)));
  for (const CareCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    const ChildCare care = care_for_child(kRoom, *object, one.install, one.uid);
    EXPECT_EQ(care.remove.has_value(), one.removed);
    EXPECT_EQ(care.remove ? care.remove->only_if_uid : "", one.removed ? "uid-room" : "");
  }
  const auto bare = present_of(stored(Json{R"({"metadata":{"name":"x"},"spec":{}})"}));
  EXPECT_FALSE(care_for_child(kRoom, *bare, "here", failed(ErrorKind::NotFound)).remove);
}

}  // namespace
}  // namespace doorbuster::planner
