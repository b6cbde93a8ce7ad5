// What the API server does not take: told in status, tried again ever more rarely, gone once it is
// taken.
#include "controllers/planner/refusal.h"

#include "tests/planner/shop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::planner {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

const ObjectRef kPool{"karpenter.sh", "NodePool", "", "static"};
constexpr const char* kCpu = "/spec/limits/cpu";
constexpr const char* kMin = "/spec/minReplicas";

Error invalid(const std::string& field, const std::string& message) {
  return {.kind = ErrorKind::Invalid,
          .message = "NodePool.karpenter.sh \"static\" is invalid: " + field + ": " + message,
          .causes = {{field, message}, {"<nil>", "some validation rules were not checked"}},
          .retry_after = {}};
}

Error denied(const std::string& message) {
  return {.kind = ErrorKind::Denied, .message = message, .causes = {}, .retry_after = {}};
}

struct TextCase {
  const char* sentence;
  Error error;
  const char* says;
};

TEST(Refusal, is_told_in_plain_words) {
  const TextCase cases[] = {
      {"a rule of the CRD, by its field and without what nobody has written",
       invalid("spec",
               "Invalid value: \"object\": only 'limits.nodes' is supported on static NodePools"),
       "what is to be written: spec: only 'limits.nodes' is supported on static NodePools. Change"},
      {"a value that its type refuses, with the value",
       invalid("spec.weight", "Invalid value: 200: should be less than or equal to 100"),
       "spec.weight: Invalid value: 200: should be less than or equal to 100. Change"},
      {"a webhook, which names no field",
       denied("admission webhook \"even\" denied the request: even numbers only"),
       "webhook \"even\" denied the request: even numbers only. Change"},
  };
  for (const TextCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    EXPECT_TRUE(is_refusal(one.error));
    EXPECT_THAT(refusal_text(one.error), HasSubstr(one.says));
  }
}

struct KindCase {
  ErrorKind kind;
  bool refusal;
};

TEST(Refusal, is_not_what_says_later_or_that_the_object_moved_on) {
  for (const KindCase& one : {KindCase{ErrorKind::Invalid, true},
                              KindCase{ErrorKind::Denied, true},
                              KindCase{ErrorKind::Conflict, false},
                              KindCase{ErrorKind::NotFound, false},
                              KindCase{ErrorKind::Throttled, false},
                              KindCase{ErrorKind::Unavailable, false},
                              KindCase{ErrorKind::Gone, false}}) {
    EXPECT_EQ(is_refusal({.kind = one.kind, .message = "", .causes = {}, .retry_after = {}}),
              one.refusal)
        << to_string(one.kind);
  }
}

Write write_of(const std::string& name, const std::string& version) {
  return {.object = {"karpenter.sh", "NodePool", "", name},
          .api_version = "karpenter.sh/v1",
          .only_if_uid = "uid-" + name,
          .only_if_version = version,
          .type = Write::Type::Merge,
          .patch = Json{R"({"metadata":{"resourceVersion":")" + version + R"("},"spec":{"a":1}})"},
          .why = {},
          .generation = 1};
}

TEST(Refusal, waits_twice_as_long_each_time_and_thirty_seconds_at_most) {
  Refusals said;
  Instant now = kStart;
  const std::vector<int> waits{1, 2, 4, 8, 16, 30, 30, 30};
  for (std::size_t i = 0; i < waits.size(); ++i) {
    const Write write = write_of("static", std::to_string(i));
    said.note(write, invalid("spec", "no"), now);
    const Refusal& known = said.known().at(write.object);
    const Instant again = tried_again(known, write_of("static", "another version"));
    EXPECT_EQ(again - now, seconds(waits[i]));
    now = again;
  }
  Write other = write_of("static", "1");
  other.generation = 2;
  const Refusal& last = said.known().at(other.object);
  EXPECT_EQ(tried_again(last, other), last.at + seconds(1)) << "somebody changed it";
  other = write_of("static", "1");
  other.patch = Json{R"({"spec":{"a":2}})"};
  EXPECT_EQ(tried_again(last, other), last.at + seconds(1)) << "something else is asked";
  said.note(other, Error{.kind = ErrorKind::Unavailable, .message = "no answer"}, now);
  EXPECT_TRUE(said.known().contains(other.object)) << "no answer says nothing";
  said.note(other, Done{}, now);
  EXPECT_TRUE(said.known().empty());
}

TEST(Refusal, the_oldest_is_forgotten_where_there_are_too_many) {
  Refusals said;
  for (std::size_t i = 0; i <= kRefusals; ++i)
    said.note(write_of(std::to_string(i), "1"), denied("no"), kStart + seconds(i));
  EXPECT_EQ(said.known().size(), kRefusals);
  EXPECT_FALSE(said.known().contains(write_of("0", "1").object));
}

/// A static pool, of which only the number of nodes may be limited.
Shop shop_with_pool() {
  Shop shop;
  shop.add(kPool, R"({"spec":{"replicas":2},"status":{}})");
  shop.invalid["NodePool"] = {kCpu, invalid("spec", "Invalid value: \"object\": only nodes")};
  api::HoldSpec hold = hold_of("more-cpu", kPool, kCpu, api::HoldLiteral{json_of_string("100")});
  hold.during = {api::SalePhase::Prepare, api::SalePhase::Cooldown};
  shop.sale.spec->holds = {hold};
  return shop;
}

