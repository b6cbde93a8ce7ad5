// Features permuted give the same plan (DESIGN.md section 6): at every instant of several sales.
#include "tests/planner/shop.h"

#include <gtest/gtest.h>

#include <functional>

namespace doorbuster::planner {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const ObjectRef kLimit{"gateway.envoyproxy.io", "BackendTrafficPolicy", "shop", "front"};
constexpr const char* kRequests = "/spec/rateLimit/global/requests";

std::string text_of(const Write& write) {
  std::string out = to_text(write.object) + " " + write.patch.text;
  for (const Reason& one : write.why) out += " " + one.code + " " + one.text;
  return out;
}

void expect_same(const Plan& a, const Plan& b) {
  ASSERT_EQ(a.questions.size(), b.questions.size());
  for (std::size_t i = 0; i < a.questions.size(); ++i)
    EXPECT_EQ(a.questions[i].id, b.questions[i].id);
  EXPECT_EQ(a.finalizer.has_value(), b.finalizer.has_value());
  EXPECT_TRUE(a.status == b.status);
  ASSERT_EQ(a.writes.size(), b.writes.size());
  for (std::size_t i = 0; i < a.writes.size(); ++i)
    EXPECT_EQ(text_of(a.writes[i]), text_of(b.writes[i]));
  EXPECT_EQ(a.children.size(), b.children.size());
  EXPECT_EQ(a.notices, b.notices);
  EXPECT_EQ(a.wake, b.wake);
  EXPECT_EQ(a.done, b.done);
}

/// Both orders, with no, some and all questions answered.
void compare_orders(Shop& shop) {
  SCOPED_TRACE(to_rfc3339(shop.clock));
  constexpr Feature kForth[] = {Feature::Capacity,
                                Feature::Headroom,
                                Feature::ImagePrepull,
                                Feature::Holds,
                                Feature::Safeguards};
  constexpr Feature kBack[] = {Feature::Safeguards,
                               Feature::Holds,
                               Feature::ImagePrepull,
                               Feature::Headroom,
                               Feature::Capacity};
  Observation seen = shop.observe(shop.sale, needs_of(shop.sale, shop.setup));
  for (int round = 0; round <= kQuestionRounds; ++round) {
    const Plan forth = plan_in_order(kForth, shop.sale, seen, shop.setup, shop.clock);
    const Plan back = plan_in_order(kBack, shop.sale, seen, shop.setup, shop.clock);
    expect_same(forth, back);
    if (forth.questions.empty()) return;
    for (const Question& one : forth.questions) seen.answers[one.id] = shop.answer(shop.sale, one);
  }
}

struct OrderCase {
  const char* sentence;
  std::function<void(Shop&)> make;
};

TEST(Features, in_any_order_make_the_same_plan_at_every_instant_of_a_sale) {
  const OrderCase cases[] = {
      {"an ordinary sale", [](Shop&) {}},
      {"holds kept back until targets are ready",
       [](Shop& shop) { shop.sale.spec->window.on_not_ready = api::OnNotReady::Block; }},
      {"targets that do not get ready",
       [](Shop& shop) {
         shop.sale.spec->window.on_not_ready = api::OnNotReady::Block;
         shop.unready = {"checkout"};
       }},
      {"a target that may not be written",
       [](Shop& shop) {
         shop.sale.spec->window.on_not_ready = api::OnNotReady::Block;
         shop.denied = {"HorizontalPodAutoscaler"};
       }},
      {"a target that is missing",
       [](Shop& shop) {
         shop.sale.spec->window.on_not_ready = api::OnNotReady::Block;
         shop.remove(kCheckout);
       }},
      {"a target and a hold of one field",
       [](Shop& shop) {
         shop.sale.spec->holds.push_back(hold_of(
             "more", kCheckoutHpa, "/spec/minReplicas", api::HoldMax{*api::parse_quantity("50")}));
       }},
      {"room made ahead",
       [](Shop& shop) {
         shop.add(kCheckout,
                  R"({"spec":{"replicas":4,"template":{"spec":{"containers":[{"name":"app"}]}}},)"
                  R"("status":{"replicas":4,"readyReplicas":4}})");
         shop.sale.spec->capacity.headroom = api::HeadroomSpec{};
         shop.sale.spec->capacity.image_prepull = api::ImagePrepullSpec{};
       }},
      {"a deletion in mid-sale",
       [](Shop& shop) { shop.sale.spec->deletion_policy = api::DeletionPolicy::Immediate; }},
  };
  for (const OrderCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    Shop shop;
    shop.add_workload("checkout", 4);
    shop.add_autoscaler("checkout", json_of(std::int64_t{3}), 20);
    shop.add(kLimit, R"({"spec":{"rateLimit":{"global":{"requests":100}}},"status":{}})");
    shop.sale.spec->capacity.targets = {target_of("checkout", 40)};
    shop.sale.spec->holds = {hold_of("limit", kLimit, kRequests, api::HoldLiteral{Json{"500"}})};
    one.make(shop);
    for (shop.clock = shop.window.prepare - minutes(1); shop.clock < shop.window.restored_by;
         shop.clock += minutes(7)) {
      if (shop.sale.spec->deletion_policy == api::DeletionPolicy::Immediate)
        shop.sale.deleting = shop.clock > kStart + hours(1);
      compare_orders(shop);
      shop.round();
      compare_orders(shop);
      shop.settle();
    }
  }
}

TEST(Features, a_hold_is_kept_back_for_what_is_seen_of_targets_and_not_for_what_is_wanted) {
  Shop shop;
  shop.add_workload("checkout", 4);
  shop.add_autoscaler("checkout", json_of(std::int64_t{3}), 20);
  shop.add(kLimit, R"({"spec":{"rateLimit":{"global":{"requests":100}}},"status":{}})");
  shop.sale.spec->window.on_not_ready = api::OnNotReady::Block;
  shop.sale.spec->capacity.targets = {target_of("checkout", 40)};
  shop.sale.spec->holds = {hold_of("limit", kLimit, kRequests, api::HoldLiteral{Json{"500"}})};
  shop.unready = {"checkout"};
  shop.run_until(kStart + minutes(1));
  EXPECT_EQ(shop.hold("front", kRequests)->state, "Blocked");
  // A target that its account may not write will never be ready: nobody waits for it.
  shop.denied = {"HorizontalPodAutoscaler"};
  shop.change(kCheckoutHpa, "/spec/minReplicas", json_of(std::int64_t{5}), "kubectl-edit");
  shop.settle();
  EXPECT_EQ(shop.number(kLimit, kRequests), 500);
}

}  // namespace
}  // namespace doorbuster::planner
