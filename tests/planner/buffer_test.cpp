// Node room by a CapacityBuffer, and when placeholder pods make it all the same
// (hack/decisions/0018).
#include "controllers/planner/buffer.h"

#include "controllers/planner/headroom.h"
#include "tests/planner/child_shop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::planner {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

constexpr const char* kReplicas = "/spec/replicas";

/// 4 run, 20 are the floor; room is asked for from 50 minutes before the start, the ramp begins 30
/// before it.
Shop buffered_shop() {
  Shop shop = shop_to_raise();
  shop.sale.spec->capacity.headroom = api::HeadroomSpec{};
  return shop;
}

ObjectRef buffer_of(const Shop& shop) { return buffer_ref(shop.sale, shop.setup, "checkout"); }
ObjectRef room_of(const Shop& shop) { return placeholders_ref(shop.sale, shop.setup, "checkout"); }
bool has(const Shop& shop, const ObjectRef& ref) { return shop.objects.contains(ref); }
const api::HeadroomStatus& row_of(const Shop& shop) { return shop.sale.status.headroom.front(); }
Instant lead_of(const Shop& shop) { return shop.window.prepare - minutes(20); }

/// What a controller says.
void answer(Shop& shop, const std::string& ready, const std::string& provisioning) {
  const auto condition = [](const char* type, const std::string& status) {
    return std::string(R"({"type":")") + type + R"(","status":")" + status +
           R"(","message":"word of )" + type + "\"}";
  };
  std::string all = condition("ReadyForProvisioning", ready);
  if (!provisioning.empty()) all += "," + condition("Provisioning", provisioning);
  shop.change(buffer_of(shop),
              "/status",
              Json{R"({"replicas":)" + std::to_string(shop.number(buffer_of(shop), kReplicas)) +
                   R"(,"conditions":[)" + all + "]}"},
              "cluster-autoscaler");
}

/// Made at its lead, and just created.
Shop with_buffer() {
  Shop shop = buffered_shop();
  shop.run_until(lead_of(shop) + seconds(10));  // its row first, then it
  return shop;
}

TEST(Buffer, is_asked_for_beside_the_target_where_buffers_are_served) {
  Shop shop = with_buffer();
  const ObjectRef buffer = buffer_of(shop);
  ASSERT_TRUE(has(shop, buffer));
  EXPECT_FALSE(has(shop, room_of(shop)));
  EXPECT_EQ(buffer.ns, "shop");
  EXPECT_EQ(shop.number(buffer, kReplicas), 18) << "110 % of the 16 that are missing";
  EXPECT_EQ(shop.at(buffer, "/spec/scalableRef/name"), Value(json_of_string("checkout")));
  EXPECT_FALSE(shop.at(buffer, "/spec/percentage"));
  EXPECT_EQ(shop.at(buffer, "/metadata/ownerReferences/0/uid"),
            Value(json_of_string(shop.sale.uid)));
  EXPECT_EQ(row_of(shop).state, "Placing");
  EXPECT_EQ(row_of(shop).asked, 18);
  EXPECT_THAT(row_of(shop).object, HasSubstr("CapacityBuffer"));
}

TEST(Buffer, there_is_room_when_its_controller_says_so_and_not_before) {
  Shop shop = with_buffer();
  answer(shop, "True", "False");
  shop.settle();
  EXPECT_EQ(row_of(shop).state, "Placing");
  EXPECT_EQ(row_of(shop).placed, 0);
  EXPECT_EQ(row_of(shop).message, "word of Provisioning");
  answer(shop, "True", "True");
  shop.settle();
  EXPECT_EQ(row_of(shop).state, "Placed");
  EXPECT_EQ(row_of(shop).placed, 18);
  EXPECT_EQ(row_of(shop).message, "");
}

TEST(Buffer, is_given_up_step_by_step_as_pods_come_and_wholly_once_the_floor_is_there) {
  Shop shop = with_buffer();
  answer(shop, "True", "True");
  shop.run_until(shop.window.prepare);
  std::set<std::int64_t> seen;
  for (; shop.clock < kStart; shop.clock += minutes(1)) {
    shop.settle();
    if (!has(shop, buffer_of(shop))) break;
    const std::int64_t missing = 20 - shop.number(kCheckout, kReplicas);
    EXPECT_EQ(shop.number(buffer_of(shop), kReplicas), (missing * 110 + 99) / 100);
    seen.insert(shop.number(buffer_of(shop), kReplicas));
  }
  EXPECT_GT(seen.size(), 2U) << "in more than one step";
  EXPECT_LT(shop.clock, kStart);
  EXPECT_FALSE(has(shop, room_of(shop)));
  EXPECT_EQ(row_of(shop).state, "Released");
  EXPECT_EQ(row_of(shop).released, 18);
}

struct FallCase {
  const char* sentence;
  const char *ready, *provisioning;
  const char* said;  ///< nothing: the buffer stays
};

