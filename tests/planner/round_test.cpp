// The order in which a plan is carried out.
#include "controllers/planner/round.h"

#include "tests/planner/shop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::planner {
namespace {

using testing::ElementsAre;

const ObjectRef kRoute{"gateway.networking.k8s.io", "HTTPRoute", "shop", "web"};
const ObjectRef kFlags{"", "ConfigMap", "shop", "flags"};

/// Where each write takes a second.
class SlowShop : public Shop {
 public:
  SlowShop() : Shop() {
    add(kRoute, R"({"spec":{}})");
    add(kFlags, R"({"data":{}})");
  }
  Result<std::string> publish(const Event& event, const api::SaleEventStatus& status) override {
    clock += std::chrono::seconds(1);
    return Shop::publish(event, status);
  }
  Outcome perform(const Event& event, const Write& write) override {
    clock += std::chrono::seconds(1);
    return Shop::perform(event, write);
  }
  Write write_to(const ObjectRef& object) const {
    const auto seen = Document::parse(objects.at(object).text).value();
    return {.object = object,
            .api_version = "v1",
            .only_if_uid = seen->string("/metadata/uid"),
            .only_if_version = seen->string("/metadata/resourceVersion"),
            .patch = Json{R"({"spec":{"x":1}})"}};
  }
  /// Both are written; the route's write is a rollback's.
  Plan rollback() {
    Plan plan;
    plan.status.phase = "RollingBack";
    plan.writes = {write_to(kFlags), write_to(kRoute)};
    plan.at_once = {kRoute};
    act("back", {.action = api::ActionVerb::RollBack});
    ActionAnswer answer{std::make_shared<const Action>(actions.at("back")), {}};
    answer.status.accepted_at = clock;
    plan.actions = {answer};
    return plan;
  }
  bool is_overtaken(const Event&, const std::vector<std::shared_ptr<const Action>>& with) override {
    EXPECT_EQ(&with, &known);
    return static_cast<int>(requests.size()) >= overtaken_after;
  }
  /// The other way round than they are planned.
  void side_by_side(const std::vector<Task>& tasks) override {
    for (auto one = tasks.rbegin(); one != tasks.rend(); ++one) (*one)();
  }
  std::vector<std::shared_ptr<const Action>> known;
  int overtaken_after = 99;  ///< requests
  RoundResult carried(const Plan& plan, const Event& event) {
    RoundResult result;
    carry_out(*this, std::make_shared<const Event>(event), plan, known, clock, result);
    return result;
  }
};

TEST(Round, a_rollback_writes_before_status_is_stored_and_the_action_says_when) {
  SlowShop shop;
  const Instant began = shop.clock;
  const RoundResult result = shop.carried(shop.rollback(), shop.sale);
  EXPECT_FALSE(result.failed);
  EXPECT_THAT(shop.requests,
              ElementsAre("HTTPRoute/web", "status", "ConfigMap/flags", "action back"));
  EXPECT_EQ(shop.told_of("back").first_write_at, began + std::chrono::seconds(1));
}

TEST(Round, a_rollback_writes_though_nothing_can_be_stored) {
  struct Case {
    const char* sentence;
    bool finalizer;
  };
  for (const Case& one : {Case{"status is not taken", false}, Case{"nor the finalizer", true}}) {
    SCOPED_TRACE(one.sentence);
    SlowShop shop;
    Plan plan = shop.rollback();
    if (one.finalizer) plan.finalizer = SetFinalizer{true};
    Event older = shop.sale;
    older.version = "older";
    const Instant began = shop.clock;
    const RoundResult result = shop.carried(plan, older);
    EXPECT_THAT(shop.requests, ElementsAre("HTTPRoute/web", "action back"));
    EXPECT_EQ(shop.told_of("back").first_write_at, began + std::chrono::seconds(1));
    EXPECT_FALSE(shop.told_of("back").accepted_at) << "nothing remembers it yet";
    ASSERT_TRUE(result.failed);
    EXPECT_EQ(result.failed->kind, ErrorKind::Conflict);
    EXPECT_TRUE(result.wrote);
  }
}

TEST(Round, without_a_rollback_status_is_stored_first) {
  SlowShop shop;
  Plan plan = shop.rollback();
  plan.at_once.clear();
  shop.carried(plan, shop.sale);
  EXPECT_THAT(shop.requests,
              ElementsAre("status", "HTTPRoute/web", "ConfigMap/flags", "action back"))
      << "beside each other";
}

TEST(Round, what_somebody_asks_for_meanwhile_waits_for_what_is_under_way_and_for_no_more) {
  SlowShop shop;
  Plan plan = shop.rollback();
  plan.at_once.clear();
  shop.overtaken_after = 2;
  const RoundResult result = shop.carried(plan, shop.sale);
  EXPECT_THAT(shop.requests, ElementsAre("status", "HTTPRoute/web", "action back"));
  EXPECT_EQ(result.wake, shop.clock) << "the rest is planned anew";
  EXPECT_FALSE(result.failed);
}

TEST(Round, a_way_back_is_written_to_the_end_whoever_asks_meanwhile) {
  SlowShop shop;
  shop.overtaken_after = 0;
  shop.carried(shop.rollback(), shop.sale);
  EXPECT_THAT(shop.requests, ElementsAre("HTTPRoute/web", "status", "action back"));
}

TEST(Round, children_of_one_name_keep_their_order) {
  SlowShop shop;
  Plan plan;
  const auto made = [](const char* kind, const char* name) {
    Create out;
    out.object = {"", kind, "shop", name};
    out.api_version = "v1";
    out.manifest = Json{R"({"metadata":{"name":")" + std::string(name) + R"("}})"};
    return out;
  };
  plan.children = {made("Z", "a"), made("Z", "b"), made("A", "a"), made("A", "b")};
  shop.carried(plan, shop.sale);
  EXPECT_THAT(shop.requests, ElementsAre("create Z/b", "create A/b", "create Z/a", "create A/a"));
}

}  // namespace
}  // namespace doorbuster::planner