TEST(Refusal, stands_in_the_row_of_the_hold_and_says_so_once) {
  Shop shop = shop_with_pool();
  shop.run_until(kStart - minutes(29));
  EXPECT_EQ(shop.hold("static", kCpu)->state, "Refused");
  EXPECT_THAT(shop.hold("static", kCpu)->message, HasSubstr("spec: only nodes. Change"));
  EXPECT_EQ(shop.condition("Stalled"), "True HoldRefused");
  EXPECT_EQ(shop.condition("Ready"), "False HoldRefused");
  EXPECT_THAT(shop.sale.status.message, HasSubstr("more-cpu: the API server refuses"));
  EXPECT_EQ(shop.sale.status.verdict, "NoGo");
  EXPECT_THAT(shop.told, Contains("HoldRefused"));
  EXPECT_THAT(shop.told, Not(Contains("FieldReasserted"))) << "nobody has reverted anything";
  const int published = shop.publishes, tried = shop.refused_writes;
  shop.told.clear();
  shop.run_until(kStart - minutes(1));
  EXPECT_EQ(shop.publishes, published) << "trying again changes nothing in status";
  EXPECT_TRUE(shop.told.empty());
  EXPECT_GT(shop.refused_writes, tried);
  EXPECT_LE(shop.refused_writes - tried, 60);
  EXPECT_FALSE(shop.at(kPool, "/metadata/annotations/doorbuster.dev~1holds"))
      << "no record of what was never made";
}

TEST(Refusal, is_gone_once_the_write_is_taken) {
  Shop shop = shop_with_pool();
  shop.run_until(kStart - minutes(20));
  shop.invalid.clear();
  shop.run_until(kStart - minutes(10));
  EXPECT_EQ(shop.hold("static", kCpu)->state, "Held");
  EXPECT_EQ(shop.hold("static", kCpu)->message, "");
  EXPECT_EQ(shop.condition("Stalled"), "");
  EXPECT_EQ(shop.at(kPool, kCpu), Value(json_of_string("100")));
  shop.run_until(shop.window.restored_by + hours(1));
  EXPECT_FALSE(shop.at(kPool, "/spec/limits"));
  EXPECT_EQ(shop.sale.status.phase, "Completed");
}

TEST(Refusal, a_change_of_the_object_is_tried_at_once) {
  Shop shop = shop_with_pool();
  shop.run_until(kStart - minutes(10));
  shop.invalid.clear();
  shop.change(kPool, "/spec/replicas", std::nullopt, "kubectl");
  shop.change(kPool, "/metadata/generation", json_of(std::int64_t{7}), "kubectl");
  shop.settle();
  EXPECT_EQ(shop.at(kPool, kCpu), Value(json_of_string("100")));
}

TEST(Refusal, is_still_told_after_a_restart_and_by_no_second_event) {
  Shop shop = shop_with_pool();
  shop.run_until(kStart - minutes(10));
  shop.refusals = {};
  shop.told.clear();
  const int published = shop.publishes;
  shop.settle();
  EXPECT_EQ(shop.hold("static", kCpu)->state, "Refused");
  EXPECT_TRUE(shop.told.empty());
  EXPECT_EQ(shop.publishes, published);
}

TEST(Refusal, what_was_never_made_needs_no_restoring) {
  Shop shop = shop_with_pool();
  shop.run_until(shop.window.restored_by + hours(1));
  EXPECT_EQ(shop.sale.status.phase, "Completed");
  EXPECT_FALSE(shop.sale.has_finalizer);
  EXPECT_EQ(shop.writes, 0);
}

TEST(Refusal, a_target_whose_field_is_refused_says_so) {
  Shop shop;
  shop.add_workload("checkout", 4);
  shop.add_autoscaler("checkout", json_of(std::int64_t{3}), 10);
  shop.sale.spec->capacity.targets = {target_of("checkout", 40)};
  shop.invalid["HorizontalPodAutoscaler"] = {
      kMin, denied("admission webhook \"even\" denied the request: even numbers only")};
  shop.run_until(kStart);
  EXPECT_EQ(shop.target("checkout")->state, "Refused");
  EXPECT_THAT(shop.target("checkout")->message, HasSubstr("even numbers only"));
  EXPECT_EQ(shop.condition("Stalled"), "True TargetRefused");
  EXPECT_EQ(shop.condition("Prepared"), "False TargetsNotReady");
  shop.invalid.clear();
  shop.run_until(kStart + minutes(6));
  EXPECT_EQ(shop.target("checkout")->state, "Held");
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 40);
}

TEST(Refusal, keeps_no_other_object_back) {
  Shop shop = shop_with_pool();
  shop.add_workload("checkout", 4);
  shop.add_autoscaler("checkout", json_of(std::int64_t{3}), 10);
  shop.sale.spec->capacity.targets = {target_of("checkout", 40)};
  shop.run_until(kStart);
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 40);
  EXPECT_EQ(shop.target("checkout")->state, "Held");
  EXPECT_EQ(shop.hold("static", kCpu)->state, "Refused");
}

TEST(Refusal, of_what_puts_back_is_told_and_keeps_the_record) {
  Shop shop;
  shop.add_workload("checkout", 4);
  shop.add_autoscaler("checkout", json_of(std::int64_t{3}), 10);
  shop.sale.spec->capacity.targets = {target_of("checkout", 40)};
  shop.run_until(shop.window.end - minutes(1));
  shop.invalid["HorizontalPodAutoscaler"] = {kMin, denied("nobody lowers it")};
  shop.set_load("checkout", 1);
  shop.run_until(shop.window.restored_by + hours(1));
  EXPECT_EQ(shop.hold("checkout", kMin)->state, "Refused");
  EXPECT_EQ(shop.condition("Stalled"), "True TargetRefused");
  EXPECT_TRUE(shop.sale.has_finalizer);
  shop.invalid.clear();
  shop.run_until(shop.window.restored_by + hours(3));
  EXPECT_EQ(shop.number(kCheckoutHpa, kMin), 3);
  EXPECT_EQ(shop.sale.status.phase, "Completed");
}

}  // namespace
}  // namespace doorbuster::planner
