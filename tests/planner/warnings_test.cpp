// What is warned of although nothing keeps the sale from going ahead.
#include "tests/planner/shop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::planner {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

Shop shop_of(std::int64_t replicas, api::TargetSpec target) {
  Shop shop;
  shop.add_workload("checkout", replicas);
  shop.add_autoscaler("checkout", json_of(std::int64_t{2}), 20);
  shop.set_load("checkout", replicas);
  shop.sale.spec->capacity.targets = {std::move(target)};
  shop.clock = shop.window.prepare;
  return shop;
}

TEST(Warnings, an_autoscaler_that_cannot_read_its_metrics) {
  Shop shop = shop_of(4, target_of("checkout", 12));
  shop.inactive = "FailedGetResourceMetric";
  shop.settle();
  EXPECT_THAT(shop.sale.status.message, HasSubstr("does not scale now (FailedGetResourceMetric)"));
  EXPECT_TRUE(shop.told.contains("AutoscalerInactive"));
  EXPECT_EQ(shop.sale.status.verdict, "Warn");
  shop.run_until(kStart + seconds(1));
  EXPECT_EQ(shop.number(kCheckoutHpa, "/spec/minReplicas"), 12) << "unknown is not zero";
}

TEST(Warnings, an_autoscaler_of_a_workload_that_sleeps_is_not_one_of_them) {
  Shop shop = shop_of(4, target_of("checkout", 12));
  shop.inactive = "ScalingDisabled";
  shop.settle();
  EXPECT_EQ(shop.sale.status.message, "");
}

TEST(Warnings, a_floor_below_what_normally_runs) {
  Shop shop = shop_of(9, target_of("checkout", 5));
  shop.settle();
  EXPECT_THAT(shop.sale.status.message, HasSubstr("the floor of 5 lies below the 9 that normally"));
  EXPECT_EQ(shop.number({"apps", "Deployment", "shop", "checkout"}, "/spec/replicas"), 9);
}

}  // namespace
}  // namespace doorbuster::planner
