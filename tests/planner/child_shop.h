#pragma once

#include "tests/planner/shop.h"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

namespace doorbuster::planner {

/// 4 run, 20 are the floor; the ramp begins 30 minutes before the start.
inline Shop shop_to_raise(
    const char* workload =
        R"({"spec":{"replicas":4,"template":{"spec":{"containers":[{"name":"app","image":"shop:1"}]}}},)"
        R"("status":{"replicas":4,"readyReplicas":4}})") {
  Shop shop;
  shop.add(kCheckout, workload);
  shop.add_autoscaler("checkout", json_of(std::int64_t{3}), 30);
  shop.sale.spec->capacity.targets = {target_of("checkout", 20)};
  return shop;
}

/// What happens to a sale of which a child stands, and whether that goes then.
struct EndCase {
  const char* sentence;
  std::function<void(Shop&)> make;
  bool goes;
};

/// Those that are the same whatever the child is for, and then its own.
inline std::vector<EndCase> end_cases(std::vector<EndCase> own) {
  std::vector<EndCase> all = {
      {"the event is deleted", [](Shop& shop) { shop.sale.deleting = true; }, true},
      {"the target is taken out",
       [](Shop& shop) { shop.sale.spec->capacity.targets.clear(); },
       true},
      {"the sale is moved to later",
       [](Shop& shop) {
         shop.window.prepare += std::chrono::hours(3);
         shop.window.start += std::chrono::hours(3);
       },
       true},
      {"suspended before the start", [](Shop& shop) { shop.sale.spec->suspend = true; }, false},
      {"suspended at the start",
       [](Shop& shop) {
         shop.sale.spec->suspend = true;
         shop.clock = kStart;
       },
       true},
      {"the target cannot be read",
       [](Shop& shop) { shop.instead[kCheckout] = Unread{"too old"}; },
       false},
  };
  all.insert(all.end(), own.begin(), own.end());
  return all;
}

/// Every case, each on a shop whose child stands since its lead: it goes or stays, and then all is
/// at rest.
inline void expect_ends(const std::vector<EndCase>& cases,
                        const std::function<Shop()>& make_shop,
                        const std::function<Instant(const Shop&)>& lead_of,
                        const std::function<ObjectRef(const Shop&)>& child_of) {
  for (const EndCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    Shop shop = make_shop();
    shop.run_until(lead_of(shop));
    const ObjectRef child = child_of(shop);
    ASSERT_TRUE(shop.objects.contains(child));
    one.make(shop);
    shop.settle();
    EXPECT_EQ(shop.objects.contains(child), !one.goes);
    EXPECT_EQ(shop.settle(), 0);
  }
}

/// The answers of the round at this instant are lost; then all is well again.
inline void lose_answers_at(Shop& shop, Instant when) {
  shop.run_until(when - std::chrono::minutes(1));
  shop.clock = when;
  shop.lose_answers = true;
  shop.round();
  shop.lose_answers = false;
  shop.settle();
}

}  // namespace doorbuster::planner