TEST(Buffer, nobody_acts_on_gives_way_to_placeholders_after_a_while) {
  const FallCase cases[] = {
      {"no word at all", "", "", "nothing acts on CapacityBuffers:"},
      {"it cannot be provisioned for", "False", "", "(word of ReadyForProvisioning)"},
      {"it could be, but nobody does", "True", "", "nothing acts"},
      {"it cannot be any more", "False", "True", "(word of ReadyForProvisioning)"},
      {"nodes are on their way", "True", "False", nullptr},
      {"there is room", "True", "True", nullptr},
  };
  for (const FallCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    Shop shop = with_buffer();
    if (*one.ready != '\0') answer(shop, one.ready, one.provisioning);
    shop.run_until(lead_of(shop) + kBufferPatience - minutes(1));
    EXPECT_TRUE(has(shop, buffer_of(shop)));
    EXPECT_FALSE(has(shop, room_of(shop))) << "it has its time to answer";
    shop.run_until(lead_of(shop) + kBufferPatience + minutes(1));
    const bool falls = one.said != nullptr;
    EXPECT_EQ(has(shop, buffer_of(shop)), !falls);
    EXPECT_EQ(has(shop, room_of(shop)), falls);
    if (!falls) continue;
    EXPECT_EQ(shop.number(room_of(shop), kReplicas), 18);
    EXPECT_THAT(row_of(shop).message, HasSubstr(one.said));
    EXPECT_THAT(row_of(shop).message, HasSubstr("placeholder pods stand instead"));
    EXPECT_THAT(row_of(shop).object, HasSubstr("Deployment"));
    shop.run_until(shop.window.prepare - minutes(10));
    EXPECT_FALSE(has(shop, buffer_of(shop))) << "once is enough";
    EXPECT_EQ(shop.settle(), 0);
  }
}

struct InsteadCase {
  const char* sentence;
  std::function<void(Shop&)> make;
  const char* said;
};

TEST(Buffer, is_not_made_where_placeholders_are_surer_and_the_row_says_why) {
  const InsteadCase cases[] = {
      {"buffers are not served", [](Shop& shop) { shop.unserved = {"CapacityBuffer"}; }, ""},
      {"whether they are is not known", [](Shop& shop) { shop.unread = {"CapacityBuffer"}; }, ""},
      {"the account may not make one",
       [](Shop& shop) { shop.denied = {"CapacityBuffer"}; },
       "may not create"},
      {"there is no time to see whether anybody acts on it",
       [](Shop& shop) { shop.clock = shop.window.prepare - minutes(1); },
       "too late"},
  };
  for (const InsteadCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    Shop shop = buffered_shop();
    shop.clock = lead_of(shop);
    one.make(shop);
    shop.settle();
    EXPECT_FALSE(has(shop, buffer_of(shop)));
    EXPECT_EQ(shop.number(room_of(shop), kReplicas), 18);
    EXPECT_THAT(row_of(shop).message, HasSubstr(one.said));
  }
}

TEST(Buffer, that_cannot_be_created_leaves_no_sale_without_room) {
  Shop shop = buffered_shop();
  shop.instead[buffer_of(shop)] = Missing{};  // whatever refuses it
  const auto rounds_until = [&shop](Instant until) {
    for (; shop.clock < until; shop.clock += seconds(20)) shop.round();
  };
  shop.clock = lead_of(shop);
  rounds_until(shop.window.prepare - minutes(3));
  EXPECT_FALSE(has(shop, room_of(shop)));
  rounds_until(shop.window.prepare - minutes(1));
  EXPECT_EQ(shop.number(room_of(shop), kReplicas), 18);
}

TEST(Buffer, that_is_somebody_elses_is_left_and_placeholders_stand) {
  Shop shop = buffered_shop();
  shop.add(buffer_of(shop), R"({"spec":{"replicas":1},"status":{}})");
  shop.run_until(lead_of(shop) + minutes(1));
  EXPECT_EQ(shop.number(buffer_of(shop), kReplicas), 1);
  EXPECT_EQ(shop.number(room_of(shop), kReplicas), 18);
  EXPECT_THAT(row_of(shop).message, HasSubstr("somebody else's"));
}

TEST(Buffer, what_stands_goes_when_it_is_not_wanted_and_stays_when_that_is_not_known) {
  const std::vector<EndCase> cases = end_cases({
      {"the start", [](Shop& shop) { shop.clock = kStart; }, true},
      {"the spec does not ask for room any more",
       [](Shop& shop) { shop.sale.spec->capacity.headroom.reset(); },
       true},
  });
  for (const EndCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    Shop shop = with_buffer();
    answer(shop, "True", "True");
    shop.settle();
    const ObjectRef buffer = buffer_of(shop);
    one.make(shop);
    shop.settle();
    EXPECT_EQ(has(shop, buffer), !one.goes);
    EXPECT_FALSE(has(shop, room_of(shop)));
    EXPECT_EQ(shop.settle(), 0);
  }
}

TEST(Buffer, a_dry_run_makes_none) {
  Shop shop = buffered_shop();
  shop.sale.spec->mode = api::Mode::DryRun;
  shop.clock = lead_of(shop);
  shop.settle();
  EXPECT_FALSE(has(shop, buffer_of(shop)));
  EXPECT_EQ(row_of(shop).state, "Planned");
}

}  // namespace
}  // namespace doorbuster::planner
